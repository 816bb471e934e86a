"""The metrics of format version 1: what each needs, so that a folder is judged without scoring.

The computation is elsewhere; a test compares both lists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownMetric:
    """The natural direction ("" when any is meant) and the parameters of a metric."""

    direction: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    ranked: bool = False

    @property
    def params(self) -> frozenset[str]:
        """Name every parameter the metric reads."""
        return frozenset(self.needs + self.takes)


KNOWN: dict[str, KnownMetric] = {
    "accuracy": KnownMetric("max", takes=("prefix",)),
    "f1_macro": KnownMetric("max", takes=("labels",)),
    "kappa_quadratic": KnownMetric("max", needs=("labels",)),
    "mae": KnownMetric("min"),
    "rmse": KnownMetric("min"),
    "f1_samples": KnownMetric("max"),
    "precision_samples": KnownMetric("max"),
    "recall_samples": KnownMetric("max"),
    "f1_micro": KnownMetric("max"),
    "ndcg": KnownMetric("max", needs=("k", "gain"), ranked=True),
    "recall_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "gain_covered": KnownMetric("max", needs=("k",), ranked=True),
    "attribute_distance": KnownMetric("", needs=("attribute", "of"), ranked=True),
    "share_other_prefix": KnownMetric("", needs=("prefix",), ranked=True),
    "pair_consistency": KnownMetric("max", needs=("pair", "member", "members")),
    "ari": KnownMetric("max"),
    "ami": KnownMetric("max", takes=("average",)),
    "n_clusters": KnownMetric(""),
}
