"""Render Markdown texts; a process of its own, without Django."""

import re
from xml.etree import ElementTree as ET

import markdown
import nh3
from markdown import util
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import AutolinkInlineProcessor, InlineProcessor

from portal.lib import children

MEMORY_BYTES = 512 << 20
TAGS = frozenset(
    """a abbr blockquote br code dd del dl dt em h3 h4 h5 h6 hr ins li ol p pre q s strong sub
    sup table tbody td th thead tr ul""".split()
)
ITEM = re.compile(r" *(?:[-*+]|(\d{1,9})[.)]) +(?=\S)(?!(?:[-*] *)+$)")
FENCE = re.compile(r" *(`{3,}|~{3,})[^`]*$")
RIGHT = re.compile(r'(<t[dh]) style="text-align: right;"')  # as the library writes « ---: »
# A full stop or a bracket after an address is none of it, nor is a brace: « url = {https://…} ».
ADDRESS = (
    r"(?<![\w/])(https?://(?:[^\s<>(){}\"\x02]|\([^\s<>()\"]*\)|\{[^\s<>{}\"]*\})*"
    r"(?:[^\s<>(){}\"\x02.,;:!?»'’\]*_]|\([^\s<>()\"]*\)|\{[^\s<>{}\"]*\}))"
)

# Formulas, shown as code; « 5 $ ou 6 $ » is none.
MATHS = (
    r"(?<![\w$\\])(\$\$?)(?=[^\s$])(?=[^$]{0,500}[\\^_=]|[A-Za-z]\$)([^$]{1,500})(?<=\S)\1(?![\w$])"
)
# The page may hold several texts: a number leads to no anchor of its own.
NOTE_LINK = re.compile(r'(?:&#160;)?<a class="footnote-(ref|backref)"[^>]*>(.*?)</a>')


class Address(AutolinkInlineProcessor):
    """Link an address that is written bare, but inside the words of a link."""

    ANCESTOR_EXCLUDES = ("a",)


class Maths(InlineProcessor):
    """Write a formula as code, without its dollars."""

    def handleMatch(  # type: ignore[override]  # as its base, whose stub lacks it
        self, m: re.Match[str], data: str
    ) -> tuple[ET.Element, int, int]:
        """Give the element, and where it stands."""
        code = ET.Element("code")
        code.text = util.AtomicString(util.code_escape(m[2]))
        return code, m.start(), m.end()


def render(text: str) -> str:
    """Return the sanitised HTML of a text; headings start at h3."""
    written = markdown.Markdown(
        # Given by name, each would be looked for among all the packages installed: half the time.
        extensions=[
            TableExtension(),
            FencedCodeExtension(),
            SaneListExtension(),
            FootnoteExtension(),
        ],
        output_format="html",
    )
    written.inlinePatterns.register(Address(ADDRESS, written), "address", 85)  # after HTML
    written.inlinePatterns.register(Maths(MATHS, written), "maths", 189)  # after code
    html = NOTE_LINK.sub(
        lambda link: link[2] if link[1] == "ref" else "", written.convert(_listed(text))
    )
    clean = nh3.clean(
        RIGHT.sub(r'\1 class="num"', _stepwise(html)),
        tags=set(TAGS),
        attributes={"a": {"href", "title"}, "th": {"scope"}},
        allowed_classes={"td": {"num"}, "th": {"num"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    )
    # A wide table scrolls in its own box; the keyboard reaches it.
    boxed = clean.replace("<table>", '<div class="table-wrap" tabindex="0"><table>')
    return boxed.replace("</table>", "</table></div>")


def _listed(text: str) -> str:
    """Write lists as the library reads them: a blank line before, four spaces a level.

    As in CommonMark, one begins right under a line of words; two spaces are a level.
    """
    lines, open_at, fence = [""], list[int](), ""
    for line in re.split(r"\r\n?|\n", text.expandtabs(4)):
        indent, item, mark = len(line) - len(line.lstrip()), ITEM.match(line), FENCE.match(line)
        if fence or mark:
            if mark and mark[1].startswith(fence):
                fence = "" if fence else mark[1]
        elif line.strip() and (item or not lines[-1]) and (open_at or indent < 4):
            begins = item and not open_at and item[1] in (None, "1")
            while open_at and indent < open_at[-1] + 2:
                open_at.pop()
            own = line[open_at[-1] + 2 :] if open_at else line
            if item:
                own = own.lstrip()
                open_at.append(indent)
            if begins and lines[-1]:
                lines.append("")
            line = "    " * (len(open_at) - bool(item)) + own
        lines.append(line.rstrip() and line)
    return "\n".join(lines[1:])


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
