"""Write about changes proposed to somebody else's card; send to the Region what nobody answers."""

from django.conf import settings

from catalogue import rules
from catalogue.actions import proposals
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution
from catalogue.queries.owners import owners_of
from catalogue.tasks.letters import absolute
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler


@handler("mail.proposal_received")
def received_letter(contribution_id: int) -> None:
    """Send the author a receipt: the owner answers first."""
    _to_author("proposal_received", contribution_id)


@handler("mail.proposal_answered")
def answered_letter(contribution_id: int) -> None:
    """Tell the author what the owner answered, and why; or that nobody did in time."""
    _to_author("proposal_answered", contribution_id)


@handler("mail.proposal_offered")
def offered_letter(contribution_id: int) -> None:
    """Tell who answers for the card that somebody proposes a change."""
    _to_owners("proposal_offered", contribution_id)


@duty("catalogue.proposals", minutes=60)
def pass_on() -> None:
    """Send to the Region what waited long enough."""
    proposals.pass_on_due()


def _find(contribution_id: int) -> Contribution | None:
    rows = Contribution.objects.select_related("resource__organisation", "author")
    return rows.filter(pk=contribution_id).first()


def _to_owners(letter: str, contribution_id: int) -> None:
    contribution = _find(contribution_id)
    if contribution is None or contribution.status != ContributionStatus.OFFERED:
        return
    link = absolute("catalogue:proposal_answer", contribution.public_id)
    for user in owners_of(contribution.resource):
        if rules.may_answer_proposal(user, contribution):
            _send(letter, user, contribution, link)


def _to_author(letter: str, contribution_id: int) -> None:
    contribution = _find(contribution_id)
    if contribution is None or contribution.author is None or not contribution.author.is_active:
        return
    link = absolute("catalogue:contribution", contribution.public_id)
    _send(letter, contribution.author, contribution, link)


def _send(letter: str, user: User, contribution: Contribution, link: str) -> None:
    context = {
        "contribution": contribution,
        "title": contribution.resource.title,
        "days": settings.OWNER_ANSWER_DAYS,
        "link": link,
    }
    once = f"{letter}:{contribution.public_id}:{contribution.version}:{user.pk}"
    letters.send(letter, to=user.email, context=context, once=once)
