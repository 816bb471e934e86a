"""From the public to the final standings: what a reveal tells of it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from challenges.actions.standings import Line
from challenges.enums import Direction
from challenges.models import Column, Leaderboard
from challenges.models.candidates import Candidate
from challenges.worker.boards import moved

BOARD = Leaderboard(primary=Column(key="score", direction=Direction.MAX))


def lines(values: dict[int, tuple[int | None, float]], half: float = 0.05) -> list[Line]:
    """Make rows {team: (rank, value)} with intervals of some half width."""
    return [
        Line(
            candidate=Candidate(
                entry_id=UUID(int=team),
                evaluation_id=UUID(int=team),
                team_id=team,
                enrolment_id=team,
                received_at=datetime(2026, 1, 1, tzinfo=UTC),
                is_baseline=False,
                final_choice=False,
            ),
            rank=rank,
            tier=rank,
            rank_low=rank,
            rank_high=rank,
            cells={"score": {"value": value}},
            interval_low=value - half,
            interval_high=value + half,
        )
        for team, (rank, value) in values.items()
    ]


def told(public: Any, private: Any) -> dict[str, Any]:
    return moved(BOARD, lines(public), lines(private))


def test_nothing_moves() -> None:
    same: dict[int, tuple[int | None, float]] = {1: (1, 0.9), 2: (2, 0.8), 3: (3, 0.7)}
    assert told(same, same) == {
        "board": BOARD.key,
        "teams": 3,
        "kendall": 1.0,
        "spearman": 1.0,
        "mean_shift": 0.0,
        "moves": [],
        "outside": [],
    }


def test_moves_correlations_and_surprises() -> None:
    public = {1: (1, 0.90), 2: (2, 0.80), 3: (3, 0.70), 4: (4, 0.60)}
    private = {2: (1, 0.82), 3: (2, 0.72), 4: (3, 0.60), 1: (4, 0.55)}
    found = told(public, private)
    assert found["kendall"] == 0.0  # three pairs kept, three turned
    assert found["spearman"] == -0.2
    assert found["mean_shift"] == 6 / 4 / 4  # |3| + |1| + |1| + |1| over four teams, per team
    assert found["moves"][0] == {"team": 1, "public": 1, "private": 4}
    assert [move["team"] for move in found["moves"]] == [1, 2, 3, 4]
    assert found["outside"] == [1]  # .55 is not in .85 to .95


def test_a_team_of_one_part_only_is_not_compared() -> None:
    found = told({1: (1, 0.9), 2: (None, 0.8)}, {1: (1, 0.9), 2: (2, 0.8), 3: (3, 0.7)})
    assert found["teams"] == 1
    assert (found["kendall"], found["spearman"], found["mean_shift"]) == (None, None, 0.0)
    assert told({}, {})["mean_shift"] is None


def test_at_most_five_moves_are_told_and_ties_share() -> None:
    public = {team: (team, 1 - team / 100) for team in range(1, 9)}
    private = {team: (9 - team, team / 100) for team in range(1, 9)}
    found = told(public, private)
    assert [abs(move["public"] - move["private"]) for move in found["moves"]] == [7, 7, 5, 5, 3]
    assert (found["kendall"], found["spearman"]) == (-1.0, -1.0)
    assert found["mean_shift"] == pytest.approx(0.5)


def test_a_team_listed_more_than_once_moves_by_its_best_row() -> None:
    public = [*lines({1: (1, 0.9), 2: (2, 0.8)}), *lines({1: (3, 0.4)})]
    private = [*lines({2: (1, 0.85)}), *lines({1: (3, 0.3)}), *lines({1: (2, 0.8)})]
    assert [
        (move["team"], move["public"], move["private"])
        for move in moved(BOARD, public, private)["moves"]
    ] == [(2, 2, 1), (1, 1, 2)]
