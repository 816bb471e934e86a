"""Name in French the tasks, files, columns, states and metrics that pages show."""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.enums import EntryStatus, ImportState
from challenges.scoring import registry
from challenges.scoring.metric import Step
from portal.lib import languages

USE_CASES = {
    "UC1": gettext_lazy("Autodiagnostic des projets de mobilité"),
    "UC2": gettext_lazy("Besoins en compétences des petites entreprises"),
    "UC3": gettext_lazy("Commande publique de formation"),
    "UC4": gettext_lazy("Accompagnement des jeunes"),
    "UC5": gettext_lazy("Orientation au-delà des schémas préétablis"),
    "UC6": gettext_lazy("Transition des salariés en poste"),
}

TASKS = {
    "classification": gettext_lazy("Classer dans une nomenclature"),
    "ordinal": gettext_lazy("Estimer un niveau"),
    "regression": gettext_lazy("Estimer une valeur"),
    "forecasting": gettext_lazy("Prévoir une valeur à venir"),
    "ranking": gettext_lazy("Ordonner des propositions"),
    "multilabel": gettext_lazy("Choisir plusieurs étiquettes"),
    "clustering": gettext_lazy("Former des groupes"),
}

FORMATS = {"csv": "CSV", "parquet": "Parquet", "zip": "ZIP"}
FILE_ROLES = {
    "train": gettext_lazy("Données d’apprentissage"),
    "test": gettext_lazy("Données de test, sans les réponses"),
    "sample_submission": gettext_lazy("Exemple de soumission"),
    "baseline_program": gettext_lazy("Programme de référence"),
    "attributes": gettext_lazy("Attributs utilisés par les mesures d’équité"),
    "extra": gettext_lazy("Fichier complémentaire"),
    "starter": gettext_lazy("Kit de départ"),
    "sample_inputs": gettext_lazy("Échantillon public des entrées que lit le code"),
    "sample_answers": gettext_lazy("Réponses de l’échantillon public"),
}

LAYOUTS = {
    "one_row_per_id": gettext_lazy("Une ligne par identifiant"),
    "ranked_list": gettext_lazy("Une liste ordonnée par demande, une ligne par élément proposé"),
    "numbers_per_id": gettext_lazy("Une ligne par identifiant, plusieurs nombres par ligne"),
    "candidate_scores": gettext_lazy("Une ligne par candidat d’une demande, avec son score"),
}

COLUMN_ROLES = {
    "id": gettext_lazy("identifiant"),
    "target": gettext_lazy("réponse"),
    "query": gettext_lazy("demande"),
    "rank": gettext_lazy("rang"),
    "item": gettext_lazy("élément proposé"),
    "score": gettext_lazy("score, le plus grand en tête"),
}

COLUMN_TYPES = {
    "string": gettext_lazy("texte"),
    "integer": gettext_lazy("nombre entier"),
    "float": gettext_lazy("nombre décimal"),
    "category": gettext_lazy("valeur d’une liste fermée"),
    "label_set": gettext_lazy("liste d’étiquettes"),
}

LICENCE_STATUSES = {
    "stated_by_producer": gettext_lazy("indiquée par le producteur"),
    "verified": gettext_lazy("vérifiée"),
    "to_confirm": gettext_lazy("à confirmer"),
}

# Pigment and icon of each state of an entry; the word is that of the entry.
ENTRY_MARKS = {
    EntryStatus.RECEIVED: ("calanque", "loader"),
    EntryStatus.CHECKING: ("calanque", "loader"),
    EntryStatus.REJECTED: ("garance", "circle-x"),
    EntryStatus.QUEUED: ("calanque", "clock"),
    EntryStatus.SCORING: ("calanque", "loader"),
    EntryStatus.SCORED: ("pin", "check"),
    EntryStatus.FAILED: ("ocre", "triangle-alert"),
    EntryStatus.NEEDS_ATTENTION: ("ocre", "hourglass"),
    EntryStatus.WITHDRAWN: ("ardoise", "undo-2"),
}

