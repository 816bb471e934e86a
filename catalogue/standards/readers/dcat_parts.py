"""Read what datasets, services and models of a graph have in common."""

import re

from rdflib import Graph
from rdflib.term import Node

from catalogue.standards import themes
from catalogue.standards.readers import dcat_files, graph
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.graph import ADMS, DC, DCAT, DCT, FOAF, IT6, ORG, OWL, VCARD
from catalogue.standards.readers.text import day, web_address

# Seen in feeds in place of an identifier.
EMPTY_WORDS = frozenset({"todo", "a remplir", "à remplir", "none", "null", "n/a", "xxx"})
ACCESSES = {"PUBLIC": "open", "RESTRICTED": "restricted", "NON_PUBLIC": "restricted"}
MAIL = re.compile(r"^mailto:", re.I)


def start(found: Graph, node: Node, base_url: str, kind: str, source: str) -> Builder:
    """Begin a record: its identity, its title, its texts, its words, who holds it."""
    given = graph.text(found, node, DCT.identifier, ADMS.identifier, DC.identifier)
    identifier = "" if given.lower() in EMPTY_WORDS else given
    landing = graph.objects(found, node, DCAT.landingPage, FOAF.page, DCT.source)
    page = next((url for each in landing if (url := web_address(graph.iri(each), base_url))), "")
    url = page or web_address(graph.iri(node), base_url)
    into = Builder(
        kind, source, remote_id=identifier or graph.relative(node), source_url=url, base=base_url
    )
    titles = graph.spoken(graph.objects(found, node, DCT.title, DC.title))
    into.line("title", str(titles[0]) if titles else "", "dct:title")
    english = next((str(each) for each in titles if str(each.language or "")[:2] == "en"), "")
    if english and titles and english != str(titles[0]):
        into.line("title_en", english, "dct:title@en")
    into.require_title((graph.label(found, node), "rdfs:label"))
    texts = (DCT.description, DCT.abstract, DC.description)
    into.describe(
        graph.text(found, node, *texts),
        "dct:description",
        summary=graph.text(found, node, IT6.shortDescription),
        from_key="it6:shortDescription",
    )
    into.address("homepage_url", url, "dcat:landingPage")
    _words(found, node, into)
    _hold(found, node, into)
    into.modified = day(graph.text(found, node, DCT.modified, DCT.issued))
    return into


def _words(found: Graph, node: Node, into: Builder) -> None:
    words = graph.spoken(graph.objects(found, node, DCAT.keyword, DC.subject))
    best = str(words[0].language or "")[:2] if words else ""
    tags = [str(word) for word in words if str(word.language or "")[:2] in ("", "fr", best)]
    for each in graph.objects(found, node, DCAT.theme):
        tags.append(themes.words(graph.iri(each)) or graph.label(found, each))
    into.tags([tag for tag in tags if not tag.startswith("http")], "dcat:keyword")
    spoken = [
        graph.iri(each) or graph.label(found, each)
        for each in graph.objects(found, node, DCT.language, DC.language)
    ]
    into.language(spoken, "dct:language")
    for each in graph.objects(found, node, DCT.accessRights):
        code = graph.iri(each).rstrip("/").rsplit("/", 1)[-1].upper()
        into.value("access", ACCESSES.get(code), "dct:accessRights")
    for each in graph.objects(found, node, FOAF.page):
        if (
            "homepage_url" not in into.fields
            or graph.iri(each) != into.fields["homepage_url"].value
        ):
            into.address("documentation_url", graph.iri(each), "foaf:page")


def _hold(found: Graph, node: Node, into: Builder) -> None:
    for predicate, key in (
        (DCT.publisher, "dct:publisher"),
        (DCT.rightsHolder, "dct:rightsHolder"),
        (IT6.hasProvider, "it6:hasProvider"),
        (ORG.hasOrganization, "org:hasOrganization"),
        (DCT.creator, "dct:creator"),
    ):
        for each in graph.objects(found, node, predicate):
            into.line("producer_name", graph.label(found, each), key)
    makers = graph.objects(found, node, DCT.creator, DCT.contributor)
    into.list_of("authors", [graph.label(found, each) for each in makers], "dct:creator")
    for each in graph.objects(found, node, DCAT.contactPoint, ADMS.contactPoint):
        reached = graph.objects(found, each, VCARD.hasEmail, VCARD.hasURL)
        address = next((_reach(found, one) for one in reached), "")
        into.line("contact", address or graph.label(found, each), "dcat:contactPoint")
    for each in graph.objects(found, node, DCT.publisher):
        mailbox = next(map(graph.iri, graph.objects(found, each, FOAF.mbox)), "")
        into.line("contact", MAIL.sub("", mailbox), "foaf:mbox", guessed=True)


def _reach(found: Graph, node: Node) -> str:
    told = (
        graph.iri(node)
        or graph.text(found, node, VCARD.value)
        or next(map(graph.iri, graph.objects(found, node, VCARD.value)), "")
    )
    return MAIL.sub("", told)


def licence(found: Graph, node: Node, into: Builder) -> None:
    texts = dcat_files.licence_texts(found, node)
    into.licence(texts, "dct:license")
    if "licences" in into.fields or texts:
        return
    for each in graph.objects(found, node, DCAT.distribution):
        into.licence(dcat_files.licence_texts(found, each), "dcat:distribution › dct:license")


def version(found: Graph, node: Node) -> str:
    """Give the version that a node tells."""
    return graph.text(found, node, DCAT.version, OWL.versionInfo)
