"""The ledger, the outbox, the schedule and what was denied: kept, proved, told once."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Never
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from challenges.teams.actions import teams
from portal.accounts.actions import invitations
from portal.accounts.enums import Role
from portal.audit import denials, duties, outbox
from portal.audit.actors import SystemActor
from portal.audit.invariants import chain_breaches
from portal.audit.models import (
    AuditBody,
    AuditEvent,
    AuditHead,
    Denial,
    Heartbeat,
    Outbox,
    ScheduledRun,
)
from portal.audit.record import record
from portal.audit.tasks import run_duties
from portal.lib import clock
from portal.lib.prose.markdown import render
from portal.lib.refusals import Invalid, TooLarge, Unavailable
from portal.lib.storage import folders, objects
from portal.management.commands import verify
from tests.factories import contributions as proposals
from tests.factories import datasets as data
from tests.factories.accounts import MembershipFactory, UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory, EntryFactory, TeamFactory, captain_of
from tests.threads import at_once

pytestmark = pytest.mark.django_db


SYSTEM = SystemActor("test")


def test_an_event_cannot_be_changed() -> None:
    record("thing.made", by=SYSTEM, on="thing:1")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.update(action="thing.unmade")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.all()._raw_delete("default")


def test_a_debt_is_paid_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[int] = []
    monkeypatch.setitem(outbox._handlers, "test.topic", lambda number: paid.append(number))
    outbox.owe("test.topic", key="a", number=1)
    outbox.owe("test.topic", key="a", number=1)
    assert [outbox.relay(), outbox.relay()] == [1, 0]
    assert paid == [1]


def test_an_object_is_written_once_under_its_hash_or_not_at_all() -> None:
    with pytest.raises(TooLarge):
        objects.put(b"contenu", limit_bytes=6)
    assert list(dict(objects.store().ages())) == []
    stored = objects.put(b"contenu")
    assert objects.put(iter([b"con", b"tenu"])) == stored
    assert objects.read(stored.sha256) == b"contenu"
    assert list(dict(objects.store().ages())) == [stored.sha256]


@pytest.mark.parametrize("text", ["[a" * 400, "[a](" * 300, "# x\n" * 301, "a" * 20_001, "a\x00b"])
def test_markdown_bombs_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        render(text)


@pytest.fixture
def deliveries(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Deliver numbers; 13 always fails."""
    made: list[Any] = []

    def deliver(*, number: int) -> None:
        if number == 13:
            raise OSError("down")
        made.append(number)

    monkeypatch.setitem(outbox._handlers, "test.number", deliver)
    return made


def test_a_failure_is_tried_again_less_and_less_often(deliveries: list[Any]) -> None:
    for number in (13, 14):
        outbox.owe("test.number", key=f"{number}", number=number)
    waits = []
    for _attempt in range(6):
        Outbox.objects.update(run_after=clock.now())
        before = clock.now()
        outbox.relay()
        (row,) = Outbox.objects.filter(done_at=None)
        waits.append(round((row.run_after - before) / timedelta(seconds=1)))
    assert deliveries == [14]
    assert waits == [5, 30, 120, 600, 3_600, 3_600]
    assert (row.attempts, row.last_error) == (6, "OSError")


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    with suppress(SystemExit):
        call_command("verify", "--json")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    return {item["id"]: item["ok"] for item in answer["invariants"]}


