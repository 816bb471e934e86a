"""Judge a regular expression before it is tried on a cell: some take centuries on 30 letters."""

import importlib
import re
from typing import Any

MAX_CHARACTERS = 500
MAX_WAYS = 100_000
LONGEST_CELL = 256

WRONG = "expression régulière incorrecte"
COSTLY = "expression régulière trop coûteuse : bornez les répétitions, {1,20}, sans les imbriquer"
FOREIGN = "expression régulière avec assertion, renvoi ou groupe atomique"

# The reader of the standard library: the only one that agrees with its engine in all.
_READER: Any = importlib.import_module("re._parser")
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_ONE_WAY = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "RANGE", "AT"}


class _Foreign(ValueError):
    """What other languages read differently, or not at all."""


def fault(pattern: str) -> str:
    """Return what is wrong with a pattern, in French; nothing when it may be tried."""
    try:
        re.compile(pattern)
        ways = _ways(_READER.parse(pattern)) if len(pattern) <= MAX_CHARACTERS else MAX_WAYS + 1
    except _Foreign:
        return FOREIGN
    except (re.error, OverflowError, RecursionError):
        return WRONG
    return COSTLY if ways > MAX_WAYS else ""


def _ways(parts: Any) -> int:
    """Bound the ways to match some text, at most MAX_WAYS + 1."""
    found = 1
    for operator, argument in parts:
        found = _capped(found * _ways_of(str(operator), argument))
    return found


def _ways_of(operator: str, argument: Any) -> int:
    if operator in _ONE_WAY:
        return 1
    if operator == "SUBPATTERN":
        return _ways(argument[-1])
    if operator == "BRANCH":
        return _capped(sum(_ways(branch) for branch in argument[1]))
    if operator in _REPEATS:
        least, most, body = argument
        return _repeated(_ways(body), int(least), int(most))
    raise _Foreign(operator)


def _repeated(once: int, least: int, most: int) -> int:
    """Add the ways of each number of repetitions that a cell may hold."""
    total = 0
    for times in range(min(least, LONGEST_CELL), min(most, LONGEST_CELL) + 1):
        total = _capped(total + _capped(once ** min(times, 20) if once > 1 else 1))
    return total


def _capped(ways: int) -> int:
    return min(ways, MAX_WAYS + 1)
