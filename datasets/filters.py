"""Read the directory's query from an address, and say it back as facets and chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from datasets.queries import FACETS, ORDERS, DirectoryQuery

MAX_WORDS, MAX_VALUE, MAX_VALUES = 200, 160, 30


def parse(data: QueryDict) -> DirectoryQuery:
    """Read a query; what is unknown or out of bounds is left out."""
    sort = data.get("sort", "")
    return DirectoryQuery(
        q=_printable(data.get("q", ""))[:MAX_WORDS].strip(),
        sort=sort if sort in ORDERS else "recent",
        **{name: _values(data.getlist(name), name) for name in FACETS},
    )


def _values(values: Sequence[str], name: str) -> tuple[str, ...]:
    allowed = FACETS[name][2]
    cleaned = {_printable(value)[:MAX_VALUE].strip() for value in values} - {""}
    kept = cleaned if allowed is None else cleaned & set(allowed)
    return tuple(sorted(kept)[:MAX_VALUES])


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def facets(
    query: DirectoryQuery, counts: Mapping[str, Sequence[tuple[str, int]]]
) -> list[dict[str, Any]]:
    """Give each facet as its component wants it; empty ones are left out."""
    shown = []
    for name, (title, _column, labels) in FACETS.items():
        chosen = getattr(query, name)
        items = [
            {
                "value": value,
                "label": labels[value] if labels else value,
                "count": count,
                "checked": value in chosen,
            }
            for value, count in counts[name]
        ]
        if items:
            shown.append({"title": title, "name": name, "choices": items})
    return shown


def chips(query: DirectoryQuery) -> list[tuple[Any, Any, str]]:
    """Give each active filter: facet, value and the query string without it."""
    return [
        (FACETS[name][0], _label(name, value), "?" + urlencode(query.without(name, value).pairs()))
        for name, values in query.facets.items()
        for value in values
    ]


def _label(name: str, value: str) -> Any:
    labels = FACETS[name][2]
    return labels[value] if labels else value
