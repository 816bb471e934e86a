"""The files of cards: the room they take, who was given one, their examination, their end."""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from catalogue.resources import file_types
from catalogue.resources.enums import FORBIDDING, FileSign, FileState
from catalogue.resources.models import CardFile, Resource
from catalogue.resources.queries import files as card_files
from catalogue.standards import files
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor, SystemActor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose import personal_data
from portal.lib.prose.numbers import file_size
from portal.lib.queue import nudge
from portal.lib.refusals import QuotaSpent, Unavailable
from portal.lib.storage import folders, objects, scanning


def hold_room(
    organisation: Organisation | None, person: User | None, *, card: int | None = None
) -> None:
    """Hold the row of who keeps files until the end, so that two files do not share one room.

    card: the key of the card that the act writes too. Everywhere in one order, so that no two acts
    wait for each other: the contribution, then its card, then the room.
    """
    if card is not None:
        list(Resource.objects.select_for_update(of=("self",)).filter(pk=card).values_list("pk"))
    if organisation is not None:
        Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    elif person is not None:
        User.objects.select_for_update(of=("self",)).get(pk=person.pk)


def require_room(organisation: Organisation | None, person: User | None, size: int) -> None:
    """Raise QuotaSpent where so many bytes find no room; facts: limit_bytes, left_bytes."""
    limit = (
        settings.ORGANISATION_FILES_MAX_BYTES if organisation else settings.PERSON_FILES_MAX_BYTES
    )
    left = max(0, limit - card_files.weight(organisation=organisation, person=person))
    if size > left:
        sentence = _(
            "Il reste %(left)s sur %(limit)s pour vos fichiers, et celui-ci pèse %(size)s. "
            "Retirez-en un, ou donnez l’adresse d’un fichier gardé ailleurs."
        )
        sizes = {"left": left, "limit": limit, "size": size}
        raise QuotaSpent(
            sentence % {name: file_size(each) for name, each in sizes.items()},
            code="files_room",
            next_opening=None,
            limit_bytes=limit,
            left_bytes=left,
        )


def follow_card(*, resource: Resource) -> None:
    """Count the files that a card online names with who holds it, whoever brought them.

    A card that nobody holds leaves them where they are.
    """
    named = card_files.ids_named(resource.details)
    if named and (resource.organisation_id or resource.author_id):
        files = CardFile.objects.filter(resource=resource, public_id__in=named)
        count_with(files, resource.organisation, resource.author)


def count_with(
    files: QuerySet[CardFile], organisation: Organisation | None, person: User | None
) -> None:
    """Count some files in the room of an organisation, or of a person who has none there."""
    # A person's room is told by who brought the file: without an organisation, who holds the card.
    place: dict[str, Any] = {"organisation": organisation}
    if organisation is None:
        place["added_by"] = person
    files.exclude(**place).update(**place)


DAY_SECONDS = 86_400


def note_reading(*, file: CardFile, by: User) -> None:
    """Tell the ledger that a person was given a closed file: at least once a day for the two.

    A download that goes on part by part is one reading; two that begin at the same instant may be
    told both. No file is given untold: the mark that spares the next event follows one that is
    kept. Event "file.read"; no rule is asked here.
    """
    key = f"file.read:{file.public_id}:{by.person_key}"
    if cache.get(key) is not None:
        return

    def mark() -> None:
        cache.set(key, 1, timeout=DAY_SECONDS)

    with transaction.atomic():
        record("file.read", by=by, on=file, sha256=file.sha256)
        transaction.on_commit(mark, robust=True)


def forget(*, file: CardFile, by: Actor) -> None:
    """Delete a file; its bytes go with the next sweep. No rule is asked here.

    In order: event "file.forgotten"; the row, and what is left of its upload.
    """
    record("file.forgotten", by=by, on=file, sha256=file.sha256)
    file.delete()


def forget_of(*, resource: Resource, by: Actor) -> None:
    """Forget all files of a card that goes, each with its event."""
    for file in CardFile.objects.filter(resource=resource).defer("preview").order_by("pk"):
        forget(file=file, by=by)


log = logging.getLogger("catalogue.files")
TASK = "catalogue.examine_file"
EXAMINER = SystemActor("examiner")
AT_ONCE = 50
SLOW_STORE_SECONDS = 60
# Nothing is known of a file while one of the two does not answer: nothing is counted.
AWAY = (scanning.ScannerAway, Unavailable)
# What fails so many times is not examined any more, and given to nobody.
TRIES = 3
# Bytes that are lost may come back: a day of tries, one every five minutes.
LOST_TRIES = 288


def begin_examination(file: CardFile) -> CardFile:
    """Examine a small file at once; leave a large one, or all without a scanner, to a task."""
    if file.state != FileState.WAITING:
        return file
    if file.size <= settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES:
        return examine_file(file)
    nudge(TASK, file_id=file.pk)
    return file


def examine_file(file: CardFile) -> CardFile:
    """Have the antivirus read a file, then judge its content; it waits for scanner and store.

    Outside any transaction: then the row, with its signs, and event "file.examined" in one. Raises
    nothing: an examination that fails, or after which no scanner answers any more, is tried again,
    behind the files that wait, and the third time the file is unreadable; one without bytes is lost
    after a day.
    """
    try:
        return _examine(file)
    except AWAY as error:
        log.warning("file %s waits for the antivirus or the store: %r", file.pk, error)
        return file


