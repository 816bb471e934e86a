"""Read typed values out of a document, noting each one that is absent or of another kind."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING as MISSING_DEFAULT
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import date
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Self, TypeGuard, get_args, get_origin, get_type_hints

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
MOST_WHOLE = 2**31 - 1
NEEDED = "cette clé est obligatoire"


def admitted(choices: Sequence[str]) -> str:
    """Say which words a value may be."""
    return f"valeurs admises : {', '.join(choices)}"


def is_finite(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number that the machine can hold, true and false excepted.

    YAML and JSON write whole numbers of thousands of digits, which no float holds.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


class Fields:
    """The keys of one mapping, with its place in the document."""

    wrong = MISSING  # the code of a value of another kind
    longest = MAX_TEXT
    item = "{place}.{at}"  # the place of an item of a list
    is_bare = False  # whether texts keep the blanks around them
    most_items = MAX_ITEMS

    def __init__(self, findings: Findings, value: object, place: str, *, file: str) -> None:
        """Keep the mapping; anything else is a fault, then an empty mapping."""
        self.findings, self.place, self.file = findings, place, file
        self.values: dict[str, object] = {}
        self._mappings: dict[str, Self] = {}
        self._items: dict[str, list[Self]] = {}
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
        text = str(value) if self.is_bare else str(value).strip()
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
            self.refuse(code or MISSING, NEEDED, key=key)
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
        self.refuse(code or self.wrong, admitted(allowed), key=key, value=self.raw(key))
        return default or allowed[0]

    def flag(self, key: str, *, default: bool = False, code: str = MISSING) -> bool:
        """Read true or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(code, "true ou false est attendu", key=key, value=value)
            return default
        return value

    def whole(
        self,
        key: str,
        *,
        low: int = 0,
        high: int = MOST_WHOLE,
        default: int | None = None,
        code: str = MISSING,
    ) -> int | None:
        """Read an optional whole number of at least `low`, at most `high`."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            bounds = f"d’au moins {low}" if high == MOST_WHOLE else f"de {low} à {high}"
            self.refuse(code, f"un nombre entier {bounds} est attendu", key=key, value=value)
            return default
        return value

    def number(self, key: str, *, code: str = MISSING) -> float | None:
        """Read an optional finite number, whole numbers kept whole."""
        value = self.values.get(key)
        if value is None:
            return None
        if not is_finite(value):
            self.refuse(code, "un nombre est attendu", key=key, value=value)
            return None
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        value = self.values.get(key)
        if value is None:
            return ()
        plain = isinstance(value, list) and len(value) <= self.most_items
        if not plain or any(isinstance(one, dict | list | bool) or one is None for one in value):  # type: ignore[attr-defined] # plain says it
            self.refuse(MISSING, "une liste de textes est attendue", key=key, value=value)
            return ()
        return tuple(str(one) for one in value)  # type: ignore[attr-defined] # plain says it

    def pairs(self, key: str, *, code: str = MISSING) -> tuple[tuple[str, str], ...]:
        """Read a list of pairs of texts."""
        value = self.raw(key)
        found = []
        for pair in value if isinstance(value, list) else [value]:
            words = [str(one) for one in pair] if isinstance(pair, list) else []
            if len(words) == 2:
                found.append((words[0], words[1]))
            else:
                self.refuse(code, "une paire de textes est attendue", key=key, value=pair)
        return tuple(found)

    def mapping(self, key: str) -> Self:
        """Enter a mapping, empty when absent; a fault is noted once."""
        if key not in self._mappings:
            self._mappings[key] = self._below(self.raw(key), self.at(key))
        return self._mappings[key]

    def items(self, key: str) -> list[Self]:
        """Enter a list of mappings, empty when absent; a fault is noted once."""
        if key not in self._items:
            self._items[key] = self._listed(key)
        return self._items[key]

    def _listed(self, key: str) -> list[Self]:
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > self.most_items:
            self.refuse(self.wrong, "une liste est attendue", key=key, value=value)
            return []
        return [
            self._below("" if one is None else one, self.item.format(place=self.at(key), at=at))
            for at, one in enumerate(value)
        ]

    def _below(self, value: object, place: str) -> Self:
        return type(self)(self.findings, value, place, file=self.file)


class Stored(Fields):
    """The keys of a document that the portal wrote: texts as they are, lists of any length."""

    is_bare = True
    most_items = sys.maxsize


@dataclass(frozen=True)
class Rule:
    """Say of a value of a document what its type does not.

    key: where it stands, dotted below its mapping; the name of its attribute when empty. code:
    of its faults. low, high: bounds of a number. choices: the words it may be. is_needed:
    whether it must be there, though it has a usual value. like: the attribute whose value it takes
    when it has none. is_written: whether it is part of the
    JSON form. from_list: whether it is read of a list alone, or of
    anything but a list.
    """

    key: str = ""
    code: str = MISSING
    low: float = 0
    high: float = MOST_WHOLE
    choices: tuple[str, ...] = ()
    is_needed: bool = False
    like: str = ""
    is_written: bool = True
    from_list: bool | None = None


@dataclass(frozen=True)
class Definition:
    """Define one value of a document: where it stands, what it may be, what it is when absent.

    kind: str, int, float, bool, Mapping, an enumeration, a kind of document, or a pair of texts.
    is_many: whether it is a list of them. is_needed: whether it must be there.
    """

    name: str
    rule: Rule
    kind: Any
    is_many: bool
    is_needed: bool
    default: Any

    @property
    def path(self) -> list[str]:
        """Return its key, after those of the mappings that hold it."""
        return (self.rule.key or self.name).split(".")

    @property
    def is_document(self) -> bool:
        """Tell whether it has values of its own."""
        return isinstance(self.kind, type) and issubclass(self.kind, Document)

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the words it may be, none where any will do."""
        if isinstance(self.kind, type) and issubclass(self.kind, StrEnum):
            return tuple(one.value for one in self.kind)
        return self.rule.choices

    def read(self, fields: Fields) -> Any:
        """Read it from the keys of its document, noting what is wrong."""
        *above, key = self.path
        for part in above:
            fields = fields.mapping(part)
        if self.rule.from_list not in (None, isinstance(fields.raw(key), list)):
            return self.default
        if self.is_needed and not fields.has(key):
            fields.refuse(self.rule.code, NEEDED, key=key)
            return self.blank
        if self.is_many:
            return self._many(fields, key)
        # An empty document is one whose values are all the usual ones.
        absent = fields.raw(key) is None if self.is_document else not fields.has(key)
        return self.default if absent else self._one(fields, key)

    @property
    def blank(self) -> Any:
        """Return what stands for a value that must be there and is not."""
        if self.is_many:
            return ()
        if self.is_document:
            return self.kind.blank()
        return self.kind(self.choices[0]) if self.choices else self.kind()

    def _one(self, fields: Fields, key: str) -> Any:
        code = self.rule.code
        if self.is_document:
            return self.kind.read(fields.mapping(key))
        if self.choices:
            usual = "" if self.is_needed or self.default is None else str(self.default)
            return self.kind(fields.chosen(key, self.choices, default=usual, code=code))
        if self.kind is bool:
            return fields.flag(key, default=bool(self.default))
        if self.kind is int:
            low, high = int(self.rule.low), int(self.rule.high)
            return fields.whole(key, low=low, high=high, default=self.default, code=code)
        if self.kind is float:
            number = fields.number(key, code=code)
            return self.default if number is None else number
        if self.kind is str:
            return fields.text(key, code=code) or self.default
        found = fields.mapping(key).values
        is_text = get_args(self.kind)[1] is str
        return {name: str(value) for name, value in found.items()} if is_text else found

    def _many(self, fields: Fields, key: str) -> Any:
        if fields.raw(key) is None:
            return self.default
        if self.is_document:
            return tuple(self.kind.read(one) for one in fields.items(key))
        if get_origin(self.kind) is tuple:
            return fields.pairs(key, code=self.rule.code)
        words = fields.texts(key)
        if not self.choices:
            return words
        for word in words:
            if word not in self.choices:
                fields.refuse(self.rule.code, admitted(self.choices), key=key, value=word)
        kept = tuple(self.kind(word) for word in dict.fromkeys(words) if word in self.choices)
        return kept or self.default

    def write(self, value: Any) -> Any:
        """Return a value in its JSON form."""
        if self.is_many:
            return [one.to_json() if self.is_document else self._plain(one) for one in value]
        return value.to_json() if self.is_document else self._plain(value)

    def place(self, raw: dict[str, Any], value: Any) -> None:
        """Put a value of JSON where it stands in its document; None stands nowhere."""
        *above, key = self.path
        if value is None:
            return
        for part in above:
            raw = raw.setdefault(part, {})
        raw[key] = value

    def find(self, raw: Any) -> Any:
        """Return what a document of JSON says there, None where it says nothing."""
        for part in self.path:
            raw = raw.get(part) if isinstance(raw, Mapping) else None
        return raw

    def _plain(self, value: Any) -> Any:
        if isinstance(value, StrEnum):
            return value.value
        if isinstance(value, tuple):
            return list(value)
        return dict(value) if isinstance(value, Mapping) else value


