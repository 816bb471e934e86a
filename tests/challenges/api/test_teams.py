"""Take part by the API: rules, team, invitations."""

from typing import Any

import pytest
from django.test import Client

from challenges.models import Registration, Team, TeamInvitation
from portal.accounts.enums import TokenScope
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import ChallengeFactory, TeamFactory, accepted_person, captain_of

pytestmark = pytest.mark.django_db


def post(client: Client, path: str, body: Any, headers: dict[str, str]) -> Any:
    address = f"/api/v1/{path}"
    return client.post(address, body, content_type="application/json", headers=headers)


def test_the_rules_that_were_read_are_accepted(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    person = UserFactory()
    path, headers = f"challenges/{challenge.slug}/terms/acceptance", bearer(person)
    stale = post(client, path, {"number": 2}, headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "terms_changed")
    assert Registration.objects.count() == 0
    told = post(client, path, {"number": 1}, headers)
    assert told.json() == {"challenge": challenge.slug, "state": "accepted", "terms": 1}
    assert post(client, path, {"number": 1}, headers).status_code == 200
    assert challenge.registrations.get().user == person


def test_an_organiser_takes_no_part(client: Client) -> None:
    owner = UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    path = f"challenges/{challenge.slug}/terms/acceptance"
    assert post(client, path, {"number": 1}, bearer(owner)).status_code == 403


def test_a_team_is_made_after_the_rules(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    path = f"challenges/{challenge.slug}/teams"
    early = post(client, path, {"name": "Les Pins"}, bearer(UserFactory()))
    assert (early.status_code, early.json()["code"]) == (403, "registration_required")
    person = accepted_person(challenge)
    made = post(client, path, {"name": " Les  Pins "}, bearer(person))
    team = Team.objects.get()
    assert made.status_code == 201
    assert made.json() == {
        "id": str(team.public_id),
        "challenge": challenge.slug,
        "name": "Les Pins",
        "slug": "les-pins",
        "state": "open",
        "members": [{"name": person.display_name, "role": "captain"}],
    }
    own = client.get(f"/api/v1/challenges/{challenge.slug}/team", headers=bearer(person))
    assert own.json() == made.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": ""}, 422), ({"name": "x" * 81}, 422), ({"name": "…"}, 422), ({}, 422),
     ({"name": "A", "captain": 1}, 422)],
)  # fmt: skip
def test_a_team_without_a_name_is_refused(
    client: Client, body: dict[str, Any], status: int
) -> None:
    challenge = ChallengeFactory(opened=True)
    headers = bearer(accepted_person(challenge))
    assert post(client, f"challenges/{challenge.slug}/teams", body, headers).status_code == status
    assert Team.objects.count() == 0


def test_a_person_has_one_team(client: Client) -> None:
    team = TeamFactory()
    headers = bearer(captain_of(team))
    told = post(client, f"challenges/{team.challenge.slug}/teams", {"name": "B"}, headers)
    assert (told.status_code, told.json()["code"]) == (409, "one_team")


def test_a_captain_invites_into_the_own_team(client: Client) -> None:
    team = TeamFactory()
    path, headers = f"teams/{team.public_id}/invitations", bearer(captain_of(team))
    made = post(client, path, {"email": "A@exemple.test"}, headers)
    invitation = TeamInvitation.objects.get()
    assert made.status_code == 201
    assert made.json()["email"] == "a@exemple.test"
    assert invitation.token_sha256 not in made.text
    assert post(client, path, {"email": "x"}, headers).status_code == 422
    other = bearer(captain_of(TeamFactory(challenge=team.challenge)))
    assert post(client, path, {"email": "b@exemple.test"}, other).status_code == 404
    assert TeamInvitation.objects.count() == 1


def test_the_scope_is_asked_of_each_act(client: Client) -> None:
    team = TeamFactory()
    reader = bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)
    slug = team.challenge.slug
    for path, body in (
        (f"challenges/{slug}/terms/acceptance", {"number": 1}),
        (f"challenges/{slug}/teams", {"name": "B"}),
        (f"teams/{team.public_id}/invitations", {"email": "b@exemple.test"}),
    ):
        told = post(client, path, body, reader)
        assert (told.status_code, told.json()["scope"]) == (403, "team")
    writer = bearer(captain_of(team), TokenScope.TEAM)
    told = client.get(f"/api/v1/challenges/{slug}/team", headers=writer)
    assert (told.status_code, told.json()["scope"]) == (403, "read")
