"""Read CKAN answers: package_show, package_search, a list of packages or a bare package.

The plain JSON of DCAT-US and of ckanext-dcat (`distribution`, `keyword`) is read too.
"""

from collections.abc import Mapping
from typing import Any

from catalogue.standards.licences import CODES_OF_CKAN, NONE_TOLD
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Json, Reading, Record
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping, texts, texts_of
from catalogue.standards.readers.syntax.text import day, one_line, period, unreadable

SOURCE = "CKAN"
STRANGER = _("Ce document de CKAN ne décrit pas un jeu de données : il n’est pas repris.")
# What CKAN itself has no field for: told by some extensions only.
OFTEN_ABSENT = frozenset(
    {"update_frequency", "temporal_coverage", "territories", "granularity", "languages", "schema"}
)


def read(content: bytes, base_url: str) -> Reading:
    """Read one package, a list, or the answer of an action."""
    found = json_text.parse(content)
    answer = mapping(found)
    if answer.get("success") is False:
        said = first_text(mapping(answer.get("error")).get("message"), answer.get("error"))
        sentence = _("Le catalogue CKAN a refusé la demande : « %(message)s ».")
        raise unreadable("ckan_error", sentence, message=said or "?")
    if "result" in answer:
        found = answer["result"]
    page = mapping(found)
    if isinstance(page.get("results"), list):
        count = page.get("count")
        return Reading(
            records=tuple(_record(each, base_url) for each in page["results"]),
            announced=count if isinstance(count, int) else None,
        )
    if isinstance(page.get("dataset"), list):  # DCAT-US calls its list so
        found = page["dataset"]
    if isinstance(found, list):
        return Reading(records=tuple(_record(each, base_url) for each in found))
    if not page:
        raise unreadable("not_a_dataset", STRANGER)
    return Reading(records=(_record(page, base_url),))


def _is_package(data: Mapping[str, Any]) -> bool:
    if str(data.get("type") or "dataset") in ("organization", "group", "harvest"):
        return False
    return bool(data.get("title") or data.get("title_translated") or "resources" in data)


def _record(item: Json, base_url: str) -> Record:
    data = mapping(item)
    extras = _extras(data)
    into = Builder(
        "dataset",
        SOURCE,
        remote_id=first_text(data.get("id"), data.get("identifier"), data.get("name")),
        base=base_url,
    )
    into.untold |= OFTEN_ABSENT
    if not _is_package(data):
        into.line("title", data.get("name") or data.get("id") or str(item)[:80], "name")
        into.refuse("not_a_dataset", STRANGER)
        return into.record()
    if data.get("state") == "deleted":
        return Record("dataset", into.remote_id, deleted=True)
    _describe(data, extras, into)
    _hold(data, extras, into)
    _cover(data, extras, into)
    given = items(data.get("resources")) or items(data.get("distribution"))
    resources = [mapping(each) for each in given]
    into.rows("distributions", [_row(each, base_url) for each in resources], "resources")
    said = [
        f"{_name(each)} : {first_text(each.get('description_translated'), each['description'])}"
        for each in resources
        if first_text(each.get("description"))
    ]
    into.text("documentation", "\n\n".join(said), "resources.description")
    return into.record()


