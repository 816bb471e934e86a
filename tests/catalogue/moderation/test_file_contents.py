"""What an examination finds inside files; the rows and the words that pages show of them."""

import bz2
import gzip
import hashlib
import io
import itertools
import lzma
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import checks
from catalogue.contributions.queries import proposals
from catalogue.enums import FileState
from catalogue.invariants import file_breaches, named_file_breaches
from catalogue.models import CardFile, Resource
from catalogue.resources.actions import files as file_care
from catalogue.standards import files
from portal.lib import objects
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.card_files import SHA256, House, found

pytestmark = pytest.mark.django_db


def zipped(*members: tuple[str, bytes], link: bool = False) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            head = zipfile.ZipInfo(name)
            head.compress_type = zipfile.ZIP_DEFLATED
            head.external_attr = (0o120777 if link else 0o100644) << 16
            archive.writestr(head, content)
    return kept.getvalue()


def lying() -> bytes:
    """Say less of a member than it holds."""
    whole = zipped(("a.txt", b"a" * 5_000))
    return whole.replace((5_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))


def hiding() -> bytes:
    """Say ten bytes of a member that holds many more, with the sum of those ten."""
    whole = zipped(("a.bin", b"\0" * 50_000_000))
    for said in (struct.pack("<I", 50_000_000), struct.pack("<I", zlib.crc32(b"\0" * 50_000_000))):
        told = struct.pack("<I", 10) if said == struct.pack("<I", 50_000_000) else None
        whole = whole.replace(said, told or struct.pack("<I", zlib.crc32(b"\0" * 10)))
    return whole


def tarred(name: str = "a.csv", link: str = "", kind: bytes = tarfile.REGTYPE) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        head = tarfile.TarInfo(name)
        head.type, head.linkname = kind, link
        archive.addfile(head, io.BytesIO())
    return kept.getvalue()


def old(name: str) -> bytes:
    """Head a tar as before POSIX: without its mark."""
    whole = bytearray(tarred(name))
    whole[257:265], whole[148:156] = b"\0" * 8, b" " * 8
    whole[148:156] = b"%06o\0 " % sum(whole[:512])
    return bytes(whole)


def in_two(content: bytes) -> bytes:
    """Compress in two streams that follow each other, the first of a hundred bytes."""
    return gzip.compress(content[:100]) + gzip.compress(content[100:])


