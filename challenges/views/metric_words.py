"""Say in plain words what each metric is called, measures, and may be."""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.scoring import registry
from challenges.scoring.metric import Step
from challenges.views.metric_texts import lists, rows
from challenges.views.metric_texts.titles import TITLES
from portal.lib import languages

DEFINITIONS = rows.DEFINITIONS | lists.DEFINITIONS
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


def definition(metric: Mapping[str, Any], language: str = "") -> SafeString:
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


def title(metric: Mapping[str, Any]) -> str:
    """Name the metric of a declared figure."""
    return str(TITLES.get(_name(metric), ""))


def values(metric: Mapping[str, Any]) -> str:
    """Say between which values a figure lies, and by which steps where they are even."""
    known = registry.METRICS.get(_name(metric))
    if known is None or metric.get("aggregate") == "gap":
        return ""
    low, high = _bound(known.low), _bound(known.high)
    parts = [_("de %(low)s à %(high)s") % {"low": low, "high": high}]
    if not metric.get("by") and known.step in STEPS:
        parts.append(str(STEPS[known.step]))
    return ", ".join(parts)


def direction(metric: Mapping[str, Any]) -> str:
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
