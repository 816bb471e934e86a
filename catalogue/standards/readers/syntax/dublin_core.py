"""Read records of Dublin Core, as OAI-PMH and CSW give them."""

import re
from xml.etree.ElementTree import Element

from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Record
from catalogue.standards.readers.syntax import xml_text
from catalogue.standards.readers.syntax.text import day

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
WEB = re.compile(r"^https?://")
# Dublin Core has no word for these.
UNTOLD = frozenset({"update_frequency", "distributions", "last_update", "documentation"})
SOFTWARE = re.compile(r"software|logiciel", re.I)


def record(
    element: Element, source: str, *, identifier: str = "", stamp: str = "", base_url: str = ""
) -> Record:
    """Build the record of one description of Dublin Core, simple or with its terms."""
    told = _told(element)
    identifiers = told.get("identifier", [])
    url = next((text for text in identifiers if WEB.match(text)), "")
    kind = "algorithm" if any(map(SOFTWARE.search, told.get("type", []))) else "dataset"
    into = Builder(
        kind,
        source,
        remote_id=identifier or next(iter(identifiers), ""),
        source_url=url,
        base=base_url,
    )
    if kind == "dataset":
        into.untold |= UNTOLD
    titles = told.get("title", [])
    into.line("title", next(iter(titles), ""), "dc:title")
    into.list_of("alternate_titles", [*titles[1:], *told.get("alternative", [])], "dc:title")
    into.require_title()
    said = told.get("description", []) + told.get("abstract", [])
    into.describe("\n\n".join(dict.fromkeys(said)), "dc:description")
    into.address("homepage_url", url, "dc:identifier")
    into.line("producer_name", next(iter(told.get("publisher", [])), ""), "dc:publisher")
    into.list_of("authors", told.get("creator", []), "dc:creator")
    into.tags(told.get("subject", []), "dc:subject")
    into.language(told.get("language"), "dc:language")
    into.licence([*told.get("license", []), *told.get("rights", [])], "dc:rights")
    dates = [day(text) for text in told.get("modified", []) + told.get("date", [])]
    into.modified = next((text for text in dates if text), "") or day(stamp)
    places = [text for text in told.get("spatial", []) if not WEB.match(text)]
    into.list_of("territories", places, "dc:coverage")
    for text in told.get("relation", []):
        into.link(
            "uses", title="" if WEB.match(text) else text, url=text if WEB.match(text) else ""
        )
    return into.record()


def _told(element: Element) -> dict[str, list[str]]:
    """Gather the texts by name, French ones first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for child in element:
        spoken = child.get(LANGUAGE, "").lower()[:2]
        text = xml_text.prose(child)
        text = (
            text if xml_text.local(child) in ("description", "abstract") else " ".join(text.split())
        )
        if text:
            rank = {"fr": 0, "": 1, "en": 2}.get(spoken, 3)
            found.setdefault(xml_text.local(child), []).append((rank, _unfolded(text)))
    return {
        name: [text for _rank, text in sorted(texts, key=lambda pair: pair[0])]
        for name, texts in found.items()
    }


def _unfolded(text: str) -> str:
    """Join the lines that an indented document has cut; empty lines still part paragraphs."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