def _examine(file: CardFile) -> CardFile:
    try:
        return _settle(file, _examined(file))
    except scanning.ScannerStopped as error:  # it may be this file that stopped it
        log.warning("the antivirus answers no more after file %s: %s", file.pk, error)
        return _failed(file)
    except AWAY:
        raise
    except FileNotFoundError:
        log.error("file %s has no bytes in the store", file.pk)
        return _missed(file)
    except scanning.ScannerFailed as error:
        log.warning("file %s was not read by the antivirus: %s", file.pk, error)
        return _failed(file)
    except Exception:  # one file that cannot be examined keeps no other waiting
        log.exception("file %s was not examined", file.pk)
        return _failed(file)


def _failed(file: CardFile) -> CardFile:
    """Count an examination that failed, its bytes being there; the third settles it.

    Those that found no bytes before are forgotten: they say nothing of the file.
    """
    rows = CardFile.objects.filter(pk=file.pk)
    rows.update(attempts=F("attempts") - F("missed") + 1, missed=0)
    fresh = rows.first()
    if fresh is None or fresh.attempts < TRIES:
        return fresh or file
    return _settle(fresh, _Examined([FileSign.UNREADABLE]))


def _missed(file: CardFile) -> CardFile:
    """Count an examination that found no bytes; after a day of them the file is lost."""
    rows = CardFile.objects.filter(pk=file.pk)
    rows.update(attempts=F("attempts") + 1, missed=F("missed") + 1)
    fresh = rows.first()
    if fresh is None or fresh.missed < LOST_TRIES:
        return fresh or file
    return _settle(fresh, _Examined([FileSign.LOST]))


def wait_for_found() -> int:
    """Let the lost files whose bytes came back wait again; return how many."""
    store, found = objects.store(), 0
    lost = CardFile.objects.filter(state=FileState.REFUSED, signs__icontains=FileSign.LOST.value)
    for file in lost.defer("preview"):
        if store.exists(file.sha256):
            found += _wait_again(file.pk)
    return found


@transaction.atomic
def _wait_again(pk: int) -> bool:
    file = CardFile.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if file is None or FileSign.LOST not in file.signs:
        return False
    file.wait_again()
    record("file.found", by=EXAMINER, on=file, sha256=file.sha256)
    return True


def examine_waiting() -> int:
    """Examine what waits, some at a time, while the scanner answers; count the settled.

    What the store does not give is left for the next time, and keeps no other waiting, unless the
    store is slow to say so: then all wait.
    """
    settled, began = 0, time.monotonic()
    for file in list(CardFile.objects.waiting()[:AT_ONCE]):
        try:
            settled += _examine(file).state != FileState.WAITING
        except Unavailable as error:
            log.warning("file %s waits for the store: %r", file.pk, error)
            if time.monotonic() - began > SLOW_STORE_SECONDS:
                break
        except scanning.ScannerAway as error:
            log.warning("files wait for the antivirus: %r", error)
            break
    return settled


@dataclass(frozen=True)
class _Examined:
    """What an examination found; preview: the first rows of a table, and its personal data."""

    signs: list[FileSign]
    preview: dict[str, Any] = field(default_factory=dict)


def _examined(file: CardFile) -> _Examined:
    with on_disk(file.sha256) as path:
        if scanning.scan(path) is not None:
            return _Examined([FileSign.INFECTED])
        if not file_types.agrees(file.name, file.kind):
            return _Examined([FileSign.MISMATCH, *_formats(file)])
        looked = files.look_into(
            path,
            extension=file_types.extension(file.name),
            kind=file.kind,
            seconds=settings.PARSE_CHILD_SECONDS,
        )
        found = [] if looked.is_bomb else _personal(path)
    signs = [FileSign.BOMB] if looked.is_bomb else []
    if found is None:
        signs.append(FileSign.UNEXAMINED)
    preview = dict(looked.preview)
    if found:
        preview["personal"] = found
    return _Examined(list(dict.fromkeys([*signs, *_formats(file)])), preview)


def _formats(file: CardFile) -> list[FileSign]:
    if file_types.is_executable(file.name, file.kind):
        return [FileSign.EXECUTABLE]
    if file.kind in file_types.UNOPENED_KINDS:
        return [FileSign.UNEXAMINED]
    return [FileSign.INERT] if file.kind in file_types.INERT_KINDS else []


def _personal(path: Path) -> list[dict[str, Any]] | None:
    """List what looks like personal data in a file, the first of each kind; None if unread."""
    with path.open("rb") as content:
        try:
            found = personal_data.scan_file(content)
        except personal_data.Unread:
            return None
    return [{"kind": str(one.kind), "line": one.line, "excerpt": one.excerpt} for one in found]


@transaction.atomic
def _settle(file: CardFile, found: _Examined) -> CardFile:
    fresh = CardFile.objects.select_for_update(of=("self",)).filter(pk=file.pk).first()
    if fresh is None or fresh.state != FileState.WAITING:
        return fresh or file
    fresh.state = FileState.REFUSED if FORBIDDING & set(found.signs) else FileState.SOUND
    fresh.signs, fresh.examined_at = [str(sign) for sign in found.signs], clock.now()
    fresh.preview, fresh.has_preview = found.preview, "columns" in found.preview
    kept = ["state", "signs", "examined_at", "preview", "has_preview"]
    fresh.save(update_fields=kept)
    record("file.examined", by=EXAMINER, on=fresh, state=str(fresh.state), signs=fresh.signs)
    return fresh


@contextmanager
def on_disk(sha256: str) -> Iterator[Path]:
    """Give the path of an object while it is read: its own in a folder, else a copy."""
    store = objects.store()
    if isinstance(store, folders.FolderStore):
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
