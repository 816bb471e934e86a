"""The examination of files goes on past one that stops it."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from catalogue.actions import file_examinations, stored_files
from catalogue.enums import FileState
from catalogue.models import CardFile
from portal.lib import objects, scanning
from portal.lib.refusals import Unavailable
from tests.factories.card_files import CSV, House

pytestmark = pytest.mark.django_db


@pytest.fixture
def files() -> list[CardFile]:
    """Two files that wait, each with its bytes, the oldest first."""
    house = House()
    kept = [house.file(name, CSV + name.encode()) for name in ("a.csv", "b.csv")]
    CardFile.objects.update(state=FileState.WAITING, examined_at=None)
    return kept


def stands(file: CardFile) -> tuple[str, int, int]:
    file.refresh_from_db()
    return file.state, file.attempts, file.missed


def test_a_file_that_stops_the_scanner_goes_behind_the_others(
    files: list[CardFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = files
    up = [True]

    def scan(path: Path) -> None:
        if not up[0]:
            raise scanning.ScannerAway
        if path == objects.store().location(bad.sha256):  # type: ignore[attr-defined]  # a folder
            up[0] = False
            raise scanning.ScannerStopped

    monkeypatch.setattr(scanning, "scan", scan)
    assert file_examinations.examine_waiting() == 0
    assert (stands(bad), stands(good)) == (("waiting", 1, 0), ("waiting", 0, 0))
    for settled, state in ((1, "sound"), (1, "sound")):
        up[0] = True
        assert file_examinations.examine_waiting() == settled
        assert stands(good)[0] == state
    assert (stands(bad), bad.signs) == (("refused", 3, 0), ["unscannable"])


def test_an_object_that_the_store_does_not_give_keeps_no_other_waiting(
    files: list[CardFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = files
    on_disk = file_examinations.on_disk

    def given(sha256: str) -> Any:
        if sha256 == bad.sha256:
            raise Unavailable
        return on_disk(sha256)

    monkeypatch.setattr(file_examinations, "on_disk", given)
    assert file_examinations.examine_waiting() == 1
    assert (stands(bad), stands(good)) == (("waiting", 0, 0), ("sound", 0, 0))


class Refused(Exception):
    """What PostgreSQL says, with its code."""

    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.pgcode = code


@pytest.mark.parametrize(
    ("said", "code", "level"),
    [
        ("could not obtain lock", "55P03", logging.INFO),
        ("deadlock detected", "40P01", logging.INFO),
        ("database is locked", None, logging.INFO),
        ("server closed the connection unexpectedly", None, logging.ERROR),
        ("the disk is full", "53100", logging.ERROR),
    ],
)
def test_a_database_that_fails_is_no_card_that_somebody_writes(
    files: list[CardFile],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: str,
    code: str | None,
    level: int,
) -> None:
    def fails(_pk: int) -> int:
        raise OperationalError(said) from Refused(code)

    monkeypatch.setattr(stored_files, "_forget_of", fails)
    with caplog.at_level(logging.INFO, logger="catalogue.files"):
        assert stored_files.forget_unnamed() == 0
    assert [each.levelno for each in caplog.records] == [level]
