"""Ring the administrators: no worker alive, work that waits for too long or failed for good."""

from datetime import timedelta

from django.conf import settings

from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation.actions import interventions
from challenges.organising.letters import alarm, organisers, tell
from challenges.organising.models.challenges import Challenge
from challenges.queue.models import Job
from portal.audit import duties
from portal.audit.duties import duty
from portal.audit.outbox import handler, owe
from portal.lib import clock

WORKER = "worker"


@duty("challenges.watch", minutes=1)
def watch() -> None:
    """Owe an alarm for a worker without a sign of life, and for the work that waits.

    Each silence rings once, however often it is looked at; waiting work and entries that stay too
    long in a state once an hour.
    """
    now = clock.now()
    silent = now - timedelta(seconds=settings.ALARM_SILENT_SECONDS)
    for beat in duties.beats():
        if beat.name.startswith(WORKER) and beat.at < silent:
            at = str(beat.at)
            owe("mail.worker_silent", key=f"{beat.name}:{at}", name=beat.name, at=at)
    waited = now - timedelta(minutes=settings.ALARM_QUEUED_MINUTES)
    hour = now.strftime("%Y-%m-%dT%HZ")
    if evaluation_queries.has_late_entries(now):
        owe("mail.entries_late", key=hour, hour=hour)
    if Job.objects.due(now).filter(run_after__lt=waited).exists():
        owe("mail.queue_late", key=hour, hour=hour)


@duty("challenges.grants", minutes=1)
def pause_without_grant() -> None:
    """Pause the phases whose restricted data have no grant in force any more."""
    interventions.pause_without_grant()


@handler("mail.phase_paused")
def phase_paused(phase_id: int, notice_id: int) -> None:
    """Tell the organisers that the portal paused a phase, and what lets them resume it."""
    challenge = Challenge.objects.get(phases=phase_id)
    tell(
        "phase_paused",
        organisers(challenge),
        challenge,
        path=f"/espace/challenges/{challenge.slug}/textes/#id_grant",
        event=str(notice_id),
        about=challenge.phases.get(pk=phase_id).name,
    )


@handler("mail.worker_silent")
def worker_silent(name: str, at: str) -> None:
    """Tell the administrators that a worker is silent, unless it spoke since."""
    if any(beat.name == name and str(beat.at) == at for beat in duties.beats()):
        alarm("platform_alarm", event=f"{name}:{at}", about=name)


@handler("mail.queue_late")
def queue_late(hour: str) -> None:
    """Tell the administrators that the oldest work waits for too long."""
    alarm("platform_alarm", event=f"queue:{hour}", about="queue")


@handler("mail.entries_late")
def entries_late(hour: str) -> None:
    """Tell the administrators that entries stay in a state for longer than they may."""
    alarm("platform_alarm", event=f"entries:{hour}", about="entries")


@handler("mail.job_dead")
def job_dead(job_id: str) -> None:
    """Tell the administrators that a job of the platform failed for good."""
    job = Job.objects.get(pk=job_id)
    about = f"{job.kind}, {job.error_code}"
    alarm("job_dead", event=f"{job.pk}:{job.attempt}", about=about)
