"""Write about disqualifications: to the team, to the Region, to the organisers, once each."""

from challenges.disqualifications import actions as disqualifications
from challenges.disqualifications.models import Disqualification, DisqualificationStatus
from challenges.disqualifications.rules import may_decide_disqualification
from challenges.organising.letters import organisers, page, region, tell
from challenges.teams.queries import members_of
from portal.accounts.enums import RegionRole
from portal.audit.duties import schedule
from portal.audit.outbox import handler


def _found(found_id: int) -> Disqualification:
    return Disqualification.objects.select_related("challenge", "team").get(pk=found_id)


@handler("mail.disqualification_asked")
def disqualification_asked(found_id: int) -> None:
    """Tell a team what is asked against it, and until when it may reply."""
    found = _found(found_id)
    tell(
        "disqualification_asked",
        members_of(found.team),
        found.challenge,
        path=page(found.challenge, f"equipe/disqualification/{found.public_id}/"),
        event=str(found.public_id),
        about="entry" if found.entry_id else "team",
    )


@handler("mail.disqualification_to_decide")
def disqualification_to_decide(found_id: int) -> None:
    """Ask the people of the Region who have no part in the challenge to decide."""
    found = _found(found_id)
    if not found.is_undecided:
        return
    people = region(RegionRole.MODERATOR, RegionRole.ADMINISTRATOR)
    tell(
        "disqualification_to_decide",
        [each for each in people if may_decide_disqualification(each, found)],
        found.challenge,
        path=f"/moderation/disqualifications/{found.public_id}/",
        event=str(found.public_id),
        about="replied" if found.replied_at else "silent",
    )


@handler("mail.disqualification_decided")
def disqualification_decided(found_id: int, version: int, status: str) -> None:
    """Tell the team, and the organisers unless one of them took it back, what became of it."""
    found = _found(found_id)
    event = f"{found.public_id}:{version}"
    tell(
        "disqualification_decided",
        members_of(found.team),
        found.challenge,
        path=page(found.challenge, f"equipe/disqualification/{found.public_id}/"),
        event=event,
        about=status,
    )
    if status == DisqualificationStatus.WITHDRAWN:
        return
    tell(
        "disqualification_settled",
        organisers(found.challenge),
        found.challenge,
        path=f"/espace/challenges/{found.challenge.slug}/disqualifications/{found.public_id}/",
        event=event,
        about=status,
    )


# What the schedule does, and how often.
schedule("challenges.disqualifications", disqualifications.ripen, minutes=60)
