"""Worlds made once and put back: the same rows and files for the next test, not the same work.

A world that was begun in empty tables and folders is written down when its maker has done. A later
test of the same process that asks for it has it put back. Its maker works as ever where the
conditions are not the same: rows or files already there, another clock, other settings, another
day, or a test that really commits, whose other processes would read what it made.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import translation

from datasets import gate
from portal.audit.models import AuditEvent
from portal.lib import clock

# Found before any test puts its own in its place: one looks for what is left in it.
TEMPORARY = tempfile.gettempdir()

FOLDERS = {
    "OBJECTS_URL",
    "MEDIA_ROOT",
    "HOLDOUT_PRIVATE_KEY_FILE",
    "HOLDOUT_PUBLIC_KEY_FILE",
    "EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE",
    "RECEIPT_KEY_FILE",
}
# The one row of the register that each event changes.
HEAD = "audit_audithead"
# Which test puts a world back depends on the order: what that asks is none of the portal's
# statements, and tests/statements.py reads none that begins with a remark.
OURS = "/* world */"
Tables = dict[str, set[str]]


@dataclass(frozen=True)
class _Kept:
    """What a world added: rows of each table as SQL reads them, files; what it began from.

    worker: whether its maker took the private key, as the process that drains the queue does.
    """

    pk: int
    worker: bool
    head: set[str]
    rows: dict[str, list[str]]
    files: Path


_kept: dict[str, _Kept | None] = {}
_now = clock.now


def world(name: str, make: Callable[[], int]) -> int:
    """Make a world, or put it back; `make` returns the key of the row that leads to the rest."""
    if not connection.in_atomic_block or clock.now is not _now or any(_files()):
        return make()
    key = _conditions(name)
    if key not in _kept:
        return make() if AuditEvent.objects.exists() else _make_and_keep(key, make)
    kept = _kept[key]
    if kept is None or not _empty(kept.rows.keys() - {HEAD}) or _rows(HEAD) != kept.head:
        return make()
    _put_back(kept)
    if kept.worker:
        gate.act_as_worker()
    return kept.pk


def _conditions(name: str) -> str:
    set_now = [
        f"{each}={getattr(settings, each)!r}"
        for each in sorted(dir(settings))
        if each.isupper() and each not in FOLDERS
    ]
    day = clock.paris_day(clock.now())
    return "\n".join([name, str(translation.get_language()), str(day), *set_now])


def _make_and_keep(key: str, make: Callable[[], int]) -> int:
    before = _read()
    pk = make()
    after = _read()
    added = {table: sorted(rows - before[table]) for table, rows in after.items()}
    added = {table: rows for table, rows in added.items() if rows}
    begun = {table: rows for table, rows in before.items() if table not in added}
    if all(table == HEAD or not before[table] for table in added) and begun == {
        table: after[table] for table in begun
    }:
        files = Path(tempfile.mkdtemp(prefix="world-", dir=TEMPORARY))
        atexit.register(shutil.rmtree, files, ignore_errors=True)
        for at, folder in enumerate(_folders()):
            if folder.is_dir():
                shutil.copytree(folder, files / str(at))
        _kept[key] = _Kept(pk, gate.can_open(), before[HEAD], added, files)
    else:  # it changed a row that was there, or added to a table that was not empty
        _kept[key] = None
    return pk


def _put_back(kept: _Kept) -> None:
    with connection.cursor() as cursor:
        if HEAD in kept.rows:
            cursor.execute(f'{OURS} DELETE FROM "{HEAD}"')  # noqa: S608  # our name
        for table, rows in kept.rows.items():
            if connection.vendor == "postgresql":
                cursor.execute(
                    f'{OURS} INSERT INTO "{table}" SELECT (row::"{table}").* '  # noqa: S608  # our names
                    "FROM unnest(%s::text[]) row",
                    [rows],
                )
            else:
                values = ",".join(rows)
                cursor.execute(f'{OURS} INSERT INTO "{table}" VALUES {values}')  # noqa: S608
    if connection.vendor == "postgresql":
        _move_on(kept.rows)
    for at, folder in enumerate(_folders()):
        if (kept.files / str(at)).is_dir():
            shutil.copytree(kept.files / str(at), folder, dirs_exist_ok=True)


def _move_on(tables: Iterable[str]) -> None:
    """Let the next key of each table follow those put back, which it did not give itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE is_identity = 'YES' AND table_name = ANY(%s)",
            [list(tables)],
        )
        steps = [
            f"(SELECT setval(pg_get_serial_sequence('\"{table}\"', '{name}'), "  # noqa: S608
            f'max("{name}")) FROM "{table}")'
            for table, name in cursor.fetchall()
        ]
        cursor.execute(f"{OURS} SELECT {', '.join(steps)}")


def _empty(tables: Iterable[str]) -> bool:
    some = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"{OURS} SELECT {some}")
        return not cursor.fetchone()[0]


def _read() -> Tables:
    with connection.cursor() as cursor:
        return {name: _rows(name) for name in connection.introspection.table_names(cursor)}


def _rows(table: str) -> set[str]:
    """Read a table: each row is text from which SQL makes it again, exactly."""
    with connection.cursor() as cursor:
        row = f'"{table}"::text'
        if connection.vendor != "postgresql":
            cursor.execute(f'PRAGMA table_info("{table}")')
            columns = [f'quote("{name}")' for _at, name, *_rest in cursor.fetchall()]
            row = " || ',' || ".join(columns)
            row = f"'(' || {row} || ')'"
        cursor.execute(f'{OURS} SELECT {row} FROM "{table}"')  # noqa: S608  # our names
        return {text for (text,) in cursor.fetchall()}


def _folders() -> list[Path]:
    return [
        Path(settings.OBJECTS_URL.removeprefix("file://")),
        Path(settings.MEDIA_ROOT),
        Path(settings.RECEIPT_KEY_FILE).parent,
    ]


def _files() -> Iterator[Path]:
    for folder in _folders():
        yield from folder.rglob("*")
