"""Prepare what leads elsewhere: pagers, code extracts and deadlines."""

from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound


def page_address(request: HttpRequest, number: int, *, parameter: str = "page") -> str:
    """Write the address of another page of the list being shown, filters kept."""
    query = request.GET.copy()
    query.pop(parameter, None)
    if number > 1:
        query[parameter] = str(number)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def pager_context(
    request: HttpRequest, page: Page, *, label: str, parameter: str = "page"
) -> dict[str, Any]:
    """Prepare the links of a pager; a list of one page has none, and no pager."""
    paginator = page.paginator
    links = []
    for number in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
        whole = isinstance(number, int)
        links.append(
            {
                "number": number,
                "current": number == page.number,
                "href": page_address(request, int(number), parameter=parameter) if whole else "",
            }
        )

    def to(number: int) -> str:
        return page_address(request, number, parameter=parameter)

    return {
        "label": label,
        "first": page.start_index(),
        "last": page.end_index(),
        "total": paginator.count,
        "links": links if paginator.num_pages > 1 else [],
        "previous": to(page.previous_page_number()) if page.has_previous() else "",
        "next": to(page.next_page_number()) if page.has_next() else "",
    }


def coloured(text: str, language: str = "") -> SafeString:
    """Colour a code extract with short Pygments classes; plain when the language is unknown."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=True)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return mark_safe(  # noqa: S308  Pygments escapes the text
        highlight(text, lexer, HtmlFormatter(nowrap=True)).rstrip("\n")
    )
