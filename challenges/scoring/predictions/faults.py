"""Build faults: one code, one French sentence, one place; user text is never interpreted.

Standard library only: the command line client uses the same module.
"""

import functools
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources

from challenges.scoring.answer import AnswerSpec
from challenges.scoring.verdict import Fault, Notice, Verdict

MAX_ECHO = 64
MAX_MESSAGE = 1000
MAX_PER_CODE = 10
MAX_NAMED = 5
MALFORMED = frozenset({"E_ROW_FIELDS", "E_CELL_TOO_LONG", "E_LINE_TOO_LONG", "E_CSV_QUOTE"})
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHOICE = re.compile(r"\{(\w+):((?:[^{}|]|\{\w+\})*)\|((?:[^{}|]|\{\w+\})*)\}")
ANGLES = str.maketrans("<>", "‹›")


@functools.cache
def messages() -> Mapping[str, str]:
    """Return the French sentence of each code, hint and warning."""
    text = resources.files(__package__).joinpath("messages_fr.json").read_text("utf-8")
    table: dict[str, str] = json.loads(text)
    return table


def fill(sentence: str, facts: Mapping[str, object]) -> str:
    """Put facts in the named places of a sentence; inserted text is not read again.

    {n} is a fact; {n:cheval|chevaux} is the first form when the fact n is 0 or 1, as French
    has it, else the second; a form may hold facts.
    """
    chosen = CHOICE.sub(lambda m: m[2] if _is_singular(facts.get(m[1])) else m[3], sentence)
    return PLACEHOLDER.sub(lambda m: str(facts.get(m[1], "…")), chosen)[:MAX_MESSAGE]


def stated(code: str, **facts: object) -> Fault:
    """Make a fault of a file as a whole: its code and its sentence of the closed list."""
    return Fault(code, fill(messages()[code], facts))


def _is_singular(count: object) -> bool:
    return isinstance(count, int) and abs(count) < 2


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
        notice = Notice(code, fill(messages()[code], self.facts | facts))
        self.warnings.setdefault(code, notice)

    def warn_extra(self, names: Sequence[str]) -> None:
        """Warn that columns are not read, if there are any."""
        if names:
            shown = ", ".join(f"« {neutral(name)} »" for name in names[:MAX_NAMED])
            more = "…" if len(names) > MAX_NAMED else ""
            self.warn("W_EXTRA_COLUMNS", n=len(names), colonnes=shown + more)

    def refuse(self, code: str, line: int | None = None, **facts: object) -> Refused:
        """Return the refusal for a fault that stops the reading, before those noted so far."""
        return Refused(self._fault(code, line, facts, n=1), *self.refusal().faults)

    def add(self, code: str, line: int, **facts: object) -> None:
        """Note a fault of one line and go on reading."""
        self._count[code] = self._count.get(code, 0) + 1
        found = self._found.setdefault(code, [])
        if len(found) < MAX_PER_CODE:
            found.append((line, facts))

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
        """Tell whether no quote is misplaced: one that stays open hides the rows after it."""
        return "E_CSV_QUOTE" not in self._found

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
        hint = facts.get("hint")
        variant = f"{code}.{facts['variant']}" if "variant" in facts else code
        message = fill(messages()[variant], known)
        if hint:
            message = f"{message} {fill(messages()[str(hint)], known)}"[:MAX_MESSAGE]
        return Fault(
            code=code,
            message=message,
            line=line,
            hint=str(hint) if hint else None,
            value=_text(facts.get("valeur")),
            expected=_text(facts.get("attendu")),
            column=_text(facts.get("colonne")),
        )

    def _another(self, code: str, line: int, facts: Mapping[str, object]) -> Fault:
        sentence = messages()["ALSO" if facts.get("valeur") else "ALSO_LINE"]
        return Fault(
            code=code,
            message=fill(sentence, dict(facts) | {"ligne": line}),
            line=line,
            hint=_text(facts.get("hint")),
            value=_text(facts.get("valeur")),
            expected=_text(facts.get("attendu")),
            column=_text(facts.get("colonne")),
        )


def refused(refusal: Refused, warnings: Mapping[str, Notice] | None = None) -> Verdict:
    """Return the verdict of a refusal."""
    return Verdict(False, refusal.faults, tuple((warnings or {}).values()))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
