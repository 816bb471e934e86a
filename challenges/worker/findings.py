"""Read from sealed results what is told at the reveal, and compare it with what was told."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from challenges.actions.findings import Finding
from challenges.enums import EvaluationState, Split
from challenges.models import Evaluation, FairnessAudit, Phase, Score
from challenges.models.listings import OwnFigures, listing
from challenges.models.rescoring import in_force
from challenges.scoring.audit.run import published_audit
from challenges.scoring.contract import ScoringContract
from portal.lib import canonical

Opened = Callable[[UUID], dict[str, Any]]


def told(
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


def to_release(phase: Phase, opened: Opened, told: Collection[UUID]) -> list[Finding]:
    """Return the audit of the evaluations told, nothing for the others.

    opened: gives the opened sealed result of an evaluation.
    """
    evaluations = (
        Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
        .filter(in_force())
        .select_related("scorer_version")
        .order_by("pk")
    )
    return [_finding(each, opened(each.pk), told) for each in evaluations]


def _finding(evaluation: Evaluation, result: dict[str, Any], told: Collection[UUID]) -> Finding:
    if evaluation.pk not in told:
        return Finding(evaluation=evaluation, audit=None)
    sealed, audit = result.get("audit"), None
    if sealed is not None:
        audit = published_audit(ScoringContract.from_json(evaluation.scorer_version.spec), sealed)
    return Finding(evaluation=evaluation, audit=audit)


def _told_at_the_reveal(phase: Phase) -> set[UUID]:
    """Return the evaluations whose findings are stored, and those of the teams that have none.

    An entry taken off the board after the reveal keeps its findings; the next one gets none.
    """
    team = "evaluation__entry__enrolment__team_id"
    rows = FairnessAudit.objects.filter(evaluation__entry__enrolment__phase=phase)
    found = dict(rows.values_list("evaluation_id", team))
    listed = Evaluation.objects.filter(pk__in=told(phase)).exclude(
        entry__enrolment__team__in=set(found.values())
    )
    return set(found) | set(listed.values_list("pk", flat=True))


def compare(phase: Phase, opened: Opened) -> dict[str, list[str]]:
    """Compute again what a phase tells; return the evaluations told the same and otherwise."""
    compared: dict[str, list[str]] = {"same": [], "different": []}
    for found in to_release(phase, opened, _told_at_the_reveal(phase)):
        pk = found.evaluation.pk
        audit = FairnessAudit.objects.filter(evaluation=pk).values_list("sha256", flat=True)
        wanted = [] if found.audit is None else [canonical.digest(found.audit)]
        compared["same" if list(audit) == wanted else "different"].append(str(pk))
    return compared
