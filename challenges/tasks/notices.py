"""Tell the people registered what is announced to everybody."""

from challenges.enums import InvitationState
from challenges.models import Notice, OrganiserInvitation
from challenges.tasks.telling import page, registered, tell
from portal.accounts.models import User
from portal.audit.outbox import handler


@handler("mail.notice")
def notice(notice_id: int) -> None:
    """Tell the people registered of a public notice, once each."""
    found = Notice.objects.select_related("challenge").get(pk=notice_id)
    tell(
        "challenge_notice",
        registered(found.challenge),
        found.challenge,
        path=page(found.challenge),
        event=str(found.pk),
        about=found.text,
    )


@handler("mail.organiser_invited")
def organiser_invited(invitation_id: int) -> None:
    """Ask a person to run a challenge with others; an address without account gets nothing."""
    found = OrganiserInvitation.objects.select_related("challenge").get(pk=invitation_id)
    if found.state != InvitationState.SENT:
        return
    tell(
        "organiser_invited",
        User.objects.filter(email__iexact=found.email, is_active=True),
        found.challenge,
        path="/espace/challenges/",
        event=str(found.pk),
        about=str(found.role),
    )
