"""Changes of somebody else's card: the owner first, then the Region; letters, pages, delays."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.tasks import pass_on
from catalogue.enums import ContributionStatus, DecisionReason, OwnerAnswer
from catalogue.invariants import owner_breaches
from catalogue.models import Contribution, Resource
from catalogue.pages.views import space as space_pages
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.ledger import cost, events, owed, refused, same_for_three
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.letters import letters

pytestmark = pytest.mark.django_db
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


def test_an_owner_who_moderates_does_not_publish() -> None:
    owner = make.moderator()
    sent = make.offered(make.published(owner))
    accepted = review.accept_change(contribution=sent, by=owner)
    with refused(NotAllowed):
        review.publish(contribution=accepted, by=owner)


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
        pass_on()
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
    pass_on()
    assert list(owner_breaches()) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"status": SENT, "submitted_at": clock.now, "first_submitted_at": clock.now},
        {"offered_at": None},
        {"owner_answer": OwnerAnswer.ACCEPTED},
        {"status": SENT, "owner_answer": OwnerAnswer.DECLINED, "owner_answered_at": clock.now},
    ],
)
def test_the_database_holds_status_and_answer_together(columns: dict[str, Any]) -> None:
    sent = make.offered(make.published())
    values = {name: value() if callable(value) else value for name, value in columns.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Contribution.objects.filter(pk=sent.pk).update(**values)


# Pages


def test_the_owner_reads_what_changes_and_answers(card: Card) -> None:
    sent, client = card.offered(), signed_in(card.editor)
    assert [item.url for item in space_pages.to_do(card.editor)] == [page(sent)]
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
    assert list(space_pages.to_do(card.editor)) == []


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
