"""The pages of a disqualification: the organiser asks, the team replies, the Region decides."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from challenges.models import Disqualification, Entry
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib import clock
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import TeamFactory, captain_of
from tests.factories.disqualifications import asked, entered

pytestmark = pytest.mark.django_db
QUEUE = "/moderation/disqualifications/"


@pytest.fixture
def entry() -> Entry:
    """Make a scored entry."""
    return entered()


def organiser_of(entry: Entry) -> User:
    return entry.enrolment.phase.challenge.organisers.get().user


def asking(entry: Entry) -> str:
    return f"/espace/challenges/{entry.enrolment.phase.challenge.slug}/disqualifications/"


def replying(found: Disqualification) -> str:
    return f"/challenges/{found.challenge.slug}/equipe/disqualification/{found.public_id}/"


def deciding(found: Disqualification) -> str:
    return f"{QUEUE}{found.public_id}/"


def test_the_three_parties_go_through_it(client: Client, entry: Entry) -> None:
    team = entry.enrolment.team
    client.force_login(organiser_of(entry))
    said = {
        "team": team.pk,
        "scope": "entry",
        "phase": entry.enrolment.phase_id,
        "number": entry.number,
        "reason": "Données externes.",
        "sure": "on",
    }
    answer = client.post(asking(entry), said)
    found = Disqualification.objects.get()
    assert answer["Location"] == f"{asking(entry)}{found.public_id}/"
    assert "Soumission n° 1" in client.get(answer["Location"]).text.replace("\u00a0", " ")
    assert found.entry == entry
    assert client.post(asking(entry), said).status_code == 409

    client.force_login(captain_of(team))
    assert "Lire la demande" in client.get(f"/challenges/{team.challenge.slug}/equipe/").text
    assert replying(found) in client.get("/espace/").text
    assert "Données externes." in client.get(replying(found)).text
    assert client.post(replying(found), {"reply": ""}).status_code == 422
    assert client.post(replying(found), {"reply": "Elles sont libres."}).status_code == 302

    moderator = UserFactory(region="moderator")
    client.force_login(moderator)
    assert QUEUE in client.get("/espace/").text
    assert deciding(found) in client.get(QUEUE).text
    page = client.get(deciding(found)).text
    assert "Elles sont libres." in page
    assert "les fichiers jusqu’à la fin de leur durée de conservation" in page
    form = {"version": 2, "decision": "pronounce", "reason": "Article 4.", "sure": "on"}
    assert client.post(deciding(found), form | {"version": 1}).status_code == 409
    assert client.post(deciding(found), form).status_code == 302
    assert Entry.objects.get().is_disqualified
    Entry.objects.update(file_deleted_at=clock.now())  # its time has passed since

    client.force_login(captain_of(team))
    assert "Article 4." in client.get(replying(found)).text
    history = client.get(f"/challenges/{team.challenge.slug}/soumissions/").text
    assert "Disqualifiée" in history
    csv = client.get(f"/challenges/{team.challenge.slug}/soumissions.csv").text
    assert "disqualifiee" in csv.splitlines()[0]
    assert ",oui," in csv.splitlines()[1]
    told = client.get(f"/api/v1/entries/{entry.pk}", headers=token(captain_of(team))).json()
    assert told["disqualified"] is True

    client.force_login(moderator)
    lifted = {"version": 3, "decision": "lift", "reason": "Erreur.", "sure": "on"}
    assert client.post(deciding(found), lifted).status_code == 302
    assert "La disqualification est levée" in client.get(deciding(found)).text
    assert entry in Entry.objects.listed()


def token(user: User) -> Any:
    return bearer(user, TokenScope.READ)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"team": ""}, "team"),
        ({"team": "99999999999999999999"}, "team"),
        ({"phase": ""}, "phase"),
        ({"number": ""}, "number"),
        ({"number": "77"}, "number"),
        ({"number": "x"}, "number"),
        ({"scope": ""}, "scope"),
        ({"reason": ""}, "reason"),
        ({"sure": ""}, "sure"),
    ],
)
def test_what_is_missing_is_said(
    client: Client, entry: Entry, changes: dict[str, str], field: str
) -> None:
    client.force_login(organiser_of(entry))
    said: dict[str, Any] = {
        "team": entry.enrolment.team_id,
        "scope": "entry",
        "phase": entry.enrolment.phase_id,
        "number": entry.number,
        "reason": "Données externes.",
        "sure": "on",
    }
    answer = client.post(asking(entry), said | changes)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Disqualification.objects.exists()


def test_a_team_alone_may_be_meant_and_waited_for(client: Client, entry: Entry) -> None:
    found = asked(team=entry.enrolment.team)
    client.force_login(UserFactory(region="administrator"))
    text = client.get(deciding(found)).text
    assert "L’équipe entière" in text
    assert 'value="pronounce"' not in text  # nobody is disqualified unheard
    form = {"version": 1, "decision": "pronounce", "reason": "Vite.", "sure": "on"}
    assert client.post(deciding(found), form).status_code == 422
    client.force_login(organiser_of(entry))
    back = f"{asking(entry)}{found.public_id}/"
    assert client.post(back, {"reason": "Erreur."}).status_code == 302
    assert client.post(back, {"reason": "Erreur."}).status_code == 302  # told, not a fault
    assert "a retiré sa demande" in client.get(back).text


def test_others_do_not_know_that_it_exists(client: Client, entry: Entry) -> None:
    found = asked(entry)
    other = captain_of(TeamFactory(challenge=found.challenge))
    client.force_login(other)
    assert client.get(replying(found)).status_code == 404
    assert client.get(deciding(found)).status_code == 404
    assert client.get(QUEUE).status_code == 404
    # A person of the Region who plays decides of nothing there.
    playing = UserFactory(region="moderator")
    TeamFactory(challenge=found.challenge, captain=playing)
    client.force_login(playing)
    assert client.get(deciding(found)).status_code == 404


def test_lists_cost_the_same_with_three(client: Client, entry: Entry) -> None:
    counts = []
    for _ in range(2):
        for each in range(1 if not counts else 2):
            asked(entered(TeamFactory(challenge=entry.enrolment.phase.challenge)), days=each)
        several = []
        for user, address in (
            (UserFactory(region="moderator"), QUEUE),
            (organiser_of(entry), asking(entry)),
        ):
            client.force_login(user)
            client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200
            several.append(len(queries))
        counts.append(several)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 25


def test_the_address_of_the_queue_is_the_one_of_the_space() -> None:
    assert reverse("challenges:disqualifications") == QUEUE
