"""`manage.py verify` finds a planted breach, and only it."""

import json
from contextlib import suppress

import pytest
from django.core.management import call_command
from django.db import connection

from portal.audit.actors import SystemActor
from portal.audit.models import AuditHead
from portal.audit.record import record

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


def test_a_changed_event_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    record("thing.made", by=SystemActor("test"), on="thing:1")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER ALL")
        else:
            cursor.execute("DROP TRIGGER audit_auditevent_update")
        cursor.execute("UPDATE audit_auditevent SET action='thing.unmade' WHERE seq=1")
    found = report(capsys)
    assert [name for name, ok in found.items() if not ok] == ["I7"]


def test_an_unknown_invariant_cannot_be_checked() -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("verify", "--only", "I99")
    assert stop.value.code == 2