def _extras(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the extras by key without the dcat_ that some harvesters put before it."""
    found: dict[str, Any] = {}
    for each in map(mapping, items(data.get("extras"))):
        key = str(each.get("key") or "").removeprefix("dcat_")
        found.setdefault(key, each.get("value"))
    return found


def _describe(data: Mapping[str, Any], extras: Mapping[str, Any], into: Builder) -> None:
    into.line("title", first_text(data.get("title_translated"), data.get("title")), "title")
    into.require_title((first_text(data.get("name")), "name"))
    english = mapping(data.get("title_translated")).get("en")
    if first_text(english) != first_text(data.get("title_translated")):
        into.line("title_en", english, "title_translated.en")
    notes = (data.get("notes_translated"), data.get("notes"), data.get("description"))
    into.describe(first_text(*notes), "notes")
    into.address("homepage_url", first_text(data.get("url"), data.get("landingPage")), "url")
    into.source_url = into.source_url or str(getattr(into.fields.get("homepage_url"), "value", ""))
    for page in items(data.get("documentation")):
        into.address("documentation_url", page, "documentation")
    words = texts_of(data.get("tags"), "name") or texts(data.get("keyword"))
    into.tags(words, "tags")
    _licence(data, into)
    if data.get("private") is True:
        into.refuse("private", _("Ce jeu de données est privé : il n’est pas repris."))
    modified = first_text(
        data.get("metadata_modified"), data.get("modified"), extras.get("modified")
    )
    into.modified = day(modified)
    updated = first_text(data.get("last_modified"), data.get("modified"), extras.get("modified"))
    into.date("last_update", updated or modified, "modified")
    into.language(data.get("language") or extras.get("language"), "language")
    schema = next((str(each) for each in items(data.get("conforms_to")) if each), "")
    into.line("schema", schema, "conforms_to")


def _licence(data: Mapping[str, Any], into: Builder) -> None:
    code = first_text(data.get("license_id"), data.get("license")).strip()
    if code in NONE_TOLD:
        code = ""
    title, url = first_text(data.get("license_title")), first_text(data.get("license_url"))
    # The identifier speaks first, the address then settles a version: cc-by alone has none.
    into.licence([CODES_OF_CKAN.get(code, code) or title, url], "license_id")


def _hold(data: Mapping[str, Any], extras: Mapping[str, Any], into: Builder) -> None:
    organisation = mapping(data.get("organization"))
    publisher = next((mapping(each) for each in items(data.get("publisher"))), {})
    names = (
        organisation.get("title"),
        publisher.get("name"),
        extras.get("publisher_name"),
        organisation.get("name"),
    )
    into.line("producer_name", first_text(*names), "organization.title")
    people = [mapping(each).get("name") for each in items(data.get("creator"))]
    people += [data.get("author"), extras.get("creator_name")]
    into.list_of("authors", [name for name in people if isinstance(name, str) and name], "author")
    contact = next((mapping(each) for each in items(data.get("contact"))), {})
    into.line(
        "contact",
        first_text(
            contact.get("email"),
            data.get("maintainer_email"),
            data.get("author_email"),
            publisher.get("email"),
            publisher.get("mbox"),
            extras.get("publisher_email"),
        ),
        "maintainer_email",
    )


def _cover(data: Mapping[str, Any], extras: Mapping[str, Any], into: Builder) -> None:
    told = first_text(
        data.get("frequency"),
        extras.get("frequency"),
        data.get("accrualPeriodicity"),
        data.get("update_frequency"),
    )
    into.frequency(told, "frequency")
    covered = next((mapping(each) for each in items(data.get("temporal_coverage"))), {})
    start = covered.get("start") or data.get("temporal_start") or extras.get("temporal_start")
    end = covered.get("end") or data.get("temporal_end") or extras.get("temporal_end")
    into.line("temporal_coverage", period(start, end), "temporal_coverage")
    named = [first_text(mapping(each).get("text")) for each in items(data.get("spatial_coverage"))]
    told_place = data.get("spatial_text") or extras.get("spatial_text") or ""
    into.territories([*named, str(told_place)], "spatial_coverage")


def _name(resource: Mapping[str, Any]) -> str:
    return one_line(
        first_text(
            resource.get("name_translated"),
            resource.get("name"),
            resource.get("title"),
            resource.get("format"),
        )
        or "Fichier"
    )


def _row(resource: Mapping[str, Any], base_url: str) -> dict[str, Json]:
    checksum = first_text(resource.get("hash"))
    url = first_text(resource.get("url"), resource.get("accessURL"), resource.get("access_url"))
    code = first_text(resource.get("license"))
    return file_row(
        {
            "title": _name(resource),
            "access_url": first_text(resource.get("access_url"), resource.get("accessURL")) or url,
            "download_url": first_text(
                resource.get("download_url"), resource.get("downloadURL"), resource.get("url")
            ),
            "format": first_text(resource.get("format")),
            "media_type": first_text(resource.get("mimetype"), resource.get("mediaType")),
            "bytes": resource.get("size") or resource.get("byteSize"),
            "sha256": checksum if len(checksum) == 64 else "",
            "licence": code,
        },
        base_url,
    )
