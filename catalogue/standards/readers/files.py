"""Read the files that the card of a model links to in a list or a table of its text."""

import re
from urllib.parse import urlsplit

from catalogue.standards.readers import formats
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Json
from catalogue.standards.readers.syntax import amounts
from catalogue.standards.readers.syntax import markdown_text as prose
from catalogue.standards.readers.syntax.text import plain

LISTING = re.compile(
    r"\b(?:fichiers?|files?|poids|weights|t[ée]l[ée]chargements?|downloads?)\b", re.I
)
PIECE = re.compile(rf"{prose.BLOCK.pattern}|^[^\n]+$", re.M | re.S)
LABEL = re.compile(r"\[([^\[\]\n]+)\]\(")
NAMED = re.compile(r"/([^/]+\.([a-z][a-z0-9]{0,11}))$", re.I)
PAGES = frozenset({"html", "htm", "php", "aspx"})
HUB = "https://huggingface.co/"
HASH = re.compile(r"\b[0-9a-f]{64}\b")
RULE = re.compile(r"[\s|:-]*")
# What a link to a file says, beside its name and its size.
TAKE = re.compile(r"\b(?:t[ée]l[ée]charger|download|lien|link)\b", re.I)


def read(found: list[prose.Section], into: Builder) -> None:
    """Give each file its row; its line leaves the text when the row says all of it.

    A table leaves as a whole, or stays. The tree of files of the model's own page is that page.
    """
    page = into.fields["homepage_url"].value if "homepage_url" in into.fields else ""
    rows, origin = list[dict[str, Json]](), ""

    def left(piece: re.Match[str]) -> str:
        if piece[1]:  # code
            return piece[0]
        is_table = piece[0].lstrip().startswith("|")
        lines = piece[0].splitlines()[1:] if is_table else [piece[0]]
        told = [(line, _row(line)) for line in lines if not RULE.fullmatch(line)]
        more = [row for _line, row in told if row and row not in rows]
        if len(rows) + len(more) > formats.ITEMS:
            return piece[0]
        rows.extend(more)
        is_all = told and all(_says(row, line) or _is_tree(line, page) for line, row in told)
        return "" if is_all else piece[0]

    for at, part in enumerate(found):
        before = len(rows)
        if LISTING.search(part.title):
            body = PIECE.sub(left, part.body).strip()
        if len(rows) > before:
            origin = origin or part.title
            body = "" if prose.LEAD.fullmatch(body) else body
            found[at] = part._replace(body=body, title=part.title if body else "")
    into.value("files", rows, origin, guessed=True)


def _row(line: str) -> dict[str, Json]:
    """Read one line as a file; {} when it leads to none."""
    url = prose.address(line)
    if url.startswith(HUB):
        url = url.removesuffix("?download=true").replace("/blob/", "/resolve/", 1)
    named = NAMED.search(urlsplit(url).path)
    if not named or re.search("/(?:tree|blob)/", url) or named[2].lower() in PAGES:
        return {}
    label = LABEL.search(line)
    said = line.strip().strip("|").split("|")[0] if line.lstrip().startswith("|") else ""
    title = plain(amounts.SIZE.sub("", said or (label[1] if label else ""))).strip(" ():,–-")
    row: dict[str, Json] = {
        "title": named[1] if not title or "://" in title else title,
        "url": url,
        "format": named[2].lower(),
    }
    if size := amounts.SIZE.search(plain(line)):
        row["bytes"] = amounts.octets(size)
    if hashed := HASH.search(line):
        row["sha256"] = hashed[0]
    return row


def _says(row: dict[str, Json], line: str) -> bool:
    words = amounts.SIZE.sub(" ", TAKE.sub(" ", prose.BARE_LINK.sub(" ", plain(line))))
    if not row or len({*prose.BARE_LINK.findall(line)}) > 1:
        return False
    return not prose.words(words) - prose.words(" ".join(map(str, row.values())))


def _is_tree(line: str, page: str) -> bool:
    """Say whether a line is nothing but a link to the tree of files of a page."""
    address = prose.address(line)
    return bool(page) and f"{address}/".startswith(f"{page}/tree/") and len(plain(line)) < 40
