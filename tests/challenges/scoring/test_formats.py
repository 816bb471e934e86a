"""What a file really is, whatever its name says; archives are never trusted."""

import io
import stat
import warnings
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring.answer import AnswerSpec, Column, ContractFault, Limits
from challenges.scoring.predictions.faults import neutral
from challenges.scoring.predictions.formats import human_bytes
from tests.challenges.scoring.answers import first, keys, parquet, spec, verdict

TWO = keys("01", "02")
CSV = "id,p\n01,0.5\n02,1\n"


def archive(*entries: tuple[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as zipped:
        warnings.simplefilter("ignore")
        for name, content in entries:
            zipped.writestr(name, content)
    return out.getvalue()


def special(mode: int) -> bytes:
    out = io.BytesIO()
    entry = zipfile.ZipInfo("p.csv")
    entry.external_attr = (mode | 0o644) << 16
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(entry, "/etc/passwd")
    return out.getvalue()


def code_of(data: bytes, name: str, limits: Limits | None = None) -> str:
    return str(first(data, spec(), TWO, name=name, limits=limits)[0])


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"\x1f\x8b\x08\0", "p.csv", "E_FORMAT_GZIP"),
        (b"\x1f\x8b\x08\0", "p.tar.gz", "E_FORMAT_GZIP"),
        (b"\x80\x04K.", "p.csv", "E_FORMAT_PICKLE"),
        (b"(lp0\n.", "p.pkl", "E_FORMAT_PICKLE"),
        (b"%PDF-1.4", "p.csv", "E_FORMAT"),
        (b"\x93NUMPY\x01", "p.csv", "E_FORMAT"),
        (CSV.encode(), "p.txt", "E_FORMAT"),
        (CSV.encode(), "p", "E_FORMAT"),
        (CSV.encode(), "p.zip", "E_ZIP_CORRUPT"),
        (CSV.encode(), "p.parquet", "E_PARQUET_CORRUPT"),
        (parquet(id=["01"], p=[1.0]), "p.csv", "E_FORMAT_PARQUET"),
        (b"PARE" + b"\0" * 20, "p.parquet", "E_PARQUET_ENCRYPTED"),
        (b"PARE" + b"\0" * 20, "p.csv", "E_FORMAT"),
        (archive(("p.csv", CSV)), "p.csv", "E_FORMAT_ZIP"),
        (archive(("[Content_Types].xml", "<x/>")), "p.csv", "E_FORMAT_XLSX"),
        (archive(("[Content_Types].xml", "<x/>")), "p.zip", "E_FORMAT_XLSX"),
        (b"PK\x03\x04 [Content_Types].xml", "p.csv", "E_FORMAT_XLSX"),
        (b"PK\x03\x04 nothing", "p.zip", "E_ZIP_CORRUPT"),
        ("id,p\n01,é\n".encode("latin-1"), "p.csv", "E_ENCODING"),
        (CSV.encode("utf-16"), "p.csv", "E_ENCODING_UTF16"),
        (CSV.encode("utf-32"), "p.csv", "E_ENCODING_UTF32"),
        (CSV.encode("utf-16-le"), "p.csv", "E_NUL_BYTES"),
        (b"id,p\n01,\x1b[31m\n", "p.csv", "E_CONTROL_CHAR"),
        (b"\xef\xbb\xbf\n \n", "p.csv", "E_EMPTY"),
    ],
)
def test_content_that_disagrees(data: bytes, name: str, code: str) -> None:
    assert code_of(data, name) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (archive(("../p.csv", CSV)), "E_ZIP_PATH"),
        (archive(("/p.csv", CSV)), "E_ZIP_PATH"),
        (archive(("C:p.csv", CSV)), "E_ZIP_PATH"),
        (archive(("a\\p.csv", CSV)), "E_ZIP_PATH"),
        (special(stat.S_IFLNK), "E_ZIP_SYMLINK"),
        (special(stat.S_IFIFO), "E_ZIP_SYMLINK"),
        (archive(("a.csv", CSV), ("b.csv", CSV)), "E_ZIP_AMBIGUOUS"),
        (archive(("a.csv", CSV), ("a.csv", CSV)), "E_ZIP_DUPLICATE"),
        (archive(("lisezmoi.txt", CSV)), "E_ZIP_EMPTY"),
        (archive(("a.zip", archive(("a.csv", CSV)))), "E_ZIP_NESTED"),
        (archive(*[(f"{i}.txt", "") for i in range(21)]), "E_ZIP_ENTRIES"),
        (archive(("p.csv", CSV), method=zipfile.ZIP_BZIP2), "E_ZIP_METHOD"),
        (archive(("p.csv", "")), "E_EMPTY"),
        (archive(("p.csv", "id,p\n" + "0" * 10_000_000)), "E_ZIP_BOMB"),
        (archive(("p.csv", parquet(id=["01"], p=[1.0]))), "E_FORMAT_PARQUET"),
    ],
)
def test_refused_archives(data: bytes, code: str) -> None:
    assert code_of(data, "p.zip") == code


def test_declared_sizes_are_not_trusted() -> None:
    bomb = bytearray(archive(("p.csv", "id,p\n" + "0" * 10_000_000)))
    at = bomb.rindex(b"PK\x01\x02") + 24
    bomb[at : at + 4] = (300).to_bytes(4, "little")
    assert code_of(bytes(bomb), "p.zip") == "E_ZIP_BOMB"


def test_entries_that_share_their_bytes_are_a_bomb() -> None:
    data = bytearray(archive(("a.csv", CSV), ("b.txt", CSV)))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = (0).to_bytes(4, "little")
    assert code_of(bytes(data), "p.zip") in {"E_ZIP_BOMB", "E_ZIP_CORRUPT"}


