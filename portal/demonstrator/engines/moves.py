"""From an occupation to those one may move to, with what they share and what is missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from portal.demonstrator.engines.match import pieces

NEAR = 3  # of so many pieces that a near occupation asks, one is known at least


@dataclass(frozen=True)
class Move:
    """An occupation one may move to.

    score: in [0, 1], within the moves of one occupation. shared, missing: ids of knowledge.
    distance: in [0, 1], the share of what it asks that is missing. is_near: a third is known.
    """

    code: str
    score: float
    shared: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def distance(self) -> float:
        """Give the share of what the occupation asks that is missing."""
        asked = len(self.shared) + len(self.missing)
        return len(self.missing) / asked if asked else 1.0

    @property
    def is_near(self) -> bool:
        """Tell whether enough of what the occupation asks is known."""
        return is_near(self.shared, self.missing)


def is_near(known: Collection[str], missing: Collection[str]) -> bool:
    """Tell whether one in NEAR of the pieces that an occupation asks is known."""
    return bool(known) and NEAR * len(known) >= len(known) + len(missing)


class Moves:
    """Ranked moves, from what was learnt and the knowledge that each occupation asks.

    ranked: by occupation, the others with their score, the best first. knowledge: what each asks.
    """

    def __init__(
        self,
        ranked: Mapping[str, Sequence[tuple[str, float]]],
        knowledge: Mapping[str, Sequence[str]],
    ) -> None:
        """Take what was learnt; nothing is read or written afterwards."""
        self.ranked, self.knowledge = ranked, knowledge

    @classmethod
    def read(
        cls,
        stored: Mapping[str, NDArray[Any]],
        knowledge: Mapping[str, Sequence[str]],
    ) -> "Moves":
        """Read named arrays: codes (n), moves (n × kept, places of codes) and their scores."""
        codes = [str(each) for each in stored["codes"]]
        ranked = {
            code: [(codes[to], float(score)) for to, score in zip(row, scores, strict=True)]
            for code, row, scores in zip(codes, stored["moves"], stored["scores"], strict=True)
        }
        return cls(ranked, knowledge)

    def rank(self, code: str, *, count: int = 10, outside: int = 0) -> tuple[Move, ...]:
        """Rank the moves of an occupation; at least `outside` of them leave its domain if known.

        Raises KeyError for an occupation that was not learnt.
        """
        known = self.ranked[code]
        chosen = list(known[:count])
        for candidate in known[count:]:
            away = sum(each[0] != code[0] for each, _score in chosen)
            if away >= outside:
                break
            if candidate[0][0] != code[0]:
                last = max(at for at, each in enumerate(chosen) if each[0][0] == code[0])
                chosen[last] = candidate
        return tuple(self.move(code, *each) for each in sorted(chosen, key=lambda each: -each[1]))

    def move(self, start: str, code: str, score: float = 0.0) -> Move:
        """Give the move between two occupations, whether it was ranked or not."""
        match = pieces(self.knowledge.get(code, ()), self.knowledge.get(start, ()))
        return Move(code, score, match.shared, match.missing)
