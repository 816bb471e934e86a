"""Show a team where its own entry is right: classes, errors, calibration, once all is revealed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.enums import Split
from challenges.queries import findings
from challenges.views.axis import axis_decimals, round_axis
from challenges.views.entries import own_entry
from challenges.views.fairness_words import written
from challenges.views.head import scene
from portal.lib.refusals import Hidden

Json = Mapping[str, Any]


@require_safe
def detail(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Show the details of one entry of one's team; 404 until the reveal, and for any other."""
    own = own_entry(request, slug, entry)
    found = findings.details(own)
    if not found:
        raise Hidden
    context = scene(request, slug, "entries")
    titles = {Split.PRIVATE: _("Partie privée"), Split.PUBLIC: _("Partie publique")}
    context |= {
        "entry": own,
        "parts": [
            _part(split.value, title, found[split])
            for split, title in titles.items()
            if split in found
        ],
    }
    return render(request, "challenges/entry_detail.html", context)


def _part(key: str, title: str, record: Json) -> dict[str, Any]:
    points = record.get("calibration") or []
    return {
        "key": key,
        "title": title,
        "n": written(record["n"]),
        "classes": [_class(each) for each in record.get("classes", ())],
        "hidden": record.get("hidden", 0),
        "kind": record["kind"],
        "matrix": _matrix(record),
        "bins": [_bin(point) for point in points],
        "plot": _plot(key, record["kind"], points) if points else None,
    }


def _class(each: Json) -> dict[str, Any]:
    return {
        "label": each["key"],
        "n": written(each["n"]),
        "given": written(each["given"]),
        "recall": _share(each["recall"]),
        "precision": _share(each["precision"]),
        "f1": "–" if each["f1"] is None else written(each["f1"], 3),
    }


def _share(found: Json | None) -> dict[str, str]:
    if found is None:
        return {"text": _("effectif insuffisant"), "interval": ""}
    interval = ""
    if found["low"] is not None:
        ends = {end: written(found[end], 3) for end in ("low", "high")}
        interval = _("de %(low)s à %(high)s") % ends
    return {"text": written(found["value"], 3), "interval": interval}


def _matrix(record: Json) -> dict[str, Any] | None:
    found = record.get("matrix")
    if found is None:
        return None
    names = [each["key"] for each in record["classes"]]
    others = any(line[-1] for line in found["cells"])
    columns = [*names, _("autres")] if others else names
    rows = [*names, _("autres classes")] if found["others"] else names
    return {
        "columns": columns,
        "rows": [
            {
                "label": name,
                "cells": [
                    {"text": written(n), "right": at == place, "column": column}
                    for at, (n, column) in enumerate(zip(line, columns, strict=False))
                ],
            }
            for place, (name, line) in enumerate(zip(rows, found["cells"], strict=True))
        ],
    }


def _bin(point: Json) -> dict[str, str]:
    interval = ""
    if point["low"] is not None:
        interval = _("de %(low)s à %(high)s") % {end: _plain(point[end]) for end in ("low", "high")}
    return {
        "n": written(point["n"]),
        "predicted": _plain(point["predicted"]),
        "observed": _plain(point["observed"]),
        "interval": interval,
    }


def _plain(value: float) -> str:
    places = 3 if abs(value) <= 1 else 2 if abs(value) < 100 else 0
    return written(value, places)


def _plot(key: str, kind: str, points: Sequence[Json]) -> dict[str, Any]:
    low, high = 0.0, 1.0
    if kind == "numbers":
        names = ("predicted", "observed", "low", "high")
        ends = [point[name] for point in points for name in names if point[name] is not None]
        low, high = round_axis(min(ends), max(ends), 3)
    told = [f"{_plain(p['predicted'])} → {_plain(p['observed'])}" for p in points]
    listed = _("Moyenne prédite puis observée, par tranche : %(points)s.")
    return {
        "key": f"calibration-{key}",
        "title": _("Calibration : valeurs prédites et valeurs observées"),
        "description": listed % {"points": ", ".join(told)},
        "points": points,
        "scale": (low, high),
        "decimals": axis_decimals(low, high, 3),
    }
