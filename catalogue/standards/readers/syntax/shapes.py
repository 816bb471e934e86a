"""Check a document against the JSON Schema of its standard: each wrong place named, with its line.

Of JSON Schema, what these standards need. A format is a check of the reader's own. Beside them:
`nullable` (keys that are not required may hold nothing), `expected` (how a pattern is told) and
`deprecated` (what stands instead, a warning). A check never stops at the first fault.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from catalogue.standards.readers.record import Fault, Json, fault
from catalogue.standards.readers.record import gettext_noop as _

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
MOST_ITEMS = 500


class Wrong(NamedTuple):
    """One wrong place of a document, before its line is known."""

    place: str
    code: str
    facts: Mapping[str, Any]
    warning: bool = False


Schema = Mapping[str, Any]
Format = Callable[[Json, str, Schema], Iterator[Wrong]]

SENTENCES = {
    "shape_text": _("« %(place)s » : un texte est attendu."),
    "shape_empty": _("« %(place)s » est vide."),
    "shape_pattern": _("« %(place)s » : « %(value)s » n’a pas la forme attendue (%(expected)s)."),
    "shape_choice": _("« %(place)s » : « %(value)s » n’est pas une des valeurs admises."),
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


def load(name: str) -> dict[str, Any]:
    """Read a schema; at the import of its reader, as a confined child opens no file."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def faults(
    wrong: Iterator[Wrong], lines: Mapping[str, int], *, fatal: bool = False
) -> Iterator[Fault]:
    """Say each wrong place, with the line of its key or of the nearest one above."""
    for each in wrong:
        yield fault(
            each.code,
            SENTENCES[each.code],
            place=each.place,
            line=_line_of(each.place, lines),
            fatal=fatal and not each.warning,
            warning=each.warning,
            **each.facts,
        )


def _line_of(place: str, lines: Mapping[str, int]) -> int | None:
    while place:
        if place in lines:
            return lines[place]
        place = re.sub(r"(?:\.[^.\[]*|\[\d+\])$", "", place) if re.search(r"[.\[]", place) else ""
    return 1 if lines else None


class Shape:
    """The shape of a standard: its schema, and the checks that its formats name."""

    def __init__(self, schema: Schema, formats: Mapping[str, Format]) -> None:
        """Keep the definitions too, to which $ref leads."""
        self.schema, self.formats = schema, formats

    def check(self, value: Json, place: str = "", name: str = "") -> Iterator[Wrong]:
        """List what is wrong in a whole document, or in a part of it that is a definition."""
        yield from self._check(self._named(name) if name else self.schema, value, place)

    def _named(self, name: str) -> Schema:
        found: Schema = self.schema["definitions"][name]
        return found

    def _check(self, schema: Schema, value: Json, place: str) -> Iterator[Wrong]:
        if "deprecated" in schema:
            yield Wrong(place, "shape_older", {"reason": schema["deprecated"]}, warning=True)
        if "$ref" in schema:
            schema = self._named(schema["$ref"].rsplit("/", 1)[-1])
        if "format" in schema:
            yield from self.formats[schema["format"]](value, place, schema)
        elif "anyOf" in schema:  # the faults told are those of the nearest one
            yield from min(
                (list(self._check(each, value, place)) for each in schema["anyOf"]), key=len
            )
        elif "enum" in schema:
            if isinstance(value, bool) or value not in schema["enum"]:
                yield Wrong(place, "shape_choice", {"value": value})
        else:
            yield from self._typed(schema, value, place)

    def _typed(self, schema: Schema, value: Json, place: str) -> Iterator[Wrong]:
        match schema["type"]:
            case "object":
                yield from self._object(schema, value, place)
            case "array":
                yield from self._array(schema, value, place)
            case "boolean":
                if not isinstance(value, bool):
                    yield Wrong(place, "shape_boolean", {})
            case _:
                yield from _text(schema, value, place)

    def _object(self, schema: Schema, value: Json, place: str) -> Iterator[Wrong]:
        if not isinstance(value, Mapping):
            yield Wrong(place, "shape_mapping", {})
            return
        required = schema.get("required", ())
        for name in required:
            if value.get(name) in (None, ""):
                yield Wrong(_below(place, name), "shape_missing", {})
        for name, each in value.items():
            below = _below(place, str(name))
            if name not in schema["properties"]:
                yield Wrong(below, "shape_unknown_key", {})
            elif name in required:
                if each not in (None, ""):
                    yield from self._check(schema["properties"][name], each, below)
            elif each is not None or "nullable" not in schema:
                yield from self._check(schema["properties"][name], each, below)

    def _array(self, schema: Schema, value: Json, place: str) -> Iterator[Wrong]:
        if not isinstance(value, list):
            yield Wrong(place, "shape_list", {})
            return
        if len(value) < schema.get("minItems", 0):
            yield Wrong(place, "shape_empty", {})
        for at, each in enumerate(value[:MOST_ITEMS]):
            if "uniqueItems" in schema and each in value[:at]:
                yield Wrong(f"{place}[{at}]", "shape_twice", {})
            yield from self._check(schema["items"], each, f"{place}[{at}]")


def _text(schema: Schema, value: Json, place: str) -> Iterator[Wrong]:
    takes_numbers = "number" in schema["type"]
    if takes_numbers and isinstance(value, int | float) and not isinstance(value, bool):
        return
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if not isinstance(value, str):
        yield Wrong(place, "shape_text", {})
    elif not value and least == 1:
        yield Wrong(place, "shape_empty", {})
    elif "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield Wrong(place, "shape_pattern", {"value": value, "expected": schema["expected"]})
    elif most is not None and _characters(value) > most:
        yield Wrong(place, "shape_long", {"most": most})
    elif least > 1 and _characters(value) < least:
        yield Wrong(place, "shape_short", {"least": least})


def _characters(value: str) -> int:
    """Count letters as they are seen: accents written apart and joiners do not count."""
    return sum(
        not (unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"))
        for char in unicodedata.normalize("NFC", value)
    )


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
