"""Bring the documents of a source: page after page of a site, or the files of a folder."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from catalogue.harvest.enums import SourceKind
from catalogue.resources.fields import Text
from catalogue.standards import readers
from catalogue.standards.readers.record import Fault, Reading, Record, failed, fault
from portal.lib.web import http

NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
HUB = "huggingface.co"  # elsewhere a card is known by its title, as readers.hf_card says
LARGEST_CARD_BYTES = 1_000_000
ABSENT = frozenset({404, 410})
# Refusals that no other card of the passage would escape.
OF_THE_PASSAGE = frozenset({"budget", "network_away"})
NAME = re.compile(r"^[\w-][\w.-]*(?:/[\w-][\w.-]*)?$")


def account_cards(url: str, *, budget: http.Budget) -> Iterator[tuple[str, bytes | Fault | None]]:
    """Yield (address of the page, card) for each row of a list such as /api/models?author=….

    A row without a card (404) gives None: it has no description to harvest. One whose card was
    not given gives the reason instead: it stops no other.
    """
    asked: set[str] = set()
    while url:
        answer = _page(url, asked, accept="application/json", budget=budget)
        for name in _names(answer.body):
            page, raw = addresses(url, name)
            yield page, _card(raw, budget)
        following = NEXT.search(answer.headers.get("link", ""))
        url = urljoin(url, following[1]) if following else ""


def _page(url: str, asked: set[str], *, accept: str, budget: http.Budget) -> http.Answer:
    """Bring one page, once; raises Doubtful where the source does not give it."""
    if url in asked:
        raise doubt("loop")
    asked.add(url)
    answer = http.fetch(url, accept=accept, budget=budget)
    if not answer.is_ok:
        raise doubt("no_answer", status=answer.status)
    return answer


def _card(url: str, budget: http.Budget) -> bytes | Fault | None:
    """Bring one card, or say why it could not be; None when there is none."""
    try:
        answer = http.fetch(
            url, accept="text/plain, */*", budget=budget, limit_bytes=LARGEST_CARD_BYTES
        )
    except http.NotFetched as refusal:
        if refusal.code in OF_THE_PASSAGE:
            raise
        return Fault(refusal.code, str(refusal), fatal=True)
    if answer.is_ok:
        return answer.body
    if answer.status in ABSENT:
        return None
    return fault(
        f"status_{answer.status}",
        gettext_noop("Le site n’a pas donné cette carte (état %(status)s)."),
        fatal=True,
        status=answer.status,
    )


def addresses(list_url: str, name: str) -> tuple[str, str]:
    """Give the page of a row and the address of its card, on the site of the list."""
    parts = urlsplit(list_url)
    place = "datasets/" if "/api/datasets" in parts.path else ""
    page = f"{parts.scheme}://{parts.netloc}/{place}{name}"
    return page, f"{page}/raw/main/README.md"


def names_its_record(page: str) -> bool:
    """Say whether a card of this page is known by the page's address, even unread."""
    return urlsplit(page).hostname == HUB


def _names(body: bytes) -> list[str]:
    try:
        rows: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise doubt("unreadable", reason=type(error).__name__) from None
    if not isinstance(rows, list):
        raise doubt("unreadable", reason="list")
    found = [str(row.get("id", "")) for row in rows if isinstance(row, dict)]
    return [name for name in found if NAME.match(name)]


Tell = Callable[[int, int | None], None]  # records read, records announced

DOUBTS: dict[str, Text] = {
    "no_answer": _("La source n’a pas répondu comme attendu (état %(status)s)."),
    "unreadable": _("Une réponse de la source ne se lit pas : %(reason)s"),
    "empty": _("La source n’a donné aucune notice."),
    "loop": _("La pagination de la source tourne en rond."),
    "truncated": _("La source annonce %(announced)s notices et n’en a donné que %(read)s."),
    "too_many": _("La source dépasse ce qu’un passage peut lire."),
    "too_long": _("Le passage a dépassé le temps permis."),
    "fewer": _("La source donne %(read)s notices, contre %(before)s au passage précédent."),
}
ACCEPTED: dict[str, str] = {
    SourceKind.DCAT: "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.9, */*;q=0.1",
    SourceKind.CSW: "application/xml, text/xml;q=0.9",
    SourceKind.OAI: "text/xml, application/xml;q=0.9",
    SourceKind.CROISSANT: "application/ld+json, application/json;q=0.9, */*;q=0.1",
}
PAGE_ROWS = 100
# Faults that leave a part of a document unread.
UNREAD = frozenset({"remote_context"})
SUFFIXES = (".json", ".jsonld", ".ttl", ".rdf", ".xml", ".md", ".n3", ".nt")


