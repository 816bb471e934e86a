"""Read publiccode.yml, versions 0.2 to 0.7: imported with each fault named.

Source: https://yml.publiccode.tools. Files that a description only names (logo, authors) and the
Italian list of administrations cannot be checked without the network: a warning says so.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from babel import Locale

from catalogue.standards import licences
from catalogue.standards.languages import CODES
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.cff import CITATION
from catalogue.standards.readers.record import Json, Reading
from catalogue.standards.readers.syntax import shapes, yaml_text
from catalogue.standards.readers.syntax.json_text import items, mapping
from catalogue.standards.readers.syntax.shapes import Schema, Shape, Wrong, load
from catalogue.standards.readers.syntax.text import day, decoded

# Rules and services that a short name stands for.
ALIASES = frozenset("gdpr eidas nis2 cra spid cie anpr pagopa io".split())
LATEST = "0.7"
VERSION = re.compile(r"^0(?:\.[2-7](?:\.\d)?)?$")
LANGUAGES = frozenset(Locale("en").languages)  # read here: a confined child opens no file
LANGUAGE_TAG = re.compile(
    r"^(?P<code>[a-zA-Z]{2,3})(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|\d{3}))?(?:-[a-zA-Z0-9]{5,8})*$"
)
COUNTRIES = frozenset(CITATION.schema["definitions"]["country"]["enum"])
URN = re.compile(r"^urn:[a-z0-9][a-z0-9-]{1,31}:[^\s]+$", re.I)
VIDEO_HOSTS = re.compile(
    r"(^|\.)(youtube\.com|youtu\.be|vimeo\.com|dailymotion\.com|dai\.ly|ted\.com|twitch\.tv)$"
)


def _unlike(value: Json, place: str, expected: str) -> Wrong:
    return Wrong(place, "shape_pattern", {"value": value, "expected": expected})


def _older(place: str, reason: str) -> Wrong:
    return Wrong(place, "shape_older", {"reason": reason}, warning=True)


def url(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for an address with a scheme and a host."""
    if not isinstance(value, str):
        yield Wrong(place, "shape_text", {})
        return
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not parts.netloc or re.search(r"\s", value):
        yield _unlike(value, place, "https://…")


def web(value: Json, place: str, schema: Schema) -> Iterator[Wrong]:
    """Ask for an http address."""
    wrong = list(url(value, place, schema))
    if not wrong and urlsplit(str(value)).scheme not in ("http", "https"):
        wrong = [_unlike(value, place, "https://…")]
    yield from wrong


def video(value: Json, place: str, schema: Schema) -> Iterator[Wrong]:
    """Ask for a video of a site that pages can embed."""
    wrong = list(web(value, place, schema))
    if not wrong and not VIDEO_HOSTS.search(urlsplit(str(value)).hostname or ""):
        wrong = [_unlike(value, place, "YouTube, Vimeo…")]
    yield from wrong


