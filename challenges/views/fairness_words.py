"""Put a fairness audit into words: names of measures and groups, figures, sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Json = Mapping[str, Any]
MINUS = "−"

# Each family: its name, the figures it shows, what it asks.
FAMILIES: Sequence[tuple[str, Promise, tuple[str, ...], Promise]] = (
    (
        "demographic_parity",
        gettext_lazy("Parité démographique"),
        ("selection",),
        gettext_lazy("La réponse est-elle aussi souvent positive dans chaque groupe ?"),
    ),
    (
        "equal_opportunity",
        gettext_lazy("Égalité des chances"),
        ("tpr",),
        gettext_lazy("Les cas positifs sont-ils aussi souvent repérés dans chaque groupe ?"),
    ),
    (
        "equalised_odds",
        gettext_lazy("Chances égalisées"),
        ("fpr",),
        gettext_lazy("Les cas négatifs sont-ils aussi souvent signalés à tort ?"),
    ),
    (
        "predictive_parity",
        gettext_lazy("Parité prédictive"),
        ("ppv", "npv"),
        gettext_lazy("Une même réponse est-elle aussi souvent juste dans chaque groupe ?"),
    ),
    (
        "calibration",
        gettext_lazy("Calibration"),
        ("calibration", "ece"),
        gettext_lazy("Un score de 0,7 veut-il dire sept chances sur dix dans chaque groupe ?"),
    ),
    (
        "auc_by_group",
        gettext_lazy("AUC par groupe"),
        ("auc", "bpsn", "bnsp"),
        gettext_lazy("Les cas positifs sont-ils aussi bien classés dans chaque groupe ?"),
    ),
    (
        "signed_error",
        gettext_lazy("Erreur signée"),
        ("error",),
        gettext_lazy("La réponse est-elle trop haute ou trop basse pour un groupe ?"),
    ),
    (
        "exposure",
        gettext_lazy("Exposition"),
        ("exposure",),
        gettext_lazy("Chaque groupe est-il montré à la mesure de ce qu’il a de pertinent ?"),
    ),
    (
        "worst_group",
        gettext_lazy("Pire groupe"),
        ("metric",),
        gettext_lazy("La mesure du challenge, groupe par groupe."),
    ),
)
NAMES: Mapping[str, Promise] = {
    "selection": gettext_lazy("Part de réponses positives"),
    "tpr": gettext_lazy("Part des cas positifs repérés"),
    "fpr": gettext_lazy("Part des cas négatifs signalés à tort"),
    "ppv": gettext_lazy("Part de réponses positives justes"),
    "npv": gettext_lazy("Part de réponses négatives justes"),
    "calibration": gettext_lazy("Score moyen moins part observée"),
    "ece": gettext_lazy("Erreur de calibration"),
    "auc": gettext_lazy("AUC dans le groupe"),
    "bpsn": gettext_lazy("AUC des négatifs du groupe, contre les positifs des autres"),
    "bnsp": gettext_lazy("AUC des positifs du groupe, contre les négatifs des autres"),
    "error": gettext_lazy("Erreur moyenne, avec son signe"),
    "exposure": gettext_lazy("Exposition par élément pertinent"),
}
SHARES = frozenset({"selection", "tpr", "fpr", "ppv", "npv"})
MORE_IS_WORSE = frozenset({"fpr", "ece", "error", "calibration", "metric"})
VERDICTS: Mapping[str, tuple[Promise, str, str]] = {
    "gap": (gettext_lazy("Écart significatif"), "garance", "triangle-alert"),
    "no_gap": (gettext_lazy("Écart non significatif"), "pin", "check"),
    "few": (gettext_lazy("Effectif insuffisant"), "ocre", "info"),
}


@dataclass(frozen=True)
class Words:
    """Name what one contract audits: its attributes, its groups, its metric, its event."""

    attributes: Mapping[str, str]
    groups: Mapping[str, Mapping[str, str]]
    metric: str
    event: str

    @classmethod
    def of(cls, contract: Json) -> "Words":
        """Read the labels of a contract."""
        declared = contract["fairness"].get("attributes", ())
        metrics = contract["metrics"]
        primary = next((each for each in metrics if each.get("primary")), metrics[0])
        return cls(
            attributes={each["key"]: each.get("label") or each["key"] for each in declared},
            groups={each["key"]: each.get("groups") or {} for each in declared},
            metric=primary.get("label") or primary["key"],
            event=(contract["fairness"].get("audit") or {}).get("event") or "",
        )

    def title(self, attributes: Sequence[str]) -> str:
        """Name an attribute, or two crossed."""
        return " × ".join(self.attributes.get(key, key) for key in attributes)

    def group(self, attributes: Sequence[str], values: Sequence[str]) -> str:
        """Name a group; a missing attribute is « non renseigné »."""
        return " × ".join(
            self.groups.get(key, {}).get(value, value) if value else _("non renseigné")
            for key, value in zip(attributes, values, strict=True)
        )

    def figure(self, key: str) -> str:
        """Name a figure."""
        return self.metric if key == "metric" else str(NAMES[key])


def written(value: float, decimals: int = 0) -> str:
    """Write a number in the language of the page, its thousands apart."""
    return number_format(value, decimals, use_l10n=True, force_grouping=True)


def value_text(key: str, value: float | None, decimals: int) -> str:
    """Write a figure: a share in per cent, anything else with its decimals."""
    if value is None:
        return _("non calculable")
    if key in SHARES:
        return f"{written(value * 100, 1)} %"
    return _signed(value, decimals) if key in {"calibration", "error"} else written(value, decimals)


def gap_text(key: str, value: float | None, decimals: int) -> str:
    """Write a difference, with its sign: in points for shares."""
    if value is None:
        return "–"
    if key in SHARES:
        return _("%(gap)s points") % {"gap": _signed(value * 100, 1)}
    return _signed(value, decimals)


def between(key: str, low: float | None, high: float | None, decimals: int) -> str:
    """Write an interval of differences, or nothing."""
    if low is None or high is None:
        return ""
    scale, places = (100, 1) if key in SHARES else (1, decimals)
    return _("IC 95 %% %(low)s à %(high)s") % {
        "low": _signed(low * scale, places),
        "high": _signed(high * scale, places),
    }


def _signed(value: float, decimals: int) -> str:
    rounded = round(value, decimals) + 0.0
    text = written(abs(rounded), decimals)
    return f"{MINUS}{text}" if rounded < 0 else f"+{text}" if rounded > 0 else text


def phrase(words: Words, key: str, value: str) -> str:
    """Say in a few words what a figure tells of a group."""
    told = {"value": value, "event": words.event or _("cas positifs"), "name": words.figure(key)}
    match key:
        case "selection":
            return _("la réponse est positive dans %(value)s des cas") % told
        case "tpr":
            return _("le modèle repère %(value)s des %(event)s") % told
        case "fpr":
            return _("le modèle signale à tort %(value)s des cas négatifs") % told
        case "ppv":
            return _("%(value)s des réponses positives sont justes") % told
        case "npv":
            return _("%(value)s des réponses négatives sont justes") % told
        case _:
            return _("« %(name)s » vaut %(value)s") % told


def _least_first(found: Json, key: str) -> Json:
    """Turn the gap of two groups round where less is worse: the sentence is about that group."""
    if key in MORE_IS_WORSE or found["low"] is None:
        return found
    first, second = found["of"]
    turned = {"value": -found["value"], "low": -found["high"], "high": -found["low"]}
    return {**found, **turned, "of": [second, first]}


def claim(words: Words, attributes: Sequence[str], groups: Sequence[Json], figure: Json) -> str:
    """Write the sentence of a gap that is claimed: a group against all, else two groups."""
    key, decimals = figure["key"], figure["decimals"]
    names = [words.group(attributes, group["key"]) for group in groups]
    apart = [each for each in figure["apart"] if each["significant"]]
    found = max(apart, key=lambda each: abs(each["value"]), default=None) or _least_first(
        figure["claim"], key
    )
    first, second = found["of"]
    interval = between(key, found["low"], found["high"], decimals)
    gap = gap_text(key, found["value"], decimals)
    mine = value_text(key, figure["groups"][first]["value"], decimals)
    facts = {
        "group": names[first],
        "n": written(groups[first]["n"]),
        "phrase": phrase(words, key, mine),
        "gap": f"{gap}, {interval}" if interval else gap,
    }
    if second < 0:
        facts["other"] = value_text(key, figure["overall"], decimals)
        return (
            _(
                "Pour le groupe « %(group)s » (n ≈ %(n)s), %(phrase)s, contre %(other)s en "
                "moyenne (écart %(gap)s)."
            )
            % facts
        )
    facts |= {
        "other": value_text(key, figure["groups"][second]["value"], decimals),
        "second": names[second],
        "m": written(groups[second]["n"]),
    }
    return (
        _(
            "Pour le groupe « %(group)s » (n ≈ %(n)s), %(phrase)s, contre %(other)s pour le groupe "
            "« %(second)s » (n ≈ %(m)s) (écart %(gap)s)."
        )
        % facts
    )
