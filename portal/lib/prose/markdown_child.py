"""Render Markdown texts; a process of its own, without Django."""

import re

import markdown
import nh3
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension

from portal.lib import children

MEMORY_BYTES = 512 << 20
TAGS = frozenset(
    """a abbr blockquote br code dd del dl dt em h3 h4 h5 h6 hr ins li ol p pre q s strong sub
    sup table tbody td th thead tr ul""".split()
)


def render(text: str) -> str:
    """Return the sanitised HTML of a text; headings start at h3."""
    html = markdown.markdown(
        text,
        # Given by name, each would be looked for among all the packages installed: half the time.
        extensions=[
            TableExtension(),
            FencedCodeExtension(),
            SaneListExtension(),
            FootnoteExtension(),
        ],
        output_format="html",
    )
    return nh3.clean(
        _stepwise(html),
        tags=set(TAGS),
        attributes={"a": {"href", "title"}, "th": {"scope"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    )


def _stepwise(html: str) -> str:
    """Start the headings at h3, since the page owns h1 and h2, one level below what holds each."""
    held: list[int] = []

    def shift(heading: re.Match[str]) -> str:
        level = int(heading[1])
        held[:] = [each for each in held if each < level] + [level]
        shown = min(2 + len(held), 6)
        return f"<h{shown}>{heading[2]}</h{shown}>"

    return re.sub(r"<h([1-6])>(.*?)</h\1>", shift, html, flags=re.DOTALL)


if __name__ == "__main__":
    render("# Un\n\n* deux[^1]\n\n[^1]: trois\n\n| a |\n|---|\n| <b>&eacute;</b> |")
    children.serve(lambda _request, text: render(text.decode()).encode(), memory_bytes=MEMORY_BYTES)