# Platforms whose bundles are read; their names are their own.
BUNDLE_FORMATS = {
    "open-emploi": "Open Emploi",
    "codabench-v2": "Codabench 2",
    "codalab-v1.5": "CodaLab 1",
    "evalai": "EvalAI",
    "kaggle-csv": "Kaggle (CSV)",
    "huggingface-competition": "Hugging Face (CSV)",
    "trec": "TREC",
}

# Word, pigment and icon of each state of an import.
IMPORT_FACES = {
    ImportState.WAITING: (gettext_lazy("Lecture en cours"), "calanque", "loader"),
    ImportState.READ: (gettext_lazy("Rapport prêt"), "calanque", "clock"),
    ImportState.CREATING: (gettext_lazy("Création du brouillon"), "calanque", "loader"),
    ImportState.REFUSED: (gettext_lazy("Refusé"), "garance", "circle-x"),
    ImportState.ACCEPTED: (gettext_lazy("Brouillon créé"), "pin", "check"),
    ImportState.FAILED: (gettext_lazy("Panne de notre côté"), "ocre", "triangle-alert"),
    ImportState.EXPIRED: (gettext_lazy("Archive effacée"), "ardoise", "history"),
}


ROW_DEFINITIONS = {
    "accuracy": gettext_lazy("Part des lignes dont la réponse est exactement la bonne."),
    "accuracy_prefix": gettext_lazy(
        "Part des lignes dont les %(prefix)s premiers caractères de la réponse sont les bons."
    ),
    "f1_macro": gettext_lazy(
        "Moyenne, classe par classe, de l’équilibre entre précision et rappel : chaque classe "
        "compte autant, même rare."
    ),
    "kappa": gettext_lazy(
        "Accord entre la réponse et la vérité au-delà du hasard ; toutes les erreurs coûtent "
        "autant."
    ),
    "kappa_quadratic": gettext_lazy(
        "Accord entre la réponse et la vérité au-delà du hasard ; une erreur de deux niveaux "
        "coûte quatre fois plus qu’une erreur d’un niveau."
    ),
    "pair_consistency": gettext_lazy(
        "Part des groupes complets dont tous les membres reçoivent la même réponse."
    ),
    "precision": gettext_lazy("Part des lignes annoncées positives qui le sont vraiment."),
    "recall": gettext_lazy("Part des lignes vraiment positives qui sont annoncées comme telles."),
    "f1": gettext_lazy("Équilibre entre la précision et le rappel de l’étiquette positive."),
    "balanced_accuracy": gettext_lazy(
        "Moyenne, sur les classes de la vérité, de la part de leurs lignes bien classées : "
        "chaque classe compte autant."
    ),
    "f1_weighted": gettext_lazy(
        "Moyenne des F1 des classes de la vérité, chacune pesant son nombre de lignes."
    ),
    "mcc": gettext_lazy(
        "Corrélation entre la réponse et la vérité : 1 pour une réponse parfaite, 0 au hasard "
        "ou pour une réponse constante."
    ),
    "roc_auc": gettext_lazy(
        "Probabilité qu’une ligne positive reçoive un score plus haut qu’une ligne négative ; "
        "une égalité compte pour moitié."
    ),
    "log_loss": gettext_lazy(
        "Surprise moyenne devant la vérité, selon la probabilité annoncée : une certitude "
        "fausse coûte très cher."
    ),
    "brier": gettext_lazy(
        "Moyenne des carrés des écarts entre la probabilité annoncée et ce qui est arrivé, 0 ou 1."
    ),
    "average_precision": gettext_lazy(
        "Précision moyenne à mesure que l’on descend la liste des scores jusqu’à retrouver "
        "toutes les lignes positives."
    ),
    "top_k_accuracy": gettext_lazy(
        "Part des lignes dont la bonne classe est parmi les %(k)s plus probables de la réponse."
    ),
    "log_loss_multi": gettext_lazy(
        "Surprise moyenne devant la vraie classe, selon la probabilité qui lui était donnée."
    ),
    "brier_multi": gettext_lazy(
        "Moyenne des carrés des écarts entre les probabilités des classes et ce qui est "
        "arrivé ; de 0 à 2."
    ),
    "roc_auc_ovr": gettext_lazy(
        "Moyenne, sur les classes de la vérité, de l’aire sous la courbe ROC de la classe "
        "contre toutes les autres."
    ),
    "mae": gettext_lazy("Moyenne des écarts, sans le signe, entre la réponse et la vérité."),
    "rmse": gettext_lazy(
        "Racine de la moyenne des carrés des écarts : les grandes erreurs pèsent davantage."
    ),
    "mse": gettext_lazy("Moyenne des carrés des écarts : les grandes erreurs pèsent davantage."),
    "medae": gettext_lazy("Écart que la moitié des réponses ne dépassent pas."),
    "rmsle": gettext_lazy(
        "Racine de la moyenne des carrés des écarts entre logarithmes : l’erreur compte en "
        "proportion."
    ),
    "mape": gettext_lazy("Moyenne des écarts rapportés à la vérité."),
    "pinball": gettext_lazy(
        "Coût moyen d’un quantile de niveau %(tau)s : se tromper d’un côté ne coûte pas comme "
        "se tromper de l’autre."
    ),
    "r2": gettext_lazy(
        "Part de la variation de la vérité que la réponse explique : 1 pour une réponse "
        "parfaite, 0 pour la moyenne, moins au-delà."
    ),
    "pearson": gettext_lazy("Force du lien linéaire entre la réponse et la vérité, de −1 à 1."),
    "spearman": gettext_lazy(
        "Ressemblance entre le classement des réponses et celui de la vérité, de −1 à 1."
    ),
    "kendall_b": gettext_lazy(
        "Part des couples de lignes rangés dans le bon ordre, moins la part des couples inversés."
    ),
    "concordance": gettext_lazy(
        "Part des couples comparables dont les durées sont annoncées dans le bon ordre ; une "
        "égalité compte pour moitié."
    ),
}


