"""Try another scoring on the boards, put it in force, score the references again."""

from collections.abc import Callable, Sequence
from statistics import fmean, stdev
from typing import Any

from django.db import transaction

from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import evaluations
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import Evaluation, evaluations_of, is_in_force
from challenges.evaluation.worker import Figures, Opened, scorer_for
from challenges.organising.models.challenges import Phase
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.queue.worker import Beating
from challenges.rescoring.actions import rescorings
from challenges.rescoring.actions.rescorings import NotSeen, Prepared, Release, WatchOutcome
from challenges.rescoring.models import Rescoring, WatchState
from challenges.results import worker as result_worker
from challenges.results.models.boards import Listing, Standing, chain, listing, waiting_enrolments
from challenges.results.worker import compute_board, final_results, scores_to_release
from portal.lib import canonical, clock, failpoints

_TRIES = 3
Boards = list[tuple[Listing, Sequence[Standing], dict[str, Any]]]


class _TakenBack(Exception):
    """What was done was done to see it."""


def compare_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Say what another scoring moves on the public boards of its phase.

    What the boards list is read in one short transaction; ranks and intervals are computed with
    nothing held, then stored if nothing moved meanwhile.
    """
    rescoring = _rescoring_of(job)
    opened = Opened()
    for _attempt in range(_TRIES):
        seen = rescoring.seen()
        before = _computed(_listings(rescoring), opened)
        after = _computed(_after(rescoring, opened), opened)
        failpoints.hit("compare.computed")
        shown = [_compared(old, new) for old, new in zip(before, after, strict=True)]
        facts = {"boards": shown, "at": clock.now().isoformat(), "seen": seen}
        facts |= {"digest": canonical.digest({"boards": shown})}
        if rescorings.store_comparison(job=job, rescoring=rescoring, facts=facts):
            return
    raise NotSeen


def swap_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Put an accepted scoring in force, with what was scored until now."""
    rescoring = _rescoring_of(job)
    opened = Opened()
    for attempt in range(1, _TRIES + 1):
        prepared = prepare(rescoring, opened)
        failpoints.hit("swap.prepared")
        try:
            rescorings.apply(
                job=job,
                rescoring=rescoring,
                prepared=prepared,
                boards=lambda: _computed(_listings(rescoring), opened),
                finals=lambda: final_results(Phase.objects.get(pk=rescoring.phase_id), opened),
            )
        except NotSeen:
            if attempt == _TRIES:
                raise
        else:
            return


def prepare(rescoring: Rescoring, opened: Opened) -> Prepared:
    """Read, from the results sealed until now, all that the new scoring will release."""
    task, phase = rescoring.task, rescoring.phase
    done = list(
        evaluations_of(task)
        .filter(state=EvaluationState.DONE)
        .select_related("entry__enrolment__phase__challenge", "entry__enrolment__team")
        .order_by("pk")
    )
    return Prepared(
        seen=frozenset(each.pk for each in done),
        releases=[_release(each, opened) for each in done if not each.entry.climbs],
        settled=[
            settled
            for enrolment in (waiting_enrolments(phase, task) if phase.ladder else ())
            for settled in result_worker.settled_rungs(chain(enrolment, task), task, opened)
        ],
    )


def _release(evaluation: Evaluation, opened: Opened) -> Release:
    """Give what an evaluation shows."""
    result = opened.of(evaluation.pk)
    figures = result.get("values", {}).get(Split.PUBLIC, {})
    intervals = result.get("intervals", {}).get(Split.PUBLIC, {})
    plain = {key: value for key, value in figures.items() if not isinstance(value, dict)}
    return Release(evaluation, plain, intervals, result.get("provenance", {}))


def _after(rescoring: Rescoring, opened: Opened) -> list[Listing]:
    """Read what the boards would list: put in force, seen, taken back."""
    found: list[Listing] = []
    for attempt in range(1, _TRIES + 1):
        prepared = prepare(rescoring, opened)
        try:
            with transaction.atomic():
                Phase.objects.share_locked(rescoring.phase_id)  # first, as whoever ends a scoring
                rescorings.put_in_force(rescoring, prepared, at=clock.now(), sign=False)
                found = _listings(rescoring, opened)
                raise _TakenBack
        except _TakenBack:
            break
        except NotSeen:
            if attempt == _TRIES:
                raise
    return found


def _listings(rescoring: Rescoring, opened: Opened | None = None) -> list[Listing]:
    """Read what the boards list, of both parts once the final results are out.

    opened: to release besides what is stored, for a scoring that is tried.
    """
    phase = rescoring.phase
    boards = phase.leaderboards.select_related("phase").order_by("pk")
    if not phase.is_revealed:
        return [listing(board, Split.PUBLIC) for board in boards]
    scores, own = scores_to_release(phase, opened) if opened is not None else (None, None)
    return [listing(board, split, released=scores, own=own) for board in boards for split in Split]