def day_shape(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for a day, without its hour."""
    if not isinstance(value, str):
        yield Wrong(place, "shape_text", {})
        return
    try:
        datetime.date.fromisoformat(value if len(value) == 10 else "")
    except ValueError:
        yield _unlike(value, place, "AAAA-MM-JJ")


def version(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for a version of the standard; an older one is only a warning."""
    told = str(value)
    if isinstance(value, bool) or not VERSION.match(told):
        yield Wrong(place, "shape_choice", {"value": value})
    elif told != "0" and not told.startswith(LATEST):
        yield _older(place, f"version {told} → {LATEST}")


def language(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for a language tag (BCP 47) of a language that exists."""
    tag = LANGUAGE_TAG.match(value) if isinstance(value, str) else None
    code = tag["code"].lower() if tag else ""
    if code not in CODES and code not in LANGUAGES:
        yield _unlike(value, place, "fr, en, fr-FR…")


def country(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for a country of two letters, in capitals; small letters are only a warning."""
    told = str(value)
    if told.upper() not in COUNTRIES or told not in (told.upper(), told.lower()):
        yield Wrong(place, "shape_choice", {"value": value})
    elif told == told.lower():
        yield _older(place, f"{told} → {told.upper()}")


def expression(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for an SPDX expression."""
    if not isinstance(value, str) or not licences.read_expression(value).is_known:
        yield _unlike(value, place, "SPDX")


def file(value: Json, place: str, schema: Schema) -> Iterator[Wrong]:
    """Ask for a relative path or an address, with one of the suffixes of the schema."""
    if not isinstance(value, str):
        yield Wrong(place, "shape_text", {})
        return
    suffixes = schema["suffixes"]
    path = urlsplit(value).path if value.startswith("http") else value
    suffix = PurePosixPath(path).suffix.lower()
    if value.startswith(("/", "file:")) or (suffixes and suffix not in suffixes):
        yield _unlike(value, place, " ".join(suffixes) or "chemin relatif")
    elif not value.startswith("http"):
        yield Wrong(place, "shape_unchecked", {"value": value}, warning=True)


def holder(value: Json, place: str, schema: Schema) -> Iterator[Wrong]:
    """Ask for the URI of an organisation."""
    told = str(value)
    if told.lower().startswith("urn:x-italian-pa:") and URN.match(told):
        yield Wrong(place, "shape_unchecked", {"value": value}, warning=True)
    elif told.lower().startswith("urn:"):
        if not URN.match(told):
            yield _unlike(value, place, "urn:…")
    else:
        yield from url(value, place, schema)


def support(value: Json, place: str, schema: Schema) -> Iterator[Wrong]:
    """Ask for a known alias, or the address of a rule or a standard."""
    told = str(value)
    if told.startswith("alias:"):
        if told.removeprefix("alias:") not in ALIASES:
            yield Wrong(place, "shape_choice", {"value": value})
    elif not URN.match(told):
        yield from url(value, place, schema)


def maintenance(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for contractors with a contract and for contacts without."""
    yield from SHAPE.check(value, place, "maintenance")
    if not isinstance(value, Mapping):
        return
    kind = value.get("type")
    if kind == "contract" and not value.get("contractors"):
        yield Wrong(f"{place}.contractors", "shape_missing", {})
    if kind != "contract" and value.get("contractors"):
        yield Wrong(f"{place}.contractors", "shape_forbidden", {"reason": f"type: {kind}"})
    if kind in ("community", "internal") and not value.get("contacts"):
        yield Wrong(f"{place}.contacts", "shape_missing", {})


def descriptions(value: Json, place: str, schema: Schema) -> Iterator[Wrong]:
    """Ask for one description at least, each under its language."""
    if not isinstance(value, Mapping) or not value:
        yield Wrong(place, "shape_mapping" if value else "shape_missing", {})
        return
    for tag, each in value.items():
        yield from language(tag, f"{place}.{tag}", schema)
        yield from SHAPE.check(each, f"{place}.{tag}", "description")


def italy(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Check the section of Italy: its version, and the keys that have been replaced."""
    if not isinstance(value, Mapping):
        yield Wrong(place, "shape_mapping", {})
        return
    told = value.get("countryExtensionVersion")
    if told is not None and str(told) not in ("0.2", "1.0"):
        yield Wrong(f"{place}.countryExtensionVersion", "shape_choice", {"value": told})
    if "conforme" in value:
        yield _older(f"{place}.conforme", "sans objet")
    reuse = value.get("riuso")
    if isinstance(reuse, Mapping) and reuse.get("codiceIPA"):
        yield _older(f"{place}.riuso.codiceIPA", "organisation.uri")


SHAPE = Shape(
    load("publiccode"),
    {
        "url": url,
        "web": web,
        "video": video,
        "day": day_shape,
        "version": version,
        "language": language,
        "country": country,
        "spdx-expression": expression,
        "file": file,
        "holder": holder,
        "support": support,
        "maintenance": maintenance,
        "descriptions": descriptions,
        "italy": italy,
    },
)


def publiccode(value: Mapping[str, Json]) -> Iterator[Wrong]:
    """Check a whole file; sections of other countries are not judged."""
    fields = SHAPE.schema["properties"]
    known = {n: each for n, each in value.items() if n in fields or n.upper() not in COUNTRIES}
    yield from SHAPE.check(known)
    if "it" in value and "IT" in value:
        yield Wrong("it", "shape_forbidden", {"reason": "IT"})


SOURCE = "publiccode.yml"
SUBTYPES = {"library": "library", "addon": "component", "configurationFiles": "component"}
LIFECYCLES = {
    "concept": "experimental",
    "development": "experimental",
    "beta": "experimental",
    "stable": "active",
    "obsolete": "stopped",
}


def read(content: bytes, base_url: str) -> Reading:
    """Read one file."""
    data, lines = yaml_text.parse(decoded(content))
    url = data.get("url") if isinstance(data.get("url"), str) else ""
    into = Builder("technology", SOURCE, remote_id=url or "", base=base_url)
    into.faults.extend(shapes.faults(publiccode(data), lines))
    told, said = _description(mapping(data.get("description")))
    into.line("title", data.get("name"), "name")
    into.require_title((said.get("localisedName"), f"description.{told}.localisedName"))
    features = [f"- {each}" for each in items(said.get("features")) if isinstance(each, str)]
    long = str(said.get("longDescription") or "").strip()
    into.describe(
        "\n\n".join(part for part in (long, "\n".join(features)) if part),
        f"description.{told}.longDescription",
        summary=said.get("shortDescription") or "",
        from_key=f"description.{told}.shortDescription",
    )
    _addresses(data, said, told, into)
    _hold(data, into)
    kind = data.get("softwareType")
    into.value("subtype", SUBTYPES.get(str(kind), "software"), "softwareType")
    into.list_of("platforms", items(data.get("platforms")), "platforms")
    into.line("version", data.get("softwareVersion"), "softwareVersion")
    into.line("development_status", data.get("developmentStatus"), "developmentStatus")
    status = str(data.get("developmentStatus") or "")
    into.value("lifecycle", LIFECYCLES.get(status), "developmentStatus")
    if status == "obsolete":
        into.text("lifecycle_note", "Déclaré obsolète par son éditeur.", "developmentStatus")
    into.line("maintenance", mapping(data.get("maintenance")).get("type"), "maintenance")
    localised = mapping(data.get("localisation"))
    into.language(localised.get("availableLanguages"), "localisation.availableLanguages")
    audience = mapping(data.get("intendedAudience"))
    into.tags([*items(data.get("categories")), *items(audience.get("scope"))], "categories")
    supported = [mapping(each).get("id") for each in items(data.get("supports"))]
    into.list_of("standards", [each for each in supported if each], "supports")
    for each in items(data.get("isBasedOn")):
        into.link("derived_from", url=each)
    into.modified = day(data.get("releaseDate"))
    return Reading(records=(into.record(),))


def _description(told: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Choose the description to take: French, then English, then the first one."""
    order = sorted(told, key=lambda tag: {"fr": 0, "en": 1}.get(str(tag).lower()[:2], 2))
    return next(((str(tag), mapping(told[tag])) for tag in order), ("", {}))


def _addresses(data: Mapping[str, Any], said: Mapping[str, Any], told: str, into: Builder) -> None:
    url = data.get("url")
    # A repository is often given by its address for git.
    page = url.removesuffix(".git") if isinstance(url, str) else url
    into.address("repository_url", page, "url")
    into.address("homepage_url", data.get("landingURL"), "landingURL")
    into.address("homepage_url", page, "url", guessed=True)
    into.address(
        "documentation_url", said.get("documentation"), f"description.{told}.documentation"
    )


def _hold(data: Mapping[str, Any], into: Builder) -> None:
    legal = mapping(data.get("legal"))
    into.licence([legal.get("license")], "legal.license")
    organisation = mapping(data.get("organisation"))
    into.line("producer_name", organisation.get("name"), "organisation.name")
    into.line("producer_name", legal.get("repoOwner"), "legal.repoOwner")
    into.line("producer_name", legal.get("mainCopyrightOwner"), "legal.mainCopyrightOwner")
    contacts = [mapping(each) for each in items(mapping(data.get("maintenance")).get("contacts"))]
    reached = next((each.get("email") for each in contacts if each.get("email")), "")
    into.line("contact", reached, "maintenance.contacts")
