"""Compare two texts: line by line, and word by word inside a changed line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

Sign = Literal["same", "removed", "added", "gap"]

WORDS = re.compile(r"\w+|\s+|[^\w\s]", re.UNICODE)
# Beyond this a word comparison tells nothing and costs much: the line is shown as replaced.
LINE_WORDS = 600
# Unchanged lines kept on each side of a change.
CONTEXT_LINES = 1
# Below this likeness two lines are not two states of one line.
LIKENESS = 0.3


@dataclass(frozen=True)
class Span:
    """Hold a piece of a line and whether it changed."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Line:
    """Hold one line of a comparison.

    number: line number in the text it belongs to (the new text for "same"), 0 for a gap.
    hidden: unchanged lines that a gap stands for.
    """

    sign: Sign
    number: int
    spans: Sequence[Span] = field(default=())
    hidden: int = 0

    @property
    def text(self) -> str:
        """Give the whole line."""
        return "".join(span.text for span in self.spans)


def words(text: str) -> list[str]:
    """Cut a text into words, runs of spaces and single signs; joined, they give the text back."""
    return WORDS.findall(text)


def spans(old: str, new: str) -> tuple[list[Span], list[Span]]:
    """Mark the words of two states of one line that are not in the other.

    Returns (old spans, new spans); joined texts equal the arguments.
    """
    before, after = words(old), words(new)
    if len(before) > LINE_WORDS or len(after) > LINE_WORDS:
        return [Span(old, True)], [Span(new, True)]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    left: list[Span] = []
    right: list[Span] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        _push(left, "".join(before[a:b]), tag != "equal")
        _push(right, "".join(after[c:d]), tag != "equal")
    return left, right


def lines(old: str, new: str) -> list[Line]:
    """Compare two texts by lines, keeping one unchanged line around each change.

    Returns [] when the texts are equal. Removed lines come before the added ones that replace
    them; a line replaced by a similar one carries its changed words.
    """
    before, after = old.splitlines(), new.splitlines()
    # autojunk keeps thousands of equal short lines from costing their square.
    matcher = SequenceMatcher(None, before, after, autojunk=True)
    found: list[Line] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found += [
                Line("same", c + step + 1, (Span(after[c + step], False),)) for step in range(d - c)
            ]
        else:
            found += _replaced(before[a:b], after[c:d], a + 1, c + 1)
    return list(_fold(found)) if any(line.sign != "same" for line in found) else []


def _push(target: list[Span], text: str, changed: bool) -> None:
    if not text:
        return
    if target and target[-1].changed == changed:
        text = target.pop().text + text
    target.append(Span(text, changed))


def _replaced(
    before: Sequence[str], after: Sequence[str], first: int, second: int
) -> Iterator[Line]:
    removed: list[Line] = []
    added: list[Line] = []
    for step in range(max(len(before), len(after))):
        old = before[step] if step < len(before) else None
        new = after[step] if step < len(after) else None
        left, right = _pair(old, new)
        if old is not None:
            removed.append(Line("removed", first + step, tuple(left)))
        if new is not None:
            added.append(Line("added", second + step, tuple(right)))
    yield from removed
    yield from added


def _pair(old: str | None, new: str | None) -> tuple[list[Span], list[Span]]:
    if old is None or new is None:
        return [Span(old or "", True)], [Span(new or "", True)]
    left, right = spans(old, new)
    kept = sum(len(span.text.strip()) for span in left if not span.changed)
    if kept < LIKENESS * max(len(old.strip()), len(new.strip()), 1):
        return [Span(old, True)], [Span(new, True)]
    return left, right


def _fold(found: Sequence[Line]) -> Iterator[Line]:
    near = {
        place + step
        for place, line in enumerate(found)
        if line.sign != "same"
        for step in range(-CONTEXT_LINES, CONTEXT_LINES + 1)
    }
    hidden = 0
    for place, line in enumerate(found):
        if place in near:
            if hidden:
                yield Line("gap", 0, hidden=hidden)
            hidden = 0
            yield line
        else:
            hidden += 1
    if hidden:
        yield Line("gap", 0, hidden=hidden)
