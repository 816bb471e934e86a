"""Say what was read in a prediction file and what is wrong in it: a code, a sentence, a place.

User text is never interpreted. Standard library only: the command line client says the same
sentences."""

import functools
import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from importlib import resources
from typing import Any

from challenges.scoring.contract import AnswerSpec


class ReasonCode(StrEnum):
    """Name why an entry ended otherwise than scored, beside the codes E_* of its file."""

    TIMEOUT = "X_TIMEOUT"
    MEMORY = "X_MEMORY"
    PROGRAM = "X_PROGRAM"
    OUTPUT = "X_OUTPUT"
    PLATFORM = "X_PLATFORM"
    NO_SANDBOX = "X_NO_SANDBOX"


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


LANGUAGES = ("fr", "en")
MAX_ECHO = 64
MAX_MESSAGE = 1000
MAX_PER_CODE = 10
MAX_NAMED = 5
COMMA = "H_DECIMAL_COMMA"
MALFORMED = frozenset({"E_ROW_FIELDS", "E_CELL_TOO_LONG", "E_LINE_TOO_LONG", "E_CSV_QUOTE"})
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHOICE = re.compile(r"\{(\w+):((?:[^{}|]|\{\w+\})*)\|((?:[^{}|]|\{\w+\})*)\}")
ANGLES = str.maketrans("<>", "‹›")


@functools.cache
def messages(language: str = "fr") -> Mapping[str, str]:
    """Return the sentence of each code, hint and warning; language: fr or en."""
    name = f"messages_{language}.json"
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    table: dict[str, str] = json.loads(text)
    return table


@functools.cache
def reasons() -> Mapping[str, str]:
    """Return the French of the reasons that the engine gives in English.

    Each key is the pattern of a whole reason, of which what stands in brackets is kept.
    """
    text = resources.files(__package__).joinpath("reasons_fr.json").read_text("utf-8")
    table: dict[str, str] = json.loads(text)
    return table


# A key, or a figure and a part, may come before a reason: « f1, public : … », « f1: … ».
BEFORE = re.compile(r"(?P<before>(?:[^;:]+? ?: )?)(?P<reason>.+)", re.DOTALL)


def french_reasons(detail: str) -> str:
    """Say the reasons of a detail in French, separated by « ; »; others stay as they are."""
    return " ; ".join(_french_reason(part) for part in detail.split("; "))


def _french_reason(part: str) -> str:
    whole, parted = _french(part), BEFORE.fullmatch(part)
    if whole is not None or parted is None:
        return whole or part
    reason = _french(parted["reason"])
    return part if reason is None else f"{parted['before'].rstrip(' :')} : {reason}"


def _french(reason: str) -> str | None:
    for pattern, words in reasons().items():
        if match := re.fullmatch(pattern, reason):
            return match.expand(words)
    return None


def fill(sentence: str, facts: Mapping[str, object], language: str = "fr") -> str:
    """Put facts in the named places of a sentence; inserted text is not read again.

    {n} is a fact; {n:cheval|chevaux} is the first form when the fact n is 1, or 0 as French
    has it, else the second; a form may hold facts.
    """
    ones = (1,) if language == "en" else (0, 1)
    chosen = CHOICE.sub(lambda m: m[2] if _is_in(facts.get(m[1]), ones) else m[3], sentence)
    return PLACEHOLDER.sub(lambda m: str(facts.get(m[1], "…")), chosen)[:MAX_MESSAGE]


def sentence_of(told: Fault | Notice | Mapping[str, Any], language: str) -> str:
    """Say a fault or a notice, or one that was stored as JSON, in the language of its reader.

    One stored before its facts were, or of no list, keeps its French sentence.
    """
    stored = told if isinstance(told, Mapping) else asdict(told)
    keys, table = stored.get("sentences") or (), messages(language)
    if language == "fr" or not keys or any(key not in table for key in keys):
        return str(stored.get("message") or "")
    facts = stored.get("facts") or {}
    return " ".join(fill(table[key], facts, language) for key in keys)[:MAX_MESSAGE]


