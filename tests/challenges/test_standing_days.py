"""Rank over time: what each day keeps, what moves it, who reads it."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from challenges.actions import challenges, days, reveals
from challenges.actions.evaluations import queue_standings
from challenges.enums import BoardRule, Split, TeamState
from challenges.models import Challenge, Entry, Leaderboard, Phase, StandingDay, Team, timelines
from challenges.worker import drain
from portal.lib import clock
from tests.challenges import world
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAMES = ("Alpilles", "Sud", "Verdon")


def today() -> date:
    return clock.paris_day(clock.now())


def enter(challenge: Challenge, name: str, skill: float, *, days_ago: int) -> Entry:
    """Enter a file as if some days ago, an hour before noon in Paris."""
    team = challenge.teams.filter(name=name).first() or TeamFactory(challenge=challenge, name=name)
    entry = world.entered(challenge, skill, team=team)
    noon = clock.paris_day_ends(today()) - timedelta(days=days_ago, hours=13)
    Entry.objects.filter(pk=entry.pk).update(received_at=noon)
    return entry


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Return a challenge of three teams, whose best one came last, on the third day of four."""
    made = world.opened(tmp_path)
    Phase.objects.update(opens_at=clock.now() - timedelta(days=9))
    enter(made, "Alpilles", 0.45, days_ago=4)
    enter(made, "Sud", 0.75, days_ago=4)
    enter(made, "Verdon", 0.95, days_ago=2)
    assert drain()
    return made


def kept(challenge: Challenge) -> dict[int, list[tuple[str, int]]]:
    """Return the teams and ranks of each day, by how many days ago it was."""
    names = dict(challenge.teams.values_list("pk", "name"))
    rows = StandingDay.objects.filter(split=Split.PUBLIC).order_by("day")
    return {
        (today() - each.day).days: [(names[team], rank) for team, rank, _text in each.rows]
        for each in rows
    }


def write(challenge: Challenge) -> None:
    assert days.queue() == 1
    assert drain()


def sound(capsys: pytest.CaptureFixture[str]) -> bool:
    try:
        call_command("verify", "--only", "I26,I5")
    except SystemExit:
        return False
    finally:
        capsys.readouterr()
    return True


def test_each_day_that_is_over_is_kept_once_and_made_again(
    challenge: Challenge, capsys: pytest.CaptureFixture[str]
) -> None:
    write(challenge)
    first = [("Sud", 1), ("Alpilles", 2)]
    last = [("Verdon", 1), ("Sud", 2), ("Alpilles", 3)]
    assert kept(challenge) == {4: first, 3: first, 2: last, 1: last}
    board = challenge.leaderboards.get()
    now = board.standings.filter(is_baseline=False).order_by("position")
    assert [(each.team.name, each.rank) for each in now] == last
    assert days.queue() == 0
    assert sound(capsys)
    before = list(StandingDay.objects.order_by("day").values("day", "rows", "digest"))
    StandingDay.objects.order_by("day")[1].delete()
    assert not sound(capsys)
    board.refresh_from_db()
    del board.facts[timelines.FACTS]
    board.save()
    write(challenge)
    assert list(StandingDay.objects.order_by("day").values("day", "rows", "digest")) == before
    StandingDay.objects.filter(day=today() - timedelta(days=3)).update(rows=[])
    assert not sound(capsys)


