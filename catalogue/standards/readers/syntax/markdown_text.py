"""Read the structure of Markdown prose: front matter, headings, sections, bulleted facts."""

import re
from collections import Counter
from typing import NamedTuple

from catalogue.standards.readers.syntax.text import plain, web_address

FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?P<yaml>.*?)(?:^|\n)---[ \t]*(?:\n|\Z)", re.S)
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
TEMPLATE_DEFAULT = re.compile(
    r"\{\{[^{}\n]{0,200}?default\(\s*[\"']([^\"'\n]{1,200})[\"'][^{}\n]{0,200}\}\}"
)
TEMPLATE = re.compile(r"\{\{[^{}\n]{0,300}\}\}")
UNFILLED = re.compile(
    r"\[(?:more information needed|needs more information|more info needed|"
    r"dataset name|optional)\](?:\([^()\n]{0,500}\))?|\{\{[^{}\n]{0,300}\}\}|"
    r"^[ \t*_]*more information needed[ \t.*_]*$",
    re.I | re.M,
)
FACT = re.compile(r"^\s*[-*]\s+\**\s*([^*:\n]{2,40}?)\s*\**\s*:\s*\**\s*(.+?)\s*$")
NAMED_LINK = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\(\s*<?(https?://[^)\s>]+)>?[^)\n]*\)")
LINK = re.compile(r"\]\(\s*<?(https?://[^)\s>]+)")
BLOCK = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1[^\n]*$|(?:^ *\|[^\n]*\n?)+", re.M | re.S)
BARE_LINK = re.compile(r"https?://[^\s)>\]\"'`,]+")
MOST_LINES = 50_000
ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+\S")
# What leaves a section with its code: « To use it: ».
LEAD = re.compile(r"[^\n.!?]{0,80}:")


class Section(NamedTuple):
    """One heading and what follows it, up to the next heading of any level."""

    level: int
    title: str
    body: str
    line: int


def split(text: str) -> tuple[str | None, str, int]:
    """Cut the front matter from its text; returns it (None: there is none), the body, its line."""
    found = FRONT_MATTER.match(text)
    if found is None:
        return None, text, 1
    return found["yaml"], text[found.end() :], text.count("\n", 0, found.start("yaml")) + 1


def sections(text: str) -> list[Section]:
    """Cut a text at its headings; what precedes the first one has level 0 and no title."""
    found: list[Section] = []
    level, title, start, body = 0, "", 1, list[str]()
    fenced = False
    lines = text.split("\n")[:MOST_LINES]
    for number, line in enumerate(lines, 1):
        if FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _heading(line, lines, number)
        if heading is None:
            body.append(line)
            continue
        found.append(Section(level, title, "\n".join(body).strip("\n"), start))
        level, title, start, body = heading[0], heading[1], number, []
    found.append(Section(level, title, "\n".join(body).strip("\n"), start))
    return [each for each in found if each.title or each.body.strip()]


def _heading(line: str, lines: list[str], number: int) -> tuple[int, str] | None:
    marked = HEADING.match(line)
    if marked:
        return len(marked[1]), plain(marked[2])
    below = lines[number] if number < len(lines) else ""
    if line.strip() and UNDERLINE.match(below) and below.strip()[0] == "=":
        return 1, plain(line)
    return None


def written(text: str) -> str:
    """Say what a text holds once its unfilled places are taken away."""
    return UNFILLED.sub("", text).strip()


def filled(text: str) -> str:
    """Replace a place of a template by its usual value, or by nothing."""
    return TEMPLATE.sub("", TEMPLATE_DEFAULT.sub(r"\1", text)).strip()


def unfilled(text: str) -> int:
    """Count the places that still wait for their words."""
    return len(UNFILLED.findall(text))


def clean(found: list[Section]) -> str:
    """Take away tables of contents, unfilled places, and sections left empty by them."""
    kept: list[str] = []
    below = 0  # the level of what is kept next
    for section in reversed(found):
        if section.title.lower() in ("table of contents", "table des matières", "sommaire"):
            continue
        body = "\n".join(_bodies(section.body))
        if not body.strip() and (below <= section.level or section.level == 0):
            continue
        below = section.level
        head = f"{'#' * section.level} {filled(section.title)}\n\n" if section.title else ""
        kept.append(head + body.strip("\n"))
    return "\n\n".join(reversed(kept)).strip()


def joined(found: list[Section]) -> str:
    """Join sections again, cleaned, without the first heading: it is the title of the page."""
    return re.sub(r"\A\s*#\s[^\n]*(?:\n|\Z)", "", clean(found)).strip()


def _bodies(body: str) -> list[str]:
    """Keep the lines that say something: not a list item whose value is still to come."""
    lines = []
    for line in body.split("\n"):
        value = written(line).rsplit(":", 1)[-1]
        if UNFILLED.search(line) and not re.search(r"\w{3}", value):
            continue
        lines.append(filled(line) if "{{" in line else line)
    return lines


def facts(text: str) -> dict[str, str]:
    """Read the « - **Label:** value » lines, by label in lower case; the first of each wins."""
    found: dict[str, str] = {}
    for line in text.split("\n")[:MOST_LINES]:
        fact = FACT.match(line)
        if fact and written(fact[2]):
            found.setdefault(fact[1].strip().lower(), fact[2])
    return found


def address(text: str) -> str:
    """Give the first web address of a text, a Markdown link first; "" when there is none."""
    if not written(text):
        return ""
    found = LINK.search(written(text)) or BARE_LINK.search(written(text))
    return web_address(found[found.lastindex or 0].rstrip(".;:")) if found else ""


def section(found: list[Section], *names: str) -> Section | None:
    """Find the section that says something and whose title is nearest to one of some words."""
    for name in names:
        holds = [each for each in found if name in _named(each.title) and written(each.body)]
        if holds:
            return min(holds, key=lambda each: len(each.title))
    return None


def _named(title: str) -> str:
    return title.lower().replace("'", "’")


def apart(text: str) -> tuple[str, list[str]]:
    """Tell the prose of a text from its blocks of code and lines of tables."""
    return BLOCK.sub("", text), [found[0].strip() for found in BLOCK.finditer(text)]


def code(block: str) -> str:
    """Give a block of code without its fences."""
    return "\n".join(block.split("\n")[1:-1]).rstrip()


def unmarked(text: str) -> str:
    """Give the words of prose without the marks of Markdown: its paragraphs and items stay."""
    marked = re.sub(r"^[ \t]*[-*+]\s+", "• ", text, flags=re.M)
    pieces = re.split(r"(\n\s*\n|\n(?=• |\s*\d+[.)]\s))", marked)
    said = "".join(plain(each) or "\n" * each.count("\n") for each in pieces).strip()
    return re.sub(r"^• ", "- ", said, flags=re.M)


def leave(found: list[Section], part: Section, text: str, blocks: list[str], said: str) -> None:
    """Keep of a section its blocks, and its text when a word of it is not said by its fields."""
    is_lead = LEAD.fullmatch(text.strip())
    rest = blocks if is_lead or not _words(text) - _words(said) else [text.strip(), *blocks]
    found[found.index(part)] = part._replace(body="\n\n".join(rest))


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+", plain(spelt(text))))


def spelt(text: str) -> str:
    """Write the address of each link beside its words: a field holds no link."""
    return NAMED_LINK.sub(r"\1 (\2)", text)


def taken_out(text: str, pattern: re.Pattern[str]) -> tuple[str, list[str]]:
    """Take out of a text the sentences that hold a pattern; returns the rest, and them.

    The items of a list stay together.
    """
    pieces = re.split(r"((?<=[.!?])\s+|\n)", text)
    taken = [bool(pattern.search(piece)) and not ITEM.match(piece) for piece in pieces]
    rest = "".join(piece for piece, out in zip(pieces, taken, strict=True) if not out)
    return rest.strip(), [plain(piece) for piece, out in zip(pieces, taken, strict=True) if out]


def bullets(text: str) -> list[str]:
    """Give the items of lists and the paragraphs between them, in order, each on one line."""
    pieces = [""]
    for line in spelt(text).split("\n"):
        if ITEM.match(line) or not line.strip():
            pieces.append("")
        pieces[-1] += f"{line}\n"
    return [said for piece in pieces if re.search(r"\w", said := plain(piece.strip()))]
