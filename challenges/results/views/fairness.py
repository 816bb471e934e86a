"""Show the fairness audits of a phase, and that of one entry: page and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges.organising.views.layout import find_challenge
from challenges.results.queries import reports
from challenges.results.queries.reports import Audited
from challenges.results.views.boards import axis_decimals, from_to, round_axis
from challenges.results.views.standings import phase_wanted
from challenges.teams.views.head import challenge_context
from portal.lib.prose.numbers import number

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


def value_text(key: str, value: float | None, decimals: int) -> str:
    """Write a figure: a share in per cent, anything else with its decimals."""
    if value is None:
        return _("non calculable")
    if key in SHARES:
        return f"{number(value * 100, 1)} %"
    return _signed(value, decimals) if key in {"calibration", "error"} else number(value, decimals)


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
    text = number(abs(rounded), decimals)
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
        "n": number(groups[first]["n"]),
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
        "m": number(groups[second]["n"]),
    }
    return (
        _(
            "Pour le groupe « %(group)s » (n ≈ %(n)s), %(phrase)s, contre %(other)s pour le groupe "
            "« %(second)s » (n ≈ %(m)s) (écart %(gap)s)."
        )
        % facts
    )


# The figure whose gap heads a card, the first that is claimed.
TELLING = (
    *("tpr", "metric", "exposure", "error", "fpr", "ppv", "npv", "selection"),
    *("calibration", "auc", "bpsn", "bnsp"),
)


def cards(audited: Audited) -> list[dict[str, Any]]:
    """Lay out every attribute and crossing of an audit."""
    words = Words.of(audited.contract)
    return [_card(f"a{at}", words, each) for at, each in enumerate(audited.record["slices"], 1)]


def summary(audited: Audited) -> list[dict[str, Any]]:
    """Tell the verdict of each attribute in one badge."""
    words = Words.of(audited.contract)
    return [
        {"title": words.title(each["attributes"]), **_verdict(each["verdict"])}
        for each in audited.record["slices"]
    ]


def _verdict(said: str) -> dict[str, str]:
    label, tone, icon = VERDICTS[said]
    return {"verdict": str(label), "tone": tone, "icon": icon}


def _card(key: str, words: Words, each: Json) -> dict[str, Any]:
    attributes, groups = each["attributes"], each["groups"]
    figures = {figure["key"]: figure for figure in each["figures"]}
    families: list[dict[str, Any]] = []
    for name, title, keys, question in FAMILIES:
        shown = [
            _figure(f"{key}-{k}", words, attributes, groups, figures[k])
            for k in keys
            if k in figures
        ]
        if shown:
            families.append(
                {
                    "title": str(title),
                    "question": str(question),
                    "figures": shown,
                    "note": _odds(figures) if name == "equalised_odds" else "",
                    "open": False,
                }
            )
    head = next((key for key in TELLING if _claims(figures.get(key))), "")
    for family in families:
        family["open"] = any(one["key"] == head for one in family["figures"])
    if families and not head:
        families[0]["open"] = True
    zero = [
        words.group(attributes, groups[g]["key"])
        for figure in each["figures"]
        for g in figure["zero"]
    ]
    return {
        "key": key,
        "title": words.title(attributes),
        **_verdict(each["verdict"]),
        "said": each["verdict"],
        "sentence": claim(words, attributes, groups, figures[head]) if head else "",
        "zero": ", ".join(zero),
        "hidden": [
            words.group(attributes, group["key"]) for group in groups if group["state"] == "hidden"
        ],
        "families": families,
    }


def _claims(figure: Json | None) -> bool:
    return figure is not None and figure["verdict"] == "gap"


def _odds(figures: Mapping[str, Json]) -> str:
    """Say the disparity of equalised odds: the larger of its two gaps."""
    gaps = [figures[k]["gap"]["value"] for k in ("tpr", "fpr") if figures.get(k, {}).get("gap")]
    if not gaps:
        return ""
    gap = gap_text("tpr", max(gaps), 3)
    return _("Le plus grand des deux écarts, cas repérés et signalés à tort : %(gap)s.") % {
        "gap": gap
    }


def _figure(
    key: str, words: Words, attributes: Sequence[str], groups: Sequence[Json], figure: Json
) -> dict[str, Any]:
    decimals = figure["decimals"]
    rows = [
        _row(words.group(attributes, group["key"]), group, cell, figure, at)
        for at, (group, cell) in enumerate(zip(groups, figure["groups"], strict=True))
    ]
    drawn = [row for row in rows if row["value"] is not None]
    overall = value_text(figure["key"], figure["overall"], decimals)
    return {
        "key": figure["key"],
        "title": words.figure(figure["key"]),
        "sentence": claim(words, attributes, groups, figure) if _claims(figure) else "",
        "gap": _gap(words, attributes, groups, figure),
        "ratio": "" if figure["ratio"] is None else number(figure["ratio"], 2),
        "alert": figure["alert"],
        "overall": overall,
        "rows": rows,
        "usual": any(row["usual"] for row in rows) and figure["key"] == "metric",
        "plot": _plot(key, words, figure, drawn, overall) if drawn else None,
    }


def _row(name: str, group: Json, cell: Json, figure: Json, at: int) -> dict[str, Any]:
    key, decimals = figure["key"], figure["decimals"]
    apart = next((each for each in figure["apart"] if each["of"][0] == at), None)
    shown = cell["state"] == "shown"
    interval = ""
    if shown and cell["low"] is not None:
        low, high = (value_text(key, cell[end], decimals) for end in ("low", "high"))
        interval = from_to(low, high)
    text = value_text(key, cell["value"], decimals)
    return {
        "label": name,
        "n": number(group["n"]) if group["state"] != "hidden" else "",
        "few": group["state"] == "few",
        "faint": group["state"] == "few",
        "text": _("effectif insuffisant") if cell["state"] == "hidden" else text,
        "value": cell["value"] if shown else None,
        "low": cell["low"],
        "high": cell["high"],
        "interval": interval,
        "apart": "" if apart is None else gap_text(key, apart["value"], decimals),
        "apart_interval": ""
        if apart is None
        else between(key, apart["low"], apart["high"], decimals),
        "usual": "" if group.get("usual") is None else number(group["usual"], decimals),
    }


def _gap(words: Words, attributes: Sequence[str], groups: Sequence[Json], figure: Json) -> str:
    """Say the largest gap between two groups, with its simultaneous interval."""
    found = figure["gap"]
    if found is None:
        return ""
    key, decimals = figure["key"], figure["decimals"]
    high, low = (words.group(attributes, groups[g]["key"]) for g in found["of"])
    interval = between(key, found["low"], found["high"], decimals)
    gap = gap_text(key, found["value"], decimals)
    return _("Plus grand écart, de « %(low)s » à « %(high)s » : %(gap)s") % {
        "low": low,
        "high": high,
        "gap": f"{gap}, {interval}" if interval else gap,
    }


def _plot(
    key: str, words: Words, figure: Json, rows: Sequence[Json], overall: str
) -> dict[str, Any]:
    percent = figure["key"] in SHARES
    ends = [row[end] for row in rows for end in ("value", "low", "high") if row[end] is not None]
    if figure["overall"] is not None:
        ends.append(figure["overall"])
    low, high = round_axis(min(ends), max(ends), 3)
    if percent:
        low, high = max(0.0, low), min(1.0, high)
    told = [f"{row['label']} : {row['text']}" for row in rows]
    description = _("%(groups)s. En moyenne %(overall)s (ligne pointillée).") % {
        "groups": ", ".join(told),
        "overall": overall,
    }
    places = axis_decimals(low, high, ticks=3)
    return {
        "key": key,
        "title": words.figure(figure["key"]),
        "description": description,
        "rows": rows,
        "scale": (low, high),
        "reference": figure["overall"],
        "decimals": max(0, places - 2) if percent else places,
        "percent": percent,
    }


@login_not_required
@require_safe
def audits(request: HttpRequest, slug: str) -> HttpResponse:
    """List the audits of a phase; before the reveal, say what is audited."""
    context = challenge_context(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    contract = reports.declared_audit(phase)
    listed = reports.audits(phase, request.user) if phase else []
    context |= {
        "revealed": phase is not None and phase.is_revealed,
        "declared": _declared(contract) if contract else None,
        "fairness": {} if contract else reports.declared_fairness(phase),
        "rows": [
            {"audited": each, "verdicts": summary(each), "column": each.record["column"]}
            for each in listed
        ],
    }
    return render(request, "challenges/results/audits.html", context)


@login_not_required
@require_safe
def audit(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Show the audit of one entry, a card an attribute."""
    context = challenge_context(request, slug, "standings")
    found = reports.audit(context["challenge"], entry, request.user)
    context |= {"audited": found, "cards": cards(found), "column": found.record["column"]}
    return render(request, "challenges/results/audit.html", context)


@login_not_required
@require_safe
def audit_json(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Send the audit of one entry as JSON."""
    found = reports.audit(find_challenge(request, slug), entry, request.user)
    return JsonResponse({"challenge": slug, "team": found.team, **found.record})


def _declared(contract: dict[str, Any]) -> dict[str, Any]:
    """Put into words what a contract audits."""
    words, audit = Words.of(contract), contract["fairness"]["audit"]
    keys = audit.get("attributes") or [
        each["key"] for each in contract["fairness"]["attributes"] if each.get("type") != "number"
    ]
    wanted = set(audit.get("measures") or ())
    return {
        "attributes": [words.title([key]) for key in keys],
        "crossings": [words.title(pair) for pair in audit.get("crossings") or ()],
        "measures": [str(title) for name, title, _keys, _question in FAMILIES if name in wanted],
        "public": audit.get("shown", "public") == "public",
        "column": audit.get("column"),
    }
