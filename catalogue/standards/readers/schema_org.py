"""Read schema.org descriptions of datasets and software: JSON-LD, or the JSON-LD of an HTML page.

Only the vocabulary of schema.org is read, by its names: no context is needed, none is fetched.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Json, Reading, Record, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping, texts, texts_of
from catalogue.standards.readers.syntax.text import (
    Unreadable,
    day,
    decoded,
    one_line,
    period,
    unreadable,
)

SOURCE, CODEMETA = "schema.org", "codemeta.json"
KINDS = {
    "Dataset": "dataset",
    "DataFeed": "dataset",
    "SoftwareSourceCode": "algorithm",
    "SoftwareApplication": "technology",
    "WebApplication": "technology",
    "WebAPI": "technology",
    "NewsArticle": "news",
}
SCRIPT = re.compile(
    r"<script[^<>]{0,500}type\s*=\s*[\"']?application/ld\+json[\"']?[^<>]{0,500}>", re.I
)
MOST_SCRIPTS = 20
# Namespaces and prefixes that name the same terms.
PREFIX = re.compile(r"^(?:https?://schema\.org/|schema:|sc:)")


def read(content: bytes, base_url: str) -> Reading:
    """Read one document, or all the descriptions that an HTML page carries."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return _page(content, base_url)
    found = [node for node in nodes(json_text.parse(content)) if kind_of(node)]
    if not found:
        return failed("schema_org", _nothing())
    return Reading(records=tuple(record(node, base_url) for node in found))


def _page(content: bytes, base_url: str) -> Reading:
    text = decoded(content)
    faults, found = [], list[Mapping[str, Any]]()
    for script in _scripts(text):
        try:
            parsed = json_text.parse(script.encode())
        except Unreadable as refusal:
            faults.append(refusal.fault)
            continue
        found += [node for node in nodes(parsed) if kind_of(node)]
    if not found:
        return failed("schema_org", _nothing(), *faults[:5])
    return Reading(records=tuple(record(node, base_url) for node in found))


def _scripts(text: str) -> Iterator[str]:
    """Give what the scripts of data of a page hold, each up to its end."""
    at = 0
    for _number in range(MOST_SCRIPTS):
        opening = SCRIPT.search(text, at)
        end = text.find("</script", opening.end()) if opening else -1
        if opening is None or end < 0:
            return
        yield text[opening.end() : end]
        at = end


def _nothing() -> Any:
    return fault(
        "nothing_described",
        _(
            "Cette page ne décrit ni jeu de données ni logiciel de façon lisible par une machine. "
            "Collez l’adresse d’une notice, d’un README ou d’un fichier de description."
        ),
        fatal=True,
    )


def nodes(value: Json) -> Iterator[Mapping[str, Any]]:
    """Give the described things at the top of a document."""
    for each in items(value):
        node = mapping(each)
        if isinstance(node.get("@graph"), list):
            yield from nodes(node["@graph"])
        elif isinstance(node.get("mainEntity"), dict) and not kind_of(node):
            yield from nodes(node["mainEntity"])
        elif node:
            yield {PREFIX.sub("", str(key)): each for key, each in node.items()}


def kind_of(node: Mapping[str, Any]) -> str:
    """Name the kind of a thing by its type, "" for another thing."""
    told = node.get("@type", node.get("type"))
    return next((KINDS[n] for t in items(told) if (n := PREFIX.sub("", str(t))) in KINDS), "")


def record(node: Mapping[str, Any], base_url: str, source: str = SOURCE) -> Record:
    """Build the record of one thing."""
    return build(node, base_url, source).record()


def build(node: Mapping[str, Any], base_url: str, source: str) -> Builder:
    """Gather what one thing says with the common words of schema.org."""
    kind = kind_of(node) or "dataset"
    url = first_text(node.get("url"), node.get("mainEntityOfPage"), node.get("@id"))
    identifier = next(iter(texts_of(node.get("identifier"), "value", "@id")), "")
    identifier = identifier or first_text(node.get("@id")) or url
    into = Builder(kind, source, remote_id=identifier, source_url=url, base=base_url)
    into.line("title", first_text(node.get("name"), node.get("headline")), "name")
    into.list_of("alternate_titles", texts_of(node.get("alternateName")), "alternateName")
    into.require_title((url.rstrip("/").rsplit("/", 1)[-1], "url"))
    into.describe(
        first_text(node.get("description")),
        "description",
        summary=first_text(node.get("abstract"), node.get("disambiguatingDescription")),
        from_key="abstract",
    )
    if url.startswith("http"):
        into.address("homepage_url", url, "url")
    into.address("repository_url", first_text(node.get("codeRepository")), "codeRepository")
    help_page = first_text(node.get("softwareHelp"), mapping(node.get("softwareHelp")).get("url"))
    into.address("documentation_url", help_page, "softwareHelp")
    into.tags(texts(node.get("keywords")), "keywords")
    licences = texts_of(node.get("license"), "url", "@id", "name")
    into.licence([text for text in licences if text.lower() != "none"], "license")
    into.language(texts_of(node.get("inLanguage"), "alternateName", "name"), "inLanguage")
    _hold(node, into)
    free = node.get("isAccessibleForFree")
    if free is True or str(free).lower() == "true":
        into.value("access", "open", "isAccessibleForFree")
    into.modified = day(first_text(node.get("dateModified"), node.get("datePublished")))
    if kind == "dataset":
        _dataset(node, into)
    elif kind == "news":
        into.address("source_url", url, "url")
        into.date("event_date", first_text(node.get("datePublished")), "datePublished")
    else:
        _software(node, into)
    return into


