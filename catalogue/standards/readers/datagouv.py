"""Read records of the data.gouv.fr API, versions 1 and 2: one dataset, a list, a page of a list."""

from collections.abc import Mapping
from typing import Any

from catalogue.standards import territories
from catalogue.standards.licences import CODES_OF_CKAN, NONE_TOLD
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Json, Reading, Record
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text
from catalogue.standards.readers.syntax.json_text import items, mapping
from catalogue.standards.readers.syntax.text import day, one_line, period, unreadable, web_address

GRAINS = {
    "country": "pays",
    "country-group": "groupe de pays",
    "country-subset": "partie de pays",
    "fr:region": "région",
    "fr:departement": "département",
    "fr:epci": "EPCI",
    "fr:commune": "commune",
    "fr:collectivite": "collectivité",
    "fr:canton": "canton",
    "fr:iris": "Iris",
    "poi": "point d’intérêt",
    "other": "autre",
}
WORLD = {"country-group:world": "Monde", "country-group:ue": "Union européenne"}


def zone_code(zone: Json) -> str:
    """Give the code of a zone without its date, given as text or as an object."""
    text = zone.get("id") if isinstance(zone, Mapping) else zone
    return str(text or "").split("@")[0]


def zone_name(zone: Json) -> str:
    """Name a zone in French with its kind and code, by its code when its name is not known."""
    full = zone_code(zone)
    told = str(zone["name"]) if isinstance(zone, Mapping) and zone.get("name") else ""
    found = territories.read_territory(full)
    if found.kind is not None:
        return territories.made(told, found.kind, found.code).text
    if told:
        return told
    kind, _colon, last = full.rpartition(":")
    match kind:
        case "country" if last == "fr":
            return "France"
        case "country":
            return f"Pays {last.upper()}"
        case "country-group":
            return WORLD.get(full, last)
        case "country-subset:fr":
            return "Outre-mer" if last in ("drom", "dromcom") else "France métropolitaine"
        case _:
            return full


def scope_of_zones(codes: list[str]) -> tuple[str, str]:
    """Deduce the scope, and its note, of some zones: the widest one wins; "" for none."""
    kinds = {each.rpartition(":")[0] for each in codes}
    if "country-group" in kinds:
        return "european", "Monde" if "country-group:world" in codes else ""
    if any(each.startswith("country:") and each != "country:fr" for each in codes):
        foreign = [each for each in codes if each != "country:fr"]
        return "european", zone_name(foreign[0])
    if kinds & {"country", "country-subset:fr"}:
        return "national", ""
    if "fr:region" in kinds:
        return "regional", ""
    return ("local", "") if kinds - {""} else ("", "")


SOURCE = "data.gouv.fr"
STRANGER = _("Ce document de data.gouv.fr ne décrit pas un jeu de données : il n’est pas repris.")
DOCUMENTATION = "documentation"
COUNTS = (
    ("views", "views"),
    ("downloads", "resources_downloads"),
    ("followers", "followers"),
    ("reuses", "reuses"),
)


def read(content: bytes, base_url: str) -> Reading:
    """Read a dataset, a list of datasets, or a page with `data` and `next_page`."""
    found = json_text.parse(content)
    page = mapping(found)
    if isinstance(page.get("data"), list):
        total = page.get("total")
        return Reading(
            records=tuple(_record(each, base_url) for each in page["data"]),
            next_url=web_address(page.get("next_page"), base_url),
            announced=total if isinstance(total, int) else None,
        )
    if isinstance(found, list):
        return Reading(records=tuple(_record(each, base_url) for each in found))
    if not _is_dataset(page):
        raise unreadable("not_a_dataset", STRANGER)
    return Reading(records=(_record(page, base_url),))


def _is_dataset(data: Mapping[str, Any]) -> bool:
    return "title" in data and ("resources" in data or "frequency" in data or "license" in data)


def _record(item: Json, base_url: str) -> Record:
    data = mapping(item)
    into = Builder(
        "dataset",
        SOURCE,
        remote_id=str(data.get("id") or ""),
        source_url=str(data.get("page") or data.get("uri") or ""),
        base=base_url,
    )
    if not _is_dataset(data):
        into.line("title", data.get("title") or data.get("name"), "title")
        into.refuse("not_a_dataset", STRANGER)
        return into.record()
    if data.get("deleted"):
        return Record("dataset", into.remote_id, into.source_url, deleted=True)
    _describe(data, into)
    _hold(data, into)
    _cover(data, into)
    _files(data, into)
    told = mapping(data.get("metrics"))
    for name, key in COUNTS:
        into.count(name, told.get(key))
    return into.record()


