"""Personal data are found in a file whatever its kind, and no file holds the one who looks."""

import io
import zipfile

import pyarrow.parquet
import pytest

from portal.lib import personal_files
from portal.lib.personal_data import Kind

NIR = "1 84 12 76 451 089 46"
LINE = f"nom;numéro\nX;{NIR}\nY;jeanne.martin@exemple.fr\nZ;contact@exemple.fr\n"


def zipped(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def table() -> bytes:
    content = io.BytesIO()
    rows = pyarrow.table({"n": [1, 2], "mot": [NIR, "jeanne.martin@exemple.fr"]})
    pyarrow.parquet.write_table(rows, content)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        LINE.encode(),
        LINE.encode("utf-16"),
        b"\n" * 100_000 + LINE.encode(),
        b"a;b\n" + b"x" * 5_000 + b"\0\n" + LINE.encode(),
        zipped(vide="", feuille=f"<t>{NIR}</t><t>jeanne.martin@exemple.fr</t>"),
        table(),
    ],
    ids=["text", "utf-16", "far down", "after a NUL", "archive or sheet", "parquet"],
)
def test_the_first_of_each_kind_is_told_masked(content: bytes) -> None:
    stream = io.BytesIO(content)
    found = {each.kind: each.excerpt for each in personal_files.scan(stream)}
    assert set(found) == {Kind.NIR, Kind.EMAIL}
    assert "jeanne.martin" not in found[Kind.EMAIL]
    assert "451" not in found[Kind.NIR]
    assert stream.tell() == 0


def test_what_is_no_text_or_holds_nobody_tells_nothing() -> None:
    for content in (b"", b"\x89PNG\0\0" + LINE.encode(), b"a,b\n1,2\ncontact@exemple.fr,3\n"):
        assert personal_files.scan(io.BytesIO(content)) == []


def test_a_file_that_cannot_be_read_is_not_called_clean() -> None:
    with pytest.raises(personal_files.Unread):
        personal_files.scan(io.BytesIO(b"PK\x03\x04 cut short"))


def test_no_more_of_an_archive_is_read_than_of_a_text() -> None:
    bomb = zipped(a="0" * (personal_files.READ_BYTES + 1), b=LINE)
    assert personal_files.scan(io.BytesIO(bomb)) == []
