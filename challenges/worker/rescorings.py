"""Try another scoring on the boards, and put it in force: the worker alone opens the results."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from challenges.actions import rescorings, swaps
from challenges.actions.standings import Line
from challenges.actions.swaps import NotSeen, Prepared, Release
from challenges.enums import EvaluationState, Split
from challenges.models import Evaluation, Job, Phase, Rescoring
from challenges.models.ladders import chain, waiting_enrolments
from challenges.models.listings import Listing, listing
from challenges.models.rescoring import evaluations_of
from challenges.queue.worker import Beating
from challenges.worker import ladders, vault
from challenges.worker.boards import computed, finals, to_release
from challenges.worker.vault import Opened
from portal.lib import canonical, clock, failpoints

_TRIES = 3
Boards = list[tuple[Listing, Sequence[Line], dict[str, Any]]]


class _TakenBack(Exception):
    """What was done was done to see it."""


def compare_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Say what another scoring moves on the public boards of its phase.

    What the boards list is read in one short transaction; ranks and intervals are computed with
    nothing held, then stored if nothing moved meanwhile.
    """
    rescoring = _rescoring(job)
    opened = Opened()
    for _attempt in range(_TRIES):
        seen = rescoring.seen()
        before = _computed(_listings(rescoring), opened)
        after = _computed(_after(rescoring, opened), opened)
        failpoints.hit("compare.computed")
        shown = [_moved(old, new) for old, new in zip(before, after, strict=True)]
        facts = {"boards": shown, "at": clock.now().isoformat(), "seen": seen}
        facts |= {"digest": canonical.digest({"boards": shown})}
        if rescorings.ready(job=job, rescoring=rescoring, facts=facts):
            return
    raise NotSeen


def swap_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Put an accepted scoring in force, with what was scored until now."""
    rescoring = _rescoring(job)
    opened = Opened()
    for attempt in range(1, _TRIES + 1):
        prepared = prepare(rescoring, opened)
        failpoints.hit("swap.prepared")
        try:
            swaps.execute(
                job=job,
                rescoring=rescoring,
                prepared=prepared,
                boards=lambda: _computed(_listings(rescoring), opened),
                finals=lambda: finals(Phase.objects.get(pk=rescoring.phase_id), opened),
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
        releases=[
            _release(each, opened) for each in done if not phase.ladder or each.entry.is_baseline
        ],
        settled=[
            settled
            for enrolment in (waiting_enrolments(phase, task) if phase.ladder else ())
            for settled in ladders.climbed(chain(enrolment, task), task, opened)
        ],
    )


def _release(evaluation: Evaluation, opened: Opened) -> Release:
    """Give what an evaluation shows."""
    result = opened.of(evaluation.pk)
    figures = result.get("values", {}).get(Split.PUBLIC, {})
    intervals = result.get("intervals", {}).get(Split.PUBLIC, {})
    plain = {key: value for key, value in figures.items() if not isinstance(value, dict)}
    return Release(evaluation, plain, intervals, result.get("means", {}))


def _after(rescoring: Rescoring, opened: Opened) -> list[Listing]:
    """Read what the boards would list: put in force, seen, taken back."""
    found: list[Listing] = []
    for attempt in range(1, _TRIES + 1):
        prepared = prepare(rescoring, opened)
        try:
            with transaction.atomic():
                Phase.objects.held(rescoring.phase_id)  # first, as whoever ends a scoring
                swaps.put_in_force(rescoring, prepared, at=clock.now(), sign=False)
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
    scores, own = to_release(phase, opened) if opened is not None else (None, None)
    return [listing(board, split, released=scores, own=own) for board in boards for split in Split]


def _computed(listings: Sequence[Listing], opened: Opened) -> Boards:
    return [(listed, *computed(listed, opened)) for listed in listings]


def _moved(
    old: tuple[Listing, Sequence[Line], dict[str, Any]],
    new: tuple[Listing, Sequence[Line], dict[str, Any]],
) -> dict[str, Any]:
    """Compare two states of a board: ranks and tiers only, no figure."""
    board = new[0].board
    before = {each.candidate.team_id: each for each in old[1] if each.rank is not None}
    after = {each.candidate.team_id: each for each in new[1] if each.rank is not None}
    order = {each.candidate.team_id: place for place, each in enumerate([*new[1], *old[1]])}
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


def _rescoring(job: Job) -> Rescoring:
    return Rescoring.objects.select_related(
        "task__scorer_version__scorer",
        "task__phase__challenge",
        "former__scorer_version",
        "phase__challenge",
    ).get(pk=job.subject_id)
