"""Sanitise one HTML document from standard input; a process of its own, without Django."""

import sys

import nh3

from portal.lib.children import Bounds

MEMORY_BYTES = 512 << 20
TAGS = frozenset(
    """abbr b blockquote br caption code col colgroup dd del div dl dt em figcaption figure h1 h2
    h3 h4 h5 h6 hr i img ins li ol p pre q s section small span strong sub sup table tbody td
    tfoot th thead tr ul""".split()
)
SPANS = {"colspan", "rowspan", "scope"}


def main() -> None:
    """Read, clean, write."""
    Bounds(int(sys.argv[1]), MEMORY_BYTES).apply()
    cleaned = nh3.clean(
        sys.stdin.buffer.read().decode(errors="replace"),
        tags=set(TAGS),
        clean_content_tags={"script", "style", "title"},
        attributes={"td": SPANS, "th": SPANS, "img": {"src", "alt"}},
        url_schemes={"data"},
        link_rel=None,
    )
    sys.stdout.buffer.write(cleaned.encode())


if __name__ == "__main__":
    main()
