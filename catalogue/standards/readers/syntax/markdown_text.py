"""Read the structure of Markdown prose: front matter, headings, sections, bulleted facts."""

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from catalogue.standards.readers.syntax.text import marked, plain, web_address

FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?P<yaml>.*?)(?:^|\n)---[ \t]*(?:\n|\Z)", re.S)
HEADING = re.compile(r"^ {0,3}(#{1,6})\s++(.+)$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
TEMPLATE_DEFAULT = re.compile(
    r"\{\{[^{}\n]{0,200}?default\(\s*[\"']([^\"'\n]{1,200})[\"'][^{}\n]{0,200}\}\}"
)
# An image that tells a state, with its link: of the licence, of the build.
BADGE = re.compile(
    r"\[!\[[^\[\]\n]{0,200}\]\([^()\n]{0,500}\)\]\([^()\n]{0,500}\)|"
    r"!\[[^\[\]\n]{0,200}\]\([^()\n]{0,300}(?:badge|shields\.io)[^()\n]{0,200}\)"
)
# Not a name that BibTeX keeps whole: « author = {{Insee}} ».
TEMPLATE = re.compile(r"(?<!=)(?<!= )\{\{[^{}\n]{0,300}\}\}")
UNFILLED = re.compile(
    r"[ \t]?\[(?:more information needed|needs more information|more info needed|"
    rf"dataset name|optional)\](?:\([^()\n]{{0,500}}\))?|{TEMPLATE.pattern}|"
    r"^[ \t*_]*more information needed[ \t.*_]*$|"
    # « TODO: add the matrix », « - **Funded by:** TODO ».
    r"^[ \t>*_+-]*(?:\[ ?\] )?(?-i:TODO|TBD|FIXME)\b[*_]*\s?(?::(?P<todo>[^\n]*))?$|"
    r"(?<=:)[ \t*_]*(?-i:TODO|TBD|FIXME)[ \t.*_]*$",
    re.I | re.M,
)
TODO = re.compile(r"\b(?:TODO|TBD|FIXME)\b")
# Sentences of the usual templates that nobody wrote for this card, at the beginning of a line.
OF_TEMPLATE = re.compile(
    r"^[ *_]*(?:use the code below to get started with the (?:model|dataset)|"
    r"users (?:\(both direct and downstream\) )?should be made aware of the risks, biases,? and "
    r"(?:technical )?limitations of the (?:model|dataset)"
    r"(?:\. more information (?:is )?needed for further recommendations)?|"
    r"this model ?card (?:aims to be a base template|has been automatically generated)[^.]*|"
    r"this is the model card of a .{0,5}transformers model that has been pushed on the hub[^.]*|"
    r"carbon emissions can be estimated using the \[machine learning impact calculator\]"
    r"(?:\([^()\s]*\))?(?: presented in \[lacoste et al\. \(2019\)\](?:\([^()\s]*\))?)?)"
    r"[ *_.:]*(?:$|(?<=[.:]) )",
    re.I,
)
# What announces a citation that is not there.
NO_CITATION = re.compile(
    r"^[ *_]*(?:BibTeX|APA)[ *_:]*$\s*(?=\Z|^[ *_]*(?:BibTeX|APA)[ *_:]*$)", re.I | re.M
)
# Possessive: spaces that are counted again and again would take hours.
FACT = re.compile(r"^\s*(?:[-*]\s++\**|\*\*)\s*+([^*:\n]{2,40}?)\s*+\**+\s*+:\s*+\**+\s*+(.+)$")
# « Version actuelle : v0.3.1 » at the end of a line.
LABELLED = re.compile(
    r"(?:^ {0,3}|[.!?] )(d[ée]p[ôo]t|repo(?:sitory)?|(?:current )?version(?: actuelle)?)"
    r"\s?:\s?(\S.*)$",
    re.I,
)
# A table within an item of a list, where Markdown reads none.
INSET = re.compile(r"(?:^ {1,6}\|[^\n]*(?:\n|\Z)){2,}", re.M)
NEW_LINES = re.compile(r"\s*\n\s*")
# Lines « **Label:** value » one under the other, which Markdown would run together.
FACTS = re.compile(r"(?:^\*\*[^*:\n]{2,40}(?::\*\*|\*\*\s*:)[^\n]+\n*){2,}", re.M)
NOTE = re.compile(r"^ {0,3}\[\^([^\]\s]{1,40})\]:(.*(?:\n(?: {2,}|\t)\S.*)*)", re.M)
CALL = re.compile(r"\[\^([^\]\s]{1,40})\]")
LINK = re.compile(r"\]\(\s*<?(https?://[^)\s>]+)")
CODES = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1[^\n]*$", re.M | re.S)
BLOCK = re.compile(rf"{CODES.pattern}|(?:^ *\|[^\n]*\n?)+", re.M | re.S)
# With what announces a table: « F1 by group: ».
LED = re.compile(
    rf"{CODES.pattern}|(?:^[^\n|#]{{1,200}}:[ *]*\n\s*)?(?:^ *\|[^\n]*\n?)+", re.M | re.S
)
BARE_LINK = re.compile(r"https?://[^\s)>\]\"'`,]+")
MOST_LINES = 50_000
ITEM = re.compile(r"\s*(?:([-*+])|(\d+[.)]))\s+(?=\S)")
# Where a paragraph, or an item of a list, ends.
ENDS = re.compile(r"(\n[ \t]*(?=\n)|\n(?=[ \t]*(?:[-*+]|\d+[.)])[ \t])|\n(?=[ \t]*\|))")
SENTENCES = re.compile(r"(?<=[.!?…])(\s+)(?=[A-ZÀ-ÖØ-Þ0-9«“\"(*_`\[])")
# What leaves a section with its code: « To use it: ».
LEAD = re.compile(r"[^\n.!?]{0,80}:[ *]*")
# What a section says of its code, written within it when it is no longer.
MOST_SAID_OF_CODE = 400


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
    lines = _noted(text).split("\n")[:MOST_LINES]
    for number, line in enumerate(lines, 1):
        if FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _heading(line, lines, number)
        if heading is None:
            rest = line if fenced else OF_TEMPLATE.sub("", line, count=1)
            if rest or not line:
                body.append(rest)
            continue
        found.append(Section(level, title, "\n".join(body).strip("\n"), start))
        level, title, start, body = heading[0], heading[1], number, []
    found.append(Section(level, title, "\n".join(body).strip("\n"), start))
    return [each for each in found if each.title or each.body.strip()]


def _noted(text: str) -> str:
    """Write the notes of a text where they are called, in brackets: its parts go several ways."""
    notes = {note[1]: " ".join(note[2].split()).removesuffix(".") for note in NOTE.finditer(text)}
    if not notes:
        return text
    text = NOTE.sub(lambda note: "\n" * note[0].count("\n"), text)
    return CALL.sub(lambda call: f" ({notes[call[1]]})" if notes.get(call[1]) else call[0], text)


def _heading(line: str, lines: list[str], number: int) -> tuple[int, str] | None:
    marked = HEADING.match(line)
    if marked:
        return len(marked[1]), plain(marked[2].rstrip().rstrip("#"))
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


def unfilled(text: str) -> list[str]:
    """Name what still waits for its words: by the label of its line, or by its heading."""
    named = list[str]()
    for part in sections(text):
        for line, unfilled_places in _lines(part.body):
            waits = [each for each in unfilled_places if "optional" not in each[0].lower()]
            if waits:
                label, todo = FACT.match(line), plain(waits[0]["todo"] or "")
                named.append(todo or written(filled(label[1] if label else part.title)) or "…")
    return list(dict.fromkeys(named))


def _lines(body: str) -> Iterator[tuple[str, list[re.Match[str]]]]:
    """Give each line and its unfilled places; what is to do in a block of code is code."""
    fenced = False
    for line in body.split("\n"):
        fenced ^= bool(FENCE.match(line))
        yield line, [] if fenced and TODO.search(line) else list(UNFILLED.finditer(line))


def clean(found: list[Section]) -> str:
    """Take away tables of contents, unfilled places, and sections left empty by them."""
    kept: list[str] = []
    below = 0  # the level of what is kept next
    for section in reversed(_raised(found)):
        if section.title.lower() in ("table of contents", "table des matières", "sommaire"):
            continue
        body = said_of(section.body)
        if not body.strip() and (below <= section.level or section.level == 0):
            continue
        below = section.level
        title = written(filled(section.title))
        head = f"{'#' * section.level} {title}\n\n" if title else ""
        kept.append(head + body.strip("\n"))
    return BADGE.sub("", "\n\n".join(reversed(kept))).strip()


def _raised(found: list[Section]) -> list[Section]:
    """Raise what stands under a heading that left with its text, in the place of that heading."""
    raised, left, by = list[Section](), 0, 0  # left: the level of the heading that left
    for each in found:
        if not each.title and each.level:
            left, by = each.level, 0
            continue
        if each.level <= left:
            left = 0
        by = by or each.level - left
        raised.append(each._replace(level=max(left, each.level - by)) if left else each)
    return raised


def joined(found: list[Section]) -> str:
    """Join sections again, cleaned, without the first heading: it is the title of the page."""
    return re.sub(r"\A\s*#\s[^\n]*(?:\n|\Z)", "", clean(found)).strip()


def said_of(body: str) -> str:
    """Keep the lines that say something: not a list item whose value is still to come."""
    lines = []
    for line, places in _lines(body):
        value = written(line).rsplit(":", 1)[-1]
        if places and not re.search(r"\w{3}", value):
            continue
        lines.append(UNFILLED.sub("", filled(line) if "{{" in line else line) if places else line)
    said = NO_CITATION.sub("", "\n".join(lines))
    return INSET.sub(_set_out, FACTS.sub(_as_list, said))


def _set_out(table: re.Match[str]) -> str:
    return "\n" + re.sub(r"^ +", "", table[0], flags=re.M) + "\n"


def _as_list(found: re.Match[str]) -> str:
    """Write such lines as a list; under another list, which would take them, as paragraphs."""
    before = found.string[: found.start()].rstrip().rsplit("\n", 1)[-1]
    start, between = ("", "\n\n") if ITEM.match(before) else ("- ", "\n- ")
    return f"{start}{between.join(re.split(NEW_LINES, found[0].strip()))}\n\n"


def facts(text: str) -> dict[str, str]:
    """Read the « - **Label:** value » lines, by label in lower case; the first of each wins.

    A version and a repository are read from prose too.
    """
    found: dict[str, str] = {}
    for line in text.split("\n")[:MOST_LINES]:
        fact = FACT.match(line) or LABELLED.search(line)
        if fact and written(fact[2]):
            found.setdefault(fact[1].strip().lower(), fact[2].rstrip())
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
        named = [each for each in found if name in _named(each.title)]
        holds = [each for each in named if written(said_of(each.body))]
        if holds:
            return min(holds, key=lambda each: len(each.title))
    return None


def _named(title: str) -> str:
    return title.lower().replace("'", "’")


def apart(text: str, blocks: re.Pattern[str] = BLOCK) -> tuple[str, list[str]]:
    """Tell the prose of a text from its blocks: of code and lines of tables, or of code alone."""
    return blocks.sub("", text), [found[0].strip() for found in blocks.finditer(text)]


def code(block: str) -> str:
    """Give a block of code without its fences."""
    return "\n".join(block.split("\n")[1:-1]).rstrip()


def run(body: str) -> str:
    """Give the code of a section, its first block of Python as it is.

    What stands before it, and between its blocks, becomes comments; "" when there is no code, or
    too much around it.
    """
    text, blocks = apart(body)
    names = [each.split("\n")[0].strip("`~ ").lower() for each in blocks]
    if not blocks or blocks[-1].startswith("|") or len(text.strip()) > MOST_SAID_OF_CODE:
        return ""
    runs = next((name for name in names if name.startswith("py")), names[0])
    is_lead = len(blocks) == 1 and LEAD.fullmatch(text.strip())
    said = (
        [""] if is_lead else [_commented(laid_out(each, plain)) for each in CODES.split(body)[::2]]
    )
    told = [code(each) for each in blocks]
    for at, name in enumerate(names):
        if name != runs:
            told[at] = re.sub(r"^(?=.)", "# ", told[at], flags=re.M)
    parts = [f"{lead}\n{lines}".strip("\n") for lead, lines in zip(said, told, strict=False)]
    return "\n\n".join(each for each in parts if each)


def _commented(text: str) -> str:
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, 88)]
    return "\n".join(f"# {line}" for line in lines)


