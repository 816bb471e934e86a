"""Accounts that nobody uses: two dated warnings, then erasure; a sign-in starts anew."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.actions import accounts
from portal.accounts.enums import Role
from portal.accounts.models import ApiToken, InactivityNotice, User
from portal.audit import duties, outbox
from portal.audit.actors import SystemActor
from portal.audit.invariants import chain_breaches
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed
from tests.factories.accounts import PASSWORD, MembershipFactory, UserFactory
from tests.portal.accounts.ledger import acts, snapshot

pytestmark = pytest.mark.django_db
SEEN = datetime(2024, 3, 15, 10, tzinfo=UTC)
WARNED = datetime(2026, 2, 15, 10, tzinfo=UTC)
ERASED = datetime(2026, 3, 15, 10, tzinfo=UTC)
SYSTEM = SystemActor("scheduler")
SECOND = timedelta(seconds=1)
At = Callable[[datetime], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> At:
    settings.ERASURE_JOURNAL_FILE = str(tmp_path / "erasures.jsonl")

    def move(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return move


def absent(seen: datetime = SEEN, **values: Any) -> User:
    user: User = UserFactory(last_login=seen, **values)
    User.objects.filter(pk=user.pk).update(date_joined=seen - timedelta(days=9))
    return User.objects.get(pk=user.pk)


def letters() -> list[tuple[str, list[str]]]:
    while outbox.relay():
        pass
    sent = [(letter.subject, letter.to) for letter in mail.outbox]
    mail.outbox.clear()
    return sent


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2024-02-29", 24, "2026-02-28"),
    ],
)
def test_months_keep_the_day_or_end_the_month(start: str, months: int, end: str) -> None:
    found = clock.months_later(datetime.fromisoformat(start), months)
    assert found == datetime.fromisoformat(end)


def test_two_warnings_then_erasure(at: At) -> None:
    user = absent(email="absente@exemple.test")
    at(WARNED - SECOND)
    assert accounts.look_after() == (0, 0)
    at(WARNED)
    assert accounts.look_after() == (1, 0)
    assert accounts.look_after() == (0, 0)
    assert letters() == [("Votre compte sera effacé le 15 mars 2026", [user.email])]
    at(ERASED - timedelta(days=7) - SECOND)
    assert accounts.look_after() == (0, 0)
    at(ERASED - timedelta(days=7))
    assert accounts.look_after() == (1, 0)
    assert letters() == [("Votre compte sera effacé le 15 mars 2026", [user.email])]
    at(ERASED - SECOND)
    assert accounts.look_after() == (0, 0)
    at(ERASED)
    assert accounts.look_after() == (0, 1)
    assert accounts.look_after() == (0, 0)
    assert letters() == [("Votre compte est fermé", ["absente@exemple.test"])]
    gone = User.objects.get(pk=user.pk)
    assert (gone.is_active, gone.display_name, gone.closed_at) == (False, "", ERASED)
    assert "absente" not in str(User.objects.values())
    assert InactivityNotice.objects.count() == 0
    assert acts() == ["account.warned", "account.warned", "account.erased"]
    assert list(chain_breaches()) == []


def test_a_late_scheduler_still_gives_the_days_announced(at: At) -> None:
    absent()
    at(ERASED + timedelta(days=100))
    assert accounts.look_after() == (1, 0)
    first = InactivityNotice.objects.get()
    assert first.erased_from == first.sent_at + timedelta(days=28)
    at(first.erased_from + timedelta(days=50))
    assert accounts.look_after() == (1, 0)
    last = InactivityNotice.objects.get(rank=2)
    assert last.erased_from == last.sent_at + timedelta(days=7)
    at(last.erased_from)
    assert accounts.look_after() == (0, 1)


def test_who_comes_back_begins_anew(at: At, client: Client) -> None:
    user = absent()
    at(WARNED)
    accounts.look_after()
    signed = client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert signed.status_code == 302
    assert letters() == []  # the warning had not left: it would be untrue
    at(ERASED)
    assert accounts.look_after() == (0, 0)
    with pytest.raises(Conflict):
        accounts.erase(user=user, by=SYSTEM)
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize("case", ["token", "joined", "region", "demonstration", "closed"])
def test_who_is_left_alone(at: At, case: str) -> None:
    user = absent(
        region="moderator" if case == "region" else None, is_demonstration=case == "demonstration"
    )
    if case == "token":
        ApiToken.objects.create(
            user=user, name="x", sha256="x", created_at=SEEN, expires_at=ERASED, last_used_at=WARNED
        )
    if case == "joined":
        User.objects.filter(pk=user.pk).update(date_joined=WARNED, last_login=None)
    if case == "closed":
        accounts.close(user=user, by=user)
    at(ERASED)
    before = snapshot(User)
    assert accounts.look_after() == (0, 0)
    assert snapshot(User) == before


def test_somebody_who_never_signed_in_is_counted_from_the_opening(at: At) -> None:
    user = absent()
    User.objects.filter(pk=user.pk).update(last_login=None, date_joined=SEEN)
    at(WARNED)
    assert accounts.look_after() == (1, 0)


def test_the_last_referent_of_others_stays_and_stops_nobody(at: At, caplog: Any) -> None:
    referent = MembershipFactory(role=Role.REFERENT, user=absent(SEEN - timedelta(days=1)))
    MembershipFactory(organisation=referent.organisation)
    other = absent()
    for moment in (WARNED, ERASED - timedelta(days=7), ERASED):
        at(moment)
        last = accounts.look_after()
    assert last == (0, 1)
    assert User.objects.get(pk=referent.user_id).is_active
    assert not User.objects.get(pk=other.pk).is_active
    assert "last_referent" in caplog.text
    assert referent.user.email not in caplog.text


def test_nobody_erases_by_hand(at: At) -> None:
    user, administrator = absent(), UserFactory(region="administrator")
    at(ERASED)
    before = snapshot(User, InactivityNotice)
    for act in (accounts.warn, accounts.erase, accounts.erase_absent):
        with pytest.raises(NotAllowed):
            act(user=user, by=administrator)
    with pytest.raises(Conflict):
        accounts.erase(user=user, by=SYSTEM)
    assert snapshot(User, InactivityNotice) == before


def test_the_schedule_looks_after_them(at: At) -> None:
    absent()
    at(WARNED)
    assert "accounts.inactivity" in duties.run_due()
    assert InactivityNotice.objects.count() == 1


def test_it_costs_the_same_for_one_and_for_three(at: At) -> None:
    counts = []
    for number in range(3):
        absent()
        at(WARNED)
        accounts.look_after()
        with CaptureQueriesContext(connection) as asked:
            accounts.look_after()
        counts.append(len(asked))
        assert InactivityNotice.objects.count() == number + 1
    assert counts == [2, 2, 2]
