"""Examine the files of cards before anybody is given one: antivirus, then what they really are."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import transaction

from catalogue.actions.stored_files import TASK
from catalogue.enums.files import FORBIDDING, FileSign, FileState
from catalogue.models import CardFile
from catalogue.validators import file_types
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock, objects, scanning
from portal.lib.queue import nudge

log = logging.getLogger("catalogue.files")
EXAMINER = SystemActor("examiner")
AT_ONCE = 50


def begin(file: CardFile) -> CardFile:
    """Examine a small file at once; leave a large one, or all without a scanner, to a task."""
    if file.state != FileState.WAITING:
        return file
    if file.size <= settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES:
        return examine(file)
    nudge(TASK, file_id=file.pk)
    return file


def examine(file: CardFile) -> CardFile:
    """Have the antivirus read a file, then judge its content; it waits while no scanner answers.

    Outside any transaction: then the row, with its signs, and event "file.examined" in one.
    """
    try:
        signs = _signs(file)
    except scanning.ScannerAway as error:
        log.warning("file %s waits for the antivirus: %s", file.pk, error)
        return file
    except FileNotFoundError:
        log.error("file %s has no bytes in the store", file.pk)
        return file
    return _settle(file, signs)


def examine_waiting() -> int:
    """Examine what waits, some files at a time; return how many were settled."""
    waiting = list(CardFile.objects.waiting()[:AT_ONCE])
    return sum(examine(each).state != FileState.WAITING for each in waiting)


def _signs(file: CardFile) -> list[FileSign]:
    with on_disk(file.sha256) as path:
        try:
            if scanning.scan(path) is not None:
                return [FileSign.INFECTED]
        except scanning.ScannerFailed:
            return [FileSign.UNREADABLE]
    signs = [] if file_types.agrees(file.name, file.kind) else [FileSign.MISMATCH]
    if file_types.is_executable(file.name, file.kind):
        signs.append(FileSign.EXECUTABLE)
    elif file_types.is_inert(file.kind):
        signs.append(FileSign.INERT)
    return signs


@transaction.atomic
def _settle(file: CardFile, signs: list[FileSign]) -> CardFile:
    fresh = CardFile.objects.select_for_update(of=("self",)).filter(pk=file.pk).first()
    if fresh is None or fresh.state != FileState.WAITING:
        return fresh or file
    fresh.state = FileState.REFUSED if FORBIDDING & set(signs) else FileState.SOUND
    fresh.signs, fresh.examined_at = [str(sign) for sign in signs], clock.now()
    fresh.save(update_fields=["state", "signs", "examined_at"])
    record("file.examined", by=EXAMINER, on=fresh, state=str(fresh.state), signs=fresh.signs)
    return fresh


@contextmanager
def on_disk(sha256: str) -> Iterator[Path]:
    """Give the path of an object while it is read: its own in a folder, else a copy."""
    store = objects.store()
    if isinstance(store, objects.FolderStore):
        path = store.location(sha256)
        if not path.exists():
            raise FileNotFoundError(sha256)
        yield path
        return
    with tempfile.NamedTemporaryFile() as copy, objects.open(sha256) as source:
        for piece in objects.pieces(source):
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)
