"""Read OAI-PMH answers: records in oai_dc or in DCAT, deletions, the token of the next page."""

from xml.etree.ElementTree import Element, tostring

from catalogue.standards.readers import dcat
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Reading, Record
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import dublin_core, graph, xml_text
from catalogue.standards.readers.syntax.text import Unreadable, day, unreadable

SOURCE = "OAI-PMH"
ERRORS = {
    "badArgument": _("la demande porte un paramètre inconnu ou manquant"),
    "badResumptionToken": _("le jeton de la page suivante n’est plus valable"),
    "badVerb": _("le verbe demandé n’existe pas"),
    "cannotDisseminateFormat": _("ce format de notice n’est pas servi par l’entrepôt"),
    "idDoesNotExist": _("cet identifiant n’existe pas"),
    "noRecordsMatch": _("aucune notice ne correspond"),
    "noMetadataFormats": _("cette notice n’a aucun format"),
    "noSetHierarchy": _("l’entrepôt n’a pas d’ensembles"),
}


def read(content: bytes, base_url: str) -> Reading:
    """Read one answer; an answer that lists nothing has no record and no fault."""
    root = xml_text.parse(content)
    if xml_text.local(root) != "OAI-PMH":
        raise unreadable("not_oai", _("Ce XML n’est pas une réponse OAI-PMH : il n’est pas lu."))
    for error in xml_text.elements_at(root, "error"):
        return _error(error)
    verb = next(
        (each for each in root if xml_text.local(each) in ("ListRecords", "GetRecord")), None
    )
    if verb is None and any(xml_text.local(each) == "ListIdentifiers" for each in root):
        raise unreadable(
            "oai_headers_alone",
            _(
                "Cette réponse ListIdentifiers ne donne que les identifiants : "
                "demandez ListRecords pour avoir les notices."
            ),
        )
    if verb is None:
        return Reading()
    records = [_record(each, base_url) for each in xml_text.elements_at(verb, "record")]
    token = xml_text.first(verb, "resumptionToken")
    announced = token.get("completeListSize", "") if token is not None else ""
    return Reading(
        records=tuple(records),
        next_token=xml_text.words(token),
        announced=int(announced) if announced.isdigit() and len(announced) < 10 else None,
    )


def _error(error: Element) -> Reading:
    code = error.get("code", "")
    if code == "noRecordsMatch":  # an answer like another: there is nothing
        return Reading(announced=0)
    said = ERRORS.get(code) or xml_text.words(error) or code
    raise unreadable("oai_error", _("L’entrepôt OAI-PMH répond : %(reason)s."), reason=said)


def _record(element: Element, base_url: str) -> Record:
    header = xml_text.first(element, "header")
    identifier = xml_text.words(xml_text.first(header, "identifier")) if header is not None else ""
    stamp = xml_text.words(xml_text.first(header, "datestamp")) if header is not None else ""
    if header is not None and header.get("status") == "deleted":
        return Record("dataset", identifier, deleted=True, modified=day(stamp))
    metadata = xml_text.first(element, "metadata")
    inner = next(iter(metadata), None) if metadata is not None else None
    if inner is None:
        return _empty(identifier)
    if xml_text.local(inner) == "RDF":
        return _dcat(inner, identifier, base_url)
    return dublin_core.record(inner, SOURCE, identifier=identifier, stamp=stamp, base_url=base_url)


def _empty(identifier: str) -> Record:
    into = Builder("dataset", SOURCE, remote_id=identifier)
    into.refuse("no_metadata", _("Cette notice OAI-PMH est vide : elle n’est pas reprise."))
    return into.record()


def _dcat(element: Element, identifier: str, base_url: str) -> Record:
    try:
        found, _faults = graph.parse(tostring(element, encoding="utf-8"), base_url)
    except Unreadable as refusal:
        into = Builder("dataset", SOURCE, remote_id=identifier)
        into.blame(refusal.fault)
        return into.record()
    for record in dcat.records_of(found, base_url):
        known = {**record.__dict__, "remote_id": identifier or record.remote_id}
        return Record(**known)
    return _empty(identifier)
