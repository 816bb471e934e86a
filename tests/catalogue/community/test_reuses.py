"""Reuses and feedback: declared by anybody, read by the Region, counted once published."""

from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from catalogue import invariants
from catalogue.community.actions import reuses
from catalogue.models import FieldFeedback, IndexedResource, Resource, Reuse
from portal.accounts.actions import accounts
from portal.accounts.models import Notification, User
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.catalogue.ledger import cost, events, refused, same_for_three
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db
FORM = {"title": "Veille", "url": "https://exemple.fr/veille", "kind": "application"}
TOLD = {
    "organisation_kind": "association",
    "place": "Martigues",
    "used_on": "2026-10",
    "persons": "120",
    "result": "Deux fois moins d’absences.",
}


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    return made


@pytest.fixture
def card() -> Resource:
    made: Resource = ResourceFactory(published=True, organisation=OrganisationFactory())
    return made


def declared(by: User, *cards: Resource, **more: Any) -> Reuse:
    return reuses.declare(resources=cards, by=by, **{**FORM, **more})


def told(by: User, card: Resource, **more: Any) -> FieldFeedback:
    values = {**TOLD, "used_on": date(2026, 10, 17), "persons": 120, **more}
    return reuses.tell_feedback(resource=card, by=by, **values)


def test_a_reuse_counts_once_published_and_no_more_once_withdrawn(
    person: User, card: Resource
) -> None:
    other = ResourceFactory(published=True)
    owner = MembershipFactory(organisation=card.organisation, role="editor").user
    reader = make.moderator()
    reuse = declared(person, card, other, card)
    assert [each.reuses for each in Resource.objects.all()] == [0, 0]
    reuses.publish(brought=reuse, by=reader)
    assert [each.reuses for each in Resource.objects.all()] == [1, 1]
    assert IndexedResource.objects.get(pk=card.pk).reuses == 1
    with refused(Conflict):
        reuses.publish(brought=reuse, by=reader)
    delivered()
    told_of = Notification.objects.order_by("pk").values_list("user", "letter")
    assert list(told_of) == [
        (person.pk, "brought_published"),
        (owner.pk, "reuse_of_mine"),
    ]
    assert [letter.to for letter in mail.outbox] == [[person.email], [owner.email]]
    assert list(invariants.counter_breaches()) == []
    reuses.withdraw(brought=reuse, by=person)
    assert [each.reuses for each in Resource.objects.all()] == [0, 0]
    assert events() == ["reuse.declared", "reuse.published", "reuse.withdrawn"]


def test_the_moderators_who_may_decide_are_told(person: User, card: Resource) -> None:
    free, tied = make.moderator(), make.moderator()
    MembershipFactory(user=tied, organisation=card.organisation)
    declared(person, card)
    delivered()
    assert [letter.to for letter in mail.outbox] == [[free.email]]


@pytest.mark.parametrize("tie", ["author", "card", "none"])
def test_nobody_decides_on_their_own(tie: str, card: Resource) -> None:
    by = make.moderator() if tie != "none" else UserFactory()
    reuse = declared(by if tie == "author" else UserFactory(), card)
    if tie == "card":
        MembershipFactory(user=by, organisation=card.organisation)
    by = User.objects.get(pk=by.pk)
    with refused(NotAllowed):
        reuses.publish(brought=reuse, by=by)
    with refused(NotAllowed):
        reuses.refuse(brought=reuse, message="Non.", by=by)


def test_a_refusal_says_why_to_its_author_alone(
    client: Client, person: User, card: Resource
) -> None:
    reuse = declared(person, card)
    with refused(Invalid):
        reuses.refuse(brought=reuse, message=" ", by=make.moderator())
    reuses.refuse(brought=reuse, message="Lien publicitaire.", by=make.moderator())
    page = f"{card.get_absolute_url()}reutilisations/"
    assert "Veille" not in client.get(page).text
    client.force_login(person)
    assert "Lien publicitaire." in client.get(page).text


def test_the_same_address_is_declared_once_for_a_card(person: User, card: Resource) -> None:
    declared(person, card)
    with refused(Invalid, code="already_known"):
        declared(UserFactory(), card, url="http://www.exemple.fr/veille/?utm_source=x")
    declared(person, ResourceFactory(published=True))


@pytest.mark.parametrize(
    "wrong",
    [{"url": "javascript:alert(1)"}, {"url": "https://u:p@exemple.fr/"}, {"title": "a\x00b"}],
)
def test_what_is_no_address_or_no_text_is_refused(
    person: User, card: Resource, wrong: dict[str, str]
) -> None:
    with refused(Invalid):
        declared(person, card, **wrong)
    assert Reuse.objects.count() == 0


