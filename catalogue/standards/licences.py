"""Read licences: SPDX identifiers and expressions, addresses, names that people write.

Never invented: what is doubtful is to confirm, its text kept. Sources: SPDX licence list, through
the license-expression library; names and addresses checked one by one against the texts."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from license_expression import ExpressionError, Licensing, get_spdx_licensing

LONGEST_EXPRESSION = 300
# SPDX has no identifier for this one; LicenseRef- is its own way to name such a text.
OPEN_LICENCE_1 = "LicenseRef-Licence-Ouverte-1.0"
# What CKAN, and data.gouv.fr, call licences that SPDX names otherwise.
CODES_OF_CKAN = {
    "fr-lo": OPEN_LICENCE_1,
    "lov2": "etalab-2.0",
    "cc-zero": "CC0-1.0",
    "odc-odbl": "ODbL-1.0",
    "odc-pddl": "PDDL-1.0",
    "odc-by": "ODC-By-1.0",
}
# Said in place of a licence: nothing is declared.
NONE_TOLD = frozenset({"", "notspecified"})
OWN = frozenset({OPEN_LICENCE_1})
RAIL = "LicenseRef-scancode-bigscience-open-rail-m"
OWN_ADDRESSES = {
    RAIL: "https://www.licenses.ai/blog/2022/8/26/bigscience-open-rail-m-license",
    OPEN_LICENCE_1: "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf",
}
# Licences whose text limits who may reuse or what for: readable, never shown as open.
CLOSED = re.compile(
    r"(-NC\b|-NC-|-ND\b|-ND-|^BUSL|^SSPL|^Elastic|PolyForm|RAIL|Commons-Clause|proprietary|unfree)",
    re.IGNORECASE,
)
# A name used for several texts: the number must be asked.
AMBIGUOUS = re.compile(r"^\s*licence\s+ouverte(?:\s*/?\s*open\s+licence)?\s*(?:etalab)?\s*$", re.I)
DECLARED, TO_CONFIRM = "declared", "to_confirm"


@dataclass(frozen=True)
class Licence:
    """Hold a licence expression as read.

    expression: normalised SPDX expression, "" when it cannot be read; identifiers: in order, once
    each; unknown: words that SPDX does not know.
    """

    expression: str
    identifiers: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Say whether every word belongs to SPDX and the expression holds."""
        return bool(self.expression) and not self.unknown

    @property
    def is_open(self) -> bool:
        """Say whether anyone may reuse for any purpose: unknown and restricted licences may not."""
        return self.is_known and not any(CLOSED.search(name) for name in self.identifiers)


@dataclass(frozen=True)
class Found:
    """What a text says of a licence: identifiers when it names known ones, else the text."""

    identifiers: tuple[str, ...]
    status: str
    note: str = ""


@lru_cache(maxsize=1)
def _spdx() -> Licensing:
    return get_spdx_licensing()


@lru_cache(maxsize=2_000)
def read_expression(text: str) -> Licence:
    """Read an SPDX identifier or expression, whatever its case; deprecated names are replaced."""
    if not text.strip() or len(text) > LONGEST_EXPRESSION:
        return Licence("", (), (text[:64],) if text.strip() else ())
    try:
        parsed = _spdx().parse(text)
    except (ExpressionError, AttributeError):  # the library builds its message from a missing token
        return Licence("", (), (text[:64],))
    names = tuple(dict.fromkeys(str(symbol.key) for symbol in _spdx().license_symbols(parsed)))
    unknown = tuple(
        str(name) for name in _spdx().unknown_license_keys(parsed) if str(name) not in OWN
    )
    return Licence("" if unknown else str(parsed), names, unknown)


def address(identifier: str) -> str:
    """Give the address of the text of a licence."""
    return OWN_ADDRESSES.get(identifier, f"https://spdx.org/licenses/{identifier}")


def is_ambiguous(text: str) -> bool:
    """Say whether « Licence Ouverte » was given without 1.0 or 2.0."""
    return AMBIGUOUS.match(text) is not None


def _named(table: str) -> dict[str, str]:
    return {text: name for name, texts in TABLES[table].items() for text in texts}


TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ALIASES, ADDRESSES = _named("names"), _named("addresses")
CREATIVE = re.compile(
    r"^creativecommons\.org/licenses/(?P<terms>by(?:-nc)?(?:-nd|-sa)?)/(?P<version>\d\.\d)"
    r"(?:/(?P<port>[a-z]{2,3}))?(?:/|$)"
)
# Sites whose last part of an address is the identifier itself.
NAMING = re.compile(
    r"^(?:spdx\.org/licenses|choosealicense\.com/licenses|opensource\.org/licenses?)/([\w.+-]+?)"
    r"(?:\.html|\.php|\.json)?$"
)
AUTHORITY = re.compile(r"^publications\.europa\.eu/resource/authority/licence/(\w+)$")
URL = re.compile(r"https?://[^\s<>\"'()]+", re.IGNORECASE)
FEWEST_LETTERS = 8
LONG_WORD = 5


