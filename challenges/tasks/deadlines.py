"""Remind people of what comes: a phase that opens, closes, a team without a final choice.

A reminder is named by its phase and the date it is about: two schedulers, or one that runs
again, owe it once, and a close that moves has its own reminders.
"""

from challenges.enums import PhaseMoment
from challenges.models import Enrolment, Phase
from challenges.organising.queries import REMINDERS_HOURS, closing, just_opened, without_choice
from challenges.tasks.telling import captains, page, registered, tell
from portal.audit.duties import duty
from portal.audit.outbox import handler, owe
from portal.lib import clock


@duty("challenges.deadlines", minutes=5)
def remind() -> None:
    """Owe the reminders of what opened or closes soon."""
    now = clock.now()
    for phase in just_opened(now):
        opens_at = str(phase.opens_at)
        owe("mail.phase_opened", key=f"{phase.pk}:{opens_at}", phase_id=phase.pk, date=opens_at)
    for hours in REMINDERS_HOURS:
        for phase in closing(now, hours):
            closes_at = str(phase.closes_at)
            owe(
                "mail.phase_closes",
                key=f"{phase.pk}:{closes_at}:{hours}",
                phase_id=phase.pk,
                date=closes_at,
                hours=hours,
            )


@handler("mail.phase_opened")
def phase_opened(phase_id: int, date: str) -> None:
    """Tell the people registered that a phase is open, unless its dates moved meanwhile."""
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    if str(phase.opens_at) != date or phase.moment() != PhaseMoment.OPEN:
        return
    tell(
        "phase_opened",
        registered(phase.challenge),
        phase.challenge,
        path=page(phase.challenge),
        event=f"{phase.pk}:{date}",
        about=phase.name,
    )


@handler("mail.phase_closes")
def phase_closes(phase_id: int, date: str, hours: int) -> None:
    """Tell the people registered when a phase closes, unless the close moved or has passed.

    With the first reminder, tell the captains whose team has chosen no final entry.
    """
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    if str(phase.closes_at) != date or phase.moment() != PhaseMoment.OPEN:
        return
    tell(
        f"phase_closes_{hours}",
        registered(phase.challenge),
        phase.challenge,
        path=page(phase.challenge, "soumissions/"),
        event=f"{phase.pk}:{date}",
        about=_closing_text(phase),
    )
    if hours == max(REMINDERS_HOURS) and phase.final_choices:
        for enrolment in without_choice(phase).select_related("team"):
            _remind_choice(phase, enrolment, date)


def _closing_text(phase: Phase) -> str:
    """Write the phase and its close, to the minute in Paris with the offset."""
    closes_at = phase.closes_at
    return f"{phase.name} ({clock.paris_text(closes_at)})" if closes_at else str(phase.name)


def _remind_choice(phase: Phase, enrolment: Enrolment, date: str) -> None:
    tell(
        "choices_missing",
        captains(enrolment.team),
        phase.challenge,
        path=page(phase.challenge, "soumissions/"),
        event=f"{phase.pk}:{date}:{enrolment.team_id}",
        about=enrolment.team.name,
    )
