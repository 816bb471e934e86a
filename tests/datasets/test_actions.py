"""Describing, publishing, sealing away: allowed, refused, and what the ledger holds."""

import io
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import Mock

import pytest
from django.core.exceptions import ValidationError

from catalogue.resources.enums import ResourceKind
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import Holdout, HoldoutVersion, SealedFile, WrappedKey
from datasets.releases import actions as releases
from datasets.releases.actions import Description, NewFile
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.forms import sentence
from datasets.releases.models import DataFile, Dataset, Release
from datasets.standards import profile
from portal.accounts.enums import RegionRole, Role
from portal.accounts.models import Organisation, User
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent, Outbox
from portal.lib import immutable
from portal.lib.refusals import Invalid, NotAllowed
from portal.lib.storage import objects, scanning
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.datasets import (
    CSV,
    DataFileFactory,
    DatasetCardFactory,
    DatasetFactory,
    member,
)
from tests.ledger import events, snapshot

pytestmark = pytest.mark.django_db


MADE = b"zone,effectif\nDigne,7\n"


def new(name: str = "effectifs.csv", content: bytes = CSV, **values: Any) -> NewFile:
    values.setdefault("level", AccessLevel.OPEN)
    return NewFile(name, io.BytesIO(content), **values)


def strangers(owner: Organisation) -> list[User]:
    """Make one of each who may not publish for an organisation."""
    others = [UserFactory(), member(OrganisationFactory()), member(owner, Role.CONTRIBUTOR)]
    return others + [UserFactory(region=role) for role in RegionRole]


def test_describe_writes_once_and_tells_what_changed() -> None:
    card = DatasetCardFactory()
    by = member(card.organisation)

    dataset = releases.describe(
        resource=card, description=Description(in_directory=True, legal_basis="Mission"), by=by
    )
    again = releases.describe(
        resource=card, description=Description(in_directory=True, legal_basis="Mission"), by=by
    )
    releases.describe(resource=card, description=Description(in_directory=True), by=by)

    assert dataset == again
    dataset.refresh_from_db()
    assert (dataset.in_directory, dataset.legal_basis, dataset.released_at) == (True, "", None)
    assert events() == ["dataset.described", "dataset.described"]
    assert Outbox.objects.count() == 0


def test_describe_refuses_strangers_and_other_kinds() -> None:
    card = DatasetCardFactory()
    for by in strangers(card.organisation):
        with pytest.raises(NotAllowed):
            releases.describe(resource=card, description=Description(), by=by)
    orphan = DatasetCardFactory(organisation=None)
    with pytest.raises(NotAllowed):
        releases.describe(resource=orphan, description=Description(), by=UserFactory())
    model = DatasetCardFactory(kind=ResourceKind.MODEL)
    with pytest.raises(Invalid):
        releases.describe(resource=model, description=Description(), by=member(model.organisation))
    with pytest.raises(ValidationError):
        releases.describe(
            resource=card,
            description=Description(retention="x" * 121),
            by=member(card.organisation),
        )

    assert (Dataset.objects.count(), events()) == (0, [])


def test_no_table_is_read_by_the_process_that_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(*_given: object) -> None:
        raise AssertionError("read here")

    monkeypatch.setattr(profile, "profile", here)
    dataset = DatasetFactory()
    by = member(dataset.resource.organisation)
    release = releases.publish(dataset=dataset, files=[new()], by=by)
    assert release.files.get().rows is not None


def test_publish_profiles_stores_and_dates() -> None:
    dataset = DatasetFactory()
    by = member(dataset.resource.organisation)

    release = releases.publish(
        dataset=dataset,
        files=[
            new(columns={"zone": {"type": "Insee 2020", "protection": "generalised"}}),
            new("lisez-moi.md", b"# Lisez-moi\n", role=FileRole.DOCUMENTATION),
        ],
        notes="  Première version.  ",
        by=by,
    )

    table, notice = release.files.all()
    assert (release.number, release.notes, release.published_by) == (1, "Première version.", by)
    assert (table.rows, table.media_type, table.size) == (2, "text/csv", len(CSV))
    assert objects.read(table.sha256) == CSV
    assert table.schema == [
        {
            "name": "zone",
            "type": "Insee 2020",
            "description": "",
            "filled": 100,
            "distinct": 2,
            "protection": "generalised",
        },
        {
            "name": "effectif",
            "type": "integer",
            "description": "",
            "filled": 50,
            "distinct": 1,
            "protection": "free",
        },
    ]
    assert table.preview == {"header": ["zone", "effectif"], "rows": [["Arles", "12"], ["Gap", ""]]}
    assert (notice.rows, notice.schema, notice.preview) == (None, [], {})
    dataset.refresh_from_db()
    assert (dataset.level, dataset.released_at) == (AccessLevel.OPEN, release.published_at)
    assert events() == ["release.published"]
    assert Outbox.objects.count() == 0


