"""Trials of code on the public sample: their pages and their API, for the team alone."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import RunState
from challenges.models import Challenge, CodeTrial, Team
from challenges.organising.actions import challenges as acts
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from tests.challenges import world
from tests.challenges.pages.scenes import clocked
from tests.challenges.test_code_round_trips import folder, imported
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import TeamFactory, captain_of
from tests.factories.code import trial as ended

pytestmark = pytest.mark.django_db
ZIP = b"PK\x05\x06" + b"\0" * 18


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Publish the small challenge of code."""
    made = imported(folder(tmp_path / "a"))
    assert drain()
    by = world.owner_of(made)
    made.phases.update(logs="team_trial")
    made.refresh_from_db()
    made = acts.submit(challenge=made, by=by)
    return acts.publish(challenge=made, by=UserFactory(region="moderator"))


@pytest.fixture
def team(challenge: Challenge, client: Client) -> Team:
    """Sign the captain of a team in."""
    made: Team = TeamFactory(challenge=challenge)
    client.force_login(captain_of(made))
    return made


def at(route: str, *args: Any) -> str:
    """Return the address of a page of the challenge."""
    return reverse(f"challenges:{route}", args=["niveau", *args])


def test_a_trial_is_started_by_form_and_followed(client: Client, team: Team) -> None:
    page = client.get(at("trials")).text
    assert "10 essais possibles sur 10 cette heure-ci." in page
    assert "inputs.csv" in page

    sent = client.post(at("trials"), {"file": SimpleUploadedFile("code.zip", ZIP)})

    trial = CodeTrial.objects.get()
    assert sent.headers["Location"] == at("trial", trial.pk)
    waiting = client.get(at("trial", trial.pk)).text
    assert f'data-poll="{at("trial_state", trial.pk)}"' in waiting
    assert "File d’attente" in waiting
    assert "data-final" not in client.get(at("trial_state", trial.pk)).text
    assert "9 essais possibles sur 10" in client.get(at("trials")).text
    assert client.post(at("trials"), {}).status_code == 422


def test_the_rate_of_an_hour_is_told_beside_the_file(client: Client, team: Team) -> None:
    for _each in range(10):
        ended(team)
    refused = client.post(at("trials"), {"file": SimpleUploadedFile("code.zip", ZIP)})
    assert refused.status_code == 429
    assert "beaucoup d’essais cette heure-ci" in refused.text
    assert "Plus d’essai cette heure-ci" in refused.text


def test_what_a_trial_gave_is_told_with_its_log(client: Client, team: Team) -> None:
    done = client.get(at("trial", ended(team, log="<b>brut</b>").pk)).text
    assert "Votre code est prêt à être soumis" in done
    assert "&lt;b&gt;brut&lt;/b&gt;" in done
    assert "40 Mo" in done.replace("\u202f", " ").replace("\xa0", " ")
    fault = {"code": "E_ID_UNKNOWN", "message": "Inconnu.", "line": 2}
    failed = ended(
        team, state=RunState.FAILED, reason_code="X_OUTPUT", verdict={"faults": [fault]}, log=""
    )
    page = client.get(at("trial", failed.pk)).text
    assert "E_ID_UNKNOWN" in page
    assert "Le programme n’a rien écrit." in page
    assert client.get(at("trial_log", ended(team).pk)).getvalue() == b"100 rows read"


def test_a_log_is_shown_where_the_phase_says_so(client: Client, team: Team) -> None:
    team.challenge.phases.update(logs="organiser")
    trial = ended(team, log="SECRET")
    assert "SECRET" not in client.get(at("trial", trial.pk)).text
    assert client.get(at("trial_log", trial.pk)).status_code == 404
    told = client.get(f"/api/v1/trials/{trial.pk}", headers=token(team)).json()
    assert told["log"] is None


def test_a_trial_belongs_to_its_team(client: Client, team: Team) -> None:
    other = ended(TeamFactory(challenge=team.challenge), log="SECRET")
    for route in ("trial", "trial_state", "trial_log"):
        assert client.get(at(route, other.pk)).status_code == 404
    assert client.get(f"/api/v1/trials/{other.pk}", headers=token(team)).status_code == 404
    client.force_login(world.owner_of(team.challenge))
    assert client.get(at("trial", other.pk)).status_code == 404
    client.logout()
    assert client.get(at("trials")).status_code == 302


def test_the_sample_is_public(client: Client, challenge: Challenge) -> None:
    answer = client.get(at("sample"))
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.getvalue().startswith(b"PK")


def test_the_api_starts_and_follows_a_trial(client: Client, team: Team) -> None:
    sent = client.post(
        "/api/v1/challenges/niveau/phases/0/trials",
        {"file": SimpleUploadedFile("code.zip", ZIP)},
        headers=token(team),
    )
    trial = CodeTrial.objects.get()
    assert (sent.status_code, sent.headers["Location"]) == (201, f"/api/v1/trials/{trial.pk}")
    assert (sent.json()["state"], sent.json()["finished"]) == ("queued", False)
    listed = client.get("/api/v1/challenges/niveau/trials", headers=token(team)).json()
    assert ([each["id"] for each in listed["trials"]], listed["left"]) == ([str(trial.pk)], 9)
    for _each in range(9):
        ended(team)
    refused = client.post(
        "/api/v1/challenges/niveau/phases/0/trials",
        {"file": SimpleUploadedFile("code.zip", ZIP)},
        headers=token(team),
    )
    assert (refused.status_code, refused.json()["code"]) == (429, "trials_reached")
    assert "next_opening" in refused.json()


@pytest.mark.parametrize("many", [1, 3])
def test_pages_cost_the_same_whatever_they_show(
    client: Client, team: Team, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    trials = [ended(team) for _each in range(many)]
    client.get(at("trials"))
    with django_assert_num_queries(clocked(12)):
        client.get(at("trials"))
    with django_assert_num_queries(clocked(9)):
        client.get(at("trial", trials[0].pk))
    headers = token(team)
    with django_assert_num_queries(clocked(7, reads=2)):
        client.get("/api/v1/challenges/niveau/trials", headers=headers)


def token(team: Team) -> dict[str, str]:
    """Return a token of the captain."""
    return bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)