def varied(method: int) -> bytes:
    """Pack bytes that do not shrink, more than one chunk, then some that do."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as archive:
        archive.writestr("a.bin", hashlib.shake_256(b"").digest(1_500_000) + b"a" * 3_000_000)
        archive.writestr("b.bin", b"")
    return kept.getvalue()


ZEROS = b"\0" * 40_000_000


@pytest.mark.parametrize(
    ("name", "content", "is_bomb"),
    [
        ("a.zip", zipped(("a.csv", b"a;b\n"), ("dossier/b.csv", b"a;b\n")), False),
        ("a.zip", lambda: zipped(("a.bin", ZEROS)), True),
        ("a.zip", zipped(("../a.csv", b"a")), True),
        ("a.zip", zipped(("/a.csv", b"a")), True),
        ("a.zip", zipped(("C:/a.csv", b"a")), True),
        ("a.zip", zipped(("a.zip", zipped(("b", b"b")))), True),
        ("a.zip", zipped(("a", b"/etc/passwd"), link=True), True),
        ("a.zip", zipped(*((f"{each}", b"") for each in range(1_001))), True),
        ("a.pt", zipped(*((f"{each}", b"") for each in range(1_001))), False),
        ("a.zip", lying(), True),
        ("a.zip", hiding, True),
        ("a.zip", lambda: varied(zipfile.ZIP_STORED), False),
        ("a.zip", lambda: varied(zipfile.ZIP_DEFLATED), False),
        ("a.zip", lambda: varied(zipfile.ZIP_BZIP2), False),
        ("a.tar", tarred(), False),
        ("a.tar", tarred("../a.csv"), True),
        ("a.tar", tarred(link="/etc/passwd", kind=tarfile.SYMTYPE), True),
        ("a.tar", tarred(link="b.csv", kind=tarfile.SYMTYPE), False),
        ("a.tar", tarred(kind=tarfile.CHRTYPE), True),
        ("a.tgz", gzip.compress(tarred()), False),
        ("a.tgz", gzip.compress(tarred("../a.csv")), True),
        ("a.tgz", in_two(tarred()), False),
        ("a.tgz", in_two(tarred("../a.csv")), True),
        ("a.tgz", gzip.compress(old("a.csv")), False),
        ("a.tgz", gzip.compress(old("../a.csv")), True),
        ("a.tgz", gzip.compress(b"abc" * 1_000), True),
        ("a.tgz", gzip.compress(b"\0" * 10_240), False),
        ("a.gz", gzip.compress(b""), False),
        ("a.tar.bz2", bz2.compress(tarred("a", "../b", tarfile.LNKTYPE)), True),
        ("a.tar.xz", lzma.compress(tarred("/a.csv")), True),
        ("a.zip", b"PK\x03\x04 then nothing", True),
        ("a.gz", gzip.compress(b"abc" * 1_000), False),
        ("a.gz", lambda: gzip.compress(ZEROS), True),
        ("a.bz2", bz2.compress(b"abc" * 1_000), False),
        ("a.bz2", lambda: bz2.compress(ZEROS), True),
        ("a.xz", lzma.compress(b"abc" * 1_000), False),
        ("a.xz", lambda: lzma.compress(ZEROS), True),
    ],
    # What a compressor makes holds the second: two workers would collect different tests.
    ids=map(str, itertools.count()),
)
def test_a_dangerous_archive_is_given_to_nobody(
    house: House, name: str, content: bytes | Callable[[], bytes], is_bomb: bool
) -> None:
    # The large ones are packed here: not whenever tests are collected.
    file = house.file(name, content if isinstance(content, bytes) else content())
    assert file.is_sound is not is_bomb
    assert ("file_archive" in found(house.draft)) is is_bomb


@pytest.mark.parametrize(
    ("member", "is_bomb"),
    [
        ("1: offre.csv", False),
        ("offres: Gap.csv", False),
        ("ab:c.csv", False),
        ("é:c.csv", False),
        ("mai/a:b.csv", False),
        ("a:b.csv", True),  # for Windows, a file of its drive A
        ("C:\\a.csv", True),
        ("z:/a.csv", True),
        ("c:", True),
    ],
)
def test_a_colon_leads_out_after_the_letter_of_a_drive_alone(
    house: House, member: str, is_bomb: bool
) -> None:
    for name, content in (
        ("a.tar", tarred(member)),
        ("a.tgz", gzip.compress(tarred(member))),
        ("a.tar.gz", gzip.compress(tarred("a.csv", member, tarfile.SYMTYPE))),
        ("a.zip", zipped((member, b"a;b\n"))),
    ):
        assert house.file(name, content).is_sound is not is_bomb


def looked(path: Path, content: bytes, extension: str, kind: str) -> files.Looked:
    path.write_bytes(content)
    return files.look(path, extension=extension, kind=kind, seconds=20)


def test_a_table_shows_its_first_rows_with_types(tmp_path: Path) -> None:
    lines = "mois;offres;taux;code;actif;lieu\r\n" + "".join(
        f"2026-01-{day % 28 + 1:02d};{day};{day},5;0{day % 10};oui;Gap\r\n" for day in range(150)
    )
    told = looked(tmp_path / "a", lines.encode("cp1252"), "csv", "text").preview
    assert [(each["name"], each["type"]) for each in told["columns"]] == [
        ("mois", "date"),
        ("offres", "integer"),
        ("taux", "number"),
        ("code", "string"),
        ("actif", "boolean"),
        ("lieu", "string"),
    ]
    assert len(told["rows"]) == 100
    assert told["rows"][1] == ["2026-01-02", "1", "1,5", "01", "oui", "Gap"]
    assert told["more"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_in_its_own_characters(tmp_path: Path, encoding: str) -> None:
    told = looked(tmp_path / "a", "métier;n\ncouvreur;1\n".encode(encoding), "csv", "text")
    assert told.preview["columns"][0]["name"] == "métier"
    assert told.preview["rows"] == [["couvreur", "1"]]


def test_a_parquet_file_shows_its_first_rows_with_its_types(tmp_path: Path) -> None:
    kept = io.BytesIO()
    pq.write_table(pa.table({"n": list(range(150)), "nom": ["a"] * 149 + [None]}), kept)
    told = looked(tmp_path / "a", kept.getvalue(), "parquet", "parquet").preview
    assert told["columns"] == [{"name": "n", "type": "int64"}, {"name": "nom", "type": "string"}]
    assert (len(told["rows"]), told["all_rows"], told["more"]) == (100, 150, True)
    assert looked(tmp_path / "b", b"PAR1 nothing", "parquet", "parquet").preview == {}


@pytest.mark.parametrize(
    "content", [b"a" * 300_000, b'"' + b"a\n" * 90_000, b"\n\n", b"a;" * 90_000]
)
def test_a_strange_table_does_no_harm(tmp_path: Path, content: bytes) -> None:
    told = looked(tmp_path / "a", content, "csv", "text").preview
    assert len(told.get("columns", [])) <= files.COLUMNS


def test_the_answer_of_the_child_stays_within_its_bound(house: House) -> None:
    wide = (";".join(["\U0001f600" * 200] * 50) + "\n").encode() * 101
    file = house.file("large.csv", wide)
    assert file.is_sound
    assert sum(len(cell) for row in file.preview["rows"] for cell in row) <= 200_000
    assert file.preview["more"]


def test_what_no_database_can_hold_is_left_out(tmp_path: Path) -> None:
    kept = io.BytesIO()
    pq.write_table(pa.table({"no\0m": ["A\0pt"]}), kept)
    marked = "no\0m;n\nA\0pt;1\n".encode("utf-16")
    for content, kind in ((marked, ("csv", "text")), (kept.getvalue(), ("parquet", "parquet"))):
        told = looked(tmp_path / "a", content, *kind).preview
        assert (told["columns"][0]["name"], told["rows"][0][0]) == ("nom", "Apt")


def test_a_file_that_cannot_be_examined_keeps_no_other_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = files.look

    def breaks(path: Path, **more: Any) -> files.Looked:
        if path.read_bytes().startswith(b"broken"):
            raise RuntimeError
        return read(path, **more)

    with monkeypatch.context() as patched:
        patched.setattr(files, "look", breaks)
        first = house.file("a.csv", b"broken;n\n")
        CardFile.objects.filter(pk=house.file("b.csv").pk).update(
            state=FileState.WAITING, examined_at=None
        )
        assert first.state == FileState.WAITING
        assert file_care.examine_waiting() == 1
        assert file_care.examine_waiting() == 1
    first.refresh_from_db()
    assert (first.state, first.signs) == (FileState.REFUSED, ["unscannable"])


@pytest.mark.parametrize("said", [b"", b"[1]", b"{", b'{"other": 1}', b" " * (8 << 20) + b"{}"])
def test_what_is_no_answer_counts_as_none(
    tmp_path: Path, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], 0, said)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_more: done)
    assert looked(tmp_path / "a", b"a;b\n", "csv", "text") == files.Looked()
    assert looked(tmp_path / "b", b"PK", "zip", "zip").is_bomb


def test_personal_data_in_a_table_is_told(house: House) -> None:
    house.file(content=b"nom;adresse\nX;jeanne.martin@exemple.fr\nY;1 84 12 76 451 089 46\n")
    draft = make.again(house.draft)
    told = checks.run(proposals.proposed_record(draft), contribution=draft)
    codes = {each.code: each for check in told for each in check.remarks}
    assert codes["file_personal_email"].facts["line"] == 2
    assert "jeanne.martin" not in codes["file_personal_email"].facts["excerpt"]


def test_verify_names_what_is_lost_or_may_not_be_given(house: House) -> None:
    file = house.file()
    card = house.publish()
    assert (list(file_breaches()), list(named_file_breaches())) == ([], [])
    objects.store().delete(file.sha256)
    CardFile.objects.filter(pk=file.pk).update(state="refused")
    assert list(file_breaches()) == [f"{file.public_id} {file.sha256[:12]}"]
    assert list(named_file_breaches()) == [f"{card.slug}:{file.public_id}"]


def page_of(house: House, *more: dict[str, Any], **words: str) -> str:
    """Put online a card with one file of ours, told with these words, and rows of others."""
    house.file()
    (row,) = house.rows()
    card = house.publish(distributions=[row | words, *more])
    page = Client().get(card.get_absolute_url()).text
    return page[page.index("<main") :]


def test_a_kept_file_is_told_once(house: House) -> None:
    page = page_of(house)
    assert (page.count(SHA256), page.count(">offres.csv</span></a>")) == (1, 1)
    assert 'id="details"' in page
    for said in ("Fichiers et accès", "Non renseigné"):
        assert said not in page


def test_a_kept_file_keeps_its_words_and_the_rows_of_others_their_own_way_out(
    house: House,
) -> None:
    words = {"title": "Les offres", "description": "Une par ligne.", "licence": "etalab-2.0"}
    other = {"title": "Ailleurs", "download_url": "https://data.example/a.csv"}
    page = page_of(house, other, **words)
    kept = page[page.index("fichiers-deposes") :]
    for said in ("<b>Les offres</b>", "Une par ligne.", "Licence Ouverte 2.0."):
        assert said in kept
    assert (page.count(SHA256), "Fichiers et accès" in page) == (1, True)
    slug = Resource.objects.get().slug
    ways = [
        reverse("catalogue:file_out", args=(slug, "distributions", number, "download_url")) in page
        for number in (0, 1)
    ]
    assert ways == [False, True]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("".join(f"{each};a\n" for each in range(2_500)), 2_500),
        ("".join(f'{each};"a\nb"\n\n' for each in range(1_500)), 1_500),
        ("1;a", 1),
        ("", 0),
        ("1;a\n" * 2_000 + "b" * 250_000, None),
        ("1;a\n" + "b" * 250_000, None),
        ("1;a\n" + "b" * (files.LINE_CHARACTERS), None),
        ("1;a\n" * 2_000 + '"' + "b\n" * 100_000, None),
        ("1;a\n" * 130_000, None),
    ],
    ids=["long", "in two lines", "one", "none", "wide", "wide at once", "cut", "open", "longer"],
)
def test_the_rows_of_a_table_read_to_its_end_are_counted(
    monkeypatch: pytest.MonkeyPatch, body: str, rows: int | None
) -> None:
    monkeypatch.setattr(files, "COUNTED_CHARACTERS", 500_000)
    told = files.preview_csv(io.BytesIO(f"n;lettre\n{body}".encode()))
    assert [each["name"] for each in told["columns"]] == ["n", "lettre"]
    assert told.get("all_rows") == rows


@pytest.mark.parametrize(
    ("many", "said"),
    [(1, "1 ligne en tout"), (3, "3 lignes en tout"), (150, "100 premières lignes montrées, sur")],
)
def test_the_preview_says_how_many_rows_there_are(house: House, many: int, said: str) -> None:
    file = house.file(content=b"n;a\n" + b"1;b\n" * many)
    place = reverse("catalogue:file_preview", args=(file.public_id,))
    assert said in signed_in(house.by).get(place).text
