"""What a use case answers, whatever it is: one shape for its page, its document and the API."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from portal.demonstrator.engines.text import Reason

# Of parts of a text, each beside what it justifies.
TONES = ("calanque", "lavande", "olivier", "mimosa")


@dataclass(frozen=True)
class Line:
    """A proposal, or a part of one. key: what ticking it sends back, "" where it is not ticked.

    reason: why, in a line. share: in [0, 1], of what the note of its block says, or None. marks:
    short facts (tone, text). details: more of it, folded on the page. tone: that of the part of the
    text that justifies it, or "". is_french: its title is of the référentiel, as that of a code is.
    learnt: what this step of a path asks to learn.
    """

    key: str
    title: str
    code: str = ""
    reason: str = ""
    share: float | None = None
    marks: tuple[tuple[str, str], ...] = ()
    details: tuple[str, ...] = ()
    is_kept: bool = True
    href: str = ""
    tone: str = ""
    is_french: bool = False
    learnt: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """Write it in bold where something is said of it."""
        return "b" if self.code or self.reason or self.details else "span"

    @property
    def percent(self) -> int:
        """Write the share as a whole number of hundredths."""
        return round((self.share or 0) * 100)


@dataclass(frozen=True)
class Block:
    """Lines under a title. note: said of all of them. is_dense: short lines, side by side.

    first: how many lines are not folded on the page, all if None. share: what the share of a line
    is, on paper. is_brief: details stay on the page. is_to_do: on paper, boxes to tick by hand.
    is_french: its note is of the référentiel. is_path: its lines are steps, one after the other.
    """

    title: str
    lines: tuple[Line, ...]
    note: str = ""
    is_dense: bool = False
    first: int | None = None
    share: Any = ""
    is_brief: bool = False
    is_to_do: bool = False
    is_french: bool = False
    is_path: bool = False

    @property
    def unfolded(self) -> tuple[Line, ...]:
        """Give the lines that the page shows at once."""
        return self.lines[: self.first]

    @property
    def folded(self) -> tuple[Line, ...]:
        """Give the lines that one opens."""
        return () if self.first is None else self.lines[self.first :]

    @property
    def is_list(self) -> bool:
        """Say whether its lines are short enough to be a list on a sheet of paper."""
        is_short = self.is_dense or self.is_brief
        return is_short or not any(line.code or line.details for line in self.lines)

    @property
    def is_measured(self) -> bool:
        """Say whether a line has a share, which is drawn as a bar."""
        return any(line.share is not None for line in self.lines)


@dataclass(frozen=True)
class Question:
    """A question whose yes or no is sent back under its key."""

    key: str
    text: str


class Interval(NamedTuple):
    """A row of a table: an occupation, its level with the doubt on it, the places it may have."""

    title: str
    code: str
    level: int
    low: int
    high: int
    first: int
    last: int
    among: int

    @property
    def place(self) -> str:
        """Write the places, and among how many."""
        places = f"{self.first}–{self.last}" if self.first < self.last else f"{self.first}"
        return _("%(places)s sur %(count)s") % {"places": places, "count": self.among}


@dataclass(frozen=True)
class Answer:
    """What is understood and proposed.

    text, reasons: what was typed, and the parts of it that justify the first proposal. silence:
    why nothing is proposed, "" where something is. nearest: what to choose from where one word
    was not known, and the field that it fills. limits: what must be known of this answer. title:
    of what one takes away, "" for that of the use case. intervals: the same as a table, if any.
    printed: the text as it is taken away, where that is not all that was typed. offers: boxes to
    tick that the words call for: field, value and name of each. understood: the occupations that
    were understood, in place of what was typed.
    """

    blocks: tuple[Block, ...] = ()
    text: str = ""
    reasons: tuple[Reason, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    silence: str = ""
    nearest: tuple[str, ...] = ()
    nearest_field: str = ""
    limits: tuple[str, ...] = ()
    need: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    intervals: tuple[Interval, ...] = ()
    printed: str = ""
    offers: tuple[tuple[str, str, str], ...] = ()
    understood: str = ""

    @property
    def has_boxes(self) -> bool:
        """Say whether it has lines to tick."""
        return any(line.key for block in self.blocks for line in block.lines)

    def keeping(self, keys: Collection[str]) -> "Answer":
        """Tick what a person kept, and nothing else."""
        blocks = [
            replace(
                block,
                lines=tuple(
                    replace(each, is_kept=each.key in keys) if each.key else each
                    for each in block.lines
                ),
            )
            for block in self.blocks
        ]
        return replace(self, blocks=tuple(blocks))

    def segments(self) -> list[tuple[str, str]]:
        """Cut what was typed in pieces, each with its tone where it justifies something, or ""."""
        pieces, at, tones = [], 0, toned(self.reasons)
        for reason in sorted(self.reasons, key=lambda each: each.start):
            if reason.start > at:
                pieces.append((self.text[at : reason.start], ""))
            pieces.append((self.text[reason.start : reason.end], tones[reason.start]))
            at = reason.end
        return [*pieces, (self.text[at:], "")]


def toned(reasons: Iterable[Reason]) -> dict[int, str]:
    """Give each part of a text, by where it starts, its tone."""
    starts = sorted({each.start for each in reasons})
    return {start: TONES[at % len(TONES)] for at, start in enumerate(starts)}
