"""One draft written by two: who holds it, taking over, both texts kept; pages without script."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from wagtail.models import Revision

from catalogue.actions import contributions, drafts
from catalogue.forms.gaps import missing
from catalogue.forms.steps import Step
from catalogue.models import Contribution, Resource
from catalogue.queries import drafts as written
from catalogue.queries import proposals
from catalogue.tasks.drafts import end_drafts
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.audit import outbox
from portal.lib import clock
from portal.lib.refusals import NotAllowed
from tests.catalogue.ledger import events, refused
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
Editors = tuple[Contribution, User, User]


@pytest.fixture
def shared() -> Editors:
    """Open a draft of an organisation that two editors write."""
    holder = make.organisation()
    one = make.joined(make.person("une"), holder, Role.EDITOR)
    two = make.joined(make.person("autre"), holder, Role.EDITOR)
    return make.draft(one, holder=holder), one, two


def step(contribution: Contribution, name: Step = Step.DESCRIBE) -> str:
    return reverse("catalogue:contribution_step", args=(contribution.public_id, name))


def record(contribution: Contribution) -> dict[str, Any]:
    return proposals.flat(proposals.proposed_record(make.again(contribution)))


def seen(page: str) -> str:
    found = re.search(r'name="seen" id="vu" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found.group(1))


def read(client: Client, contribution: Contribution) -> dict[str, str]:
    """Open the step and give back what its form would send, untouched."""
    page = client.get(step(contribution)).text
    values = record(contribution)
    names = ("summary", "description", "beneficiary", "situation", "expected_result")
    return {name: str(values[name]) for name in names} | {"seen": seen(page)}


def test_a_stranger_writes_nothing(shared: Editors) -> None:
    contribution, _one, _two = shared
    with refused(NotAllowed):
        drafts.merge(contribution=contribution, values={"title": "x"}, seen={}, by=make.person())


def test_fields_of_two_people_are_merged() -> None:
    base = {"kind": "need", "title": "A", "summary": "B", "details": {"situation": "C"}}
    marks = written.prints(base, ("title", "summary", "situation"))
    stored = {**base, "title": "A de l’autre", "details": {"situation": "C de l’autre"}}
    typed = {"title": "A", "summary": "B à moi", "situation": "C à moi"}

    found = written.sort(stored, typed, marks)

    assert found.kept == {"summary": "B à moi"}
    assert found.untouched == {"title"}
    assert [(c.name, c.theirs) for c in found.clashes] == [("situation", "C de l’autre")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("", None), ([], ""), ("a\r\nb ", "a\nb"), ({"b": 1, "a": 2}, {"a": 2, "b": 1})],
)
def test_what_reads_alike_has_one_print(one: Any, other: Any) -> None:
    assert written.digest(one) == written.digest(other)


def test_a_page_opened_before_never_writes_over_the_other(shared: Editors) -> None:
    contribution, one, two = shared
    mine, theirs = signed_in(one), signed_in(two)
    first, second = read(mine, contribution), read(theirs, contribution)

    mine.post(step(contribution), {**first, "summary": "Résumé d’une.", "draft": "1"})
    answer = theirs.post(step(contribution), {**second, "situation": "Celle de l’autre."})

    assert answer.status_code == 302
    assert record(contribution)["summary"] == "Résumé d’une."
    assert record(contribution)["situation"] == "Celle de l’autre."


def test_two_texts_of_one_field_come_back_both(shared: Editors) -> None:
    contribution, one, two = shared
    mine, theirs = signed_in(one), signed_in(two)
    first, second = read(mine, contribution), read(theirs, contribution)
    mine.post(step(contribution), {**first, "summary": "Le texte d’une.", "draft": "1"})

    typed = {**second, "summary": "Le texte de l’autre.", "situation": "Changée."}
    answer = theirs.post(step(contribution), typed)

    page = html.unescape(answer.text)
    assert answer.status_code == 409
    assert "Le texte d’une." in page
    assert "Le texte de l’autre." in page
    assert record(contribution)["summary"] == "Le texte d’une."
    assert record(contribution)["situation"] == "Changée."
    settled = theirs.post(step(contribution), {**typed, "seen": seen(answer.text)})
    assert settled.status_code == 302
    assert record(contribution)["summary"] == "Le texte de l’autre."


def test_saving_alone_never_forgets_a_clash(shared: Editors) -> None:
    contribution, one, two = shared
    mine, theirs = signed_in(one), signed_in(two)
    second = read(theirs, contribution)
    values = {**read(mine, contribution), "summary": "Par une.", "situation": "Par une aussi."}
    mine.post(step(contribution), values)
    alone = {"HX-Request": "true"}

    typed = {**second, "summary": "Par l’autre."}
    answer = theirs.post(step(contribution), typed, headers=alone)
    assert answer.status_code == 200
    assert "un champ a deux textes" in html.unescape(answer.text)
    again = {**typed, "seen": seen(answer.text)}
    theirs.post(step(contribution), again, headers=alone)

    assert record(contribution)["summary"] == "Par une."
    assert record(contribution)["situation"] == "Par une aussi."
    assert theirs.post(step(contribution), again).status_code == 409


def test_what_was_sent_meanwhile_gives_the_text_back(shared: Editors) -> None:
    contribution, one, two = shared
    second = read(signed_in(two), contribution)
    make.send(contribution, one)
    before = record(contribution)

    answer = signed_in(two).post(step(contribution), {**second, "summary": "Trop tard."})

    assert answer.status_code == 409
    assert "Trop tard." in html.unescape(answer.text)
    assert record(contribution) == before


@pytest.mark.parametrize("marks", ["", "[]", "{", "x" * 50_000, "null"])
def test_prints_that_are_not_are_left(shared: Editors, marks: str) -> None:
    contribution, one, _two = shared

    answer = signed_in(one).post(step(contribution), {"summary": "Court.", "seen": marks})

    assert answer.status_code == 302


# time


def aged(contribution: Contribution, days: float, told: float | None = None) -> Contribution:
    now = clock.now()
    Contribution.objects.filter(pk=contribution.pk).update(
        edited_at=now - timedelta(days=days),
        expiry_told_at=None if told is None else now - timedelta(days=told),
    )
    return make.again(contribution)


def letters() -> list[tuple[str, str]]:
    mail.outbox.clear()
    outbox.relay()
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_who_writes_is_told_once_before_the_end() -> None:
    author = make.person("autrice")
    contribution = aged(make.draft(author, title="Une ébauche"), days=164.9)
    assert drafts.tell_ending() == 0

    aged(contribution, days=165.1)
    assert [drafts.tell_ending() for _ in range(2)] == [1, 0]
    assert letters() == [(author.email, "Votre brouillon « Une ébauche » sera effacé")]
    assert f"/contribuer/{contribution.public_id}/" in mail.outbox[0].body

    make.edit(contribution, author)
    assert make.again(contribution).expiry_told_at is None


@pytest.mark.parametrize(("days", "told"), [(179.9, 15.1), (180.1, 14.9), (180.1, None)])
def test_a_draft_stays_until_its_end_and_its_notice(days: float, told: float | None) -> None:
    contribution = aged(make.draft(), days, told)

    assert drafts.erase_ended() == 0
    assert Contribution.objects.filter(pk=contribution.pk).exists()


def test_a_draft_that_nobody_edits_is_erased_with_its_text() -> None:
    contribution = aged(make.draft(), 180.1, 15.1)

    assert [drafts.erase_ended() for _ in range(2)] == [1, 0]

    assert not Contribution.objects.exists()
    assert not Resource.objects.filter(pk=contribution.resource_id).exists()
    assert not Revision.objects.filter(pk=contribution.revision_id).exists()
    assert events()[-1] == "contribution.erased"


def test_the_card_online_outlives_the_draft_of_a_change() -> None:
    author = make.person()
    resource = make.published(author)
    change = contributions.propose(resource=resource, by=author)
    change = make.edit(change, author, title="Autre")
    aged(change, 180.1, 15.1)

    assert drafts.erase_ended() == 1

    card = Resource.objects.get(pk=resource.pk)
    assert (card.live, card.title, card.latest_revision_id) == (
        True,
        resource.title,
        card.live_revision_id,
    )
    assert not Revision.objects.filter(pk=change.revision_id).exists()


def test_a_draft_that_something_stands_on_keeps_no_other_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, other, near = (make.draft() for _ in range(3))
    Contribution.objects.filter(pk=near.pk).update(base_revision=stuck.revision)
    for each in (stuck, other):
        aged(each, 180.1, 15.1)
    aged(near, 165.1)

    end_drafts()

    kept = set(Contribution.objects.values_list("pk", flat=True))
    assert kept == {stuck.pk, near.pk}
    assert make.again(near).expiry_told_at is not None
    assert events().count("contribution.erased") == 1
    assert "was not erased" in caplog.text


def test_a_change_carried_over_starts_its_time_anew() -> None:
    author = make.person()
    resource = make.published(author)
    change = contributions.propose(resource=resource, by=author)
    stale = resource.save_revision(clean=False)
    Resource.objects.filter(pk=resource.pk).update(live_revision=stale)
    change = aged(change, 180.1, 14.9)

    caught = contributions.catch_up(contribution=change, by=author)

    assert (caught.base_revision, make.again(change).expiry_told_at) == (stale, None)


@pytest.mark.parametrize("state", [make.submitted, make.sent_back])
def test_only_drafts_end(state: Any) -> None:
    aged(state(), 400, 300)

    assert drafts.erase_ended() == 0


# what is missing


def test_steps_count_what_is_missing() -> None:
    author = make.person()
    contribution = make.draft(author, title="", situation="", expected_result="")

    page = html.unescape(signed_in(author).get(step(contribution)).text)

    assert page.count("un champ à remplir") == 1
    assert page.count("2 champs à remplir") == 1


def test_the_licence_counts_on_its_step() -> None:
    data = {"kind": "dataset", **make.DATASET, "licences": [], "details": {}}

    assert missing(data)[Step.RIGHTS] == missing({**data, "licences": ["MIT"]})[Step.RIGHTS] + 1


def test_saving_alone_says_what_is_not_kept() -> None:
    author = make.person()
    contribution = make.draft(author)

    answer = signed_in(author).post(
        step(contribution, Step.IDENTIFY),
        {"title": "Gardé", "deposit": "owned", "homepage_url": "pas une adresse"},
        headers={"HX-Request": "true"},
    )

    assert "sauf un champ à corriger" in html.unescape(answer.text)
    assert record(contribution)["title"] == "Gardé"