def _hold(node: Mapping[str, Any], into: Builder) -> None:
    for key in ("publisher", "sourceOrganization", "producer", "creator", "author"):
        for each in map(mapping, items(node.get(key))):
            if key in ("creator", "author") and "Person" in str(each.get("@type")):
                continue
            into.line("producer_name", first_text(each.get("name"), each.get("legalName")), key)
    people = [*items(node.get("creator")), *items(node.get("author"))]
    into.list_of("authors", [_person(each) for each in people], "creator")
    points = [*items(node.get("contactPoint")), *items(node.get("maintainer")), *people]
    points += items(node.get("publisher"))
    reached = [first_text(mapping(each).get("email")) for each in points]
    contact = next(filter(None, reached), "").removeprefix("mailto:")
    into.line("contact", contact, "contactPoint")


def _person(value: Json) -> str:
    thing = mapping(value)
    full = one_line(f"{first_text(thing.get('givenName'))} {first_text(thing.get('familyName'))}")
    return first_text(value, thing.get("name")) or full


def _dataset(node: Mapping[str, Any], into: Builder) -> None:
    rows = [mapping(each) for each in items(node.get("distribution"))]
    into.rows("distributions", [_row(each, into.base) for each in rows], "distribution")
    into.date("last_update", first_text(node.get("dateModified")), "dateModified")
    covered = first_text(node.get("temporalCoverage"))
    start, _slash, end = covered.partition("/")
    into.line("temporal_coverage", period(start, end) if end else day(start), "temporalCoverage")
    into.territories(texts_of(node.get("spatialCoverage"), "name"), "spatialCoverage")
    into.untold |= {"update_frequency"}
    for each in items(node.get("isPartOf")):
        url = first_text(each, mapping(each).get("url"))
        into.link("part_of", title=mapping(each).get("name"), url=url)
    for url in texts_of(node.get("isBasedOn"), "url"):
        into.link("derived_from", url=url)


def _software(node: Mapping[str, Any], into: Builder) -> None:
    version = first_text(node.get("softwareVersion"), node.get("version"))
    into.line("version", version or node.get("version"), "version")
    into.address("homepage_url", first_text(node.get("downloadUrl")), "downloadUrl")
    if into.kind == "algorithm":
        names = texts_of(node.get("programmingLanguage"), "name")
        into.list_of("programming_languages", names, "programmingLanguage")
        needed = texts_of(node.get("softwareRequirements"), "name")
        into.list_of("dependencies", needed, "softwareRequirements")
        papers = [*items(node.get("referencePublication")), *items(node.get("citation"))]
        cited = next(iter(texts_of(papers[:1], "@id", "url")), "")
        into.line("paper", cited, "referencePublication")
        into.line("maintenance", first_text(node.get("developmentStatus")), "developmentStatus")
    else:
        systems = texts(node.get("operatingSystem"))
        into.list_of("platforms", systems, "operatingSystem")
        into.value("subtype", "api" if "WebAPI" in str(node.get("@type")) else "software", "@type")


SIZE = re.compile(r"^\s*([\d.,]+)\s*([kKMGT]?)(i?)[oB]\b|^\s*(\d+)\s*$")
POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4}


def size_bytes(value: Json) -> int | None:
    """Read a size as « 117743 B » or « 12 kB », in bytes."""
    found = SIZE.match(str(value)) if isinstance(value, str | int) else None
    if found is None:
        return None
    if found[4]:
        return int(found[4][:15])
    number = float(found[1].replace(",", ".")) if found[1].count(".") < 2 else 0.0
    unit = 1024 if found[3] else 1000
    return int(number * unit ** POWERS[found[2]]) or None


def _row(thing: Mapping[str, Any], base_url: str) -> dict[str, Json]:
    form = first_text(thing.get("encodingFormat"), thing.get("fileFormat"))
    digest = first_text(thing.get("sha256"))
    return file_row(
        {
            "title": first_text(thing.get("name"), thing.get("@id")),
            "access_url": first_text(thing.get("url")) or first_text(thing.get("contentUrl")),
            "download_url": first_text(thing.get("contentUrl")),
            "format": form.rsplit("/", 1)[-1].removeprefix("x-"),
            "media_type": form if "/" in form else "",
            "bytes": size_bytes(thing.get("contentSize")),
            "sha256": digest if re.fullmatch(r"[0-9a-fA-F]{64}", digest) else "",
        },
        base_url,
    )


def read_codemeta(content: bytes, base_url: str) -> Reading:
    """Read codemeta.json, versions 1 to 3: schema.org with the terms of CodeMeta."""
    found = next(iter(nodes(json_text.parse(content))), None)
    if found is None:
        raise unreadable("nothing_described", _("Ce fichier CodeMeta ne décrit rien."))
    return Reading(records=(_codemeta_record(found, base_url),))


def _codemeta_record(node: Mapping[str, Any], base_url: str) -> Record:
    if kind_of(node) not in ("algorithm", "technology"):
        node = {**node, "@type": "SoftwareSourceCode"}
    # Version 1 said title and agents where later ones say name and author.
    node = {**node, "name": node.get("name") or node.get("title")}
    node = {**node, "author": node.get("author") or node.get("agents")}
    into = build(node, base_url, CODEMETA)
    into.address("documentation_url", first_text(node.get("readme")), "readme")
    status = first_text(node.get("developmentStatus")).rsplit("/", 1)[-1].lstrip("#")
    lifecycle = {"active": "active", "wip": "experimental", "concept": "experimental"}
    into.value("lifecycle", lifecycle.get(status), "developmentStatus")
    for url in texts_of(node.get("isPartOf"), "url"):
        into.link("part_of", url=url)
    return into.record()
