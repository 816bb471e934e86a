"""Texts of people: characters they may hold, their language, addresses of titles, Atom, agendas.

The pages speak the reader's language; what people write stays in theirs. Screen readers change
voice, and browsers hyphenate, by the `lang` attribute (WCAG 3.1.2).
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import conditional_escape, format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator, slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.lib.refusals import Invalid

CHARACTERS_CODE = "characters"
CHARACTERS_REFUSED = _(
    "Ce texte contient un caractère invisible (de commande, ou qui inverse le sens de lecture) : "
    "retapez-le au lieu de le coller."
)
# C0, DEL and C1; halves of surrogate pairs; what makes a name read as another one.
_BREAKS = "\t\n\r"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069"
_IN_TEXT = re.compile(f"[{_CONTROLS}]")
_IN_LINE = re.compile(f"[{_BREAKS}{_CONTROLS}]")
# XML 1.0, production 2 (Char), the other way round.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def plain_line(text: str) -> None:
    """Validate a field of one line: no control character, no tab or line break."""
    if _IN_LINE.search(text):
        raise ValidationError(CHARACTERS_REFUSED, code=CHARACTERS_CODE)


def plain_text(text: str) -> None:
    """Validate a field of several lines: no control character but tabs and line breaks."""
    if _IN_TEXT.search(text):
        raise ValidationError(CHARACTERS_REFUSED, code=CHARACTERS_CODE)


def require_plain_line(text: str) -> None:
    """Refuse what `plain_line` does, whatever the surface; raises Invalid."""
    if _IN_LINE.search(text):
        raise Invalid(CHARACTERS_REFUSED, code=CHARACTERS_CODE)


def require_plain_text(text: str) -> None:
    """Refuse what `plain_text` does, whatever the surface; raises Invalid."""
    if _IN_TEXT.search(text):
        raise Invalid(CHARACTERS_REFUSED, code=CHARACTERS_CODE)


def for_xml(text: str) -> str:
    """Leave out of a text what no XML document can write."""
    # What is printable needs no reading of the expression: nearly all that is written.
    return text if text.isprintable() else _NOT_XML.sub("", text)


def slug_of(title: str, most: int, otherwise: str) -> str:
    """Make the beginning of an address of a title; elisions part words."""
    plain = title.replace("’", " ").replace("'", " ")
    return slugify(plain)[:most].strip("-") or otherwise


def free_name(base: str, taken: Container[str]) -> str:
    """Give a name that nobody has: the one asked for, else numbered from two."""
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


NOTHING = mark_safe("")


def is_another_language(language: str) -> bool:
    """Say whether a text in this language stands out on the page being rendered."""
    return bool(language) and language != (get_language() or "").partition("-")[0]


def lang_attribute(language: str) -> SafeString:
    """Write the `lang` attribute of an element, with its leading space, or nothing."""
    return format_html(' lang="{}"', language) if is_another_language(language) else NOTHING


def in_language(text: object, language: str) -> SafeString:
    """Escape a text and mark its language in a line of the page's own."""
    if not text or not is_another_language(language):
        return format_html("{}", text)
    return format_html('<span lang="{}">{}</span>', language, text)


def sentence(sentence: str, *, language: str, **facts: object) -> SafeString:
    """Fill a translated sentence with texts in their own language; all is escaped.

    sentence: with named placeholders, « Terminer « %(title)s » ». facts: a safe string is
    already as it should be, such as a date in the words of the page.
    """
    marked = {
        name: fact if isinstance(fact, SafeString) else in_language(fact, language)
        for name, fact in facts.items()
    }
    return mark_safe(conditional_escape(sentence) % marked)  # noqa: S308  escaped, part by part


LISTED = re.compile(r"( *)([-•]|\d{1,2}[.)]) (.*)")
# Marks of Markdown within a line: code, stress, links, and addresses as they are.
# A brace that nothing in the address opens is of what stands around it: « url = {https://…} ».
ADDRESS = (
    r"https?://(?:[^\s<>(){}\"`]|\([^\s<>()\"`]*\)|\{[^\s<>{}\"`]*\})*"
    r"(?:[^\s<>(){}\"`.,;:!?»'’\]*_]|\([^\s<>()\"`]*\)|\{[^\s<>{}\"`]*\})"
)
MARKED = re.compile(
    r"`([^`\n]+)`|(?<![\w*])\*\*(?=[^\s*])([^\n]{1,500}?)(?<=[^\s*])\*\*(?![\w*])|"
    r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])|"
    rf"\[([^\[\]\n]+)\]\(({ADDRESS})\)|({ADDRESS})"
)
FIGURE = re.compile(r"[–—-]?|[<>≈~±+−–-]?\s?\d[\d\s.,/:±+−–()\[\];-]*\s?(?:%|pts?)?", re.I)
DEEPEST = 12  # spaces: a list set further in stays at this depth


def with_lists(text: str) -> SafeString:
    """Write a typed text as paragraphs, lists one within another, and tables of Markdown."""
    pieces = re.split(
        r"((?:^ *(?:[-•]|\d{1,2}[.)]) .*\n*)+|(?:^ *\|.*\|[ ]*\n?){2,})",
        text.replace("\r\n", "\n"),
        flags=re.M,
    )
    return format_html_join("", "{}", ((_as_html(each.strip("\n")),) for each in pieces))


