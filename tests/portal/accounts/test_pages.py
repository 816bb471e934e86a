"""Pages of accounts answer, for whom they should."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PUBLIC = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_inactive",
    "organisations",
]
MINE = [
    "space",
    "my_organisations",
    "account_home",
    "account_email",
    "account_change_password",
    "account_logout",
    "account_data",
    "account_close",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "usersessions_list",
    "organisation_create",
]


def sign_in(client: Client, user: Any) -> None:
    """Open a session by the real door."""
    answer = client.post(
        reverse("account_login"), {"login": user.email, "password": PASSWORD}, follow=False
    )
    assert answer.status_code == 302, answer.content.decode()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_visitor_reads(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", MINE)
def test_a_visitor_is_sent_to_the_door(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    if name == "account_logout":
        assert answer.headers["Location"] == "/"
    else:
        assert answer.headers["Location"].startswith("/compte/connexion/")


@pytest.mark.parametrize("name", MINE)
def test_a_member_reads(client: Client, name: str) -> None:
    sign_in(client, UserFactory())
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert (
        answer.headers["Cache-Control"] == "no-store, private"
        or "no-store" in answer.headers["Cache-Control"]
    )


def test_reauthenticate_shows(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)
    answer = client.get(reverse("account_data"))
    assert answer.headers["Location"] == "/compte/identite/?next=%2Fcompte%2Fdonnees%2F"
    assert client.get(answer.headers["Location"]).status_code == 200
    answer = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert answer.headers["Location"] == "/compte/donnees/"
    assert client.get("/compte/donnees/").status_code == 200
