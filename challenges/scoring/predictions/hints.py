"""Guess why a cell is not what was expected, to help its authors; standard library only."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from challenges.scoring.predictions.faults import FORMULA_STARTS, is_deceptive, neutral

SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d*)?[eE][+-]?\d+", re.ASCII)
POINT_ZERO = re.compile(r"\d+\.0*", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)


def of_id(cell: str, known: Mapping[str, int], stripped: Collection[str]) -> dict[str, Any]:
    """Guess why an identifier is unknown; stripped: known ones without leading zeros."""
    if cell.startswith(("'", "’")):
        return {"hint": "H_ID_QUOTE"}
    if POINT_ZERO.fullmatch(cell):
        return {"hint": "H_ID_FLOAT"}
    if SCIENTIFIC.fullmatch(cell):
        return {"hint": "H_ID_SCIENTIFIC"}
    if cell.isascii() and cell.isdigit() and cell.lstrip("0") in stripped:
        return {"hint": "H_LEADING_ZEROS"}
    return of_text(cell, known)


def of_text(cell: str, known: Collection[str]) -> dict[str, Any]:
    """Guess why a text is not among the known ones."""
    if cell.strip(" \t") in known:
        return {"hint": "H_WHITESPACE"}
    strange = _strange(cell)
    if strange:
        name = unicodedata.name(strange, f"U+{ord(strange):04X}")
        return {"hint": "H_INVISIBLE_CHAR", "nom_unicode": name}
    if cell.startswith(FORMULA_STARTS):
        return {"hint": "H_FORMULA"}
    close = _other_case(cell, known)
    if close is not None:
        return {"hint": "H_LABEL_CASE", "proche": neutral(close)}
    return {"hint": "H_WHITESPACE"} if cell != cell.strip(" \t") else {}


def of_column(wanted: str, names: Collection[str]) -> dict[str, Any]:
    """Guess why a column is not found among the names of the header."""
    for name in names:
        if name.strip(" \t").casefold() == wanted.casefold():
            hint = "H_COLUMN_CASE" if name.strip(" \t") == name else "H_WHITESPACE"
            return {"hint": hint, "proche": neutral(name)}
    for name in names:
        bare = "".join(c for c in name if not is_deceptive(c)).strip()
        if bare.casefold() == wanted.casefold():
            strange = _strange(name) or " "
            nom = unicodedata.name(strange, f"U+{ord(strange):04X}")
            return {"hint": "H_INVISIBLE_CHAR", "nom_unicode": nom, "proche": neutral(name)}
    return {}


def of_number(cell: str) -> dict[str, Any]:
    """Guess why a cell is not a number."""
    if COMMA_NUMBER.fullmatch(cell.strip(" ")):
        return {"hint": "H_DECIMAL_COMMA"}
    if cell.startswith(("=", "@")):
        return {"hint": "H_FORMULA"}
    strange = _strange(cell)
    if strange:
        name = unicodedata.name(strange, f"U+{ord(strange):04X}")
        return {"hint": "H_INVISIBLE_CHAR", "nom_unicode": name}
    return {}


def _strange(cell: str) -> str | None:
    """Return the first character that hides or imitates another one."""
    for character in cell:
        if is_deceptive(character):
            return character
    for character in cell:
        if character.isalpha() and not unicodedata.name(character, "").startswith("LATIN"):
            return character
    return None


def _other_case(cell: str, known: Collection[str]) -> str | None:
    folded = cell.casefold()
    return next((k for k in known if len(k) == len(cell) and k.casefold() == folded), None)
