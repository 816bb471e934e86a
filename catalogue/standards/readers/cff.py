"""Read CITATION.cff 1.2.0: a file outside its standard is refused, each fault named.

Source: Citation File Format schema guide 1.2.0, https://doi.org/10.5281/zenodo.5171937.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from catalogue.standards import licences
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Json, Reading
from catalogue.standards.readers.syntax import shapes, yaml_text
from catalogue.standards.readers.syntax.json_text import items, mapping
from catalogue.standards.readers.syntax.shapes import Schema, Shape, Wrong, load
from catalogue.standards.readers.syntax.text import day, decoded, one_line


def licence(value: Json, place: str, _schema: Schema) -> Iterator[Wrong]:
    """Ask for one SPDX identifier, not an expression."""
    known = isinstance(value, str) and licences.read_expression(value)
    if not known or not known.is_known or len(str(value).split()) != 1:
        yield Wrong(place, "shape_choice", {"value": value})


CITATION = Shape(load("cff"), {"spdx-identifier": licence})
SOURCE = "CITATION.cff"


def read(content: bytes, base_url: str) -> Reading:
    """Read one citation file."""
    data, lines = yaml_text.parse(decoded(content))
    kind = "dataset" if data.get("type") == "dataset" else "algorithm"
    into = Builder(kind, SOURCE, remote_id=str(data.get("doi") or ""), base=base_url)
    into.faults.extend(shapes.faults(CITATION.check(data), lines, fatal=True))
    into.line("title", data.get("title"), "title")
    into.describe(data.get("abstract"), "abstract")
    people = [mapping(each) for each in items(data.get("authors"))]
    into.list_of("authors", [_name(each) for each in people], "authors")
    holder = next((each.get("name") for each in people if each.get("name")), "")
    into.line("producer_name", holder, "authors.name")
    into.line(
        "producer_name",
        next((each.get("affiliation") for each in people if each.get("affiliation")), ""),
        "authors.affiliation",
        guessed=True,
    )
    reached = [mapping(each) for each in items(data.get("contact"))] + people
    into.line(
        "contact",
        next((each.get("email") or each.get("website") for each in reached if _reach(each)), ""),
        "contact",
        guessed=True,
    )
    _addresses(data, into)
    into.tags(items(data.get("keywords")), "keywords")
    # Several licences are a choice: the format says so.
    told = [str(each) for each in items(data.get("license")) if each]
    into.licence([" OR ".join(told)] if told else [data.get("license-url")], "license")
    into.modified = day(data.get("date-released"))
    if kind == "dataset":
        into.date("last_update", data.get("date-released"), "date-released")
        into.untold |= {"update_frequency", "temporal_coverage", "territories", "distributions"}
    else:
        into.line("version", data.get("version"), "version")
        into.line("paper", data.get("doi"), "doi")
    if not into.record().refused:
        into.require_title()
    return Reading(records=(into.record(),))


def _reach(person: Mapping[str, Any]) -> bool:
    return bool(person.get("email") or person.get("website"))


def _name(person: Mapping[str, Any]) -> str:
    if person.get("name"):
        return str(person["name"])
    parts = ("given-names", "name-particle", "family-names", "name-suffix")
    full = one_line(" ".join(str(person.get(part) or "") for part in parts))
    return full or str(person.get("alias") or "")


def _addresses(data: Mapping[str, Any], into: Builder) -> None:
    for name, key in (
        ("repository_url", "repository-code"),
        ("repository_url", "repository"),
        ("homepage_url", "url"),
        ("homepage_url", "repository-artifact"),
    ):
        into.address(name, data.get(key), key)
    if data.get("doi"):
        into.address("homepage_url", f"https://doi.org/{data['doi']}", "doi")
