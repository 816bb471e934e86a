"""The one door: sign-up, confirmation, sign-in, reset, passwords, second factors, sessions."""

import re
import time
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth import hashers
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from portal.accounts.actions import appointments, organisations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import User
from portal.accounts.sealing import SealBroken, seal, unseal
from portal.audit import outbox
from portal.audit.actors import SystemActor
from tests.factories.accounts import PASSWORD, MembershipFactory, UserFactory
from tests.factories.letters import delivered
from tests.ledger import events

pytestmark = pytest.mark.django_db


NEW = {
    "email": "nouvelle@exemple.test",
    "display_name": "Nouvelle Personne",
    "password1": PASSWORD,
    "site": "",
}


def letters() -> list[Any]:
    """Deliver what is owed and return the letters."""
    delivered()
    return mail.outbox


def link(letter: Any) -> str:
    """Find the link of a letter, as a path."""
    return re.search(r"http://127\.0\.0\.1:\d+(/\S+)", letter.body).group(1)  # type: ignore[union-attr]


def sign_in(client: Client, login: str | User, password: str = PASSWORD, **extra: Any) -> Any:
    form = {"login": getattr(login, "email", login), "password": password}
    return client.post(reverse("account_login"), form, **extra)


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
    assert answer.headers["Location"] == "/espace/"
    assert EmailAddress.objects.get(user=user).verified
    assert "ne vaut plus" in client.get(link(letter)).text
    assert client.get("/espace/").status_code == 200
    assert events() == ["account.opened", "address.confirmed"]


@pytest.mark.parametrize("same_browser", [True, False])
def test_sign_up_ends_where_the_person_was_going(client: Client, same_browser: bool) -> None:
    """In English, so that no letter and no page falls back to French on the way."""
    wanted = "/en/suivre/?resource=carte"
    with translation.override("en"):
        door, entrance = reverse("account_signup"), reverse("account_login")
    assert f"{door}?next=" in client.get(wanted, follow=True).text
    client.post(door, {**NEW, "next": wanted})
    [letter] = letters()
    assert letter.subject == "Confirm your address"
    reader = client if same_browser else Client()
    form = reader.get(link(letter)).text
    assert f'name="next" value="{wanted}"' in form
    page = link(letter).partition("?")[0]
    answer = reader.post(page, {"next": wanted})
    if not same_browser:
        assert answer.headers["Location"].startswith(f"{entrance}?next=")
        form = {"login": NEW["email"], "password": PASSWORD, "next": wanted}
        answer = reader.post(entrance, form)
    assert answer.headers["Location"] == wanted


