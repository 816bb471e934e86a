"""Read CSW answers, and ISO 19139 records of datasets, series and services."""

import re
from xml.etree.ElementTree import Element, tostring

from catalogue.standards import licences
from catalogue.standards.readers import dcat
from catalogue.standards.readers.builder import Builder, file_row
from catalogue.standards.readers.record import Json, Reading, Record
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import dublin_core, graph, xml_text
from catalogue.standards.readers.syntax.text import Unreadable, day, period, unreadable

ISO_SOURCE = "ISO 19139"
HREF = "{http://www.w3.org/1999/xlink}href"
# Said in place of a restriction or of a licence: no licence is told there.
NO_LICENCE = re.compile(
    r"no limitations?|pas de restriction|aucun|inspire|noLimitations|conditions? inconnues?", re.I
)
LICENCE_WORD = re.compile(r"licen[cs]e|odbl|etalab|creative ?commons|cc[ -]by|open ?data", re.I)
HOLDERS = ("owner", "custodian", "publisher", "resourceProvider", "author", "pointOfContact")


def record(element: Element, base_url: str) -> Record:
    """Build the record of one description."""
    level = xml_text.first(element, "hierarchyLevel", "MD_ScopeCode")
    is_service = level is not None and level.get("codeListValue") == "service"
    identifier = xml_text.words(xml_text.first(element, "fileIdentifier"))
    into = Builder(
        "technology" if is_service else "dataset", ISO_SOURCE, remote_id=identifier, base=base_url
    )
    about = next(
        (each for part in xml_text.elements_at(element, "identificationInfo") for each in part),
        element,
    )
    citation = xml_text.first(about, "citation", "CI_Citation")
    if citation is not None:
        into.line("title", xml_text.words(xml_text.first(citation, "title")), "title")
        others = [xml_text.words(each) for each in xml_text.elements_at(citation, "alternateTitle")]
        titled = into.fields["title"].value if "title" in into.fields else ""
        into.list_of(
            "alternate_titles", [each for each in others if each != titled], "alternateTitle"
        )
    into.require_title()
    into.describe(xml_text.prose(xml_text.first(about, "abstract")), "abstract")
    words = [xml_text.words(each) for each in xml_text.anywhere(about, "keyword")]
    into.tags(words, "keyword")
    _languages(element, about, into)
    _licence(about, into)
    _hold(element, about, into)
    _addresses(element, into, is_service=is_service)
    into.modified = day(xml_text.words(xml_text.first(element, "dateStamp")))
    if is_service:
        into.value("subtype", "api", "hierarchyLevel")
    else:
        _cover(about, citation, into)
    return into.record()


def _languages(element: Element, about: Element, into: Builder) -> None:
    told = [*xml_text.elements_at(about, "language"), *xml_text.elements_at(element, "language")]
    codes = []
    for each in told:
        code = next((child.get("codeListValue") or "" for child in each), "")
        codes.append(code or xml_text.words(each))
    into.language([code for code in codes if code][:1], "language")


def _licence(about: Element, into: Builder) -> None:
    texts = []
    for name in ("otherConstraints", "useLimitation", "useConstraints"):
        for each in xml_text.anywhere(about, name):
            addresses = [child.get(HREF) or "" for child in each]
            texts += [text for text in (*addresses, xml_text.words(each)) if text]
    # « license » alone is a code: the restriction is a licence, which one is told beside.
    said = [text for text in texts if text.lower() not in ("license", "licence")]
    told = list(dict.fromkeys(text for text in said if not NO_LICENCE.search(text)))
    named = [text for text in told if licences.normalise(text).identifiers]
    into.licence(named or [text for text in told if LICENCE_WORD.search(text)], "otherConstraints")


def _hold(element: Element, about: Element, into: Builder) -> None:
    parties = [
        *xml_text.elements_at(about, "pointOfContact", "CI_ResponsibleParty"),
        *xml_text.elements_at(element, "contact", "CI_ResponsibleParty"),
    ]
    ranked = sorted(parties, key=_rank)
    for each in ranked:
        name = xml_text.words(xml_text.first(each, "organisationName"))
        into.line("producer_name", name, "organisationName")
    for each in ranked:
        mail = next(iter(xml_text.anywhere(each, "electronicMailAddress")), None)
        into.line("contact", xml_text.words(mail), "electronicMailAddress")


def _rank(party: Element) -> int:
    role = xml_text.first(party, "role", "CI_RoleCode")
    code = (role.get("codeListValue") or "") if role is not None else ""
    return HOLDERS.index(code) if code in HOLDERS else len(HOLDERS)


