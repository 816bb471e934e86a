"""Import and run once what the parsers load lazily: a confined fork may open no file."""

import codecs
import logging
import warnings

from catalogue.standards import licences
from catalogue.standards.readers import graph, json_text, xml_text, yaml_text

TURTLE = b"@prefix d: <http://www.w3.org/ns/dcat#> . <http://a.example/b> a d:Dataset ."
RDF = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="http://a.example/b"/></rdf:RDF>'
)
LINKED = (
    b'{"@context": {"t": "http://purl.org/dc/terms/title"}, "@id": "http://a.example/b", "t": "x"}'
)
TRIPLES = b'<http://a.example/b> <http://purl.org/dc/terms/title> "x"@fr .'


# Looked up by name when a document announces it.
ENCODINGS = (
    "ascii utf-8 utf-8-sig utf-16 utf-16-le utf-16-be latin-1 iso-8859-1 iso-8859-15 cp1252 idna"
).split()


def warm_up() -> None:
    """Run each parser on a small document."""
    warnings.simplefilter("ignore")
    logging.disable()  # rdflib speaks of each address and date that is none; they are faults here
    for name in ENCODINGS:
        codecs.lookup(name)
    for content in (TURTLE, RDF, LINKED, TRIPLES):
        graph.parse(content, "")
    xml_text.parse(RDF)
    json_text.parse(b"{}")
    yaml_text.parse("a: [1, 2.5, true, null]\n")
    licences.normalise("MIT OR Apache-2.0")
    licences.normalise("not a licence at all")
