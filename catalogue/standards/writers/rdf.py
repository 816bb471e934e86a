"""Write graphs: typed nodes, European concepts with their schemes, three serialisations."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable
from typing import Any

from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD
from rdflib.term import Node

from catalogue.standards.namespaces import DCAT, PREFIXES, SPDX, VCARD
from catalogue.standards.published import Agent, Licence, Published
from catalogue.standards.territories import Territory
from catalogue.standards.vocabularies import (
    LICENCE_TITLES,
    SCHEMES,
    Place,
    Term,
    licence_type,
    publisher_type,
)

# Extension: (media type, name of the serialisation in rdflib).
FORMATS = {
    "ttl": ("text/turtle", "turtle"),
    "jsonld": ("application/ld+json", "json-ld"),
    "rdf": ("application/rdf+xml", "xml"),
}
_DATES = {4: XSD.gYear, 7: XSD.gYearMonth, 10: XSD.date}
# What an address may not hold in RDF, though browsers forgive it (RFC 3987, Turtle IRIREF).
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_EMAIL = re.compile(r"^[^\s@]+@[^\s@]+\.[^\s@]+$")


def safe_iri(address: str) -> str:
    """Escape in an address what RDF refuses, so that one bad link never spoils a document."""
    return _NOT_IN_IRI.sub(lambda found: "".join(f"%{b:02X}" for b in found[0].encode()), address)


def iri(address: str) -> URIRef:
    """Make a node of an address."""
    return URIRef(safe_iri(address))


def date(text: str) -> Literal:
    """Type a date by what it says: a year, a month or a day."""
    return Literal(text, datatype=_DATES.get(len(text), XSD.date), normalize=False)


def moment(at: datetime.datetime) -> Literal:
    """Type a moment, to the second."""
    return Literal(at.isoformat(timespec="seconds"), datatype=XSD.dateTime, normalize=False)


def blank(key: str) -> BNode:
    """Make a blank node that has the same name each time, so that a document has one digest."""
    return BNode("n" + hashlib.sha256(key.encode()).hexdigest()[:16])


def new_graph() -> Graph:
    """Start a graph whose prefixes read well."""
    graph = Graph(bind_namespaces="none")
    for prefix, address in PREFIXES.items():
        graph.bind(prefix, address)
    return graph


def serialise(graph: Graph, extension: str) -> bytes:
    """Write a graph as Turtle, JSON-LD or RDF/XML, in UTF-8."""
    options: dict[str, Any] = {"context": PREFIXES} if extension == "jsonld" else {}
    written = graph.serialize(format=FORMATS[extension][1], encoding="utf-8", **options)
    return bytes(written)


class Writer:
    """Adds to a graph, once each, the nodes that several resources share."""

    def __init__(self, graph: Graph, *, root: str) -> None:
        self.graph, self.root = graph, root
        self._seen: set[Node] = set()

    def add(self, subject: Node, predicate: URIRef, *values: Node | str | None) -> None:
        """Add one statement for each value that says something."""
        for value in values:
            if value is None or value == "":
                continue
            node = value if isinstance(value, Node) else Literal(value)
            self.graph.add((subject, predicate, node))

    def words(self, subject: Node, predicate: URIRef, text: str, language: str) -> None:
        """Add a text in a language."""
        if text:
            self.graph.add((subject, predicate, Literal(text, lang=language)))

    def typed(self, address: str, *types: URIRef) -> URIRef:
        """Make a node of an address and say what it is."""
        node = iri(address)
        for each in types:
            self.graph.add((node, RDF.type, each))
        return node

    def concept(self, term: Term | Place, *types: URIRef) -> URIRef:
        """Make a concept with its label and its scheme."""
        node = self.typed(term.iri, *types, SKOS.Concept)
        if node not in self._seen:
            self._seen.add(node)
            self.words(node, SKOS.prefLabel, term.label, "fr")
            if term.scheme:
                self.add(node, SKOS.inScheme, self.scheme(term.scheme))
        return node

    def scheme(self, address: str) -> URIRef:
        """Make a concept scheme with its title."""
        node = self.typed(address, SKOS.ConceptScheme)
        if node not in self._seen:
            self._seen.add(node)
            self.words(node, DCTERMS.title, SCHEMES.get(address, "Nature des producteurs"), "fr")
        return node

    def place(self, place: Place) -> URIRef:
        """Make a place with its box and its centre."""
        types = (DCTERMS.Location,)
        node = self.concept(place, *types) if place.scheme else self.typed(place.iri, *types)
        if (node, DCAT.bbox, None) not in self.graph:
            if not place.scheme:
                self.words(node, SKOS.prefLabel, place.label, "fr")
            self.add(node, DCAT.bbox, place.box)
            self.add(node, DCAT.centroid, place.centre)
        return node

    def territory(self, found: Territory, named: str) -> URIRef:
        """Make a territory with its kind and code. named: its address where it has no code.

        A concept that a coverage names, not a Location: profiles want those of the European tables
        alone, each with a box that nobody gave us.
        """
        coded = f"{self.root}/ressources/#{found.kind}-{found.code}"
        node = self.typed(coded if found.kind and found.code else named, SKOS.Concept)
        self.words(node, SKOS.prefLabel, found.text, "fr")
        if found.code:
            self.add(node, SKOS.notation, found.code)
        return node

    def agent(self, agent: Agent) -> URIRef:
        """Make an agent with its name and its nature."""
        node = self.typed(agent.iri, FOAF.Agent)
        if node not in self._seen:
            self._seen.add(node)
            self.words(node, FOAF.name, agent.name, "fr")
            self.add(node, DCTERMS.type, self.concept(publisher_type(agent.kind, root=self.root)))
            if agent.homepage:
                self.add(node, FOAF.homepage, self.typed(agent.homepage, FOAF.Document))
        return node

    def licence(self, licence: Licence) -> URIRef:
        """Make the document of a licence, of its kind."""
        node = self.typed(licence.url, DCTERMS.LicenseDocument)
        if node not in self._seen:
            self._seen.add(node)
            name = LICENCE_TITLES.get(licence.identifier, licence.label)
            self.words(node, RDFS.label, name, "fr")
            self.words(node, DCTERMS.title, name, "fr")  # CKAN looks for it in its own list
            self.add(node, DCTERMS.identifier, licence.identifier)
            self.add(node, DCTERMS.type, self.concept(licence_type(licence.identifier)))
        return node

    def licence_of(self, resource: Published) -> URIRef:
        """Give the licence of a resource, or a document that says what is not confirmed."""
        if resource.licence_status == "declared" and resource.licences:
            return self.licence(resource.licences[0])
        node = self.typed(f"{resource.iri}#licence", DCTERMS.LicenseDocument)
        known = {"none": "Aucune licence", "not_applicable": "Sans objet"}
        said = known.get(resource.licence_status, "Licence à confirmer")
        note = f" : {resource.licence_note}" if resource.licence_note else ""
        self.words(node, RDFS.label, said + note, "fr")
        self.add(node, DCTERMS.type, self.concept(licence_type("")))
        return node

    def contact(self, resource: Published) -> URIRef:
        """Make the contact of a resource: its own, else its page or that of the portal."""
        node = self.typed(f"{resource.iri}#contact", VCARD.Kind, VCARD.Organization)
        name = resource.publisher.name if resource.publisher else resource.site.name
        self.words(node, VCARD.fn, name, "fr")
        said = resource.contact
        if _EMAIL.match(said):
            self.add(node, VCARD.hasEmail, iri(f"mailto:{said}"))
        elif said.startswith(("http://", "https://")):
            self.add(node, VCARD.hasURL, iri(said))
        else:
            self.words(node, VCARD.note, said, "fr")
            self.add(node, VCARD.hasURL, iri(resource.homepage_url or resource.page))
        return node

    def checksum(self, subject: Node, sha256: str, *, terms: Namespace = SPDX) -> None:
        """Add a SHA-256, when it is one. terms: where the profile looks for algorithms."""
        if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
            return
        node = blank(f"{subject} {sha256}")
        algorithm = self.typed(str(terms.checksumAlgorithm_sha256), SPDX.ChecksumAlgorithm)
        self.graph.add((node, RDF.type, SPDX.Checksum))
        self.add(node, SPDX.algorithm, algorithm)
        value = Literal(sha256.lower(), datatype=XSD.hexBinary, normalize=False)
        self.add(node, SPDX.checksumValue, value)
        self.add(subject, SPDX.checksum, node)

    def languages(self, subject: Node, terms: Iterable[Term]) -> None:
        """Add the languages of a thing."""
        for term in terms:
            self.add(subject, DCTERMS.language, self.concept(term, DCTERMS.LinguisticSystem))