def test_a_locked_archive_is_refused() -> None:
    data = bytearray(archive(("p.csv", CSV)))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.rindex(magic) + offset
        data[at] |= 1
    assert code_of(bytes(data), "p.zip") == "E_ZIP_ENCRYPTED"


def test_a_damaged_archive_is_refused() -> None:
    data = bytearray(archive(("p.csv", CSV)))
    at = data.rindex(b"PK\x01\x02") + 16
    data[at : at + 4] = b"\0\0\0\1"
    assert code_of(bytes(data), "p.zip") == "E_ZIP_CORRUPT"


def test_folders_and_system_files_are_ignored() -> None:
    data = archive(("a/", ""), ("a/p.csv", CSV), ("__MACOSX/a/._p.csv", "x"), (".DS_Store", "y"))
    found, _ = verdict(data, spec(), TWO, name="p.zip")
    assert [w.code for w in found.warnings] == ["W_ZIP_IGNORED_ENTRIES"]
    assert found.accepted


def test_parquet_in_a_zip() -> None:
    data = archive(("p.parquet", parquet(id=["01", "02"], p=[0.5, 1.0])))
    assert verdict(data, spec(), TWO, name="p.zip")[0].accepted


def spoilt(data: bytes, at: int) -> bytes:
    return data[:at] + bytes(255 - b for b in data[at : at + 8]) + data[at + 8 :]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (parquet(id=["01"], x=[1.0]), "E_COLUMN_MISSING"),
        (parquet(id=[1, 2], p=[1.0, 2.0]), "E_COLUMN_TYPE"),
        (parquet(id=["01", "02"], p=["a", "b"]), "E_COLUMN_TYPE"),
        (parquet(id=["01", "02"], p=[True, False]), "E_COLUMN_TYPE"),
        (parquet(id=["01", None], p=[1.0, 2.0]), "E_ID_EMPTY"),
        (parquet(id=["01", "02"], p=[1.0, float("nan")]), "E_VALUE_NOT_FINITE"),
        (parquet(id=pa.array([], pa.string()), p=pa.array([], pa.float64())), "E_NO_ROWS"),
        (parquet(id=["01"] * 5, p=[1.0] * 5), "E_TOO_MANY_ROWS"),
        (parquet(id=["01"], p=[1.0], **{f"c{i}": [1] for i in range(63)}), "E_TOO_MANY_COLUMNS"),
        (b"PAR1" + b"\xff" * 20 + b"\x10\0\0\0PAR1", "E_PARQUET_CORRUPT"),
        (b"PAR1" + b"\xff" * 20 + b"\xff\xff\xff\x7fPAR1", "E_PARQUET_CORRUPT"),
        (b"PAR1PAR1", "E_PARQUET_CORRUPT"),
        (b"PAR1" + b"\0" * 20 + b"PARE", "E_PARQUET_ENCRYPTED"),
        (spoilt(parquet(id=["01", "02"], p=[1.0, 2.0]), 4), "E_PARQUET_CORRUPT"),
    ],
)
def test_refused_parquet(data: bytes, code: str) -> None:
    assert code_of(data, "p.parquet") == code


def test_extension_types_are_never_loaded() -> None:
    sink = io.BytesIO()
    field = pa.field("p", pa.float64(), metadata={"ARROW:extension:name": "arrow.py_extension"})
    schema = pa.schema([pa.field("id", pa.string()), field])
    pq.write_table(pa.table({"id": ["01"], "p": [1.0]}, schema=schema), sink)
    assert code_of(sink.getvalue(), "p.parquet") == "E_PARQUET_EXTENSION"


def test_a_large_cell_in_a_small_parquet_is_a_bomb() -> None:
    data = parquet(id=["01", "0" * 6_000_000], p=[1.0, 2.0])
    limits = Limits(max_uncompressed_bytes=4 * 2**20, max_bytes=2**24)
    assert code_of(data, "p.parquet", limits) == "E_PARQUET_BOMB"


def test_parquet_extra_columns_are_told() -> None:
    found, _ = verdict(parquet(id=["01", "02"], p=[1.0, 2.0], z=[1, 2]), spec(), TWO, "p.parquet")
    assert [w.code for w in found.warnings] == ["W_EXTRA_COLUMNS"]


@pytest.mark.parametrize(
    ("size", "french", "english"),
    [
        (12, "12 octets", "12 bytes"),
        (2048, "2 ko", "2 kB"),
        (3 * 2**20, "3 Mo", "3 MB"),
        (5 * 2**29, "2,5 Go", "2.5 GB"),
    ],
)
def test_sizes_for_people(size: int, french: str, english: str) -> None:
    assert human_bytes(size) == {"max": french, "max_en": english}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("-x", "'-x"),
        ("a\u200bb\u202ec\x07", "a\ufffdb\ufffdc\ufffd"),
        ("<script>", "‹script›"),
        ("x" * 100, "x" * 63 + "…"),
    ],
)
def test_cells_are_shown_neutral(cell: str, shown: str) -> None:
    assert neutral(cell) == shown


def test_numbers_keep_their_sign() -> None:
    assert neutral("-0.5", number=True) == "-0.5"
    assert neutral("-a", number=True) == "'-a"


@pytest.mark.parametrize(
    "change",
    [
        {"columns": [{"name": "id", "role": "id", "type": "string"}]},
        {"layout": "ranked_list"},
    ],
)
def test_a_specification_needs_its_roles(change: dict[str, Any]) -> None:
    with pytest.raises(ContractFault):
        AnswerSpec.from_json(spec().to_json() | change)


def test_a_domain_must_be_resolved() -> None:
    raw = {"name": "p", "role": "target", "type": "category", "domain": {"file": "x.csv"}}
    with pytest.raises(ContractFault):
        Column.from_json(raw)
