"""Lay out a fairness audit: one card an attribute, a drawing and a table a figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from challenges.queries.findings import Audited
from challenges.views.axis import round_axis
from challenges.views.fairness_words import (
    FAMILIES,
    SHARES,
    VERDICTS,
    Words,
    between,
    claim,
    gap_text,
    value_text,
    written,
)

Json = Mapping[str, Any]
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


def table_rows(audited: Audited) -> list[list[Any]]:
    """Return the audit as a table for a file: a row a figure and group, none for a hidden one."""
    words = Words.of(audited.contract)
    rows = []
    for each in audited.record["slices"]:
        title = words.title(each["attributes"])
        for figure in each["figures"]:
            for group, cell in zip(each["groups"], figure["groups"], strict=True):
                if cell["state"] != "shown":
                    continue
                rows.append(
                    [
                        title,
                        words.group(each["attributes"], group["key"]),
                        group["n"],
                        figure["key"],
                        *(
                            _plain(cell[end], figure["decimals"])
                            for end in ("value", "low", "high")
                        ),
                        _plain(figure["overall"], figure["decimals"]),
                        figure["verdict"],
                    ]
                )
    return rows


def _plain(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


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
        "ratio": "" if figure["ratio"] is None else written(figure["ratio"], 2),
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
        interval = _("de %(low)s à %(high)s") % {"low": low, "high": high}
    text = value_text(key, cell["value"], decimals)
    return {
        "label": name,
        "n": written(group["n"]) if group["state"] != "hidden" else "",
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
        "usual": "" if group.get("usual") is None else written(group["usual"], decimals),
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
    places = _places(low, high)
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


def _places(low: float, high: float) -> int:
    """Return how many decimals three graduations need."""
    step = (high - low) / 2
    return next((n for n in range(7) if abs(round(step, n) - step) <= step * 1e-6), 6)
