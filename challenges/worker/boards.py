"""Compute boards from sealed results, and the reveal of a phase."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from challenges.actions import reveals, standings
from challenges.actions.reveals import Final
from challenges.actions.standings import Line
from challenges.enums import Direction, EvaluationState, Split
from challenges.evaluation.actions import releases
from challenges.models import Column, Evaluation, Job, Phase, Reveal, Score
from challenges.models.candidates import Candidate
from challenges.models.ladders import task_of
from challenges.models.listings import Listing, listing
from challenges.models.rescoring import in_force
from challenges.queue import actions as jobs
from challenges.queue.worker import Beating
from challenges.scoring.contract import ScoringContract
from challenges.scoring.tiers import Listed, Placed, tiers
from challenges.worker import findings, ladders, vault
from challenges.worker.vault import Opened
from portal.lib import clock, failpoints

Own = dict[str, list[Any]]


def standings_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Recompute the boards of a phase; jobs asking for the same are answered together."""
    if not standings.begin(job=job):
        return
    phase = Phase.objects.get(pk=job.subject_id)
    opened = Opened()
    ladders.settle(job, phase, opened)
    splits = list(Split) if phase.is_revealed else [Split.PUBLIC]
    for board in phase.leaderboards.order_by("pk"):
        for split in splits:
            found = listing(board, split)
            lines, facts = computed(found, opened)
            failpoints.hit("standings.computed")
            standings.store(job=job, found=found, lines=lines, facts=facts)
    with transaction.atomic():
        jobs.complete(job)


def computed(found: Listing, opened: Opened) -> tuple[list[Line], dict[str, Any]]:
    """Rank what a board lists: tiers where sums are known, else equal values share a rank."""
    ranked = _ranked(found, opened)
    placed = {str(each.id): each for each in ranked}
    lines = [
        _line(found, each, placed.get(str(each.entry_id)), opened) for each in found.candidates
    ]
    facts = {
        "few": any(each.few for each in placed.values()),
        # Whether gaps were compared with chance; else equal scores alone share a rank.
        "tested": any(each.low is not None for each in ranked),
    }
    return lines, facts


def _ranked(found: Listing, opened: Opened) -> list[Placed]:
    primary = found.primary
    if primary is None or primary.direction == Direction.NONE:
        return []
    ranked = [
        each for each in found.candidates if not each.is_baseline and primary.key in each.figures
    ]
    listed = []
    for each in ranked:
        sums = vault.sums_of(opened.of(each.evaluation_id), found.split.value)
        if sums is None:
            return _without_intervals(ranked, primary)
        listed.append(Listed(str(each.entry_id), each.figures[primary.key][0], sums))
    if listed and (any(each.tasks for each in ranked) or not _is_summed(primary, found)):
        return _without_intervals(ranked, primary)  # the sums are those of another figure
    return tiers(listed, primary.direction)


def _is_summed(primary: Column, found: Listing) -> bool:
    """Say whether the sums that are kept are those of the figure that ranks this board.

    Of the menu's metrics, only the figure that scores has some; of a program, `contributions`
    keeps some for the figure of every board or for none.
    """
    task = task_of(found.board.phase)
    if task is None or task.scorer_version.is_program:
        return True
    return ScoringContract.from_json(task.scorer_version.spec).primary.key == primary.key


def _without_intervals(ranked: Sequence[Candidate], primary: Column) -> list[Placed]:
    """Share the rank of equal values: 1, 2, 2, 4; candidates come best first."""
    places: list[Placed] = []
    rank, last = 0, None
    for position, each in enumerate(ranked, 1):
        value = each.figures[primary.key][0]
        if value != last:
            rank, last = position, value
        places.append(Placed(str(each.entry_id), rank, rank, rank, rank, None, None))
    return places


