"""Move an entry on as the worker learns about it; every step is fenced by the job's lease.

A scoring that is tried and not in force is done aside: nothing of it is released.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.entries.actions.deposits import queue_check, settle_later
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import fair_rank
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation.actions import releases
from challenges.evaluation.enums import EvaluationState
from challenges.evaluation.models import (
    ENDED,
    Evaluation,
    Score,
    SealedResult,
    forsaken,
    held_by,
    is_in_force,
    wanted_jobs,
)
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.modes import mode_of
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.scoring.verdict import ReasonCode
from challenges.teams.enums import TeamState
from challenges.teams.models import Enrolment, Team
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints, immutable
from portal.lib.storage.files import safe_name
from portal.lib.storage.objects import Stored


@dataclass(frozen=True)
class Result:
    """What a scoring gave: figures to release now, and the sealed rest.

    public: {metric: value} of the columns that are not kept for the closing. intervals:
    {metric: [low, high, method]}. means: what scored, the digests that its receipt names. What
    a program used: processor seconds, peak MiB.
    """

    public: dict[str, float | None]
    payload: bytes
    payload_sha256: str
    key_id: str
    seconds: float | None = None
    input_sha256: str = ""
    intervals: Mapping[str, Any] = field(default_factory=dict)
    means: dict[str, Any] = field(default_factory=dict)
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    environment_digest: str = ""


def _nothing() -> None:
    """Write nothing more."""


@transaction.atomic
def begin_check(*, job: Job) -> Entry | None:
    """Start the check of a received entry; None when there is nothing to check any more."""
    if not jobs.fence(job):
        return None
    entry = Entry.objects.locked(Entry(pk=job.subject_id))
    if entry.status == EntryStatus.RECEIVED:
        entry.become(EntryStatus.CHECKING, at=clock.now())
        entry.save()
    if entry.status != EntryStatus.CHECKING:
        jobs.complete(job)
        return None
    return entry


@transaction.atomic
def finish_check(*, job: Job, accepted: bool, verdict: dict[str, Any], digest: str) -> bool:
    """Store the verdict of the format check; False when the lease was lost.

    In order: job done; accepted: entry QUEUED, one evaluation and one job per current task;
    refused: entry REJECTED, both slots given back, letter; event "entry.checked".
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    Phase.objects.held(Enrolment.objects.get(entries=UUID(job.subject_id)).phase_id)
    entry = Entry.objects.locked(Entry(pk=job.subject_id))
    now = clock.now()
    entry.verdict = verdict
    if accepted:
        entry.become(EntryStatus.QUEUED, at=now)
        entry.canonical_sha256 = digest
        entry.save()
        queue_scores(entry)
    else:
        faults = verdict.get("faults") or [{"code": ReasonCode.OUTPUT.value}]
        entry.become(EntryStatus.REJECTED, at=now, reason=faults[0]["code"])
        entry.day_slot = entry.total_slot = None
        entry.save()
        settle_later(entry)
        owe("mail.entry_rejected", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))
    record("entry.checked", by=WORKER, on=entry, accepted=accepted, reason=entry.reason_code)
    failpoints.hit("check.before_commit")
    return True


def queue_scores(entry: Entry) -> None:
    """Make one evaluation per current task of the phase and queue those that are not done.

    Where the team sends code, its run comes first.
    """
    tasks = PhaseTask.objects.filter(phase_id=entry.enrolment.phase_id, current=True)
    tasks = tasks.select_related("scorer_version")
    for task in tasks.order_by("index"):
        evaluation, _created = Evaluation.objects.get_or_create(
            entry=entry, scorer_version=task.scorer_version, holdout=task.holdout
        )
        if evaluation.state in ENDED or mode_of(task).run_first(evaluation, entry):
            continue
        jobs.put(
            kind=JobKind.SCORE,
            subject_id=evaluation.pk,
            fair_rank=fair_rank(entry.enrolment),
            urgent=entry.is_baseline,
            phase_id=entry.enrolment.phase_id,
        )
    for trials in _trials:
        trials.queue(entry)


