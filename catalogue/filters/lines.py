"""Lines of results with the words of the query marked."""

from dataclasses import dataclass

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from catalogue.models import Resource
from catalogue.queries import rows
from catalogue.search import analysis

OPEN = {True: mark_safe("<mark>"), False: ""}
CLOSE = {True: mark_safe("</mark>"), False: ""}


@dataclass(frozen=True)
class Line:
    """One line, its title and summary marked; approximate: it holds only some of the words."""

    row: rows.Row
    title: SafeString
    summary: SafeString
    approximate: bool


def marked(text: str, wanted: frozenset[str]) -> SafeString:
    """Escape a text and mark the words sought."""
    runs = analysis.highlights(text, wanted) if wanted else [(text, False)]
    return format_html_join("", "{}{}{}", ((OPEN[on], run, CLOSE[on]) for run, on in runs))


def lines(resources: list[Resource], wanted: frozenset[str], *, complete_left: int) -> list[Line]:
    """Build the lines of a page; the first `complete_left` hold all the words."""
    return [
        Line(
            row=(built := rows.row(resource)),
            title=marked(built.title, wanted),
            summary=marked(built.summary, wanted),
            approximate=place >= complete_left,
        )
        for place, resource in enumerate(resources)
    ]


def first_letters(text: str, prefixes: tuple[str, ...]) -> SafeString:
    """Escape a text and mark the beginnings of words that were typed."""
    runs: list[tuple[str, bool]] = []
    at = 0
    for word, start, end in analysis.words(text):
        size = max((len(p) for p in prefixes if word.startswith(p)), default=0)
        if size:
            cut = min(start + size, end)
            runs += [(text[at:start], False), (text[start:cut], True)]
            at = cut
    runs.append((text[at:], False))
    return format_html_join("", "{}{}{}", ((OPEN[on], run, CLOSE[on]) for run, on in runs if run))
