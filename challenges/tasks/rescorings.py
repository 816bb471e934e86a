"""Tell of changes of scoring: the Region when one is ready, then all concerned."""

from challenges.models import Rescoring
from challenges.tasks.telling import organisers, page, region, registered, tell
from portal.accounts.enums import RegionRole
from portal.audit.outbox import handler


def _found(rescoring_id: int) -> Rescoring:
    return Rescoring.objects.select_related("phase__challenge").get(pk=rescoring_id)


@handler("mail.rescoring_ready")
def rescoring_ready(rescoring_id: int) -> None:
    """Ask the Region to decide on a change whose effect is known."""
    found = _found(rescoring_id)
    challenge = found.phase.challenge
    tell(
        "rescoring_ready",
        region(RegionRole.ADMINISTRATOR, RegionRole.MODERATOR),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/reevaluation/",
        event=str(found.pk),
        about=found.phase.name,
    )


@handler("mail.rescoring_refused")
def rescoring_refused(rescoring_id: int) -> None:
    """Tell the organisers that their change was refused, and why."""
    found = _found(rescoring_id)
    challenge = found.phase.challenge
    tell(
        "rescoring_refused",
        organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/reevaluation/",
        event=str(found.pk),
        about=found.note,
    )


@handler("mail.phase_rescored")
def phase_rescored(rescoring_id: int) -> None:
    """Tell everybody concerned that every entry was scored again."""
    found = _found(rescoring_id)
    challenge = found.phase.challenge
    people = {person.pk: person for person in [*registered(challenge), *organisers(challenge)]}
    tell(
        "phase_rescored",
        people.values(),
        challenge,
        path=page(challenge, "classement/"),
        event=str(found.pk),
        about=found.phase.name,
    )