class Doubtful(Exception):
    """The passage did not read the source as it is: nothing may be touched."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


@dataclass
class Collected:
    """What a passage brought.

    broken: (name, Reading) of documents that could not be read whole: what they hold is not known,
    so nothing is absent, but for those whose name is in `unread`: they hold one record, that of
    this address. remarked: those that were read, with something to say of them.
    """

    records: list[Record] = field(default_factory=list)
    broken: list[tuple[str, Reading]] = field(default_factory=list)
    remarked: list[tuple[str, Reading]] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    announced: int | None = None
    pages: int = 0
    byte_count: int = 0

    def add(self, name: str, content: bytes, reading: Reading) -> None:
        """Count one document, keep its records and what is wrong with it."""
        cut = not reading.complete or any(each.code in UNREAD for each in reading.faults)
        if cut or reading.refused or (reading.faults and not reading.records):
            self.broken.append((name, reading))
        elif reading.faults:
            self.remarked.append((name, reading))
        self.pages += 1
        self.byte_count += len(content)
        self.records += reading.records
        if reading.announced is not None:
            self.announced = max(self.announced or 0, reading.announced)

    def add_card(self, page: str, content: bytes | Fault | None) -> None:
        """Count the card of one row of a list; None: this row has none."""
        if content is None:
            return
        before = len(self.broken)
        if isinstance(content, Fault):
            self.broken.append((page, failed(SourceKind.HF, content)))
        else:
            self.add(page, content, readers.read(SourceKind.HF, content, base_url=page))
        if len(self.broken) > before and names_its_record(page):
            self.unread.add(page)

    @property
    def tells_absences(self) -> bool:
        """Say whether what a passage did not bring is no longer in the source."""
        return all(name in self.unread for name, _reading in self.broken)


def doubt(code: str, **facts: object) -> Doubtful:
    """Make the doubt of a code, in words."""
    return Doubtful(code, str(DOUBTS[code]) % facts)


def from_site(kind: str, url: str, *, tell: Tell) -> Collected:
    """Read a source to its last page; raises Doubtful, or NotFetched of the client.

    At most HARVEST_MOST_PAGES documents, HARVEST_MOST_SECONDS and HARVEST_MOST_ITEMS records.
    """
    found, budget = Collected(), http.Budget()
    until = time.monotonic() + settings.HARVEST_MOST_SECONDS
    if kind == SourceKind.HF:
        for page, content in account_cards(url, budget=budget):
            found.add_card(page, content)
            _bounded(found, until)
            tell(len(found.records), found.announced)
        return found
    asked: set[str] = set()
    following = first(kind, url)
    while following:
        accept = ACCEPTED.get(kind, "application/json")
        answer = _page(following, asked, accept=accept, budget=budget)
        reading = readers.read(kind, answer.body, base_url=answer.url)
        if reading.refused or not reading.complete:
            reason = reading.faults[0].message if reading.faults else ""
            raise doubt("unreadable", reason=reason)
        found.add(following, answer.body, reading)
        _bounded(found, until)
        tell(len(found.records), found.announced)
        following = after(kind, following, reading, len(found.records))
    if found.announced is not None and len(found.records) < found.announced:
        raise doubt("truncated", announced=found.announced, read=len(found.records))
    return found


def from_folder(kind: str, place: Path, *, tell: Tell) -> Collected:
    """Read the files of a folder, or one file; one that cannot be read stops no other."""
    found = Collected()
    names = list(_files(place))
    for name in names:
        content = name.read_bytes()
        reading = readers.read(kind, content, base_url="")
        found.add(name.name, content, reading)
        tell(found.pages, len(names))
    found.announced = None
    return found


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for name in sorted(place.iterdir()):
        if name.is_file() and name.suffix.lower() in SUFFIXES:
            yield name


def _bounded(found: Collected, until: float) -> None:
    if found.pages > settings.HARVEST_MOST_PAGES or (
        len(found.records) > settings.HARVEST_MOST_ITEMS
    ):
        raise doubt("too_many")
    if time.monotonic() > until:
        raise doubt("too_long")


def first(kind: str, url: str) -> str:
    """Give the address of the first page of a source, from the one that people copy."""
    match kind:
        case SourceKind.CKAN:
            if "/package_search" not in url and "/api/" not in url:
                url = url.rstrip("/") + "/api/3/action/package_search"
            return with_query(url, rows=PAGE_ROWS, start=0)
        case SourceKind.DATAGOUV:
            return with_query(url, page_size=PAGE_ROWS)
        case SourceKind.CSW:
            return with_query(
                url,
                service="CSW",
                version="2.0.2",
                request="GetRecords",
                typeNames="gmd:MD_Metadata",
                outputSchema="http://www.isotc211.org/2005/gmd",
                elementSetName="full",
                resultType="results",
                maxRecords=50,
                startPosition=1,
            )
        case SourceKind.OAI:
            return with_query(url, verb="ListRecords", metadataPrefix="oai_dc")
        case _:
            return url


def after(kind: str, page: str, reading: Reading, read: int) -> str:
    """Give the address of the page that follows, "" after the last one."""
    match kind:
        case SourceKind.CKAN:
            if not reading.records or read >= (reading.announced or 0):
                return ""
            return with_query(page, force=True, start=read)
        case SourceKind.CSW:
            if reading.next_token in ("", "0"):
                return ""
            return with_query(page, force=True, startPosition=reading.next_token)
        case SourceKind.OAI:
            if not reading.next_token:
                return ""
            bare = urlunsplit(urlsplit(page)._replace(query=""))
            return with_query(bare, verb="ListRecords", resumptionToken=reading.next_token)
        case _:
            return urljoin(page, reading.next_url) if reading.next_url else ""


def with_query(url: str, *, force: bool = False, **asked: object) -> str:
    """Add to the query of an address what it does not say already; force: say it anew."""
    parts = urlsplit(url)
    told = parse_qsl(parts.query, keep_blank_values=True)
    names = {name.lower() for name in asked}
    if force:
        told = [(name, value) for name, value in told if name.lower() not in names]
    known = {name.lower() for name, _value in told}
    told += [(name, str(value)) for name, value in asked.items() if name.lower() not in known]
    return urlunsplit(parts._replace(query=urlencode(told)))