def _describe(data: Mapping[str, Any], into: Builder) -> None:
    into.line("title", data.get("title"), "title")
    into.require_title((data.get("slug"), "slug"))
    into.line("acronym", data.get("acronym"), "acronym")
    into.describe(
        data.get("description"),
        "description",
        summary=data.get("description_short") or "",
        from_key="description_short",
    )
    into.address("homepage_url", data.get("page"), "page")
    into.tags(items(data.get("tags")), "tags")
    code = str(data.get("license") or "").strip()
    if code not in NONE_TOLD:
        into.licence([CODES_OF_CKAN.get(code, code)], "license")
    into.frequency(data.get("frequency") or "unknown", "frequency")
    into.date("last_update", data.get("last_update") or data.get("last_modified"), "last_update")
    into.modified = day(data.get("last_update") or data.get("last_modified"))
    if data.get("private"):
        into.refuse("private", _("Ce jeu de données est privé : il n’est pas repris."))
    else:
        into.value("access", "open", "private")
    archived = day(data.get("archived"))
    if archived:
        into.value("lifecycle", "stopped", "archived")
        into.text("lifecycle_note", f"Archivé sur data.gouv.fr le {archived}.", "archived")
    schema = data.get("schema")
    if isinstance(schema, Mapping):
        into.line("schema", _schema(schema), "schema")


def _hold(data: Mapping[str, Any], into: Builder) -> None:
    organisation, owner = mapping(data.get("organization")), mapping(data.get("owner"))
    into.line("producer_name", organisation.get("name"), "organization.name")
    person = one_line(f"{owner.get('first_name') or ''} {owner.get('last_name') or ''}")
    into.line("producer_name", person, "owner")
    into.list_of("authors", [person] if person else [], "owner")
    for point in map(mapping, items(data.get("contact_points") or data.get("contact_point"))):
        into.line("contact", point.get("email") or point.get("contact_form"), "contact_points")
    if not items(data.get("contact_points") or data.get("contact_point")):
        into.untold.add("contact")


def _cover(data: Mapping[str, Any], into: Builder) -> None:
    covered = mapping(data.get("temporal_coverage"))
    into.line(
        "temporal_coverage", period(covered.get("start"), covered.get("end")), "temporal_coverage"
    )
    spatial = mapping(data.get("spatial"))
    if not spatial:
        return
    named = [zone_name(each) for each in items(spatial.get("zones"))]
    into.list_of("territories", named, "spatial.zones")
    scope, note = scope_of_zones([zone_code(each) for each in items(spatial.get("zones"))])
    into.value("scope", scope, "spatial.zones", guessed=True)
    into.line("scope_note", note, "spatial.zones", guessed=True)
    grain = str(spatial.get("granularity") or "other")
    into.line("granularity", GRAINS.get(grain, grain), "spatial.granularity")


def _files(data: Mapping[str, Any], into: Builder) -> None:
    given = data.get("resources")
    if not isinstance(given, list):  # version 2 gives an address instead
        into.untold |= {"distributions", DOCUMENTATION}
        into.note(
            "files_elsewhere",
            _("Les fichiers sont décrits à une autre adresse : ils ne sont pas repris."),
            place="resources",
        )
        return
    resources = [mapping(each) for each in given]
    into.rows("distributions", [_row(each, into.base) for each in resources], "resources")
    said = []
    for each in resources:
        title, about = one_line(str(each.get("title") or "")), each.get("description")
        if each.get("type") == DOCUMENTATION:
            said.append(f"[{title or each.get('url')}]({each.get('url')})")
        if isinstance(about, str) and about.strip():
            said.append(f"{title} : {about.strip()}" if title else about.strip())
    into.text(DOCUMENTATION, "\n\n".join(said), "resources")
    with_schema = [mapping(each.get("schema")) for each in resources if each.get("schema")]
    if with_schema:
        into.line("schema", _schema(with_schema[0]), "resources.schema")


def _row(resource: Mapping[str, Any], base_url: str) -> dict[str, Json]:
    checksum = mapping(resource.get("checksum"))
    return file_row(
        {
            "title": resource.get("title"),
            "access_url": resource.get("latest") or resource.get("url"),
            "download_url": resource.get("url"),
            "format": resource.get("format"),
            "media_type": resource.get("mime"),
            "bytes": resource.get("filesize"),
            "sha256": checksum.get("value") if checksum.get("type") == "sha256" else "",
        },
        base_url,
    )


def _schema(schema: Mapping[str, Any]) -> str:
    name = str(schema.get("name") or schema.get("url") or "")
    return one_line(f"{name} {schema.get('version') or ''}")
