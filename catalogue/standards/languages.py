"""Read languages: codes of two or three letters, names, addresses of the EU's list.

Codes are ISO 639-1 where there is one, else ISO 639-3. « mul » stands for several languages that
are not named.
"""

import re
from collections.abc import Iterable, Mapping

from babel import Locale
from babel.core import get_global

# Languages also known by their own name, and words that no table holds.
BY_THEMSELVES = ("de", "es", "fr", "it", "pt")
OTHER_NAMES = {"castillan": "es", "francais": "fr"}
SEVERAL = frozenset({"mul", "multilingual", "multilingue", "multilanguage"})
# Said in place of a language: nothing is known, or it is none.
NONE_TOLD = frozenset(
    {"", "unknown", "und", "other", "none", "null", "n/a", "na", "zxx", "code", "mis"}
)
TAG = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*$")
AUTHORITY = re.compile(r"(?:authority/language|iso639-[123]|lexvo\.org/id/iso639-\d)/(\w{2,3})/?$")
MOST = 200


def _table() -> dict[str, str]:
    """Give the code of each language of two letters by its codes and its names."""
    names = [pair for code in ("fr", "en") for pair in Locale(code).languages.items()]
    names += [(code, Locale(code).languages[code]) for code in BY_THEMSELVES]
    found = {name.lower(): code for code, name in names if len(code) == 2}
    found |= {code: code for code in found.values()}
    aliases = get_global("language_aliases").items()
    known = {old: code for old, code in aliases if len(old) == 3 and len(code) == 2}
    return found | known | OTHER_NAMES


CODES = _table()


def normalise(values: object) -> tuple[list[str], list[str]]:
    """Read languages given as a text, a list, or a map of lists.

    Returns the codes, once each in order, and the texts that name no language.
    """
    codes: list[str] = []
    unknown: list[str] = []
    for text in _texts(values):
        code = code_of(text)
        if code:
            codes.append(code)
        elif text.strip().lower() not in NONE_TOLD:
            unknown.append(text)
    return list(dict.fromkeys(codes)), list(dict.fromkeys(unknown))


def code_of(text: str) -> str:
    """Give the code of one language, "" when the text names none."""
    word = text.strip().lower()
    if word in NONE_TOLD:
        return ""
    if word in SEVERAL:
        return "mul"
    if word in CODES:
        return CODES[word]
    address = AUTHORITY.search(word)
    word = address[1] if address else word
    tag = TAG.match(word)
    if tag is None or tag[1] in NONE_TOLD:
        return ""
    # A code of three letters is one of ISO 639-3; two letters must be one of ours.
    return CODES.get(tag[1]) or ("mul" if tag[1] == "mul" else tag[1] if len(tag[1]) == 3 else "")


def _texts(values: object) -> Iterable[str]:
    if isinstance(values, bool):  # YAML 1.1 reads « no », Norwegian, as false
        return [] if values else ["no"]
    if isinstance(values, str):
        return [piece for piece in re.split(r"[,;]", values) if piece.strip()]
    if isinstance(values, Mapping):
        values = [each for value in values.values() for each in _texts(value)]
    if isinstance(values, list | tuple):
        return [text for value in values[:MOST] for text in _texts(value)]
    return []
