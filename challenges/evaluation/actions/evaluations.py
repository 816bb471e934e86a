"""Move an entry on as the worker learns about it: check, score, release, sign, settle.

Every step is fenced by the job's lease. A figure is rounded once, at the moment it is released;
the signed receipt that states it is issued at the finish, at a new scoring, at the reveal. A
scoring that is tried and not in force is done aside: nothing of it is released.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from challenges.entries.actions.deposits import settle_later, tell_outcome
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import turn_of
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import (
    ENDED,
    Evaluation,
    ReceiptReason,
    Score,
    ScoreReceipt,
    SealedResult,
    is_in_force,
    rounded,
    written,
)
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.organising.modes import mode_of
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import NO_GRANT, Job
from challenges.receipts import actions as receipts
from challenges.scoring.audit.run import rounded_count
from challenges.scoring.verdict import ReasonCode
from challenges.teams.models import Enrolment
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints, immutable


@dataclass(frozen=True)
class Result:
    """What a scoring gave: figures to release now, and the sealed rest.

    public: {metric: value} of the columns that are not kept for the closing. intervals:
    {metric: [low, high, method]}. provenance: what scored, the digests that its receipt names. What
    a program used: processor seconds, peak MiB.
    """

    public: dict[str, float | None]
    payload: bytes
    payload_sha256: str
    key_id: str
    seconds: float | None = None
    input_sha256: str = ""
    intervals: Mapping[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
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
    Phase.objects.share_locked(Enrolment.objects.get(entries=UUID(job.subject_id)).phase_id)
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
        entry.give_slots_back()
        entry.save()
        settle_later(entry)
        tell_outcome(entry)
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
            phase_id=entry.enrolment.phase_id,
            **turn_of(entry),
        )
    for queue in trial_queues:
        queue(entry)


def put_off(job: Job, phase: Phase) -> bool:
    """Put a job off while the restricted data of its phase have no grant; say whether it is.

    Where the job has no phase that holds it, or was taken before the grant ended. In the caller's
    transaction, the phase just read.
    """
    if not phase.challenge.waits_for_grant(clock.now()):
        return False
    jobs.postpone(job=job, code=NO_GRANT)
    return True


@transaction.atomic
def begin_score(*, job: Job) -> Evaluation | None:
    """Start a scoring; None when the entry was withdrawn or the evaluation has ended.

    One that is not in force leaves the entry where it stands. None too while it waits for a grant.
    """
    if not jobs.fence(job):
        return None
    evaluation = Evaluation.objects.select_related("entry__enrolment").get(pk=job.subject_id)
    # A change of scoring waits.
    phase = Phase.objects.share_locked(evaluation.entry.enrolment.phase_id)
    if put_off(job, phase):
        return None
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
    if entry.status != EntryStatus.SCORING or evaluation.state in ENDED:
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
    Phase.objects.share_locked(evaluation.entry.enrolment.phase_id)
    entry = Entry.objects.locked(Entry(pk=evaluation.entry_id))  # before what hangs from it
    return Evaluation.objects.select_for_update().get(pk=job.subject_id), entry


def _release_scores(evaluation: Evaluation, entry: Entry, result: Result, now: datetime) -> None:
    climbs = entry.climbs
    figures, intervals = ({}, {}) if climbs else (result.public, result.intervals)
    scores = public_scores(evaluation, figures, intervals, at=now)
    with immutable.writes(Score):
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if not climbs:
        issue_score_receipt(evaluation, scores, provenance=result.provenance, at=now)


@transaction.atomic
def finish_failed(
    *, job: Job, code: str, to_examine: bool = False, also: Callable[[], None] = _nothing
) -> bool:
    """End a scoring that gave nothing; the slot is kept, a letter is owed.

    to_examine: the fault is not the file's: once its tasks have ended the entry waits for a
    moderator, unless another task failed by the file's own fault. also: as in `finish_score`.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    evaluation, entry = _locked(job)
    also()
    fail_evaluation(evaluation, entry, code=code, to_examine=to_examine)
    return True


