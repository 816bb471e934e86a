"""Territories as cards name them: a kind, a code and a name, in one notation that people read.

« Bouches-du-Rhône (département 13) », « Alpilles (zone d’emploi 9302) », « Arles (commune) ». A
name alone is a territory whose kind nobody has told; the names of régions and of départements, and
codes as data.gouv.fr writes them, are known."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path


class TerritoryKind(StrEnum):
    """What a territory is. A zone of INSEE and a basin of France Travail are not the same map."""

    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTMENT = "department"
    REGION = "region"
    EMPLOYMENT_ZONE = "employment_zone"
    EMPLOYMENT_BASIN = "employment_basin"


K = TerritoryKind
# The words of the notation, in French as the catalogue is.
WORDS = {
    K.COMMUNE: "commune",
    K.EPCI: "EPCI",
    K.DEPARTMENT: "département",
    K.REGION: "région",
    K.EMPLOYMENT_ZONE: "zone d’emploi",
    K.EMPLOYMENT_BASIN: "bassin d’emploi",
}
CODES = {
    K.COMMUNE: re.compile(r"\d[\dAB]\d{3}"),
    K.EPCI: re.compile(r"\d{9}"),
    K.DEPARTMENT: re.compile(r"\d{2}|2[AB]|97\d"),
    K.REGION: re.compile(r"\d{2}"),
    K.EMPLOYMENT_ZONE: re.compile(r"\d{4}"),
    K.EMPLOYMENT_BASIN: re.compile(r"[0-9A-Z]{1,9}"),
}
DATAGOUV = {
    "fr:commune": K.COMMUNE,
    "fr:epci": K.EPCI,
    "fr:departement": K.DEPARTMENT,
    "fr:region": K.REGION,
}
TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
REGIONS: dict[str, str] = TABLES["regions"]
DEPARTMENTS: dict[str, str] = TABLES["departments"]
NAMED = {K.REGION: REGIONS, K.DEPARTMENT: DEPARTMENTS}
# Names of two territories at once, one of which is never guessed.
SEVERAL = frozenset({"guadeloupe", "martinique", "guyane", "la reunion", "mayotte", "paris"})
OTHER_NAMES = {"paca": "93", "region paca": "93", "region sud": "93"}

_KINDS = "|".join(words.replace("’", "[’']") for words in WORDS.values())
_NOTATION = re.compile(
    rf"^(?P<label>.*\S) ?\((?P<kind>{_KINDS})(?: (?P<code>[0-9A-Z]{{1,9}}))?\)$", re.IGNORECASE
)
_NAMELESS = re.compile(rf"^(?P<kind>{_KINDS}) (?P<code>[0-9][0-9A-Z]{{0,8}})$", re.IGNORECASE)
_CODED = re.compile(r"^(?P<kind>fr:[a-z]+):(?P<code>[0-9A-Z]+)(?:@.*)?$")
_PREFIX = re.compile(r"^(region|departement) (?:(?:des|du|de la|de l|de|d) )?")


@dataclass(frozen=True)
class Territory:
    """One territory. kind: "" when nobody has told it; code: "" when it is not known."""

    label: str
    kind: TerritoryKind | None = None
    code: str = ""

    @property
    def text(self) -> str:
        """Write it in the notation that `read` reads."""
        if self.kind is None or self.label == _nameless(self.kind, self.code):
            return self.label
        return f"{self.label} ({' '.join(filter(None, (WORDS[self.kind], self.code)))})"


def made(label: str, kind: TerritoryKind, code: str = "") -> Territory:
    """Make a territory of a known kind; a région or a département takes its official name.

    Raises ValueError when the code is not one of this kind, or when nothing names it.
    """
    code, label = code.strip().upper(), " ".join(label.split())
    if code and not CODES[kind].fullmatch(code):
        raise ValueError(code)
    official = NAMED.get(kind, {})
    if code in official:
        return Territory(official[code], kind, code)
    if not code and (found := _by_name(kind).get(_folded(label))):
        return Territory(official[found], kind, found)
    if code and not label:
        label = _nameless(kind, code)
    if not label:
        raise ValueError(label)
    return Territory(label, kind, code)


def read_territory(text: str) -> Territory:
    """Read a territory in any of the ways in which one is written; a stranger is its own name."""
    text = " ".join(text.split())
    try:
        if found := _NOTATION.match(text):
            return made(found["label"], _kind_of(found["kind"]), found["code"] or "")
        if found := _NAMELESS.match(text):
            return made("", _kind_of(found["kind"]), found["code"])
        if (found := _CODED.match(text)) and found["kind"] in DATAGOUV:
            return made("", DATAGOUV[found["kind"]], found["code"])
    except ValueError:
        return Territory(text)
    return _known_name(text)


def _known_name(text: str) -> Territory:
    name = _folded(text)
    if name in OTHER_NAMES:
        return Territory(REGIONS[OTHER_NAMES[name]], K.REGION, OTHER_NAMES[name])
    prefix = _PREFIX.match(name)
    told = {"region": K.REGION, "departement": K.DEPARTMENT}[prefix[1]] if prefix else None
    for kind in (K.DEPARTMENT, K.REGION):
        bare = name[prefix.end() :] if prefix and told is kind else name
        if (told is kind or (told is None and bare not in SEVERAL)) and bare in _by_name(kind):
            code = _by_name(kind)[bare]
            return Territory(NAMED[kind][code], kind, code)
    return Territory(text)


def _nameless(kind: TerritoryKind, code: str) -> str:
    words = WORDS[kind]
    return f"{words[0].upper()}{words[1:]} {code}" if code else ""


@cache
def _by_name(kind: TerritoryKind) -> dict[str, str]:
    return {_folded(name): code for code, name in NAMED.get(kind, {}).items()}


def _kind_of(words: str) -> TerritoryKind:
    wanted = _folded(words)
    return next(kind for kind, each in WORDS.items() if _folded(each) == wanted)


def _folded(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", bare.casefold()).split())
