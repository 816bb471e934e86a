"""What the resolver answers to, and what the route files declare."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

HERE = Path(__file__).resolve().parent
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One declared route: its pattern and, for each method, who may (a cell of the matrix)."""

    pattern: str
    methods: dict[str, str]
    args: dict[str, str] = field(default_factory=dict)
    sibling: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    # A second declaration of one route, for an object that stands elsewhere in its life.
    state: str = ""
    frame: str = "none"  # "any": other sites show it, and it knows nobody


@dataclass(frozen=True)
class Prefix:
    """A third party's routes under one path: counted, so that an upgrade opens no door unseen."""

    under: str
    count: int
    methods: dict[str, str]


def walk(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the pattern of every route, without the language prefix, and its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, before + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield pattern, entry.callback


def files() -> list[Path]:
    """List the route files, one for each app."""
    return sorted(path for path in HERE.glob("*.toml") if path.name != "matrix.toml")


@cache
def routes() -> list[Route]:
    """Read the declared routes."""
    found = []
    for path in files():
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("route", []):
            found.append(
                Route(
                    pattern=row["pattern"],
                    methods={name: row[name] for name in METHODS if name in row},
                    args=row.get("args", {}),
                    sibling=row.get("sibling", {}),
                    body=row.get("body", {}),
                    file=path.name,
                    frame=row.get("frame", "none"),
                    state=row.get("state", ""),
                )
            )
    return found


@cache
def prefixes() -> list[Prefix]:
    """Read the counted prefixes."""
    found = []
    for path in files():
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("prefix", []):
            methods = {name: row[name] for name in METHODS if name in row}
            found.append(Prefix(row["under"], row["count"], methods))
    return found


@cache
def matrix() -> dict[str, dict[str, str]]:
    """Read {object.action: {role: cell}}."""
    read = tomllib.loads((HERE / "matrix.toml").read_text(encoding="utf-8"))
    return {
        name: dict(zip(read["roles"], cells.split(), strict=True))
        for name, cells in read["cells"].items()
    }
