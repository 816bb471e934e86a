"""The room that the files of a team have in a phase."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.actions import uploads
from challenges.models import Team
from challenges.models.entry import Entry
from portal.lib.refusals import QuotaSpent
from tests.challenges.test_enter import enter
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = pytest.mark.django_db
FILE = b"id,y\n1,0.5\n"


@pytest.fixture
def team(settings: Any) -> Team:
    settings.TEAM_PHASE_MAX_BYTES = 30
    made: Team = TeamFactory()
    return made


def test_a_file_beyond_the_room_is_refused_and_uses_no_attempt(team: Team) -> None:
    """The same bytes again take no room; a smaller file still enters."""
    enter(team, FILE)
    enter(team, FILE)
    enter(team, b"id,y\n1,0.6\n")
    with pytest.raises(QuotaSpent) as refused:
        enter(team, b"id,y\n1,0.75\n")
    assert refused.value.code == "storage_reached"
    assert refused.value.facts["left_bytes"] == 30 - 2 * len(FILE)
    assert Entry.objects.count() == 3
    enter(team, b"id,y\n1,2")


def test_what_was_deleted_takes_no_room(team: Team) -> None:
    first = enter(team, FILE).entry
    enter(team, b"id,y\n1,0.6\n")
    first.file_deleted_at = first.received_at
    first.save()
    enter(team, b"id,y\n1,0.7\n")


def test_uploads_that_come_count_when_another_begins(team: Team) -> None:
    begun: dict[str, Any] = {"phase": team.challenge.phases.get(), "team": team, "name": "a.csv"}
    uploads.begin(length=20, by=captain_of(team), **begun)
    uploads.begin(length=10, by=captain_of(team), **begun)
    with pytest.raises(QuotaSpent) as refused:
        uploads.begin(length=1, by=captain_of(team), **begun)
    assert refused.value.code == "storage_reached"


def test_the_room_left_is_shown(team: Team, client: Client) -> None:
    enter(team, FILE)
    client.force_login(captain_of(team))
    page = client.get(reverse("challenges:entries", args=[team.challenge.slug])).content.decode()
    assert "19\u202foctets sur 30\u202foctets" in page