def has_sentence(stored: Mapping[str, Any], language: str) -> bool:
    """Tell whether what was stored can be said in a language."""
    keys = stored.get("sentences") or ()
    return language == "fr" or (bool(keys) and all(key in messages(language) for key in keys))


def fault_of(code: str, *, variant: str = "", **facts: object) -> Fault:
    """Make a fault of a file as a whole: its code and its sentence of the closed list.

    variant: the sentence of the code, where it has several.
    """
    keys = (f"{code}.{variant}" if variant else code,)
    return Fault(
        code,
        fill(messages()[keys[0]], facts),
        sentences=keys,
        facts=_used(keys, facts),
    )


def archive_fault(code: str, member: str = "") -> Fault:
    """Make the fault of an archive that is not unpacked; member: the path at fault in it."""
    variant = "package" if f"{code}.package" in messages() else ""
    if not variant and code not in messages():
        code = "E_ZIP_CORRUPT"
    return replace(fault_of(code, variant=variant), value=neutral(member) if member else None)


def _used(keys: Sequence[str], facts: Mapping[str, object]) -> dict[str, object]:
    """Keep the facts that sentences name: they are stored with the fault."""
    text = " ".join(messages(language).get(key, "") for key in keys for language in LANGUAGES)
    names = {*PLACEHOLDER.findall(text), *(found[0] for found in CHOICE.findall(text))}
    return {name: facts[name] for name in sorted(names) if name in facts}


def _is_in(count: object, ones: Sequence[int]) -> bool:
    return isinstance(count, int) and abs(count) in ones


def neutral(text: str, *, number: bool = False) -> str:
    """Make a cell safe to show: at most 64 characters, nothing invisible, no tag, no formula.

    number: the cell is a number or should be one, its sign is kept bare.
    """
    shown = "".join(_visible(c) for c in text[:MAX_ECHO]).translate(ANGLES)
    if len(text) > MAX_ECHO:
        shown = shown[: MAX_ECHO - 1] + "…"
    if text.startswith(FORMULA_STARTS) and not (number and re.fullmatch(r"[+-]?[\d.,eE+-]+", text)):
        shown = "'" + shown[: MAX_ECHO - 1]
    return shown


def listed_names(names: Sequence[str]) -> dict[str, Any]:
    """Write names as facts of a sentence: colonnes in French quotes, colonnes_en in English."""
    shown = [neutral(name) for name in names]
    return {
        "colonnes": ", ".join(f"« {name} »" for name in shown),
        "colonnes_en": ", ".join(f"“{name}”" for name in shown),
    }


def _visible(character: str) -> str:
    return "\N{REPLACEMENT CHARACTER}" if is_deceptive(character) else character


def is_deceptive(character: str) -> bool:
    """Tell whether a character is invisible, a control, or an unusual space."""
    category = unicodedata.category(character)
    return category[0] in "CZ" and character != " "


