"""Work of several people: one draft written by two; changes of somebody else's card."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from wagtail.models import Revision

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.enums import ContributionStatus, DecisionReason, OwnerAnswer
from catalogue.contributions.forms.steps import Step, missing
from catalogue.contributions.queries import proposals
from catalogue.contributions.queries import proposals as written
from catalogue.invariants import owner_breaches
from catalogue.models import Contribution, Resource
from catalogue.pages.views.space import to_do
from catalogue.resources.queries import records as card_records
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.factories import contributions as make
from tests.factories.accounts import items, signed_in
from tests.factories.letters import letters
from tests.ledger import cost, events, owed, refused, same_for_three

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
            "catalogue:contribution_step", args=(self.draft.public_id, Step.ESSENTIAL)
        )
        self.one = signed_in(self.author)
        self.two = signed_in(make.joined(make.person(), holder, Role.EDITOR))
        self.read_one, self.read_two = self.read(self.one), self.read(self.two)

    @property
    def record(self) -> dict[str, Any]:
        return card_records.flat(proposals.proposed_record(make.again(self.draft)))

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
def edited(contribution: Contribution, days: float, told: float | None = None) -> Contribution:
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
    contribution = edited(make.draft(author, title="Une ébauche"), days=164.9)
    assert drafts.tell_ending() == 0
    edited(contribution, days=165.1)
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
    contribution = edited(state(), days, told)
    assert drafts.erase_ended() == 0
    assert Contribution.objects.filter(pk=contribution.pk).exists()


def test_a_draft_that_nobody_edits_is_erased_with_its_text_and_a_card_online_stays() -> None:
    author = make.person()
    change_of_card = edited(make.edit(change(author), author, title="Autre"), 180.1, 15.1)
    new = edited(make.draft(), 180.1, 15.1)
    assert [drafts.erase_ended() for _ in range(2)] == [2, 0]
    assert not Contribution.objects.open().exists()
    texts = [change_of_card.revision_id, new.revision_id]
    assert not Revision.objects.filter(pk__in=texts).exists()
    card = Resource.objects.get()
    assert (card.live, card.title) == (True, make.NEED["title"])
    assert card.latest_revision_id == card.live_revision_id
    assert events()[-1] == "contribution.erased"


def test_a_draft_that_something_stands_on_keeps_no_other_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, other, near = (make.draft() for _ in range(3))
    Contribution.objects.filter(pk=near.pk).update(base_revision=stuck.revision)
    for each in (stuck, other):
        edited(each, 180.1, 15.1)
    edited(near, 165.1)
    drafts.tell_ending()
    drafts.erase_ended()
    assert set(Contribution.objects.values_list("pk", flat=True)) == {stuck.pk, near.pk}
    assert make.again(near).expiry_told_at is not None
    assert events().count("contribution.erased") == 1
    assert "was not erased" in caplog.text


def test_a_change_carried_over_starts_its_time_anew() -> None:
    author = make.person()
    opened = change(author)
    stale = Resource.objects.get().save_revision(clean=False)
    Resource.objects.update(live_revision=stale)
    caught = drafts.catch_up(contribution=edited(opened, 180.1, 14.9), by=author)
    assert (caught.base_revision, make.again(opened).expiry_told_at) == (stale, None)


# What is missing
def test_steps_count_what_is_missing() -> None:
    author = make.person()
    draft = make.draft(author, title="", situation="", expected_result="")
    address = reverse("catalogue:contribution_step", args=(draft.public_id, Step.ESSENTIAL))
    page = html.unescape(signed_in(author).get(address).text)
    assert page.count("3 champs à remplir") == 1
    data = {"kind": "dataset", **make.DATASET, "licences": [], "details": {}}
    assert (
        missing(data)[Step.ESSENTIAL] == missing({**data, "licences": ["MIT"]})[Step.ESSENTIAL] + 1
    )


SENT, OFFERED = ContributionStatus.SUBMITTED, ContributionStatus.OFFERED


class Card:
    """A card of an organisation, with an editor and a contributor of it."""

    def __init__(self) -> None:
        holder = make.organisation()
        self.editor = make.joined(make.person("editrice"), holder, Role.EDITOR)
        self.writer = make.joined(make.person("redacteur"), holder, Role.CONTRIBUTOR)
        self.resource = make.published(self.editor, holder=holder)

    def offered(self, by: User | None = None) -> Contribution:
        return make.offered(self.resource, by)


@pytest.fixture
def card() -> Card:
    return Card()


def page(contribution: Contribution, name: str = "proposal_answer") -> str:
    return reverse(f"catalogue:{name}", args=(contribution.public_id,))


def shown(by: User, contribution: Contribution, name: str = "proposal_answer") -> str:
    return html.unescape(signed_in(by).get(page(contribution, name)).text)


def aged(contribution: Contribution, **delay: int) -> None:
    offered_at = clock.now() - timedelta(**delay)
    Contribution.objects.filter(pk=contribution.pk).update(offered_at=offered_at)


# Sending
def test_a_change_of_anothers_card_waits_for_its_owner(card: Card) -> None:
    letters()
    sent = card.offered(make.person("proposante"))
    assert (sent.status, sent.submitted_at) == (OFFERED, None)
    assert sent.owner_due_at == sent.offered_at + timedelta(days=15)
    assert events()[-2:] == ["contribution.started", "contribution.offered"]
    assert owed()[-2:] == ["mail.proposal_received", "mail.proposal_offered"]
    assert list(Contribution.objects.queue()) == []
    assert list(Contribution.objects.awaiting_owner(card.editor)) == [sent]
    assert list(Contribution.objects.awaiting_owner(card.writer)) == []
    title = card.resource.title
    assert letters() == [
        ("proposante@exemple.example", f"Votre changement de « {title} » est transmis"),
        ("editrice@exemple.example", f"Un changement est proposé pour « {title} »"),
    ]
    assert page(sent) in mail.outbox[1].body
    assert letters() == []


def test_who_holds_a_card_is_not_asked_and_nobody_else_answers_for_it(card: Card) -> None:
    assert card.offered(card.editor).status == SENT
    assert card.offered(card.writer).status == OFFERED  # its editors are asked
    author = make.person()
    alone = make.published(author)
    User.objects.filter(pk=author.pk).update(is_active=False)
    assert make.offered(alone).status == SENT


def test_signs_of_spam_keep_the_letter_to_the_owner() -> None:
    spanish = "Esta es una descripción escrita en otra lengua para probar el control automático."
    words = {"title": spanish[:100], "summary": spanish, "description": spanish * 3}
    assert make.offered(make.published(), **words).is_held_back
    assert owed()[-1] == "mail.proposal_received"


# Answering
def test_accepted_the_region_reviews_it_as_usual(card: Card) -> None:
    judge, author = make.moderator(), make.person()
    sent = card.offered(author)
    letters()
    answered = review.accept_change(contribution=sent, reason="Merci.", by=card.editor)
    assert answered.status == SENT
    assert answered.submitted_at == answered.first_submitted_at == answered.owner_answered_at
    answer = (answered.owner_answer, answered.owner_answered_by)
    assert answer == (OwnerAnswer.ACCEPTED, card.editor)
    assert events()[-1] == "proposal.accepted"
    assert owed()[-2:] == ["mail.proposal_answered", "mail.contribution_to_review"]
    receivers = [to for to, _subject in letters()]
    assert receivers[0] == author.email
    assert judge.email in receivers[1:]
    assert Resource.objects.get().summary == card.resource.summary
    assert make.put_online(answered).summary == "Une phrase plus juste."


def test_declined_its_author_and_the_region_read_why(card: Card) -> None:
    author, why = make.person(), "C’était voulu."
    sent = card.offered(author)
    letters()
    with refused(Invalid):
        review.decline_change(contribution=sent, reason="  ", by=card.editor)
    declined = review.decline_change(contribution=sent, reason=why, by=card.editor)
    assert (declined.status, declined.owner_answer) == (SENT, OwnerAnswer.DECLINED)
    assert events()[-1] == "proposal.declined"
    assert letters()[0][0] == author.email
    assert why in mail.outbox[0].body
    assert why in shown(author, sent, "contribution")
    assert why in shown(make.moderator(), sent, "moderation_item")


@pytest.mark.parametrize("answer", [review.accept_change, review.decline_change])
def test_only_who_answers_for_the_card_answers_and_once(
    card: Card, answer: Callable[..., Any]
) -> None:
    sent = card.offered()
    for by in (sent.author, card.writer, make.moderator(), make.person()):
        with refused(NotAllowed):
            answer(contribution=sent, reason="Non.", by=by)
    review.accept_change(contribution=make.again(sent), by=card.editor)
    for read in (sent, make.again(sent)):
        with refused(Conflict):
            answer(contribution=read, reason="Non.", by=card.editor)


def test_an_answer_says_that_the_text_changed_since(card: Card) -> None:
    judge, author = make.moderator(), make.person()
    sent = make.accepted(card.offered(author))
    former = "sur une version antérieure"

    def ask_again() -> None:
        review.request_changes(
            contribution=make.again(sent),
            reason=DecisionReason.INSUFFICIENT,
            message="Précisez.",
            by=judge,
        )

    def amend() -> None:
        drafts.amend(
            contribution=make.again(sent), charter=make.CHARTER, reply="C’est voulu.", by=author
        )

    ask_again()
    amend()
    assert former not in shown(judge, sent, "moderation_item")
    ask_again()
    make.edit(sent, author, title="Tout autre chose")
    assert former not in shown(card.editor, sent)
    amend()
    assert former in shown(judge, sent, "moderation_item")
    assert former in shown(card.editor, sent)
    assert former in shown(author, sent, "contribution")


def test_the_author_takes_it_back_and_the_owner_no_longer_answers(card: Card) -> None:
    sent = card.offered()
    drafts.withdraw(contribution=sent, by=sent.author)
    assert list(Contribution.objects.awaiting_owner(card.editor)) == []
    with refused(Conflict):
        review.accept_change(contribution=make.again(sent), by=card.editor)


# Silence
def test_silence_sends_it_to_the_region_once(card: Card) -> None:
    judge, sent = make.moderator(), card.offered()
    aged(sent, days=15, minutes=-5)
    assert review.pass_on_due() == 0
    assert make.again(sent).status == OFFERED
    aged(sent, days=15)
    letters()
    for _ in range(2):
        review.pass_on_due()
    late = make.again(sent)
    assert (late.status, late.owner_answer) == (SENT, OwnerAnswer.SILENT)
    assert late.owner_answered_by is None
    assert events().count("proposal.unanswered") == 1
    assert judge.email in [to for to, _subject in letters()]
    answer = signed_in(card.editor).post(page(sent), {"answer": "accept"})
    assert answer.status_code == 409
    assert "n’attend plus votre avis" in html.unescape(answer.text)


def test_what_waits_too_long_is_a_breach() -> None:
    sent = make.offered(make.published())
    assert list(owner_breaches()) == []
    aged(sent, days=17)
    assert list(owner_breaches()) == [str(sent.public_id)]
    review.pass_on_due()
    assert list(owner_breaches()) == []


# Pages
def test_the_owner_reads_what_changes_and_answers(card: Card) -> None:
    sent, client = card.offered(), signed_in(card.editor)
    assert [item.url for item in items(to_do, card.editor)] == [page(sent)]
    text = shown(card.editor, sent)
    assert "Une phrase plus juste." in text.replace("<ins>", "").replace("</ins>", "")
    assert "Sans réponse, la Région décide seule." in text
    assert client.get(page(sent, "contribution")).headers["Location"] == page(sent)
    wrong = client.post(page(sent), {"answer": "decline", "reason": ""})
    assert wrong.status_code == 422
    assert "Dites pourquoi vous déclinez ce changement." in wrong.text
    answer = client.post(page(sent), {"answer": "accept", "reason": "Merci."}, follow=True)
    assert ("Votre avis est enregistré." in answer.text, "Favorable" in answer.text) == (True, True)
    assert make.again(sent).status == SENT
    assert items(to_do, card.editor) == []


def test_the_author_follows_the_state_and_no_stranger_does(card: Card) -> None:
    author, stranger = make.person(), make.person()
    sent = card.offered(author)
    assert "Qui tient la fiche répond d’abord" in shown(author, sent, "contribution")
    people = (author, stranger, make.moderator())
    assert [signed_in(by).get(page(sent)).status_code for by in people] == [403, 404, 403]
    address, said = (
        reverse("catalogue:propose", args=(card.resource.slug,)),
        "qui la tient donne d’abord son avis",
    )
    assert said in html.unescape(signed_in(stranger).get(address).text)
    assert said not in html.unescape(signed_in(card.editor).get(address).text)


def test_the_page_costs_the_same_for_one_change_and_three(card: Card) -> None:
    client, sent = signed_in(card.editor), []
    same_for_three(lambda: sent.append(card.offered()), lambda: cost(client, page(sent[0])))


def test_a_proposal_made_in_another_name_is_not_joined(card: Card) -> None:
    resource, editor = card.resource, card.editor
    mine = drafts.propose(resource=resource, by=editor)
    for holder in (make.organisation("Autre"), None):
        Contribution.objects.filter(pk=mine.pk).update(organisation=holder)
        with refused(Conflict, code="proposed_for_another") as caught:
            drafts.propose(resource=resource, by=editor)
        assert caught.value.facts == {"contribution": str(mine.public_id)}
    answer = signed_in(editor).post(reverse("catalogue:propose", args=(resource.slug,)))
    assert (answer.status_code, Contribution.objects.open().count()) == (409, 1)
    assert "au nom d’une autre" in html.unescape(answer.text)
