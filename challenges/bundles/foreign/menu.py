"""The metrics that a CSV challenge may choose, and what they ask of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from challenges.bundles import metric_names


@dataclass(frozen=True)
class Choice:
    """A metric without parameter. answer: label, number, score or probability."""

    label: str
    answer: str

    @property
    def task(self) -> str:
        """Name the task, in the words of the portable form."""
        return "regression" if self.answer == "number" else "classification"


@dataclass(frozen=True)
class Offered:
    """A choice and its natural direction."""

    choice: Choice
    direction: str


CHOICES = {
    "roc_auc": Choice("Aire sous la courbe ROC", "score"),
    "average_precision": Choice("Précision moyenne", "score"),
    "log_loss": Choice("Perte logarithmique", "probability"),
    "brier": Choice("Score de Brier", "probability"),
    "accuracy": Choice("Exactitude", "label"),
    "balanced_accuracy": Choice("Exactitude équilibrée", "label"),
    "f1_macro": Choice("F1 macro", "label"),
    "micro_f1": Choice("F1 micro", "label"),
    "weighted_f1": Choice("F1 pondéré", "label"),
    "mcc": Choice("Corrélation de Matthews", "label"),
    "mae": Choice("Erreur absolue moyenne", "number"),
    "rmse": Choice("Racine de l’erreur quadratique moyenne", "number"),
    "mse": Choice("Erreur quadratique moyenne", "number"),
    "medae": Choice("Erreur absolue médiane", "number"),
    "rmsle": Choice("RMSE des logarithmes", "number"),
    "mape": Choice("Erreur relative moyenne", "number"),
    "r2": Choice("R²", "number"),
}
MENU = {name: Offered(one, metric_names.KNOWN[name].direction) for name, one in CHOICES.items()}
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
