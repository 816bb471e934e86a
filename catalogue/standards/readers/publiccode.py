"""Read publiccode.yml, versions 0.2 to 0.7: imported with each fault named.

Source: https://yml.publiccode.tools. Files that a description only names (logo, authors) and the
Italian list of administrations cannot be checked without the network: a warning says so."""

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from babel import Locale

from catalogue.standards import licences
from catalogue.standards.languages import CODES
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.cff import COUNTRIES
from catalogue.standards.readers.record import Json, Reading
from catalogue.standards.readers.syntax import shapes, yaml_text
from catalogue.standards.readers.syntax.json_text import items, mapping
from catalogue.standards.readers.syntax.shapes import (
    Shape,
    Wrong,
    boolean,
    choice,
    either,
    many,
    text,
    thing,
)
from catalogue.standards.readers.syntax.text import day, decoded

ALIASES = frozenset("gdpr eidas nis2 cra spid cie anpr pagopa io".split())
CATEGORIES = frozenset(
    """accounting agile-project-management applicant-tracking application-development
    appointment-scheduling backup billing-and-invoicing blog budgeting business-intelligence
    business-process-management cad call-center-management cloud-management collaboration
    communications compliance-management contact-management content-management crm
    customer-service-and-support data-analytics data-collection data-visualization
    design digital-asset-management digital-citizenship document-management donor-management
    e-commerce
    e-signature email-management email-marketing employee-management enterprise-project-management
    enterprise-social-networking erp event-management facility-management
    feedback-and-reviews-management financial-reporting fleet-management fundraising gamification
    geographic-information-systems grant-management graphic-design help-desk hr ide
    identity-management instant-messaging inventory-management it-asset-management it-development
    it-management it-security it-service-management knowledge-management
    learning-management-system marketing mind-mapping mobile-marketing mobile-payment
    network-management office other online-booking online-community payment-gateway payroll
    predictive-analysis procurement productivity-suite project-collaboration project-management
    property-management real-estate-management remote-support resource-management sales-management
    seo service-desk social-media-management survey talent-management task-management
    taxes-management test-management time-management time-tracking translation video-conferencing
    video-editing visitor-management voip warehouse-management web-collaboration web-conferencing
    website-builder whistleblowing workflow-management""".split()
)
SCOPES = frozenset(
    """agriculture culture defence education emergency-services employment energy environment
    finance-and-economic-development foreign-affairs government healthcare infrastructures justice
    local-authorities manufacturing research science-and-technology security society sport tourism
    transportation welfare""".split()
)
STATUSES = ("concept", "development", "beta", "stable", "obsolete")
TYPES = (
    *(f"standalone/{each}" for each in "mobile iot desktop web backend other".split()),
    *("addon", "library", "configurationFiles"),
)


LATEST = "0.7"
VERSION = re.compile(r"^0(?:\.[2-7](?:\.\d)?)?$")
LANGUAGES = frozenset(Locale("en").languages)  # read here: a confined child opens no file
LANGUAGE_TAG = re.compile(
    r"^(?P<code>[a-zA-Z]{2,3})(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|\d{3}))?(?:-[a-zA-Z0-9]{5,8})*$"
)
MEDIA_TYPE = re.compile(r"^ *[A-Za-z0-9][\w!#$&^-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126} *$")
URN = re.compile(r"^urn:[a-z0-9][a-z0-9-]{1,31}:[^\s]+$", re.I)
VIDEO_HOSTS = re.compile(
    r"(^|\.)(youtube\.com|youtu\.be|vimeo\.com|dailymotion\.com|dai\.ly|ted\.com|twitch\.tv)$"
)
EXPECTED_URL = "https://…"
LINE = text(numbers=True)


def optional(shape: Shape) -> Shape:
    """Let a key hold nothing."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if value is not None:
            yield from shape(value, place)

    return check


def url(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for an address with a scheme and a host."""
    if not isinstance(value, str):
        yield Wrong(place, "shape_text", {})
        return
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not parts.netloc or re.search(r"\s", value):
        yield Wrong(place, "shape_pattern", {"value": value, "expected": EXPECTED_URL})


