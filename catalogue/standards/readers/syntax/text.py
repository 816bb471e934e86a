"""Bytes to text, and small readings of text: dates, addresses, prose without its markup."""

import datetime
import html
import re
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

from babel import Locale

from catalogue.standards.readers import formats
from catalogue.standards.readers.record import Fault, fault, shorten
from catalogue.standards.readers.record import gettext_noop as _

CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
DAY = re.compile(r"^\s*(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ]\S.*|Z)?\s*$")
FRENCH_DAY = re.compile(r"^\s*(\d{1,2})[/.](\d{1,2})[/.](\d{4})\s*$")
# « 14 mai 2024 », « May 14, 2024 », « mai 2024 ».
DAY_IN_WORDS = re.compile(
    r"^\s*(?:(\d{1,2})(?:er|st|nd|rd|th)? )?([^\W\d_]{3,9})\.?(?: (\d{1,2}),)? (\d{4})\s*$"
)
MONTHS = {
    name.rstrip(".").lower(): month
    for code in ("fr", "en")
    for width in ("wide", "abbreviated")
    for month, name in Locale(code).months["format"][width].items()
}
HOST = re.compile(r"^(?:[\w-]+\.)+[\w-]{2,}$|^localhost$|^\[[0-9a-fA-F:.]+\]$")
CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀ-ÖØ-Þ0-9«“\"(])")
MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\n]{0,1000}\)")
# An address that stands elsewhere than on the web leads nowhere from a card.
INNER_LINK = re.compile(
    r"!\[([^\[\]\n]{0,500})\]\([^()\n]{0,1000}\)|"
    r"\[([^\[\]\n]{0,500})\]\((?!\s*<?https?://)[^()\n]{0,1000}\)"
)
# Within a word, « _ » stresses nothing: learning_rate.
EMPHASIS = re.compile(
    r"\*{1,3}(?=\S)(.{1,500}?)(?<=\S)\*{1,3}|(?<!\w)_{1,3}(?=\S)(.{1,500}?)(?<=\S)_{1,3}(?!\w)"
)
MARKER = re.compile(r"^[ \t]*(?:#{1,6}|>|[-*+]|\d+[.)])\s+", re.M)


UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):
    """A document of which nothing can be read, with the fault that says why."""

    def __init__(self, found: Fault) -> None:
        self.fault = found
        super().__init__(found.message)


def unreadable(code: str, template: str, **told: Any) -> Unreadable:
    """Refuse a whole document, with a French sentence as that of `fault`."""
    return Unreadable(fault(code, template, fatal=True, **told))


