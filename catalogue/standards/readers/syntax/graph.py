"""Read RDF of strangers: Turtle, RDF/XML and JSON-LD, whose remote contexts are ours."""

import json
import re
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXParseException

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.exceptions import ParserError
from rdflib.namespace import DC as DC
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS
from rdflib.namespace import FOAF as FOAF
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Identifier, Node

from catalogue.standards.namespaces import SCHEMA, SCHEMAS, VCARD
from catalogue.standards.readers.record import Fault, Json, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import json_text, xml_text
from catalogue.standards.readers.syntax.shapes import FOLDER
from catalogue.standards.readers.syntax.text import decoded, one_line, unreadable

TERMS = tomllib.loads((FOLDER / "contexts.toml").read_text("utf-8"))
NAMESPACES: dict[str, str] = TERMS["namespaces"]
# Terms that the examples of DCAT-AP give a language map.
LANGUAGE_MAPS = frozenset({"title", "description"})


Context = dict[str, Any]

KNOWN = (
    ("eosc", re.compile(r"eosc[-_]mldcat", re.I)),
    ("mldcat", re.compile(r"MLDCAT-AP", re.I)),
    ("dcat_ap", re.compile(r"semiceu\.github\.io/.*DCAT-AP|data\.europa\.eu/.*dcat-ap", re.I)),
    ("dcat_us", re.compile(r"project-open-data\.cio\.gov|resources\.data\.gov")),
    ("schema_org", re.compile(r"^https?://(?:www\.)?schema\.org(?:/|$)")),
    ("croissant", re.compile(r"mlcommons\.org/(?:croissant|schema)")),
    ("dcat", re.compile(r"www\.w3\.org/ns/dcat")),
)
QUALIFIED = re.compile(r"^([A-Za-z]\w*)\.([A-Za-z]\w*)$")
MOST_VALUES = 200_000


def _table(text: str) -> dict[str, tuple[str, str]]:
    """Read a table of terms: name to (address, type)."""
    found: dict[str, tuple[str, str]] = {}
    prefix = ""
    for word in text.split():
        if re.fullmatch(r"\w+:", word):
            prefix = word[:-1]
            continue
        kind = "@id" if word.endswith("@") else ""
        word, _caret, typed = word.removesuffix("@").partition("^")
        name, _equal, local = word.partition("=")
        found[name] = (NAMESPACES[prefix] + (local or name), kind or _full(typed))
    return found


def _full(name: str) -> str:
    prefix, _colon, local = name.partition(":")
    return NAMESPACES[prefix] + local if local else ""


def _term(address: str, kind: str, *, spoken: bool = False) -> Json:
    if not kind and not spoken:
        return address
    found: Context = {"@id": address}
    if kind:
        found["@type"] = kind
    if spoken:
        found["@container"] = "@language"
    return found


DCAT_AP_CLASSES = _table(TERMS["dcat_ap_classes"])
DCAT_AP_PROPERTIES = _table(TERMS["dcat_ap_properties"])
DCAT_US = {**_table(TERMS["dcat_us_classes"]), **_table(TERMS["dcat_us_properties"])}
MLDCAT_CLASSES = _table(TERMS["mldcat_ap_classes"])
MLDCAT_PROPERTIES = _table(TERMS["mldcat_ap_properties"])
MLDCAT_EXCEPTIONS = _table(TERMS["mldcat_ap_exceptions"])
EOSC_PROPERTIES = _table(TERMS["eosc_properties"])
EOSC_LINK = {"@id": NAMESPACES["it6"] + "hasRepository", "@type": "@id"}


def _dcat_ap() -> Context:
    """Give the terms of DCAT-AP; texts may be written by language."""
    found: Context = {**NAMESPACES}
    for name, (address, kind) in (DCAT_AP_CLASSES | DCAT_AP_PROPERTIES).items():
        found[name] = _term(address, kind, spoken=name in LANGUAGE_MAPS)
    return found


def _mldcat(keys: frozenset[str]) -> Context:
    """Give the terms of MLDCAT-AP that a document uses: Class, and Class.property."""
    found: Context = {name: address for name, (address, _kind) in MLDCAT_CLASSES.items()}
    for key in keys:
        named = QUALIFIED.match(key)
        if named and named[2] in MLDCAT_PROPERTIES:
            found[key] = _term(*MLDCAT_EXCEPTIONS.get(key, MLDCAT_PROPERTIES[named[2]]))
    return found


def _eosc(keys: frozenset[str]) -> Context:
    """Give the plain keys that the European Open Science Cloud writes for MLDCAT-AP.

    Source: the context of the EOSC pilot of MLDCAT-AP, release 3.1.0.
    """
    found: Context = {**_mldcat(keys), **dict.fromkeys(("dates", "links"), "@nest")}
    for name, (address, kind) in EOSC_PROPERTIES.items():
        found[name] = _term(address, kind)
    hub = {"@base": "https://hub.docker.com/r/"}
    licence = {"@base": "http://publications.europa.eu/resource/authority/licence/"}
    found["docker_image"] = {**EOSC_LINK, "@context": hub}
    found["license"] = {"@id": NAMESPACES["dct"] + "license", "@type": "@id"}
    found["license"]["@context"] = licence
    return {"@version": 1.1, **found, "type": "@type", "uri": "@id"}


