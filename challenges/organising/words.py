"""Name in French the tasks, files, columns, states and metrics that pages show."""

import math
import re
from collections.abc import Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.resources.enums import UseCase
from challenges.bundles import portable
from challenges.organising.formulas import typeset
from challenges.scoring import manual, registry
from challenges.scoring.metric import Shape, Step
from portal.lib.prose import texts
from portal.lib.prose.numbers import number

# A challenge numbers the use cases of the programme, the catalogue names them.
CASES = dict(zip(portable.USE_CASES, UseCase, strict=True))
USE_CASES = {code: each.label for code, each in CASES.items()}

TASKS = {
    "classification": gettext_lazy("Classer : une étiquette par ligne"),
    "ordinal": gettext_lazy("Graduer : un niveau par ligne"),
    "regression": gettext_lazy("Estimer : un nombre par ligne"),
    "forecasting": gettext_lazy("Prévoir : un nombre par ligne et par date"),
    "multilabel": gettext_lazy("Étiqueter : plusieurs étiquettes par ligne"),
    "clustering": gettext_lazy("Regrouper : un groupe par ligne"),
    "ranking": gettext_lazy("Ordonner : une liste d’éléments par demande"),
}

FORMATS = {"csv": "CSV", "parquet": "Parquet", "zip": "ZIP"}
FILE_ROLES = {
    "train": gettext_lazy("Données d’apprentissage"),
    "test": gettext_lazy("Données de test, sans les réponses"),
    "sample_submission": gettext_lazy("Exemple de soumission"),
    "baseline_program": gettext_lazy("Programme de référence"),
    "attributes": gettext_lazy("Attributs utilisés par les mesures d’équité"),
    "extra": gettext_lazy("Fichier complémentaire"),
    "starter": gettext_lazy("Trousse de départ"),
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


# What metrics are called and what they measure, as the manual has it; sentences to translate.
METRIC_WORDS = manual.notes()
_later = gettext_lazy  # by another name: these sentences are gathered from the table
TITLES = {key: _later(words["title"]) for key, words in METRIC_WORDS.items()}
# Of those that are suggested: what an everyday word calls them, and when one takes them.
SUGGESTIONS = {
    key: (_later(words["short"]), _later(words["choose"]))
    for key, words in METRIC_WORDS.items()
    if "short" in words
}
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
    "table": gettext_lazy("La mesure prise dans chaque groupe de « %(by)s »."),
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
    words = METRIC_WORDS.get(_name(metric), {})
    plain = words.get(_variant(_name(metric), params), "")
    sentence = _(plain) if plain else ""
    sentence %= {name: localize(params.get(name, usual)) for name, usual in USUAL.items()}
    cut = ""
    if _name(metric) in MAY_BE_CUT and "k" in params:
        cut = _("Seuls les %(k)s premiers comptent.") % {"k": localize(params["k"])}
    parts = [part for part in (sentence, cut, group_words(metric, language)) if part]
    return format_html_join(" ", "{}", ((part,) for part in parts))


def metric_title(metric: Mapping[str, Any]) -> str:
    """Name the metric of a declared figure."""
    return str(TITLES.get(_name(metric), ""))


# The columns of the examples of the manual, to translate.
EXAMPLES_SAID = (
    gettext_lazy("Vérité"),
    gettext_lazy("Réponse"),
    gettext_lazy("Métier"),
    gettext_lazy("Forme"),
    gettext_lazy("Durée"),
    gettext_lazy("Événement"),
    gettext_lazy("Demande"),
)


def metric_formula(metric: Mapping[str, Any]) -> SafeString:
    """Set the formula of a declared figure: the organiser's own as it is, or that of its metric."""
    if _name(metric) == "formula":
        own = (metric.get("params") or {}).get("formula", "")
        return format_html("<code>{}</code>", own) if own else SafeString()
    return typeset(_formula(_name(metric)))


def _formula(name: str) -> str:
    written = METRIC_WORDS.get(name, {}).get("formula")
    known = registry.METRICS.get(name)
    return _(written) if written else known.formula if known else ""


# Letters of formulas. Those of the counts say the same in each; y, p, n where rows are compared.
COUNTED = {
    "TP": gettext_lazy("les positifs annoncés comme tels"),
    "FP": gettext_lazy("les négatifs annoncés positifs"),
    "FN": gettext_lazy("les positifs manqués"),
}
COMPARED = {
    "y": gettext_lazy("la vérité"),
    "p": gettext_lazy("la réponse de l’équipe"),
    "n": gettext_lazy("le nombre de lignes comptées"),
    "τ": gettext_lazy("le quantile visé"),
}


def metric_letters(metric: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Define the letters of the formula of a declared figure."""
    known = registry.METRICS.get(_name(metric))
    formula = _formula(_name(metric))
    held = {*re.findall(r"[^\W\d_Σ]+", formula)}
    rows = known and known.shape in {Shape.ANY, Shape.NUMBERS, Shape.LABEL_SETS}
    compared = COMPARED if rows and {"y", "p"} <= held and "p(y)" not in formula else {}
    return [(sign, str(words)) for sign, words in {**compared, **COUNTED}.items() if sign in held]


def metric_example(metric: Mapping[str, Any]) -> dict[str, Any] | None:
    """Work a small example with the metric and its parameters: its lines, then the figure.

    terms: what each line adds, where the figure is their mean.
    """
    name = _name(metric)
    if name not in registry.METRICS or name == "formula":
        return None
    worked = manual.example(name, metric.get("params"))
    if not math.isfinite(worked.value):
        return None
    columns = [[_plain(each) for each in cells] for cells in worked.columns.values()]
    decimals = int(metric.get("decimals") or 4)
    value = number(worked.value, decimals)
    example = {"columns": [_(each) for each in worked.columns], "value": value}
    if worked.terms:
        total, count = _plain(sum(worked.terms)), _plain(len(worked.terms))
        columns.append([_plain(each) for each in worked.terms])
        mean = f"{total} ÷ {count}"
        example |= {"total": total, "sum": f"√({mean})" if worked.is_root else mean}
    return example | {"rows": list(zip(*columns, strict=True))}


def _plain(cell: str | float) -> str:
    """Write a cell of an example, a number with four decimals at most."""
    if isinstance(cell, str):
        return cell
    return str(localize(int(cell) if cell == int(cell) else round(cell, 4)))


def metric_values(metric: Mapping[str, Any]) -> str:
    """Say between which values a figure lies, and by which steps where they are even."""
    known = registry.METRICS.get(_name(metric))
    if known is None or metric.get("aggregate") == "gap":
        return ""
    parts = [metric_scale(metric)]
    if not metric.get("by") and known.step in STEPS:
        parts.append(str(STEPS[known.step]))
    return ", ".join(parts)


def metric_scale(metric: Mapping[str, Any]) -> str:
    """Say between which values the metric of a figure lies."""
    known = registry.metric(metric["metric"])
    return _("de %(low)s à %(high)s") % {"low": _bound(known.low), "high": _bound(known.high)}


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
        return "plain_prefix"
    if name == "attribute_distance" and params.get("of") == "truth":
        return "plain_truth"
    return "plain"


def group_words(metric: Mapping[str, Any], language: str) -> str:
    """Say on which group a declared figure is computed, or which it compares; "" for all."""
    by = metric.get("by")
    if not by:
        return ""
    facts = {"by": metric.get("by_label") or by, "group": metric.get("group")}
    sentence = _("Sur le groupe « %(group)s » de « %(by)s ».")
    if metric.get("aggregate"):
        sentence = str(AGGREGATES[metric["aggregate"]])
    return texts.sentence(sentence, language=language, **facts)
