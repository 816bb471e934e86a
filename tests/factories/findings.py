"""Audits as a reveal tells them, computed by the engine on drawn rows."""

from copy import deepcopy
from typing import Any

import numpy as np
from django.utils import timezone

from challenges.models import Evaluation, FairnessAudit, PhaseTask, ScorerVersion
from challenges.scoring.audit.run import published_audit
from portal.lib import immutable
from tests.challenges.scoring.audit import parts


def record(
    sizes: dict[str, int], recalls: dict[str, float], *, seed: int = 4, **audit: Any
) -> dict[str, Any]:
    """Audit groups of these sizes, where the model finds these shares of the positives."""
    asked = repr((sizes, recalls, seed, audit))
    if asked not in _KNOWN:
        _KNOWN[asked] = _audited(sizes, recalls, seed, audit)
    return deepcopy(_KNOWN[asked])


_KNOWN: dict[str, dict[str, Any]] = {}


def _audited(
    sizes: dict[str, int], recalls: dict[str, float], seed: int, audit: dict[str, Any]
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    group = [name for name, n in sizes.items() for _ in range(n)]
    y = np.arange(len(group)) % 2.0
    found = rng.random(len(group)) < np.array([recalls[name] for name in group])
    p = np.where(
        y == 1, np.where(found, 0.9, 0.3), np.where(rng.random(len(group)) < 0.2, 0.7, 0.1)
    )
    chosen = parts.contract(groups=("sexe",), **audit)
    return published_audit(
        chosen, parts.run(chosen, parts.part(y, p, {"sexe": group}), replicates=300)
    )


def contract(labels: dict[str, str], **audit: Any) -> dict[str, Any]:
    """Return the contract that declares such an audit."""
    return parts.contract(groups=("sexe",)).to_json() | {
        "fairness": {
            "min_rows": 11,
            "attributes": [
                {
                    "key": "sexe",
                    "source": "truth",
                    "column": "sexe",
                    "label": "Sexe",
                    "groups": labels,
                    "ignore": [],
                    "type": "group",
                }
            ],
            "metrics": [],
            "audit": {"event": "retours à l’emploi", **audit},
        }
    }


def declare(evaluation: Evaluation, spec: dict[str, Any]) -> None:
    """Make the scorer version of an evaluation declare an audit, and its phase use it."""
    version = evaluation.scorer_version
    ScorerVersion.objects.filter(pk=version.pk).update(spec=spec)
    phase = evaluation.entry.enrolment.phase
    if not PhaseTask.objects.filter(phase=phase, current=True).exists():
        PhaseTask.objects.create(
            phase=phase, name="mesure", scorer_version=version, holdout=evaluation.holdout
        )


def tell(evaluation: Evaluation, audit: dict[str, Any]) -> None:
    """Write what a reveal tells of an evaluation."""
    with immutable.writes(FairnessAudit):
        FairnessAudit.objects.create(
            evaluation=evaluation,
            record=audit,
            released_at=timezone.now(),
        )
