"""Read JSON of strangers: strict, bounded in depth, faults with line and column."""

import json
from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers import formats
from catalogue.standards.readers.record import Json
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax.text import Unreadable, decoded, unreadable


def parse(content: bytes) -> Json:
    """Read a JSON document; raises Unreadable with the line and the column."""
    text = decoded(content)
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise unreadable(
            "invalid_json",
            _("JSON invalide : %(reason)s."),
            line=error.lineno,
            column=error.colno,
            reason=REASONS.get(error.msg, UNKNOWN),
        ) from error
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:
        raise unreadable(
            "invalid_json_value", _("JSON invalide : une valeur n’est pas un nombre.")
        ) from error
    if _depth(found) > formats.JSON_DEPTH:
        raise too_deep()
    return found


UNKNOWN = _("syntaxe incorrecte")
REASONS = {
    "Expecting property name enclosed in double quotes": _(
        "un nom entre guillemets est attendu (une virgule de trop ?)"
    ),
    "Illegal trailing comma before end of object": _("une virgule de trop avant « } »"),
    "Illegal trailing comma before end of array": _("une virgule de trop avant « ] »"),
    "Expecting value": _("une valeur est attendue"),
    "Expecting ',' delimiter": _("une virgule est attendue"),
    "Expecting ':' delimiter": _("deux-points attendus après un nom"),
    "Extra data": _("du texte suit la fin du document"),
    "Unterminated string starting at": _("un texte n’est pas refermé"),
    "Invalid control character at": _("un caractère de contrôle est dans un texte"),
}


def too_deep() -> Unreadable:
    """Say that a document nests too much."""
    return unreadable(
        "too_deep",
        _("Ce document compte plus de %(most)s niveaux imbriqués."),
        most=formats.JSON_DEPTH,
    )


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _depth(value: Json) -> int:
    """Measure the nesting without recursion."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > formats.JSON_DEPTH:
            return deepest
        below: list[Json] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(v for v in each.values() if isinstance(v, dict | list))
            elif isinstance(each, list):
                below.extend(v for v in each if isinstance(v, dict | list))
        level = below
    return deepest


def mapping(value: Json) -> Mapping[str, Any]:
    """Give a mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Json) -> list[Any]:
    """Give a list: the value's own, itself alone, or none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def first_text(*values: Json) -> str:
    """Give the first text that is not empty, a language map read in French first."""
    for value in values:
        found = _text(value)
        if found:
            return found
    return ""


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        if "@value" in value:
            return _text(value["@value"])
        for code in ("fr", "en", "@none"):
            if _text(value.get(code)):
                return _text(value[code])
        return ""
    if isinstance(value, list):
        ranked = sorted((v for v in value if v), key=_rank)
        return next((text for text in map(_text, ranked) if text), "")
    return ""


def _rank(value: Json) -> int:
    spoken = value.get("@language", "") if isinstance(value, dict) else ""
    order = {"fr": 0, "": 1, "en": 2}
    return order.get(str(spoken).lower()[:2], 3)


def texts_of(value: Json, *keys: str) -> list[str]:
    """Give the text of each item: its own, else that of the first of some keys that has one."""
    found = (first_text(each, *map(mapping(each).get, keys)) for each in items(value))
    return [text for text in found if text]


def texts(value: Json) -> list[str]:
    """Give all the texts of a value: a list, one text cut on commas, objects by their name."""
    if isinstance(value, str):
        return [piece.strip() for piece in value.split(",") if piece.strip()]
    return texts_of(value, "name")
