"""Read publiccode.yml: imported with each fault named, as many files in the wild hold some."""

from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers import shapes, yaml_text
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.json_text import items, mapping
from catalogue.standards.readers.publiccode_shape import publiccode
from catalogue.standards.readers.record import Reading
from catalogue.standards.readers.text import day, decoded

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
