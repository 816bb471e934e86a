"""The door to restricted bytes: who opens, what is written, what is never found; the invariants."""

import io
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser

from datasets import gate
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion, SealedFile, WrappedKey
from datasets.invariants import INVARIANTS
from datasets.releases.enums import AccessLevel
from datasets.releases.models import Dataset, Download
from datasets.vault import form
from portal.accounts.enums import RegionRole
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent
from portal.lib import immutable
from portal.lib.refusals import Hidden, Invalid, NotAllowed
from portal.lib.storage import objects
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.datasets import CSV, DataFileFactory, ReleaseFactory, member
from tests.ledger import events

pytestmark = pytest.mark.django_db


WORKER = SystemActor("worker")
CANARY = b"CNRY-holdout-7f3a91c2-labels-4be0d5a6"
TRUTH = b"id,reponse\nA1," + CANARY + b"\n"


@pytest.fixture
def version() -> HoldoutVersion:
    owner = OrganisationFactory()
    return holdouts.register(name="défi", owner=owner, files={"truth.csv": TRUTH}, by=member(owner))


@pytest.fixture
def worker_key(settings: Any) -> None:
    settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE


def test_the_embedded_keys_are_made_once_and_kept_private(settings: Any) -> None:
    first = gate.seal_result(b"abc")
    second = gate.seal_result(b"abc")

    private = Path(settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE)
    assert first.key_id == second.key_id
    assert stat.S_IMODE(private.stat().st_mode) == 0o400
    assert sorted(path.name for path in private.parent.iterdir()) == [
        "holdout_private.key",
        "holdout_public.key",
    ]
    public = Path(settings.HOLDOUT_PUBLIC_KEY_FILE).read_bytes()
    assert form.public_of(private.read_bytes()) == public
    Path(settings.HOLDOUT_PUBLIC_KEY_FILE).unlink()  # a lost half is written again from the other
    assert gate.seal_result(b"abc").key_id == first.key_id


def test_the_web_and_a_production_without_public_key_open_nothing(
    version: HoldoutVersion, settings: Any
) -> None:
    with pytest.raises(gate.VaultSealed):
        gate.open_holdout(version=version, reason="score", by=WORKER)
    with pytest.raises(gate.VaultSealed):
        gate.open_result(gate.seal_result(b"abc").ciphertext)
    assert not gate.can_open()
    settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE = ""
    Path(settings.HOLDOUT_PUBLIC_KEY_FILE).unlink()

    with pytest.raises(gate.VaultSealed):
        gate.seal_result(b"abc")


def test_the_worker_alone_opens_and_it_is_recorded(
    version: HoldoutVersion, worker_key: None
) -> None:
    others = [version.registered_by, SystemActor("scheduler"), AnonymousUser()]
    for actor in [*others, *(UserFactory(region=role) for role in RegionRole)]:
        with pytest.raises(NotAllowed):
            gate.open_holdout(version=version, reason="curiosité", by=actor)  # type: ignore[arg-type] # refused
    assert gate.open_holdout(version=version, reason="compile", by=WORKER) == {"truth.csv": TRUTH}
    assert gate.open_result(gate.seal_result(b"abc").ciphertext) == b"abc"
    assert gate.can_open()
    events = AuditEvent.objects.filter(action="holdout.opened")
    assert [event.object_ref for event in events] == [
        f"datasets.holdoutversion:{version.public_id}"
    ]


def test_a_wrong_key_file_or_an_altered_result_opens_nothing(
    worker_key: None, settings: Any, tmp_path: Path
) -> None:
    sealed = gate.seal_result(b"abc").ciphertext
    with pytest.raises(gate.VaultBroken):
        gate.open_result(sealed[:-1])

    (tmp_path / "wrong.key").write_bytes(b"rien")
    for path in ["wrong.key", "absent.key"]:
        settings.HOLDOUT_PRIVATE_KEY_FILE = str(tmp_path / path)
        with pytest.raises(gate.VaultSealed):
            gate.open_result(sealed)