def decoded(content: bytes) -> str:
    """Decode UTF-8 (or a marked UTF-16) text with any end of line; raises Unreadable."""
    try:
        text = content.decode("utf-16" if content.startswith(UTF16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(
            "not_utf8",
            _("Ce fichier n’est pas en UTF-8 : enregistrez-le dans cet encodage."),
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise unreadable(
            "nul_character",
            _("Ce fichier contient un caractère nul : ce n’est pas un texte."),
            line=line,
        )
    return _lines(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """Bring a text to one line without control or direction characters."""
    return " ".join(CONTROLS.sub("", text).split())


def tidy(text: str) -> str:
    """Take away control characters, spaces at ends of lines and more than one empty line."""
    lines = [line.rstrip() for line in CONTROLS.sub("", _lines(text)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def day(value: object) -> str:
    """Read a date as YYYY, YYYY-MM or YYYY-MM-DD; "" when it is none.

    Accepts a date, the beginning of an ISO date and time, DD/MM/YYYY, and French or English words.
    """
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    text = str(value).strip() if isinstance(value, str | int) else ""
    french = FRENCH_DAY.match(text)
    if french:
        text = f"{french[3]}-{french[2]}-{french[1]}"
    worded = DAY_IN_WORDS.match(text)
    if worded and (month := MONTHS.get(worded[2].lower())):
        parts = [worded[4], str(month), worded[1] or worded[3]]
        text = "-".join(part for part in parts if part)
    found = DAY.match(text)
    if found is None or not 1000 <= int(found[1]) <= 2200:
        return ""
    year, month, of_month = found.groups()
    try:
        datetime.date(int(year), int(month or 1), int(of_month or 1))
    except ValueError:
        return ""
    parts = [year, *(f"{int(part):02d}" for part in (month, of_month) if part)]
    return "-".join(parts)


def period(start: object, end: object) -> str:
    """Say a period as start/end, one of them ".." when open; "" when neither is a date."""
    first, last = day(start), day(end)
    return f"{first or '..'}/{last or '..'}" if first or last else ""


def web_address(value: object, base_url: str = "") -> str:
    """Give a complete http or https address of at most 500 characters, else ""."""
    text = CONTROLS.sub("", str(value)).strip() if isinstance(value, str) else ""
    if base_url and text:
        try:
            text = urljoin(base_url, text)
        except ValueError:
            return ""
    if not text or len(text) > formats.URL_CHARACTERS or re.search(r"[\s<>\"{}|\\^`]", text):
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not HOST.match(host) or parts.username:
        return ""
    return text


class _Stripper(HTMLParser):
    """Keep the words of HTML, with the line ends of its blocks."""

    BLOCKS = frozenset("p div br li tr table ul ol section article details".split())
    # What is folded up has a title too.
    HEADINGS = MappingProxyType({f"h{level}": level for level in range(1, 7)} | {"summary": 6})
    DROPPED = frozenset("script style svg iframe object noscript template".split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.dropped = 0
        self.is_heading = False
        self.link = ("", 0)  # where the one being read leads, and where its words begin

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.DROPPED:
            self.dropped += 1
        elif level := self.HEADINGS.get(tag):
            self.parts.append(f"\n\n{'#' * level} ")
            self.is_heading = True
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in self.BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag == "a":
            self.link = (web_address(dict(attrs).get("href")), len(self.parts))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.DROPPED:
            self.dropped = max(0, self.dropped - 1)
        elif tag in self.HEADINGS:
            self.parts.append("\n\n")
            self.is_heading = False
        elif tag == "a":
            (address, begin), self.link = self.link, ("", 0)
            words = "".join(self.parts[begin:])
            if address and words.strip() and not re.search(r"[\[\]\n]|://", words):
                self.parts[begin:] = [f"[{words}]({address})"]
        elif tag in self.BLOCKS and tag not in ("br", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.dropped:
            self.parts.append(re.sub(r"\s+", " ", data) if self.is_heading else data)


TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,5000}>")
ROW = re.compile(r"^ *\|.*\|\s*$", re.M)


def without_html(text: str) -> str:
    """Take HTML away from prose or Markdown, its code blocks left as they are.

    Linear in the text; a « < » that opens no tag stays.
    """
    if not TAG.search(text):
        return text
    pieces = CODE.split(text)
    return tidy("".join(piece if at % 2 else _stripped(piece) for at, piece in enumerate(pieces)))


def _cells(row: re.Match[str]) -> str:
    """Keep a row of a table on its line: the items of a list within a cell follow one another."""
    parted = re.sub(r"</li>\s*<li>|<br\s*/?>", " ; ", row[0])
    return TAG.sub("", parted)


def _stripped(text: str) -> str:
    if not TAG.search(text):
        return text
    # An automatic link <https://…> is Markdown, not HTML.
    text = re.sub(r"<(https?://[^\s<>]+|[\w.+-]+@[\w.-]+)>", r"\1", text)
    text = ROW.sub(_cells, text)
    stripper = _Stripper()
    stripper.feed(text)
    stripper.close()
    return re.sub(r"^#{1,6} *$", "", "".join(stripper.parts), flags=re.M)


def plain(text: str) -> str:
    """Give the words of Markdown or HTML on one line."""
    text = MARKDOWN_LINK.sub(r"\1", re.sub(r"`([^`\n]+)`", r"\1", marked(text)))
    return EMPHASIS.sub(lambda found: found[1] or found[2], text)


def marked(text: str) -> str:
    """Give the words of Markdown or HTML on one line: its code, stress and web links stay."""
    text = CODE.sub(lambda found: " " if "\n" in found[0] else found[0], without_html(text))
    text = INNER_LINK.sub(lambda found: found[1] or found[2] or "", html.unescape(text))
    return one_line(MARKER.sub("", text))


def summary_of(description: str) -> str:
    """Guess a summary: the first sentences of the first paragraph of prose, 280 characters."""
    for block in re.split(r"\n\s*\n", CODE.sub(_keep_inline, without_html(description))):
        if _is_prose(block):
            return _sentences(plain(block))
    return ""


def _keep_inline(found: re.Match[str]) -> str:
    return "" if "\n" in found[0] else found[0]


def _is_prose(block: str) -> bool:
    block = block.strip()
    if not block or block.startswith(("#", "|", "- ", "* ", "![", "[![", "<", "---", "===", ">")):
        return False
    words = plain(block)
    return len(words) >= 30 and not words.lower().startswith(("[more information", "[needs more"))


def _sentences(text: str) -> str:
    found = ""
    for sentence in SENTENCE_END.split(text):
        longer = f"{found} {sentence}".strip()
        # What announces a list says nothing without it.
        if len(longer) > formats.SUMMARY_CHARACTERS or sentence.endswith(":"):
            break
        found = longer
    return found or shorten(text, formats.SUMMARY_CHARACTERS)
