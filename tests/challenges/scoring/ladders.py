"""The Ladder over all the entries of a team at once, as the worker applies it one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

from challenges.scoring.ladder import Seen, better


@dataclass(frozen=True)
class Shown:
    """What a team is shown for one entry; leader: position of the entry that it comes from."""

    improved: bool
    leader: int
    score: float


def climb(seen: Sequence[Seen], direction: str) -> list[Shown]:
    """Apply the Ladder to the entries of one team, in order of receipt."""
    found: list[Shown] = []
    leader = -1
    for index, each in enumerate(seen):
        improved = leader < 0 or better(each, seen[leader], direction)
        leader = index if improved else leader
        found.append(Shown(improved, leader, seen[leader].score))
    return found
