"""Invite by the API, as on the page."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from challenges.enums import RegistrationMode
from challenges.models import Challenge, Guest
from portal.accounts.enums import TokenScope
from portal.lib import clock
from tests.factories.accounts import MembershipFactory, UserFactory, bearer
from tests.factories.challenges import ChallengeFactory

pytestmark = pytest.mark.django_db


def test_addresses_and_organisations_are_invited_listed_and_taken_back(client: Client) -> None:
    owner = UserFactory()
    challenge: Challenge = ChallengeFactory(
        opened=True, owner=owner, registration=RegistrationMode.INVITED
    )
    headers = bearer(owner, TokenScope.ORGANISE)
    path = f"/api/v1/challenges/{challenge.slug}/guests"

    def post(rest: str, body: Any = None) -> Any:
        return client.post(path + rest, body, content_type="application/json", headers=headers)

    told = post("", {"addresses": ["a@exemple.test", "faux"]})
    assert [each["outcome"] for each in told.json()["lines"]] == ["invited", "refused"]
    held = MembershipFactory().organisation
    made = post("/organisations", {"organisation": held.slug})
    assert (made.status_code, made.json()["came"]) == (201, 0)
    assert post("/organisations", {"organisation": "absente"}).status_code == 422
    listed = client.get(path, headers=headers).json()["guests"]
    assert [(each["email"], each["organisation"], each["state"]) for each in listed] == [
        ("", held.slug, "sent"),
        ("a@exemple.test", None, "sent"),
    ]
    one = f"/{listed[1]['id']}"
    assert post(f"{one}/resend").status_code == 429
    Guest.objects.exclude(email="").update(letter_at=clock.now() - timedelta(days=2))
    assert post(f"{one}/resend").json()["letters"] == 2
    Guest.objects.exclude(email="").update(expires_at=clock.now())
    assert client.get(path, headers=headers).json()["guests"][1]["state"] == "expired"
    assert post(f"{one}/withdraw").status_code == 204
    assert len(client.get(path, headers=headers).json()["guests"]) == 1
    other = bearer(UserFactory(), TokenScope.ORGANISE)
    assert client.get(path, headers=other).status_code == 404
