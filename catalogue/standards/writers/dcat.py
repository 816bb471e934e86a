"""DCAT-AP 3.0.1: datasets, data services, their records, the catalogue and its pages.

Source: SEMIC DCAT-AP 3.0.1. Learned by running the harvesters of CKAN and udata: periods are blank
nodes, formats and licences are nodes, every node referred to is typed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, XSD

from catalogue.standards import vocabularies as terms
from catalogue.standards.namespaces import ADMS, DCAT, DCATAP, HYDRA, SPDX_SECURE
from catalogue.standards.published import File, Licence, Published, Site, first_day, last_day
from catalogue.standards.writers.rdf import (
    Writer,
    blank,
    date,
    iri,
    moment,
    new_graph,
)

PROFILE = "https://semiceu.github.io/DCAT-AP/releases/3.0.1"
HTTP = "https://www.rfc-editor.org/rfc/rfc9110"
PAGE_SIZE = 100


@dataclass(frozen=True)
class Page:
    """One page of a collection. base: its address without a page number; numbers from 1."""

    base: str
    number: int
    last: int
    total: int

    def address(self, number: int) -> str:
        """Give the address of a page of the same collection."""
        joined = "&" if "?" in self.base else "?"
        return f"{self.base}{joined}page={number}"


def is_described(resource: Published) -> bool:
    """Say whether DCAT-AP has a word for it: a dataset, or an interface that serves data."""
    return resource.kind == "dataset" or is_service(resource)


def is_service(resource: Published) -> bool:
    """Say whether it is an interface with an address."""
    return resource.kind == "technology" and resource.subtype == "api" and bool(_endpoint(resource))


def document(resource: Published) -> Graph:
    """Describe one dataset or service, with its record."""
    graph = new_graph()
    writer = Writer(graph, root=resource.site.root)
    _describe(writer, resource)
    return graph


def catalogue(
    site: Site,
    resources: Sequence[Published],
    page: Page,
    *,
    issued: datetime.datetime | None,
    modified: datetime.datetime | None,
) -> Graph:
    """Describe the catalogue and one page of what it holds, with the way to the others.

    issued, modified: when its first resource was published, when its last one changed.
    """
    graph = new_graph()
    writer = Writer(graph, root=site.root)
    node = _catalogue(writer, site)
    for predicate, at in ((DCTERMS.issued, issued), (DCTERMS.modified, modified)):
        if at:
            writer.add(node, predicate, moment(at))
    for resource in resources:
        described, record = _describe(writer, resource)
        holds = DCAT.service if is_service(resource) else DCAT.dataset
        writer.add(node, holds, described)
        writer.add(node, DCAT.record, record)
    _paging(writer, page)
    return graph


def _catalogue(writer: Writer, site: Site) -> URIRef:
    node = writer.typed(f"{site.root}/catalogue", DCAT.Catalog)
    writer.words(node, DCTERMS.title, site.name, "fr")
    writer.words(node, DCTERMS.description, site.description, "fr")
    writer.add(node, DCTERMS.publisher, writer.agent(site.publisher))
    writer.languages(node, [terms.LANGUAGES["fr"]])
    licence = Licence("etalab-2.0", "Licence Ouverte 2.0", True)
    writer.add(node, DCTERMS.license, writer.licence(licence))
    writer.add(node, DCTERMS.spatial, writer.place(terms.REGION))
    writer.add(node, FOAF.homepage, writer.typed(f"{site.root}/", FOAF.Document))
    writer.add(node, DCAT.themeTaxonomy, writer.scheme(f"{terms.EU}/data-theme"))
    return node


def _paging(writer: Writer, page: Page) -> None:
    node = writer.typed(
        page.address(page.number), HYDRA.PartialCollectionView, HYDRA.PagedCollection
    )
    ways = {"first": 1, "last": page.last}
    if page.number < page.last:
        ways["next"] = page.number + 1
    if page.number > 1:
        ways["previous"] = page.number - 1
    for name, number in ways.items():
        # The second name is that of the draft of Hydra, which CKAN still reads.
        for term in (name, f"{name}Page"):
            writer.add(node, HYDRA[term], iri(page.address(number)))
    for name, count in (("totalItems", page.total), ("itemsPerPage", PAGE_SIZE)):
        writer.add(node, HYDRA[name], Literal(count))


def _describe(writer: Writer, resource: Published) -> tuple[URIRef, URIRef]:
    node = _service(writer, resource) if is_service(resource) else _dataset(writer, resource)
    return node, _record(writer, resource, node)


def _record(writer: Writer, resource: Published, about: URIRef) -> URIRef:
    node = writer.typed(f"{resource.iri}#notice", DCAT.CatalogRecord)
    writer.add(node, FOAF.primaryTopic, about)
    writer.add(node, DCTERMS.issued, moment(resource.issued))
    writer.add(node, DCTERMS.modified, moment(resource.modified))
    writer.add(node, DCTERMS.conformsTo, writer.typed(PROFILE, DCTERMS.Standard))
    status = terms.OUTDATED if resource.is_archived else terms.CURRENT
    writer.add(node, ADMS.status, writer.concept(status))
    writer.languages(node, [terms.LANGUAGES.get(resource.language, terms.LANGUAGES["fr"])])
    return node


def _common(writer: Writer, resource: Published, node: URIRef) -> None:
    """Say what datasets and services share."""
    language = resource.language
    writer.words(node, DCTERMS.title, resource.title, language)
    if resource.title_en and language != "en":
        writer.words(node, DCTERMS.title, resource.title_en, "en")
    writer.words(node, DCTERMS.description, resource.about, language)
    for word in resource.keywords:  # without tags, those are words of ours
        writer.words(node, DCAT.keyword, word, language if resource.tags else "fr")
    writer.add(node, DCTERMS.identifier, resource.public_id)
    writer.add(node, DCTERMS.publisher, writer.agent(resource.publisher or resource.site.publisher))
    writer.add(node, DCAT.contactPoint, writer.contact(resource))
    for theme in _themes(resource):
        writer.add(node, DCAT.theme, writer.concept(theme))
    rights = terms.ACCESS_RIGHTS[resource.access]
    writer.add(node, DCTERMS.accessRights, writer.concept(rights, DCTERMS.RightsStatement))
    writer.add(node, DCAT.landingPage, writer.typed(resource.page, FOAF.Document))
    if resource.documentation_url:
        page = writer.typed(resource.documentation_url, FOAF.Document)
        writer.add(node, FOAF.page, page)


def _themes(resource: Published) -> Iterable[terms.Term]:
    found = {terms.POPULATION}
    found |= {
        terms.THEMES_OF_USE_CASES[code]
        for code in resource.use_cases
        if code in terms.THEMES_OF_USE_CASES
    }
    return sorted(found)


def _dataset(writer: Writer, resource: Published) -> URIRef:
    node = writer.typed(resource.iri, DCAT.Dataset, DCAT.Resource)
    _common(writer, resource, node)
    for predicate, day in (
        (DCTERMS.issued, resource.released),
        (DCTERMS.modified, resource.updated),
    ):
        writer.add(node, predicate, date(day) if day else None)
    frequency = terms.FREQUENCIES[resource.text("update_frequency") or "unknown"]
    kind = DCTERMS.Frequency
    writer.add(node, DCTERMS.accrualPeriodicity, writer.concept(frequency, kind))
    spoken = (terms.LANGUAGES[code] for code in resource.languages if code in terms.LANGUAGES)
    writer.languages(node, spoken)
    place = terms.place_of(resource)
    writer.add(node, DCTERMS.spatial, writer.place(place) if place else None)
    for number, territory in enumerate(resource.places, 1):
        named = f"{resource.iri}#territoire-{number}"
        writer.add(node, DCTERMS.coverage, writer.territory(territory, named))
    if resource.period:
        writer.add(node, DCTERMS.temporal, _period(writer, resource.iri, *resource.period))
    if version := resource.version:
        writer.add(node, DCAT.version, version)
    if (standard := resource.text("schema")).startswith(("http://", "https://")):
        writer.add(node, DCTERMS.conformsTo, writer.typed(standard, DCTERMS.Standard))
    for other in resource.references:
        if other.relation in {"derived_from", "part_of", "documents"} and other.iri:
            writer.add(node, DCTERMS.relation, iri(other.iri))
    for whole in resource.series:
        series = _dataset(writer, whole)
        writer.add(series, RDF.type, DCAT.DatasetSeries)
        writer.add(node, DCAT.inSeries, series)
    for file in resource.files or (_landing(resource),):
        writer.add(node, DCAT.distribution, _distribution(writer, resource, file))
    return node


def _period(writer: Writer, of: str, start: str, end: str) -> BNode:
    node = blank(f"{of} {start} {end}")
    writer.graph.add((node, RDF.type, DCTERMS.PeriodOfTime))
    # Whole days: harvesters complete a year or a month with the day of today.
    writer.add(node, DCAT.startDate, date(first_day(start)))
    writer.add(node, DCAT.endDate, date(last_day(end)))
    return node


def _landing(resource: Published) -> File:
    """Give the page where one finds or asks for what has no file here."""
    address = resource.homepage_url or resource.repository_url or resource.page
    title = "Demander l’accès" if resource.is_restricted else "Page du jeu de données"
    return File(f"{resource.iri}#acces", title, address, format="html")


def _distribution(writer: Writer, resource: Published, file: File) -> URIRef:
    node = writer.typed(file.iri, DCAT.Distribution)
    language = resource.language
    name = file.title or file.name
    writer.words(node, DCTERMS.title, name, language if resource.files else "fr")
    ours = f"{name} ({file.format or 'fichier'}) de « {resource.title} »"
    writer.words(node, DCTERMS.description, file.description, language)
    writer.words(node, DCTERMS.description, "" if file.description else ours, "fr")
    writer.add(node, DCAT.accessURL, writer.typed(file.access_url, RDFS.Resource))
    if file.download_url:
        writer.add(node, DCAT.downloadURL, writer.typed(file.download_url, RDFS.Resource))
    kind = writer.concept(terms.file_type(file.format), DCTERMS.MediaTypeOrExtent)
    writer.add(node, DCTERMS["format"], kind)
    if media := terms.media_type(file.format, file.media_type):
        address = f"{terms.IANA}/{media}"
        media_node = writer.typed(address, DCTERMS.MediaType, DCTERMS.MediaTypeOrExtent)
        writer.add(node, DCAT.mediaType, media_node)
    own = Licence(file.licence, file.licence, False) if file.licence else None
    licence = writer.licence(own) if own else writer.licence_of(resource)
    writer.add(node, DCTERMS.license, licence)
    rights = terms.ACCESS_RIGHTS[file.access or resource.access]
    writer.add(node, DCTERMS.rights, writer.concept(rights, DCTERMS.RightsStatement))
    for predicate, told in (
        (DCATAP.availability, terms.AVAILABILITIES.get(resource.lifecycle)),
        (ADMS.status, terms.STATUSES.get(resource.lifecycle)),
    ):
        writer.add(node, predicate, writer.concept(told) if told else None)
    if file.size_bytes is not None:
        size = Literal(file.size_bytes, datatype=XSD.nonNegativeInteger)
        writer.add(node, DCAT.byteSize, size)
    writer.checksum(node, file.sha256, terms=SPDX_SECURE)
    return node


def _service(writer: Writer, resource: Published) -> URIRef:
    node = writer.typed(resource.iri, DCAT.DataService, DCAT.Resource)
    _common(writer, resource, node)
    endpoint = _endpoint(resource)
    writer.add(node, DCAT.endpointURL, writer.typed(endpoint, RDFS.Resource))
    told = resource.documentation_url or resource.homepage_url or resource.page
    writer.add(node, DCAT.endpointDescription, writer.typed(told, RDFS.Resource))
    writer.add(node, DCTERMS.license, writer.licence_of(resource))
    json = writer.concept(terms.file_type("json"), DCTERMS.MediaTypeOrExtent)
    writer.add(node, DCTERMS["format"], json)
    standards = [each for each in resource.details.get("standards", []) if "://" in str(each)]
    for standard in standards or [HTTP]:
        writer.add(node, DCTERMS.conformsTo, writer.typed(str(standard), DCTERMS.Standard))
    for served in resource.served:
        writer.add(node, DCAT.servesDataset, _dataset(writer, served))
    return node


def _endpoint(resource: Published) -> str:
    return resource.text("endpoint_url") or resource.homepage_url
