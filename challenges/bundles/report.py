"""What an import found: every fault and every warning, in French."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from challenges.bundles.spec import PortableSpec

SHOWN = 64
# Found by the import itself, once the truth is read.


def counted(number: int, one: str, many: str) -> str:
    """Write a number and what it counts; none is singular in French."""
    return f"{number} {one if number < 2 else many}"


@dataclass(frozen=True)
class Problem:
    """One fault or warning: its cause, where it is and what was found there."""

    code: str
    message: str
    file: str = ""
    key: str = ""
    value: str = ""

    @property
    def line(self) -> str:
        """Write the problem on one line: code, file, key, value, sentence."""
        place = " · ".join(
            part
            for part in (self.file, self.key, f"« {self.value} »" if self.value else "")
            if part
        )
        return (
            f"{self.code} · {place} : {self.message}" if place else f"{self.code} : {self.message}"
        )

    def to_json(self) -> dict[str, str]:
        """Give the problem as a plain mapping."""
        return {name: getattr(self, name) for name in ("code", "file", "key", "value", "message")}


@dataclass(frozen=True)
class Report:
    """The faults (none: the folder may be imported), the warnings, and what was read."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    spec: PortableSpec | None

    @property
    def codes(self) -> list[str]:
        """List the causes of refusal, in the order of the checks."""
        return [problem.code for problem in self.errors]


@dataclass
class Findings:
    """Collect problems while a folder is read."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def refuse(
        self, code: str, message: str, *, file: str = "", key: str = "", value: object = ""
    ) -> None:
        """Add a fault."""
        self.errors.append(Problem(code, message, file, key, shown(value)))

    def warn(
        self, code: str, message: str, *, file: str = "", key: str = "", value: object = ""
    ) -> None:
        """Add a warning."""
        self.warnings.append(Problem(code, message, file, key, shown(value)))


def shown(value: object) -> str:
    """Shorten a value to 64 printable characters."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "".join(char if char.isprintable() else "�" for char in str(value)[: 4 * SHOWN])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