def normalise(text: str) -> Found:
    """Read one licence as written by a person, a card or a feed.

    In order: SPDX, whatever the case; address; name; name with at most two letters changed, in
    its long words only, so that no version and no restriction is taken for another.
    """
    cleaned = " ".join(text.split())
    found = _known(cleaned)
    if found is not None:
        return Found(found.identifiers, DECLARED, cleaned if len(found.identifiers) > 1 else "")
    near = _near(cleaned.lower())
    if near:
        return Found((near,), DECLARED, cleaned)
    return Found((), TO_CONFIRM, cleaned)


def normalise_all(texts: Iterable[str]) -> Found:
    """Read what one record says of its licence: several texts, the clearest wins.

    Two different licences stay both, with their texts; none known is to confirm.
    """
    given = list(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
    every = [normalise(text) for text in given]
    names = tuple(dict.fromkeys(name for each in every for name in each.identifiers))
    if not names:
        return Found((), TO_CONFIRM, " ; ".join(given))
    note = next((each.note for each in every if each.identifiers and each.note), "")
    return Found(names, DECLARED, " ; ".join(given) if len(names) > 1 else note)


def _known(text: str) -> Licence | None:
    for said in dict.fromkeys((text, URL.sub("", text).strip())):
        alias = ALIASES.get(said.lower().strip(" .:\"'«»()"))
        found = read_expression(alias or said)
        if found.is_known:
            return found
    url = URL.search(text)
    name = _by_address(url[0]) if url else ""
    found = read_expression(name)
    return found if found.is_known else None


def _by_address(url: str) -> str:
    parts = urlsplit(url.lower())
    place = f"{(parts.hostname or '').removeprefix('www.')}{parts.path}".rstrip("/.,;")
    creative = CREATIVE.match(place)
    if creative:
        port = f"-{creative['port']}" if creative["port"] not in (None, "deed") else ""
        # A ported text is another text: named only when SPDX knows it.
        return f"CC-{creative['terms']}-{creative['version']}{port}".upper()
    named = NAMING.match(place)
    if named and read_expression(named[1]).is_known:
        return named[1]
    authority = AUTHORITY.match(place)
    if authority:
        return _authority(authority[1].upper())
    fitting = [known for known in ADDRESSES if place == known or place.startswith(known + "/")]
    return ADDRESSES[max(fitting, key=len)] if fitting else ""


def _authority(code: str) -> str:
    """Read a code of the EU's list of licences: CC_BY_4_0, ODC_BL, ETALAB_2_0…"""
    known = {"ODC_BL": "ODbL-1.0", "ODC_BY": "ODC-By-1.0", "CC0": "CC0-1.0", "CC_ZERO": "CC0-1.0"}
    if code in known:
        return known[code]
    plain = re.sub(r"(?<=\d)_(?=\d)", ".", code).replace("_", "-")
    plain = re.sub(r"(?<=[A-Z])(\d\.\d)$", r"-\1", plain).replace("CC-BYSA", "CC-BY-SA")
    plain = plain.replace("CC-BYNC", "CC-BY-NC").replace("CC-BYND", "CC-BY-ND")
    return plain if read_expression(plain).is_known else ""


def _near(text: str) -> str:
    if sum(char.isalpha() for char in text) < FEWEST_LETTERS or len(text) > LONGEST_EXPRESSION:
        return ""
    words = text.split()
    close = {name for alias, name in ALIASES.items() if _differs_little(words, alias.split())}
    return close.pop() if len(close) == 1 else ""


def _differs_little(given: list[str], known: list[str]) -> bool:
    if len(given) != len(known) or sum(map(len, known)) < FEWEST_LETTERS:
        return False
    spent = 0
    for one, other in zip(given, known, strict=True):
        if one == other:
            continue
        if min(len(one), len(other)) < LONG_WORD or not (one.isalpha() and other.isalpha()):
            return False
        spent += distance(one, other)
    return spent <= 2


def distance(one: str, other: str) -> int:
    """Count the letters to change, add or take away between two words (Levenshtein 1966)."""
    before = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        now = [row]
        for column, right in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (left != right)))
        before = now
    return before[-1]
