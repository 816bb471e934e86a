"""Objects that no row names: taken aside, removed later, never one that somebody counts on."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from datasets.actions import releases
from datasets.invariants import unnamed_objects
from portal.audit import duties
from portal.audit.models import AuditEvent
from portal.lib import buckets, objects, references
from portal.lib.refusals import Unavailable
from tests.challenges import world
from tests.challenges.test_bundle_imports import deposited
from tests.factories.challenges import EntryFactory

pytestmark = pytest.mark.django_db
NAME = "datasets.objects"
DELAY = settings.OBJECTS_UNNAMED_HOURS * 3_600


def aged(sha256: str, seconds: float = 3 * DELAY) -> str:
    """Say that an object was put long ago, wherever it is."""
    store: Any = objects.store()
    for place in (store.location(sha256), store.root / objects.ASIDE / sha256):
        if place.exists():
            os.utime(place, times=(time.time() - seconds,) * 2)
    return sha256


def purges() -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(action__startswith="object.").order_by("seq")
    return list(found.values_list("action", "object_ref"))


def test_what_nothing_names_goes_in_two_steps() -> None:
    left, fresh = aged(objects.put(b"left").sha256), objects.put(b"fresh").sha256
    assert list(unnamed_objects()) == [left[:12]]
    assert releases.sweep() == 0
    assert set(objects.store().hashes()) == {fresh}
    assert releases.sweep() == 0  # aside for a delay more
    aged(left)
    assert releases.sweep() == 1
    assert list(objects.store().aside()) == []
    named = f"object:{left}"
    assert purges() == [("object.set_aside", named), ("object.purged", named)]
    assert list(unnamed_objects()) == []


def test_what_a_row_names_stays(tmp_path: Any) -> None:
    """Files, sealed files, compiled keys, entries, imports."""
    challenge = world.imported(tmp_path)
    entry = EntryFactory(enrolment__phase=challenge.phases.get())
    made = deposited(world.owner())
    before = set(objects.store().hashes())
    assert {entry.sha256, made.sealed} < before
    for sha256 in before:
        aged(sha256)
    assert releases.sweep() == 0
    assert set(objects.store().hashes()) == before
    assert references.referenced(before) == before


def once(words: str, act: Callable[[], object]) -> Callable[..., Any]:
    """Wrap the queries of the database: after the first that starts so, do something."""
    left = [act]

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if left and words in sql:
            left.pop()()
        return result

    return wrapper


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
            releases.sweep()
    else:
        store: Any = objects.store()
        moved = type(store).set_aside

        def slow(self: Any, name: str, *, before: float) -> bool:
            done = bool(moved(self, name, before=before))
            accept()
            return done

        monkeypatch.setattr(type(store), "set_aside", slow)
        releases.sweep()
    assert objects.read(sha256) == b"same"
    assert purges() == []


def test_what_was_set_aside_comes_back_to_a_row() -> None:
    entry = EntryFactory()
    sha256 = aged(objects.put(b"late").sha256)
    releases.sweep()
    type(entry).objects.filter(pk=entry.pk).update(sha256=sha256)
    aged(sha256)
    assert releases.sweep() == 0
    assert objects.read(sha256) == b"late"


@pytest.mark.parametrize("named", [False, True])
def test_two_sweeps_that_overlap_do_each_thing_once(named: bool, monkeypatch: Any) -> None:
    """A whole sweep passes once another has listed what is aside, and found what is named."""
    entry = EntryFactory()
    shared, other = (aged(objects.put(each).sha256) for each in (b"shared", b"other"))
    releases.sweep()
    for each in (shared, other):
        aged(each)
    if named:
        type(entry).objects.filter(pk=entry.pk).update(sha256=shared)
    find = releases.referenced

    def overlapped(hashes: Any) -> set[str]:
        found = find(hashes)
        monkeypatch.setattr(releases, "referenced", find)
        assert releases.sweep() == 2 - named
        return found

    monkeypatch.setattr(releases, "referenced", overlapped)
    assert releases.sweep() == 0
    gone = [other] if named else [shared, other]
    told = [ref for action, ref in purges() if action == "object.purged"]
    assert sorted(told) == sorted(f"object:{each}" for each in gone)
    assert objects.store().exists(shared) is named
    assert list(objects.store().aside()) == []


class Bucket:
    """As much of a bucket as moving an object asks of it."""

    class exceptions:  # as boto3 names it
        """The errors of a bucket."""

        class ClientError(Exception):
            """What boto3 raises, with the code of the answer."""

            def __init__(self, code: str) -> None:
                super().__init__(code)
                self.response = {"Error": {"Code": code}}

    def __init__(self, keys: set[str], fault: str) -> None:
        self.keys, self.fault = keys, fault

    def copy(self, source: dict[str, str], _bucket: str, key: str) -> None:
        """Copy what is there."""
        if source["Key"] not in self.keys:
            raise self.exceptions.ClientError(self.fault)
        self.keys.add(key)

    def delete_object(self, **named: str) -> None:
        """Remove what is there."""
        self.keys.discard(named["Key"])


def test_a_bucket_bears_that_another_sweep_moved_it() -> None:
    bucket = Bucket({"p/aside/a"}, "404")
    store = buckets.S3Store(bucket, "b", "p/")
    for _ in range(2):
        store.bring_back("a")
    assert bucket.keys == {"p/a"}
    bucket.fault = "AccessDenied"
    with pytest.raises(Unavailable):
        store.bring_back("a")


def test_a_half_written_file_goes() -> None:
    store: Any = objects.store()
    place = store.root / objects.INCOMING
    place.mkdir(parents=True, exist_ok=True)
    (place / "old.part").write_bytes(b"half")
    (place / "new.part").write_bytes(b"half")
    os.utime(place / "old.part", times=(time.time() - 3 * DELAY,) * 2)
    releases.sweep()
    assert [one.name for one in place.iterdir()] == ["new.part"]


@pytest.mark.django_db(transaction=True)
def test_what_is_removed_has_its_event_whatever_fails_later(monkeypatch: Any) -> None:
    """The duty removes one object in its own transaction; the next sweep does the rest."""
    first, last = sorted(aged(objects.put(each).sha256) for each in (b"one", b"two"))
    releases.sweep()
    aged(first)
    aged(last)
    purge = releases._purge

    def fails(sha256: str) -> bool:
        if sha256 == last:
            raise OSError
        assert not connection.in_atomic_block
        return purge(sha256)

    monkeypatch.setattr(releases, "_purge", fails)
    monkeypatch.setattr(duties, "_duties", {NAME: duties._duties[NAME]})
    assert duties.run_due() == []
    assert [one for one, _at in objects.store().aside()] == [last]
    assert purges()[-1] == ("object.purged", f"object:{first}")
    monkeypatch.setattr(releases, "_purge", purge)
    assert releases.sweep() == 1
    assert list(objects.store().aside()) == []
