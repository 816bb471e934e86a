"""Write about entries and results: to teams, organisers, the Region; end old uploads."""

from challenges import rules
from challenges.entries.actions import uploads
from challenges.models import (
    Entry,
    Job,
    Reveal,
)
from challenges.organising.letters import alarm, members, organisers, page, region, registered, tell
from portal.accounts.enums import RegionRole
from portal.audit.duties import duty
from portal.audit.outbox import handler


def _entry_letter(letter: str, entry_id: str) -> None:
    entry = Entry.objects.select_related("enrolment__team", "enrolment__phase__challenge").get(
        pk=entry_id
    )
    challenge = entry.enrolment.phase.challenge
    tell(
        letter,
        members(entry.enrolment.team),
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
    if entry.evaluations.filter(examined=True).exists():
        tell(
            "program_to_mend",
            organisers(challenge),
            challenge,
            path=f"/espace/challenges/{challenge.slug}/programme/",
            event=f"{entry.pk}:{entry.version}",
            about=entry.reason_code,
        )
        return
    tell(
        "entry_attention",
        organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/",
        event=f"{entry.pk}:{entry.version}",
        about=entry.enrolment.phase.name,
    )


@handler("mail.reveal_proposed")
def reveal_proposed(reveal_id: int, again: str = "") -> None:
    """Ask those of the Region who may confirm a reveal, where it is done.

    again: when an earlier confirmation was set back.
    """
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    tell(
        "reveal_proposed",
        [
            person
            for person in region(RegionRole.ADMINISTRATOR, RegionRole.MODERATOR)
            if person.pk != reveal.proposed_by_id and rules.may_confirm_reveal(person, reveal.phase)
        ],
        challenge,
        path=f"/espace/challenges/{challenge.slug}/",
        event=f"{reveal.pk}:{again}" if again else str(reveal.pk),
        about=reveal.phase.name,
    )


@handler("mail.phase_revealed")
def phase_revealed(reveal_id: int) -> None:
    """Tell everybody concerned that the final results are out."""
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    people = {person.pk: person for person in [*registered(challenge), *organisers(challenge)]}
    tell(
        "phase_revealed",
        people.values(),
        challenge,
        path=page(challenge, "classement/"),
        event=str(reveal.pk),
        about=reveal.phase.name,
    )


@handler("mail.job_dead")
def job_dead(job_id: str) -> None:
    """Tell the administrators that a job of the platform failed for good."""
    job = Job.objects.get(pk=job_id)
    about = f"{job.kind}, {job.error_code}"
    alarm("job_dead", event=f"{job.pk}:{job.attempt}", about=about)


@duty("challenges.uploads", minutes=60)
def expire_uploads() -> None:
    """Drop the parts of files that nobody finished sending."""
    uploads.expire()
