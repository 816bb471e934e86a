"""Pages of accounts answer, for whom they should."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.templatetags.space import device
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
    "account_tokens",
    "account_token_create",
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


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox sur Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge sur Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari sur iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Appareil inconnu"),
    ],
)
def test_a_session_is_named_by_its_device(user_agent: str, name: str) -> None:
    assert device(user_agent) == name
