"""Store the fairness audits that the worker tells at the reveal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from challenges.models import Evaluation, FairnessAudit
from portal.lib import canonical, immutable


@dataclass(frozen=True)
class Finding:
    """What is told of one evaluation, as it may be read.

    audit: None when the contract declares none.
    """

    evaluation: Evaluation
    audit: Mapping[str, Any] | None


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
    with immutable.writes(FairnessAudit):
        FairnessAudit.objects.bulk_create(audits, ignore_conflicts=True)
