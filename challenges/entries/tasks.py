"""Write to teams about their entries; end old uploads."""

from challenges.entries.actions import uploads
from challenges.entries.models import Entry
from challenges.entries.queries import without_choice
from challenges.organising.enums import PhaseMoment
from challenges.organising.letters import organisers, page, region, tell
from challenges.organising.models.challenges import Phase
from challenges.teams.queries import captains_of, members_of
from portal.accounts.enums import RegionRole
from portal.audit.duties import schedule
from portal.audit.outbox import handler


def _entry_letter(letter: str, entry_id: str) -> None:
    entry = Entry.objects.select_related("enrolment__team", "enrolment__phase__challenge").get(
        pk=entry_id
    )
    challenge = entry.enrolment.phase.challenge
    tell(
        letter,
        members_of(entry.enrolment.team),
        challenge,
        path=page(challenge, f"soumissions/{entry.pk}/"),
        event=f"{entry.pk}:{entry.version}",
        about=str(entry.number),
    )


@handler("mail.entry_rejected")
def entry_rejected(entry_id: str) -> None:
    """Tell the team that its file was refused for its form, at no cost."""
    _entry_letter("entry_rejected", entry_id)


@handler("mail.entry_scored")
def entry_scored(entry_id: str) -> None:
    """Tell the team that its entry is scored; no figure is written."""
    _entry_letter("entry_scored", entry_id)


@handler("mail.entry_failed")
def entry_failed(entry_id: str) -> None:
    """Tell the team that its entry could not be scored."""
    _entry_letter("entry_failed", entry_id)


@handler("mail.entry_examined")
def entry_examined(entry_id: str) -> None:
    """Tell the team, the organisers and the moderators that an entry is under examination.

    The organisers are sent to what their program said, when it did not answer as it should.
    """
    _entry_letter("entry_examined", entry_id)
    entry = Entry.objects.select_related("enrolment__phase__challenge").get(pk=entry_id)
    challenge = entry.enrolment.phase.challenge
    tell(
        "entry_to_examine",
        region(RegionRole.MODERATOR),
        challenge,
        path=f"/moderation/soumissions/{entry.pk}/",
        event=f"{entry.pk}:{entry.version}",
        about=str(entry.pk),
    )
    is_programs = entry.evaluations.filter(to_examine=True).exists()
    tell(
        "program_to_mend" if is_programs else "entry_attention",
        organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/{'programme/' if is_programs else ''}",
        event=f"{entry.pk}:{entry.version}",
        about=entry.reason_code if is_programs else entry.enrolment.phase.name,
    )


@handler("mail.choices_missing")
def choices_missing(phase_id: int, date: str) -> None:
    """Tell the captains whose team has chosen no final entry, unless the close moved."""
    phase = Phase.objects.select_related("challenge").get(pk=phase_id)
    if str(phase.closes_at) != date or phase.moment() != PhaseMoment.OPEN:
        return
    for enrolment in without_choice(phase).select_related("team"):
        tell(
            "choices_missing",
            captains_of(enrolment.team),
            phase.challenge,
            path=page(phase.challenge, "soumissions/"),
            event=f"{phase.pk}:{date}:{enrolment.team_id}",
            about=enrolment.team.name,
        )


# What the schedule does, and how often.
schedule("challenges.uploads", uploads.expire, minutes=60)
