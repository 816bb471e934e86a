"""Replace the remote contexts of JSON-LD by ours: nothing is ever fetched.

A context whose address is unknown is a fault, and counts as empty.
"""

import re
from collections.abc import Mapping
from typing import Any

from catalogue.standards.readers import terms
from catalogue.standards.readers.record import Fault, Json, fault
from catalogue.standards.readers.record import gettext_noop as _

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
        found[name] = (terms.NAMESPACES[prefix] + (local or name), kind or _full(typed))
    return found


def _full(name: str) -> str:
    prefix, _colon, local = name.partition(":")
    return terms.NAMESPACES[prefix] + local if local else ""


def _term(address: str, kind: str, *, spoken: bool = False) -> Json:
    if not kind and not spoken:
        return address
    found: Context = {"@id": address}
    if kind:
        found["@type"] = kind
    if spoken:
        found["@container"] = "@language"
    return found


DCAT_AP_CLASSES = _table(terms.DCAT_AP_CLASSES)
DCAT_AP_PROPERTIES = _table(terms.DCAT_AP_PROPERTIES)
DCAT_US = {**_table(terms.DCAT_US_CLASSES), **_table(terms.DCAT_US_PROPERTIES)}
MLDCAT_CLASSES = _table(terms.MLDCAT_AP_CLASSES)
MLDCAT_PROPERTIES = _table(terms.MLDCAT_AP_PROPERTIES)
MLDCAT_EXCEPTIONS = _table(terms.MLDCAT_AP_EXCEPTIONS)
EOSC_PROPERTIES = _table(terms.EOSC_PROPERTIES)
EOSC_LINK = {"@id": terms.NAMESPACES["it6"] + "hasRepository", "@type": "@id"}


def _dcat_ap() -> Context:
    """Give the terms of DCAT-AP; texts may be written by language."""
    found: Context = {**terms.NAMESPACES}
    for name, (address, kind) in (DCAT_AP_CLASSES | DCAT_AP_PROPERTIES).items():
        found[name] = _term(address, kind, spoken=name in terms.LANGUAGE_MAPS)
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
    found["license"] = {"@id": terms.NAMESPACES["dct"] + "license", "@type": "@id"}
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
            return {**terms.NAMESPACES, **{n: _term(*each) for n, each in DCAT_US.items()}}
        case "schema_org":
            return {"@vocab": terms.NAMESPACES["schema"]}
        case "croissant":
            return {
                "@vocab": "https://schema.org/",
                "sc": "https://schema.org/",
                "cr": "http://mlcommons.org/croissant/",
                "dct": terms.NAMESPACES["dct"],
                "conformsTo": terms.NAMESPACES["dct"] + "conformsTo",
            }
        case _:
            return dict(terms.NAMESPACES)


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
