"""The cards of a Hugging Face account: its list, then one README each."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from portal.lib import http

NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
LARGEST_CARD_BYTES = 1_000_000
NAME = re.compile(r"^[\w-][\w.-]*(?:/[\w-][\w.-]*)?$")


def listed(
    url: str, *, budget: http.Budget, doubt: Callable[..., Exception]
) -> Iterator[tuple[str, bytes]]:
    """Yield (address of the page, card) for each row of a list such as /api/models?author=….

    A row whose card is missing is left out: it has no description to harvest.
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
            card = http.fetch(
                raw, accept="text/plain, */*", budget=budget, limit_bytes=LARGEST_CARD_BYTES
            )
            if card.is_ok:
                yield page, card.body
        following = NEXT.search(answer.headers.get("link", ""))
        url = urljoin(url, following[1]) if following else ""


def addresses(list_url: str, name: str) -> tuple[str, str]:
    """Give the page of a row and the address of its card, on the site of the list."""
    parts = urlsplit(list_url)
    place = "datasets/" if "/api/datasets" in parts.path else ""
    page = f"{parts.scheme}://{parts.netloc}/{place}{name}"
    return page, f"{page}/raw/main/README.md"


def _names(body: bytes, doubt: Callable[..., Exception]) -> list[str]:
    try:
        rows: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise doubt("unreadable", reason=type(error).__name__) from None
    if not isinstance(rows, list):
        raise doubt("unreadable", reason="list")
    found = [str(row.get("id", "")) for row in rows if isinstance(row, dict)]
    return [name for name in found if NAME.match(name)]
