"""From what a person knows to what an occupation still asks, and what to ask first."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Match:
    """What is known of what an occupation asks, and what is missing: ids, in its order."""

    shared: tuple[str, ...]
    missing: tuple[str, ...]


def pieces(asked: Sequence[str], known: Collection[str]) -> Match:
    """Part what an occupation asks by what is known."""
    return Match(
        tuple(each for each in asked if each in known),
        tuple(each for each in asked if each not in known),
    )


def questions(
    chances: Mapping[str, float],
    knowledge: Mapping[str, Sequence[str]],
    *,
    count: int = 2,
    answered: Collection[str] = (),
) -> tuple[str, ...]:
    """Choose the knowledge whose yes or no would reduce most the doubt between occupations.

    chances: of some occupations, in any scale. answered: ids that are not asked again. What all or
    none of them ask says nothing, and is never asked.
    """
    total = sum(chances.values())
    if not total:
        return ()
    weights = {code: chance / total for code, chance in chances.items()}
    gains: dict[str, float] = {}
    for one in sorted({each for code in weights for each in knowledge.get(code, ())}):
        share = sum(w for code, w in weights.items() if one in knowledge.get(code, ()))
        if one not in answered and 0 < share < 1:
            gains[one] = -share * math.log(share) - (1 - share) * math.log(1 - share)
    best = sorted(gains, key=lambda each: (-round(gains[each], 9), each))
    return tuple(best[:count])