class ContractFault(ValueError):
    """Say which part of a contract cannot be read."""


class Document:
    """A part of a document: a frozen dataclass whose fields, and their Rules, define its values.

    They are read from what people write and from what the portal stores by the same definitions.
    """

    @classmethod
    def definitions(cls) -> tuple[Definition, ...]:
        """Define its values, in the order in which they are read."""
        kind: Any = cls
        return _definitions(kind)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read it from its keys; each fault is noted, and a usual value stands in its place."""
        values = {one.name: one.read(fields) for one in cls.definitions()}
        for one in cls.definitions():
            if one.rule.like and not values[one.name]:
                values[one.name] = values[one.rule.like]
        made = cls(**values)
        made.check(fields)
        return made

    def check(self, fields: Fields) -> None:
        """Note what contradicts itself."""

    @classmethod
    def blank(cls) -> Self:
        """Return what stands for one that must be there and is not."""
        return cls(
            **{one.name: one.blank if one.is_needed else one.default for one in cls.definitions()}
        )

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read what to_json wrote; raises ContractFault."""
        findings = Findings()
        made = cls.read(Stored(findings, raw, "", file=""))
        if findings.errors:
            said = (f"{one.key} : {one.message}" for one in findings.errors)
            raise ContractFault(" ; ".join(said))
        return made

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, without what is not said."""
        raw: dict[str, Any] = {}
        for one in self.definitions():
            value = getattr(self, one.name)
            if value is None or not one.rule.is_written:
                continue
            one.place(raw, one.write(value))
        return raw


@cache
def _definitions(of: Any) -> tuple[Definition, ...]:
    hints = get_type_hints(of, include_extras=True)
    return tuple(_definition(one, hints[one.name]) for one in dataclass_fields(of))


def _definition(field_: Any, hint: Any) -> Definition:
    """Define a field of a dataclass by its type: its bare kind, a tuple of them, or None."""
    rule = Rule()
    if get_origin(hint) is Annotated:
        hint, rule = get_args(hint)
    kind = next((one for one in get_args(hint) if one is not NoneType), hint)
    if not isinstance(hint, UnionType):
        kind = hint
    is_many = get_origin(kind) is tuple
    if is_many:
        kind = get_args(kind)[0]
    default = field_.default
    if field_.default_factory is not MISSING_DEFAULT:
        default = field_.default_factory()
    default = None if default is MISSING_DEFAULT else default
    is_needed = rule.is_needed or field_.default is field_.default_factory
    return Definition(field_.name, rule, kind, is_many, is_needed, default)