LIST_DEFINITIONS = {
    "f1_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de l’équilibre entre les étiquettes trouvées et les "
        "étiquettes attendues."
    ),
    "precision_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part des étiquettes proposées qui sont justes ; une "
        "réponse vide compte zéro."
    ),
    "recall_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part des étiquettes attendues qui ont été trouvées."
    ),
    "f1_micro": gettext_lazy(
        "Équilibre entre précision et rappel, toutes étiquettes confondues : les étiquettes "
        "fréquentes pèsent davantage."
    ),
    "jaccard_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part commune aux étiquettes proposées et aux "
        "étiquettes attendues."
    ),
    "hamming": gettext_lazy(
        "Part des décisions fausses, une par ligne et par étiquette de la nomenclature."
    ),
    "ndcg": gettext_lazy(
        "Qualité de l’ordre des éléments proposés : un bon élément placé haut rapporte plus, et "
        "des candidats de même score se partagent leurs gains ; 1 pour l’ordre parfait."
    ),
    "recall_at_k": gettext_lazy(
        "Part des bons éléments retrouvés parmi les %(k)s premiers proposés."
    ),
    "gain_covered": gettext_lazy("Somme des gains des %(k)s premiers éléments proposés."),
    "attribute_distance": gettext_lazy(
        "Écart moyen d’un attribut entre la demande et les éléments proposés."
    ),
    "attribute_distance_truth": gettext_lazy(
        "Écart moyen d’un attribut entre la demande et les éléments attendus."
    ),
    "share_other_prefix": gettext_lazy(
        "Part des propositions dont le code ne commence pas comme celui de la demande."
    ),
    "map_at_k": gettext_lazy(
        "Précision moyenne aux places des bons éléments, rapportée au mieux possible."
    ),
    "map_r_at_k": gettext_lazy(
        "Précision moyenne aux places des bons éléments, rapportée à tous les bons éléments."
    ),
    "mrr_at_k": gettext_lazy(
        "Moyenne de l’inverse du rang du premier bon élément : 1 en tête, 0,5 au deuxième rang."
    ),
    "precision_at_k": gettext_lazy("Part de bons éléments parmi les %(k)s premiers proposés."),
    "recall_r_at_k": gettext_lazy(
        "Part de tous les bons éléments que tiennent les %(k)s premiers proposés."
    ),
    "ari": gettext_lazy(
        "Ressemblance entre les groupes proposés et les groupes attendus, corrigée du hasard "
        ": 0 au hasard, 1 pour des groupes identiques."
    ),
    "ami": gettext_lazy(
        "Information partagée entre les groupes proposés et les groupes attendus, corrigée du "
        "hasard."
    ),
    "nmi": gettext_lazy(
        "Information partagée entre les groupes proposés et les groupes attendus, de 0 à 1."
    ),
    "n_clusters": gettext_lazy("Nombre de groupes différents dans la réponse."),
    "formula": gettext_lazy("Calcul sur d’autres mesures du challenge : %(formula)s."),
}