@transaction.atomic
def begin_score(*, job: Job) -> Evaluation | None:
    """Start a scoring; None when the entry was withdrawn or the evaluation has ended.

    One that is not in force leaves the entry where it stands.
    """
    if not jobs.fence(job):
        return None
    evaluation = Evaluation.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    Phase.objects.held(evaluation.entry.enrolment.phase_id)  # a change of scoring waits
    entry = Entry.objects.locked(Entry(pk=evaluation.entry_id))
    now = clock.now()
    task = evaluation.tasks().select_related("scorer_version").first()
    if mode_of(task).awaits_run(evaluation, entry):
        jobs.complete(job)
        return None
    if not is_in_force(evaluation):
        if _begin_aside(evaluation, entry):
            return evaluation
        jobs.complete(job)
        return None
    if entry.status == EntryStatus.QUEUED:
        entry.become(EntryStatus.SCORING, at=now)
        entry.save()
    ended = {EvaluationState.DONE, EvaluationState.FAILED}
    if entry.status != EntryStatus.SCORING or evaluation.state in ended:
        jobs.complete(job)
        return None
    evaluation.state, evaluation.started_at = EvaluationState.RUNNING, now
    evaluation.save(update_fields=["state", "started_at"])
    return evaluation


@transaction.atomic
def finish_score(*, job: Job, result: Result, also: Callable[[], None] = _nothing) -> bool:
    """Store what a scoring gave, once; False when the lease was lost: nothing is written.

    also: what else is written in this transaction, the report of a program.
    In order: job done; evaluation DONE; public scores rounded once; sealed result; score
    receipt; entry SCORED when its tasks are all done; job "standings"; letter; event
    "entry.scored". Under a Ladder, scores and receipt are left to its settlement; where the
    scoring is not in force, nothing is released and the entry stays where it stands.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    evaluation, entry = _locked(job)
    now = clock.now()
    evaluation.state, evaluation.finished_at = EvaluationState.DONE, now
    evaluation.seconds, evaluation.input_sha256 = result.seconds, result.input_sha256
    evaluation.cpu_seconds, evaluation.peak_mb = result.cpu_seconds, result.peak_mb
    evaluation.environment_digest = result.environment_digest
    also()
    failpoints.hit("score.before_scores")
    evaluation.save()
    with immutable.writes(SealedResult):
        SealedResult.objects.bulk_create(
            [
                SealedResult(
                    evaluation=evaluation,
                    payload=result.payload,
                    sha256=result.payload_sha256,
                    key_id=result.key_id,
                )
            ],
            ignore_conflicts=True,
        )
    if is_in_force(evaluation):
        _release_scores(evaluation, entry, result, now)
        failpoints.hit("score.after_scores")
        settle_entry(entry, now)
    else:
        _note_aside_end(evaluation)
    failpoints.hit("score.before_commit")
    return True


def _locked(job: Job) -> tuple[Evaluation, Entry]:
    """Lock what a scoring ends; a change of scoring waits for it, or is seen by it."""
    evaluation = Evaluation.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    Phase.objects.held(evaluation.entry.enrolment.phase_id)
    entry = Entry.objects.locked(Entry(pk=evaluation.entry_id))  # before what hangs from it
    return Evaluation.objects.select_for_update().get(pk=job.subject_id), entry


def _release_scores(evaluation: Evaluation, entry: Entry, result: Result, now: datetime) -> None:
    climbs = entry.climbs
    figures, intervals = ({}, {}) if climbs else (result.public, result.intervals)
    scores = releases.public_scores(evaluation, figures, intervals, at=now)
    with immutable.writes(Score):
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if not climbs:
        releases.issue_score_receipt(evaluation, scores, means=result.means, at=now)


@transaction.atomic
def finish_failed(
    *, job: Job, code: str, examined: bool = False, also: Callable[[], None] = _nothing
) -> bool:
    """End a scoring that gave nothing; the slot is kept, a letter is owed.

    examined: the fault is not the file's: once its tasks have ended the entry waits for a
    moderator, unless another task failed by the file's own fault. also: as in `finish_score`.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    evaluation, entry = _locked(job)
    also()
    fail_evaluation(evaluation, entry, code=code, examined=examined)
    return True


def fail_evaluation(
    evaluation: Evaluation, entry: Entry, *, code: str, examined: bool = False
) -> None:
    """End an evaluation that gave nothing, in the caller's transaction, its entry locked."""
    now = clock.now()
    evaluation.state, evaluation.finished_at = EvaluationState.FAILED, now
    evaluation.reason_code, evaluation.examined = code, examined
    evaluation.save()
    if is_in_force(evaluation):
        settle_entry(entry, now)
    else:
        _note_aside_end(evaluation)