def test_only_so_many_wait_for_the_region(person: User, card: Resource, settings: Any) -> None:
    settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT = 2
    declared(person, card)
    told(person, card)
    with refused(QuotaSpent):
        told(person, card, place="Toulon")


def test_one_speaks_for_an_organisation_where_one_writes(person: User, card: Resource) -> None:
    with refused(NotAllowed):
        declared(person, card, organisation=card.organisation)


def test_feedback_is_dated_by_its_month_and_stands_on_the_card(
    client: Client, person: User, card: Resource
) -> None:
    feedback = told(person, card)
    with refused(Invalid):
        told(person, card, used_on=date(2099, 1, 1))
    assert "moins d’absences" not in client.get(card.get_absolute_url()).text
    reuses.publish(brought=feedback, by=make.moderator())
    page = client.get(card.get_absolute_url()).text
    assert ("moins d’absences" in page, "octobre 2026" in page) == (True, True)
    assert person.display_name not in client.get(f"{card.get_absolute_url()}retours/").text


def test_forms_bring_and_the_region_decides(client: Client, person: User, card: Resource) -> None:
    base = card.get_absolute_url()
    assert client.get(f"{base}reutilisations/declarer/").status_code == 302
    client.force_login(person)
    for wrong, word in (
        ({"url": "x"}, "Cette adresse n’en est pas une"),
        ({"others": "https://exemple.fr/ressources/inconnue/"}, "n’est pas une fiche en ligne"),
        ({"others": "\n".join("abcdefghij")}, "Neuf autres ressources au plus"),
        ({"organisation": "999"}, "reutilisation"),
    ):
        said = client.post(f"{base}reutilisations/declarer/", {**FORM, **wrong})
        assert (said.status_code, word in said.text) == (422, True)
    other = ResourceFactory(published=True)
    sent = client.post(
        f"{base}reutilisations/declarer/",
        {**FORM, "others": f"http://testserver{other.get_absolute_url()}"},
    )
    assert sent.status_code == 302
    assert {each.pk for each in Reuse.objects.get().resources.all()} == {card.pk, other.pk}
    assert client.post(f"{base}reutilisations/declarer/", FORM).status_code == 422
    for wrong in ({"used_on": "octobre"}, {"persons": "beaucoup"}, {"proof_url": "ftp://a.fr"}):
        assert client.post(f"{base}retours/raconter/", {**TOLD, **wrong}).status_code == 422
    assert client.post(f"{base}retours/raconter/", TOLD).status_code == 302
    region = signed_in(make.moderator())
    desk = "/moderation/autour/"
    assert "Veille" in region.get(desk).text
    reuse, feedback = Reuse.objects.get(), FieldFeedback.objects.get()
    given = {"kind": "reuse", "id": str(reuse.public_id)}
    for wrong in ({**given, "decision": "x"}, {**given, "decision": "refuse", "message": ""}):
        assert region.post(desk, wrong).status_code == 422
    assert region.post(desk, {**given, "id": "x", "decision": "accept"}).status_code == 404
    assert region.post(desk, {**given, "decision": "accept"}).status_code == 302
    refused = {"kind": "feedback", "id": str(feedback.public_id), "decision": "refuse"}
    assert region.post(desk, {**refused, "message": "Trop vague."}).status_code == 302
    assert region.post(desk, {**given, "decision": "accept"}).status_code == 409
    assert "Réutilisé par" in Client().get(base).text
    taken = client.post(f"{base}retirer/{reuse.public_id}/")
    assert (taken.status_code, Reuse.objects.get().state) == (302, "withdrawn")
    assert client.post(f"{base}retirer/{feedback.public_id}/").status_code == 409


def test_leaving_withdraws_what_waits_and_keeps_what_is_public(
    person: User, card: Resource
) -> None:
    reuses.publish(brought=declared(person, card), by=make.moderator())
    told(person, card)
    accounts.close(user=person, by=person)
    states = (Reuse.objects.get().state, FieldFeedback.objects.get().state)
    assert states == ("published", "withdrawn")


def test_pages_cost_the_same_for_one_and_three(client: Client, card: Resource) -> None:
    reader, numbers, base = make.moderator(), iter(range(6)), card.get_absolute_url()
    region = signed_in(reader)

    def more() -> None:
        for is_read in (True, False):
            url = f"https://exemple.fr/{next(numbers)}"
            for brought in (declared(UserFactory(), card, url=url), told(UserFactory(), card)):
                if is_read:
                    reuses.publish(brought=brought, by=reader)

    pages = [(client, f"{base}{rest}") for rest in ("", "reutilisations/", "retours/")]
    pages += [(region, "/moderation/autour/")]
    same_for_three(more, *(lambda who=who, page=page: cost(who, page) for who, page in pages))