TITLES = {
    "accuracy": gettext_lazy("Exactitude"),
    "f1_macro": gettext_lazy("F1 macro"),
    "kappa": gettext_lazy("Kappa de Cohen"),
    "kappa_quadratic": gettext_lazy("Kappa à poids quadratiques"),
    "pair_consistency": gettext_lazy("Cohérence des paires"),
    "precision": gettext_lazy("Précision"),
    "recall": gettext_lazy("Rappel"),
    "f1": gettext_lazy("F1 d’une étiquette"),
    "balanced_accuracy": gettext_lazy("Exactitude équilibrée"),
    "f1_weighted": gettext_lazy("F1 pondéré"),
    "mcc": gettext_lazy("Corrélation de Matthews"),
    "roc_auc": gettext_lazy("Aire sous la courbe ROC"),
    "log_loss": gettext_lazy("Perte logarithmique"),
    "brier": gettext_lazy("Score de Brier"),
    "average_precision": gettext_lazy("Précision moyenne"),
    "top_k_accuracy": gettext_lazy("Exactitude parmi k"),
    "log_loss_multi": gettext_lazy("Perte logarithmique, plusieurs classes"),
    "brier_multi": gettext_lazy("Score de Brier, plusieurs classes"),
    "roc_auc_ovr": gettext_lazy("Aire ROC, chaque classe contre le reste"),
    "mae": gettext_lazy("Erreur absolue moyenne"),
    "rmse": gettext_lazy("Racine de l’erreur quadratique moyenne"),
    "mse": gettext_lazy("Erreur quadratique moyenne"),
    "medae": gettext_lazy("Erreur absolue médiane"),
    "rmsle": gettext_lazy("Racine de l’erreur quadratique logarithmique"),
    "mape": gettext_lazy("Erreur relative moyenne"),
    "pinball": gettext_lazy("Perte de quantile"),
    "r2": gettext_lazy("Coefficient de détermination"),
    "pearson": gettext_lazy("Corrélation de Pearson"),
    "spearman": gettext_lazy("Corrélation de Spearman"),
    "kendall_b": gettext_lazy("Tau b de Kendall"),
    "concordance": gettext_lazy("Concordance"),
    "f1_samples": gettext_lazy("F1 par ligne"),
    "precision_samples": gettext_lazy("Précision par ligne"),
    "recall_samples": gettext_lazy("Rappel par ligne"),
    "f1_micro": gettext_lazy("F1 micro de listes"),
    "jaccard_samples": gettext_lazy("Jaccard par ligne"),
    "hamming": gettext_lazy("Perte de Hamming"),
    "ndcg": gettext_lazy("NDCG"),
    "recall_at_k": gettext_lazy("Rappel à k, plafonné"),
    "gain_covered": gettext_lazy("Gain couvert"),
    "attribute_distance": gettext_lazy("Distance d’un attribut"),
    "share_other_prefix": gettext_lazy("Part hors du préfixe"),
    "map_at_k": gettext_lazy("MAP à k"),
    "map_r_at_k": gettext_lazy("MAP à k, divisée par R"),
    "mrr_at_k": gettext_lazy("Rang réciproque moyen"),
    "precision_at_k": gettext_lazy("Précision à k"),
    "recall_r_at_k": gettext_lazy("Rappel à k"),
    "ari": gettext_lazy("Indice de Rand ajusté"),
    "ami": gettext_lazy("Information mutuelle ajustée"),
    "nmi": gettext_lazy("Information mutuelle normalisée"),
    "n_clusters": gettext_lazy("Nombre de groupes"),
    "formula": gettext_lazy("Formule déclarée"),
}


