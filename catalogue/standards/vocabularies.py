"""Words of the European and international vocabularies, and ours in them; rhythms of updates.

Source of the rhythms: http://publications.europa.eu/resource/authority/frequency, with the codes
added since 2016 (12HRS, 1MIN to 30MIN, AS_NEEDED, NOT_PLANNED, BIDECENNIAL, TRIDECENNIAL…).
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from catalogue.standards.published import Published
from catalogue.standards.territories import Territory, TerritoryKind


class Rhythm(NamedTuple):
    """One rhythm: code and label of the EU's list, days between two updates (None: no period)."""

    authority: str
    label: str
    days: float | None = None


RHYTHM_TABLES = tomllib.loads(Path(__file__).with_name("frequencies.toml").read_text("utf-8"))
RHYTHMS: dict[str, Rhythm] = {
    rhythm: Rhythm(code, label, days or None)
    for rhythm, (code, label, days) in RHYTHM_TABLES["frequencies"].items()
}
RHYTHM_NAMES: dict[str, str] = {
    word: rhythm for rhythm, known in RHYTHM_TABLES["near"].items() for word in known
}
BY_AUTHORITY = {kept.authority.lower(): rhythm for rhythm, kept in RHYTHMS.items()}
LAST_WORD = re.compile(r"(?:^|[/#:])([\w-]+)/?$")


def rhythm_named(text: str) -> str:
    """Give our code of a rhythm named by a code, a name or an address; "" when unknown."""
    word = text.strip().lower().replace(" ", "").replace("-", "_")
    if word.startswith("r/p"):
        return RHYTHM_NAMES.get(word, "")
    last = LAST_WORD.search(word)
    word = last[1] if last else word
    # ISO 19115 writes several of its codes as one word: fortnightly, biannually.
    return BY_AUTHORITY.get(word) or RHYTHM_NAMES.get(word) or (word if word in RHYTHMS else "")


EU = "http://publications.europa.eu/resource/authority"
ADMS_LICENCE = "http://purl.org/adms/licencetype"
ADMS_PUBLISHER = "http://purl.org/adms/publishertype"
IANA = "http://www.iana.org/assignments/media-types"
GEONAMES = "https://sws.geonames.org"


class Term(NamedTuple):
    """One concept: its address, its scheme and its label in French."""

    iri: str
    scheme: str
    label: str


def _eu(table: str, code: str, label: str) -> Term:
    return Term(f"{EU}/{table}/{code}", f"{EU}/{table}", label)


TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SCHEMES: dict[str, str] = TABLES["schemes"]
LICENCE_TITLES: dict[str, str] = TABLES["licence_titles"]
THEMES: dict[str, str] = TABLES["themes"]
# Of a format as people write it: EU file type, IANA media type.
FORMATS: dict[str, tuple[str, str]] = {
    n: (each[0], each[1]) for n, each in TABLES["formats"].items()
}
LANGUAGES = {name: _eu("language", *each) for name, each in TABLES["languages"].items()}
FREQUENCIES = {name: _eu("frequency", each.authority, each.label) for name, each in RHYTHMS.items()}
POPULATION = _eu("data-theme", "SOCI", "Population et société")
EDUCATION = _eu("data-theme", "EDUC", "Éducation, culture et sport")
ECONOMY = _eu("data-theme", "ECON", "Économie et finances")
THEMES_OF_USE_CASES = {
    "school_guidance": EDUCATION,
    "training_procurement": EDUCATION,
    "sme_needs": ECONOMY,
}


PUBLIC = _eu("access-right", "PUBLIC", "public")
RESTRICTED = _eu("access-right", "RESTRICTED", "restreint")
NON_PUBLIC = _eu("access-right", "NON_PUBLIC", "non public")
ACCESS_RIGHTS = {
    "open": PUBLIC,
    "registered": PUBLIC,
    "on_request": RESTRICTED,
    "restricted": RESTRICTED,
}

STABLE = _eu("planned-availability", "STABLE", "stable")
EXPERIMENTAL = _eu("planned-availability", "EXPERIMENTAL", "expérimentale")
TEMPORARY = _eu("planned-availability", "TEMPORARY", "temporaire")
AVAILABILITIES = {
    "active": STABLE,
    "experimental": EXPERIMENTAL,
    "transferred": TEMPORARY,
    "stopped": TEMPORARY,
}
STATUSES = {
    "active": _eu("distribution-status", "COMPLETED", "terminée"),
    "stopped": _eu("distribution-status", "WITHDRAWN", "retirée"),
}
CURRENT = _eu("dataset-status", "COMPLETED", "complète")
OUTDATED = _eu("dataset-status", "DEPRECATED", "archivée")