def _addresses(element: Element, into: Builder, *, is_service: bool) -> None:
    rows: list[dict[str, Json]] = []
    for each in xml_text.anywhere(element, "CI_OnlineResource"):
        url = xml_text.words(xml_text.first(each, "linkage"))
        protocol = xml_text.words(xml_text.first(each, "protocol"))
        name = xml_text.words(xml_text.first(each, "name"))
        about = xml_text.words(xml_text.first(each, "description"))
        row = file_row(
            {"title": name or about, "access_url": url, "format": _format(url, protocol)}, into.base
        )
        if row.get("access_url") and row not in rows:
            rows.append(row)
    first = next((str(row["access_url"]) for row in rows), "")
    into.address("homepage_url", first, "linkage", guessed=True)
    into.source_url = into.source_url or first
    if is_service:
        into.address("endpoint_url", first, "linkage")
    else:
        into.rows("distributions", rows, "transferOptions")


def _format(url: str, protocol: str) -> str:
    found = re.search(r"OGC:(\w+)", protocol)
    if found:
        return found[1]
    suffix = re.search(r"\.([A-Za-z0-9]{2,5})(?:\?|$)", url)
    return suffix[1].lower() if suffix and "/" not in suffix[1] else ""


def _cover(about: Element, citation: Element | None, into: Builder) -> None:
    code = next(iter(xml_text.anywhere(about, "MD_MaintenanceFrequencyCode")), None)
    into.frequency(code.get("codeListValue") if code is not None else "", "maintenanceFrequency")
    start = next(iter(xml_text.anywhere(about, "beginPosition")), None)
    end = next(iter(xml_text.anywhere(about, "endPosition")), None)
    covered = period(xml_text.words(start), xml_text.words(end))
    into.line("temporal_coverage", covered, "temporalElement")
    places = [
        xml_text.words(each)
        for extent in xml_text.anywhere(about, "EX_Extent")
        for name in ("description", "geographicIdentifier")
        for each in (
            xml_text.elements_at(extent, name)
            if name == "description"
            else (xml_text.first(one, "code") for one in xml_text.anywhere(extent, "MD_Identifier"))
        )
    ]
    into.territories(places, "extent")
    if citation is None:
        return
    dates = {}
    for each in xml_text.elements_at(citation, "date", "CI_Date"):
        kind = next(iter(xml_text.anywhere(each, "CI_DateTypeCode")), None)
        named = (kind.get("codeListValue") or "") if kind is not None else ""
        dates[named] = day(xml_text.words(xml_text.first(each, "date")))
    into.date("last_update", dates.get("revision") or dates.get("publication"), "CI_Date")


SOURCE = "CSW"
ISO = ("MD_Metadata", "MI_Metadata")
DUBLIN_CORE = ("Record", "SummaryRecord", "BriefRecord")


def read(content: bytes, base_url: str) -> Reading:
    """Read one answer. `next_token`: position of the next page's first record, "" at the end."""
    root = xml_text.parse(content)
    name = xml_text.local(root)
    if name in ISO:
        return Reading(records=(record(root, base_url),))
    if name == "ExceptionReport":
        said = next((xml_text.words(each) for each in xml_text.anywhere(root, "ExceptionText")), "")
        sentence = _("Le catalogue CSW a refusé la demande : « %(message)s ».")
        raise unreadable("csw_error", sentence, message=said or "?")
    results = xml_text.first(root, "SearchResults") if name == "GetRecordsResponse" else None
    if name == "GetRecordByIdResponse":
        results = root
    if results is None:
        raise unreadable("not_csw", _("Ce XML n’est pas une réponse CSW : il n’est pas lu."))
    records = [record for each in results for record in _records(each, base_url)]
    returned = _count(results.get("numberOfRecordsReturned"))
    following = _count(results.get("nextRecord")) or 0
    matched = _count(results.get("numberOfRecordsMatched"))
    goes_on = following > 0 and (matched is None or following <= matched)
    return Reading(
        records=tuple(records),
        announced=matched,
        next_token=str(following) if goes_on else "",
        complete=returned is None or len(list(results)) >= returned,
    )


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 10 else None


def _records(element: Element, base_url: str) -> list[Record]:
    name = xml_text.local(element)
    if name in ISO:
        return [record(element, base_url)]
    if name in DUBLIN_CORE:
        return [dublin_core.record(element, SOURCE, base_url=base_url)]
    if name == "RDF":
        return _dcat(element, base_url)
    into = Builder("dataset", SOURCE)
    into.refuse(
        "unknown_record",
        _("Une notice de cette page est dans un format qui n’est pas lu (%(name)s)."),
        name=name,
    )
    return [into.record()]


def _dcat(element: Element, base_url: str) -> list[Record]:
    try:
        found, _faults = graph.parse(tostring(element, encoding="utf-8"), base_url)
    except Unreadable as refusal:
        into = Builder("dataset", SOURCE)
        into.blame(refusal.fault)
        return [into.record()]
    return dcat.records_of(found, base_url)
