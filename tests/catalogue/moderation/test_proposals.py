"""Changes of somebody else's card: the owner first, then the Region; letters, pages, delays."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from catalogue.actions import contributions, moderation, proposals
from catalogue.enums import ContributionStatus, DecisionReason, OwnerAnswer
from catalogue.invariants import owner_breaches
from catalogue.models import Contribution, Resource
from catalogue.tasks.proposals import pass_on
from catalogue.views import space
from portal.accounts.enums import Role
from portal.accounts.models import User
from portal.audit import outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.catalogue.ledger import cost, events, owed, refused, rows
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
SENT = ContributionStatus.SUBMITTED


def page(contribution: Contribution, name: str = "proposal_answer") -> str:
    return reverse(f"catalogue:{name}", args=(contribution.public_id,))


def card_of_two() -> tuple[Resource, User, User]:
    """Publish a card of an organisation; return it with an editor and a contributor of it."""
    holder = make.organisation()
    editor = make.joined(make.person("editrice"), holder, Role.EDITOR)
    writer = make.joined(make.person("redacteur"), holder, Role.CONTRIBUTOR)
    return make.published(editor, holder=holder), editor, writer


def aged(contribution: Contribution, **delay: int) -> Contribution:
    offered_at = clock.now() - timedelta(**delay)
    Contribution.objects.filter(pk=contribution.pk).update(offered_at=offered_at)
    return make.again(contribution)


def letters() -> list[tuple[str, str]]:
    mail.outbox.clear()
    outbox.relay()
    return [(message.to[0], message.subject) for message in mail.outbox]


# sending


def test_a_change_of_anothers_card_waits_for_its_owner() -> None:
    resource, editor, writer = card_of_two()
    letters()
    sent = make.offered(resource, make.person("proposante"))

    assert (sent.status, sent.submitted_at) == (ContributionStatus.OFFERED, None)
    assert sent.owner_due_at == sent.offered_at + timedelta(days=15)
    assert events()[-2:] == ["contribution.started", "contribution.offered"]
    assert owed()[-2:] == ["mail.proposal_received", "mail.proposal_offered"]
    assert list(Contribution.objects.queue()) == []
    assert list(Contribution.objects.awaiting_owner(editor)) == [sent]
    assert list(Contribution.objects.awaiting_owner(writer)) == []
    title = resource.title
    assert letters() == [
        ("proposante@exemple.example", f"Votre changement de « {title} » est transmis"),
        ("editrice@exemple.example", f"Un changement est proposé pour « {title} »"),
    ]
    assert page(sent) in mail.outbox[1].body
    assert letters() == []


def test_an_editor_of_the_organisation_goes_straight_to_the_region() -> None:
    resource, editor, _writer = card_of_two()

    assert make.offered(resource, editor).status == SENT


def test_a_contributor_of_the_organisation_asks_its_editors() -> None:
    resource, _editor, writer = card_of_two()

    assert make.offered(resource, writer).status == ContributionStatus.OFFERED


def test_a_card_nobody_answers_for_goes_straight_to_the_region() -> None:
    author = make.person()
    resource = make.published(author)
    User.objects.filter(pk=author.pk).update(is_active=False)

    assert make.offered(resource).status == SENT


def test_signs_of_spam_keep_the_letter_to_the_owner() -> None:
    resource = make.published()
    spanish = "Esta es una descripción escrita en otra lengua para probar el control automático."
    sent = make.offered(resource, title=spanish[:100], summary=spanish, description=spanish * 3)
    assert sent.is_held_back
    assert owed()[-1] == "mail.proposal_received"


# answering


def test_accepted_the_region_reviews_it_as_usual() -> None:
    resource, editor, _writer = card_of_two()
    first, author = make.moderator("relecture"), make.person("proposante")
    sent = make.offered(resource, author)
    letters()

    answered = proposals.accept(contribution=sent, reason="Merci.", by=editor)

    assert answered.status == SENT
    assert answered.submitted_at == answered.first_submitted_at == answered.owner_answered_at
    assert (answered.owner_answer, answered.owner_answered_by) == (OwnerAnswer.ACCEPTED, editor)
    assert events()[-1] == "proposal.accepted"
    assert owed()[-2:] == ["mail.proposal_answered", "mail.contribution_to_review"]
    told = letters()
    assert told[0][0] == author.email
    assert first.email in [to for to, _subject in told[1:]]
    assert Resource.objects.get(pk=resource.pk).summary == resource.summary
    moderation.publish(contribution=answered, by=first)
    assert Resource.objects.get(pk=resource.pk).summary == "Une phrase plus juste."


def test_declined_its_author_and_the_region_read_why() -> None:
    resource, editor, _writer = card_of_two()
    author = make.person("proposante")
    sent = make.offered(resource, author)
    letters()

    declined = proposals.decline(contribution=sent, reason="C’était voulu.", by=editor)

    assert (declined.status, declined.owner_answer) == (SENT, OwnerAnswer.DECLINED)
    assert events()[-1] == "proposal.declined"
    assert letters()[0][0] == author.email
    assert "C’était voulu." in mail.outbox[0].body
    shown = html.unescape(signed_in(author).get(page(sent, "contribution")).text)
    assert "C’était voulu." in shown
    judged = signed_in(make.moderator()).get(page(sent, "moderation_item"))
    assert "C’était voulu." in html.unescape(judged.text)


@pytest.mark.parametrize("answer", [proposals.accept, proposals.decline])
@pytest.mark.parametrize("who", ["author", "writer", "moderator", "stranger"])
def test_only_who_answers_for_the_card_answers(answer: Callable[..., Any], who: str) -> None:
    resource, _editor, writer = card_of_two()
    sent = make.offered(resource)
    by = {
        "author": sent.author,
        "writer": writer,
        "moderator": make.moderator(),
        "stranger": make.person(),
    }[who]
    with refused(NotAllowed):
        answer(contribution=sent, reason="Non.", by=by)


@pytest.mark.parametrize("answer", [proposals.accept, proposals.decline])
def test_a_second_answer_conflicts(answer: Callable[..., Any]) -> None:
    resource, editor, _writer = card_of_two()
    sent = make.offered(resource)
    proposals.accept(contribution=make.again(sent), by=editor)
    before = rows()

    for read in (sent, make.again(sent)):
        with pytest.raises(Conflict):
            answer(contribution=read, reason="Non.", by=editor)

    assert rows() == before


def test_declining_needs_words() -> None:
    resource, editor, _writer = card_of_two()
    sent = make.offered(resource)
    with refused(Invalid):
        proposals.decline(contribution=sent, reason="  ", by=editor)


def test_an_answer_says_that_the_text_changed_since() -> None:
    resource, editor, _writer = card_of_two()
    judge, author = make.moderator("relecture"), make.person("proposante")
    sent = make.accepted(make.offered(resource, author))
    former = "sur une version antérieure"

    def shown(by: User, name: str) -> str:
        return html.unescape(signed_in(by).get(page(sent, name)).text)

    reason = DecisionReason.INSUFFICIENT
    moderation.request_changes(contribution=sent, reason=reason, message="Précisez.", by=judge)
    sent = contributions.amend(
        contribution=make.again(sent), charter=make.CHARTER, reply="C’est voulu.", by=author
    )
    assert former not in shown(judge, "moderation_item")
    moderation.request_changes(contribution=sent, reason=reason, message="Précisez.", by=judge)
    sent = make.edit(sent, author, title="Tout autre chose")
    assert former not in shown(editor, "proposal_answer")
    sent = contributions.amend(contribution=sent, charter=make.CHARTER, by=author)
    assert former in shown(judge, "moderation_item")
    assert former in shown(editor, "proposal_answer")
    assert former in shown(author, "contribution")


def test_an_owner_who_moderates_does_not_publish() -> None:
    owner = make.moderator()
    sent = make.offered(make.published(owner))
    accepted = proposals.accept(contribution=sent, by=owner)

    with pytest.raises(NotAllowed):
        moderation.publish(contribution=accepted, by=owner)


def test_the_author_takes_it_back_and_the_owner_no_longer_answers() -> None:
    resource, editor, _writer = card_of_two()
    sent = make.offered(resource)

    contributions.withdraw(contribution=sent, by=sent.author)

    assert list(Contribution.objects.awaiting_owner(editor)) == []
    with pytest.raises(Conflict):
        proposals.accept(contribution=make.again(sent), by=editor)


# silence


def test_silence_sends_it_to_the_region_once() -> None:
    moderator = make.moderator("relecture")
    sent = make.offered(make.published())
    aged(sent, days=15)
    letters()

    pass_on()
    pass_on()

    late = make.again(sent)
    assert (late.status, late.owner_answer) == (SENT, OwnerAnswer.SILENT)
    assert late.owner_answered_by is None
    assert events().count("proposal.unanswered") == 1
    assert moderator.email in [to for to, _subject in letters()]


def test_before_the_end_it_waits() -> None:
    sent = make.offered(make.published())
    aged(sent, days=15, minutes=-5)

    assert proposals.pass_on_due() == 0
    assert make.again(sent).status == ContributionStatus.OFFERED


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


# pages


def test_the_owner_reads_what_changes_and_answers() -> None:
    resource, editor, _writer = card_of_two()
    sent = make.offered(resource)
    client = signed_in(editor)
    assert [item.url for item in space.to_do(editor)] == [page(sent)]

    shown = html.unescape(client.get(page(sent)).text)
    assert "Une phrase plus juste." in shown.replace("<ins>", "").replace("</ins>", "")
    assert "Sans réponse, la Région décide seule." in shown
    assert client.get(page(sent, "contribution")).headers["Location"] == page(sent)

    wrong = client.post(page(sent), {"answer": "decline", "reason": ""})
    assert wrong.status_code == 422
    assert "Dites pourquoi vous déclinez ce changement." in wrong.text
    answer = client.post(page(sent), {"answer": "accept", "reason": "Merci."}, follow=True)
    assert "Votre avis est enregistré." in answer.text
    assert "Favorable" in answer.text
    assert make.again(sent).status == SENT
    assert list(space.to_do(editor)) == []


def test_a_late_answer_is_told() -> None:
    resource, editor, _writer = card_of_two()
    sent = make.offered(resource)
    aged(sent, days=15)
    pass_on()

    answer = signed_in(editor).post(page(sent), {"answer": "accept"})

    assert answer.status_code == 409
    assert "n’attend plus votre avis" in html.unescape(answer.text)


def test_the_author_follows_the_state_and_no_stranger_does() -> None:
    author = make.person()
    sent = make.offered(make.published(), author)

    assert "Qui tient la fiche répond d’abord" in html.unescape(
        signed_in(author).get(page(sent, "contribution")).text
    )
    assert signed_in(author).get(page(sent)).status_code == 403
    assert signed_in(make.person()).get(page(sent)).status_code == 404
    assert signed_in(make.moderator()).get(page(sent)).status_code == 403


def test_the_page_before_says_who_answers_first() -> None:
    resource, editor, _writer = card_of_two()
    address = reverse("catalogue:propose", args=(resource.slug,))
    said = "qui la tient donne d’abord son avis"

    assert said in html.unescape(signed_in(make.person()).get(address).text)
    assert said not in html.unescape(signed_in(editor).get(address).text)


def test_the_page_costs_the_same_for_one_change_and_three() -> None:
    resource, editor, _writer = card_of_two()
    client = signed_in(editor)
    first = make.offered(resource)
    one = cost(client, page(first))
    for _ in range(2):
        make.offered(resource)

    assert cost(client, page(first)) == one


# in whose name


def test_a_proposal_made_in_another_name_is_not_joined() -> None:
    resource, editor, _writer = card_of_two()
    other = make.organisation("Autre")
    mine = contributions.propose(resource=resource, by=editor)
    assert contributions.propose(resource=resource, by=editor) == mine
    for holder in (other, None):
        Contribution.objects.filter(pk=mine.pk).update(organisation=holder)
        with pytest.raises(Conflict) as caught:
            contributions.propose(resource=resource, by=editor)
        assert caught.value.code == "proposed_for_another"
        assert caught.value.facts == {"contribution": str(mine.public_id)}
    client = signed_in(editor)
    answer = client.post(reverse("catalogue:propose", args=(resource.slug,)))
    assert (answer.status_code, Contribution.objects.open().count()) == (409, 1)
    assert "au nom d’une autre" in html.unescape(answer.text)
