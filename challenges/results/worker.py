"""Compute boards, Ladders, findings and the reveal of a phase from sealed results."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import evaluations
from challenges.evaluation.actions.evaluations import bury_subject
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import Evaluation, Score, in_force
from challenges.evaluation.worker import Opened
from challenges.organising.enums import Direction
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.organising.modes import mode_of
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.queue.worker import Beating
from challenges.results import actions as results
from challenges.results.actions import FinalResults, SettledRung
from challenges.results.models.boards import (
    Candidate,
    Chain,
    Listing,
    OwnFigures,
    Reveal,
    Standing,
    chain,
    listing,
    task_of,
    waiting_enrolments,
)
from challenges.results.models.certificates import FairnessAudit
from challenges.scoring.audit.run import published_audit
from challenges.scoring.contract import ScoringContract
from challenges.scoring.ladder import Seen, better, seen_of
from challenges.scoring.tiers import Listed, Placed, tiers
from portal.lib import clock, failpoints

_TRIES = 3


class Moving(Exception):
    """A team's entries kept changing while they were read: the job is tried again."""

    code = "ladder_moving"


def settle_ladders(job: Job, phase: Phase, opened: evaluator.Opened) -> None:
    """Settle every team of a phase that has a score to show."""
    task = task_of(phase)
    if task is None or not phase.ladder:
        return
    for enrolment in waiting_enrolments(phase, task):
        for _attempt in range(_TRIES):
            read = chain(enrolment, task)
            settled = settled_rungs(read, task, opened)
            if results.settle_ladder(job=job, task=task, read=read, settled=settled):
                break
        else:
            raise Moving


def settled_rungs(read: Chain, task: PhaseTask, opened: evaluator.Opened) -> list[SettledRung]:
    """Compare each waiting evaluation with what its team leads with by then."""
    primary = evaluator.contract_of(task).primary
    leader = read.leader
    best = _seen(leader, primary.key, opened) if leader else None
    settled = []
    for each in read.waiting:
        new = _seen(each, primary.key, opened)
        improved = new is not None and (best is None or better(new, best, primary.direction))
        if improved:
            leader, best = each, new
        figures: dict[str, float | None] = {}
        intervals: dict[str, Any] = {}
        if leader is not None and best is not None:
            figures = public_figures(leader, opened)
            intervals = opened.of(leader.pk).get("intervals", {}).get(Split.PUBLIC, {})
        provenance = opened.of(each.pk).get("provenance", {})
        settled.append(SettledRung(each, improved, leader, figures, intervals, provenance))
    return settled


def public_figures(evaluation: Evaluation, opened: evaluator.Opened) -> dict[str, float | None]:
    """Return the exact public figures of an evaluation, those by group left out."""
    values: dict[str, Any] = opened.of(evaluation.pk).get("values", {}).get(Split.PUBLIC, {})
    return {key: value for key, value in values.items() if not isinstance(value, dict)}


def _seen(evaluation: Evaluation, key: str, opened: evaluator.Opened) -> Seen | None:
    """Read what the Ladder compares; None when the figure has no value."""
    result = opened.of(evaluation.pk)
    score = result.get("values", {}).get(Split.PUBLIC, {}).get(key)
    if score is None:
        return None
    return seen_of(
        float(score),
        evaluator.losses_of(result, Split.PUBLIC),
        evaluator.sums_of(result, Split.PUBLIC),
    )


def evaluations_audited(
    phase: Phase,
    released: Iterable[Score] = (),
    own: Mapping[UUID, OwnFigures] | None = None,
) -> set[UUID]:
    """Return the evaluations whose findings are told: of each team, the one the final board lists.

    Two audits of answers that differ in one row would tell the group of the person of that row:
    a team never reads two.

    released, own: as for a listing of a reveal being prepared.
    """
    released = list(released)
    first: dict[int, UUID] = {}
    for board in phase.leaderboards.order_by("pk"):
        for each in listing(board, Split.PRIVATE, released=released, own=own).candidates:
            first.setdefault(each.team_id, each.evaluation_id)
    return set(first.values())


def findings_to_release(opened: Opened, told: Collection[UUID]) -> list[FairnessAudit]:
    """Return the audits of the evaluations told, of those whose contract declares one."""
    done = Evaluation.objects.filter(pk__in=told).select_related("scorer_version").order_by("pk")
    found = []
    for each in done:
        sealed = opened.of(each.pk).get("audit")
        if sealed is not None:
            contract = ScoringContract.from_json(each.scorer_version.spec)
            record = published_audit(contract, sealed)
            found.append(FairnessAudit(evaluation=each, record=record))
    return found


Own = dict[str, list[Any]]


