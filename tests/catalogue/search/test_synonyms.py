"""Synonyms: who edits them, what they refuse, and that they work at once."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from catalogue.actions import synonyms
from catalogue.models import Synonym
from catalogue.search import engine
from catalogue.search.query import ResourceQuery, Words
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def test_an_edit_changes_the_next_search_and_stands_in_the_journal() -> None:
    card = ResourceFactory(published=True, title="Offres de France Travail")
    by = UserFactory(region="moderator")

    def found() -> list[int]:
        return list(engine().search(ResourceQuery(q="pole emploi", words=Words.ALL)).ids)

    group = synonyms.add(phrases=["Pôle  emploi", "France Travail", "pole EMPLOI"], by=by)
    assert (group.words, found()) == (["Pôle emploi", "France Travail"], [card.pk])
    synonyms.change(synonym=group, phrases=group.words, active=False, by=by)
    assert found() == []
    synonyms.change(synonym=group, phrases=group.words, active=False, by=by)
    synonyms.change(synonym=group, phrases=group.words, active=True, by=by)
    assert found() == [card.pk]
    synonyms.remove(synonym=group, by=by)
    assert found() == []
    assert events() == [
        "synonym.added",
        "synonym.changed",
        "synonym.changed",
        "synonym.removed",
    ]


def referent() -> object:
    return MembershipFactory(role="referent").user


def auditor() -> object:
    return UserFactory(region="auditor")


@pytest.mark.parametrize("who", [UserFactory, referent, auditor])
def test_only_the_staff_of_the_back_office_edits(who: Callable[[], object]) -> None:
    group = Synonym.objects.create(phrases="un\ndeux")
    by = who()
    for act in (
        lambda: synonyms.add(phrases=["trois", "quatre"], by=by),
        lambda: synonyms.change(synonym=group, phrases=["x", "y"], active=True, by=by),
        lambda: synonyms.remove(synonym=group, by=by),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert list(Synonym.objects.values_list("phrases", "active")) == [("un\ndeux", True)]
    assert events() == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "synonym"),
        ("emploi\nEMPLOIS\némploi", "synonym"),
        ("emploi\nde la", "synonym"),
        ("emploi\n" + "mot " * 30, "synonym"),
        ("emploi\ntra\x00vail", "characters"),
        ("\n".join(f"mot{n}" for n in range(21)), "synonym"),
    ],
)
def test_a_group_that_would_do_nothing_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        synonyms.read(text)
    assert refused.value.code == code


def test_a_double_is_a_conflict() -> None:
    by = UserFactory(region="administrator")
    synonyms.add(phrases=["un mot", "deux"], by=by)
    with pytest.raises(Conflict):
        synonyms.add(phrases=["un mot", "deux"], by=by)
    assert Synonym.objects.count() == 1


def test_the_back_office_edits_through_the_actions(client: Client) -> None:
    staff = UserFactory(region="moderator")
    staff.groups.add(Group.objects.get(name="Editors"))
    client.force_login(staff)
    listed = "/admin/synonymes/"
    client.post(f"{listed}new/", {"phrases": "vae\nvalidation des acquis", "active": "on"})
    group = Synonym.objects.get()
    assert "vae, validation des acquis" in client.get(listed).text
    said = client.post(f"{listed}edit/{group.pk}/", {"phrases": "vae", "active": "on"})
    assert "au moins deux mots" in said.text
    client.post(f"{listed}edit/{group.pk}/", {"phrases": "vae\nacquis"})
    group.refresh_from_db()
    assert (group.words, group.active) == (["vae", "acquis"], False)
    client.post(f"{listed}delete/{group.pk}/")
    assert not Synonym.objects.exists()
    assert events() == ["synonym.added", "synonym.changed", "synonym.removed"]
    client.force_login(UserFactory())
    assert client.get(listed).status_code == 302
