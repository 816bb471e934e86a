"""Score an answer and look at it closely: figures, fairness audit."""

from dataclasses import replace

import numpy as np

from challenges.scoring import ladder, registry
from challenges.scoring.audit.run import audit
from challenges.scoring.contract import ScoringContract
from challenges.scoring.evaluation import figures_of, parts_of, primary_of
from challenges.scoring.metric import Part
from challenges.scoring.predictions.align import Answer
from challenges.scoring.truth import Keys, Labels
from challenges.scoring.verdict import Evaluated, Verdict


def examine(
    contract: ScoringContract,
    keys: Keys,
    labels: Labels,
    answer: Answer,
    verdict: Verdict,
    *,
    losses: bool = False,
) -> Evaluated:
    """Compute every figure, then what is told once all is revealed; all of it to be sealed.

    The audit is that of the last part, the private one where there is one; the column of the
    board that it declares is a figure of that part. losses: keep the unit losses of the public
    part, which a Ladder compares.
    """
    parts = parts_of(labels, keys, answer)
    found = figures_of(contract, labels, parts, verdict)
    last = contract.truth.splits[-1]
    weights = labels.weights[last]
    audited = audit(contract, parts[last], weights, primary_of(contract, weights))
    values = dict(found.values)
    if contract.audit is not None and contract.audit.column is not None:
        values[last] = {**values[last], contract.audit.column.key: audited["column"]}
    return replace(
        found,
        values=values,
        audit=audited,
        losses=_losses(contract, parts["public"]) if losses else {},
    )


def _losses(contract: ScoringContract, part: Part) -> dict[str, bytes]:
    """Pack the unit losses of the public part, unless several rows make one cluster."""
    if contract.truth.cluster is not None and len(np.unique(part.bucket)) < len(part):
        return {}
    spec = contract.primary
    part = part.of_target(contract.target(spec))
    kept = ladder.unit_losses(registry.metric(spec.metric), spec.params, part, spec.direction)
    return {} if kept is None else {"public": kept}