def test_publish_again_is_the_next_version_and_the_level_is_the_most_closed() -> None:
    dataset = DatasetFactory()
    by = member(dataset.resource.organisation)
    first = releases.publish(dataset=dataset, files=[new()], by=by)

    second = releases.publish(
        dataset=dataset,
        files=[
            new(level=AccessLevel.RESTRICTED_BUSINESS),
            new("annexe.csv", MADE, level=AccessLevel.REGISTERED),
            new("exemple.csv", MADE, role=FileRole.SAMPLE),
        ],
        by=by,
    )

    assert (first.number, second.number) == (1, 2)
    dataset.refresh_from_db()
    assert dataset.level == AccessLevel.RESTRICTED_BUSINESS
    closed, registered, sample = second.files.all()
    assert (closed.preview, registered.preview) == ({}, {})
    assert sample.preview["rows"] == [["Digne", "7"]]
    assert DataFile.objects.get(release=first).level == AccessLevel.OPEN


def test_publish_refuses_strangers_and_leaves_nothing() -> None:
    dataset = DatasetFactory()
    for by in strangers(dataset.resource.organisation):
        with pytest.raises(NotAllowed):
            releases.publish(dataset=dataset, files=[new()], by=by)

    assert (Release.objects.count(), events()) == (0, [])
    assert list(dict(objects.store().ages())) == []


def test_every_wrong_file_is_named_and_nothing_is_written() -> None:
    dataset = DatasetFactory()
    with pytest.raises(Invalid) as refusal:
        releases.publish(
            dataset=dataset,
            files=[
                new("a.csv", b"zone,n\nArles\n"),
                new("b.exe", b"MZ"),
                new("c.pdf", b"no pdf"),
                new("d.csv", b"zone\0\n"),
                new("e.csv"),
                new("f.txt", b"\xff\xfe" + b"Arles\n"),
                new("g.txt", (b"MZ\0" + b"x" * 5_000)[:4_095] + "é".encode()),
            ],
            by=member(dataset.resource.organisation),
        )

    assert refusal.value.faults == [
        {"file": "a.csv", "code": "width", "line": 2, "found": 1, "expected": 2},
        {"file": "b.exe", "code": "type", "line": 0},
        {"file": "c.pdf", "code": "type", "line": 0},
        {"file": "d.csv", "code": "type", "line": 0},
        {"file": "f.txt", "code": "type", "line": 0},
        {"file": "g.txt", "code": "type", "line": 0},
    ]
    assert (Release.objects.count(), events()) == (0, [])
    assert list(dict(objects.store().ages())) == []


