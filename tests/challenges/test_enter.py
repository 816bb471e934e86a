"""Receiving a file: one transaction, the database clock, slots that cannot be passed."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.actions import challenges, entries, receipts
from challenges.enums import ChallengeStatus, EntryStatus, JobKind
from challenges.models import Entry, Job, Phase, Team, TermsAcceptance
from challenges.teams.queries import quota_left
from portal.audit.models import AuditEvent, Outbox
from portal.lib import arrivals, clock
from portal.lib.refusals import (
    Closed,
    Conflict,
    Invalid,
    NotAllowed,
    QuotaSpent,
    TooLarge,
    Unavailable,
)
from tests.factories.challenges import (
    EntryFactory,
    PersonFactory,
    TeamFactory,
    TermsFactory,
    captain_of,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


@pytest.fixture
def team() -> Team:
    return TeamFactory()


@pytest.fixture
def phase(team: Team) -> Phase:
    return team.challenge.phases.get()


def enter(team: Team, content: bytes = b"id,y\n1,0.5\n", **changes: Any) -> entries.Accepted:
    given = {
        "phase": team.challenge.phases.get(),
        "team": team,
        "content": content,
        "original_name": "../réponse.csv",
        "idempotency_key": str(uuid4()),
        "by": captain_of(team),
        "again": True,
    }
    return entries.enter(**{**given, **changes})


def at(monkeypatch: pytest.MonkeyPatch, instant: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: instant)


def test_a_file_is_received(team: Team, phase: Phase, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    phase.opens_at = NOON
    phase.save()
    accepted = enter(team)
    entry = Entry.objects.get()
    assert accepted.created
    assert (entry.number, entry.day_slot, entry.total_slot) == (1, 1, 1)
    assert entry.quota_day.isoformat() == "2026-11-25"  # past midnight in Paris
    assert entry.original_name == "_réponse.csv"
    assert (entry.status, entry.size) == (EntryStatus.RECEIVED, 11)
    payload = json.loads(entry.receipt)["payload"]
    assert payload["received_at"] == "2026-11-25T00:30:00+01:00"
    assert payload["slot"] == {"day": "1/5", "total": "1/100"}
    assert payload["sha256"] == entry.sha256
    job = Job.objects.get()
    assert (job.kind, job.subject_id) == (JobKind.CHECK, str(entry.pk))
    assert [event.action for event in AuditEvent.objects.all()] == ["entry.received"]
    assert Outbox.objects.count() == 0


def test_a_flipped_byte_breaks_the_receipt(team: Team) -> None:
    receipt = enter(team).entry.receipt
    public = receipts.public_key()
    assert receipts.verify(receipt, public)
    for place in range(0, len(receipt), 7):
        broken = receipt[:place] + chr(ord(receipt[place]) ^ 1) + receipt[place + 1 :]
        assert not receipts.verify(broken, public)


def test_the_same_key_returns_the_same_receipt(team: Team) -> None:
    first = enter(team, idempotency_key="k")
    again = enter(team, idempotency_key="k")
    assert (again.created, again.entry.receipt) == (False, first.entry.receipt)
    assert Entry.objects.count() == 1


def test_the_same_key_returns_the_receipt_after_the_close(team: Team, phase: Phase) -> None:
    first = enter(team, idempotency_key="k")
    phase.closes_at = clock.now()
    phase.save()
    assert enter(team, idempotency_key="k").entry == first.entry


def test_the_same_key_with_other_bytes_conflicts(team: Team) -> None:
    enter(team, idempotency_key="k")
    with pytest.raises(Conflict) as refusal:
        enter(team, b"id,y\n1,0.6\n", idempotency_key="k")
    assert refusal.value.code == "idempotency_conflict"
    assert Entry.objects.count() == 1


def test_the_same_bytes_under_a_new_key_are_told_before_they_cost_a_slot(team: Team) -> None:
    first = enter(team).entry
    with pytest.raises(Conflict) as refusal:
        enter(team, again=False)
    assert refusal.value.code == "same_file"
    assert (refusal.value.facts["number"], refusal.value.facts["entry"]) == (1, str(first.pk))
    assert quota_left(first.enrolment.phase, team).day_used == 1
    other = enter(TeamFactory(challenge=team.challenge), again=False)  # tells nothing of others
    assert other.created
    assert enter(team, again=True).entry.day_slot == 2


def test_the_quota_of_the_day_is_spent(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)
    Phase.objects.update(opens_at=NOON)
    for number in range(5):
        enter(team, b"%d" % number)
    with pytest.raises(QuotaSpent) as refusal:
        enter(team)
    assert refusal.value.facts["next_opening"] == datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    assert Entry.objects.count() == 5
    at(monkeypatch, NOON + timedelta(hours=12))
    assert enter(team).entry.day_slot == 1


@pytest.mark.parametrize(
    ("day", "opening"),
    [
        (datetime(2026, 3, 29, 10, tzinfo=UTC), "2026-03-29T22:00:00+00:00"),
        (datetime(2026, 10, 25, 10, tzinfo=UTC), "2026-10-25T23:00:00+00:00"),
    ],
)
def test_the_day_changes_at_midnight_in_paris_when_the_clock_changes(
    team: Team, phase: Phase, monkeypatch: pytest.MonkeyPatch, day: datetime, opening: str
) -> None:
    at(monkeypatch, day)
    Phase.objects.update(opens_at=day, max_per_day=1)
    enter(team)
    with pytest.raises(QuotaSpent) as refusal:
        enter(team)
    assert refusal.value.facts["next_opening"].isoformat() == opening


def test_the_total_quota_is_spent_for_good(team: Team) -> None:
    Phase.objects.update(max_total=1)
    enter(team)
    with pytest.raises(QuotaSpent) as refusal:
        enter(team)
    assert refusal.value.facts["next_opening"] is None


def test_zero_a_day_is_nobody_and_none_is_no_limit(team: Team) -> None:
    Phase.objects.update(max_per_day=0)
    with pytest.raises(QuotaSpent):
        enter(team)
    Phase.objects.update(max_per_day=None, max_total=None)
    entry = enter(team).entry
    assert (entry.day_slot, entry.total_slot) == (None, None)


def test_a_slot_given_back_is_used_again(team: Team) -> None:
    Phase.objects.update(max_per_day=2)
    enter(team)
    enter(team)
    Entry.objects.filter(number=1).update(
        status=EntryStatus.REJECTED, day_slot=None, total_slot=None
    )
    assert enter(team).entry.day_slot == 1


@pytest.mark.parametrize("status", [EntryStatus.REJECTED, EntryStatus.NEEDS_ATTENTION])
def test_what_holds_no_slot_is_bounded_too(team: Team, status: EntryStatus) -> None:
    Phase.objects.update(max_refused_per_day=1)
    enter(team)
    Entry.objects.update(status=status, day_slot=None, total_slot=None)
    with pytest.raises(QuotaSpent):
        enter(team)


def test_entries_in_parallel_are_bounded(team: Team) -> None:
    Phase.objects.update(max_parallel=1)
    enter(team)
    with pytest.raises(QuotaSpent):
        enter(team)


@pytest.mark.parametrize(("milliseconds", "accepted"), [(-1, True), (0, False), (1, False)])
def test_the_close_is_exact(
    team: Team, monkeypatch: pytest.MonkeyPatch, milliseconds: int, accepted: bool
) -> None:
    Phase.objects.update(opens_at=NOON - timedelta(days=1), closes_at=NOON)
    at(monkeypatch, NOON + timedelta(milliseconds=milliseconds))
    if accepted:
        assert not enter(team).entry.grace
    else:
        with pytest.raises(Closed) as refusal:
            enter(team)
        assert refusal.value.facts["closes_at"] == NOON
        assert Entry.objects.count() == 0


@pytest.mark.parametrize(("minutes", "accepted"), [(14, True), (15, False)])
def test_an_upload_that_began_in_time_has_a_grace(
    team: Team, monkeypatch: pytest.MonkeyPatch, minutes: int, accepted: bool
) -> None:
    Phase.objects.update(opens_at=NOON - timedelta(days=1), closes_at=NOON)
    # The first reading is before the first byte, the next ones after the last.
    times = iter([NOON - timedelta(seconds=1)])
    late = NOON + timedelta(minutes=minutes)
    monkeypatch.setattr(clock, "now", lambda: next(times, late))
    if accepted:
        entry = enter(team).entry
        assert (entry.grace, entry.received_at) == (True, late)
    else:
        with pytest.raises(Closed):
            enter(team)


def test_a_phase_closed_by_hand_has_no_grace(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    Phase.objects.update(opens_at=NOON - timedelta(days=1), closes_at=NOON, closed_by_hand=True)
    times = iter([NOON - timedelta(seconds=1)])
    monkeypatch.setattr(clock, "now", lambda: next(times, NOON + timedelta(seconds=1)))
    with pytest.raises(Closed) as refusal:
        enter(team)
    assert refusal.value.facts["closes_at"] == NOON
    assert Entry.objects.count() == 0


def test_a_phase_to_come_says_when(team: Team) -> None:
    opens_at = clock.now() + timedelta(hours=1)
    Phase.objects.update(opens_at=opens_at)
    with pytest.raises(Closed) as refusal:
        enter(team)
    assert refusal.value.facts["opens_at"] == opens_at


def test_a_suspended_challenge_takes_nothing(team: Team) -> None:
    team.challenge.status = ChallengeStatus.SUSPENDED
    team.challenge.save()
    with pytest.raises(Closed):
        enter(team)


def test_a_stranger_may_not_enter(team: Team) -> None:
    with pytest.raises(NotAllowed):
        enter(team, by=PersonFactory())
    assert Entry.objects.count() == 0


def test_new_rules_are_to_be_accepted_first(team: Team) -> None:
    TermsFactory(challenge=team.challenge, number=2)
    with pytest.raises(NotAllowed) as refusal:
        enter(team)
    assert refusal.value.code == "terms_required"
    assert TermsAcceptance.objects.count() == 1


def test_the_fact_sheet_has_exactly_the_declared_keys(team: Team) -> None:
    team.challenge.fact_sheet = [{"key": "method"}]
    team.challenge.save()
    with pytest.raises(Invalid):
        enter(team)
    assert enter(team, fact_sheet={"method": "forêt"}).entry.fact_sheet == {"method": "forêt"}


def test_an_empty_file_is_refused_and_not_counted(team: Team) -> None:
    with pytest.raises(Invalid) as refusal:
        enter(team, b"")
    assert [fault["code"] for fault in refusal.value.faults] == ["E_EMPTY"]
    assert Entry.objects.count() == 0


def test_a_large_file_is_refused(team: Team) -> None:
    with pytest.raises(TooLarge):
        enter(team, b"x" * 100_001)
    assert Entry.objects.count() == 0


def test_receipt_dates_strictly_increase(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)
    Phase.objects.update(opens_at=NOON)
    dates = [enter(team, b"%d" % number).entry.received_at for number in range(3)]
    assert dates == sorted(set(dates))


def test_a_team_with_many_waiting_entries_waits_behind_others(team: Team) -> None:
    for number in range(3):
        enter(team, b"%d" % number)
    enter(TeamFactory(challenge=team.challenge))
    ranks = list(Job.objects.order_by("created_at").values_list("fair_rank", flat=True))
    assert ranks == [1, 2, 3, 1]


def test_two_members_share_the_slots(team: Team) -> None:
    entry = EntryFactory(enrolment__team=team, enrolment__phase=team.challenge.phases.get())
    assert enter(team).entry.day_slot == 2
    assert entry.day_slot == 1


def test_a_full_disk_costs_nothing(team: Team, settings: Any) -> None:
    settings.OE_FAILPOINT = "objects.before_rename:enospc"
    with pytest.raises(Unavailable):
        enter(team)
    assert Entry.objects.count() == 0
    settings.OE_FAILPOINT = ""
    assert enter(team).entry.day_slot == 1


@pytest.mark.parametrize(("before", "status"), [(True, 201), (False, 403)])
def test_a_form_begun_before_the_close_may_end_after_it(
    monkeypatch: pytest.MonkeyPatch, before: bool, status: int
) -> None:
    team = TeamFactory(challenge__opened=True)
    close = clock.now() - timedelta(minutes=5)
    Phase.objects.update(opens_at=close - timedelta(days=1), closes_at=close)
    assert challenges.close_those_over() == 1  # as the worker does within seconds
    first = close + timedelta(milliseconds=-1 if before else 1)
    monkeypatch.setattr(arrivals, "clock", SimpleNamespace(now=lambda: first))
    client = Client(headers={"accept": "application/json"})
    client.force_login(captain_of(team))
    sent = {"key": "k", "file": SimpleUploadedFile("a.csv", b"id,y\n1,2\n")}
    forged = {"first_byte_at": "2020-01-01T00:00:00Z"}
    address = reverse("challenges:entries", args=[team.challenge.slug])
    assert client.post(address, sent | forged).status_code == status
    kept = list(Entry.objects.values_list("grace", "first_byte_at"))
    assert kept == ([(True, first)] if before else [])
    if before:
        Phase.objects.update(closes_at=close - timedelta(minutes=11))
        late = {"key": "l", "file": SimpleUploadedFile("a.csv", b"id,y\n1,3\n")}
        assert client.post(address, late).status_code == 403
