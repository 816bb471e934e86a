"""Read from sealed results what is told at the reveal, and compare it with what was told."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from challenges.actions.findings import Finding
from challenges.enums import EvaluationState
from challenges.models import EntryDetail, Evaluation, FairnessAudit, Phase
from challenges.scoring.audit.published import published
from challenges.scoring.contract import ScoringContract
from portal.lib import canonical

Opened = Callable[[UUID], dict[str, Any]]


def to_release(phase: Phase, opened: Opened) -> list[Finding]:
    """Return what is told of every finished evaluation of a phase.

    opened: gives the opened sealed result of an evaluation.
    """
    evaluations = (
        Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
        .select_related("scorer_version")
        .order_by("pk")
    )
    return [_finding(each, opened(each.pk)) for each in evaluations]


def _finding(evaluation: Evaluation, result: dict[str, Any]) -> Finding:
    sealed, told = result.get("audit"), None
    if sealed is not None:
        told = published(ScoringContract.from_json(evaluation.scorer_version.spec), sealed)
    return Finding(
        evaluation=evaluation,
        audit=told,
        details=result.get("details") or {},
    )


def compare(phase: Phase, opened: Opened) -> dict[str, list[str]]:
    """Compute again what a phase tells; return the evaluations told the same and otherwise."""
    told: dict[str, list[str]] = {"same": [], "different": []}
    for found in to_release(phase, opened):
        pk = found.evaluation.pk
        audit = FairnessAudit.objects.filter(evaluation=pk).values_list("sha256", flat=True)
        details = EntryDetail.objects.filter(evaluation=pk).values_list("split", "sha256")
        stored = (list(audit), sorted(details))
        wanted = (
            [] if found.audit is None else [canonical.digest(found.audit)],
            sorted((split, canonical.digest(record)) for split, record in found.details.items()),
        )
        told["same" if stored == wanted else "different"].append(str(pk))
    return told
