"""Tell of changes of scoring, and have the references scored again each night."""

from challenges.organising.letters import organisers, page, region, registered, tell
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import BaselineCheck, Rescoring
from portal.accounts.enums import RegionRole
from portal.audit.duties import schedule
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
    tell(
        "phase_rescored",
        [*registered(challenge), *organisers(challenge)],
        challenge,
        path=page(challenge, "classement/"),
        event=str(found.pk),
        about=found.phase.name,
    )


@handler("mail.baseline_drifted")
def baseline_drifted(check_id: int) -> None:
    """Tell the organisers and the operators that a reference no longer scores the same."""
    check = BaselineCheck.objects.select_related("evaluation__entry__enrolment__phase").get(
        pk=check_id
    )
    challenge = check.evaluation.entry.enrolment.phase.challenge
    tell(
        "baseline_drifted",
        [*organisers(challenge), *region(RegionRole.ADMINISTRATOR)],
        challenge,
        path=f"/espace/challenges/{challenge.slug}/reevaluation/",
        event=str(check.pk),
        about=check.evaluation.entry.enrolment.phase.name,
    )


# What the schedule does, and how often.
schedule("challenges.baselines", rescorings.queue_watches, minutes=24 * 60)
