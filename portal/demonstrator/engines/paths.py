"""From an occupation to another by several moves, with what each step asks to learn."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from portal.demonstrator.engines.match import pieces
from portal.demonstrator.engines.moves import Move, Moves

STEPS = 3
BREADTH = 12  # moves that are followed from each occupation


class Step(NamedTuple):
    """An occupation of a path. known: of what it asks, what is known by then; missing: the rest."""

    code: str
    known: tuple[str, ...]
    missing: tuple[str, ...]


class Path(NamedTuple):
    """Steps: what is learnt for one is known at the next. equals: others of its length ask as much.

    largest, total: how much there is to learn at most at one step, and in all.
    """

    steps: tuple[Step, ...]
    largest: int
    total: int
    equals: int = 0


class Paths:
    """Paths made of moves. near_only: of those alone that take little learning.

    barred: occupations that no path goes through.

    levels: the usual schooling of occupations, as a number that grows; one that lacks counts for
    nothing. No path goes down then up, nor up then down.
    """

    def __init__(
        self,
        moves: Moves,
        *,
        near_only: bool = False,
        levels: Mapping[str, int] | None = None,
        barred: Collection[str] = (),
    ) -> None:
        """Take the moves; those of an occupation are ranked once."""

        @cache
        def ranked(code: str) -> tuple[Move, ...]:
            best = moves.rank(code, count=BREADTH) if code in moves.ranked else ()
            return tuple(each for each in best if each.is_near or not near_only)

        self._moves, self._every, self._near_only = moves, ranked, near_only
        self._barred = barred
        self._levels = levels or {}

    def _from(self, code: str) -> tuple[Move, ...]:
        return tuple(each for each in self._every(code) if each.code not in self._barred)

    def left_out(self, start: str) -> int:
        """Count the moves of an occupation that are followed but for what is barred."""
        return len(self._every(start)) - len(self._from(start))

    def is_known(self, start: str, goal: str) -> bool:
        """Tell whether one goes from an occupation to another by a move that is followed."""
        return goal in {each.code for each in self._from(start)}

    def towards(self, start: str, goal: str) -> tuple[Path, ...]:
        """Find the paths to an occupation: the direct step, then detours, the shortest first.

        A detour is given only if it asks to learn nothing that the direct step does not, and if its
        largest step is smaller than that of those before it. Of equal ones, the first by rank of
        its moves stands for all.
        """
        step = self._moves.move(start, goal)
        direct = self._learnt(start, [step])
        is_followed = (step.is_near or not self._near_only) and goal not in self._barred
        paths = [direct] if is_followed else []
        every = [self._learnt(start, moves) for moves in self._walks(start, goal)]
        for length in range(2, STEPS + 1):
            rivals = [e for e in every if len(e.steps) == length and e.total <= direct.total]
            best = min(rivals, key=lambda each: each[1:], default=None)
            if best and (not paths or best.largest < paths[-1].largest):
                equals = sum(each[1:] == best[1:] for each in rivals) - 1
                paths.append(best._replace(equals=equals))
        return tuple(paths)

    def onwards(self, start: str, *, count: int = 3) -> tuple[Path, ...]:
        """Give the best moves of an occupation, each with the best that it opens beyond them.

        One of them at least leaves the domain, where one does.
        """
        first = self._from(start)
        away = next((each for each in first if each.code[0] != start[0]), None)
        chosen = first[:count]
        if away and away not in chosen:
            chosen = (*chosen[:-1], away)
        seen, paths = {start, *(each.code for each in first)}, []
        for move in chosen:
            beyond = [
                each
                for each in self._from(move.code)
                if each.code not in seen and self._is_even(start, move.code, each.code)
            ][:1]
            seen |= {each.code for each in beyond}
            paths.append(self._learnt(start, (move, *beyond)))
        return tuple(paths)

    def _walks(self, start: str, goal: str, *done: Move) -> Iterator[tuple[Move, ...]]:
        """Follow moves to a goal, in the order of their rank; no occupation comes twice."""
        for move in self._from(done[-1].code if done else start):
            if move.code == goal:
                if self._is_even(start, *(each.code for each in done), goal):
                    yield (*done, move)
            elif len(done) + 1 < STEPS and move.code not in {start, *(m.code for m in done)}:
                yield from self._walks(start, goal, *done, move)

    def _is_even(self, *codes: str) -> bool:
        """Tell whether levels only go up, or only down."""
        levels = [self._levels[each] for each in codes if each in self._levels]
        return levels in (sorted(levels), sorted(levels, reverse=True))

    def _learnt(self, start: str, moves: Sequence[Move]) -> Path:
        knowledge = self._moves.knowledge
        learnt, steps = set(knowledge.get(start, ())), []
        for move in moves:
            match = pieces(knowledge.get(move.code, ()), learnt)
            steps.append(Step(move.code, match.shared, match.missing))
            learnt.update(match.missing)
        counts = [len(each.missing) for each in steps]
        return Path(tuple(steps), max(counts), sum(counts))