class Refused(Exception):
    """Carry the faults of a file that is refused."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(f.code for f in faults))
        self.faults = faults


class Reporter:
    """Collect faults and warnings about one file, in file order."""

    def __init__(self, spec: AnswerSpec, expected: int = 0) -> None:
        self.facts: dict[str, object] = {
            "id": spec.key.name,
            "valeur_col": spec.answer.name,
            "attendu": expected,
        }
        self.warnings: dict[str, Notice] = {}
        self._found: dict[str, list[tuple[int, dict[str, object]]]] = {}
        self._count: dict[str, int] = {}

    def warn(self, code: str, **facts: object) -> None:
        """Add a warning, once per code."""
        known = self.facts | facts
        notice = Notice(code, fill(messages()[code], known), (code,), _used((code,), known))
        self.warnings.setdefault(code, notice)

    def warn_extra(self, names: Sequence[str]) -> None:
        """Warn that columns are not read, if there are any."""
        if names:
            more = "…" if len(names) > MAX_NAMED else ""
            shown = {key: text + more for key, text in listed_names(names[:MAX_NAMED]).items()}
            self.warn("W_EXTRA_COLUMNS", n=len(names), **shown)

    def refuse(self, code: str, line: int | None = None, **facts: object) -> Refused:
        """Return the refusal for a fault that stops the reading, before those noted so far."""
        return Refused(self._fault(code, line, facts, n=1), *self.refusal().faults)

    def add(self, code: str, line: int, **facts: object) -> None:
        """Note a fault of one line and go on reading; decimal commas are one fault of a file."""
        self._count[code] = self._count.get(code, 0) + 1
        found = self._found.setdefault(code, [])
        if len(found) < MAX_PER_CODE and not (facts.get("hint") == COMMA and self._commas(code)):
            found.append((line, facts))

    def _commas(self, code: str) -> bool:
        return any(facts.get("hint") == COMMA for _line, facts in self._found.get(code, ()))

    @property
    def is_clean(self) -> bool:
        """Tell whether no fault was noted."""
        return not self._found

    @property
    def reads_every_row(self) -> bool:
        """Tell whether no row is malformed: its identifier would be unread, not missing."""
        return MALFORMED.isdisjoint(self._found)

    @property
    def reads_to_the_end(self) -> bool:
        """Tell whether no quote is misplaced, which hides the rows after it, nor comma decimal."""
        return "E_CSV_QUOTE" not in self._found and not self._commas("E_ROW_FIELDS")

    def refusal(self, last: str = "", **facts: object) -> Refused:
        """Return the refusal for all noted faults, the earliest line first.

        last, facts: a fault of the file as a whole, told after the first of each other code.
        """
        firsts: list[Fault] = []
        others: list[Fault] = []
        for code, found in self._found.items():
            line, told = found[0]
            firsts.append(self._fault(code, line, told, n=self._count[code]))
            others += [self._another(code, at, more) for at, more in found[1:]]
        firsts.sort(key=lambda f: f.line or 0)
        if last:
            firsts.append(self._fault(last, None, facts, n=1))
        return Refused(*firsts, *sorted(others, key=lambda f: f.line or 0))

    def _fault(self, code: str, line: int | None, facts: Mapping[str, object], *, n: int) -> Fault:
        known = self.facts | {"ligne": line, "n": n} | dict(facts)
        variant = f"{code}.{facts['variant']}" if "variant" in facts else code
        hint = _text(facts.get("hint"))
        return self._told(code, (variant, hint) if hint else (variant,), line, facts, known)

    def _another(self, code: str, line: int, facts: Mapping[str, object]) -> Fault:
        keys = ("ALSO" if facts.get("valeur") else "ALSO_LINE",)
        return self._told(code, keys, line, facts, dict(facts) | {"ligne": line})

    def _told(
        self,
        code: str,
        keys: tuple[str, ...],
        line: int | None,
        facts: Mapping[str, object],
        known: Mapping[str, object],
    ) -> Fault:
        """Make the fault of one line; keys: its sentence, then its hint; known: what fills them."""
        return Fault(
            code=code,
            message=" ".join(fill(messages()[key], known) for key in keys)[:MAX_MESSAGE],
            line=line,
            hint=_text(facts.get("hint")),
            sentences=keys,
            facts=_used(keys, known),
            value=_text(facts.get("valeur")),
            expected=_text(facts.get("attendu")),
            column=_text(facts.get("colonne")),
        )


def file_fault(code: str, **facts: object) -> Fault:
    """Make the fault of a whole file, that was not read."""
    message = fill(messages()[code], facts)
    return Fault(code=code, message=message, sentences=(code,), facts=_used((code,), facts))


def refused(refusal: Refused, warnings: Mapping[str, Notice] | None = None) -> Verdict:
    """Return the verdict of a refusal."""
    return Verdict(False, refusal.faults, tuple((warnings or {}).values()))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d*)?[eE][+-]?\d+", re.ASCII)
POINT_ZERO = re.compile(r"\d+\.0*", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)


def hint_of_id(cell: str, known: Mapping[str, int], stripped: Collection[str]) -> dict[str, Any]:
    """Guess why an identifier is unknown; stripped: known ones without leading zeros."""
    if cell.startswith(("'", "’")):
        return {"hint": "H_ID_QUOTE"}
    if POINT_ZERO.fullmatch(cell):
        return {"hint": "H_ID_FLOAT"}
    if SCIENTIFIC.fullmatch(cell):
        return {"hint": "H_ID_SCIENTIFIC"}
    if cell.isascii() and cell.isdigit() and cell.lstrip("0") in stripped:
        return {"hint": "H_LEADING_ZEROS"}
    return hint_of_text(cell, known)


def hint_of_text(cell: str, known: Collection[str]) -> dict[str, Any]:
    """Guess why a text is not among the known ones."""
    if cell.strip(" \t") in known:
        return {"hint": "H_WHITESPACE"}
    strange = _strange(cell)
    if strange:
        name = unicodedata.name(strange, f"U+{ord(strange):04X}")
        return {"hint": "H_INVISIBLE_CHAR", "nom_unicode": name}
    if cell.startswith(FORMULA_STARTS):
        return {"hint": "H_FORMULA"}
    close = _other_case(cell, known)
    if close is not None:
        return {"hint": "H_LABEL_CASE", "proche": neutral(close)}
    return {"hint": "H_WHITESPACE"} if cell != cell.strip(" \t") else {}


def absent_columns(missing: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Write the facts of columns that are not found among the names of the header, all at once."""
    facts = {"colonne": missing[0], "attendu": ", ".join(missing[:MAX_NAMED])}
    facts |= listed_names(names[:MAX_NAMED])
    facts |= hint_of_column(missing[0], names)
    if len(missing) > 1:
        absent = listed_names(missing[:MAX_NAMED])
        facts |= {"variant": "several", "absentes": absent["colonnes"]}
        facts |= {"absentes_en": absent["colonnes_en"]}
    return facts


