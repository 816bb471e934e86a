"""How to cite a resource: CITATION.cff 1.2.0 and BibTeX.

Source: Citation File Format 1.2.0.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from catalogue.standards import licences
from catalogue.standards.published import Published

CFF_VERSION = "1.2.0"
MESSAGE = "Si vous utilisez cette ressource, citez-la comme ci-dessous."
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;)]")
_BIBTEX = str.maketrans(
    {c: f"\\{c}" for c in "{}%#&_$"} | {"\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}
)

_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?)+")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;)]")
_ARXIV = re.compile(r"\barXiv:\s?(\d{4}\.\d{4,5})", re.I)
# Licences under which naming the source is compulsory.
CITED_LICENCES = ("etalab-", "cc-by", "odbl", "odc-by")


def doi(resource: Published) -> str:
    """Find the DOI of a resource in what it calls its paper, or ""."""
    found = _DOI.search(resource.text("paper"))
    return found[0] if found else ""


def article_address(paper: str) -> str:
    """Find where one reads what a resource calls its paper: its address, its DOI, its arXiv."""
    if found := _ADDRESS.search(paper):
        return found[0]
    if found := _DOI.search(paper):
        return f"https://doi.org/{found[0]}"
    return f"https://arxiv.org/abs/{found[1]}" if (found := _ARXIV.search(paper)) else ""


def year(resource: Published) -> str:
    """Give the year to cite, "" when none is known."""
    return resource.released[:4]


def cff(resource: Published) -> str:
    """Write a CITATION.cff, which wants an author even of what names none."""
    found: dict[str, Any] = {
        "cff-version": CFF_VERSION,
        "message": MESSAGE,
        "type": "dataset" if resource.kind == "dataset" else "software",
        "title": resource.title,
        "abstract": resource.summary,
        "authors": [
            _author(name, resource.text("citation")) for name in resource.made_by or ("Anonyme",)
        ],
        "version": resource.version,
        "doi": doi(resource),
        "date-released": _day(resource),
        "license": _licences(resource),
        "license-url": next((e.url for e in resource.licences if e.identifier in licences.OWN), ""),
        "url": resource.homepage_url or resource.page,
        "repository-code": resource.repository_url,
        "identifiers": [
            {"type": "url", "value": resource.iri, "description": "Identifiant pérenne"}
        ],
        "keywords": list(resource.keywords),
    }
    kept = {name: value for name, value in found.items() if value not in ("", [], None)}
    return yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=100)


def _author(name: str, cited: str) -> dict[str, str]:
    """Tell the names of a person: who is cited as « Nom, Prénom », or has initials, is one."""
    words = name.split()
    for at in range(1, len(words)):
        given, family = " ".join(words[:at]), " ".join(words[at:])
        is_one = sum(word[0].isupper() for word in words[at:]) == 1  # « U.S. Census Bureau » is not
        if f"{family}, {given}" in cited or (is_one and _INITIALS.fullmatch(given)):
            return {"given-names": given, "family-names": family}
    return {"name": name}


def _licences(resource: Published) -> str | list[str]:
    # The format knows the identifiers of SPDX alone: another text is told by its address.
    names = [each.identifier for each in resource.licences if each.identifier not in licences.OWN]
    return names[0] if len(names) == 1 else names


def _day(resource: Published) -> str:
    return resource.released if len(resource.released) == 10 else ""


def bibtex(resource: Published) -> str:
    """Give the citation that the author asks for, else write a BibTeX entry.

    Names and titles are kept as written, an unknown author left out.
    """
    if asked := resource.text("citation"):
        return f"{asked}\n"
    key = re.sub(r"[^a-z0-9]+", "_", resource.slug).strip("_")
    fields = {
        "title": f"{{{_plain(resource.title)}}}",
        "author": " and ".join(f"{{{_plain(name)}}}" for name in resource.made_by),
        "year": year(resource),
        "version": _plain(resource.version),
        "doi": doi(resource),
        "url": resource.iri,
    }
    lines = [f"  {name:<7} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


# The line to quote by the language of who reads: nobody's name, title, day.
LINES = {
    "fr": ("Anonyme", "« {} »", "mis à jour le {}, "),
    "en": ("Anonymous", "“{}”", "updated on {}, "),
}


def attribution(resource: Published, language: str = "fr") -> str:
    """Write the line that open licences ask of who reuses: source and date; "" when none does.

    Source: Licence Ouverte 2.0, « Mention de la paternité » (source and date of the last update).
    """
    named = [
        each for each in resource.licences if each.identifier.lower().startswith(CITED_LICENCES)
    ]
    if not named:
        return ""
    nobody, quoted, dated = LINES[language]
    holder = resource.publisher.name if resource.publisher else nobody
    day = dated.format(resource.updated) if resource.updated else ""
    names = ", ".join(each.label for each in named)
    return f"{holder}, {quoted.format(resource.title)}, {day}{names}, {resource.iri}\n"


def _plain(text: str) -> str:
    return " ".join(text.split()).translate(_BIBTEX)