def test_act_as_worker_is_for_the_embedded_mode_only(settings: Any) -> None:
    private = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE = ""
    settings.HOLDOUT_PRIVATE_KEY_FILE = ""
    gate.act_as_worker()
    assert not gate.can_open()

    settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE = private
    gate.act_as_worker()
    assert gate.can_open()


def test_a_canary_is_in_no_file_of_the_server_and_no_row_of_the_database(
    version: HoldoutVersion, tmp_path: Path, worker_key: None
) -> None:
    found = [path for path in tmp_path.rglob("*") if path.is_file() and CANARY in path.read_bytes()]

    assert found == []
    assert [file.name for file in version.files.all()] == ["truth.csv"]
    version = holdouts.add_compiled(version=version, keys=b"A1", labels=CANARY, by=WORKER)
    gate.open_holdout(version=version, reason="compile", by=WORKER)
    gate.open_labels(version=version, reason="score", by=WORKER)

    rows = [
        row for model in apps.get_models() for row in model._default_manager.order_by().values()
    ]

    assert CANARY.decode() not in repr(rows)
    assert len(rows) > 10


def test_an_altered_object_or_lost_keys_open_nothing(
    version: HoldoutVersion, worker_key: None
) -> None:
    file = version.files.get()
    place = objects.store().location(file.ciphertext_sha256)  # type: ignore[attr-defined] # a folder here
    content = place.read_bytes()
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(gate.VaultBroken):
        gate.open_holdout(version=version, reason="score", by=WORKER)

    place.write_bytes(content)
    with immutable.writes(WrappedKey):
        WrappedKey.objects.filter(file=file).delete()
    with pytest.raises(gate.VaultBroken):
        gate.open_holdout(version=version, reason="score", by=WORKER)


def test_an_escrow_key_opens_too(settings: Any, tmp_path: Path) -> None:
    private, public = form.new_pair()
    (tmp_path / "escrow.pub").write_bytes(public)
    (tmp_path / "escrow.key").write_bytes(private)
    settings.HOLDOUT_ESCROW_PUBLIC_KEY_FILE = str(tmp_path / "escrow.pub")
    owner = OrganisationFactory()
    version = holdouts.register(
        name="défi", owner=owner, files={"truth.csv": TRUTH}, by=member(owner)
    )

    assert WrappedKey.objects.filter(file__version=version).count() == 2
    settings.HOLDOUT_PRIVATE_KEY_FILE = str(tmp_path / "escrow.key")
    assert gate.open_holdout(version=version, reason="reprise", by=WORKER) == {"truth.csv": TRUTH}


def test_a_former_key_opens_what_it_sealed_beside_the_new_one(
    version: HoldoutVersion, settings: Any, tmp_path: Path
) -> None:
    former = Path(settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE).read_bytes()
    sealed_before = gate.seal_result(b"abc")
    private, public = form.new_pair()
    (tmp_path / "new.pub").write_bytes(public)
    settings.HOLDOUT_PUBLIC_KEY_FILE = str(tmp_path / "new.pub")
    settings.HOLDOUT_PRIVATE_KEY_FILE = str(tmp_path / "worker.key")
    sealed_since = gate.seal_result(b"def")
    assert sealed_since.key_id != sealed_before.key_id

    (tmp_path / "worker.key").write_bytes(private + former)
    assert gate.open_result(sealed_before.ciphertext) == b"abc"
    assert gate.open_result(sealed_since.ciphertext) == b"def"
    assert gate.open_holdout(version=version, reason="score", by=WORKER) == {"truth.csv": TRUTH}
    (tmp_path / "worker.key").write_bytes(private)
    assert gate.open_result(sealed_since.ciphertext) == b"def"
    with pytest.raises(gate.VaultBroken):
        gate.open_result(sealed_before.ciphertext)


