"""Sealing away: allowed, refused, twice, and what the ledger holds."""

from pathlib import Path

import pytest

from datasets.actions import holdouts
from datasets.models import Holdout, HoldoutVersion, SealedFile, WrappedKey
from portal.accounts.enums import RegionRole, Role
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent, Outbox
from portal.lib.refusals import Invalid, NotAllowed
from tests.factories.datasets import ProducerFactory, ReaderFactory, member, region

pytestmark = pytest.mark.django_db
WORKER = SystemActor("worker")
FILES = {"truth.csv": b"id,y\nA,1\n", "attributs.csv": b"id,zone\nA,nord\n"}


def rows() -> tuple[int, int, int, int, int]:
    return (
        Holdout.objects.count(),
        HoldoutVersion.objects.count(),
        SealedFile.objects.count(),
        WrappedKey.objects.count(),
        AuditEvent.objects.count(),
    )


def test_register_seals_each_file_and_tells_the_ledger(tmp_path: Path) -> None:
    owner = ProducerFactory()
    by = member(owner)
    (tmp_path / "truth.csv").write_bytes(FILES["truth.csv"])

    version = holdouts.register(
        name="défi",
        owner=owner,
        files={**FILES, "truth.csv": tmp_path / "truth.csv"},
        by=by,
    )

    assert (version.number, version.registered_by, version.is_compiled) == (1, by, False)
    assert sorted(version.files.values_list("name", "kind")) == [
        ("attributs.csv", "source"),
        ("truth.csv", "source"),
    ]
    assert [len(key.wrapped) for key in WrappedKey.objects.all()] == [96, 96]
    assert list(AuditEvent.objects.values_list("action", "object_ref")) == [
        ("holdout.registered", f"datasets.holdoutversion:{version.public_id}")
    ]
    assert Outbox.objects.count() == 0


def test_a_second_deposit_is_the_next_version_and_the_first_stays() -> None:
    owner = ProducerFactory()
    by = member(owner)
    first = holdouts.register(name="défi", owner=owner, files=FILES, by=by)

    second = holdouts.register(name="défi", owner=owner, files=FILES, by=by)

    assert (first.holdout_id, first.number) == (second.holdout_id, 1)
    assert second.number == 2
    assert first.ciphertext_sha256 != second.ciphertext_sha256
    first.refresh_from_db()
    assert first.files.count() == 2


def test_those_who_do_not_organise_register_nothing() -> None:
    owner = ProducerFactory()
    refused = [
        ReaderFactory(),
        member(owner, Role.CONTRIBUTOR),
        member(ProducerFactory()),
        SystemActor("opening"),
        *[region(role) for role in RegionRole],
    ]
    for by in refused:
        with pytest.raises(NotAllowed):
            holdouts.register(name="défi", owner=owner, files=FILES, by=by)

    assert rows() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "files",
    [{}, {"../truth.csv": b""}, {"": b""}, {f"{n}.csv": b"" for n in range(21)}],
    ids=["none", "path", "no name", "too many"],
)
def test_no_file_too_many_or_a_strange_name_is_refused(files: dict[str, bytes]) -> None:
    owner = ProducerFactory()
    with pytest.raises(Invalid):
        holdouts.register(name="défi", owner=owner, files=files, by=member(owner))

    assert rows() == (0, 0, 0, 0, 0)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    owner = ProducerFactory()
    (tmp_path / "truth.csv").symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic links"):
        holdouts.register(
            name="défi", owner=owner, files={"truth.csv": tmp_path / "truth.csv"}, by=member(owner)
        )

    assert SealedFile.objects.count() == 0


def test_the_worker_adds_the_compiled_truth_once() -> None:
    owner = ProducerFactory()
    version = holdouts.register(name="défi", owner=owner, files=FILES, by=member(owner))

    compiled = holdouts.add_compiled(version=version, keys=b"k", labels=b"l", by=WORKER)
    again = holdouts.add_compiled(version=version, keys=b"other", labels=b"x", by=WORKER)

    assert compiled.is_compiled
    assert again.compiled_keys_sha256 == compiled.compiled_keys_sha256
    assert version.files.filter(kind="labels").count() == 1
    assert list(AuditEvent.objects.values_list("action", flat=True)) == [
        "holdout.registered",
        "holdout.compiled",
    ]


def test_only_the_worker_compiles() -> None:
    owner = ProducerFactory()
    by = member(owner)
    version = holdouts.register(name="défi", owner=owner, files=FILES, by=by)
    before = rows()

    for actor in [by, SystemActor("scheduler"), region(RegionRole.ADMINISTRATOR)]:
        with pytest.raises(NotAllowed):
            holdouts.add_compiled(version=version, keys=b"k", labels=b"l", by=actor)

    assert rows() == before
    version.refresh_from_db()
    assert not version.is_compiled