def test_a_sound_portal_and_a_forged_head_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    record("thing.made", by=SystemActor("test"), on="thing:1")
    assert all(report(capsys).values())
    record("thing.made", by=SystemActor("test"), on="thing:1")
    AuditHead.objects.update(hash="f" * 64)
    found = report(capsys)
    assert [name for name, ok in found.items() if not ok] == ["I7"]


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("audit_auditevent", "action='thing.unmade' WHERE seq=1"),
        ("audit_auditbody", "body=REPLACE(body, 'test', 'fake') WHERE event_id=1"),
    ],
)
def test_a_changed_event_is_named(
    table: str, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record("thing.made", by=SystemActor("test"), on="thing:1")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits forbids the next
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        else:
            cursor.execute(f"DROP TRIGGER {table}_update")
        cursor.execute(f"UPDATE {table} SET {change}")  # noqa: S608
    found = report(capsys)
    assert [name for name, ok in found.items() if not ok] == ["I7"]


def test_an_unknown_invariant_cannot_be_checked() -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("verify", "--only", "I99")
    assert stop.value.code == 2


def checked(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[Any, str]:
    """Run the command: its status, what it wrote."""
    with pytest.raises(SystemExit) as stop:
        call_command("verify", *options)
    return stop.value.code, capsys.readouterr().out


def test_a_store_that_is_away_stops_no_other_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any) -> Never:
        raise Unavailable from ConnectionError("private-address")

    EntryFactory()
    monkeypatch.setattr(folders.FolderStore, "exists", away)
    status, out = checked(capsys, "--only", "I1,I3,I7", "--json")
    told = json.loads(out)
    assert (status, told["ok"]) == (2, False)
    assert [(one["id"], one["ok"], one["unreadable"]) for one in told["invariants"]] == [
        ("I1", False, "unavailable (ConnectionError)"),
        ("I3", True, ""),
        ("I7", True, ""),
    ]
    status, out = checked(capsys, "--only", "I1,I3")
    assert (status, [line[:1] for line in out.splitlines()]) == (2, ["?", "✓"])
    assert "[illisible : unavailable (ConnectionError)]" in out
    assert "private-address" not in out


def test_what_cannot_be_read_hides_no_breach(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def half() -> Iterator[str]:
        yield "entry:1"
        raise Unavailable

    monkeypatch.setattr(verify, "invariants", lambda: {"I1": ("Rien ne manque.", half)})
    status, out = checked(capsys, "--json")
    (told,) = json.loads(out)["invariants"]
    assert (status, told["breaches"], told["unreadable"]) == (1, ["entry:1"], "unavailable")
    assert checked(capsys) == (1, "✗ I1 Rien ne manque. entry:1, [illisible : unavailable]\n")


NOON = datetime.fromisoformat("2026-03-02T12:34:56+00:00")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the duties by two that note their runs."""
    runs: list[str] = []
    monkeypatch.setattr(duties, "_duties", {})
    duties.duty("hourly", minutes=60)(lambda: runs.append("hourly"))
    duties.duty("daily", minutes=24 * 60)(lambda: runs.append("daily"))
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return runs


@pytest.mark.parametrize(
    ("minutes", "start"), [(10, "12:30"), (60, "12:00"), (360, "12:00"), (1_440, "00:00")]
)
def test_periods_are_counted_from_midnight(minutes: int, start: str) -> None:
    assert duties.slot(NOON, minutes) == datetime.fromisoformat(f"2026-03-02T{start}:00+00:00")


def test_each_duty_runs_once_a_period(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert duties.run_due() == ["daily", "hourly"]
    assert duties.run_due() == []
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=30))
    assert duties.run_due() == ["hourly"]
    assert sorted(done) == ["daily", "hourly", "hourly"]
    assert ScheduledRun.objects.count() == 3


def test_a_duty_that_fails_is_tried_again(done: list[str], caplog: Any) -> None:
    broken = [True]

    def fail() -> None:
        done.append("tried")
        if broken:
            raise RuntimeError("no")

    duties.duty("a fragile one", minutes=60)(fail)
    assert duties.run_due() == ["daily", "hourly"]
    assert "a fragile one" in caplog.text
    broken.clear()
    assert duties.run_due() == ["a fragile one"]
    assert done.count("tried") == 2


def test_a_duty_by_itself_that_fails_waits_for_its_next_period(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        done.append("tried")
        raise RuntimeError("no")

    duties.duty("by itself", minutes=60, by_itself=True)(fail)
    for _ in range(2):
        duties.run_due()
    assert done.count("tried") == 1
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=30))
    duties.run_due()
    assert done.count("tried") == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_four_schedulers_run_a_duty_once(done: list[str]) -> None:
    assert at_once(4, lambda _number: duties.run_due()) == {"done": 4}
    assert sorted(done) == ["daily", "hourly"]


def test_old_runs_are_forgotten() -> None:
    for days in (29, 31):
        ScheduledRun.objects.create(name="x", slot=clock.now() - timedelta(days=days))
    duties.forget_runs()
    assert ScheduledRun.objects.count() == 1


def test_the_task_gives_a_sign_of_life(done: list[str]) -> None:
    run_duties()
    assert Heartbeat.objects.get().name == "tasks"
    assert sorted(done) == ["daily", "hourly"]


def test_the_schedule_names_tasks_that_exist() -> None:
    named = {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named == {"audit.relay", "audit.duties"}
    assert named <= set(current_app.tasks)
    assert {"audit.denials", "audit.runs"} <= set(duties._duties)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Stop the clock at noon, and move it."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return lambda later: monkeypatch.setattr(clock, "now", lambda: NOON + later)


def told(action: str = "access.denied") -> list[tuple[str, str, dict[str, Any]]]:
    """List (object, actor, facts) of the events of denial."""
    rows = AuditBody.objects.filter(event__action__startswith=action).order_by("pk")
    return [
        (row.event.object_ref, body["actor"], body["facts"])
        for row in rows.select_related("event")
        for body in [json.loads(row.body)]
    ]


def entry_url(entry: Any, pk: Any = None) -> str:
    slug = entry.enrolment.phase.challenge.slug
    return reverse("challenges:entry", args=[slug, pk or entry.pk])


def test_a_hidden_entry_is_written_down_and_an_unknown_one_is_not() -> None:
    entry, stranger = EntryFactory(scored=True), UserFactory()
    client = signed_in(stranger)
    before = AuditEvent.objects.count()
    hidden, unknown = client.get(entry_url(entry)), client.get(entry_url(entry, uuid4()))
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert len(hidden.content) == len(unknown.content)
    assert sorted(hidden.headers.items()) == sorted(unknown.headers.items())
    assert told() == [(f"challenges.entry:{entry.pk}", stranger.person_key, {"rule": ""})]
    assert AuditEvent.objects.count() == before + 1
    machine = {"Accept": "application/json"}
    hidden = client.get(entry_url(entry), headers=machine)
    unknown = client.get(entry_url(entry, uuid4()), headers=machine)
    assert hidden.json() == unknown.json()
    assert str(entry.pk) not in hidden.text


def test_each_kind_of_hidden_thing_is_written_down() -> None:
    draft = proposals.draft(UserFactory())
    cockpit = ChallengeFactory(opened=True)
    unpublished = ChallengeFactory()
    members = MembershipFactory(role=Role.REFERENT).organisation
    team = TeamFactory()
    sent = teams.invite(team=team, email="invitee@exemple.test", by=captain_of(team))
    join = [team.challenge.slug, sent.public_id, sent.token]
    asked = {
        reverse("catalogue:contribution", args=[draft.public_id]): draft,
        reverse("challenges:organiser", args=[cockpit.slug]): cockpit,
        reverse("challenges:presentation", args=[unpublished.slug]): unpublished,
        reverse("organisation_members", args=[members.slug]): members,
        reverse("challenges:team_join", args=join): sent,
    }
    client = signed_in(UserFactory())
    for path, thing in asked.items():
        ask = client.post if thing == sent else client.get
        assert ask(path).status_code == 404, path
    assert [on for on, _actor, _facts in told()] == [
        f"{each._meta.label_lower}:{each.public_id}" for each in asked.values()
    ]


def test_a_visitor_who_tries_a_restricted_file_is_written_down(client: Client) -> None:
    file = data.DataFileFactory(level="restricted_personal")
    card = file.release.dataset.resource
    path = reverse("datasets:file", args=[card.slug, file.public_id])
    assert client.get(path).status_code == 404
    assert client.get(path).status_code == 404
    assert client.get(path.replace(str(file.public_id), str(uuid4()))).status_code == 404
    assert [told_of[:2] for told_of in told()] == [
        (f"datasets.datafile:{file.public_id}", "anonymous")
    ]
    assert Denial.objects.get().count == 2


@pytest.mark.parametrize("path", ["/rien/", "/challenges/absent/", "/moderation/absente/", "/.env"])
def test_an_address_that_never_was_writes_nothing(path: str) -> None:
    for client in (Client(), signed_in(UserFactory())):
        before = AuditEvent.objects.count()
        assert client.get(path).status_code == 404
        assert AuditEvent.objects.count() == before
    assert Denial.objects.count() == 0


def test_an_open_refusal_is_written_once_an_hour_too() -> None:
    client = signed_in(UserFactory())
    for _ in range(3):
        assert client.get(reverse("catalogue:moderation")).status_code == 403
    assert [on for on, _actor, _facts in told()] == ["path:/moderation/"]
    assert Denial.objects.get().count == 3


def test_no_token_is_written_down() -> None:
    place = MembershipFactory(role=Role.REFERENT)
    signed_in(place.user).post(
        reverse("organisation_invite", args=[place.organisation.slug]),
        {"email": "invitee@exemple.test", "role": Role.EDITOR},
    )

    token = invitations.token_of(place.organisation.invitations.get())
    answer = signed_in(UserFactory()).post(
        reverse("invitation", args=[token]), {"answer": "accepted"}
    )
    assert answer.status_code == 403
    assert [on for on, _actor, _facts in told()] == ["path:/invitations/…/"]


def test_many_objects_are_told_as_one(settings: Any, at: Callable[[timedelta], None]) -> None:
    settings.DENIALS_PER_HOUR = 3
    person, other = UserFactory(), UserFactory()
    for number in range(10):
        denials.note(by=person, on=f"thing:{number}")
    denials.note(by=other, on="thing:9")
    assert [(on, actor) for on, actor, _facts in told()] == [
        *((f"thing:{number}", person.person_key) for number in range(3)),
        ("many", person.person_key),
        ("thing:9", other.person_key),
    ]
    counts = dict(Denial.objects.filter(actor=person.person_key).values_list("object_ref", "count"))
    assert counts == {"thing:0": 1, "thing:1": 1, "thing:2": 1, "many": 7}
    denials.note(by=person, on="thing:0")  # a known one keeps its own count
    assert Denial.objects.get(object_ref="thing:0").count == 2


def test_the_counts_are_told_when_the_hour_is_over(at: Callable[[timedelta], None]) -> None:
    person = UserFactory()
    for _ in range(5):
        denials.note(by=person, on="thing:1")
    denials.note(by=person, on="thing:2")
    at(timedelta(minutes=20))
    denials.tell()  # the same hour
    assert Denial.objects.count() == 2
    at(timedelta(minutes=26))
    denials.tell()
    assert told("access.denied_again") == [
        (
            "thing:1",
            "system:scheduler",
            {"actor": person.person_key, "times": 4, "hour": "2026-03-02T12:00:00+00:00"},
        )
    ]
    assert Denial.objects.count() == 0
    denials.note(by=person, on="thing:1")
    assert len(told("access.denied")) == 4
    assert list(chain_breaches()) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one_event_and_twenty_counts() -> None:
    person = UserFactory()
    assert at_once(20, lambda _number: denials.note(by=person, on="thing:1")) == {"done": 20}
    assert len(told()) == 1
    assert sum(Denial.objects.values_list("count", flat=True)) == 20
    assert list(chain_breaches()) == []
