"""Read what a reveal told of entries, as each audience may."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from challenges import rules
from challenges.enums import Split
from challenges.models import (
    Challenge,
    Entry,
    FairnessAudit,
    Phase,
    PhaseTask,
    Standing,
)
from challenges.organising.models import Viewer
from portal.lib.refusals import Hidden

PUBLIC = "public"


@dataclass(frozen=True)
class Audited:
    """One audit to read: the entry's team, the record, the contract that declares it."""

    team: str
    entry_id: UUID
    record: dict[str, Any]
    contract: dict[str, Any]
    is_baseline: bool = False


def declared_audit(phase: Phase | None) -> dict[str, Any] | None:
    """Return the contract in force of a phase that declares an audit, else nothing."""
    task = (
        PhaseTask.objects.filter(phase=phase, current=True)
        .select_related("scorer_version")
        .order_by("index")
        .first()
    )
    spec: dict[str, Any] = task.scorer_version.spec if task else {}
    return spec if (spec.get("fairness") or {}).get("audit") is not None else None


def is_compared(fairness: Mapping[str, Any]) -> bool:
    """Say whether what a contract declares of fairness compares groups: by figures or an audit."""
    return bool(fairness.get("metrics")) or fairness.get("audit") is not None


def declared_fairness(phase: Phase | None) -> dict[str, Any]:
    """Return what the contract in force of a phase declares of fairness; {} without any."""
    task = (
        PhaseTask.objects.filter(phase=phase, current=True)
        .select_related("scorer_version")
        .order_by("index")
        .first()
    )
    declared: dict[str, Any] = (task.scorer_version.spec.get("fairness") if task else None) or {}
    return declared


def audits(phase: Phase, viewer: Viewer) -> list[Audited]:
    """List the audits of the final board that a reader may open, in its order."""
    if not phase.is_revealed:
        return []
    rows = (
        Standing.objects.filter(
            leaderboard__phase=phase, leaderboard__hidden=False, split=Split.PRIVATE
        )
        .select_related("team")
        .order_by("leaderboard_id", "position")
    )
    listed = {row.entry_id: row for row in rows}
    found = {
        each.evaluation.entry_id: each
        for each in FairnessAudit.objects.filter(evaluation__entry__in=list(listed))
        .select_related("evaluation__scorer_version")
        .order_by("pk")
    }
    own = set(
        Entry.objects.visible_to(viewer).filter(pk__in=list(found)).values_list("pk", flat=True)
    )
    organiser = rules.may_read_audits(viewer, phase.challenge)
    return [
        Audited(
            team=row.team.name,
            entry_id=entry_id,
            record=found[entry_id].record,
            contract=found[entry_id].evaluation.scorer_version.spec,
            is_baseline=row.is_baseline,
        )
        for entry_id, row in listed.items()
        if entry_id in found
        and (organiser or entry_id in own or found[entry_id].record["shown"] == PUBLIC)
    ]


def audit(challenge: Challenge, entry_id: UUID, viewer: Viewer) -> Audited:
    """Return the audit of an entry; raises Hidden for who may not read it, as if unknown.

    Before the reveal nobody reads it. After it the team and the organisers do, and everybody
    when it is declared public and the final board lists the entry.
    """
    found = (
        FairnessAudit.objects.filter(
            evaluation__entry=entry_id, evaluation__entry__enrolment__phase__challenge=challenge
        )
        .select_related(
            "evaluation__scorer_version", "evaluation__entry__enrolment__phase__reveal",
            "evaluation__entry__enrolment__team",
        )
        .order_by("-pk")
        .first()
    )  # fmt: skip
    if found is None:
        raise Hidden
    entry = found.evaluation.entry
    phase = entry.enrolment.phase
    if not phase.is_revealed or not _may_read(found, entry, challenge, viewer):
        raise Hidden
    return Audited(
        team=entry.enrolment.team.name,
        entry_id=entry.pk,
        record=found.record,
        contract=found.evaluation.scorer_version.spec,
        is_baseline=entry.is_baseline,
    )


def _may_read(found: FairnessAudit, entry: Entry, challenge: Challenge, viewer: Viewer) -> bool:
    if found.record["shown"] == PUBLIC and _is_listed(entry):
        return True
    if rules.may_read_audits(viewer, challenge):
        return True
    return Entry.objects.visible_to(viewer).filter(pk=entry.pk).exists()


def _is_listed(entry: Entry) -> bool:
    return Standing.objects.filter(
        entry=entry, split=Split.PRIVATE, leaderboard__hidden=False
    ).exists()


def has_audit(entry: Entry) -> bool:
    """Say whether a reveal told an audit of an entry."""
    found = FairnessAudit.objects.filter(evaluation__entry=entry)
    return entry.enrolment.phase.is_revealed and found.exists()
