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
    ranked: bool = False

    @property
    def params(self) -> frozenset[str]:
        """Name every parameter the metric reads."""
        return frozenset(self.needs + self.takes)


# Shown beside another figure: either is best at the expense of the other.
NEVER_ALONE = frozenset({"coverage", "width"})
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
    "precision": KnownMetric("max", needs=("positive",)),
    "recall": KnownMetric("max", needs=("positive",)),
    "f1": KnownMetric("max", needs=("positive",)),
    "fbeta": KnownMetric("max", needs=("positive", "beta")),
    "balanced_accuracy": KnownMetric("max"),
    "micro_f1": KnownMetric("max"),
    "weighted_f1": KnownMetric("max"),
    "mcc": KnownMetric("max"),
    "kappa": KnownMetric("max", needs=("labels",)),
    "kappa_linear": KnownMetric("max", needs=("labels",)),
    "roc_auc": KnownMetric("max"),
    "log_loss": KnownMetric("min", takes=("clip",)),
    "brier": KnownMetric("min"),
    "average_precision": KnownMetric("max"),
    "recall_at_precision": KnownMetric("max", needs=("precision",)),
    "precision_at_top": KnownMetric("max", needs=("share",)),
    "ece": KnownMetric("min", takes=("bins",)),
    "ece_adaptive": KnownMetric("min", takes=("bins",)),
    "mse": KnownMetric("min"),
    "medae": KnownMetric("min"),
    "rmsle": KnownMetric("min"),
    "mape": KnownMetric("min"),
    "smape": KnownMetric("min"),
    "pinball": KnownMetric("min", needs=("tau",)),
    "r2": KnownMetric("max"),
    "mase": KnownMetric("min", needs=("scale",)),
    "pearson": KnownMetric("max"),
    "spearman": KnownMetric("max"),
    "kendall_b": KnownMetric("max"),
    "concordance": KnownMetric("max", needs=("event",), takes=("score",)),
    "uno_c": KnownMetric("max", needs=("event", "tau", "censoring"), takes=("score",)),
    "ipcw_brier": KnownMetric("min", needs=("event", "time", "times", "censoring")),
    "f1_macro_ml": KnownMetric("max"),
    "jaccard_samples": KnownMetric("max"),
    "hamming": KnownMetric("min"),
    "subset_accuracy": KnownMetric("max"),
    "map_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "map_r_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "mrr_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "precision_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "hit_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "recall_r_at_k": KnownMetric("max", needs=("k",), ranked=True),
    "catalogue_coverage": KnownMetric("max", needs=("k",), ranked=True),
    "gini_exposure": KnownMetric("min", needs=("k",), ranked=True),
    "nmi": KnownMetric("max", takes=("average",)),
    "homogeneity": KnownMetric("max"),
    "completeness": KnownMetric("max"),
    "v_measure": KnownMetric("max", takes=("beta",)),
    "b_cubed": KnownMetric("max"),
    "pair_f1": KnownMetric("max"),
    "top_k_accuracy": KnownMetric("max", needs=("k",)),
    "log_loss_multi": KnownMetric("min", takes=("clip",)),
    "brier_multi": KnownMetric("min"),
    "ece_top": KnownMetric("min", takes=("bins",)),
    "roc_auc_ovr": KnownMetric("max"),
    "roc_auc_ovo": KnownMetric("max"),
    "interval_score": KnownMetric("min", needs=("alpha",)),
    "wis": KnownMetric("min", needs=("levels",), takes=("sort",)),
    "pinball_levels": KnownMetric("min", needs=("levels",), takes=("sort",)),
    "quantile_crossings": KnownMetric("min"),
    "coverage": KnownMetric(""),
    "width": KnownMetric(""),
    "crps_fair": KnownMetric("min"),
    "crps_nrg": KnownMetric("min"),
    "ibs": KnownMetric("min", needs=("event", "times", "censoring")),
    "precision_micro": KnownMetric("max"),
    "recall_micro": KnownMetric("max"),
    "pair_precision": KnownMetric("max"),
    "pair_recall": KnownMetric("max"),
    "lrap": KnownMetric("max"),
    "ndcg_scored": KnownMetric("max", takes=("k", "gain", "single")),
    "map_scored": KnownMetric("max", takes=("k",)),
    "map_r_scored": KnownMetric("max", takes=("k",)),
    "mrr_scored": KnownMetric("max", takes=("k",)),
    "precision_scored": KnownMetric("max", needs=("k",)),
    "hit_scored": KnownMetric("max", needs=("k",)),
    "recall_scored": KnownMetric("max", needs=("k",)),
    "recall_capped_scored": KnownMetric("max", needs=("k",)),
    "span_f1": KnownMetric("max"),
    "span_f1_relaxed": KnownMetric("max"),
    "span_f1_semeval_strict": KnownMetric("max"),
    "span_f1_semeval_exact": KnownMetric("max"),
    "span_f1_semeval_partial": KnownMetric("max"),
    "span_f1_semeval_type": KnownMetric("max"),
    "formula": KnownMetric("", needs=("formula",)),
}
