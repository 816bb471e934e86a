"""Combined boards: what ranks make together, who reads them, how they travel."""

import csv
import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.actions import challenges, combined, leaderboards, phases, reveals
from challenges.enums import BoardRule, ChallengeStatus, PhaseKind, Split
from challenges.enums.combined import Combination
from challenges.models import Challenge, CombinedBoard, CombinedStanding, Leaderboard
from challenges.models.combined import _ranked
from challenges.worker import drain
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid
from tests.challenges import world
from tests.challenges.pages.scenes import clocked
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory
from tests.properties import given
from tests.properties import strategies as st

ranks = st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=3, max_size=3)


@given(st.lists(ranks, max_size=8))
def test_ranks_are_those_of_the_values_and_a_missing_one_has_none(rows: list[list[int]]) -> None:
    """Against the plain definition: one more than the teams of a strictly smaller mean."""
    found = _ranked(list(enumerate(rows)), Combination.MEAN)
    means = {team: sum(each) for team, each in enumerate(rows) if None not in each}
    assert {row.team_id: row.rank for row in found if row.rank is not None} == {
        team: 1 + sum(other < mine for other in means.values()) for team, mine in means.items()
    }
    assert sorted(row.team_id for row in found) == list(range(len(rows)))
    placed = [row.rank for row in found]
    assert placed == sorted(placed, key=lambda rank: (rank is None, rank))


def test_the_value_is_rounded_once_half_up() -> None:
    rows = [(1, [1, 2, 2]), (2, [1, 1, 9]), (3, [None, 1, 1]), (4, [2, 1, 2])]
    mean = _ranked(rows, Combination.MEAN)
    assert [(row.team_id, row.rank, row.hundredths) for row in mean] == [
        (1, 1, 167),
        (4, 1, 167),
        (2, 3, 367),
        (3, None, None),
    ]
    median = _ranked(rows, Combination.MEDIAN)
    assert [(row.team_id, row.rank, row.hundredths) for row in median] == [
        (2, 1, 100),
        (1, 2, 200),
        (4, 2, 200),
        (3, None, None),
    ]
    assert _ranked([(1, [1, 2])], Combination.MEDIAN)[0].hundredths == 150


@pytest.fixture
def draft(tmp_path: Path, db: None) -> Challenge:
    """Return a draft with a second board that ranks by mean error, both combined."""
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
    made.refresh_from_db()
    combine(made)
    return made


def combine(challenge: Challenge) -> CombinedBoard:
    return combined.add(
        challenge=challenge,
        title="Ensemble",
        combination=Combination.MEAN,
        boards=list(challenge.leaderboards.order_by("phase__index", "pk")),
        by=world.owner_of(challenge),
    )


def opened(draft: Challenge) -> Challenge:
    made = challenges.submit(challenge=draft, by=world.owner_of(draft))
    made = challenges.publish(challenge=made, by=UserFactory(region="moderator"))
    for skill, name in ((0.95, "Alpilles"), (0.4, "=Sud")):
        world.entered(made, skill, team=TeamFactory(challenge=made, name=name))
    assert drain()
    return made


