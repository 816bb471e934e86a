"""The sweep of the private store removes what nothing names, in two steps, and tells it."""

import os
import time
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from datasets.invariants import unnamed_objects
from portal.audit import duties, sweep
from portal.audit.models import AuditEvent
from portal.lib.storage import folders, objects
from tests.challenges import world
from tests.challenges.exchange.test_bundle_imports import deposited
from tests.factories.challenges import EntryFactory
from tests.threads import once

pytestmark = pytest.mark.django_db
NAME = "audit.objects"
DELAY = settings.OBJECTS_UNNAMED_HOURS * 3_600


def aged(sha256: str, seconds: float = 3 * DELAY) -> str:
    """Say that an object was put long ago, wherever it is."""
    store: Any = objects.store()
    for place in (store.location(sha256), store.root / folders.ASIDE / sha256):
        if place.exists():
            os.utime(place, times=(time.time() - seconds,) * 2)
    return sha256


def purges() -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(action__startswith="object.").order_by("seq")
    return list(found.values_list("action", "object_ref"))


def test_what_nothing_names_goes_in_two_steps() -> None:
    left, fresh = aged(objects.put(b"left").sha256), objects.put(b"fresh").sha256
    assert list(unnamed_objects()) == [left[:12]]
    assert sweep.sweep() == 0
    assert set(dict(objects.store().ages())) == {fresh}
    assert sweep.sweep() == 0  # aside for a delay more
    aged(left)
    assert sweep.sweep() == 1
    assert list(objects.store().aside()) == []
    named = f"object:{left}"
    assert purges() == [("object.set_aside", named), ("object.purged", named)]
    assert list(unnamed_objects()) == []


def test_what_a_row_names_stays(tmp_path: Any) -> None:
    """Files, sealed files, compiled keys, entries, imports."""
    challenge = world.imported(tmp_path)
    entry = EntryFactory(enrolment__phase=challenge.phases.get())
    made = deposited(world.owner())
    before = set(dict(objects.store().ages()))
    assert {entry.sha256, made.sealed} < before
    for sha256 in before:
        aged(sha256)
    assert sweep.sweep() == 0
    assert set(dict(objects.store().ages())) == before
    assert objects.referenced(before) == before


@pytest.mark.parametrize("passage", ["judged", "moved"])
def test_the_same_bytes_accepted_meanwhile_stay(passage: str, monkeypatch: Any) -> None:
    """Another file of the same sha256 comes once the sweep has found the object without a row."""
    entry = EntryFactory()
    sha256 = aged(objects.put(b"same").sha256)

    def accept() -> None:
        assert objects.put(b"same").sha256 == sha256
        type(entry).objects.filter(pk=entry.pk).update(sha256=sha256)

    if passage == "judged":
        with connection.execute_wrapper(once('"challenges_bundleimport"', accept)):
            sweep.sweep()
    else:
        store: Any = objects.store()
        moved = type(store).set_aside

        def slow(self: Any, name: str, *, before: float) -> bool:
            done = bool(moved(self, name, before=before))
            accept()
            return done

        monkeypatch.setattr(type(store), "set_aside", slow)
        sweep.sweep()
    assert objects.read(sha256) == b"same"
    assert purges() == []


def test_what_was_set_aside_comes_back_to_a_row() -> None:
    entry = EntryFactory()
    sha256 = aged(objects.put(b"late").sha256)
    sweep.sweep()
    type(entry).objects.filter(pk=entry.pk).update(sha256=sha256)
    aged(sha256)
    assert sweep.sweep() == 0
    assert objects.read(sha256) == b"late"


@pytest.mark.parametrize("named", [False, True])
def test_two_sweeps_that_overlap_do_each_thing_once(named: bool, monkeypatch: Any) -> None:
    """A whole sweep passes once another has listed what is aside, and found what is named."""
    entry = EntryFactory()
    shared, other = (aged(objects.put(each).sha256) for each in (b"shared", b"other"))
    sweep.sweep()
    for each in (shared, other):
        aged(each)
    if named:
        type(entry).objects.filter(pk=entry.pk).update(sha256=shared)
    find = sweep.referenced

    def overlapped(hashes: Any) -> set[str]:
        found = find(hashes)
        monkeypatch.setattr(sweep, "referenced", find)
        assert sweep.sweep() == 2 - named
        return found

    monkeypatch.setattr(sweep, "referenced", overlapped)
    assert sweep.sweep() == 0
    gone = [other] if named else [shared, other]
    told = [ref for action, ref in purges() if action == "object.purged"]
    assert sorted(told) == sorted(f"object:{each}" for each in gone)
    assert objects.store().exists(shared) is named
    assert list(objects.store().aside()) == []


def test_a_half_written_file_goes() -> None:
    store: Any = objects.store()
    place = store.root / folders.INCOMING
    place.mkdir(parents=True, exist_ok=True)
    (place / "old.part").write_bytes(b"half")
    (place / "new.part").write_bytes(b"half")
    os.utime(place / "old.part", times=(time.time() - 3 * DELAY,) * 2)
    sweep.sweep()
    assert [one.name for one in place.iterdir()] == ["new.part"]


@pytest.mark.django_db(transaction=True)
def test_what_is_removed_has_its_event_whatever_fails_later(monkeypatch: Any) -> None:
    """The duty removes one object in its own transaction; the next sweep does the rest."""
    first, last = sorted(aged(objects.put(each).sha256) for each in (b"one", b"two"))
    sweep.sweep()
    aged(first)
    aged(last)
    purge = sweep._purge

    def fails(sha256: str) -> bool:
        if sha256 == last:
            raise OSError
        assert not connection.in_atomic_block
        return purge(sha256)

    monkeypatch.setattr(sweep, "_purge", fails)
    monkeypatch.setattr(duties, "_duties", {NAME: duties._duties[NAME]})
    assert duties.run_due() == []
    assert [one for one, _at in objects.store().aside()] == [last]
    assert purges()[-1] == ("object.purged", f"object:{first}")
    monkeypatch.setattr(sweep, "_purge", purge)
    assert sweep.sweep() == 1
    assert list(objects.store().aside()) == []