def entry_outcome(entry: Entry) -> tuple[EntryStatus, str] | None:
    """Return the worst outcome of an entry's current evaluations and its code; None before.

    Failed by the file's own fault, then to examine, then scored.
    """
    tasks = PhaseTask.objects.filter(phase_id=entry.enrolment.phase_id, current=True)
    wanted = set(tasks.order_by("pk").values_list("scorer_version_id", "holdout_id"))
    found = {
        (each.scorer_version_id, each.holdout_id): each
        for each in entry.evaluations.order_by("pk")
        if (each.scorer_version_id, each.holdout_id) in wanted
    }
    ended = {EvaluationState.DONE, EvaluationState.FAILED}
    if len(found) < len(wanted) or any(each.state not in ended for each in found.values()):
        return None
    failed = [each for each in found.values() if each.state == EvaluationState.FAILED]
    own = [each for each in failed if not each.examined]
    if own:
        return EntryStatus.FAILED, own[0].reason_code
    if failed:
        return EntryStatus.NEEDS_ATTENTION, failed[0].reason_code
    return EntryStatus.SCORED, ""


def give_outcome(entry: Entry, now: datetime) -> EntryStatus | None:
    """Give the entry its outcome, once all its current evaluations have ended; tell nobody."""
    found = entry_outcome(entry)
    if found is None:
        return None
    if entry.status == EntryStatus.QUEUED:  # the scoring changed while it ran
        entry.become(EntryStatus.SCORING, at=now)
    entry.become(found[0], at=now, reason=found[1])
    return found[0]


def settle_entry(entry: Entry, now: datetime) -> None:
    """Give the entry its outcome, once all its current evaluations have ended, and tell it."""
    status = give_outcome(entry, now)
    if status is None:
        return
    if status == EntryStatus.SCORED:
        record("entry.scored", by=WORKER, on=entry)
        if not entry.is_bench:  # the boards are final
            jobs.queue_standings(entry.enrolment.phase_id, cause=f"{entry.pk}:{entry.version}")
    else:
        record(f"entry.{status.value}", by=WORKER, on=entry, reason=entry.reason_code)
        if status == EntryStatus.FAILED:
            settle_later(entry)
    entry.save()
    if not entry.is_baseline:
        owe(_LETTERS[status], key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))


_LETTERS = {
    EntryStatus.FAILED: "mail.entry_failed",
    EntryStatus.NEEDS_ATTENTION: "mail.entry_examined",
    EntryStatus.SCORED: "mail.entry_scored",
}


def bury_subject(job: Job) -> None:
    """Move on the subject of a dead job: its entry goes under examination, with a letter.

    The entry is locked before its evaluation, as everywhere.
    """
    match job.kind:
        case JobKind.CHECK:
            put_under_examination(Entry.objects.filter(pk=job.subject_id))
        case JobKind.SCORE:
            evaluation = Evaluation.objects.filter(pk=job.subject_id).first()
            if evaluation is not None and not is_in_force(evaluation):
                end_broken_aside(evaluation)
                return
            put_under_examination(Entry.objects.filter(evaluations__pk=job.subject_id))
            Evaluation.objects.filter(pk=job.subject_id).update(state=EvaluationState.PENDING)
        case _:
            owe("mail.job_dead", key=f"{job.pk}:{job.attempt}", job_id=str(job.pk))


def put_under_examination(entries: Iterable[Entry]) -> None:
    """Put entries that were begun and go no further under examination, with a letter.

    The platform broke down, not the entry: its team has its slots back at once.
    """
    examined = {EntryStatus.CHECKING, EntryStatus.SCORING}
    for found in entries:
        entry = Entry.objects.locked(found)
        if entry.status not in examined:
            continue
        entry.become(EntryStatus.NEEDS_ATTENTION, at=clock.now(), reason=ReasonCode.PLATFORM.value)
        entry.day_slot = entry.total_slot = None
        entry.save()
        record("entry.needs_attention", by=WORKER, on=entry)
        owe("mail.entry_examined", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))


@dataclass(frozen=True)
class Trials:
    """What tries a scoring beside the one in force.

    queue: has an entry that comes meanwhile scored by it too. note_end: called when the scoring
    of an entry aside has ended. Both in the caller's transaction.
    """

    queue: Callable[[Entry], None]
    note_end: Callable[[Evaluation], None]


_trials: list[Trials] = []


def register_trials(trials: Trials) -> None:
    """Let a subject try scorings beside those in force; it does so at start."""
    _trials.append(trials)


def _note_aside_end(evaluation: Evaluation) -> None:
    for trials in _trials:
        trials.note_end(evaluation)


def _begin_aside(evaluation: Evaluation, entry: Entry) -> bool:
    """Start a scoring aside, the entry left where it stands; False when it has no use."""
    gone = {EntryStatus.WITHDRAWN, EntryStatus.REJECTED}
    if entry.status in gone or evaluation.state in ENDED:
        return False
    evaluation.state, evaluation.started_at = EvaluationState.RUNNING, clock.now()
    evaluation.save(update_fields=["state", "started_at"])
    return True