def _computed(listings: Sequence[Listing], opened: Opened) -> Boards:
    return [(listed, *compute_board(listed, opened)) for listed in listings]


def _compared(
    old: tuple[Listing, Sequence[Standing], dict[str, Any]],
    new: tuple[Listing, Sequence[Standing], dict[str, Any]],
) -> dict[str, Any]:
    """Compare two states of a board: ranks and tiers only, no figure."""
    board = new[0].board
    before = {each.team_id: each for each in old[1] if each.rank is not None}
    after = {each.team_id: each for each in new[1] if each.rank is not None}
    order = {each.team_id: place for place, each in enumerate([*new[1], *old[1]])}
    rows = [
        {
            "team": team,
            "before": before[team].rank if team in before else None,
            "after": after[team].rank if team in after else None,
            "tier_before": before[team].tier if team in before else None,
            "tier_after": after[team].tier if team in after else None,
        }
        for team in sorted({*before, *after}, key=lambda one: order[one])
    ]
    return {
        "key": board.key,
        "title": board.title,
        "split": new[0].split.value,
        "teams": len(rows),
        "moved": sum(row["before"] != row["after"] for row in rows),
        "tiers": sum(row["tier_before"] != row["tier_after"] for row in rows),
        "rows": rows,
    }


def _rescoring_of(job: Job) -> Rescoring:
    return Rescoring.objects.select_related(
        "task__scorer_version__scorer",
        "task__phase__challenge",
        "former__scorer_version",
        "phase__challenge",
    ).get(pk=job.subject_id)


EXACT = 1e-9
SIGMAS = 3.0


def watch_job(job: Job, truths: evaluator.Truths, beating: Beating) -> None:
    """Score a reference again, store nothing of it, and tell whether it moved.

    Not while it waits for a grant: the next night has a job of its own.
    """
    evaluation = (
        Evaluation.objects.select_related("entry__enrolment__phase__challenge")
        .filter(pk=job.subject_id)
        .first()
    )
    if (
        evaluation is None
        or not is_in_force(evaluation)  # the scoring changed since
        or evaluation.entry.enrolment.phase.challenge.waits_for_grant(clock.now())
    ):
        with transaction.atomic():
            jobs.complete(job)
        return
    tasks = evaluation.tasks().filter(current=True)
    task = tasks.select_related("scorer_version__programs", "phase__challenge", "holdout").get()
    known = evaluator.unseal(evaluation.pk)
    scorer = scorer_for(task)
    seen = compare_runs(
        scorer.exact_figures(known),
        lambda: scorer.score_again(evaluation, task, truths),
        public=scorer.public_figures(known),
        runs=scorer.watch_runs,
    )
    rescorings.note_watch(job=job, evaluation=evaluation, seen=seen)


def compare_runs(
    expected: Figures, again: Callable[[], Figures], *, public: set[str], runs: int
) -> WatchOutcome:
    """Compare a new scoring with the first one.

    expected: the first figures. again: scores once more, raises ScoringFailed. public: the figures
    that may be named. runs: how many are made in all when the first differs, 1 where a scoring
    always gives the same: then a change beyond 1e-9 is a drift, else one of the mean beyond
    three standard deviations of the runs.
    """
    try:
        found = [again()]
        if not _figures_moved(expected, found):
            return WatchOutcome(WatchState.SAME, tolerance=EXACT)
        found += [again() for _more in range(runs - 1)]
    except evaluator.ScoringFailed as failure:
        return WatchOutcome(WatchState.FAILED, reason_code=failure.code)
    moved = _figures_moved(expected, found)
    if not moved:
        return WatchOutcome(WatchState.SAME, tolerance=EXACT, runs=len(found))
    told = {key: each for key, each in moved.items() if key in public}
    if not told:
        return WatchOutcome(WatchState.DRIFTED, runs=len(found))
    key = max(sorted(told), key=lambda one: told[one][0])
    difference, tolerance = told[key]
    return WatchOutcome(WatchState.DRIFTED, key, difference, tolerance, len(found))


def _figures_moved(expected: Figures, found: Sequence[Figures]) -> dict[str, tuple[float, float]]:
    """Return {figure: (difference, tolerance)} of what moved; a figure that went is infinite."""
    moved = {}
    for key in sorted({*expected, *(key for each in found for key in each)}):
        values = [each[key] for each in found if key in each]
        if key not in expected or len(values) < len(found):
            moved[key] = (1e308, EXACT)
            continue
        spread = stdev(values) if len(values) > 1 else 0.0
        tolerance = max(EXACT, SIGMAS * spread)
        difference = abs(fmean(values) - expected[key])
        if difference > tolerance:
            moved[key] = (difference, tolerance)
    return moved


for kind, do in (
    (JobKind.COMPARE, compare_job),
    (JobKind.SWAP, swap_job),
    (JobKind.WATCH, watch_job),
):
    queue_worker.register(kind, do, bury=evaluations.bury_subject)