def standings_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Recompute the boards of a phase; jobs asking for the same are answered together."""
    if not results.begin_standings(job=job):
        return
    phase = Phase.objects.get(pk=job.subject_id)
    opened = Opened()
    settle_ladders(job, phase, opened)
    splits = list(Split) if phase.is_revealed else [Split.PUBLIC]
    for board in phase.leaderboards.order_by("pk"):
        for split in splits:
            found = listing(board, split)
            rows, facts = compute_board(found, opened)
            failpoints.hit("standings.computed")
            results.store_board(job=job, found=found, rows=rows, facts=facts)
    with transaction.atomic():
        jobs.complete(job)


def compute_board(found: Listing, opened: Opened) -> tuple[list[Standing], dict[str, Any]]:
    """Rank what a board lists: tiers where sums are known, else equal values share a rank."""
    ranked = _ranked(found, opened)
    placed = {str(each.id): each for each in ranked}
    rows = [
        _row(found, each, at, placed.get(str(each.entry_id)), opened)
        for at, each in enumerate(found.candidates, 1)
    ]
    facts = {
        "few": any(each.few for each in placed.values()),
        # Whether gaps were compared with chance; else equal scores alone share a rank.
        "tested": any(each.low is not None for each in ranked),
    }
    return rows, facts


def _ranked(found: Listing, opened: Opened) -> list[Placed]:
    primary = found.primary
    if primary is None or primary.direction == Direction.NONE:
        return []
    ranked = [each for each in found.candidates if each.competes and primary.key in each.figures]
    listed = []
    for each in ranked:
        sums = evaluator.sums_of(opened.of(each.evaluation_id), found.split.value)
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
    contract = mode_of(task).contract(task) if task else None
    return contract is None or contract.primary.key == primary.key


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


def _row(
    found: Listing, candidate: Candidate, position: int, placed: Placed | None, opened: Opened
) -> Standing:
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
    return Standing(
        leaderboard=found.board,
        split=found.split,
        team_id=candidate.team_id,
        entry_id=candidate.entry_id,
        position=position,
        competes=candidate.competes,
        source_digest=found.digest,
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
    low, high = evaluations.rounded_interval(bounds, column.decimals)
    tasks = candidate.tasks.get(column.key)
    told = {"tasks": tasks} if tasks else {}
    return {"value": value, "text": text, "low": low, "high": high, **told}


def reveal_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Open every sealed result of a phase and release all at once."""
    reveal = Reveal.objects.select_related("phase").get(pk=job.subject_id)
    phase = reveal.phase
    opened = Opened()
    settle_ladders(job, phase, opened)
    final = final_results(phase, opened)
    failpoints.hit("reveal.computed")
    results.reveal(job=job, reveal=reveal, final=final)


def final_results(phase: Phase, opened: Opened) -> FinalResults:
    """Read the final results of a phase, as the scoring in force found them.

    What the groups tell is told once: a second table of the same answers, corrected, would tell
    of a row. A team that has its own gets no other.
    """
    scores, own = scores_to_release(phase, opened)
    again = phase.is_revealed
    told = set() if again else evaluations_audited(phase, scores, own)
    scores += _group_scores(told, opened)
    boards: list[tuple[Listing, Sequence[Standing], dict[str, Any]]] = []
    for board in phase.leaderboards.order_by("hidden", "pk"):
        for split in Split:
            found = listing(board, split, released=scores, own=own)
            boards.append((found, *compute_board(found, opened)))
    return FinalResults(scores, own, boards, findings_to_release(opened, told))


def scores_to_release(phase: Phase, opened: Opened) -> tuple[list[Score], dict[UUID, Own]]:
    """Return the scores to release and, where a Ladder kept some, each entry's own figures."""
    now = clock.now()
    done = (
        Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
        .filter(in_force(), entry__counts=True)
        .select_related("entry__enrolment__phase", "entry__enrolment__team")
        .order_by("pk")
    )
    scores: list[Score] = []
    own: dict[UUID, Own] = {}
    for evaluation in done:
        result = opened.of(evaluation.pk)
        values, intervals = result.get("values", {}), result.get("intervals", {})
        scores += evaluations.private_scores(evaluation, values, intervals, at=now)
        if evaluation.entry.climbs:
            own[evaluation.pk] = evaluations.own_figures(
                evaluation, public_figures(evaluation, opened)
            )
    return scores, own


def _group_scores(told: Collection[UUID], opened: Opened) -> list[Score]:
    now = clock.now()
    scores: list[Score] = []
    for evaluation in Evaluation.objects.filter(pk__in=told).select_related("entry__enrolment"):
        result = opened.of(evaluation.pk)
        values, intervals = result.get("values", {}), result.get("intervals", {})
        scores += evaluations.group_scores(evaluation, values, intervals, at=now)
    return scores


queue_worker.register(JobKind.STANDINGS, standings_job, bury=bury_subject)
queue_worker.register(JobKind.REVEAL, reveal_job, bury=bury_subject)
