"""Render one Markdown text from standard input; a process of its own, without Django."""

import re
import resource
import sys

import markdown
import nh3

MEMORY_BYTES = 512 << 20
TAGS = frozenset(
    """a abbr blockquote br code dd del dl dt em h3 h4 h5 h6 hr ins li ol p pre q s strong sub
    sup table tbody td th thead tr ul""".split()
)


def render(text: str) -> str:
    """Return the sanitised HTML of a text; headings start at h3."""
    html = markdown.markdown(
        text,
        extensions=["tables", "fenced_code", "sane_lists", "footnotes"],
        output_format="html",
    )
    for level in range(4, 0, -1):  # the page owns h1 and h2
        html = re.sub(rf"<(/?)h{level}>", rf"<\1h{level + 2}>", html)
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href", "title"}, "th": {"scope"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    )


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.stdout.buffer.write(render(sys.stdin.buffer.read().decode()).encode())
