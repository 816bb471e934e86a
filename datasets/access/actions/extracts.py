"""Build what active grants give to read, and destroy it once they ended."""

import csv
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from datasets import gate
from datasets.access import queries
from datasets.access.models import Extract, Grant, GrantedDataset
from datasets.holdouts.rules import WORKER
from datasets.standards.extraction import cut_apart
from datasets.standards.profile import TableFault
from portal.audit.actors import SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Unavailable

log = logging.getLogger("portal.worker")

BUILDER, SWEEPER = SystemActor(WORKER), SystemActor("sweep")
INTERRUPTED = "interrupted"
WAIT = timedelta(minutes=1)  # after a failure


def build_due(*, beside: Callable[[], AbstractContextManager[None]] = nullcontext) -> bool:
    """Build one extract that an active grant lacks; False when none is due.

    For the scoring worker, outside any transaction. In order: the extract claimed, for
    settings.EXTRACT_CLAIM_MINUTES; event "original.opened"; the original deciphered and cut in the
    worker's temporary folder, by a child process; the extract sealed to the web process and put in
    the store; its row, event "extract.built" and a letter to the persons named. A try that fails is
    made again, settings.EXTRACT_ATTEMPTS in all, then `fault` says why; so is one whose worker was
    killed. While the store does not answer, no try is counted. beside: held while it is built.
    """
    extract = _claimed() if gate.can_open() else None
    if extract is None:
        return False
    try:
        with beside():
            _build(extract)
    except DatabaseError:
        raise  # the loop of the worker waits for it
    except Exception as error:  # noqa: BLE001  # the boundary: its type only, a message holds values
        code = str(getattr(error, "code", "") or type(error).__name__)
        log.warning("extract %s, try %d: %s", extract.public_id, extract.attempts, code)
        _give_back(extract, code, away=type(error) is Unavailable)
    return True


def _due() -> Iterator[tuple[int, int]]:
    """Pair what is granted with the files whose extract nobody builds yet."""
    now = clock.now()
    known = Extract.objects.filter(granted=OuterRef("pk"), data_file=OuterRef("file"))
    for granted in queries.lent(now).filter(~Exists(known.exclude(_waits(now)))).iterator():
        if granted.lends(granted.schema, granted.file_level):  # else all are in another file
            yield granted.pk, granted.file


def tell_withheld() -> None:
    """Owe a letter for each table that a grant lends less of: not protected as was granted."""
    for granted in queries.lent(clock.now()).iterator():
        there = {str(each["name"]) for each in granted.schema} & set(granted.names)
        if len(granted.lends(granted.schema, granted.file_level)) < len(there):
            key = f"{granted.pk}:{granted.file}"
            owe("mail.access_withheld", key=key, grant_id=granted.grant_id, data_file=granted.file)


def tell_given_up() -> None:
    """Owe a letter for each extract that was given up, whose readers wait for nothing."""
    for extract in Extract.objects.given_up(clock.now()).values_list("pk", flat=True):
        owe("mail.extract_given_up", key=str(extract), extract_id=extract)


