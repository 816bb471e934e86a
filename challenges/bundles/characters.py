"""Find the characters that no text of ours may hold: NUL, and half of a surrogate pair.

PostgreSQL refuses the first, UTF-8 cannot write the second.
"""

from __future__ import annotations

import re

REFUSED = "caractère nul ou demi-paire Unicode dans un texte"
_REFUSED = re.compile("[\0\ud800-\udfff]")
# As JSON writes them: an escape, or the bytes of a half that json.loads lets through.
_WRITTEN = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")


def is_refused(text: str) -> bool:
    """Say whether a text holds such a character."""
    return _REFUSED.search(text) is not None


def in_json(found: object, raw: bytes) -> str:
    """Say in French why a JSON document is refused, with a line; "" when it is not.

    found: what the standard reader made of `raw`, so it is a tree of a bounded depth.
    """
    if not _holds(found):
        return ""
    first = _WRITTEN.search(raw)
    if first is None:
        return REFUSED
    line = raw.count(b"\n", 0, first.start()) + 1
    return f"ligne {line} : {REFUSED}"


def _holds(value: object) -> bool:
    if isinstance(value, str):
        return is_refused(value)
    if isinstance(value, dict):
        return any(is_refused(key) or _holds(one) for key, one in value.items())
    return isinstance(value, list) and any(_holds(one) for one in value)