def _line(found: Listing, candidate: Candidate, placed: Placed | None, opened: Opened) -> Line:
    result = opened.of(candidate.evaluation_id)
    primary = found.primary
    # A mean over several tasks has no interval: each task has its own.
    intervals: dict[str, Any] = (
        {} if candidate.tasks else result.get("intervals", {}).get(found.split.value, {})
    )
    cells = {
        column.key: cell
        for column in found.columns
        if (cell := _cell(candidate, column, intervals.get(column.key))) is not None
    }
    shown = cells.get(primary.key, {}) if primary else {}
    return Line(
        candidate=candidate,
        rank=placed.rank if placed else None,
        tier=placed.tier if placed else None,
        rank_low=placed.rank_low if placed else None,
        rank_high=placed.rank_high if placed else None,
        cells=cells,
        interval_low=shown.get("low"),
        interval_high=shown.get("high"),
        entries_count=found.counts[candidate.team_id],
    )


def _cell(candidate: Candidate, column: Column, bounds: Any) -> dict[str, Any] | None:
    if column.key in candidate.groups:
        groups = candidate.groups[column.key]
        return {
            "groups": {
                group: {"value": value, "text": text, "n": n}
                for group, (value, text, n) in sorted(groups.items())
            }
        }
    if column.key in candidate.facts:
        return {"value": None, "text": candidate.facts[column.key], "low": None, "high": None}
    if column.key not in candidate.figures:
        return None
    value, text = candidate.figures[column.key]
    low, high = releases.rounded_interval(bounds, column.decimals)
    tasks = candidate.tasks.get(column.key)
    told = {"tasks": tasks} if tasks else {}
    return {"value": value, "text": text, "low": low, "high": high, **told}


def reveal_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Open every sealed result of a phase and release all at once."""
    reveal = Reveal.objects.select_related("phase").get(pk=job.subject_id)
    phase = reveal.phase
    opened = Opened()
    ladders.settle(job, phase, opened)
    final = finals(phase, opened)
    failpoints.hit("reveal.computed")
    reveals.execute(job=job, reveal=reveal, final=final)


def finals(phase: Phase, opened: Opened) -> Final:
    """Read the final results of a phase, as the scoring in force found them.

    What the groups tell is told once: a second table of the same answers, corrected, would tell
    of a row (`findings.told`). A team that has its own gets no other.
    """
    scores, own = to_release(phase, opened)
    again = phase.is_revealed
    told = set() if again else findings.told(phase, scores, own)
    scores += _of_groups(told, opened)
    boards: list[tuple[Listing, Sequence[Line], dict[str, Any]]] = []
    for board in phase.leaderboards.order_by("hidden", "pk"):
        for split in Split:
            found = listing(board, split, released=scores, own=own)
            lines, board_facts = computed(found, opened)
            boards.append((found, lines, board_facts))
    found_of = [] if again else findings.to_release(phase, opened.of, told)
    return Final(scores, own, boards, found_of)


def to_release(phase: Phase, opened: Opened) -> tuple[list[Score], dict[UUID, Own]]:
    """Return the scores to release and, where a Ladder kept some, each entry's own figures."""
    now = clock.now()
    evaluations = (
        Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
        .filter(in_force(), entry__is_bench=False)
        .select_related("entry__enrolment")
        .order_by("pk")
    )
    scores: list[Score] = []
    own: dict[UUID, Own] = {}
    for evaluation in evaluations:
        result = opened.of(evaluation.pk)
        values, intervals = result.get("values", {}), result.get("intervals", {})
        scores += releases.private_scores(evaluation, values, intervals, at=now)
        if phase.ladder and not evaluation.entry.is_baseline:
            own[evaluation.pk] = releases.own_figures(
                evaluation, ladders.public_figures(evaluation, opened)
            )
    return scores, own


def _of_groups(told: Collection[UUID], opened: Opened) -> list[Score]:
    now = clock.now()
    scores: list[Score] = []
    for evaluation in Evaluation.objects.filter(pk__in=told).select_related("entry__enrolment"):
        result = opened.of(evaluation.pk)
        values, intervals = result.get("values", {}), result.get("intervals", {})
        scores += releases.group_scores(evaluation, values, intervals, at=now)
    return scores