def as_items(values: Iterable[str]) -> str:
    """Write the lines of a list as Markdown: those that begin with a dash are of the one before."""
    return "\n".join(f"  {each}" if each.startswith("- ") else f"- {each}" for each in values)


def _as_html(piece: str) -> SafeString:
    if items := [found for line in piece.split("\n") if (found := LISTED.fullmatch(line))]:
        return _list([(min(len(each[1]), DEEPEST), each[2], each[3]) for each in items])
    if re.match(r" *\|.*\| *\n *\|[ :|-]+\| *(?:\n|\Z)", piece):
        return _table([re.split(r"(?<!\\)\|", row.strip()[1:-1]) for row in piece.split("\n")])
    return mark_safe(linebreaks(_line(piece)) if piece.strip() else "")  # noqa: S308  escaped


def _line(text: str) -> SafeString:
    """Escape words and write the marks of Markdown within them."""
    parts, at = list[object](), 0
    for found in MARKED.finditer(text):
        code, strong, stressed, words, address, bare = found.groups()
        if code:
            html = format_html("<code>{}</code>", code)
        elif strong or stressed:
            tag = "strong" if strong else "em"
            html = format_html("<{}>{}</{}>", tag, _line(strong or stressed), tag)
        else:
            link = '<a href="{}" rel="nofollow ugc noopener">{}</a>'
            html = format_html(link, address or bare, words or Truncator(bare).chars(80))
        parts += [text[at : found.start()], html]
        at = found.end()
    return format_html_join("", "{}", ((each,) for each in [*parts, text[at:]]))


def _list(items: list[tuple[int, str, str]]) -> SafeString:
    """Write items: how far each is set in, its mark, its words."""
    written, at = [], 0
    while at < len(items):
        end = at + 1
        while end < len(items) and items[end][0] > items[at][0]:
            end += 1
        written.append((_line(items[at][2]), _list(items[at + 1 : end]) if end > at + 1 else ""))
        at = end
    tag = "ol" if items[0][1][0].isdigit() else "ul"
    return format_html(
        '<{} class="bullets">{}</{}>', tag, format_html_join("", "<li>{}{}</li>", written), tag
    )


def are_figures(column: Iterable[str]) -> bool:
    """Say whether the cells of a column are all figures, or empty."""
    cells = [each.strip(" *\n") for each in column]
    return any(cells) and all(FIGURE.fullmatch(each) for each in cells)


def _table(rows: list[list[str]]) -> SafeString:
    """Write a table: its head, the line that says where each column stands, its rows."""
    right = mark_safe(' class="num"')
    columns = [*zip(*rows[2:], strict=False)]
    figures = [are_figures(column) for column in columns] + [False] * len(rows[1])
    sides = [
        right if (each.strip().endswith("-:") and each.strip()[0] != ":") or is_figure else ""
        for each, is_figure in zip(rows[1], figures, strict=False)
    ]

    def line(cells: list[str], tag: str) -> SafeString:
        placed = zip(cells, sides, strict=False)
        written = ((tag, side, _line(cell.strip()), tag) for cell, side in placed)
        return format_html("<tr>{}</tr>", format_html_join("", "<{}{}>{}</{}>", written))

    body = format_html_join("", "{}", ((line(row, "td"),) for row in rows[2:]))
    return format_html(
        '<div class="table-wrap" tabindex="0"><table class="table"><thead>{}</thead>'
        "<tbody>{}</tbody></table></div>",
        line(rows[0], "th"),
        body,
    )


class Feed(Atom1Feed):
    """An Atom feed that stays readable whatever its titles and texts hold."""

    def write(self, outfile: Any, encoding: str) -> None:
        """Write the feed to a file, without the characters that XML refuses."""
        self.feed = _writable(self.feed)
        self.items = [_writable(each) for each in self.items]
        super().write(outfile, encoding)


def _writable(said: dict[str, Any]) -> dict[str, Any]:
    return {name: _writable_value(value) for name, value in said.items()}


def _writable_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_writable_value(each) for each in value]
    return for_xml(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Dated:
    """One moment of an agenda. key: what names it for good; page: where it is told."""

    key: str
    at: datetime
    title: str
    page: str


def calendar_text(name: str, dates: Iterable[Dated], *, host: str, now: datetime) -> str:
    """Write moments as iCalendar (RFC 5545): lines of at most 75 bytes, texts escaped."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Open Emploi//FR"]
    lines.append(f"X-WR-CALNAME:{_in_calendar(name)}")
    for each in dates:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each.key}@{host}",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART:{each.at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{_in_calendar(each.title)}",
            f"URL:{each.page}",
            "END:VEVENT",
        ]
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _in_calendar(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", " ".join(text.split()))


def _folded(line: str) -> str:
    """Cut a line where it would pass 75 bytes, never within a character."""
    parts, room = [""], 75
    for character in line:
        if len((parts[-1] + character).encode()) > room:
            parts.append(" ")
        parts[-1] += character
    return "\r\n".join(parts)