@pytest.mark.slow
def test_it_follows_its_boards_until_the_final_results(draft: Challenge, client: Client) -> None:
    challenge = opened(draft)
    page, file = (
        reverse(f"challenges:{name}", args=["niveau", "ensemble-1"])
        for name in ("combined", "combined_csv")
    )
    api = "/api/v1/challenges/niveau/combined"
    told = client.get(f"{api}/ensemble-1").json()
    assert [(row["team"], row["rank"], row["value"], row["ranks"]) for row in told["rows"]] == [
        ("Alpilles", 1, "1.00", [1, 1]),
        ("=Sud", 2, "2.00", [2, 2]),
    ]
    assert [each["boards"] for each in client.get(api).json()] == [told["boards"]]
    rows = list(csv.reader(io.StringIO(client.get(file).text)))
    assert rows[2][:3] == ["2", "'=Sud", "2.00"]
    assert "1,00" in client.get(page).text
    standings = client.get(reverse("challenges:standings", args=["niveau"]))
    assert page in standings.text
    assert client.get(f"{page}?partie=privee").status_code == 404
    call_command("verify", "--only", "I27")

    Leaderboard.objects.update(anonymous=True)
    for address in (page, file, f"{api}/ensemble-1"):
        assert "Alpilles" not in client.get(address).text
    phase = challenges.close(phase=challenge.phases.get(), by=world.owner_of(challenge))
    reveals.propose(phase=phase, by=world.owner_of(challenge))
    reveals.confirm(phase=phase, by=UserFactory(region="administrator"))
    assert drain()
    final = client.get(f"{api}/ensemble-1").json()
    assert (final["split"], [row["team"] for row in final["rows"]]) == (
        "private",
        ["Alpilles", "=Sud"],
    )
    call_command("verify", "--only", "I27")
    CombinedStanding.objects.filter(split=Split.PRIVATE).first().delete()
    with pytest.raises(SystemExit):
        call_command("verify", "--only", "I27")
    Leaderboard.objects.filter(title="Par erreur").update(hidden=True)
    assert client.get(page).status_code == 404


@pytest.mark.slow
def test_a_board_of_all_entries_counts_teams(draft: Challenge, client: Client) -> None:
    Leaderboard.objects.update(rule=BoardRule.ALL)
    challenge = challenges.submit(challenge=draft, by=world.owner_of(draft))
    challenge = challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))
    first, second = (TeamFactory(challenge=challenge, name=name) for name in ("Alpilles", "Sud"))
    for team, skill in ((first, 0.95), (first, 0.8), (second, 0.4)):
        world.entered(challenge, skill, team=team)
    assert drain()
    told = client.get("/api/v1/challenges/niveau/combined/ensemble-1").json()
    assert [(row["team"], row["rank"], row["ranks"]) for row in told["rows"]] == [
        ("Alpilles", 1, [1, 1]),
        ("Sud", 2, [2, 2]),
    ]


def test_boards_of_several_phases_wait_where_teams_have_pseudonyms(
    draft: Challenge, client: Client
) -> None:
    """A rank a phase, side by side, would tell whose pseudonym of one is which of the other."""
    by = world.owner_of(draft)
    phases.add(challenge=draft, name="Finale", kind=PhaseKind.FINAL, by=by)
    draft.refresh_from_db()
    board = combine(draft)
    Leaderboard.objects.update(anonymous=True)
    Challenge.objects.update(status=ChallengeStatus.PUBLISHED, published_at=clock.now())
    page = client.get(reverse("challenges:combined", args=["niveau", board.key]))
    assert "pseudonyme" in page.context["awaited"]
    answer = client.get(f"/api/v1/challenges/niveau/combined/{board.key}")
    assert (answer.status_code, answer.json()["code"]) == (403, "combined_masked")


def test_only_boards_that_are_shown_in_a_draft(draft: Challenge) -> None:
    by = world.owner_of(draft)
    main, other = draft.leaderboards.order_by("pk")
    for boards in ([main], [main, main]):
        with pytest.raises(Invalid):
            combined.add(
                challenge=draft, title="E", combination=Combination.MEAN, boards=boards, by=by
            )
    with pytest.raises(Conflict):
        leaderboards.remove(board=other, by=by)
    combined.remove(board=draft.combined_boards.get(), by=by)
    leaderboards.remove(board=other, by=by)
    assert not CombinedBoard.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_form_and_the_pages_cost_the_same_for_one_and_three(
    draft: Challenge, client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(world.owner_of(draft))
    page = reverse("challenges:combine_boards", args=["niveau"])
    sent = {
        "title": "Deux",
        "combination": "median",
        "boards": list(draft.leaderboards.values_list("pk", flat=True)),
    }
    for _number in range(count):
        assert client.post(page, sent).status_code == 302
    assert client.post(page, sent | {"boards": []}).status_code == 422
    client.get(page)
    with django_assert_num_queries(clocked(10, reads=0)):
        assert client.get(page).text.count("La médiane des rangs") == count + 1
    with django_assert_num_queries(clocked(11)):
        client.get(reverse("challenges:combined", args=["niveau", "ensemble-2"]))
