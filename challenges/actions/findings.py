"""Store what the worker tells of entries at the reveal: fairness audits, details by class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from challenges.enums import Split
from challenges.models import EntryDetail, Evaluation, FairnessAudit
from portal.lib import canonical, immutable


@dataclass(frozen=True)
class Finding:
    """What is told of one evaluation, as it may be read.

    audit: None when the contract declares none. details: {split: record}.
    """

    evaluation: Evaluation
    audit: Mapping[str, Any] | None
    details: Mapping[str, Mapping[str, Any]]


def release(found: Sequence[Finding], *, at: datetime) -> None:
    """Write findings once, in the caller's transaction; one already written stays."""
    audits = [
        FairnessAudit(
            evaluation=each.evaluation,
            record=each.audit,
            sha256=canonical.digest(each.audit),
            released_at=at,
        )
        for each in found
        if each.audit is not None
    ]
    details = [
        EntryDetail(
            evaluation=each.evaluation,
            split=Split(split),
            record=record,
            sha256=canonical.digest(record),
            released_at=at,
        )
        for each in found
        for split, record in sorted(each.details.items())
    ]
    with immutable.writes(FairnessAudit, EntryDetail):
        FairnessAudit.objects.bulk_create(audits, ignore_conflicts=True)
        EntryDetail.objects.bulk_create(details, ignore_conflicts=True)
