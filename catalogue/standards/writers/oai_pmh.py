"""OAI-PMH 2.0: what is asked, the errors it may get, and the answers in XML.

Source: Open Archives Initiative Protocol for Metadata Harvesting 2.0."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from rdflib import Graph

from catalogue.standards.namespaces import PREFIXES
from catalogue.standards.published import Published
from catalogue.standards.writers.rdf import serialise

OAI = "http://www.openarchives.org/OAI/2.0/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
DC = "http://purl.org/dc/elements/1.1/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
RDF_NAMESPACE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
# Prefix: (namespace, schema).
FORMATS = {
    "oai_dc": (OAI_DC, "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"),
    "dcat": (RDF_NAMESPACE, "http://www.openarchives.org/OAI/2.0/rdf.xsd"),
}
_LIST = frozenset({"from", "until", "set", "metadataPrefix"})
# Verb: (compulsory, optional) arguments.
VERBS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset(), frozenset({"identifier"})),
    "ListSets": (frozenset(), frozenset({"resumptionToken"})),
    "GetRecord": (frozenset({"identifier", "metadataPrefix"}), frozenset()),
    "ListIdentifiers": (frozenset({"metadataPrefix"}), _LIST | {"resumptionToken"}),
    "ListRecords": (frozenset({"metadataPrefix"}), _LIST | {"resumptionToken"}),
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SECOND = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
MOST_CHARACTERS = 2_000
# What XML 1.0 cannot hold (production 2, Char), in any form; PostgreSQL refuses NUL too.
_UNWRITABLE = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _address in {**PREFIXES, "oai_dc": OAI_DC, "dc": DC, "rdf": RDF_NAMESPACE}.items():
    ET.register_namespace(_prefix, _address)
ET.register_namespace("xsi", XSI)


class OaiError(ValueError):
    """One of the eight errors of the protocol."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Asked:
    """A request whose arguments are legal. Windows are [since, before[, aware moments."""

    verb: str
    prefix: str = ""
    identifier: str = ""
    set: str = ""
    token: str = ""
    since: datetime.datetime | None = None
    before: datetime.datetime | None = None


@dataclass(frozen=True)
class Header:
    """The header of a record. sets: their names as the protocol writes them."""

    identifier: str
    datestamp: datetime.datetime
    sets: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True)
class Resumption:
    """Where a list stands: the token of what follows, "" on its last page."""

    token: str
    cursor: int
    total: int
    expires: datetime.datetime


def read_request(pairs: Sequence[tuple[str, str]]) -> Asked:
    """Read the arguments of a request; raises OaiError."""
    names = [name for name, _value in pairs]
    given = dict(pairs)
    if any(_UNWRITABLE.search(text) for pair in pairs for text in pair):
        raise OaiError("badArgument", "An argument has a character that XML cannot hold.")
    verb = given.pop("verb", "")
    if names.count("verb") != 1 or verb not in VERBS:
        raise OaiError("badVerb", "The verb is missing, repeated or unknown.")
    if len(names) != len(set(names)):
        raise OaiError("badArgument", "An argument is repeated.")
    if any(len(value) > MOST_CHARACTERS for value in given.values()):
        raise OaiError("badArgument", "An argument is too long.")
    needed, optional = VERBS[verb]
    if unknown := set(given) - needed - optional:
        raise OaiError("badArgument", f"Illegal argument: {sorted(unknown)[0][:40]}")
    if "resumptionToken" in given:
        if len(given) > 1:
            raise OaiError("badArgument", "resumptionToken stands alone.")
        return Asked(verb, token=given["resumptionToken"])
    if lacking := needed - set(given):
        raise OaiError("badArgument", f"Missing argument: {sorted(lacking)[0]}")
    prefix = given.get("metadataPrefix", "")
    if "metadataPrefix" in given and prefix not in FORMATS:
        raise OaiError("cannotDisseminateFormat", "This metadata format is not offered.")
    since, before = window(given.get("from", ""), given.get("until", ""))
    return Asked(verb, prefix, given.get("identifier", ""), given.get("set", ""), "", since, before)


def window(since: str, until: str) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """Read from and until, both inclusive, of one granularity; raises OaiError."""
    if since and until and len(since) != len(until):
        raise OaiError("badArgument", "from and until differ in granularity.")
    start = _moment(since) if since else None
    end = _moment(until) if until else None
    if start and end and start > end:
        raise OaiError("badArgument", "from is after until.")
    if end:
        step = datetime.timedelta(days=1) if len(until) == 10 else datetime.timedelta(seconds=1)
        end = end + step
    return start, end


def _moment(text: str) -> datetime.datetime:
    try:
        if _DAY.fullmatch(text):
            found = datetime.datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - UTC below
        elif _SECOND.fullmatch(text):
            found = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007
        else:
            raise ValueError
        return found.replace(tzinfo=datetime.UTC) if found.year < 9999 else _refuse()
    except ValueError:
        return _refuse()


def _refuse() -> datetime.datetime:
    raise OaiError("badArgument", "A date is YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.")


