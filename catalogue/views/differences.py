"""Turn comparisons into the rows that the diff component shows."""

from collections.abc import Iterable
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from catalogue.queries.proposals import Change
from portal.lib.differences import Line

SIGNS = {"removed": "-", "added": "+", "same": " "}


def rows(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Give one heading a field, then its lines: {"gap"} or {"n", "sign", "text"}."""
    found: list[dict[str, Any]] = []
    for change in changes:
        lines = list(change.lines)
        hidden = lines.pop(0).hidden if lines and lines[0].sign == "gap" else 0
        found.append({"gap": f"{change.label}, {_hidden(hidden)}" if hidden else change.label})
        found += [_row(line) for line in lines]
    return found


def _row(line: Line) -> dict[str, Any]:
    if line.sign == "gap":
        return {"gap": _hidden(line.hidden)}
    return {"n": line.number, "sign": SIGNS[line.sign], "text": _text(line)}


def _text(line: Line) -> SafeString:
    if line.sign == "same":
        return SafeString(conditional_escape(line.text))
    tag = "ins" if line.sign == "added" else "del"
    opening, closing = SafeString(f"<{tag}>"), SafeString(f"</{tag}>")
    return format_html_join(
        "",
        "{}{}{}",
        (
            (opening, span.text, closing) if span.changed else ("", span.text, "")
            for span in line.spans
        ),
    ) or format_html("<{0}></{0}>", tag)


def _hidden(count: int) -> str:
    return ngettext("%(count)s ligne inchangée", "%(count)s lignes inchangées", count) % {
        "count": count
    }