def laid_out(text: str, words_of: Callable[[str], str] = marked) -> str:
    """Write the paragraphs and lists of prose anew, as a field holds them."""
    said, is_apart, before = "", False, ""
    for piece in ENDS.sub("\0", text.expandtabs(4)).split("\0"):
        words, mark, is_row = words_of(piece), ITEM.match(piece), piece.lstrip().startswith("|")
        if not words:
            is_apart = True
            continue
        kind = "item" if mark else "row" if is_row else "paragraph"
        said += "\n" if kind != "paragraph" and (kind == before or not is_apart) else "\n\n"
        if mark:
            indent = " " * (len(piece) - len(piece.lstrip()))
            words = f"{indent}{'-' if mark[1] else mark[2]} {words}"
        said += piece.strip() if is_row else words
        is_apart, before = False, kind
    return said.strip("\n")


def leave(found: list[Section], part: Section, text: str, blocks: list[str], said: str) -> None:
    """Keep of a section its blocks, and its text when a word of it is not said by its fields."""
    is_lead = LEAD.fullmatch(text.strip())
    rest = blocks if is_lead or not words(text) - words(said) else [text.strip(), *blocks]
    left = part._replace(body="\n\n".join(rest))
    found[found.index(part)] = left if rest else left._replace(title="")


