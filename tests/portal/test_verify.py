"""`manage.py verify` finds a planted breach, and only it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Never

import pytest
from django.core.management import call_command
from django.db import connection

from portal.audit.actors import SystemActor
from portal.audit.models import AuditHead
from portal.audit.record import record
from portal.lib import objects
from portal.lib.refusals import Unavailable
from portal.management.commands import verify
from tests.factories.challenges import EntryFactory

pytestmark = pytest.mark.django_db


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    with suppress(SystemExit):
        call_command("verify", "--json")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    return {item["id"]: item["ok"] for item in answer["invariants"]}


def test_an_untouched_portal_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    record("thing.made", by=SystemActor("test"), on="thing:1")
    assert all(report(capsys).values())


def test_a_forged_head_is_named(capsys: pytest.CaptureFixture[str]) -> None:
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
    monkeypatch.setattr(objects.FolderStore, "exists", away)
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
