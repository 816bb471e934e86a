"""Read CSW answers: pages of ISO 19139, DCAT or Dublin Core records; a lone ISO record too."""

from xml.etree.ElementTree import Element, tostring

from catalogue.standards.readers import dcat, dublin_core, graph, iso19139, xml_text
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Fault, Reading, Record, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.text import Unreadable

SOURCE = "CSW"
ISO = ("MD_Metadata", "MI_Metadata")
DUBLIN_CORE = ("Record", "SummaryRecord", "BriefRecord")


def read(content: bytes, base_url: str) -> Reading:
    """Read one answer. `next_token`: position of the next page's first record, "" at the end."""
    root = xml_text.parse(content)
    name = xml_text.local(root)
    if name in ISO:
        return Reading(records=(iso19139.record(root, base_url),))
    if name == "ExceptionReport":
        return failed("csw", _refused(root))
    results = xml_text.first(root, "SearchResults") if name == "GetRecordsResponse" else None
    if name == "GetRecordByIdResponse":
        results = root
    if results is None:
        return failed("csw", _stranger())
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


def _refused(root: Element) -> Fault:
    said = next((xml_text.words(each) for each in xml_text.anywhere(root, "ExceptionText")), "")
    return fault(
        "csw_error",
        _("Le catalogue CSW a refusé la demande : « %(message)s »."),
        fatal=True,
        message=said or "?",
    )


def _stranger() -> Fault:
    return fault("not_csw", _("Ce XML n’est pas une réponse CSW : il n’est pas lu."), fatal=True)


def _records(element: Element, base_url: str) -> list[Record]:
    name = xml_text.local(element)
    if name in ISO:
        return [iso19139.record(element, base_url)]
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