def stamp(at: datetime.datetime) -> str:
    """Write a moment in UTC, to the second."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(
    body: ET.Element | OaiError,
    *,
    base: str,
    arguments: Sequence[tuple[str, str]],
    at: datetime.datetime,
) -> bytes:
    """Wrap an answer, or an error, in its envelope; UTF-8."""
    root = ET.Element(f"{{{OAI}}}OAI-PMH")
    root.set(f"{{{XSI}}}schemaLocation", f"{OAI} {SCHEMA}")
    _text(root, "responseDate", stamp(at))
    request = _text(root, "request", base)
    if not (isinstance(body, OaiError) and body.code in {"badVerb", "badArgument"}):
        for name, value in arguments:
            request.set(name, value)
    if isinstance(body, OaiError):
        _text(root, "error", str(body)).set("code", body.code)
    else:
        root.append(body)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=None))


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    found = ET.SubElement(parent, f"{{{OAI}}}{name}")
    found.text = text
    return found


def identify(*, name: str, base: str, email: str, earliest: datetime.datetime) -> ET.Element:
    """Say who answers."""
    found = ET.Element(f"{{{OAI}}}Identify")
    for tag, text in (
        ("repositoryName", name),
        ("baseURL", base),
        ("protocolVersion", "2.0"),
        ("adminEmail", email),
        ("earliestDatestamp", stamp(earliest)),
        ("deletedRecord", "persistent"),
        ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
    ):
        _text(found, tag, text)
    return found


def formats(prefixes: Iterable[str]) -> ET.Element:
    """List metadata formats."""
    found = ET.Element(f"{{{OAI}}}ListMetadataFormats")
    for prefix in prefixes:
        namespace, schema = FORMATS[prefix]
        each = ET.SubElement(found, f"{{{OAI}}}metadataFormat")
        _text(each, "metadataPrefix", prefix)
        _text(each, "schema", schema)
        _text(each, "metadataNamespace", namespace)
    return found


def sets(rows: Iterable[tuple[str, str]]) -> ET.Element:
    """List sets as (spec, name)."""
    found = ET.Element(f"{{{OAI}}}ListSets")
    for spec, name in rows:
        each = ET.SubElement(found, f"{{{OAI}}}set")
        _text(each, "setSpec", spec)
        _text(each, "setName", name)
    return found


def listing(
    verb: str, records: Iterable[tuple[Header, ET.Element | None]], resumption: Resumption | None
) -> ET.Element:
    """List records or identifiers, with the token of what follows."""
    found = ET.Element(f"{{{OAI}}}{verb}")
    for header, metadata in records:
        if verb == "ListIdentifiers":
            found.append(_header(header))
        else:
            found.append(record(header, metadata))
    if resumption:
        token = _text(found, "resumptionToken", resumption.token)
        token.set("completeListSize", str(resumption.total))
        token.set("cursor", str(resumption.cursor))
        if resumption.token:
            token.set("expirationDate", stamp(resumption.expires))
    return found


def one_record(header: Header, metadata: ET.Element | None) -> ET.Element:
    """Give one record."""
    found = ET.Element(f"{{{OAI}}}GetRecord")
    found.append(record(header, metadata))
    return found


def record(header: Header, metadata: ET.Element | None) -> ET.Element:
    """Write a record; a deleted one is its header alone."""
    found = ET.Element(f"{{{OAI}}}record")
    found.append(_header(header))
    if metadata is not None and not header.deleted:
        ET.SubElement(found, f"{{{OAI}}}metadata").append(metadata)
    return found


def _header(header: Header) -> ET.Element:
    found = ET.Element(f"{{{OAI}}}header")
    if header.deleted:
        found.set("status", "deleted")
    _text(found, "identifier", header.identifier)
    _text(found, "datestamp", stamp(header.datestamp))
    for name in header.sets:
        _text(found, "setSpec", name)
    return found


def embedded(graph: Graph) -> ET.Element:
    """Give a graph as an element of RDF/XML."""
    return ET.fromstring(serialise(graph, "rdf"))  # noqa: S314 - written by us just above


def dublin_core(resource: Published) -> ET.Element:
    """Describe any resource with the fifteen elements."""
    found = ET.Element(f"{{{OAI_DC}}}dc")
    found.set(f"{{{XSI}}}schemaLocation", f"{OAI_DC} {FORMATS['oai_dc'][1]}")
    holder = (resource.publisher.name,) if resource.publisher else ()
    period = resource.period
    licences = [each.url for each in resource.licences]
    values: tuple[tuple[str, Iterable[str]], ...] = (
        ("title", (resource.title, resource.title_en)),
        ("creator", resource.made_by),
        ("subject", (*resource.keywords, *resource.use_cases.values())),
        ("description", (resource.summary, resource.description)),
        ("publisher", holder),
        ("date", (resource.released,)),
        ("type", (resource.kind_label,)),
        ("format", sorted({file.format for file in resource.files if file.format})),
        ("identifier", (resource.iri, resource.page)),
        ("source", (resource.homepage_url,)),
        ("language", resource.languages),
        ("relation", [each.iri for each in resource.references if each.iri]),
        ("coverage", (*resource.territories, "/".join(period) if period else "")),
        ("rights", licences or (resource.licence_note,)),
    )
    for name, texts in values:
        for text in texts:
            if text:
                ET.SubElement(found, f"{{{DC}}}{name}").text = text
    return found