def _context(name: str, keys: frozenset[str]) -> Context:
    match name:
        case "eosc":
            return _eosc(keys)
        case "mldcat":
            return _mldcat(keys)
        case "dcat_ap":
            return _dcat_ap()
        case "dcat_us":
            return {**NAMESPACES, **{n: _term(*each) for n, each in DCAT_US.items()}}
        case "schema_org":
            return {"@vocab": NAMESPACES["schema"]}
        case "croissant":
            return {
                "@vocab": "https://schema.org/",
                "sc": "https://schema.org/",
                "cr": "http://mlcommons.org/croissant/",
                "dct": NAMESPACES["dct"],
                "conformsTo": NAMESPACES["dct"] + "conformsTo",
            }
        case _:
            return dict(NAMESPACES)


def localise(document: Json) -> tuple[Json, list[Fault]]:
    """Give the document with every remote context replaced, and a fault for each unknown one."""
    keys = frozenset(_keys(document))
    unknown: list[str] = []
    found = _walk(document, keys, unknown)
    faults = [
        fault(
            "remote_context",
            _(
                "Le contexte JSON-LD « %(url)s » n’est pas connu ici et n’a pas été téléchargé : "
                "ce qu’il définit n’est pas lu."
            ),
            place="@context",
            url=url,
        )
        for url in dict.fromkeys(unknown)
    ]
    return found, faults[:10]


def _keys(document: Json) -> set[str]:
    keys: set[str] = set()
    waiting, seen = [document], 0
    while waiting and seen < MOST_VALUES:
        each = waiting.pop()
        seen += 1
        if isinstance(each, Mapping):
            keys |= set(map(str, each))
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return keys


def _walk(value: Json, keys: frozenset[str], unknown: list[str]) -> Json:
    if isinstance(value, list):
        return [_walk(each, keys, unknown) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _replaced(each, keys, unknown) if key == "@context" else _walk(each, keys, unknown)
        for key, each in value.items()
    }


def _replaced(context: Json, keys: frozenset[str], unknown: list[str]) -> Json:
    if isinstance(context, str):
        name = next((code for code, rule in KNOWN if rule.search(context)), "")
        if not name:
            unknown.append(context)
            return {}
        return _context(name, keys)
    if isinstance(context, list):
        return [_replaced(each, keys, unknown) for each in context]
    if not isinstance(context, Mapping):
        return context
    own = {key: _inner(each, keys, unknown) for key, each in context.items() if key != "@import"}
    imported = context.get("@import")
    if isinstance(imported, str):
        return {**_mapping(_replaced(imported, keys, unknown)), **own}
    return own


def _inner(term: Json, keys: frozenset[str], unknown: list[str]) -> Json:
    """A term may carry a context of its own."""
    if isinstance(term, Mapping) and "@context" in term:
        return {**term, "@context": _replaced(term["@context"], keys, unknown)}
    return term


def _mapping(value: Json) -> Context:
    return dict(value) if isinstance(value, Mapping) else {}


DCT = DCTERMS
FORMAT = URIRef("http://purl.org/dc/terms/format")  # DCTERMS.format is a method of text

# What stands for the unknown address of a document: relative addresses stay recognisable.
NO_BASE = "http://relative.invalid/"
UNBOUND = re.compile(r'Prefix "([\w.-]*):" not bound')
BAD_IRI = re.compile(r"[\s<>\"{}|\\^`]")
MOST_BAD = 20
LABELS = (
    RDFS.label,
    SKOS.prefLabel,
    DCT.title,
    DC.title,
    FOAF.name,
    VCARD.fn,
    SCHEMA.name,
    SCHEMAS.name,
    RDFS.comment,
)


def parse(content: bytes, base_url: str) -> tuple[Graph, list[Fault]]:
    """Parse a document; raises Unreadable with the line. Returns what is wrong but not fatal."""
    base = base_url or NO_BASE
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    graph = Graph(bind_namespaces="none")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdflib warns of its own future
        faults = _fill(graph, content, start, base)
    return graph, faults + list(_wrong(graph))


def _fill(graph: Graph, content: bytes, start: bytes, base: str) -> list[Fault]:
    if start in (b"{", b"["):
        document, faults = localise(json_text.parse(content))
        _json(graph, json.dumps(document), base)
        return faults
    if (start == b"<" and b"<rdf:" in content[:20_000]) or content.lstrip()[:5] == b"<?xml":
        xml_text.parse(content)
        _xml(graph, content, base)
    else:
        _turtle(graph, decoded(content), base)
    return []


def _json(graph: Graph, text: str, base: str) -> None:
    try:
        graph.parse(data=text, format="json-ld", publicID=base)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise unreadable(
            "invalid_json_ld",
            _("Ce JSON-LD n’est pas bien formé (%(reason)s) : il n’est pas lu."),
            reason=type(error).__name__,
        ) from error


