"""Score a reference once more and compare it with its sealed result, figure by figure."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from django.db import transaction

from challenges.actions import watches
from challenges.actions.watches import Seen
from challenges.enums import Split
from challenges.enums.rescorings import WatchState
from challenges.models import Evaluation, Job, PhaseTask
from challenges.models.rescoring import is_in_force
from challenges.queue import actions as jobs
from challenges.queue.worker import Beating
from challenges.worker import predictions, programs, vault

EXACT = 1e-9
SIGMAS = 3.0
RUNS = 5
Figures = Mapping[str, float]


class NotScored(Exception):
    """The reference gives no score any more."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def watch_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Score a reference again, store nothing of it, and tell whether it moved."""
    evaluation = (
        Evaluation.objects.select_related("entry__enrolment__phase")
        .filter(pk=job.subject_id)
        .first()
    )
    if evaluation is None or not is_in_force(evaluation):  # the scoring changed since
        with transaction.atomic():
            jobs.complete(job)
        return
    task = PhaseTask.objects.select_related(
        "scorer_version__programs", "phase__challenge", "holdout"
    ).get(
        phase_id=evaluation.entry.enrolment.phase_id,
        scorer_version_id=evaluation.scorer_version_id,
        holdout_id=evaluation.holdout_id,
        current=True,
    )
    known = vault.unseal(evaluation.pk)
    if task.scorer_version.is_program:
        expected, again = known["exact"], lambda: _by_program(evaluation, task)
        seen = judge(expected, again, public=_public(known), runs=RUNS)
    else:
        expected = flat(known["values"])
        public = {f"{Split.PUBLIC.value}/{key}" for key in flat(known["values"].get("public", {}))}
        seen = judge(expected, lambda: _by_metric(evaluation, task, truths), public=public, runs=1)
    watches.note(job=job, evaluation=evaluation, seen=seen)


def judge(expected: Figures, again: Callable[[], Figures], *, public: set[str], runs: int) -> Seen:
    """Compare a new scoring with the first one.

    expected: the first figures. again: scores once more, raises NotScored. public: the figures
    that may be named. runs: how many are made in all when the first differs, 1 where a scoring
    always gives the same: then a change beyond 1e-9 is a drift, else one of the mean beyond
    three standard deviations of the runs.
    """
    try:
        found = [again()]
        if not _moved(expected, found):
            return Seen(WatchState.SAME, tolerance=EXACT)
        found += [again() for _more in range(runs - 1)]
    except NotScored as failure:
        return Seen(WatchState.FAILED, reason_code=failure.code)
    moved = _moved(expected, found)
    if not moved:
        return Seen(WatchState.SAME, tolerance=EXACT, runs=len(found))
    told = {key: each for key, each in moved.items() if key in public}
    if not told:
        return Seen(WatchState.DRIFTED, runs=len(found))
    key = max(sorted(told), key=lambda one: told[one][0])
    difference, tolerance = told[key]
    return Seen(WatchState.DRIFTED, key, difference, tolerance, len(found))


def _moved(expected: Figures, found: Sequence[Figures]) -> dict[str, tuple[float, float]]:
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


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Lay nested figures out: {"part/key/…": number}; what has no value is left out."""
    found: dict[str, float] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
    return found


def _public(known: Mapping[str, Any]) -> set[str]:
    """Name the figures of a program that boards show before the reveal."""
    shown = known["values"].get(Split.PUBLIC.value, {})
    return {key for key in known["exact"] if key in shown}


def _by_program(evaluation: Evaluation, task: PhaseTask) -> Figures:
    ran = programs.measured(evaluation, task)
    if not ran.outcome.scored:
        raise NotScored(str(ran.outcome.reason))
    return dict(ran.exact)


def _by_metric(evaluation: Evaluation, task: PhaseTask, truths: vault.Truths) -> Figures:
    truth = truths.of(task, reason=f"watch {evaluation.pk}")
    found = predictions.examined(evaluation, task, truth, losses=False)
    if not found.verdict.accepted:
        raise NotScored(found.verdict.faults[0].code)
    return flat(vault.as_json(found.values))