DEFINITIONS = ROW_DEFINITIONS | LIST_DEFINITIONS
MAY_BE_CUT = frozenset({"map_at_k", "map_r_at_k", "mrr_at_k", "ndcg"})
# What a sentence says where the challenge leaves a parameter to its usual value.
USUAL = {"k": 10, "prefix": 1, "tau": 0, "formula": ""}
STEPS = {
    Step.UNIT: gettext_lazy("par pas de 1/n, n lignes ou demandes comptées"),
    Step.CELL: gettext_lazy("par pas de 1/(K·n), K étiquettes de la nomenclature"),
    Step.WHOLE: gettext_lazy("par pas de 1"),
}

DIRECTIONS = {
    "max": gettext_lazy("Plus grand est meilleur"),
    "min": gettext_lazy("Plus petit est meilleur"),
    "none": gettext_lazy("Descriptive, jamais classée"),
}

AGGREGATES = {
    "table": gettext_lazy("Donnée pour chaque groupe de « %(by)s »."),
    "gap": gettext_lazy(
        "Écart entre le groupe le mieux servi et le moins bien servi de « %(by)s »."
    ),
    "worst": gettext_lazy("Valeur du groupe le moins bien servi de « %(by)s »."),
}


def metric_definition(metric: Mapping[str, Any], language: str = "") -> SafeString:
    """Define one declared metric, with its own parameters and its group.

    language: that of the names of groups, which are the organiser's words.
    """
    params = metric.get("params") or {}
    sentence = str(DEFINITIONS.get(_variant(_name(metric), params), ""))
    sentence %= {name: localize(params.get(name, usual)) for name, usual in USUAL.items()}
    cut = ""
    if _name(metric) in MAY_BE_CUT and "k" in params:
        cut = _("Seuls les %(k)s premiers comptent.") % {"k": localize(params["k"])}
    parts = [part for part in (sentence, cut, _group(metric, language)) if part]
    return format_html_join(" ", "{}", ((part,) for part in parts))


def metric_title(metric: Mapping[str, Any]) -> str:
    """Name the metric of a declared figure."""
    return str(TITLES.get(_name(metric), ""))


def metric_values(metric: Mapping[str, Any]) -> str:
    """Say between which values a figure lies, and by which steps where they are even."""
    known = registry.METRICS.get(_name(metric))
    if known is None or metric.get("aggregate") == "gap":
        return ""
    low, high = _bound(known.low), _bound(known.high)
    parts = [_("de %(low)s à %(high)s") % {"low": low, "high": high}]
    if not metric.get("by") and known.step in STEPS:
        parts.append(str(STEPS[known.step]))
    return ", ".join(parts)


def metric_direction(metric: Mapping[str, Any]) -> str:
    """Say which way a metric is better."""
    return str(DIRECTIONS[metric.get("direction", "none")])


def _name(metric: Mapping[str, Any]) -> str:
    return registry.ALIASES.get(metric["metric"], metric["metric"])


def _bound(value: float) -> str:
    if math.isinf(value):
        return "−∞" if value < 0 else "+∞"
    return str(localize(int(value) if value == int(value) else value)).replace("-", "−")


def _variant(name: str, params: Mapping[str, Any]) -> str:
    if name == "accuracy" and params.get("prefix"):
        return "accuracy_prefix"
    if name == "attribute_distance" and params.get("of") == "truth":
        return "attribute_distance_truth"
    return name


def _group(metric: Mapping[str, Any], language: str) -> str:
    by = metric.get("by")
    if not by:
        return ""
    facts = {"by": metric.get("by_label") or by, "group": metric.get("group")}
    sentence = _("Sur le groupe « %(group)s » de « %(by)s ».")
    if metric.get("aggregate"):
        sentence = str(AGGREGATES[metric["aggregate"]])
    return languages.said(sentence, language=language, **facts)