def licence_type(identifier: str) -> Term:
    """Class a licence by its SPDX identifier; "" is one that nobody has confirmed."""
    name = identifier.upper()
    if not name:
        code = "UnknownIPR"
    elif "-NC" in name:
        code = "NonCommercialUseOnly"
    elif "-ND" in name:
        code = "NoDerivativeWork"
    elif name.startswith(("CC0", "PDDL", "UNLICENSE", "0BSD")):
        code = "PublicDomain"
    elif "-SA" in name or name.startswith(
        ("GPL", "AGPL", "LGPL", "ODBL", "EUPL", "CECILL-2", "MPL")
    ):
        code = "ViralEffect-ShareAlike"
    elif name.startswith(("CC-BY", "ETALAB", "MIT", "BSD", "APACHE", "ISC", "CECILL-B", "ODC-BY")):
        code = "Attribution"
    else:
        code = "KnownIPR"
    return Term(f"{ADMS_LICENCE}/{code}", f"{ADMS_LICENCE}/1.0", TABLES["licence_types"][code])


def publisher_type(kind: str, *, root: str) -> Term:
    """Class a producer; one whose nature nobody has told gets a concept of ours that says so."""
    if kind in TABLES["publishers"]:
        code, label = TABLES["publishers"][kind]
        return Term(f"{ADMS_PUBLISHER}/{code}", f"{ADMS_PUBLISHER}/1.0", label)
    scheme = f"{root}/ressources/#nature-des-producteurs"
    return Term(f"{scheme}-non-renseignee", scheme, "nature non renseignée")


class Place(NamedTuple):
    """A place of the EU tables or of GeoNames, its box and its centre (WKT, WGS 84)."""

    iri: str
    scheme: str
    label: str
    box: str
    centre: str


def _box(west: float, south: float, east: float, north: float) -> str:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return "POLYGON((" + ",".join(f"{x} {y}" for x, y in corners) + "))"


REGION = Place(
    f"{GEONAMES}/2985244/", "", "Provence-Alpes-Côte d’Azur",
    _box(4.22, 42.98, 7.72, 45.13), "POINT(6.06 43.96)",
)  # fmt: skip
FRANCE = Place(
    f"{EU}/country/FRA", f"{EU}/country", "France", _box(-5.15, 41.33, 9.56, 51.09),
    "POINT(2.45 46.5)",
)  # fmt: skip
EUROPE = Place(
    f"{EU}/continent/EUROPE", f"{EU}/continent", "Europe", _box(-31.3, 34.5, 69.1, 81.9),
    "POINT(15 54)",
)  # fmt: skip
# A local resource names its territories beside; the smallest place sure to hold it is the country.
PLACES = {"local": FRANCE, "regional": REGION, "national": FRANCE, "european": EUROPE}
OUR_DEPARTMENTS = ("04", "05", "06", "13", "83", "84")


def place_of(resource: Published) -> Place | None:
    """Give the smallest place sure to hold what a resource covers; None where none is sure.

    A note (« Monde », another country) says what no scope does; a region named elsewhere may be
    any.
    """
    if resource.scope_note:
        return None
    if resource.scope not in {"national", "european"}:
        if coded := [each for each in resource.places if each.kind]:
            return REGION if all(map(_is_ours, coded)) else FRANCE
        if resource.is_elsewhere and resource.territories:
            return None
    return PLACES.get(resource.scope)


def _is_ours(place: Territory) -> bool:
    if place.kind is TerritoryKind.REGION:
        return place.code == "93"
    within = {TerritoryKind.DEPARTMENT, TerritoryKind.COMMUNE}
    return place.kind in within and place.code.startswith(OUR_DEPARTMENTS)


def file_type(name: str) -> Term:
    """Give the EU file type of a format; what the table does not know is binary data."""
    code = FORMATS.get(name.lower().lstrip(".").strip(), ("BIN", ""))[0]
    return _eu("file-type", code, code.replace("_", " "))


def media_type(name: str, declared: str = "") -> str:
    """Give the media type declared, or that of the format, or ""."""
    said = declared.split(";")[0].strip().lower()
    if "/" in said and " " not in said:
        return said
    return FORMATS.get(name.lower().lstrip(".").strip(), ("", ""))[1]


def theme_words(address: str) -> str:
    """Name the theme of an address of the EU's list, "" when it is not one."""
    return THEMES.get(address.rstrip("/").rsplit("/", 1)[-1], "") if "data-theme" in address else ""
