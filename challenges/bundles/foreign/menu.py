"""The metrics that a CSV challenge may choose, and what they ask of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from challenges.bundles.foreign.questions import gettext_noop
from challenges.bundles.foreign.values import Rows
from challenges.scoring.registry import METRICS


@dataclass(frozen=True)
class Choice:
    """A metric and its parameters. answer: label, number, score, probability, classes or ranks."""

    label: str
    answer: str
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def task(self) -> str:
        """Name the task, in the words of the portable form."""
        return TASKS.get(self.answer, "classification")


@dataclass(frozen=True)
class Offered:
    """A choice and its natural direction."""

    choice: Choice
    direction: str


TASKS = {"number": "regression", "ranks": "ranking"}
CHOICES = {
    "roc_auc": Choice(gettext_noop("Aire sous la courbe ROC"), "score"),
    "average_precision": Choice(gettext_noop("Précision moyenne"), "score"),
    "log_loss": Choice(gettext_noop("Perte logarithmique"), "probability"),
    "brier": Choice(gettext_noop("Score de Brier"), "probability"),
    "accuracy": Choice(gettext_noop("Exactitude"), "label"),
    "balanced_accuracy": Choice(gettext_noop("Exactitude équilibrée"), "label"),
    "f1_macro": Choice(gettext_noop("F1 macro"), "label"),
    "f1_weighted": Choice(gettext_noop("F1 pondéré"), "label"),
    "mcc": Choice(gettext_noop("Corrélation de Matthews"), "label"),
    "mae": Choice(gettext_noop("Erreur absolue moyenne"), "number"),
    "rmse": Choice(gettext_noop("Racine de l’erreur quadratique moyenne"), "number"),
    "mse": Choice(gettext_noop("Erreur quadratique moyenne"), "number"),
    "medae": Choice(gettext_noop("Erreur absolue médiane"), "number"),
    "rmsle": Choice(gettext_noop("Racine de l’erreur quadratique logarithmique"), "number"),
    "mape": Choice(gettext_noop("Erreur relative moyenne"), "number"),
    "r2": Choice(gettext_noop("Coefficient de détermination"), "number"),
}
# Read by all the columns of probabilities together.
OF_CLASSES = {
    "log_loss_multi": Choice(gettext_noop("Perte logarithmique, plusieurs classes"), "classes"),
    "brier_multi": Choice(gettext_noop("Score de Brier, plusieurs classes"), "classes"),
    "roc_auc_ovr": Choice(gettext_noop("Aire ROC, chaque classe contre le reste"), "classes"),
}
# Of the candidates of each query; @10 where a length is needed.
OF_CANDIDATES = {
    "ndcg": Choice(gettext_noop("NDCG, 10 premiers"), "ranks", {"k": 10}),
    "map_at_k": Choice(gettext_noop("MAP"), "ranks"),
    "mrr_at_k": Choice(gettext_noop("Rang réciproque moyen"), "ranks"),
    "precision_at_k": Choice(gettext_noop("Précision, 10 premiers"), "ranks", {"k": 10}),
    "recall_r_at_k": Choice(gettext_noop("Rappel, 10 premiers"), "ranks", {"k": 10}),
}


def _offered(choices: Mapping[str, Choice]) -> dict[str, Offered]:
    return {name: Offered(one, METRICS[name].direction) for name, one in choices.items()}


MENU = _offered(CHOICES)
MENUS = {
    Rows.ONE: MENU,
    # A label is read from one column alone.
    Rows.TARGETS: {name: one for name, one in MENU.items() if one.choice.answer != "label"},
    Rows.CLASSES: _offered(OF_CLASSES),
    Rows.CANDIDATES: _offered(OF_CANDIDATES),
}
EVERY = MENU | MENUS[Rows.CLASSES] | MENUS[Rows.CANDIDATES]
# As in scikit-learn; f1_score is left out: its default counts one class only.
BY_SKLEARN_NAME = {
    "roc_auc_score": "roc_auc",
    "average_precision_score": "average_precision",
    "log_loss": "log_loss",
    "brier_score_loss": "brier",
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "matthews_corrcoef": "mcc",
    "mean_absolute_error": "mae",
    "root_mean_squared_error": "rmse",
    "mean_squared_error": "mse",
    "median_absolute_error": "medae",
    "root_mean_squared_log_error": "rmsle",
    "mean_absolute_percentage_error": "mape",
    "r2_score": "r2",
}
