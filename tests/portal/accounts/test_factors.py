"""Second factors: codes computed as an application would, each serving once; step-up; sessions."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.accounts.actions import appointments, organisations
from portal.accounts.enums import RegionRole, Role
from portal.accounts.forms import signin
from portal.accounts.models import User
from portal.accounts.sealing import SealBroken, seal, unseal
from portal.audit.actors import SystemActor
from portal.lib.refusals import Hidden
from tests.factories.accounts import PASSWORD, MembershipFactory, UserFactory
from tests.portal.accounts.ledger import acts

pytestmark = pytest.mark.django_db
STEP = 30


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def time(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    moved = Watch()
    cache.clear()
    monkeypatch.setattr(time, "time", moved.time)
    yield moved
    cache.clear()


def code(secret: str, watch: Watch, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(watch.seconds) // STEP + steps))


def sign_in(client: Client, user: User) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


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


def test_sign_in_asks_for_the_code(client: Client, user: User, secret: str, watch: Watch) -> None:
    assert sign_in(client, user).headers["Location"] == reverse("mfa_authenticate")
    assert client.get("/espace/").status_code == 302
    assert client.get(reverse("mfa_authenticate")).status_code == 200
    assert answer_code(client, code(secret, watch)).headers["Location"] == "/espace/"
    assert client.get("/espace/").status_code == 200


def test_the_seed_is_sealed(user: User, secret: str) -> None:
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert secret not in stored
    assert unseal(stored) == secret


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
    assert acts()[-1] == "account.exported"


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


def test_roles_ask_for_a_factor_in_production_only(client: Client, settings: Any) -> None:
    moderator = UserFactory(region="moderator")
    sign_in(client, moderator)
    assert client.get("/espace/").status_code == 200
    assert "proposé mais pas exigé" in client.get(reverse("mfa_index")).content.decode()
    settings.MFA_REQUIRED_FOR_ROLES = True
    assert client.get("/espace/").headers["Location"] == reverse("mfa_index")
    page = client.get(reverse("mfa_index"))
    assert "obligatoire pour vos fonctions" in page.content.decode()
    for name in ("mfa_activate_totp", "account_home", "usersessions_list"):
        assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    ("role", "asked"), [(Role.REFERENT, True), (Role.EDITOR, False), (Role.CONTRIBUTOR, False)]
)
def test_referents_are_asked_members_are_not(
    client: Client, settings: Any, role: str, asked: bool
) -> None:
    settings.MFA_REQUIRED_FOR_ROLES = True
    sign_in(client, MembershipFactory(role=role).user)
    assert (client.get("/espace/").status_code == 302) is asked


def test_the_factor_opens_what_it_was_asked_for(
    client: Client, settings: Any, watch: Watch
) -> None:
    settings.MFA_REQUIRED_FOR_ROLES = True
    sign_in(client, UserFactory(region="moderator"))
    activate(client, watch)
    assert client.get("/espace/").status_code == 200


def test_sessions_are_listed_and_ended(user: User) -> None:
    here, there, stranger = Client(), Client(), Client()
    sign_in(here, user)
    sign_in(there, user)
    sign_in(stranger, UserFactory())
    assert UserSession.objects.filter(user=user).count() == 2
    assert here.get(reverse("usersessions_list")).content.decode().count("Ouverte le") == 2
    far = UserSession.objects.get(user=user, session_key=there.session.session_key)
    assert stranger.post(reverse("account_end_session", args=[far.pk])).status_code == 404
    assert there.get("/espace/").status_code == 200
    here.post(reverse("account_end_session", args=[far.pk]))
    assert there.get("/espace/").status_code == 302
    assert here.get("/espace/").status_code == 200


def test_end_the_others(user: User) -> None:
    here, there = Client(), Client()
    sign_in(here, user)
    sign_in(there, user)
    here.post(reverse("usersessions_list"))
    assert (here.get("/espace/").status_code, there.get("/espace/").status_code) == (200, 302)


def test_the_id_changes_at_sign_in(client: Client, user: User) -> None:
    client.get(reverse("account_login"))
    client.session["x"] = 1
    session = client.session
    session.save()
    before = session.session_key
    sign_in(client, user)
    assert client.session.session_key != before


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
    assert acts() == ["password.changed"]


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


def test_end_is_for_ones_own_session() -> None:
    from portal.accounts.actions import accounts  # noqa: PLC0415  # test

    with pytest.raises(Hidden):
        accounts.end(session_pk=1, by=UserFactory())


def test_accepted_step_is_the_one_of_the_code(watch: Watch) -> None:
    seed = "JBSWY3DPEHPK3PXP"
    now = int(watch.seconds) // STEP
    found = [
        signin.accepted_step(seed, code(seed, watch, shift), now_seconds=watch.seconds)
        for shift in range(-2, 3)
    ]
    assert found == [None, now - 1, now, now + 1, None]
    assert signin.accepted_step(seed, "", now_seconds=watch.seconds) is None
