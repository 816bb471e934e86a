"""The cards of a Hugging Face account: its list, then one README each."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext_noop

from catalogue.standards.readers.record import Fault, fault
from portal.lib import http

NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
HUB = "huggingface.co"  # elsewhere a card is known by its title, as readers.hf_card says
LARGEST_CARD_BYTES = 1_000_000
ABSENT = frozenset({404, 410})
# Refusals that no other card of the passage would escape.
OF_THE_PASSAGE = frozenset({"budget", "network_away"})
NAME = re.compile(r"^[\w-][\w.-]*(?:/[\w-][\w.-]*)?$")


def listed(
    url: str, *, budget: http.Budget, doubt: Callable[..., Exception]
) -> Iterator[tuple[str, bytes | Fault | None]]:
    """Yield (address of the page, card) for each row of a list such as /api/models?author=….

    A row without a card (404) gives None: it has no description to harvest. One whose card was
    not given gives the reason instead: it stops no other.
    """
    asked: set[str] = set()
    while url:
        if url in asked:
            raise doubt("loop")
        asked.add(url)
        answer = http.fetch(url, accept="application/json", budget=budget)
        if not answer.is_ok:
            raise doubt("no_answer", status=answer.status)
        for name in _names(answer.body, doubt):
            page, raw = addresses(url, name)
            yield page, _card(raw, budget)
        following = NEXT.search(answer.headers.get("link", ""))
        url = urljoin(url, following[1]) if following else ""


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


def _names(body: bytes, doubt: Callable[..., Exception]) -> list[str]:
    try:
        rows: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise doubt("unreadable", reason=type(error).__name__) from None
    if not isinstance(rows, list):
        raise doubt("unreadable", reason="list")
    found = [str(row.get("id", "")) for row in rows if isinstance(row, dict)]
    return [name for name in found if NAME.match(name)]
