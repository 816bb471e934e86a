"""Tokens: made once, shown once, worth what they permit until they end."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts import personal_data
from portal.accounts.actions import accounts
from portal.accounts.enums import TokenScope
from portal.accounts.models import ApiToken, User
from portal.audit.models import AuditBody
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.challenges.pages.scenes import clocked
from tests.factories.accounts import UserFactory
from tests.portal.accounts.ledger import acts, snapshot
from tests.portal.accounts.test_pages import sign_in

pytestmark = pytest.mark.django_db
READ = [TokenScope.READ]


def made(by: User, **given: Any) -> accounts.Made:
    values: dict[str, Any] = {"name": "portable", "scopes": READ, "days": 30, "by": by}
    return accounts.create(**{**values, **given})


def test_the_digest_alone_is_kept() -> None:
    user = UserFactory()
    new = made(user, scopes=[TokenScope.TEAM, TokenScope.READ])
    row = ApiToken.objects.get()
    assert re.fullmatch(r"oe_[\w-]{43}", new.secret)
    assert new.secret not in str(ApiToken.objects.values().get())
    assert row.sha256 == accounts.digest(new.secret)
    assert (row.scopes, row.expires_at - row.created_at) == (["read", "team"], timedelta(days=30))
    assert acts() == ["token.created"]
    assert new.secret not in AuditBody.objects.get().body


@pytest.mark.parametrize("given", [{"scopes": []}, {"days": 31}, {"days": 0}])
def test_a_token_without_shape_is_refused(given: dict[str, Any]) -> None:
    user = UserFactory()
    before = snapshot(ApiToken)
    with pytest.raises(Invalid):
        made(user, **given)
    assert snapshot(ApiToken) == before


def test_a_person_has_so_many_live_tokens(settings: Any) -> None:
    settings.TOKENS_PER_PERSON = 2
    user = UserFactory()
    first = made(user).token
    made(user)
    with pytest.raises(Conflict):
        made(user)
    accounts.revoke(token=first, by=user)
    made(user)
    assert ApiToken.objects.count() == 3


def test_a_revoked_token_is_worth_nothing_at_once() -> None:
    user = UserFactory()
    new = made(user)
    assert accounts.use(secret=new.secret) == new.token
    once = accounts.revoke(token=new.token, by=user)
    assert accounts.use(secret=new.secret) is None
    assert accounts.revoke(token=new.token, by=user).revoked_at == once.revoked_at
    assert acts() == ["token.created", "token.revoked"]


def test_nobody_revokes_the_token_of_another() -> None:
    new = made(UserFactory())
    before = snapshot(ApiToken)
    with pytest.raises(NotAllowed):
        accounts.revoke(token=new.token, by=UserFactory())
    assert snapshot(ApiToken) == before


@pytest.mark.parametrize(("gap_ms", "live"), [(-1, True), (0, False), (1, False)])
def test_a_token_ends_at_its_instant(
    gap_ms: int, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = made(UserFactory())
    at = new.token.expires_at + timedelta(milliseconds=gap_ms)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert (accounts.use(secret=new.secret) is not None) is live


def test_the_token_of_a_closed_account_is_worth_nothing() -> None:
    user = UserFactory()
    new = made(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert accounts.use(secret=new.secret) is None


def test_requests_are_counted_by_the_minute(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    new = made(UserFactory())
    at = clock.now().replace(second=59, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert accounts.use(secret=new.secret)
    assert accounts.use(secret=new.secret)
    with pytest.raises(QuotaSpent) as refused:
        accounts.use(secret=new.secret)
    assert refused.value.facts["next_opening"] == at + timedelta(seconds=1)
    later = at + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert accounts.use(secret=new.secret)
    assert ApiToken.objects.get().last_used_at == later


def test_the_page_shows_the_secret_once(client: Client) -> None:
    user = UserFactory()
    sign_in(client, user)
    form = {"name": "portable", "scopes": ["read", "enter"], "days": "90"}
    page = client.post(reverse("account_token_create"), form)
    assert page.status_code == 201
    assert "no-store" in page.headers["Cache-Control"]
    (secret,) = set(re.findall(r"oe_[\w-]{43}", page.text))
    token = accounts.use(secret=secret)
    assert token is not None
    assert (token.user, token.name, token.scopes) == (user, "portable", ["read", "enter"])
    listed = client.get(reverse("account_tokens"))
    assert "portable" in listed.text
    assert secret not in listed.text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "", "scopes": ["read"], "days": "30"}, "Donnez un nom à ce jeton."),
        ({"name": "x", "days": "30"}, "Cochez au moins une case."),
    ],
)
def test_the_page_says_what_is_missing(client: Client, form: dict[str, Any], sentence: str) -> None:
    sign_in(client, UserFactory())
    page = client.post(reverse("account_token_create"), form)
    assert page.status_code == 422
    assert sentence in page.text
    assert ApiToken.objects.count() == 0


def test_making_a_token_asks_who_is_there(client: Client) -> None:
    client.force_login(UserFactory())
    answer = client.get(reverse("account_token_create"))
    assert answer.headers["Location"].startswith("/compte/identite/")


def test_the_page_revokes_ones_own_token_only(client: Client) -> None:
    user = UserFactory()
    own, other = made(user), made(UserFactory())
    client.force_login(user)
    assert client.post(reverse("account_token_revoke", args=[own.token.pk])).status_code == 302
    assert client.post(reverse("account_token_revoke", args=[other.token.pk])).status_code == 404
    assert client.post(reverse("account_token_revoke", args=[9_999_999])).status_code == 404
    assert accounts.use(secret=own.secret) is None
    assert accounts.use(secret=other.secret) is not None


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_any_number(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    user = UserFactory()
    for _ in range(count):
        made(user)
    client.force_login(user)
    client.get(reverse("account_tokens"))
    with django_assert_num_queries(clocked(5)):
        client.get(reverse("account_tokens"))


def test_personal_data_names_the_tokens_not_their_digests() -> None:
    user = UserFactory()
    new = made(user)
    told = personal_data.account(user)["jetons"]
    assert [row["name"] for row in told] == ["portable"]
    assert new.token.sha256 not in str(told)