def test_compiled_parts_are_read_apart(version: HoldoutVersion, worker_key: None) -> None:
    with pytest.raises(Invalid):
        gate.read_keys(version)
    with pytest.raises(Invalid):
        gate.open_labels(version=version, reason="score", by=WORKER)

    version = holdouts.add_compiled(version=version, keys=b"A1", labels=CANARY, by=WORKER)

    assert gate.read_keys(version) == b"A1"
    assert gate.open_labels(version=version, reason="score", by=WORKER) == CANARY
    assert gate.open_holdout(version=version, reason="compile", by=WORKER) == {"truth.csv": TRUTH}


def test_sealed_rows_are_written_by_actions_only(version: HoldoutVersion) -> None:
    file = SealedFile.objects.get(version=version)
    for row in [version, file, file.keys.get()]:
        with pytest.raises(immutable.WriteRefused):
            row.save()
        with pytest.raises(immutable.WriteRefused):
            row.delete()
    with pytest.raises(immutable.WriteRefused):
        HoldoutVersion.objects.update(number=9)


@pytest.mark.parametrize(
    "level", [AccessLevel.RESTRICTED_BUSINESS, AccessLevel.RESTRICTED_PERSONAL]
)
def test_a_restricted_original_is_read_by_nobody_and_opened_by_the_worker(
    level: AccessLevel, settings: Any
) -> None:
    file = DataFileFactory(level=level)
    producer = member(file.release.dataset.resource.organisation)
    others = [AnonymousUser(), UserFactory(), producer, member(OrganisationFactory())]
    others += [UserFactory(region=role) for role in RegionRole]

    for other in others:
        with pytest.raises(Hidden):
            gate.open_file(data_file=file, by=other)
        with pytest.raises(NotAllowed):
            gate.open_original(data_file=file, target=io.BytesIO(), reason="curiosité", by=other)  # type: ignore[arg-type] # refused
    assert (Download.objects.count(), AuditEvent.objects.count()) == (0, 0)
    assert CSV not in objects.read(file.sha256)
    with pytest.raises(gate.VaultSealed):
        gate.pseudonym_key(grant=file.public_id, by=WORKER)

    settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    clear = io.BytesIO()
    gate.open_original(data_file=file, target=clear, reason="extract", by=WORKER)
    assert (clear.getvalue(), file.size) == (CSV, len(CSV))
    assert events() == ["original.opened"]
    objects.store().delete(file.sha256)
    with pytest.raises(gate.VaultBroken):
        gate.open_original(data_file=file, target=clear, reason="extract", by=WORKER)


def breaches() -> dict[str, list[str]]:
    found = {name: list(check()) for name, (_sentence, check) in INVARIANTS.items()}
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
def compiled(version: HoldoutVersion) -> HoldoutVersion:
    return holdouts.add_compiled(version=version, keys=b"k", labels=b"l", by=WORKER)


def test_each_breach_is_named(compiled: HoldoutVersion) -> None:
    file = DataFileFactory(release__number=1)
    assert breaches() == {}
    Dataset.objects.update(released_at=file.release.published_at + timedelta(seconds=1))
    late, gap = file.release.dataset, ReleaseFactory(number=2).dataset
    source = SealedFile.objects.get(version=compiled, kind="source")
    with immutable.writes(WrappedKey):
        source.keys.all().delete()
    with immutable.writes(HoldoutVersion):
        HoldoutVersion.objects.update(compiled_keys_sha256=None, compiled_at=None)
    for sha256 in (file.sha256, source.ciphertext_sha256):
        objects.store().delete(sha256)
    found = breaches()
    assert len(found.pop("D01")) == 2  # lost objects
    assert found == {
        "D02": [str(gap.public_id)],
        "D03": [f"{compiled.pk} truth.csv"],
        "D04": [str(compiled.public_id)],
        "D05": [str(late.public_id)],
    }
