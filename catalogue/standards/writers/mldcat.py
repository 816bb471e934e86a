"""MLDCAT-AP 3.1.0: a model as a machine-learning model of the European profile.

Source: SEMIC MLDCAT-AP 3.1.0. A model that lacks a compulsory element is not written as one:
`missing` names what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, XSD

from catalogue.standards import vocabularies as terms
from catalogue.standards.namespaces import DCAT, IT6
from catalogue.standards.published import File, Measure, Published
from catalogue.standards.writers.rdf import Writer, date, new_graph

PROFILE = "https://semiceu.github.io/MLDCAT-AP/releases/3.1.0"
# The questions whose answers say what it is for.
INTENDED = ("intended_purpose", "users", "people_affected")
RISKS = {
    "annex_iii_4a": "Recrutement ou sélection (annexe III, 4 a)",
    "annex_iii_4b": "Conditions de travail, promotion, rupture, tâches (annexe III, 4 b)",
    "annex_iii_3": "Éducation et orientation (annexe III, 3)",
}


@dataclass(frozen=True)
class Training:
    """One set of data that a model learnt from. collected_on: a date, or ""."""

    iri: str
    title: str
    summary: str
    collected_on: str


def trainings(resource: Published) -> tuple[Training, ...]:
    """List what the model learnt from: the rows of its card, then the datasets linked to it."""
    found = []
    for number, row in enumerate(resource.details.get("trained_on", []), 1):
        title = str(row.get("title") or row.get("url") or "")
        address = str(row.get("url") or f"{resource.iri}#apprentissage-{number}")
        text = resource.text("training_data") or title
        found.append(Training(address, title, text, str(row.get("collection_date") or "")))
    known = {each.iri for each in found}
    for other in resource.linked("trained_on"):
        address = other.iri or other.url
        if address not in known and other.url not in known:
            said = other.summary or other.title
            found.append(Training(address, other.title, said, other.collected_on))
    return tuple(each for each in found if each.title and each.iri)


def missing(resource: Published) -> tuple[str, ...]:
    """Name, in order, what keeps a model out of the profile; nothing when it may be written.

    Codes: created, version, files, file_address, file_format, trained_on, collection_date.
    """
    return tuple(_missing(resource))


def _missing(resource: Published) -> Iterator[str]:
    for name in ("created", "version"):
        if not resource.text(name):
            yield name
    if not resource.files:
        yield "files"
    elif any(not _format(file) for file in resource.files):
        yield "file_format"
    learnt = trainings(resource)
    if not learnt:
        yield "collection_date" if resource.text("training_data") else "trained_on"
    elif any(not each.collected_on for each in learnt):
        yield "collection_date"


def document(resource: Published) -> Graph:
    """Describe a model that lacks nothing; raises ValueError when it lacks something."""
    if lacking := missing(resource):
        raise ValueError(f"not a model of the profile: {', '.join(lacking)}")
    graph = new_graph()
    writer = Writer(graph, root=resource.site.root)
    node = _model(writer, resource)
    for file in resource.files:
        writer.add(node, IT6.hasFile, _file(writer, file))
    for learnt in trainings(resource):
        writer.add(node, IT6.trainedOn, _training(writer, resource, learnt))
    _explain(writer, resource, node)
    return graph


def _model(writer: Writer, resource: Published) -> URIRef:
    node = writer.typed(resource.iri, IT6.MachineLearningModel, DCAT.Resource)
    language = resource.language
    writer.add(node, DCTERMS.identifier, resource.public_id)
    writer.words(node, DCTERMS.title, resource.title, language)
    writer.words(node, DCTERMS.description, resource.about, language)
    writer.words(node, IT6.shortDescription, resource.summary, language)
    writer.add(node, DCTERMS.created, date(resource.text("created")))
    writer.add(node, DCTERMS.modified, date(resource.updated) if resource.updated else None)
    writer.add(node, DCAT.version, resource.version)
    for word in resource.keywords:
        writer.words(node, DCAT.keyword, word, language if resource.tags else "fr")
    spoken = (terms.LANGUAGES[code] for code in resource.languages if code in terms.LANGUAGES)
    writer.languages(node, spoken)
    for licence in resource.licences:
        writer.add(node, DCTERMS.license, writer.licence(licence))
    if resource.publisher:
        writer.add(node, IT6.hasProvider, writer.agent(resource.publisher))
    if len(day := resource.text("market_date")) == len("2026-11-24"):
        writer.add(node, IT6.placedOnMarketDate, date(day))
    if number := resource.details.get("parameters"):
        size = Literal(int(number), datatype=XSD.nonNegativeInteger)
        writer.add(node, IT6.totalNumberOfParameters, size)
    if base := resource.text("base_model"):
        writer.words(node, IT6.modelArchitecture, f"Affiné à partir de {base}", language)
    return node


def _file(writer: Writer, file: File) -> URIRef:
    node = writer.typed(file.iri, IT6.File)
    writer.add(node, DCTERMS.identifier, file.name)
    writer.add(node, DCTERMS.title, file.title or file.name)
    writer.add(node, DCTERMS["format"], _format_node(writer, _format(file)))
    address = file.download_url or file.access_url
    writer.add(node, IT6.url, writer.typed(address, DCAT.Resource))
    writer.checksum(node, file.sha256)
    return node


def _format(file: File) -> str:
    return file.format or (file.name.rsplit(".", 1)[-1] if "." in file.name else "")


def _format_node(writer: Writer, name: str) -> URIRef:
    if name.lower() in terms.FORMATS:
        return writer.concept(terms.file_type(name))
    word = "".join(c for c in name.lower() if c.isalnum() or c in "-_.")
    return writer.concept(terms.Term(f"{writer.root}/ressources/?format={word}", "", name))


def _training(writer: Writer, resource: Published, learnt: Training) -> URIRef:
    node = writer.typed(learnt.iri, DCAT.Dataset)
    writer.words(node, DCTERMS.title, learnt.title, resource.language)
    writer.words(node, DCTERMS.description, learnt.summary, resource.language)
    writer.add(node, IT6.collectionDate, date(learnt.collected_on))
    writer.words(node, IT6.dataProvenance, resource.text("training_data"), resource.language)
    return node


def _explain(writer: Writer, resource: Published, node: URIRef) -> None:
    """Add what the card of an employment AI answers."""
    language = resource.language
    excluded = resource.text("excluded_uses")
    limits = [resource.text("limits"), f"À ne pas faire : {excluded}" if excluded else ""]
    used = [resource.text("oversight"), resource.text("explanation"), resource.text("example")]
    groups = [measure for measure in resource.measures if measure.group]
    whole = [measure for measure in resource.measures if not measure.group]
    bias = [resource.text("group_results"), *(sentence(each) for each in groups)]
    for predicate, texts in (
        (IT6.intendedUse, [resource.text(name) for name in INTENDED]),
        (IT6.limitations, limits),
        (IT6.howToUse, used),
        (IT6.bias, bias),
        (IT6.evaluationResults, [sentence(each) for each in whole]),
    ):
        writer.words(node, predicate, "\n".join(filter(None, texts)), language)
    if risk := RISKS.get(resource.text("ai_act_class")):
        writer.add(node, IT6.hasRisk, _risk(writer, resource, risk))


def _risk(writer: Writer, resource: Published, title: str) -> URIRef:
    node = writer.typed(f"{resource.iri}#risque", IT6.HarmRisk)
    writer.words(node, DCTERMS.title, title, "fr")
    said = resource.text("ai_act_reason") or f"Système classé à haut risque : {title}."
    writer.words(node, DCTERMS.description, said, resource.language)
    writer.words(node, IT6.mitigation, resource.text("oversight"), resource.language)
    return node


def sentence(measure: Measure) -> str:
    """Say a measure in one line: « Exactitude : 0.804 [0.792 ; 0.816], n = 1200 »."""
    what = " – ".join(filter(None, (measure.task, measure.metric, measure.group)))
    interval = "" if measure.low is None else f" [{measure.low:g} ; {measure.high:g}]"
    size = f", n = {measure.n}" if measure.n else ""
    return f"{what} : {measure.value:g}{interval}{size}"
