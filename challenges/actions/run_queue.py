"""Tie the evaluations of an entry to the run of its code, and queue that run."""

from challenges.enums import JobKind, JobState
from challenges.enums.code import RunState
from challenges.models import CodeRun, Evaluation, Job, PhaseTask
from challenges.queue import actions as jobs


def of(evaluation: Evaluation) -> CodeRun | None:
    """Return the run whose predictions an evaluation scores, made if absent; None without code.

    In the caller's transaction, the entry locked.
    """
    if evaluation.run is None:
        tasks = PhaseTask.objects.filter(
            phase_id=evaluation.entry.enrolment.phase_id,
            scorer_version_id=evaluation.scorer_version_id,
            holdout_id=evaluation.holdout_id,
        )
        task = tasks.order_by("-current", "-pk").first()
        if task is None or task.plan_id is None:
            return None
        evaluation.run, _made = CodeRun.objects.get_or_create(
            entry_id=evaluation.entry_id, plan_id=task.plan_id
        )
        evaluation.save(update_fields=["run"])
    return evaluation.run


def queue(run: CodeRun, *, fair_rank: int, urgent: bool = False, aside: bool = False) -> None:
    """Queue the job of a run that waits, which the pause of its phase holds.

    aside: a change of scoring that is tried waits for it: no pause holds it then, and one that
    a pause held is let go. One that is alive is else left alone.
    """
    key = str(run.pk)
    phase_id = None if aside else run.entry.enrolment.phase_id
    jobs.put(
        kind=JobKind.RUN,
        subject_id=run.pk,
        dedup_key=key,
        fair_rank=fair_rank,
        urgent=urgent,
        phase_id=phase_id,
    )
    jobs.revive(kind=JobKind.RUN, subject_id=run.pk, dedup_key=key, phase_id=phase_id)
    if aside:
        held = Job.objects.filter(kind=JobKind.RUN, dedup_key=key, state=JobState.READY)
        held.update(phase_id=None)


def again(run: CodeRun, *, fair_rank: int, urgent: bool = False) -> None:
    """Queue a run that waits; how it failed, if it did, is forgotten."""
    if run.state == RunState.FAILED:
        run.state, run.reason_code, run.finished_at = RunState.QUEUED, "", None
        run.save(update_fields=["state", "reason_code", "finished_at"])
    queue(run, fair_rank=fair_rank, urgent=urgent)
