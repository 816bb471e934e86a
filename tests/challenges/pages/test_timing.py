"""No page, file or receipt of a team tells how long, to the second, its entry took."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.entries.views.tables import duration
from challenges.enums import Split
from challenges.models import Entry, Evaluation, Leaderboard, Standing, Team
from tests.challenges.pages.scenes import listed, with_contract
from tests.factories.challenges import (
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    captain_of,
    score,
)

pytestmark = pytest.mark.django_db
STARTED = datetime(2026, 3, 2, 10, 41, 7, 345678, tzinfo=UTC)
FINISHED = datetime(2026, 3, 2, 10, 53, 29, 876543, tzinfo=UTC)
EXACT = ("53:29", "41:07", "876543", "345678", "742.53", "742,53", "713.9", "1234.5", "1 234,5")


@pytest.fixture
def entry() -> Entry:
    team: Team = TeamFactory()
    with_contract(team.challenge)
    made: Entry = EntryFactory(enrolment=EnrolmentFactory(team=team), status="scored")
    score(made)
    listed(team.challenge, "Alpha", 0.25, rank=1, entry=made)
    Evaluation.objects.filter(entry=made).update(
        started_at=STARTED,
        finished_at=FINISHED,
        seconds=742.53,
        cpu_seconds=713.9,
        peak_mb=1234.5,
    )
    Entry.objects.filter(pk=made.pk).update(status_since=FINISHED)
    Standing.objects.filter(entry=made).update(computed_at=FINISHED)
    board = Leaderboard.objects.get(challenge=team.challenge)
    board.facts = {Split.PUBLIC.value: {"computed_at": FINISHED.isoformat(), "digest": "d"}}
    board.save()
    return made


def pages(client: Client, entry: Entry) -> dict[str, str]:
    """Read everything that a team may of its entry and of the board."""
    slug = entry.enrolment.team.challenge.slug
    names: list[tuple[str, list[Any]]] = [
        ("entries", []),
        ("entries_csv", []),
        ("standings", []),
        ("standings_csv", []),
        ("standings_json", []),
        ("presentation", []),
        ("entry", [entry.pk]),
        ("entry_state", [entry.pk]),
        ("entry_receipt", [entry.pk]),
    ]
    return {
        name: client.get(reverse(f"challenges:{name}", args=[slug, *more])).text
        for name, more in names
    }


def test_nothing_is_told_to_the_second(client: Client, entry: Entry) -> None:
    client.force_login(captain_of(entry.enrolment.team))
    for name, page in pages(client, entry).items():
        shown = page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
        for exact in EXACT:
            assert exact not in shown, (name, exact)


def test_the_file_of_the_board_has_the_minute(client: Client, entry: Entry) -> None:
    slug = entry.enrolment.team.challenge.slug
    said = client.get(reverse("challenges:standings_json", args=[slug])).json()
    assert said["computed_at"] == "2026-03-02T10:53:00+00:00"
    Leaderboard.objects.update(facts={})
    said = client.get(reverse("challenges:standings_json", args=[slug])).json()
    assert said["computed_at"] is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "de moins d’une minute"),
        (60, "de moins d’une minute"),
        (61, "de moins de 2 minutes"),
        (299, "de moins de 5 minutes"),
        (1_799, "de moins de 30 minutes"),
        (9_999, "de plus d’une heure"),
    ],
)
def test_an_expected_wait_is_a_class(seconds: float, told: str) -> None:
    assert duration(seconds) == told
