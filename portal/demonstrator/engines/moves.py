"""From an occupation to those one may move to, with what they share and what is missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from portal.demonstrator.engines.match import pieces


@dataclass(frozen=True)
class Move:
    """An occupation one may move to.

    score: in [0, 1], within the moves of one occupation. shared, missing: ids of knowledge.
    distance: in [0, 1], the share of what it asks that is missing.
    """

    code: str
    score: float
    is_near: bool
    shared: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def distance(self) -> float:
        """Give the share of what the occupation asks that is missing."""
        asked = len(self.shared) + len(self.missing)
        return len(self.missing) / asked if asked else 1.0


class Moves:
    """Ranked moves, from what was learnt and the knowledge that each occupation asks.

    ranked: by occupation, the others with their score, the best first. near: pairs that take
    little learning. knowledge: what each occupation asks.
    """

    def __init__(
        self,
        ranked: Mapping[str, Sequence[tuple[str, float]]],
        near: Collection[tuple[str, str]],
        knowledge: Mapping[str, Sequence[str]],
    ) -> None:
        """Take what was learnt; nothing is read or written afterwards."""
        self.ranked, self.near, self.knowledge = ranked, frozenset(near), knowledge

    @classmethod
    def read(
        cls,
        stored: Mapping[str, NDArray[Any]],
        near: Collection[tuple[str, str]],
        knowledge: Mapping[str, Sequence[str]],
    ) -> "Moves":
        """Read named arrays: codes (n), moves (n × kept, places of codes) and their scores."""
        codes = [str(each) for each in stored["codes"]]
        ranked = {
            code: [(codes[to], float(score)) for to, score in zip(row, scores, strict=True)]
            for code, row, scores in zip(codes, stored["moves"], stored["scores"], strict=True)
        }
        return cls(ranked, near, knowledge)

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
        return tuple(self._move(code, *each) for each in sorted(chosen, key=lambda each: -each[1]))

    def _move(self, start: str, code: str, score: float) -> Move:
        match = pieces(self.knowledge.get(code, ()), self.knowledge.get(start, ()))
        return Move(code, score, (start, code) in self.near, match.shared, match.missing)