def _waits(now: Any) -> Q:
    """Keep the extracts that a worker may take: not built, not given up, held by no other."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    left = Q(attempts__lt=settings.EXTRACT_ATTEMPTS)
    return free & left & Q(built_at=None, removed_at=None)


def _claimed() -> Extract | None:
    """Take one: two workers that want the same find one row, and one of them changes it."""
    for granted, file in _due():
        rows = Extract.objects.filter(granted=granted, data_file=file)
        Extract.objects.bulk_create(
            [Extract(granted_id=granted, data_file_id=file)], ignore_conflicts=True
        )
        now = clock.now()
        last = When(attempts__gte=settings.EXTRACT_ATTEMPTS - 1, then=Value(INTERRUPTED))
        if rows.filter(_waits(now)).update(
            claimed_until=now + timedelta(minutes=settings.EXTRACT_CLAIM_MINUTES),
            attempts=F("attempts") + 1,
            fault=Case(last, default=Value("")),  # what stands if this worker is killed
        ):
            return rows.select_related("data_file").get()
    return None


def _held(extract: Extract) -> QuerySet[Extract]:
    """Find the row of a claim, unless another worker took it since or the grant ended."""
    return Extract.objects.filter(
        pk=extract.pk, claimed_until=extract.claimed_until, removed_at=None
    )


def _give_back(extract: Extract, code: str, *, away: bool) -> None:
    is_over = extract.attempts >= settings.EXTRACT_ATTEMPTS and not away
    _held(extract).update(
        attempts=extract.attempts - away,
        claimed_until=clock.now() + WAIT,
        fault=code[:40] if is_over else "",
    )


def _build(extract: Extract) -> None:
    granted = GrantedDataset.objects.get(pk=extract.granted_id)
    columns = granted.lends(extract.data_file.schema, extract.data_file.level)
    with tempfile.TemporaryDirectory(prefix="extract-") as name:
        made, rows = _cut(extract, columns, Path(name), reason="extract")
        with made.open("rb") as source:
            sealed = gate.seal_extract(source)
        size = made.stat().st_size
    with transaction.atomic():
        if not _held(extract).update(
            sha256=sealed.ciphertext_sha256,
            keys=list(sealed.keys),
            columns=columns,
            clear_size=size,
            rows=rows,
            built_at=clock.now(),
            claimed_until=None,
            fault="",
        ):
            return  # its object has no name: the sweep takes it
        record("extract.built", by=BUILDER, on=extract, columns=columns, rows=rows, bytes=size)
        owe("mail.extract_ready", key=str(extract.public_id), extract_id=extract.pk)


def _cut(extract: Extract, columns: list[str], folder: Path, *, reason: str) -> tuple[Path, int]:
    """Decipher an original into a private folder and cut it for its grant, in a child."""
    project = _project(extract)
    with (folder / "original").open("x+b") as original:
        gate.open_original(data_file=extract.data_file, target=original, reason=reason, by=BUILDER)
        return cut_apart(
            original,
            folder,
            columns=columns,
            pseudonyms=extract.data_file.pseudonyms,
            key=gate.pseudonym_key(grant=project, by=BUILDER),
            seconds=settings.EXTRACT_SECONDS,
        )


def _project(extract: Extract) -> UUID:
    """Name the grant of an extract: the worker reads no more of it."""
    return Grant.objects.values_list("public_id", flat=True).get(datasets=extract.granted_id)


def grants_of(token: str) -> Iterator[tuple[UUID, str]]:
    """List the grants in whose extracts a pseudonym stands, for who found it elsewhere.

    For the scoring worker. Each lent table is cut anew for its pseudonyms, ended grants included:
    two grants never share one. Event "original.opened" for each table. With each grant "", or why
    its table was not read: the others are. Raises Unavailable without the private key.
    """
    built = Extract.objects.filter(built_at__isnull=False).select_related("data_file")
    for extract in built.order_by("pk"):
        names = [e for e in extract.data_file.pseudonyms if e in extract.columns]
        if not names:
            continue
        try:
            if _has_token(token, extract, names):
                yield _project(extract), ""
        except (gate.VaultBroken, TableFault) as fault:
            yield _project(extract), f"{extract.data_file} : {fault.code}"


def _has_token(token: str, extract: Extract, names: list[str]) -> bool:
    with tempfile.TemporaryDirectory(prefix="extract-") as name:
        made, _rows = _cut(extract, names, Path(name), reason="token")
        with made.open(encoding="utf-8", newline="") as cells:
            return any(token in row for row in csv.reader(cells))


def remove_ended() -> int:
    """Destroy the extracts of the grants that ended; return how many.

    Without its wrapped keys an extract is unreadable at once, in the store and in its backups; the
    sweep then takes the object, which nothing names. Event "extract.removed" for each.
    """
    now = clock.now()
    ended = Extract.objects.filter(removed_at=None, granted__grant__in=Grant.objects.over(now))
    found = list(ended.order_by("pk"))
    for extract in found:
        with transaction.atomic():
            rows = Extract.objects.filter(pk=extract.pk, removed_at=None)
            if rows.update(sha256="", keys=[], claimed_until=None, removed_at=now):
                record("extract.removed", by=SWEEPER, on=extract)
    return len(found)