def fail_evaluation(
    evaluation: Evaluation, entry: Entry, *, code: str, to_examine: bool = False
) -> None:
    """End an evaluation that gave nothing, in the caller's transaction, its entry locked."""
    now = clock.now()
    evaluation.state, evaluation.finished_at = EvaluationState.FAILED, now
    evaluation.reason_code, evaluation.to_examine = code, to_examine
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
    if len(found) < len(wanted) or any(each.state not in ENDED for each in found.values()):
        return None
    failed = [each for each in found.values() if each.state == EvaluationState.FAILED]
    own = [each for each in failed if not each.to_examine]
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
        if entry.counts:
            jobs.queue_standings(entry.enrolment.phase_id, cause=f"{entry.pk}:{entry.version}")
    else:
        record(f"entry.{status.value}", by=WORKER, on=entry, reason=entry.reason_code)
        if status == EntryStatus.FAILED:
            settle_later(entry)
    entry.save()
    tell_outcome(entry)


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
    watched = {EntryStatus.CHECKING, EntryStatus.SCORING}
    for found in entries:
        entry = Entry.objects.locked(found)
        if entry.status not in watched:
            continue
        entry.become(EntryStatus.NEEDS_ATTENTION, at=clock.now(), reason=ReasonCode.PLATFORM.value)
        entry.give_slots_back()
        entry.save()
        record("entry.needs_attention", by=WORKER, on=entry)
        owe("mail.entry_examined", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))


# What tries a scoring beside the one in force, in the caller's transaction: has an entry that comes
# meanwhile scored by it too; acts when the scoring of an entry aside has ended.
trial_queues: list[Callable[[Entry], None]] = []
aside_followers: list[Callable[[Evaluation], None]] = []


def _note_aside_end(evaluation: Evaluation) -> None:
    for act in aside_followers:
        act(evaluation)


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
    evaluation.state, evaluation.reason_code = EvaluationState.FAILED, ReasonCode.PLATFORM.value
    evaluation.to_examine, evaluation.finished_at = True, clock.now()
    evaluation.save()
    _note_aside_end(evaluation)


def rounded_interval(bounds: Any, decimals: int) -> tuple[float | None, float | None]:
    """Round the two ends of [low, high, method]; (None, None) where there is no interval."""
    if not bounds or bounds[0] is None:
        return None, None
    return rounded(bounds[0], decimals)[0], rounded(bounds[1], decimals)[0]


def public_scores(
    evaluation: Evaluation,
    figures: Mapping[str, float | None],
    intervals: Mapping[str, Any],
    *,
    at: datetime,
) -> list[Score]:
    """Return the scores to release at the finish: the columns that are not for the closing.

    intervals: {key: [low, high, method]}; where a Ladder shows another entry's values, those of
    that entry, as the middle of an interval tells the value.
    """
    return [
        _score(evaluation, Split.PUBLIC, column, value, intervals.get(column.key), at=at)
        for column in columns_of(evaluation)
        if not column.at_closing and (value := figures.get(column.key)) is not None
    ]


def private_scores(
    evaluation: Evaluation,
    values: Mapping[str, Any],
    intervals: Mapping[str, Any],
    *,
    at: datetime,
) -> list[Score]:
    """Return the scores that every entry gets at the reveal: those of the whole private part.

    values: {split: {key: value or None}}. intervals: {split: {key: [low, high, method]}}.
    """
    return [
        score
        for column in columns_of(evaluation)
        if not column.at_closing
        for score in _part_scores(evaluation, Split.PRIVATE, column, values, intervals, at)
    ]


def group_scores(
    evaluation: Evaluation,
    values: Mapping[str, Any],
    intervals: Mapping[str, Any],
    *,
    at: datetime,
) -> list[Score]:
    """Return the figures that read the groups, of both parts; for one entry of a team only.

    values: {split: {key: value, None, {"withheld": value} or {"groups": {group: {"value", "n",
    "shown"}}}}}; what is withheld or not shown is not released, sizes are rounded.
    """
    return [
        score
        for split in Split
        for column in columns_of(evaluation)
        if column.at_closing
        for score in _part_scores(evaluation, split, column, values, intervals, at)
    ]


def _part_scores(
    evaluation: Evaluation,
    split: Split,
    column: Column,
    values: Mapping[str, Any],
    intervals: Mapping[str, Any],
    at: datetime,
) -> list[Score]:
    found = values.get(split.value, {}).get(column.key)
    if found is None:
        return []
    if not isinstance(found, dict):
        bounds = intervals.get(split.value, {}).get(column.key)
        return [_score(evaluation, split, column, found, bounds, at=at)]
    return [
        _score(
            evaluation,
            split,
            column,
            cell["value"],
            None,
            at=at,
            group=group,
            units=rounded_count(cell["n"]),
        )
        for group, cell in found.get("groups", {}).items()
        if cell.get("value") is not None and cell.get("shown", True)
    ]