def test_no_sign_in_before_confirmation(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    answer = sign_in(client, NEW["email"])
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert client.get("/espace/").status_code == 302


def test_sign_up_answers_alike_and_hashes_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash takes most of the time of the answer: without it the address is told by the clock."""
    UserFactory(email="connue@exemple.test")
    counted, told = count_hashes(monkeypatch), []
    for email in (NEW["email"], "connue@exemple.test"):
        counted.clear()
        answer = Client().post(reverse("account_signup"), {**NEW, "email": email})
        told.append((answer.status_code, answer.headers["Location"], len(counted)))
    assert told[0] == told[1] == (302, reverse("account_email_verification_sent"), 1)
    assert User.objects.count() == 2
    assert [(letter.to[0], letter.subject) for letter in letters()] == [
        ("nouvelle@exemple.test", "Confirmez votre adresse"),
        ("connue@exemple.test", "Vous avez déjà un compte"),
    ]


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
        ({"password1": "motdepasse12345"}, "password1"),
        ({"password1": "la personne du verger"}, "password1"),
        ({"display_name": "moi@exemple.test"}, "display_name"),
        ({"display_name": "\u202eenvers"}, "display_name"),
        ({"email": "pas une adresse"}, "email"),
    ],
)
def test_what_sign_up_refuses(client: Client, change: dict[str, str], field: str) -> None:
    answer = client.post(reverse("account_signup"), {**NEW, **change})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert "<title>Erreur" in answer.text
    assert User.objects.count() == 0


def test_sign_in_answers_alike_and_hashes_alike(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory(email="connue@exemple.test")
    counted = count_hashes(monkeypatch)
    pages, hashes = [], []
    for login in ("connue@exemple.test", "inconnue@exemple.test"):
        counted.clear()
        body = sign_in(client, login, "faux mot de passe").text
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


def test_a_user_name_opens_the_door_but_to_a_closed_account(client: Client) -> None:
    user = UserFactory(is_active=False)
    assert sign_in(client, user.email).headers["Location"] == reverse("account_inactive")
    assert client.get("/espace/").status_code == 302
    UserFactory(username="moderation")
    assert sign_in(client, "moderation").headers["Location"] == "/espace/"


def test_five_failures_throttle_the_account_but_not_its_known_device(client: Client) -> None:
    user = UserFactory()
    sign_in(client, user.email)
    client.post(reverse("account_logout"))
    for number in range(5):
        sign_in(Client(), user.email, "faux", REMOTE_ADDR=f"10.0.0.{number + 1}")
    stranger = Client()
    refused = sign_in(stranger, user.email, REMOTE_ADDR="10.0.1.1")
    assert refused.status_code == 200
    assert "Trop d’essais" in refused.text.replace("&#x27;", "’")
    assert sign_in(client, user.email).headers["Location"] == "/espace/"


def test_a_device_cookie_serves_its_owner_only(client: Client) -> None:
    victim, attacker = UserFactory(), UserFactory()
    sign_in(client, attacker.email)
    client.post(reverse("account_logout"))
    for number in range(6):
        answer = sign_in(client, victim.email, "faux", REMOTE_ADDR=f"10.0.0.{number + 1}")
    assert "Trop d’essais" in answer.text


def test_thirty_sign_ins_a_minute_from_one_address(client: Client) -> None:
    seen = [
        client.post(reverse("account_login"), {"login": "", "password": ""}).status_code
        for _ in range(31)
    ]
    assert seen == [200] * 30 + [429]


def test_reset_answers_alike_and_keeps_the_second_factor(client: Client) -> None:
    user = UserFactory()
    asked = {"next": "/ressources/une-fiche/"}
    way = "?next=%2Fressources%2Fune-fiche%2F"
    assert (
        f"{reverse('account_reset_password')}{way}"
        in client.get(f"{reverse('account_login')}{way}").text
    )
    known = client.post(reverse("account_reset_password"), {"email": user.email, **asked})
    unknown = client.post(reverse("account_reset_password"), {"email": "rien@exemple.test"})
    assert known.headers["Location"] == reverse("account_reset_password_done") + way
    assert unknown.headers["Location"] == reverse("account_reset_password_done")
    sent = letters()
    assert [letter.subject for letter in sent] == [
        "Choisissez un nouveau mot de passe",
        "Aucun compte à cette adresse",
    ]
    page = client.get(link(sent[0]))
    assert page.status_code == 302
    assert "mot-de-passe/nouveau" in page.headers["Location"]
    new = "une tuile et trois figues"
    answer = client.post(page.headers["Location"], {"password1": new, "password2": new, **asked})
    assert answer.headers["Location"] == reverse("account_login") + way
    assert not client.session.get("_auth_user_id")
    assert sign_in(client, user.email, new).headers["Location"] == "/espace/"
    assert [letter.subject for letter in letters()][2:] == ["Votre mot de passe a changé"]
    assert "ne vaut plus" in Client().get(link(sent[0])).text
    assert events() == ["password.reset"]


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
    assert events() == ["address.asked", "address.confirmed", "address.changed"]


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
    for path in ("/admin/users/", "/admin/groups/"):
        assert client.get(path).status_code == 404
    assert client.get("/admin/account/").headers["Location"] == reverse("account_home")


def test_letters_are_plain_first_and_no_token_is_at_rest(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    row = outbox.Outbox.objects.get()
    assert set(row.ids) == {"letter", "to", "user_id", "language", "onward"}
    assert "@" not in str(row.ids)
    [letter] = letters()
    assert "&" not in letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in letter.extra_headers


STEP = 30


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def time(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    moved = Watch()
    monkeypatch.setattr(time, "time", moved.time)
    return moved


def code(secret: str, watch: Watch, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(watch.seconds) // STEP + steps))


def activate(client: Client, watch: Watch) -> str:
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret, watch)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    return str(secret)


@pytest.fixture
def user() -> User:
    return UserFactory()


@pytest.fixture
def secret(client: Client, user: User, watch: Watch) -> str:
    sign_in(client, user)
    kept = activate(client, watch)
    client.post(reverse("account_logout"))
    watch.seconds += 2 * STEP
    return kept


def answer_code(client: Client, given: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": given})


def test_sign_in_asks_for_the_code_whose_seed_is_sealed(
    user: User, secret: str, client: Client, watch: Watch
) -> None:
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert secret not in stored
    assert unseal(stored) == secret
    assert sign_in(client, user).headers["Location"] == reverse("mfa_authenticate")
    assert client.get("/espace/").status_code == 302
    assert client.get(reverse("mfa_authenticate")).status_code == 200
    assert answer_code(client, code(secret, watch)).headers["Location"] == "/espace/"
    assert client.get("/espace/").status_code == 200


@pytest.mark.parametrize(
    ("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_either_way(
    client: Client, user: User, secret: str, watch: Watch, steps: int, taken: bool
) -> None:
    watch.seconds += 10 * STEP
    sign_in(client, user)
    assert (answer_code(client, code(secret, watch, steps)).status_code == 302) is taken


def test_a_code_serves_once(client: Client, user: User, secret: str, watch: Watch) -> None:
    used = code(secret, watch)
    sign_in(client, user)
    answer_code(client, used)
    other = Client()
    sign_in(other, user)
    assert answer_code(other, used).status_code == 200
    assert answer_code(other, code(secret, watch, -1)).status_code == 200  # earlier than the last
    assert answer_code(other, code(secret, watch, 1)).status_code == 302


def test_a_recovery_code_serves_once(client: Client, user: User, secret: str) -> None:
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    sign_in(client, user)
    assert answer_code(client, codes[0]).status_code == 302
    other = Client()
    sign_in(other, user)
    assert answer_code(other, codes[0]).status_code == 200
    assert answer_code(other, codes[1]).status_code == 302


def test_five_wrong_codes_then_wait(client: Client, user: User, secret: str, watch: Watch) -> None:
    sign_in(client, user)
    for _ in range(5):
        answer_code(client, "000000")
    assert answer_code(client, code(secret, watch)).status_code == 200
    watch.seconds += 301
    assert answer_code(client, code(secret, watch)).status_code == 302


def test_reset_keeps_the_factor_and_a_password_alone_is_no_proof(
    client: Client, user: User, secret: str, watch: Watch
) -> None:
    sign_in(client, user)
    answer_code(client, code(secret, watch))
    assert client.get(reverse("account_data")).status_code == 200
    watch.seconds += 601
    answer = client.get(reverse("account_data"))
    assert answer.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    answer = client.get(f"{reverse('account_reauthenticate')}?next=/compte/donnees/")
    assert answer.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    answer = client.post(
        f"{reverse('mfa_reauthenticate')}?next=/compte/donnees/", {"code": code(secret, watch)}
    )
    assert answer.headers["Location"] == "/compte/donnees/"
    answer = client.post(reverse("account_data"))
    assert answer.headers["Content-Type"] == "application/zip"
    assert events()[-1] == "account.exported"


@pytest.mark.django_db(transaction=True)
def test_adding_a_factor_shows_its_codes_at_once(client: Client, user: User, watch: Watch) -> None:
    sign_in(client, user)
    activate(client, watch)
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200
    assert client.get(reverse("mfa_deactivate_totp")).status_code == 200
    watch.seconds += 601
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 302
    secret = unseal(Authenticator.objects.get(type="totp").data["secret"])
    client.post(reverse("mfa_reauthenticate"), {"code": code(secret, watch)})
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.count() == 0


def test_sealed_text_opens_with_its_key_only(settings: Any) -> None:
    sealed = seal("graine")
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another key, fifty characters long, of these tests only."
    with pytest.raises(SealBroken):
        unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed) == "graine"
    with pytest.raises(SealBroken):
        unseal(sealed[:-4] + "AAAA")


def test_roles_ask_for_a_factor_in_production_only(
    client: Client, settings: Any, watch: Watch
) -> None:
    moderator = UserFactory(region="moderator")
    sign_in(client, moderator)
    assert client.get("/espace/").status_code == 200
    assert "second facteur est facultatif" in client.get(reverse("mfa_index")).text
    settings.MFA_REQUIRED_FOR_ROLES = True
    assert client.get("/espace/").headers["Location"] == reverse("mfa_index")
    page = client.get(reverse("mfa_index"))
    assert "obligatoire pour vos fonctions" in page.text
    for name in ("mfa_activate_totp", "account_home", "usersessions_list"):
        assert client.get(reverse(name)).status_code == 200
    activate(client, watch)
    assert client.get("/espace/").status_code == 200


@pytest.mark.parametrize(
    ("role", "asked"), [(Role.REFERENT, True), (Role.EDITOR, False), (Role.CONTRIBUTOR, False)]
)
def test_referents_are_asked_members_are_not(
    client: Client, settings: Any, role: str, asked: bool
) -> None:
    settings.MFA_REQUIRED_FOR_ROLES = True
    sign_in(client, MembershipFactory(role=role).user)
    assert (client.get("/espace/").status_code == 302) is asked


def test_sessions_are_listed_and_ended(user: User) -> None:
    here, there, stranger = Client(), Client(), Client()
    sign_in(here, user)
    sign_in(there, user)
    sign_in(stranger, UserFactory())
    assert UserSession.objects.filter(user=user).count() == 2
    assert here.get(reverse("usersessions_list")).text.count("Ouverte le") == 2
    far = UserSession.objects.get(user=user, session_key=there.session.session_key)
    assert stranger.post(reverse("account_end_session", args=[far.pk])).status_code == 404
    assert there.get("/espace/").status_code == 200
    here.post(reverse("account_end_session", args=[far.pk]))
    assert (here.get("/espace/").status_code, there.get("/espace/").status_code) == (200, 302)
    sign_in(there, user)
    here.post(reverse("usersessions_list"))  # ends all others
    assert (here.get("/espace/").status_code, there.get("/espace/").status_code) == (200, 302)


def test_password_change_ends_the_others(user: User) -> None:
    here, there = Client(), Client()
    sign_in(here, user)
    sign_in(there, user)
    new = "une tuile et trois figues"
    here.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert (here.get("/espace/").status_code, there.get("/espace/").status_code) == (200, 302)
    assert events() == ["password.changed"]


def test_role_and_status_changes_end_sessions(client: Client) -> None:
    referent = MembershipFactory(role=Role.REFERENT)
    member = MembershipFactory(organisation=referent.organisation)
    for change in (
        lambda: organisations.change_role(membership=member, role=Role.EDITOR, by=referent.user),
        lambda: organisations.remove(membership=member, by=referent.user),
        lambda: appointments.install(
            user=member.user, role=RegionRole.DPO, by=SystemActor("opening")
        ),
        lambda: User.objects.filter(pk=member.user_id).update(is_active=False),
    ):
        sign_in(client, member.user)
        assert client.get("/espace/").status_code == 200
        change()
        assert client.get("/espace/").status_code == 302
        cache.clear()


@pytest.mark.parametrize(
    ("region", "hours", "alive"),
    [("", 7 * 24 - 1, True), ("", 7 * 24 + 1, False), ("dpo", 7, True), ("dpo", 9, False)],
)
def test_how_long_a_session_lives(
    client: Client, watch: Watch, region: str, hours: int, alive: bool
) -> None:
    sign_in(client, UserFactory(region=region) if region else UserFactory())
    client.get("/espace/")
    watch.seconds += hours * 3600
    assert (client.get("/espace/").status_code == 200) is alive


PERSON = SimpleNamespace(
    username="m0123", display_name="Élodie Martin-Roux", email="elodie.roux@exemple.test"
)
TABLE = {
    "": "password_too_short",
    "treizecaracte": "password_too_short",
    "a" * 129 + "bcdefgh": "password_too_long",
    "motdepassemotdepasse": "password_too_common",
    "M0td3passe!!!2026": "password_too_common",
    "P@ssw0rd20262026": "password_too_common",
    "azertyuiopqsdfgh": "password_too_common",
    "abcdefghijklmnop": "password_too_common",
    "ponmlkjihgfedcba": "password_too_common",
    "01234567890123": "password_too_common",
    "aaaaaaaaaaaaaaaa": "password_too_common",
    "ababababababab": "password_too_common",
    "soleilsoleilsoleil": "password_too_common",
    "marseille-13-13-13": "password_too_common",
    "..............": "password_too_common",
    "azertyuiop-azertyuiop": "password_too_common",
    "openemploi2026!": "password_site_word",
    "francetravail-cle": "password_site_word",
    "elodie aime les pommes": "password_too_similar",
    "un roux-gorge chante": "password_too_similar",
    "elodieroux-chantonne": "password_too_similar",
    "quatre-mots-sans-lien-verger": None,
    "La pluie tombe sur Arles.": None,
    "¿Dónde está la biblioteca?": None,
    "mon chat boit du thé vert": None,
    "b" + "onsoir les petits pains chauds" * 3: None,
    "14caracteresOK": None,
    "emoji 🐈 dans la nuit noire": None,
}


@pytest.mark.parametrize(("password", "code"), TABLE.items(), ids=range(len(TABLE)))
def test_password_table(password: str, code: str | None) -> None:
    if code is None:
        validate_password(password, PERSON)  # type: ignore[arg-type]
        return
    with pytest.raises(ValidationError) as refused:
        validate_password(password, PERSON)  # type: ignore[arg-type]
    assert code in {error.code for error in refused.value.error_list}