def web(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for an http address."""
    wrong = list(url(value, place))
    if not wrong and urlsplit(str(value)).scheme not in ("http", "https"):
        wrong = [Wrong(place, "shape_pattern", {"value": value, "expected": EXPECTED_URL})]
    yield from wrong


def video(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for a video of a site that pages can embed."""
    wrong = list(web(value, place))
    if not wrong and not VIDEO_HOSTS.search(urlsplit(str(value)).hostname or ""):
        wrong = [Wrong(place, "shape_pattern", {"value": value, "expected": "YouTube, Vimeo…"})]
    yield from wrong


def day_shape(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for a day, without its hour."""
    if not isinstance(value, str):
        yield Wrong(place, "shape_text", {})
        return
    try:
        datetime.date.fromisoformat(value if len(value) == 10 else "")
    except ValueError:
        yield Wrong(place, "shape_pattern", {"value": value, "expected": "AAAA-MM-JJ"})


def version(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for a version of the standard; an older one is only a warning."""
    told = str(value)
    if isinstance(value, bool) or not VERSION.match(told):
        yield Wrong(place, "shape_choice", {"value": value})
    elif told != "0" and not told.startswith(LATEST):
        yield Wrong(place, "shape_older", {"reason": f"version {told} → {LATEST}"}, warning=True)


def language(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for a language tag (BCP 47) of a language that exists."""
    tag = LANGUAGE_TAG.match(value) if isinstance(value, str) else None
    code = tag["code"].lower() if tag else ""
    if code not in CODES and code not in LANGUAGES:
        yield Wrong(place, "shape_pattern", {"value": value, "expected": "fr, en, fr-FR…"})


def country(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for a country of two letters, in capitals; small letters are only a warning."""
    told = str(value)
    if told.upper() not in COUNTRIES or told not in (told.upper(), told.lower()):
        yield Wrong(place, "shape_choice", {"value": value})
    elif told == told.lower():
        yield Wrong(place, "shape_older", {"reason": f"{told} → {told.upper()}"}, warning=True)


def expression(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for an SPDX expression."""
    if not isinstance(value, str) or not licences.read(value).is_known:
        yield Wrong(place, "shape_pattern", {"value": value, "expected": "SPDX"})


def characters(value: str) -> int:
    """Count letters as they are seen: accents written apart and joiners do not count."""
    return sum(
        not (unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"))
        for char in unicodedata.normalize("NFC", value)
    )


def prose(*, least: int = 0, most: int) -> Shape:
    """Ask for a text between two lengths."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if not isinstance(value, str):
            yield Wrong(place, "shape_text", {})
        elif characters(value) > most:
            yield Wrong(place, "shape_long", {"most": most})
        elif characters(value) < least:
            yield Wrong(place, "shape_short", {"least": least})

    return check


def file(*suffixes: str) -> Shape:
    """Ask for a relative path or an address, with one of some suffixes."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        if not isinstance(value, str):
            yield Wrong(place, "shape_text", {})
            return
        path = urlsplit(value).path if value.startswith("http") else value
        suffix = PurePosixPath(path).suffix.lower()
        if value.startswith(("/", "file:")) or (suffixes and suffix not in suffixes):
            expected = " ".join(suffixes) or "chemin relatif"
            yield Wrong(place, "shape_pattern", {"value": value, "expected": expected})
        elif not value.startswith("http"):
            yield Wrong(place, "shape_unchecked", {"value": value}, warning=True)

    return check


def holder(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for the URI of an organisation."""
    told = str(value)
    if told.lower().startswith("urn:x-italian-pa:") and URN.match(told):
        yield Wrong(place, "shape_unchecked", {"value": value}, warning=True)
    elif told.lower().startswith("urn:"):
        if not URN.match(told):
            yield Wrong(place, "shape_pattern", {"value": value, "expected": "urn:…"})
    else:
        yield from url(value, place)


def support(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for a known alias, or the address of a rule or a standard."""
    told = str(value)
    if told.startswith("alias:"):
        if told.removeprefix("alias:") not in ALIASES:
            yield Wrong(place, "shape_choice", {"value": value})
    elif not URN.match(told):
        yield from url(value, place)


def older(shape: Shape, instead: str) -> Shape:
    """Warn of a key that the standard has replaced."""

    def check(value: Json, place: str) -> Iterator[Wrong]:
        yield Wrong(place, "shape_older", {"reason": instead}, warning=True)
        yield from shape(value, place)

    return check


def among(values: frozenset[str]) -> Shape:
    """Ask for a list of words of a vocabulary."""
    return many(choice(*values), least=0, unique=False)


def _all_optional(fields: Mapping[str, Shape], required: tuple[str, ...]) -> Shape:
    loose = {name: each if name in required else optional(each) for name, each in fields.items()}
    return thing(loose, required)


MEDIA = many(text(MEDIA_TYPE.pattern, "type/sous-type"), least=0, unique=False)
LINES = many(LINE, least=0, unique=False)
IMAGE = (".svg", ".svgz", ".png")
EMAIL = text(r"^[^\s@]+@[^\s@]+\.[^\s@]{2,}$", "nom@exemple.org")
DEPENDENCY = _all_optional(
    {
        "name": text(),
        "versionMin": LINE,
        "versionMax": LINE,
        "version": LINE,
        "optional": boolean,
    },
    ("name",),
)
DEPENDENCIES = many(DEPENDENCY, least=0, unique=False)
DESCRIPTION = _all_optional(
    {
        "localisedName": text(),
        "genericName": older(prose(most=35), "sans objet"),
        "shortDescription": prose(most=150),
        "longDescription": prose(least=150, most=10_000),
        "documentation": web,
        "apiDocumentation": web,
        "features": many(LINE, unique=False),
        "screenshots": many(file(".jpg", ".png"), least=0, unique=False),
        "videos": many(video, least=0, unique=False),
        "awards": LINES,
    },
    ("shortDescription", "longDescription", "features"),
)
ORGANISATION = _all_optional({"name": text(), "uri": holder}, ("uri",))
FUNDER = _all_optional({"name": text(), "uri": holder}, ("uri",))
CONTRACTOR = _all_optional(
    {"name": text(), "email": EMAIL, "website": web, "until": day_shape}, ("name", "until")
)
CONTACT = _all_optional(
    {"name": text(), "email": EMAIL, "affiliation": text(), "phone": LINE}, ("name",)
)
MAINTENANCE = _all_optional(
    {
        "type": choice("internal", "contract", "community", "none"),
        "contractors": many(CONTRACTOR, least=0, unique=False),
        "contacts": many(CONTACT, least=0, unique=False),
    },
    ("type",),
)


def maintenance(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for contractors with a contract and for contacts without."""
    yield from MAINTENANCE(value, place)
    if not isinstance(value, Mapping):
        return
    kind = value.get("type")
    if kind == "contract" and not value.get("contractors"):
        yield Wrong(f"{place}.contractors", "shape_missing", {})
    if kind != "contract" and value.get("contractors"):
        yield Wrong(f"{place}.contractors", "shape_forbidden", {"reason": f"type: {kind}"})
    if kind in ("community", "internal") and not value.get("contacts"):
        yield Wrong(f"{place}.contacts", "shape_missing", {})


def descriptions(value: Json, place: str) -> Iterator[Wrong]:
    """Ask for one description at least, each under its language."""
    if not isinstance(value, Mapping) or not value:
        yield Wrong(place, "shape_mapping" if value else "shape_missing", {})
        return
    for tag, each in value.items():
        yield from language(tag, f"{place}.{tag}")
        yield from DESCRIPTION(each, f"{place}.{tag}")


def italy(value: Json, place: str) -> Iterator[Wrong]:
    """Check the section of Italy: its version, and the keys that have been replaced."""
    if not isinstance(value, Mapping):
        yield Wrong(place, "shape_mapping", {})
        return
    told = value.get("countryExtensionVersion")
    if told is not None and str(told) not in ("0.2", "1.0"):
        yield Wrong(f"{place}.countryExtensionVersion", "shape_choice", {"value": told})
    if "conforme" in value:
        facts = {"reason": "sans objet"}
        yield Wrong(f"{place}.conforme", "shape_older", facts, warning=True)
    reuse = value.get("riuso")
    if isinstance(reuse, Mapping) and reuse.get("codiceIPA"):
        facts = {"reason": "organisation.uri"}
        yield Wrong(f"{place}.riuso.codiceIPA", "shape_older", facts, warning=True)


AUDIENCE = _all_optional(
    {
        "scope": among(SCOPES),
        "countries": many(country, least=0, unique=False),
        "unsupportedCountries": many(country, least=0, unique=False),
    },
    (),
)
LEGAL = _all_optional(
    {
        "license": expression,
        "mainCopyrightOwner": text(),
        "repoOwner": older(text(), "organisation.name"),
        "authorsFile": older(file(), "sans objet"),
    },
    ("license",),
)
LOCALISATION = thing(
    {"localisationReady": boolean, "availableLanguages": many(language, unique=False)},
    ("localisationReady", "availableLanguages"),
)
REQUIRED = (
    *("publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType"),
    *("description", "legal", "maintenance", "localisation"),
)
FIELDS: dict[str, Shape] = {
    "publiccodeYmlVersion": version,
    "name": text(),
    "applicationSuite": text(),
    "url": url,
    "landingURL": web,
    "isBasedOn": either(url, many(url, least=0, unique=False)),
    "softwareVersion": LINE,
    "releaseDate": day_shape,
    "logo": file(*IMAGE),
    "monochromeLogo": older(file(*IMAGE), "logo"),
    "organisation": ORGANISATION,
    "inputTypes": older(MEDIA, "sans objet"),
    "outputTypes": older(MEDIA, "sans objet"),
    "platforms": many(LINE, unique=False),
    "categories": among(CATEGORIES),
    "usedBy": LINES,
    "fundedBy": many(FUNDER, least=0, unique=False),
    "roadmap": web,
    "developmentStatus": choice(*STATUSES),
    "softwareType": choice(*TYPES),
    "intendedAudience": AUDIENCE,
    "supports": many(_all_optional({"id": support}, ("id",)), least=0, unique=False),
    "description": descriptions,
    "legal": LEGAL,
    "maintenance": maintenance,
    "localisation": LOCALISATION,
    "dependsOn": _all_optional(
        {"open": DEPENDENCIES, "proprietary": DEPENDENCIES, "hardware": DEPENDENCIES}, ()
    ),
    "IT": italy,
    "it": older(italy, "IT"),
}
CORE = _all_optional(FIELDS, REQUIRED)


def publiccode(value: Mapping[str, Json]) -> Iterator[Wrong]:
    """Check a whole file; sections of other countries are not judged."""
    known = {
        name: each
        for name, each in value.items()
        if name in FIELDS or name.upper() not in COUNTRIES
    }
    yield from CORE(known, "")
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
    into.list_of("platforms", items(data.get("platforms")), "platforms", own=True)
    into.line("version", data.get("softwareVersion"), "softwareVersion", own=True)
    into.line("development_status", data.get("developmentStatus"), "developmentStatus", own=True)
    status = str(data.get("developmentStatus") or "")
    into.value("lifecycle", LIFECYCLES.get(status), "developmentStatus")
    if status == "obsolete":
        into.text("lifecycle_note", "Déclaré obsolète par son éditeur.", "developmentStatus")
    into.line("maintenance", mapping(data.get("maintenance")).get("type"), "maintenance", own=True)
    localised = mapping(data.get("localisation"))
    into.language(localised.get("availableLanguages"), "localisation.availableLanguages")
    audience = mapping(data.get("intendedAudience"))
    into.tags([*items(data.get("categories")), *items(audience.get("scope"))], "categories")
    supported = [mapping(each).get("id") for each in items(data.get("supports"))]
    into.list_of("standards", [each for each in supported if each], "supports", own=True)
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
