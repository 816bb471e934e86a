"""Set a formula of the manual in MathML: its fractions and its roots."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# What ends a side of a fraction, and what parts its sides.
BREAK = re.compile(r" [−+=] |,(?: de| of)? | (?:de|of) ")
MATH = '<math displaystyle="true">{}</math>'
OVER = re.compile(" / ")
# A root around the whole is drawn by us: only a font made for formulas has a sign as tall as them.
ROOT = (
    '<span class="root"><span class="vh">√</span><svg viewBox="0 0 10 20" aria-hidden="true" '
    'preserveAspectRatio="none"><path d="M0 12.5 2 11.5 5 19 9.8 0"/></svg>{}</span>'
)


def typeset(formula: str) -> SafeString:
    """Set a formula as the browser draws it; its words stay those of the manual, and wrap."""
    return format_html_join("", "{}", ((_whole(each),) for each in _cut(formula, BREAK)))


def _whole(text: str) -> str:
    """Set a side of the whole: words as they are, a root drawn by us, else in MathML."""
    side = _side(text)
    if side.startswith("<msqrt"):
        return format_html(ROOT, format_html(MATH, _row(_bare(text[1:]))))
    return text if side.startswith("<mtext") else format_html(MATH, side)


def _row(text: str) -> SafeString:
    sides = (_side(each) for each in _cut(text, BREAK) if each)
    return format_html("<mrow>{}</mrow>", format_html_join("", "{}", ((each,) for each in sides)))


def _side(text: str) -> SafeString:
    over = _cut(text, OVER)
    if len(over) == 3:
        return format_html("<mfrac>{}{}</mfrac>", *(_row(_bare(each)) for each in over[::2]))
    if text.startswith("√") and _bare(text[1:]) != text[1:]:
        return format_html("<msqrt>{}</msqrt>", _row(_bare(text[1:])))
    return format_html("<mtext>{}</mtext>", re.sub("^ | $", "\u00a0", text))


def _bare(text: str) -> str:
    """Take off the brackets around the whole of a text."""
    inner = text[1:-1]
    closes = text[:1] + text[-1:] == "()" and len(_cut(inner, re.compile(r"\)"))) == 1
    return inner if closes else text


def _cut(text: str, sign: re.Pattern[str]) -> list[str]:
    """Cut a text at a sign, outside brackets and bars: pieces, with the signs between them."""
    pieces, start, at, depth, in_bars = list[str](), 0, 0, 0, False
    while at < len(text):
        if not depth and not in_bars and (read := sign.match(text, at)):
            pieces += [text[start:at], read[0]]
            start = at = read.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        in_bars ^= text[at] == "|"
        at += 1
    return [*pieces, text[start:]]
