"""A second board of a phase ranks by another figure than the one that scores."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import BoardRule
from challenges.models import Challenge, Leaderboard, PhaseTask
from challenges.organising.actions import challenges, leaderboards
from challenges.results import actions as results
from challenges.worker import drain
from tests.challenges import world
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Return an open challenge with a second board, by mean error."""
    by = world.owner()
    made = world.imported(tmp_path, by)
    assert drain()
    board = leaderboards.add(phase=made.phases.get(), title="Par erreur", by=by)
    leaderboards.arrange(
        board=board,
        title=board.title,
        rule=BoardRule(board.rule),
        primary="mae",
        hidden=False,
        places={},
        by=by,
    )
    made = challenges.submit(challenge=made, by=by)
    return challenges.publish(challenge=made, by=UserFactory(region="moderator"))


def two_teams(challenge: Challenge) -> None:
    for skill, name in ((0.8, "Alpilles"), (0.75, "Sud")):
        world.entered(challenge, skill, team=TeamFactory(challenge=challenge, name=name))
    assert drain()


def told(board: Leaderboard, split: str) -> tuple[list[int | None], bool]:
    """Return the ranks of the teams, whether gaps were compared with chance."""
    board.refresh_from_db()
    rows = board.standings.filter(split=split, is_baseline=False).order_by("position")
    facts = board.facts[split]
    return [each.rank for each in rows], facts["tested"]


def test_ranks_are_not_those_of_the_figure_that_scores(
    challenge: Challenge, client: Client
) -> None:
    two_teams(challenge)
    first, second = challenge.leaderboards.order_by("pk")
    assert told(first, "public")[1] is True
    assert told(second, "public") == ([1, 2], False)
    phase = challenges.close(phase=challenge.phases.get(), by=world.owner_of(challenge))
    results.propose_reveal(phase=phase, by=world.owner_of(challenge))
    results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
    assert drain()
    assert told(second, "private") == ([1, 2], False)
    pages = [
        client.get(reverse("challenges:standings", args=["niveau"]) + f"?tableau={each.key}")
        for each in (first, second)
    ]
    assert ["significatif" in page.text for page in pages] == [True, False]
    report = client.get(reverse("challenges:report", args=["niveau"]))
    assert f"?phase=0&amp;tableau={second.key}" in report.text


def test_a_mean_over_tasks_has_no_interval_of_the_first_one(challenge: Challenge) -> None:
    task = PhaseTask.objects.get(current=True)
    PhaseTask.objects.create(
        phase=task.phase,
        index=1,
        name="Second avis",
        scorer_version=task.scorer_version,
        holdout=task.holdout,
    )
    two_teams(challenge)
    board = challenge.leaderboards.order_by("pk")[0]
    assert told(board, "public")[1] is False
    rows = board.standings.filter(split="public", is_baseline=False)
    assert {each.interval_low for each in rows} == {None}
    assert all(len(each.cells["exactitude"]["tasks"]) == 2 for each in rows)
