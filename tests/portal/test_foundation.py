"""The ledger, the outbox and the private store do what actions rely on."""

import time

import pytest
from django.db import DatabaseError, transaction

from portal.audit import outbox
from portal.audit.actors import SystemActor
from portal.audit.invariants import chain_breaches
from portal.audit.models import AuditEvent, Outbox
from portal.audit.record import record
from portal.lib import canonical, objects
from portal.lib.markdown import render
from portal.lib.refusals import Invalid, TooLarge
from tests.properties import given, settings
from tests.properties import strategies as st

SYSTEM = SystemActor("test")


@pytest.mark.django_db
def test_events_form_a_chain() -> None:
    record("thing.made", by=SYSTEM, on="thing:1", size=3)
    record("thing.moved", by=SYSTEM, on="thing:1")
    assert list(chain_breaches()) == []
    assert [event.action for event in AuditEvent.objects.all()] == ["thing.made", "thing.moved"]


@pytest.mark.django_db
def test_an_event_cannot_be_changed() -> None:
    record("thing.made", by=SYSTEM, on="thing:1")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.update(action="thing.unmade")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.all()._raw_delete("default")


@pytest.mark.django_db
def test_a_debt_is_paid_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[int] = []
    monkeypatch.setitem(outbox._handlers, "test.topic", lambda number: paid.append(number))
    outbox.owe("test.topic", key="a", number=1)
    outbox.owe("test.topic", key="a", number=1)
    assert [outbox.relay(), outbox.relay()] == [1, 0]
    assert paid == [1]


@pytest.mark.django_db
def test_a_failed_delivery_is_kept_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError

    monkeypatch.setitem(outbox._handlers, "test.topic", fail)
    outbox.owe("test.topic", key="a")
    assert outbox.relay() == 0
    assert Outbox.objects.values_list("attempts", "done_at", "last_error").get() == (
        1,
        None,
        "RuntimeError",
    )


def test_an_object_is_written_once_under_its_hash() -> None:
    stored = objects.put(b"contenu")
    assert objects.put(iter([b"con", b"tenu"])) == stored
    assert objects.read(stored.sha256) == b"contenu"
    assert list(objects.store().hashes()) == [stored.sha256]


def test_an_object_over_the_limit_leaves_nothing() -> None:
    with pytest.raises(TooLarge):
        objects.put(b"contenu", limit_bytes=6)
    assert list(objects.store().hashes()) == []


def test_canonical_json_refuses_what_is_not_a_number() -> None:
    assert canonical.dumps({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    with pytest.raises(ValueError, match="Out of range"):
        canonical.dumps({"a": float("nan")})


def test_markdown_is_sanitised_and_starts_at_h3() -> None:
    assert render('# Titre\n\n<script>x</script><a href="javascript:x">l</a>') == (
        '<h3>Titre</h3>\n\n<p><a rel="nofollow ugc noopener">l</a></p>'
    )


@pytest.mark.parametrize("text", ["[a" * 400, "[a](" * 300, "# x\n" * 301, "a" * 20_001, "a\x00b"])
def test_markdown_bombs_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        render(text)


def test_no_property_is_timed() -> None:
    """A pause of a busy machine failed a property of the Ladder that holds."""

    @given(st.just(0.3))
    @settings(max_examples=1, database=None)
    def slow(pause: float) -> None:
        time.sleep(pause)  # above the 200 ms that an example may take by default

    slow()
