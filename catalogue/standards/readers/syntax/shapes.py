"""Check a document against the shape of its standard: each wrong place is named, with its line.

A shape is a function from a value and its place to the faults found; it never stops at the first.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from catalogue.standards.readers.record import Fault, Json, fault
from catalogue.standards.readers.record import gettext_noop as _


class Wrong(NamedTuple):
    """One wrong place of a document, before its line is known."""

    place: str
    code: str
    facts: Mapping[str, Any]
    warning: bool = False


Shape = Callable[[Json, str], Iterator[Wrong]]

SENTENCES = {
    "shape_text": _("« %(place)s » : un texte est attendu."),
    "shape_empty": _("« %(place)s » est vide."),
    "shape_pattern": _("« %(place)s » : « %(value)s » n’a pas la forme attendue (%(expected)s)."),
    "shape_choice": _("« %(place)s » : « %(value)s » n’est pas une des valeurs admises."),
    "shape_number": _("« %(place)s » : un nombre est attendu."),
    "shape_boolean": _("« %(place)s » : true ou false est attendu."),
    "shape_list": _("« %(place)s » : une liste est attendue."),
    "shape_twice": _("« %(place)s » : une valeur est écrite deux fois."),
    "shape_mapping": _("« %(place)s » : un ensemble de clés et de valeurs est attendu."),
    "shape_unknown_key": _("« %(place)s » : cette clé n’existe pas dans ce format."),
    "shape_missing": _("« %(place)s » manque : cette clé est obligatoire."),
    "shape_short": _("« %(place)s » compte moins de %(least)s caractères."),
    "shape_long": _("« %(place)s » compte plus de %(most)s caractères."),
    "shape_forbidden": _("« %(place)s » n’a pas lieu d’être ici : %(reason)s."),
    "shape_unchecked": _("« %(place)s » : « %(value)s » n’a pas pu être vérifié."),
    "shape_older": _("« %(place)s » est une clé ancienne : %(reason)s."),
}


def faults(
    wrong: Iterator[Wrong], lines: Mapping[str, int], *, fatal: bool = False
) -> Iterator[Fault]:
    """Say each wrong place, with the line of its key or of the nearest one above."""
    for each in wrong:
        yield fault(
            each.code,
            SENTENCES[each.code],
            place=each.place,
            line=line_of(each.place, lines),
            fatal=fatal and not each.warning,
            warning=each.warning,
            **each.facts,
        )


def line_of(place: str, lines: Mapping[str, int]) -> int | None:
    """Find the line of a place, or of the nearest place that holds it."""
    while place:
        if place in lines:
            return lines[place]
        place = re.sub(r"(?:\.[^.\[]*|\[\d+\])$", "", place) if re.search(r"[.\[]", place) else ""
    return 1 if lines else None


def text(pattern: str = "", expected: str = "", *, numbers: bool = False) -> Shape:
    """Ask for a text that is not empty, of some form; a number is one when numbers is said."""
    rule = re.compile(pattern) if pattern else None

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if numbers and isinstance(value, int | float) and not isinstance(value, bool):
            return
        if not isinstance(value, str):
            yield Wrong(place, "shape_text", {})
        elif not value:
            yield Wrong(place, "shape_empty", {})
        elif rule is not None and rule.search(value) is None:
            yield Wrong(place, "shape_pattern", {"value": value, "expected": expected})

    return check


def choice(*values: object) -> Shape:
    """Ask for one of some values."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if isinstance(value, bool) or not any(value == each for each in values):
            yield Wrong(place, "shape_choice", {"value": value})

    return check


def boolean(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for true or false."""
    if not isinstance(value, bool):
        yield Wrong(place, "shape_boolean", {})


def many(item: Shape, *, least: int = 1, unique: bool = True) -> Shape:
    """Ask for a list of things of one shape."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if not isinstance(value, list):
            yield Wrong(place, "shape_list", {})
            return
        if len(value) < least:
            yield Wrong(place, "shape_empty", {})
        seen: list[Json] = []
        for at, each in enumerate(value[:500]):
            if unique and each in seen:
                yield Wrong(f"{place}[{at}]", "shape_twice", {})
            seen.append(each)
            yield from item(each, f"{place}[{at}]")

    return check


def thing(
    fields: Mapping[str, Shape], required: tuple[str, ...] = (), *, is_open: bool = False
) -> Shape:
    """Ask for an object with keys of some shapes, none other unless it is open."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if not isinstance(value, Mapping):
            yield Wrong(place, "shape_mapping", {})
            return
        for name in required:
            if value.get(name) in (None, ""):
                yield Wrong(_below(place, name), "shape_missing", {})
        for name, each in value.items():
            below = _below(place, str(name))
            if name in fields:
                if not (each in (None, "") and name in required):
                    yield from fields[name](each, below)
            elif not is_open:
                yield Wrong(below, "shape_unknown_key", {})

    return check


def either(*shapes: Shape) -> Shape:
    """Ask for one of some shapes; the faults told are those of the nearest one."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        found = [list(shape(value, place)) for shape in shapes]
        yield from min(found, key=len)

    return check


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