def _xml(graph: Graph, content: bytes, base: str) -> None:
    try:
        graph.parse(data=content, format="xml", publicID=base)
    except (SAXParseException, ParserError, ValueError, AssertionError) as error:
        line = error.getLineNumber() if isinstance(error, SAXParseException) else None
        raise unreadable(
            "invalid_rdf_xml", _("Ce RDF/XML n’est pas bien formé : il n’est pas lu."), line=line
        ) from error


def _turtle(graph: Graph, text: str, base: str) -> None:
    try:
        graph.parse(data=text, format="turtle", publicID=base)
    except BadSyntax as error:
        found = UNBOUND.search(str(error))
        line = error.lines + 1
        if found:
            raise unreadable(
                "turtle_prefix",
                _("Turtle : le préfixe « %(prefix)s: » n’est pas déclaré."),
                line=line,
                prefix=found[1],
            ) from error
        raise unreadable(
            "invalid_turtle", _("Turtle : la syntaxe est incorrecte."), line=line
        ) from error
    except (ValueError, AssertionError, IndexError) as error:
        raise unreadable("invalid_turtle", _("Turtle : la syntaxe est incorrecte.")) from error


def _wrong(graph: Graph) -> Iterator[Fault]:
    """Note addresses that are none and dates that lie about their type; neither is fatal."""
    seen: set[str] = set()
    for triple in graph:
        for node in triple:
            if len(seen) >= MOST_BAD:
                return
            text = str(node)
            if text in seen:
                continue
            if isinstance(node, URIRef) and BAD_IRI.search(text):
                seen.add(text)
                yield fault("invalid_uri", _("« %(uri)s » n’est pas une adresse valide."), uri=text)
            elif isinstance(node, Literal) and _is_false_date(node):
                seen.add(text)
                yield fault(
                    "invalid_date",
                    _("« %(value)s » est annoncé comme une date complète et n’en est pas une."),
                    value=text,
                )


def _is_false_date(node: Literal) -> bool:
    kind = str(node.datatype or "").rsplit("#", 1)[-1]
    if kind == "date":
        return re.match(r"^-?\d{4}-\d\d-\d\d", str(node)) is None
    return kind == "dateTime" and re.match(r"^-?\d{4}-\d\d-\d\dT", str(node)) is None


@dataclass(frozen=True)
class Thing:
    """A node of a graph, and what the graph says of it."""

    graph: Graph
    node: Node

    def all(self, *predicates: Identifier) -> list["Thing"]:
        """List the values of some predicates, the first predicate first, in a stable order.

        Blank nodes are named anew at each reading: they are ordered by what they say.
        """
        return [
            Thing(self.graph, each)
            for predicate in predicates
            for each in sorted(
                self.graph.objects(self.node, predicate), key=lambda one: _order(self.graph, one)
            )
        ]

    def spoken(self, *predicates: Identifier) -> list[Literal]:
        """List the texts of some predicates: French, then without language, then English."""
        order = {"fr": 0, "": 1, "en": 2}
        literals = [each.node for each in self.all(*predicates) if isinstance(each.node, Literal)]
        return sorted(
            literals, key=lambda one: (order.get(str(one.language or "")[:2], 3), str(one.language))
        )

    def text(self, *predicates: Identifier) -> str:
        """Give the best text among the values of some predicates, one predicate after the other."""
        texts = (str(each).strip() for one in predicates for each in self.spoken(one))
        return next(filter(None, texts), "")

    def address(self, *predicates: Identifier) -> str:
        """Give the address of the first value of some predicates."""
        return next((each.iri for each in self.all(*predicates)), "")

    @property
    def label(self) -> str:
        """Name it: its own text, its label, or nothing."""
        told = str(self.node) if isinstance(self.node, Literal) else self.text(*LABELS)
        return one_line(told)

    @property
    def iri(self) -> str:
        """Give its address, "" for a blank node or one without base."""
        told = str(self.node) if isinstance(self.node, URIRef | Literal) else ""
        return "" if told.startswith(NO_BASE) else told

    @property
    def name(self) -> str:
        """Name it by its label, else by its address."""
        return self.label or self.iri

    @property
    def relative(self) -> str:
        """Give its name in its document: its address, without what stands for no base."""
        return str(self.node).removeprefix(NO_BASE) if isinstance(self.node, URIRef) else ""


def things(graph: Graph, *classes: Identifier) -> list[Thing]:
    """List the things of some classes, named ones first, in a stable order."""
    nodes = {each for kind in classes for each in graph.subjects(RDF.type, kind)}
    order = sorted(nodes, key=lambda node: (isinstance(node, BNode), _order(graph, node)))
    return [Thing(graph, node) for node in order]


def _order(graph: Graph, node: Node, depth: int = 2) -> str:
    """Give a text by which nodes are ordered, the same at each reading of a document."""
    if not isinstance(node, BNode):
        return str(node)
    if depth == 0:
        return "_:"
    told = graph.predicate_objects(node)
    return "_:" + " ".join(sorted(f"{p} {_order(graph, o, depth - 1)}" for p, o in told))