def end_broken_aside(evaluation: Evaluation) -> None:
    """End a scoring aside that our platform could not do: the entry keeps what it had."""
    evaluation.state, evaluation.reason_code = EvaluationState.FAILED, _PLATFORM
    evaluation.examined, evaluation.finished_at = True, clock.now()
    evaluation.save()
    _note_aside_end(evaluation)


_PLATFORM = ReasonCode.PLATFORM.value


SWEPT = 500


def sweep_entries(*, size: int = SWEPT) -> int:
    """Recreate the missing job of unfinished entries; return how many were missing.

    An entry that has stayed too long in its state goes under examination instead, with a letter.
    size: how many this time, the oldest first; the database finds them, and the next sweep takes
    the others.
    """
    found = list(forsaken().order_by("received_at", "pk").values_list("pk", flat=True)[:size])
    return sum(_sweep_entry(pk) for pk in found)


@transaction.atomic
def _sweep_entry(pk: UUID) -> bool:
    entry = Entry.objects.locked(Entry(pk=pk))
    if not forsaken().filter(pk=pk).exists():
        return False
    if evaluation_queries.is_stuck(
        entry, clock.now()
    ):  # given back its job each time, it would never end
        put_under_examination([entry])
        return True
    wanted = wanted_jobs(entry)
    aside = {str(each.pk) for each in entry.evaluations.all() if held_by(each) is None}
    for kind, key in sorted(wanted):
        held = kind != JobKind.CHECK and key not in aside
        phase_id = entry.enrolment.phase_id if held else None
        jobs.revive(kind=JobKind(kind), subject_id=key, phase_id=phase_id)
    if not wanted:
        queue_scores(entry)
    record("job.recreated", by=WORKER, on=entry)
    return True


_BASELINE_SLUG = "solution-de-reference"


def enter_baseline(*, phase: Phase, name: str, stored: Stored, by: User) -> Entry:
    """Enter the reference answer of a draft, in the caller's transaction; no slot is used.

    The same bytes are scored again only where the scoring changed; other bytes replace the
    former entry. Event "baseline.entered".
    """
    now = clock.now()
    team, _created = Team.objects.get_or_create(
        challenge=phase.challenge,
        slug=_BASELINE_SLUG,
        defaults={
            "name": _("Solution de référence"),
            "pseudonym": _("Solution de référence"),
            "state": TeamState.FULL,
            "is_baseline": True,
            "created_at": now,
        },
    )
    enrolment, _created = Enrolment.objects.get_or_create(phase=phase, team=team)
    enrolment = Enrolment.objects.locked(enrolment)
    last = enrolment.entries.order_by("-number").first()
    if last is not None and last.sha256 == stored.sha256:
        return score_baseline_again(last)
    if last is not None and last.status == EntryStatus.SCORED:
        last.become(EntryStatus.WITHDRAWN, at=now)
        last.save()
    entry = Entry.objects.create(
        enrolment=enrolment,
        number=1 if last is None else last.number + 1,
        submitted_by=by,
        idempotency_key=f"baseline-{1 if last is None else last.number + 1}",
        sha256=stored.sha256,
        size=stored.size,
        original_name=safe_name(name),
        received_at=now,
        first_byte_at=now,
        quota_day=clock.paris_day(now),
        status_since=now,
        is_baseline=True,
        receipt="{}",
    )
    queue_check(entry)
    record("baseline.entered", by=by, on=entry, sha256=entry.sha256)
    return entry


def score_baseline_again(entry: Entry) -> Entry:
    """Score the reference again when a task in force has no evaluation of it yet."""
    tasks = entry.enrolment.phase.tasks.filter(current=True).order_by("index")
    wanted = set(tasks.values_list("scorer_version_id", "holdout_id"))
    if not wanted or entry.status not in {EntryStatus.SCORED, EntryStatus.FAILED}:
        return entry
    evaluations = entry.evaluations.order_by("pk")
    if wanted - set(evaluations.values_list("scorer_version_id", "holdout_id")):
        entry.become(EntryStatus.QUEUED, at=clock.now())
        entry.save()
        queue_scores(entry)
    return entry


def score_references_again(phase: Phase) -> None:
    """Score the references of a phase of a draft by the scoring now in force."""
    for entry in Entry.objects.references().filter(enrolment__phase=phase).order_by("pk"):
        entry = Entry.objects.locked(entry)
        if entry.status == EntryStatus.QUEUED:
            queue_scores(entry)
        else:
            score_baseline_again(entry)
