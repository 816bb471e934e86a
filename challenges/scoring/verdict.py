"""Tell what was found in a prediction file and what it scored; standard library only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """Say what is wrong in a prediction file, where, and what was expected.

    code, hint: of the closed lists of messages_fr.json. line: 1-based physical line (CSV)
    or row (Parquet). value: at most 64 characters of the cell, neutralised. message: French
    sentence, hint included, at most 1,000 characters. sentences, facts: the keys of that list
    and what fills them, from which the message is made in another language.
    """

    code: str
    message: str
    line: int | None = None
    hint: str | None = None
    value: str | None = None
    expected: str | None = None
    column: str | None = None
    sentences: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """Say something about an accepted file that its authors should know; fields as in Fault."""

    code: str
    message: str
    sentences: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Tell whether a file is accepted, and if not why, first fault first.

    digest: sha256 of the canonical aligned answer, equal for CSV, Parquet and shuffled
    copies of the same answer; empty when refused.
    """

    accepted: bool
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Notice, ...] = ()
    digest: str = ""
    rows: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return asdict(self) | {
            "faults": [asdict(f) for f in self.faults],
            "warnings": [asdict(w) for w in self.warnings],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Verdict":
        """Read a verdict written by to_json."""
        return cls(
            accepted=bool(raw["accepted"]),
            faults=tuple(Fault(**_said(f)) for f in raw["faults"]),
            warnings=tuple(Notice(**_said(w)) for w in raw["warnings"]),
            digest=str(raw["digest"]),
            rows=int(raw["rows"]),
        )


def _said(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {**raw, "sentences": tuple(raw.get("sentences", ()))}


@dataclass(frozen=True)
class Evaluated:
    """Hold the exact, unreleased result of one evaluation.

    values: {split: {key: number, None when it cannot be computed, {"groups": {group: {"value",
    "n", "shown", "low", "high"}}}, or {"withheld": number}: not to be shown}}.
    intervals: {split: {key: [low, high, method]}}.
    sums: {split: bucket statistics of the primary metric}, to be sealed.
    n: {split: rows or queries}. audit: the declared audit on the last part, small cells
    included, to be sealed; None when none is declared. losses: {split: unit losses of the
    primary metric}, to be sealed, of a plain mean of independent rows.
    """

    verdict: Verdict
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    intervals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sums: Mapping[str, bytes] = field(default_factory=dict)
    n: Mapping[str, int] = field(default_factory=dict)
    audit: Mapping[str, Any] | None = None
    losses: Mapping[str, bytes] = field(default_factory=dict)