def words(text: str) -> Counter[str]:
    """Count the words of a text in Markdown."""
    return Counter(re.findall(r"[^\W_]+", plain(text)))


def taken_out(text: str, pattern: re.Pattern[str]) -> tuple[str, list[str]]:
    """Take out of a text the sentences and items that hold a pattern; returns the rest, and them.

    What a sentence announces, and what stands under an item, goes with it.
    """
    rest, taken, carried = "", list[str](), -1  # carried: how far in what goes with them begins
    for block in ENDS.split(text.expandtabs(4)):
        if not block.strip():
            rest += block
            continue
        if ITEM.match(block):
            indent = len(block) - len(block.lstrip())
            goes_with = 0 <= carried <= indent
            if goes_with or pattern.search(plain(block)):
                taken.append(f"- {marked(block)}" if goes_with else marked(block))
                carried = carried if goes_with else indent + 1
            else:
                rest, carried = rest + block, -1
            continue
        carried = -1
        for sentence in SENTENCES.split(block):
            is_row = sentence.lstrip().startswith("|")
            if sentence.strip() and not is_row and pattern.search(plain(sentence)):
                taken.append(marked(sentence))
                carried = 0 if sentence.rstrip(" *").endswith(":") else -1
            else:
                rest += sentence
    return re.sub(r"\n\s*\n(?:\s*\n)+", "\n\n", rest).strip(), taken


def bullets(text: str) -> list[str]:
    """Give the items of lists and the paragraphs between them, in order, each on one line.

    Those that stand under another, or that a paragraph announces, begin with a dash.
    """
    pieces = [each for each in ENDS.split(text.expandtabs(4)) if re.search(r"\w", each)]
    least = min((len(each) - len(each.lstrip()) for each in pieces if ITEM.match(each)), default=0)
    said, announced = list[str](), False
    for piece in pieces:
        words, is_item = marked(piece), ITEM.match(piece)
        under = is_item and (announced or len(piece) - len(piece.lstrip()) > least)
        said.append(f"- {words}" if under else words)
        announced = announced if is_item else words.rstrip(" *").endswith(":")
    return said
