"""A board too long to be read whole says the same as when it is, page by page."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from challenges.enums import BoardRule, Split
from challenges.models import Challenge, Leaderboard, Standing
from challenges.results.queries import boards
from challenges.results.views import boards as laid
from portal.audit.actors import SystemActor
from tests.challenges.pages.scenes import listed
from tests.factories.challenges import ChallengeFactory, captain_of

pytestmark = pytest.mark.django_db
TEAMS = 7
VISITOR = SystemActor("visitor")


@pytest.fixture
def challenge(monkeypatch: pytest.MonkeyPatch) -> Challenge:
    """Rank seven teams, two of them tied, with the reference in third place."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions")
    monkeypatch.setattr("challenges.results.views.standings.PER_PAGE", 3)
    ranks = (1, 2, 2, 4, 5, 6, 7)
    for number, rank in enumerate(ranks):
        if number == 2:
            listed(made, "Référence", 0.5, rank=0, baseline=True)
        listed(made, f"Équipe {number}", 0.3 + number / 100, rank=rank)
    rows = Standing.objects.order_by("pk")
    for position, row in enumerate(rows, 1):
        Standing.objects.filter(pk=row.pk).update(position=position + 100)
    for position, row in enumerate(Standing.objects.order_by("position"), 1):
        Standing.objects.filter(pk=row.pk).update(position=position)
    board = Leaderboard.objects.get()
    board.facts = {"public": {"rows": TEAMS + 1, "digest": "0"}}
    board.save()
    return made


def shown(client: Client, query: str) -> dict[str, Any]:
    found = client.get(f"/challenges/tensions/classement/?{query}").context
    keys = ("minimum", "maximum", "reference", "intervals", "gap")
    rows = [{k: row[k] for k in ("rank", "tied", "team", "value", "mine")} for row in found["rows"]]
    return {key: found[key] for key in keys} | {
        "rows": rows,
        "pages": found["page"].paginator.num_pages,
    }


@pytest.mark.parametrize("page", [1, 2, 3, 99])
def test_a_page_says_the_same_read_alone_or_whole(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    client.force_login(captain_of(challenge.teams.get(name="Équipe 4")))
    whole = shown(client, f"page={page}")
    monkeypatch.setattr(boards, "WHOLE_ROWS", 2)
    assert shown(client, f"page={page}") == whole
    assert len(whole["rows"]) in {1, 3, 4}
    assert whole["gap"]["above_rank"] == 4


def test_a_page_costs_the_same_whatever_the_board(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "WHOLE_ROWS", 2)
    counts = []
    for more in (0, 3):
        for number in range(more):
            listed(challenge, f"Autre {number}", 0.9, rank=9)
        client.get("/challenges/tensions/classement/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/challenges/tensions/classement/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25


def test_json_goes_by_pages_and_csv_whole(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "WHOLE_ROWS", 2)
    monkeypatch.setattr(boards, "JSON_ROWS", 4)
    key = Leaderboard.objects.get().key
    names: list[str] = []
    for page in (1, 2):
        told = client.get(f"/challenges/tensions/classement.json?page={page}").json()
        assert (told["page"], told["pages"]) == (page, 2)
        api = client.get(f"/api/v1/challenges/tensions/leaderboards/{key}?page={page}").json()
        assert [row["team"] for row in api["rows"]] == [row["team"] for row in told["rows"]]
        names += [row["team"] for row in told["rows"]]
    assert sorted(names) == sorted([f"Équipe {n}" for n in range(TEAMS)] + ["Référence"])
    assert len(client.get("/challenges/tensions/classement.csv").text.splitlines()) == TEAMS + 2


def test_a_board_of_every_entry_says_so(client: Client, challenge: Challenge) -> None:
    Leaderboard.objects.update(rule=BoardRule.ALL)
    assert "Une ligne par soumission évaluée" in client.get("/challenges/tensions/classement/").text


def test_a_board_without_its_count_is_read_by_pages_too(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    Leaderboard.objects.update(facts={})
    monkeypatch.setattr(boards, "WHOLE_ROWS", 2)
    found = boards.read_board(challenge.phases.get(), Split.PUBLIC, VISITOR, per_page=3)
    assert found.window is not None
    assert (found.window.listed, found.window.pages) == (TEAMS, 3)
    assert laid.scale_of(found)[2] == 0.5