def columns_of(evaluation: Evaluation) -> list[Column]:
    """List the columns of the boards of the entry's phase, each key once."""
    phase_id = evaluation.entry.enrolment.phase_id
    found: dict[str, Column] = {}
    for column in Column.objects.filter(leaderboard__phase_id=phase_id).order_by(
        "leaderboard_id", "index"
    ):
        found.setdefault(column.key, column)
    return list(found.values())


def _score(
    evaluation: Evaluation,
    split: Split,
    column: Column,
    value: float,
    bounds: Any,
    *,
    at: datetime,
    group: str = "",
    units: int | None = None,
) -> Score:
    released, text = rounded(value, column.decimals)
    low, high = rounded_interval(bounds, column.decimals)
    return Score(
        evaluation=evaluation,
        split=split,
        metric=column.key,
        group=group,
        value=released,
        value_text=text,
        low=low,
        high=high,
        units=units,
        released_at=at,
    )


def own_figures(
    evaluation: Evaluation, figures: Mapping[str, float | None]
) -> dict[str, list[Any]]:
    """Round the public figures that a Ladder did not show: {column key: [value, text]}."""
    return {
        column.key: list(rounded(value, column.decimals))
        for column in columns_of(evaluation)
        if not column.at_closing and (value := figures.get(column.key)) is not None
    }


def note_parts(*, task: PhaseTask, units: Mapping[str, int]) -> None:
    """Note on the phase how many units the public score stands on, and which share of all.

    units: rows, or queries, of each part, counted when the truth is compiled.
    """
    total, public = sum(units.values()), units.get(Split.PUBLIC.value, 0)
    if total:
        Phase.objects.filter(pk=task.phase_id).update(
            public_units=public, public_share=public / total
        )


# What scored: copied from a receipt to the next one of the same evaluation.
LADDER = "ladder"
RUN = "run"
RULES = (LADDER, RUN)
PROVENANCE = ("code_version", "contract_sha256", "engine_sha256", "resampling_sha256")


def issue_score_receipt(
    evaluation: Evaluation,
    scores: Iterable[Score],
    *,
    provenance: Mapping[str, Any],
    ladder: Mapping[str, Any] | None = None,
    at: datetime,
) -> ScoreReceipt:
    """Issue the receipt of a finished evaluation, in the caller's transaction.

    The entry is locked by the caller. scores: the released ones. provenance: its digests.
    ladder: whether the entry improved, and whose public values are shown.
    """
    task = evaluation.tasks().values_list("index", flat=True).first() or 0
    former = receipts_in_force(ScoreReceipt.objects.filter(entry_id=evaluation.entry_id, task=task))
    last = former.get((evaluation.entry_id, task))
    reason = ReceiptReason.RESCORED if last else ReceiptReason.SCORED
    public = [score for score in scores if score.split == Split.PUBLIC]
    told = _released_figures(public, _keys_shown(evaluation.entry.enrolment.phase))
    said = {**provenance, **({LADDER: ladder} if ladder else {})}
    made = _receipt(evaluation, task, told, last, reason=reason, provenance=said, at=at)
    with immutable.writes(ScoreReceipt):
        made.save(force_insert=True)
    return made


def reissue_score_receipts(phase: Phase, *, at: datetime) -> int:
    """Issue a receipt with the private values for each evaluation in force of a phase.

    In the transaction that releases them. Returns how many were issued.
    """
    evaluations = _in_force(phase)
    former = receipts_in_force(ScoreReceipt.objects.filter(entry__enrolment__phase=phase))
    scores: dict[UUID, list[Score]] = {}
    for score in Score.objects.filter(evaluation__in=list(evaluations)).order_by("pk"):
        scores.setdefault(score.evaluation_id, []).append(score)
    made, shown = [], _keys_shown(phase)
    for task, evaluation in evaluations.values():
        last = former.get((evaluation.entry_id, task))
        made.append(
            _receipt(
                evaluation,
                task,
                _released_figures(scores.get(evaluation.pk, []), shown),
                last,
                reason=ReceiptReason.REVEALED,
                provenance=_provenance(last, evaluation),
                at=at,
            )
        )
    with immutable.writes(ScoreReceipt):
        ScoreReceipt.objects.bulk_create(made, batch_size=500)
    return len(made)


def receipts_in_force(found: Any) -> dict[tuple[UUID, int], ScoreReceipt]:
    """Return the receipt in force of each entry and task among these."""
    return {(each.entry_id, each.task): each for each in found.order_by("serial")}


