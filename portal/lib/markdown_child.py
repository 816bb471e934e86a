"""Render Markdown texts; a process of its own, without Django.

`SECONDS`: one text from standard input. `SECONDS serve`: text after text, each in a fork that holds
nothing of the others, until nothing came for a minute; the parsers are imported once.
"""

import os
import re
import resource
import select
import sys
from typing import IO

import markdown
import nh3
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension

MEMORY_BYTES = 512 << 20
IDLE_SECONDS = 60
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
    """Start the headings at h3, since the page owns h1 and h2, and skip no level."""
    above = 2

    def shift(heading: re.Match[str]) -> str:
        nonlocal above
        above = min(int(heading[1]) + 2, above + 1, 6)
        return f"<h{above}>{heading[2]}</h{above}>"

    return re.sub(r"<h([1-6])>(.*?)</h\1>", shift, html, flags=re.DOTALL)


def _confine(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _serve(seconds: int) -> None:
    """Answer each text (its length on 8 bytes, then itself) with a status byte, length and HTML."""
    with open(0, "rb", buffering=0) as source, open(1, "wb", buffering=0) as sink:
        while select.select([source], [], [], IDLE_SECONDS)[0]:
            size = _exactly(source, 8)
            if len(size) < 8:
                return
            text = _exactly(source, int.from_bytes(size, "big"))
            html, status = _forked(text, seconds)
            answer = bytes([status != 0]) + len(html).to_bytes(8, "big") + html
            while answer:
                answer = answer[sink.write(answer) :]


def _exactly(source: IO[bytes], size: int) -> bytes:
    found = b""
    while len(found) < size and (piece := source.read(size - len(found))):
        found += piece
    return found


def _forked(text: bytes, seconds: int) -> tuple[bytes, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            _confine(seconds)
            with open(writing, "wb") as pipe:
                pipe.write(render(text.decode()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        html = pipe.read()
    return html, os.waitpid(child, 0)[1]


if __name__ == "__main__":
    if sys.argv[2:] == ["serve"]:
        _serve(int(sys.argv[1]))
    else:
        _confine(int(sys.argv[1]))
        sys.stdout.buffer.write(render(sys.stdin.buffer.read().decode()).encode())
