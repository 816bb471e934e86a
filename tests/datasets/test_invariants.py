"""Each invariant holds on sound rows and names the row that breaks it."""

from datetime import timedelta

import pytest

from datasets.actions import holdouts
from datasets.invariants import INVARIANTS
from datasets.models import Dataset, HoldoutVersion, SealedFile, WrappedKey
from portal.audit.actors import SystemActor
from portal.lib import immutable, objects
from tests.factories.datasets import DataFileFactory, ProducerFactory, ReleaseFactory, member

pytestmark = pytest.mark.django_db


def breaches() -> dict[str, list[str]]:
    found = {name: list(check()) for name, (_sentence, check) in INVARIANTS.items()}
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
def version() -> HoldoutVersion:
    owner = ProducerFactory()
    made = holdouts.register(name="défi", owner=owner, files={"t.csv": b"a"}, by=member(owner))
    return holdouts.add_compiled(version=made, keys=b"k", labels=b"l", by=SystemActor("worker"))


def test_sound_rows_break_nothing(version: HoldoutVersion) -> None:
    DataFileFactory(release__number=1)

    assert breaches() == {}


def test_a_lost_object_is_named(version: HoldoutVersion) -> None:
    file = DataFileFactory(release__number=1)
    for sha256 in [file.sha256, version.files.first().ciphertext_sha256]:  # type: ignore[union-attr] # there
        objects.store().delete(sha256)

    assert list(breaches()) == ["D01"]
    assert len(breaches()["D01"]) == 2


def test_a_gap_in_the_numbers_is_named() -> None:
    release = ReleaseFactory(number=2)

    assert breaches() == {"D02": [str(release.dataset.public_id)]}


def test_a_sealed_file_without_key_is_named(version: HoldoutVersion) -> None:
    file = SealedFile.objects.get(version=version, kind="source")
    with immutable.writes(WrappedKey):
        file.keys.all().delete()

    assert breaches() == {"D03": [f"{version.pk} t.csv"]}


def test_labels_without_keys_are_named(version: HoldoutVersion) -> None:
    with immutable.writes(HoldoutVersion):
        HoldoutVersion.objects.update(compiled_keys_sha256=None, compiled_at=None)

    assert breaches() == {"D04": [str(version.public_id)]}


def test_a_wrong_date_is_named() -> None:
    release = ReleaseFactory(number=1)
    Dataset.objects.update(released_at=release.published_at + timedelta(seconds=1))

    assert breaches() == {"D05": [str(release.dataset.public_id)]}