def duration_class(seconds: float | None) -> str:
    """Return the closed class of a duration: exact times could tell about hidden rows."""
    if seconds is None:
        return ""
    for minutes in (1, 2, 5, 10):
        if seconds <= minutes * 60:
            return f"<= {minutes} min"
    return "> 10 min"


def _in_force(phase: Phase) -> dict[UUID, tuple[int, Evaluation]]:
    """Return the finished evaluations of the tasks in force, by their id, with the task."""
    tasks = {
        (version, holdout): index
        for version, holdout, index in PhaseTask.objects.filter(phase=phase, current=True)
        .order_by("pk")
        .values_list("scorer_version_id", "holdout_id", "index")
    }
    done = (
        Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
        .select_related(
            "entry__enrolment__team",
            "entry__enrolment__phase__challenge",
            "scorer_version",
            "holdout",
        )
        .order_by("pk")
    )
    return {
        each.pk: (tasks[each.scorer_version_id, each.holdout_id], each)
        for each in done
        if (each.scorer_version_id, each.holdout_id) in tasks
    }


def _provenance(last: ScoreReceipt | None, evaluation: Evaluation) -> Mapping[str, Any]:
    """Return what scored, as the former receipt of the evaluation named it."""
    if last is None or last.evaluation_id != evaluation.pk:
        return {}
    payload = json.loads(last.text)["payload"]
    return {name: payload[name] for name in (*PROVENANCE, *RULES) if name in payload}


def _receipt(
    evaluation: Evaluation,
    task: int,
    told: Mapping[str, Any],
    last: ScoreReceipt | None,
    *,
    reason: ReceiptReason,
    provenance: Mapping[str, Any],
    at: datetime,
) -> ScoreReceipt:
    entry, version, holdout = evaluation.entry, evaluation.scorer_version, evaluation.holdout
    enrolment = entry.enrolment
    payload = {
        "kind": "score",
        "version": 2,
        "challenge": enrolment.phase.challenge.slug,
        "phase": enrolment.phase.index,
        "team": enrolment.team.slug,
        "entry": str(entry.pk),
        "number": entry.number,
        "sha256": entry.sha256,
        "size": entry.size,
        "canonical_sha256": evaluation.input_sha256 or entry.canonical_sha256,
        "received_at": _instant(entry.received_at),
        "task": task,
        "scorer": version.digest,
        "scorer_version": version.number,
        "program_sha256": version.program_sha256,
        "holdout": str(holdout.public_id),
        "holdout_version": holdout.number,
        "holdout_sha256": holdout.ciphertext_sha256,
        "environment": evaluation.environment_digest,
        "seed": version.seed,
        **told,
        "duration": duration_class(evaluation.seconds),
        "reason": reason.value,
        **{name: provenance.get(name, "") for name in PROVENANCE},
        **{name: provenance[name] for name in RULES if name in provenance},
    }
    # To the minute: with the date of receipt, the second would tell how long it took.
    signed = receipts.sign_next(payload, last, at=at, to="minutes")
    return ScoreReceipt(entry=entry, evaluation=evaluation, task=task, reason=reason, **signed)


def _keys_shown(phase: Phase) -> set[str]:
    """Return the keys of the figures that a board of the phase shows, itself shown."""
    columns = Column.objects.filter(
        leaderboard__phase=phase, leaderboard__hidden=False, hidden=False
    )
    return set(columns.order_by("key").values_list("key", flat=True))


def _released_figures(scores: Iterable[Score], shown: set[str]) -> dict[str, Any]:
    """Write released figures as decimal strings, as the pages show them, with their intervals."""
    values: dict[str, dict[str, str]] = {}
    intervals: dict[str, dict[str, list[str]]] = {}
    for score in scores:
        if score.metric not in shown:
            continue
        key = f"{score.metric}/{score.group}" if score.group else score.metric
        values.setdefault(score.split, {})[key] = score.value_text
        if score.low is not None and score.high is not None:
            decimals = len(score.value_text.partition("e")[0].partition(".")[2])
            bounds = [written(bound, decimals) for bound in (score.low, score.high)]
            intervals.setdefault(score.split, {})[key] = bounds
    return {"values": values, "intervals": intervals}


def _instant(at: datetime) -> str:
    """Write an instant in Paris time, to the second, with its offset."""
    return at.astimezone(clock.PARIS).isoformat(timespec="seconds")
