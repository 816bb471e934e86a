"""One draft written by two: both texts kept; its time; what it lacks."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from wagtail.models import Revision

from catalogue.contributions.actions import drafts
from catalogue.contributions.forms.steps import Step, missing
from catalogue.contributions.queries import proposals
from catalogue.contributions.queries import proposals as written
from catalogue.contributions.tasks import end_drafts
from catalogue.models import Contribution, Resource
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import NotAllowed
from tests.catalogue.ledger import events, refused
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.letters import letters

pytestmark = pytest.mark.django_db
ALONE = {"HX-Request": "true"}
TYPED = ("summary", "description", "beneficiary", "situation", "expected_result")


def seen(page: str) -> str:
    found = re.search(r'name="seen" id="vu" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found.group(1))


class Shared:
    """A draft of an organisation, and two of its editors who have its page open."""

    def __init__(self) -> None:
        holder = make.organisation()
        self.author = make.joined(make.person(), holder, Role.EDITOR)
        self.draft = make.draft(self.author, holder=holder)
        self.address = reverse(
            "catalogue:contribution_step", args=(self.draft.public_id, Step.DESCRIBE)
        )
        self.one = signed_in(self.author)
        self.two = signed_in(make.joined(make.person(), holder, Role.EDITOR))
        self.read_one, self.read_two = self.read(self.one), self.read(self.two)

    @property
    def record(self) -> dict[str, Any]:
        return proposals.flat(proposals.proposed_record(make.again(self.draft)))

    def read(self, client: Client) -> dict[str, str]:
        """Open the step and give back what its form would send, untouched."""
        page, values = client.get(self.address).text, self.record
        return {name: str(values[name]) for name in TYPED} | {"seen": seen(page)}

    def first(self, **typed: str) -> None:
        """Have the one save."""
        self.one.post(self.address, {**self.read_one, **typed, "draft": "1"})

    def then(self, headers: dict[str, str] | None = None, **typed: str) -> Any:
        """Have the other save what they read before."""
        return self.two.post(self.address, {**self.read_two, **typed}, headers=headers)


@pytest.fixture
def shared() -> Shared:
    return Shared()


def test_a_stranger_writes_nothing(shared: Shared) -> None:
    with refused(NotAllowed):
        drafts.merge(contribution=shared.draft, values={"title": "x"}, seen={}, by=make.person())


def test_fields_of_two_people_are_merged() -> None:
    base = {"kind": "need", "title": "A", "summary": "B", "details": {"situation": "C"}}
    marks = written.prints(base, ("title", "summary", "situation"))
    stored = {**base, "title": "A de l’autre", "details": {"situation": "C de l’autre"}}
    typed = {"title": "A", "summary": "B à moi", "situation": "C à moi"}
    found = written.sort(stored, typed, marks)
    assert (found.kept, found.untouched) == ({"summary": "B à moi"}, {"title"})
    assert [(c.name, c.theirs) for c in found.clashes] == [("situation", "C de l’autre")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("", None), ([], ""), ("a\r\nb ", "a\nb"), ({"b": 1, "a": 2}, {"a": 2, "b": 1})],
)
def test_what_reads_alike_has_one_print(one: Any, other: Any) -> None:
    assert written.digest(one) == written.digest(other)


def test_a_page_opened_before_never_writes_over_the_other(shared: Shared) -> None:
    shared.first(summary="Résumé d’une.")
    assert shared.then(situation="Celle de l’autre.").status_code == 302
    told = shared.record
    assert (told["summary"], told["situation"]) == ("Résumé d’une.", "Celle de l’autre.")


def test_two_texts_of_one_field_come_back_both(shared: Shared) -> None:
    shared.first(summary="Le texte d’une.")
    typed = {"summary": "Le texte de l’autre.", "situation": "Changée."}
    answer = shared.then(**typed)
    page = html.unescape(answer.text)
    assert answer.status_code == 409
    assert ("Le texte d’une." in page, "Le texte de l’autre." in page) == (True, True)
    told = shared.record
    assert (told["summary"], told["situation"]) == ("Le texte d’une.", "Changée.")
    assert shared.then(**typed, seen=seen(answer.text)).status_code == 302
    assert shared.record["summary"] == "Le texte de l’autre."


def test_saving_alone_never_forgets_a_clash(shared: Shared) -> None:
    shared.first(summary="Par une.", situation="Par une aussi.")
    answer = shared.then(ALONE, summary="Par l’autre.")
    assert answer.status_code == 200
    assert "un champ a deux textes" in html.unescape(answer.text)
    again = {"summary": "Par l’autre.", "seen": seen(answer.text)}
    shared.then(ALONE, **again)
    told = shared.record
    assert (told["summary"], told["situation"]) == ("Par une.", "Par une aussi.")
    assert shared.then(**again).status_code == 409


def test_what_was_sent_meanwhile_gives_the_text_back(shared: Shared) -> None:
    make.send(shared.draft, shared.author)
    before = shared.record
    answer = shared.then(summary="Trop tard.")
    assert (answer.status_code, "Trop tard." in html.unescape(answer.text)) == (409, True)
    assert shared.record == before


@pytest.mark.parametrize("marks", ["", "[]", "{", "x" * 50_000, "null"])
def test_prints_that_are_not_are_left(shared: Shared, marks: str) -> None:
    answer = shared.one.post(shared.address, {"summary": "Court.", "seen": marks})
    assert answer.status_code == 302


# Time


def aged(contribution: Contribution, days: float, told: float | None = None) -> Contribution:
    now = clock.now()
    Contribution.objects.filter(pk=contribution.pk).update(
        edited_at=now - timedelta(days=days),
        expiry_told_at=None if told is None else now - timedelta(days=told),
    )
    return make.again(contribution)


def change(by: User) -> Contribution:
    return drafts.propose(resource=make.published(by), by=by)


def test_who_writes_is_told_once_before_the_end() -> None:
    author = make.person()
    contribution = aged(make.draft(author, title="Une ébauche"), days=164.9)
    assert drafts.tell_ending() == 0
    aged(contribution, days=165.1)
    assert [drafts.tell_ending() for _ in range(2)] == [1, 0]
    assert letters() == [(author.email, "Votre brouillon « Une ébauche » sera effacé")]
    assert f"/contribuer/{contribution.public_id}/" in mail.outbox[0].body
    make.edit(contribution, author)
    assert make.again(contribution).expiry_told_at is None


@pytest.mark.parametrize(
    ("state", "days", "told"),
    [
        (make.draft, 179.9, 15.1),
        (make.draft, 180.1, 14.9),
        (make.draft, 180.1, None),
        (make.submitted, 400, 300),
        (make.sent_back, 400, 300),
    ],
)
def test_a_draft_alone_ends_and_after_its_notice(state: Any, days: float, told: float) -> None:
    contribution = aged(state(), days, told)
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
    opened = aged(make.edit(change(author), author, title="Autre"), 180.1, 15.1)
    assert drafts.erase_ended() == 1
    card = Resource.objects.get()
    assert (card.live, card.title) == (True, make.NEED["title"])
    assert card.latest_revision_id == card.live_revision_id
    assert not Revision.objects.filter(pk=opened.revision_id).exists()


def test_a_draft_that_something_stands_on_keeps_no_other_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, other, near = (make.draft() for _ in range(3))
    Contribution.objects.filter(pk=near.pk).update(base_revision=stuck.revision)
    for each in (stuck, other):
        aged(each, 180.1, 15.1)
    aged(near, 165.1)
    end_drafts()
    assert set(Contribution.objects.values_list("pk", flat=True)) == {stuck.pk, near.pk}
    assert make.again(near).expiry_told_at is not None
    assert events().count("contribution.erased") == 1
    assert "was not erased" in caplog.text


def test_a_change_carried_over_starts_its_time_anew() -> None:
    author = make.person()
    opened = change(author)
    stale = Resource.objects.get().save_revision(clean=False)
    Resource.objects.update(live_revision=stale)
    caught = drafts.catch_up(contribution=aged(opened, 180.1, 14.9), by=author)
    assert (caught.base_revision, make.again(opened).expiry_told_at) == (stale, None)


# What is missing


def test_steps_count_what_is_missing() -> None:
    author = make.person()
    draft = make.draft(author, title="", situation="", expected_result="")
    address = reverse("catalogue:contribution_step", args=(draft.public_id, Step.DESCRIBE))
    page = html.unescape(signed_in(author).get(address).text)
    assert [page.count(f"{many} à remplir") for many in ("un champ", "2 champs")] == [1, 1]
    data = {"kind": "dataset", **make.DATASET, "licences": [], "details": {}}
    assert missing(data)[Step.RIGHTS] == missing({**data, "licences": ["MIT"]})[Step.RIGHTS] + 1
