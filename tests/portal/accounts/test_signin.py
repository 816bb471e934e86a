"""The one door: sign-up, confirmation, sign-in, reset; what it gives away, what it slows down."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth import hashers
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.audit import outbox
from tests.factories.accounts import PASSWORD, UserFactory
from tests.portal.accounts.ledger import acts

pytestmark = pytest.mark.django_db
NEW = {
    "email": "nouvelle@exemple.test",
    "display_name": "Nouvelle Personne",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "site": "",
}


@pytest.fixture(autouse=True)
def no_limits_left() -> None:
    cache.clear()


def letters() -> list[Any]:
    """Deliver what is owed and return the letters."""
    while outbox.relay():
        pass
    return mail.outbox


def link(letter: Any) -> str:
    """Find the link of a letter, as a path."""
    return re.search(r"http://127\.0\.0\.1:\d+(/\S+)", letter.body).group(1)  # type: ignore[union-attr]


def sign_in(client: Client, login: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(reverse("account_login"), {"login": login, "password": password}, **extra)


def test_from_sign_up_to_the_space(client: Client) -> None:
    answer = client.post(reverse("account_signup"), NEW)
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    user = User.objects.get(email=NEW["email"])
    assert user.display_name == "Nouvelle Personne"
    assert "nouvelle" not in user.username
    assert not client.session.get("_auth_user_id")
    [letter] = letters()
    assert (letter.to, letter.subject) == ([NEW["email"]], "Confirmez votre adresse")
    assert client.get(link(letter)).status_code == 200
    assert not EmailAddress.objects.get(user=user).verified
    answer = client.post(link(letter))
    assert answer.headers["Location"] == reverse("account_login")
    assert EmailAddress.objects.get(user=user).verified
    assert "ne vaut plus" in client.get(link(letter)).content.decode()
    answer = sign_in(client, NEW["email"])
    assert answer.headers["Location"] == "/espace/"
    assert client.get("/espace/").status_code == 200
    assert acts() == ["account.opened", "address.confirmed"]


def test_no_sign_in_before_confirmation(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    answer = sign_in(client, NEW["email"])
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert client.get("/espace/").status_code == 302


def test_sign_up_answers_alike_for_a_known_address(client: Client) -> None:
    UserFactory(email="connue@exemple.test")
    first = client.post(reverse("account_signup"), NEW)
    second = Client().post(reverse("account_signup"), {**NEW, "email": "connue@exemple.test"})
    assert (first.status_code, first.headers["Location"]) == (
        second.status_code,
        second.headers["Location"],
    )
    assert User.objects.count() == 2
    assert [(letter.to[0], letter.subject) for letter in letters()] == [
        ("nouvelle@exemple.test", "Confirmez votre adresse"),
        ("connue@exemple.test", "Vous avez déjà un compte"),
    ]


def test_sign_up_hashes_as_often_for_a_known_address(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash takes most of the time of the answer: without it the address is told by the clock."""
    UserFactory(email="connue@exemple.test")
    hashes = []
    counted = count_hashes(monkeypatch)
    for email in ("connue@exemple.test", NEW["email"]):
        counted.clear()
        Client().post(reverse("account_signup"), {**NEW, "email": email})
        hashes.append(len(counted))
    assert hashes[0] == hashes[1] == 1


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each password that is hashed from now on."""
    counted: list[str] = []
    real = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher,
        "encode",
        lambda *args: (counted.append("hash"), real(*args))[1],
    )
    return counted


def test_a_filled_honeypot_makes_no_account(client: Client) -> None:
    answer = client.post(reverse("account_signup"), {**NEW, "site": "https://spam.test"})
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert User.objects.count() == 0


def test_twenty_accounts_in_ten_minutes_from_one_network() -> None:
    made = []
    for number in range(23):
        answer = Client().post(
            reverse("account_signup"),
            {**NEW, "email": f"n{number}@exemple.test"},
            REMOTE_ADDR=f"10.1.2.{number + 1}",
        )
        made.append(answer.status_code == 302)
    assert made == [True] * 20 + [False] * 3
    elsewhere = Client().post(reverse("account_signup"), NEW, REMOTE_ADDR="10.1.3.1")
    assert elsewhere.status_code == 302
    assert User.objects.count() == 21


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password1": "motdepasse12345", "password2": "motdepasse12345"}, "password1"),
        ({"password1": "la personne du verger", "password2": "la personne du verger"}, "password1"),
        ({"password2": "autre chose entièrement"}, "password2"),
        ({"display_name": "moi@exemple.test"}, "display_name"),
        ({"display_name": "\u202eenvers"}, "display_name"),
        ({"email": "pas une adresse"}, "email"),
    ],
)
def test_what_sign_up_refuses(client: Client, change: dict[str, str], field: str) -> None:
    answer = client.post(reverse("account_signup"), {**NEW, **change})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert "<title>Erreur" in answer.content.decode()
    assert User.objects.count() == 0


def test_sign_in_answers_alike_and_hashes_alike(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory(email="connue@exemple.test")
    counted = count_hashes(monkeypatch)
    pages, hashes = [], []
    for login in ("connue@exemple.test", "inconnue@exemple.test"):
        counted.clear()
        body = sign_in(client, login, "faux mot de passe").content.decode()
        pages.append(re.sub(r'value="[^"]*"', "", body))
        hashes.append(len(counted))
    assert pages[0] == pages[1]
    assert "ne convient pas" in pages[0]
    assert hashes[0] == hashes[1] == 1


def test_nothing_is_kept_of_a_session_that_was_left(client: Client) -> None:
    user, other = UserFactory(), Client()
    for device in (client, other):
        sign_in(device, user.email)
    assert UserSession.objects.filter(user=user).count() == 2
    client.post(reverse("account_logout"))
    assert client.get("/espace/").status_code == 302
    assert other.get("/espace/").status_code == 200
    assert UserSession.objects.filter(user=user).count() == 1


def test_a_user_name_opens_the_door_too(client: Client) -> None:
    UserFactory(username="moderation")
    assert sign_in(client, "moderation").headers["Location"] == "/espace/"


def test_a_closed_account_does_not_sign_in(client: Client) -> None:
    user = UserFactory(is_active=False)
    assert sign_in(client, user.email).headers["Location"] == reverse("account_inactive")
    assert client.get("/espace/").status_code == 302


def test_five_failures_throttle_the_account_but_not_its_known_device(client: Client) -> None:
    user = UserFactory()
    sign_in(client, user.email)
    client.post(reverse("account_logout"))
    for number in range(5):
        sign_in(Client(), user.email, "faux", REMOTE_ADDR=f"10.0.0.{number + 1}")
    stranger = Client()
    refused = sign_in(stranger, user.email, REMOTE_ADDR="10.0.1.1")
    assert refused.status_code == 200
    assert "Trop d’essais" in refused.content.decode().replace("&#x27;", "’")
    assert sign_in(client, user.email).headers["Location"] == "/espace/"


def test_a_device_cookie_serves_its_owner_only(client: Client) -> None:
    victim, attacker = UserFactory(), UserFactory()
    sign_in(client, attacker.email)
    client.post(reverse("account_logout"))
    for number in range(6):
        answer = sign_in(client, victim.email, "faux", REMOTE_ADDR=f"10.0.0.{number + 1}")
    assert "Trop d’essais" in answer.content.decode()


def test_thirty_sign_ins_a_minute_from_one_address(client: Client) -> None:
    seen = [
        client.post(reverse("account_login"), {"login": "", "password": ""}).status_code
        for _ in range(31)
    ]
    assert seen == [200] * 30 + [429]


def test_reset_answers_alike_and_keeps_the_second_factor(client: Client) -> None:
    user = UserFactory()
    known = client.post(reverse("account_reset_password"), {"email": user.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "rien@exemple.test"})
    assert known.headers["Location"] == unknown.headers["Location"]
    sent = letters()
    assert [letter.subject for letter in sent] == [
        "Choisissez un nouveau mot de passe",
        "Aucun compte à cette adresse",
    ]
    page = client.get(link(sent[0]))
    assert page.status_code == 302
    assert "mot-de-passe/nouveau" in page.headers["Location"]
    new = "une tuile et trois figues"
    answer = client.post(page.headers["Location"], {"password1": new, "password2": new})
    assert answer.headers["Location"] == reverse("account_reset_password_from_key_done")
    assert not client.session.get("_auth_user_id")
    assert sign_in(client, user.email, new).headers["Location"] == "/espace/"
    assert [letter.subject for letter in letters()][2:] == ["Votre mot de passe a changé"]
    assert "ne vaut plus" in Client().get(link(sent[0])).content.decode()
    assert acts() == ["password.reset"]


def test_a_changed_address_waits_and_tells_the_old_one(client: Client) -> None:
    user = UserFactory(email="ancienne@exemple.test")
    sign_in(client, user.email)
    client.post(reverse("account_email"), {"action_add": "", "email": "neuve@exemple.test"})
    assert User.objects.get(pk=user.pk).email == "ancienne@exemple.test"
    [letter] = letters()
    assert letter.to == ["neuve@exemple.test"]
    client.post(link(letter))
    assert User.objects.get(pk=user.pk).email == "neuve@exemple.test"
    assert [(letter.to[0], letter.subject) for letter in letters()][1:] == [
        ("ancienne@exemple.test", "L’adresse de votre compte a changé")
    ]
    assert acts() == ["address.asked", "address.confirmed", "address.changed"]


def test_an_address_is_taken_from_an_account_that_never_confirmed(client: Client) -> None:
    squatter = UserFactory(email="prise@exemple.test", confirmed=False)
    user = UserFactory(email="moi@exemple.test")
    sign_in(client, user.email)
    client.post(reverse("account_email"), {"action_add": "", "email": "prise@exemple.test"})
    client.post(link(letters()[-1]))
    assert User.objects.get(pk=user.pk).email == "prise@exemple.test"
    assert not User.objects.filter(pk=squatter.pk).exists()


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
def test_next_stays_here(client: Client, wanted: str) -> None:
    user = UserFactory()
    answer = client.post(
        reverse("account_login"), {"login": user.email, "password": PASSWORD, "next": wanted}
    )
    assert answer.headers["Location"] == "/espace/"


def test_other_doors_lead_to_this_one_or_nowhere(client: Client) -> None:
    assert client.get("/admin/login/").headers["Location"].startswith("/compte/connexion/")
    for path in ("/admin/users/", "/admin/groups/", "/admin/password_reset/", "/accounts/login/"):
        assert client.get(path).status_code in {302, 404}
    sign_in(client, UserFactory(region="administrator").email)
    for path in ("/admin/users/", "/admin/groups/", "/admin/account/"):
        assert client.get(path).status_code == 404


def test_letters_carry_no_html_and_no_token_at_rest(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    row = outbox.Outbox.objects.get()
    assert set(row.ids) == {"letter", "to", "user_id"}
    assert "@" not in str(row.ids)
    [letter] = letters()
    assert "&" not in letter.body
    assert letter.extra_headers == {"Auto-Submitted": "auto-generated"}


def test_a_letter_leaves_once(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    letters()
    letters()
    assert len(mail.outbox) == 1
