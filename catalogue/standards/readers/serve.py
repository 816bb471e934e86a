"""Be the child process: import the parsers once, then read each document in a fork.

A fork may open no socket and no file: a parser that tries to fetch a context, a schema or an entity
gets an error from the kernel.
"""

import codecs
import importlib
import json
import logging
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from typing import cast

from catalogue.standards import licences
from catalogue.standards.readers import formats
from catalogue.standards.readers.child import unknown_format
from catalogue.standards.readers.formats import FORMATS
from catalogue.standards.readers.record import Fault, Reading, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import graph, json_text, xml_text, yaml_text
from catalogue.standards.readers.syntax.text import Unreadable
from portal.lib import children

Read = Callable[[bytes, str], Reading]


@cache
def reader(format_: str) -> Read:
    """Give the function that reads a format: (content, base_url) to reading."""
    module = importlib.import_module(f"catalogue.standards.readers.{FORMATS[format_].module}")
    return cast(Read, getattr(module, FORMATS[format_].reads))


def read_here(format_: str, content: bytes, *, base_url: str = "") -> Reading:
    """Read one document without a child; for the child, and for tests of one reader."""
    if format_ not in FORMATS:
        return failed(format_, unknown_format(format_))
    try:
        found = reader(format_)(content, base_url)
    except Unreadable as refusal:
        return failed(format_, refusal.fault)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001  # the one boundary of this process
        return failed(format_, _surprise(error))
    return _bounded(replace(found, format=format_))


def _surprise(error: Exception) -> Fault:
    return fault(
        "reading_failed",
        _("Ce document n’a pas la forme attendue (%(reason)s) : il n’a pas été lu."),
        reason=type(error).__name__,
        fatal=True,
    )


def _bounded(found: Reading) -> Reading:
    if len(found.records) <= formats.RECORDS and len(found.faults) <= formats.FAULTS:
        return found
    more = fault(
        "too_many_records",
        _("Ce document compte plus de %(most)s notices : les premières sont lues."),
        most=formats.RECORDS,
    )
    return replace(
        found,
        records=found.records[: formats.RECORDS],
        faults=(*found.faults[: formats.FAULTS], more),
        complete=False,
    )


def warm_up() -> None:
    """Import all that a fork will need: it may open no file."""
    for format_ in FORMATS:
        reader(format_)
    _run_parsers()


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


def _run_parsers() -> None:
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


def answer(request: bytes, content: bytes) -> bytes:
    """Read a document, in a fork; the request names its format and its address."""
    asked = json.loads(request)
    found = read_here(asked["format"], content, base_url=asked["base_url"])
    return json.dumps(asdict(found), default=sorted, ensure_ascii=False).encode("utf-8", "replace")


if __name__ == "__main__":
    warm_up()
    children.serve(answer, memory_bytes=formats.MEMORY_BYTES)