def hint_of_column(wanted: str, names: Collection[str]) -> dict[str, Any]:
    """Guess why a column is not found among the names of the header."""
    for name in names:
        if name.strip(" \t").casefold() == wanted.casefold():
            hint = "H_COLUMN_CASE" if name.strip(" \t") == name else "H_WHITESPACE"
            return {"hint": hint, "proche": neutral(name)}
    for name in names:
        bare = "".join(c for c in name if not is_deceptive(c)).strip()
        if bare.casefold() == wanted.casefold():
            strange = _strange(name) or " "
            nom = unicodedata.name(strange, f"U+{ord(strange):04X}")
            return {"hint": "H_INVISIBLE_CHAR", "nom_unicode": nom, "proche": neutral(name)}
    return {}


def hint_of_number(cell: str) -> dict[str, Any]:
    """Guess why a cell is not a number."""
    if COMMA_NUMBER.fullmatch(cell.strip(" ")):
        return {"hint": COMMA}
    if cell.startswith(("=", "@")):
        return {"hint": "H_FORMULA"}
    strange = _strange(cell)
    if strange:
        name = unicodedata.name(strange, f"U+{ord(strange):04X}")
        return {"hint": "H_INVISIBLE_CHAR", "nom_unicode": name}
    return {}


def _strange(cell: str) -> str | None:
    """Return the first character that hides or imitates another one."""
    for character in cell:
        if is_deceptive(character):
            return character
    for character in cell:
        if character.isalpha() and not unicodedata.name(character, "").startswith("LATIN"):
            return character
    return None


def _other_case(cell: str, known: Collection[str]) -> str | None:
    folded = cell.casefold()
    return next((k for k in known if len(k) == len(cell) and k.casefold() == folded), None)
