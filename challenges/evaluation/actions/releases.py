"""Round a figure once, at the moment it is released; sign the receipt that states it.

A score receipt is issued at the finish, at a new scoring, at the reveal.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import (
    Evaluation,
    ReceiptReason,
    Score,
    ScoreReceipt,
    rounded,
    written,
)
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.receipts import actions as receipts
from challenges.scoring.audit.run import rounded_count
from portal.lib import clock, immutable


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
    bounds = intervals.get(split.value, {}).get(column.key)
    return _column_scores(evaluation, split, column, found, bounds, at)


def _column_scores(
    evaluation: Evaluation, split: Split, column: Column, found: Any, bounds: Any, at: datetime
) -> list[Score]:
    if found is None:
        return []
    if not isinstance(found, dict):
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
MEANS = ("code_version", "contract_sha256", "engine_sha256", "resampling_sha256")


def issue_score_receipt(
    evaluation: Evaluation,
    scores: Iterable[Score],
    *,
    means: Mapping[str, Any],
    ladder: Mapping[str, Any] | None = None,
    at: datetime,
) -> ScoreReceipt:
    """Issue the receipt of a finished evaluation, in the caller's transaction.

    The entry is locked by the caller. scores: the released ones. means: the digests of MEANS.
    ladder: whether the entry improved, and whose public values are shown.
    """
    task = task_index(evaluation)
    former = receipts_in_force(ScoreReceipt.objects.filter(entry_id=evaluation.entry_id, task=task))
    last = former.get((evaluation.entry_id, task))
    reason = ReceiptReason.RESCORED if last else ReceiptReason.SCORED
    public = [score for score in scores if score.split == Split.PUBLIC]
    told = _released_figures(public, _keys_shown(evaluation.entry.enrolment.phase))
    said = {**means, **({LADDER: ladder} if ladder else {})}
    made = _receipt(evaluation, task, told, last, reason=reason, means=said, at=at)
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
                means=_means(last, evaluation),
                at=at,
            )
        )
    with immutable.writes(ScoreReceipt):
        ScoreReceipt.objects.bulk_create(made, batch_size=500)
    return len(made)


def receipts_in_force(found: Any) -> dict[tuple[UUID, int], ScoreReceipt]:
    """Return the receipt in force of each entry and task among these."""
    return {(each.entry_id, each.task): each for each in found.order_by("serial")}


def task_index(evaluation: Evaluation) -> int:
    """Return the index of the task of its phase that an evaluation answers."""
    return evaluation.tasks().values_list("index", flat=True).first() or 0


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


def _means(last: ScoreReceipt | None, evaluation: Evaluation) -> Mapping[str, Any]:
    """Return what scored, as the former receipt of the evaluation named it."""
    if last is None or last.evaluation_id != evaluation.pk:
        return {}
    payload = json.loads(last.text)["payload"]
    return {name: payload[name] for name in (*MEANS, *RULES) if name in payload}


def _receipt(
    evaluation: Evaluation,
    task: int,
    told: Mapping[str, Any],
    last: ScoreReceipt | None,
    *,
    reason: ReceiptReason,
    means: Mapping[str, Any],
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
        **{name: means.get(name, "") for name in MEANS},
        **{name: means[name] for name in RULES if name in means},
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
