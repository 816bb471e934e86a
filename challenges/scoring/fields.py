"""Read typed values out of a document, noting each one that is absent or of another kind."""

import math
from dataclasses import dataclass, field
from datetime import date
from typing import Self

SHOWN = 64


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


MISSING = "E_KEY_MISSING"
MAX_TEXT = 5_000
MAX_ITEMS = 2_000


class Fields:
    """The keys of one mapping, with its place in the document."""

    wrong = MISSING  # the code of a value of another kind
    longest = MAX_TEXT
    item = "{place}.{at}"  # the place of an item of a list

    def __init__(self, findings: Findings, value: object, place: str, *, file: str) -> None:
        """Keep the mapping; anything else is a fault, then an empty mapping."""
        self.findings, self.place, self.file = findings, place, file
        self.values: dict[str, object] = {}
        if isinstance(value, dict):
            self.values = {str(key): one for key, one in value.items()}
        elif value is not None:
            self.refuse(self.wrong, "une liste de clés est attendue", value=value)

    def at(self, key: str) -> str:
        """Give the dotted place of a key."""
        return ".".join(part for part in (self.place, key) if part)

    def refuse(self, code: str, message: str, *, key: str = "", value: object = "") -> None:
        """Note a fault at a key of this mapping."""
        self.findings.refuse(code, message, file=self.file, key=self.at(key), value=value)

    def raw(self, key: str) -> object:
        """Give a value as written, None when absent."""
        return self.values.get(key)

    def has(self, key: str) -> bool:
        """Say whether a key holds something."""
        return self.raw(key) not in (None, "", [], {})

    def text(self, key: str, default: str = "", *, code: str = "") -> str:
        """Read an optional text; a number or a date is taken as written."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float | date):
            self.refuse(code or self.wrong, "un texte est attendu", key=key, value=value)
            return default
        text = str(value).strip()
        if len(text) > self.longest:
            said = f"plus de {self.longest} caractères"
            self.refuse(code or self.wrong, said, key=key, value=text)
        return text[: self.longest]

    def optional(self, key: str) -> str | None:
        """Read an optional text, None when absent or empty."""
        return self.text(key) or None

    def needed(self, key: str, *, code: str = "", longest: int | None = None) -> str:
        """Read a text that must be there, of at most `longest` characters."""
        if not self.has(key):
            self.refuse(code or MISSING, "cette clé est obligatoire", key=key)
            return ""
        text = self.text(key, code=code)
        if longest is not None and len(text) > longest:
            said = f"{longest} caractères au plus"
            self.refuse(code or self.wrong, said, key=key, value=text)
        return text

    def chosen(
        self, key: str, allowed: tuple[str, ...], *, default: str = "", code: str = ""
    ) -> str:
        """Read one of the allowed words; without default the key must be there."""
        text = self.text(key, default, code=code)
        if text in allowed:
            return text
        said = f"valeurs admises : {', '.join(allowed)}"
        self.refuse(code or self.wrong, said, key=key, value=self.raw(key))
        return default or allowed[0]

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Read true or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(MISSING, "true ou false est attendu", key=key, value=value)
            return default
        return value

    def whole(
        self, key: str, *, low: int = 0, default: int | None = None, code: str = MISSING
    ) -> int | None:
        """Read an optional whole number of at least `low`."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**31:
            self.refuse(
                code, f"un nombre entier d’au moins {low} est attendu", key=key, value=value
            )
            return default
        return value

    def number(self, key: str, *, code: str = MISSING) -> float | None:
        """Read an optional finite number, whole numbers kept whole."""
        value = self.values.get(key)
        if value is None:
            return None
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not math.isfinite(value):  # type: ignore[arg-type] # plain says it
            self.refuse(code, "un nombre est attendu", key=key, value=value)
            return None
        return value  # type: ignore[return-value] # plain says it

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        value = self.values.get(key)
        if value is None:
            return ()
        plain = isinstance(value, list) and len(value) <= MAX_ITEMS
        if not plain or any(isinstance(one, dict | list | bool) or one is None for one in value):  # type: ignore[attr-defined] # plain says it
            self.refuse(MISSING, "une liste de textes est attendue", key=key, value=value)
            return ()
        return tuple(str(one) for one in value)  # type: ignore[attr-defined] # plain says it

    def mapping(self, key: str) -> Self:
        """Enter a mapping, empty when absent."""
        return self._below(self.raw(key), self.at(key))

    def items(self, key: str) -> list[Self]:
        """Enter a list of mappings, empty when absent."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            self.refuse(self.wrong, "une liste est attendue", key=key, value=value)
            return []
        return [
            self._below("" if one is None else one, self.item.format(place=self.at(key), at=at))
            for at, one in enumerate(value)
        ]

    def _below(self, value: object, place: str) -> Self:
        return type(self)(self.findings, value, place, file=self.file)
