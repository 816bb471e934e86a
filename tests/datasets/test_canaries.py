"""What is lent, what waits to be opened and who asked lie in clear nowhere but with their owner."""

import hashlib
import io
import logging
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pypdf import PdfReader

from datasets.access.actions import extracts
from datasets.access.models import Extract
from datasets.openings.enums import OpeningStatus
from portal.accounts.actions import accounts
from portal.accounts.enums import Role
from portal.lib.storage import objects
from tests.datasets.access.test_reading import address, body, signed_in
from tests.datasets.openings.tables import with_column
from tests.factories import openings
from tests.factories.access import COLUMNS, World, build_extracts
from tests.factories.accounts import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LENT = {each: f"CNRY-lent-{each}-7c4e19d2" for each in COLUMNS}
WAITING = "CNRY-waiting-0b83fa61"


def store() -> bytes:
    """Read all that the store holds, and the words of its papers."""
    found = []
    for sha256, _at in objects.store().ages():
        content = objects.read(sha256)
        found.append(content)
        if content.startswith(b"%PDF-"):
            pages = PdfReader(io.BytesIO(content)).pages
            found += [page.extract_text().replace("\n", "").encode() for page in pages]
    return b"\n".join(found)


def tables() -> bytes:
    """Read each row of each table, those of the search among them."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            for row in cursor.fetchall():
                cells = [bytes(each) if isinstance(each, memoryview) else each for each in row]
                found.append(
                    b"|".join(each if type(each) is bytes else str(each).encode() for each in cells)
                )
    return b"\n".join(found)


def copied(place: Path) -> bytes:
    """Read the copy of the database that SQLite makes of itself, its free pages too."""
    if connection.vendor != "sqlite":
        return tables()
    with closing(sqlite3.connect(place)) as target:
        connection.connection.backup(target)
    return place.read_bytes()


def under(folder: Path) -> bytes:
    """Read every file of a folder, and its name."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return b"\n".join([*(each.name.encode() for each in files), *map(Path.read_bytes, files)])


def found(told: list[str], **places: bytes) -> list[str]:
    """List where one of these texts stands."""
    return [
        f"{text} in {place}"
        for place, content in places.items()
        for text in told
        if text.lower().encode() in content.lower()
    ]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.django_db(transaction=True)
def test_restricted_bytes_are_in_clear_in_no_store_table_index_log_or_file(
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    secrets, cut, building = [*LENT.values(), WAITING], extracts.cut_apart, []

    def noted(*given: Any, **said: Any) -> Any:
        made = cut(*given, **said)
        building.extend(each for each in temporary.iterdir() if found(secrets, it=under(each)))
        assert all(each.stat().st_mode & 0o77 == 0 for each in temporary.iterdir())
        return made

    monkeypatch.setattr(extracts, "cut_apart", noted)
    world = World()
    file = world.publish(",".join(LENT.values()))
    world.active()
    build_extracts()
    assert len(building) == 1  # the worker's, which its child writes in; gone with it
    assert not found(secrets, built=under(temporary))

    client, answer = signed_in(world.reader), b""
    lent: Any = client.get(address(file))
    for piece in lent.streaming_content:
        answer += piece
        assert not found(secrets, download=under(temporary))
    assert found(secrets, it=answer) == [f"{LENT[each]} in it" for each in ("zone", "sortie")]
    for path in (file.release.dataset.get_absolute_url(), f"/ressources/?q={WAITING}"):
        client.get(path)

    opening = openings.World()
    rows = with_column("note", lambda n: f"{WAITING} {n}")
    checked = opening.checked(rows)
    assert checked.status == OpeningStatus.CHANGES_REQUESTED
    assert checked.deposit_sha256

    digests = [hashlib.sha256(each).hexdigest() for each in (answer, lent_original())]
    places = {
        "store": store(),
        "tables": tables(),
        "copy": copied(tmp_path / "copy.sqlite3"),
        "logs": caplog.text.encode(),
        "temporary": under(temporary),
        "folder": under(Path(settings.OBJECTS_URL.removeprefix("file://"))),
    }
    assert not found(secrets + digests, **places)
    assert all(places[each] for each in ("store", "tables", "copy", "folder"))


def lent_original() -> bytes:
    """Write the table that was published."""
    return "\n".join([",".join(COLUMNS), ",".join(LENT.values()), ""]).encode()


def test_who_closed_their_account_is_named_by_no_request_grant_or_paper(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told = ["cnry-reader-93ad@exemple.test", "cnry-asks-51fe@exemple.test", "CNRY-name-6e20"]
    reader = UserFactory(email=told[0], display_name=told[2])
    world = World(reader=reader)
    world.by = UserFactory(email=told[1], display_name=told[2])
    MembershipFactory(user=world.by, organisation=world.organisation, role=Role.EDITOR)
    world.lent()
    world.admitted()
    world.draft()
    lent: Any = signed_in(reader).get(address(Extract.objects.all()[0].data_file))
    assert body(lent)
    assert found(told, tables=tables())
    for person in (reader, world.by):
        accounts.close(user=person, by=person)
    assert not found(told, store=store(), tables=tables(), logs=caplog.text.encode())