def test_a_team_that_goes_leaves_the_page_at_once_and_the_days_next(
    challenge: Challenge, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    write(challenge)
    entry = Entry.objects.get(enrolment__team__name="Sud")
    page = reverse("challenges:standings", args=["niveau"])
    Team.objects.filter(name="Sud").update(state=TeamState.DISQUALIFIED)
    queue_standings(entry.enrolment.phase_id, cause="test")
    assert drain()
    assert "Sud" not in client.get(page).text
    assert any("Sud" in str(day) for day in kept(challenge).values())
    write(challenge)
    assert kept(challenge)[4] == [("Alpilles", 1)]
    assert sound(capsys)


def test_who_reads_the_days(challenge: Challenge, client: Client) -> None:
    write(challenge)
    page, file = (
        reverse(f"challenges:{name}", args=["niveau"]) for name in ("standings", "days_csv")
    )
    api = f"/api/v1/challenges/niveau/leaderboards/{challenge.leaderboards.get().key}/days"
    found = client.get(page).context["days"]
    assert [row["team"] for row in found["rows"]] == ["Verdon", "Sud", "Alpilles"]
    assert [row["ranks"] for row in found["rows"]] == [
        [None, None, 1, 1],
        [1, 1, 2, 2],
        [2, 2, 3, 3],
    ]
    told = client.get(api).json()
    assert told["days"] == [f"{today() - timedelta(days=ago)}" for ago in (4, 3, 2, 1)]
    assert [(row["team"], row["ranks"], row["final"]) for row in told["rows"]] == [
        ("Verdon", [None, None, 1, 1], None),
        ("Sud", [1, 1, 2, 2], None),
        ("Alpilles", [2, 2, 3, 3], None),
    ]
    rows = list(csv.reader(io.StringIO(client.get(file).text)))
    assert len(rows) == 1 + 2 + 2 + 3 + 3
    assert rows[0] == ["jour", "rang", "equipe", "score", "definitif"]
    assert rows[1][:3] == [told["days"][0], "1", "Sud"]
    assert client.get(f"{api}.csv").text == client.get(file).text

    Leaderboard.objects.update(anonymous=True)
    for answer in (client.get(page), client.get(file), client.get(api)):
        assert not any(name in answer.text for name in NAMES)
    Leaderboard.objects.update(hidden=True)
    assert [client.get(each).status_code for each in (file, api)] == [404, 404]


def test_a_team_with_several_rows_takes_one_rank(challenge: Challenge) -> None:
    Leaderboard.objects.update(rule=BoardRule.ALL)
    again = enter(challenge, "Sud", 0.8, days_ago=4)
    queue_standings(again.enrolment.phase_id, cause="test")
    assert drain()
    write(challenge)
    assert kept(challenge)[4] == [("Sud", 1), ("Alpilles", 2)]
    assert kept(challenge)[1] == [("Verdon", 1), ("Sud", 2), ("Alpilles", 3)]
    by = world.owner_of(challenge)
    phase = challenges.close(phase=challenge.phases.get(), by=by)
    reveals.propose(phase=phase, by=by)
    reveals.confirm(phase=phase, by=UserFactory(region="administrator"))
    assert drain()
    write(challenge)
    assert challenge.leaderboards.get().standings.filter(split=Split.PRIVATE).count() > len(NAMES)
    final = StandingDay.objects.get(split=Split.PRIVATE)
    assert sorted(rank for _team, rank, _text in final.rows) == [1, 2, 3]


def test_the_figure_of_a_hidden_column_is_told_to_nobody(
    challenge: Challenge, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    write(challenge)
    shown = list(StandingDay.objects.order_by("day").values_list("rows", flat=True))
    texts = {text for rows in shown for _team, _rank, text in rows}
    assert len(texts) == 3
    board = challenge.leaderboards.get()
    api = f"/api/v1/challenges/niveau/leaderboards/{board.key}/days"
    addresses = (api, f"{api}.csv", reverse("challenges:days_csv", args=["niveau"]))
    board.columns.filter(pk=board.primary_id).update(hidden=True)
    for _when in ("not written again yet", "written again"):
        answers = [client.get(each).text for each in addresses]
        assert not [text for text in texts if any(text in answer for answer in answers)]
        assert "Verdon" in answers[0]
        days.queue()
        assert drain()
    rows = StandingDay.objects.order_by("day").values_list("rows", flat=True)
    assert list(rows) == [[[team, rank, ""] for team, rank, _text in each] for each in shown]
    assert sound(capsys)
    board.columns.filter(pk=board.primary_id).update(hidden=False)
    write(challenge)
    assert list(StandingDay.objects.order_by("day").values_list("rows", flat=True)) == shown


def test_the_final_results_end_the_days(challenge: Challenge, client: Client) -> None:
    by = world.owner_of(challenge)
    phase = challenges.close(phase=challenge.phases.get(), by=by)
    reveals.propose(phase=phase, by=by)
    reveals.confirm(phase=phase, by=UserFactory(region="administrator"))
    assert drain()
    write(challenge)
    board = challenge.leaderboards.get()
    final = StandingDay.objects.get(split=Split.PRIVATE)
    wanted = board.standings.filter(split=Split.PRIVATE, is_baseline=False).order_by("position")
    assert [row[:2] for row in final.rows] == [[each.team_id, each.rank] for each in wanted]
    page = client.get(reverse("challenges:standings", args=["niveau"]))
    assert page.context["days"]["final"]
    assert "définitif" in page.text
    api = client.get(f"/api/v1/challenges/niveau/leaderboards/{board.key}/days").json()
    assert [row["final"] for row in api["rows"]] == [each.rank for each in wanted]
    assert days.queue() == 0
