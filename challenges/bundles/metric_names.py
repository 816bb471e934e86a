"""The metrics a folder may name: what each needs, so that it is judged without scoring.

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
    "ndcg": KnownMetric("max", takes=("k", "gain")),
    "recall_at_k": KnownMetric("max", needs=("k",)),
    "gain_covered": KnownMetric("max", needs=("k",)),
    "attribute_distance": KnownMetric("", needs=("attribute", "of")),
    "share_other_prefix": KnownMetric("", needs=("prefix",)),
    "pair_consistency": KnownMetric("max", needs=("pair", "member", "members")),
    "ari": KnownMetric("max"),
    "ami": KnownMetric("max", takes=("average",)),
    "n_clusters": KnownMetric(""),
    "precision": KnownMetric("max", needs=("positive",)),
    "recall": KnownMetric("max", needs=("positive",)),
    "f1": KnownMetric("max", needs=("positive",)),
    "balanced_accuracy": KnownMetric("max"),
    "f1_weighted": KnownMetric("max"),
    "mcc": KnownMetric("max"),
    "kappa": KnownMetric("max", needs=("labels",)),
    "roc_auc": KnownMetric("max"),
    "log_loss": KnownMetric("min", takes=("clip",)),
    "brier": KnownMetric("min"),
    "average_precision": KnownMetric("max"),
    "mse": KnownMetric("min"),
    "medae": KnownMetric("min"),
    "rmsle": KnownMetric("min"),
    "mape": KnownMetric("min"),
    "pinball": KnownMetric("min", needs=("tau",)),
    "r2": KnownMetric("max"),
    "pearson": KnownMetric("max"),
    "spearman": KnownMetric("max"),
    "kendall_b": KnownMetric("max"),
    "concordance": KnownMetric("max", needs=("event",), takes=("score",)),
    "jaccard_samples": KnownMetric("max"),
    "hamming": KnownMetric("min"),
    "map_at_k": KnownMetric("max", takes=("k",)),
    "map_r_at_k": KnownMetric("max", takes=("k",)),
    "mrr_at_k": KnownMetric("max", takes=("k",)),
    "precision_at_k": KnownMetric("max", needs=("k",)),
    "recall_r_at_k": KnownMetric("max", needs=("k",)),
    "nmi": KnownMetric("max", takes=("average",)),
    "top_k_accuracy": KnownMetric("max", needs=("k",)),
    "log_loss_multi": KnownMetric("min", takes=("clip",)),
    "brier_multi": KnownMetric("min"),
    "roc_auc_ovr": KnownMetric("max"),
    "formula": KnownMetric("", needs=("formula",)),
}