def test_a_longer_table_may_be_profiled_for_longer(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    profiled = Mock(wraps=profile.profile_apart)
    monkeypatch.setattr(releases, "profile_apart", profiled)
    monkeypatch.setattr(releases, "PROFILED_BYTES_A_SECOND", 10)
    dataset = DatasetFactory()
    by = member(dataset.resource.organisation)
    releases.publish(dataset=dataset, files=[new(content=b"zone\n" + b"Arles\n" * 10)], by=by)
    assert profiled.call_args.kwargs == {"seconds": settings.PARSE_CHILD_SECONDS + 6}


def test_no_file_is_published_before_the_antivirus_has_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset, read = DatasetFactory(), []

    def scan(source: BinaryIO) -> str | None:
        read.append(source.read())
        if len(read) == 3:
            raise scanning.ScannerFailed
        return "Eicar" if len(read) == 2 else None

    def publish() -> Invalid:
        files = [new(f"{n}.csv", CSV + b"%d,1\n" % n) for n in range(3)]
        with pytest.raises(Invalid) as refusal:
            releases.publish(dataset=dataset, files=files, by=member(dataset.resource.organisation))
        return refusal.value

    monkeypatch.setattr(scanning, "scan", scan)
    assert publish().faults == [
        {"file": "1.csv", "code": "infected", "line": 0},
        {"file": "2.csv", "code": "unscannable", "line": 0},
    ]
    assert read == [CSV + b"%d,1\n" % n for n in range(3)]
    monkeypatch.setattr(scanning, "scan", Mock(side_effect=scanning.ScannerAway))
    assert publish().code == "scanner_away"
    assert (Release.objects.count(), dict(objects.store().ages())) == (0, {})


@pytest.mark.parametrize(
    "names",
    [[], ["a.csv", "a.csv"], [f"{n}.csv" for n in range(21)]],
    ids=["none", "twice", "many"],
)
def test_no_file_names_twice_or_too_many_are_refused(names: list[str]) -> None:
    dataset = DatasetFactory()
    with pytest.raises(Invalid):
        releases.publish(
            dataset=dataset,
            files=[new(name) for name in names],
            by=member(dataset.resource.organisation),
        )

    assert Release.objects.count() == 0


def test_a_published_version_does_not_change() -> None:
    file = DataFileFactory()
    for row in [file, file.release]:
        with pytest.raises(immutable.WriteRefused):
            row.save()
        with pytest.raises(immutable.WriteRefused):
            row.delete()
    with pytest.raises(immutable.WriteRefused):
        DataFile.objects.update(level=AccessLevel.OPEN)
    with pytest.raises(immutable.WriteRefused):
        DataFile.objects.all().delete()


NIR = b"zone,note\nSud,1 84 12 76 451 089 46\n"
MAIL = b"zone,note\nSud,jeanne.martin@exemple.fr\n"


@pytest.mark.parametrize("level", [AccessLevel.OPEN, AccessLevel.REGISTERED])
def test_no_file_that_anybody_reads_holds_personal_data(level: AccessLevel) -> None:
    dataset, by = opened()
    for content, code in ((NIR, "personal_number"), (MAIL, "personal")):
        with pytest.raises(Invalid) as refused:
            releases.publish(dataset=dataset, files=[new(content=content, level=level)], by=by)
        (fault,) = refused.value.faults
        assert (fault["file"], fault["code"], fault["line"]) == ("effectifs.csv", code, 2)
    sample = new("exemple.csv", NIR, role=FileRole.SAMPLE)
    data = new(content=NIR, level=AccessLevel.RESTRICTED_PERSONAL)
    with pytest.raises(Invalid) as refused:
        releases.publish(dataset=dataset, files=[data, sample], by=by)
    assert [fault["file"] for fault in refused.value.faults] == ["exemple.csv"]
    assert releases.publish(dataset=dataset, files=[data], by=by)


def test_what_everybody_reads_gives_no_row_of_a_restricted_table_beside() -> None:
    dataset, by = opened()
    data = new(level=AccessLevel.RESTRICTED_BUSINESS)
    for name, role in (("exemple.csv", FileRole.SAMPLE), ("annexe.csv", FileRole.DATA)):
        copy = new(name, b"effectif;zone\n7;Digne\n12;Arles\n", role=role)
        with pytest.raises(Invalid) as refused:
            releases.publish(dataset=dataset, files=[data, copy], by=by)
        fault = {"file": name, "code": "real_rows", "line": 3, "count": 1}
        assert refused.value.faults == [fault]
        assert "Ligne 3 : cette ligne est aussi" in sentence("real_rows", 3, fault)
    assert releases.publish(dataset=dataset, files=[data, new("a.csv", MADE)], by=by)


def test_a_producer_answers_for_an_address_but_for_no_number() -> None:
    dataset, by = opened()
    with pytest.raises(Invalid):
        releases.publish(dataset=dataset, files=[new(content=NIR)], personal_checked=True, by=by)
    releases.publish(dataset=dataset, files=[new(content=MAIL)], personal_checked=True, by=by)
    assert "release.personal_checked" in events()


@pytest.mark.parametrize("level", [AccessLevel.OPEN, AccessLevel.REGISTERED])
def test_a_dataset_of_the_restricted_directory_has_no_open_data(level: AccessLevel) -> None:
    dataset, by = opened(in_directory=True)
    with pytest.raises(Invalid, match="accès restreint"):
        releases.publish(dataset=dataset, files=[new(level=level)], by=by)
    closed = new(level=AccessLevel.RESTRICTED_BUSINESS)
    releases.publish(
        dataset=dataset, files=[closed, new("a.csv", MADE, role=FileRole.SAMPLE)], by=by
    )

    free, by = opened()
    releases.publish(dataset=free, files=[new(level=level)], by=by)
    with pytest.raises(Invalid, match="accès restreint"):
        releases.describe(resource=free.resource, description=Description(in_directory=True), by=by)


def opened(**said: Any) -> tuple[Dataset, User]:
    """Describe a dataset of an organisation, and give who publishes for it."""
    card = DatasetCardFactory()
    by = member(card.organisation)
    return releases.describe(resource=card, description=Description(**said), by=by), by


WORKER = SystemActor("worker")
FILES = {"truth.csv": b"id,y\nA,1\n", "attributs.csv": b"id,zone\nA,nord\n"}


KEPT = (Holdout, HoldoutVersion, SealedFile, WrappedKey)


@pytest.fixture
def owner() -> Organisation:
    return OrganisationFactory()


def register(owner: Organisation) -> HoldoutVersion:
    return holdouts.register(name="défi", owner=owner, files=FILES, by=member(owner))


def test_register_seals_each_file_and_tells_the_ledger(owner: Organisation, tmp_path: Path) -> None:
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


def test_a_second_deposit_is_the_next_version_and_the_first_stays(owner: Organisation) -> None:
    first = register(owner)

    second = register(owner)

    assert (first.holdout_id, first.number) == (second.holdout_id, 1)
    assert second.number == 2
    assert first.ciphertext_sha256 != second.ciphertext_sha256
    first.refresh_from_db()
    assert first.files.count() == 2


def test_those_who_do_not_organise_register_nothing(owner: Organisation) -> None:
    for by in (SystemActor("opening"), *strangers(owner)):
        with pytest.raises(NotAllowed):
            holdouts.register(name="défi", owner=owner, files=FILES, by=by)

    assert not any(snapshot(*KEPT))


@pytest.mark.parametrize(
    "files",
    [{}, {"../truth.csv": b""}, {"": b""}, {f"{n}.csv": b"" for n in range(21)}],
    ids=["none", "path", "no name", "too many"],
)
def test_no_file_too_many_or_a_strange_name_is_refused(
    owner: Organisation, files: dict[str, bytes]
) -> None:
    with pytest.raises(Invalid):
        holdouts.register(name="défi", owner=owner, files=files, by=member(owner))

    assert not any(snapshot(*KEPT))


def test_a_link_is_not_followed(owner: Organisation, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic links"):
        holdouts.register(
            name="défi", owner=owner, files={"truth.csv": tmp_path / "truth.csv"}, by=member(owner)
        )

    assert SealedFile.objects.count() == 0


def test_the_worker_alone_adds_the_compiled_truth_once(owner: Organisation) -> None:
    version = register(owner)
    before = snapshot(*KEPT)

    administrator = UserFactory(region=RegionRole.ADMINISTRATOR)
    for actor in [version.registered_by, SystemActor("scheduler"), administrator]:
        with pytest.raises(NotAllowed):
            holdouts.add_compiled(version=version, keys=b"k", labels=b"l", by=actor)

    assert snapshot(*KEPT) == before
    version.refresh_from_db()
    assert not version.is_compiled

    compiled = holdouts.add_compiled(version=version, keys=b"k", labels=b"l", by=WORKER)
    again = holdouts.add_compiled(version=version, keys=b"other", labels=b"x", by=WORKER)

    assert compiled.is_compiled
    assert again.compiled_keys_sha256 == compiled.compiled_keys_sha256
    assert version.files.filter(kind="labels").count() == 1
    assert events() == ["holdout.registered", "holdout.compiled"]
