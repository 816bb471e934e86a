"""The leaderboards of a phase: arranged by the organiser, a second one that ranks otherwise."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge, Leaderboard, PhaseTask, Team
from challenges.organising.actions import leaderboards, phases
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseKind
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from tests.challenges import world
from tests.challenges.organising.test_authoring import METRICS, built, checked, measured
from tests.challenges.pages.scenes import Costs, url_of
from tests.factories.accounts import signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    PhaseFactory,
    StandingFactory,
    TeamFactory,
    captain_of,
)

pytestmark = pytest.mark.django_db


def arranged(board: Leaderboard, **changes: Any) -> dict[str, Any]:
    """Return what the form of a board sends: its columns as they are, but these changes."""
    sent: dict[str, Any] = {"title": board.title, "rule": board.rule}
    sent["primary"] = board.primary.key if board.primary else ""
    for column in board.columns.order_by("index"):
        sent[f"at_{column.pk}"] = column.index + 1
        if not column.hidden:
            sent[f"shown_{column.pk}"] = "on"
    sent |= changes
    return {key: value for key, value in sent.items() if value is not None}


def pk_of(board: Leaderboard, key: str) -> int:
    """Return the number of a column of a board."""
    return int(board.columns.get(key=key).pk)


def shown(board: Leaderboard) -> list[tuple[str, bool]]:
    """List the columns of a board in their order, and whether they are hidden."""
    return list(board.columns.order_by("index").values_list("key", "hidden"))


def test_a_second_board_ranks_by_another_column_and_outlives_a_check(
    client: Client, by: User
) -> None:
    challenge = built(by)
    page = client.post(url_of(challenge, "write_boards"), {"phase": "0", "title": "Par l’erreur"})
    assert page.status_code == 302
    main, other = challenge.leaderboards.order_by("pk")
    assert (other.title, shown(other)) == ("Par l’erreur", shown(main))
    mae, mixed = pk_of(other, "mae"), pk_of(other, "mixte")
    sent = arranged(
        other,
        rule="all",
        primary="mae",
        **{f"at_{mae}": 1, f"at_{pk_of(other, 'exactitude')}": 2, f"limit_{mae}": "0,9"},
        **{f"shown_{mae}": "on", f"shown_{mixed}": None},
    )
    assert client.post(url_of(challenge, "write_board", other.pk), sent).status_code == 302
    expected = [("mae", False), ("exactitude", False), ("mixte", True)]
    measured(challenge, by, METRICS)
    checked(challenge, by)
    other.refresh_from_db()
    assert (shown(other), other.rule, other.primary.key) == (expected, "all", "mae")
    assert other.columns.get(key="mae").valid_max == 0.9
    assert shown(main)[1] == ("mae", True)
    measured(challenge, by, METRICS[:1])
    checked(challenge, by)
    other.refresh_from_db()
    assert (shown(other), other.primary.key) == ([("exactitude", False)], "exactitude")
    assert client.post(url_of(challenge, "remove_board", main.pk)).status_code == 409
    assert client.post(url_of(challenge, "remove_board", other.pk)).status_code == 302
    assert list(challenge.leaderboards.all()) == [main]
    told = AuditEvent.objects.filter(action__startswith="phase.board_")
    assert [each.action for each in told] == [
        "phase.board_added",
        "phase.board_arranged",
        "phase.board_removed",
    ]


def test_the_main_board_keeps_the_figure_of_its_scoring(client: Client, by: User) -> None:
    challenge = built(by)
    board = challenge.leaderboards.get()
    mixed = pk_of(board, "mixte")
    sent = arranged(board, primary="mixte", **{f"at_{mixed}": 1, f"shown_{mixed}": None})
    sent[f"at_{pk_of(board, 'exactitude')}"] = 3
    assert "Colonne qui classe" not in client.get(url_of(challenge, "write_board", board.pk)).text
    assert client.post(url_of(challenge, "write_board", board.pk), sent).status_code == 302
    board.refresh_from_db()
    assert board.primary.key == "exactitude"
    assert shown(board) == [("mixte", True), ("mae", True), ("exactitude", False)]
    challenge.refresh_from_db()
    assert [each["key"] for each in challenge.bundle["metrics"]] == [
        "mixte",
        "mae",
        "exactitude",
    ]
    checked(challenge, by)
    assert shown(board) == [("mixte", True), ("mae", True), ("exactitude", False)]


def test_a_wrong_form_says_why_and_a_published_board_stays(client: Client, by: User) -> None:
    challenge = built(by)
    wrong = client.post(url_of(challenge, "write_boards"), {"phase": "9", "title": ""})
    assert (wrong.status_code, "Donnez un titre au classement." in wrong.text) == (422, True)
    for number in range(2, 7):
        client.post(url_of(challenge, "write_boards"), {"phase": "0", "title": str(number)})
    most = client.post(url_of(challenge, "write_boards"), {"phase": "0", "title": "7"})
    assert (most.status_code, "Six classements au plus" in most.text) == (422, True)
    other = challenge.leaderboards.order_by("pk").last()
    sent = arranged(other, primary="", rule="x", **{f"at_{pk_of(other, 'mae')}": 9})
    page = client.post(url_of(challenge, "write_board", other.pk), sent)
    assert (page.status_code, page.text.count('class="error"') >= 1) == (422, True)
    Challenge.objects.update(status=ChallengeStatus.IN_REVIEW)
    assert (
        client.post(url_of(challenge, "write_board", other.pk), arranged(other)).status_code == 409
    )
    assert client.post(url_of(challenge, "mask_teams"), {"anonymous": "on"}).status_code == 409
    assert (
        "ne se règlent que dans un brouillon" in client.get(url_of(challenge, "write_boards")).text
    )


def test_pseudonyms_are_told_before_the_opening_and_change_with_the_phase(
    client: Client, by: User
) -> None:
    challenge = built(by)
    assert client.post(url_of(challenge, "mask_teams"), {"anonymous": "on"}).status_code == 302
    final = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    assert set(challenge.leaderboards.values_list("anonymous", flat=True)) == {True}
    assert "classées sous pseudonyme" in client.get(url_of(challenge, "rules")).text
    team = TeamFactory(challenge=challenge, name="Mistral")
    aliases = [team.alias_in(each) for each in challenge.phases.order_by("index")]
    codes = [each.split()[1] for each in aliases]
    assert len(set(aliases)) == 2
    player = signed_in(captain_of(team))
    Challenge.objects.update(status=ChallengeStatus.PUBLISHED, published_at=challenge.created_at)
    page = player.get(url_of(challenge, "team")).text.replace("\xa0", " ")
    assert all(f"vous nomme « {each} »" in page for each in aliases)
    row = StandingFactory(
        leaderboard=final.leaderboards.get(),
        entry__enrolment__team=team,
        entry__enrolment__phase=final,
        cells={"exactitude": {"value": 0.25, "text": "0.2500", "low": 0.2, "high": 0.3}},
    )
    assert row.team == team
    for route in ("standings", "standings_csv", "standings_json", "embed_frame"):
        seen = Client().get(f"{url_of(challenge, route)}?phase=1").text
        assert ("Mistral" in seen, codes[1] in seen, codes[0] in seen) == (False, True, False)
    feed = Client().get(url_of(challenge, "standings_feed")).text
    api = Client().get(f"/api/v1/challenges/niveau/leaderboards/{row.leaderboard.key}").text
    assert ("Mistral" in feed, "Mistral" in api, codes[1] in api) == (False, False, True)
    assert client.get(url_of(challenge, "write_boards")).text.count("Mistral") == 0
    assert Team.objects.filter(name="Mistral").exists()


def test_the_list_costs_the_same_whatever_it_shows(
    client: Client, by: User, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(owner=by)
    for index in range(count):
        PhaseFactory(challenge=challenge, index=index)
    with costs(16):
        assert client.get(url_of(challenge, "write_boards")).status_code == 200


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
    return world.published(made, by)


def two_teams(challenge: Challenge) -> None:
    for skill, name in ((0.8, "Alpilles"), (0.75, "Sud")):
        world.entered(challenge, skill, team=TeamFactory(challenge=challenge, name=name))
    assert drain()


def told(board: Leaderboard, split: str) -> tuple[list[int | None], bool]:
    """Return the ranks of the teams, whether gaps were compared with chance."""
    board.refresh_from_db()
    rows = board.standings.filter(competes=True, split=split).order_by("position")
    facts = board.facts[split]
    return [each.rank for each in rows], facts["tested"]


@pytest.mark.slow
def test_ranks_are_not_those_of_the_figure_that_scores(
    challenge: Challenge, client: Client
) -> None:
    two_teams(challenge)
    first, second = challenge.leaderboards.order_by("pk")
    assert told(first, "public")[1] is True
    assert told(second, "public") == ([1, 2], False)
    world.revealed(challenge)
    assert told(second, "private") == ([1, 2], False)
    pages = [
        client.get(reverse("challenges:standings", args=["niveau"]) + f"?tableau={each.key}")
        for each in (first, second)
    ]
    assert ["significatif" in page.text for page in pages] == [True, False]
    for page, other in zip(pages, (second, first), strict=True):  # each leads to the other
        assert f"tableau={other.key}" in page.text
    report = client.get(reverse("challenges:report", args=["niveau"]))
    assert f"?phase=0&amp;tableau={second.key}" in report.text


@pytest.mark.slow
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
    rows = board.standings.filter(competes=True, split="public")
    assert {each.interval_low for each in rows} == {None}
    assert all(len(each.cells["exactitude"]["tasks"]) == 2 for each in rows)
