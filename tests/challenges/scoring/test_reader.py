"""Rules of prediction files, one by one: what is accepted, what is refused, where.

What a file really is, whatever its name says; archives are never trusted.
"""

import io
import json
import stat
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring.commands import guess, offline
from challenges.scoring.contract import AnswerSpec, Limits
from challenges.scoring.truth import Answer, Keys, keys_of, load_keys
from challenges.scoring.verdict import neutral
from tests.challenges.scoring.answers import (
    first,
    keys,
    parquet,
    ranked,
    scores,
    several,
    spec,
    verdict,
)
from tests.conftest import shared_cases

TWO = keys("01", "02")
PAIRS = load_keys(keys_of(["q1", "q2"], [["a", "b"], ["b", "c", "d"]]))
COLUMNS = scores()["columns"]
BOUNDED = [
    COLUMNS[0],
    COLUMNS[1] | {"domain": ["a", "b", "c", "d", "e"]},
    COLUMNS[2] | {"min": 0, "max": 1},
]
NUMBER, INTEGER = spec(), spec(type="integer", min=1, max=5)
LISTS, SCORES = ranked(), AnswerSpec.from_json(scores())
CLASSES = AnswerSpec.from_json(several("probabilities", "a", "b"))
LABEL = spec(type="category", domain=["A1", "B2"])
FORMS: dict[str, tuple[AnswerSpec, Keys]] = {
    "number": (NUMBER, TWO),
    "share": (spec(min=0, max=1), TWO),
    "unbounded": (spec(min=-1e300, max=1e300), TWO),
    "integer": (INTEGER, TWO),
    "label": (LABEL, TWO),
    "pattern": (spec(type="string", pattern="[A-Z][0-9]"), TWO),
    "one group": (spec(type="string", max_distinct=1), TWO),
    "sets": (spec(type="label_set", domain=["a", "b", "c"], max_labels=2), TWO),
    "classes": (CLASSES, TWO),
    "lists": (LISTS, TWO),
    "scores": (SCORES, PAIRS),
    "bounded scores": (AnswerSpec.from_json(scores(columns=BOUNDED)), PAIRS),
    "best scores": (
        AnswerSpec.from_json(scores("top_k", max_items_per_query=2)),
        Keys.of(["q1", "q2"]),
    ),
}
FULL = "q,i,s\nq2,b,1\nq1,b,0.5\nq2,d,3\nq1,a,0.25\nq2,c,2\n"
BEST = "q,i,s\nq2,z,1\nq1,a,2\nq2,a,3\n"


def accepted(content: str | bytes, wanted: Any, known: Any, **more: Any) -> tuple[Any, list[str]]:
    found, answer = verdict(content, wanted, known, **more)
    assert found.faults == ()
    return answer, [w.code for w in found.warnings]


@pytest.mark.parametrize(
    ("content", "warnings"),
    [
        ("id,p\n01,0.5\n02,1\n", []),
        ("id,p\r\n01,0.5\r\n02,1\r\n", []),
        ("\ufeffid,p\n01,0.5\n02,1", ["W_BOM"]),
        ("id;p\n01;0,5\n02;1\n", ["W_DELIMITER_SEMICOLON", "W_DECIMAL_COMMA"]),
        ("id,p\n\n01,0.5\n\n02,1\n\n", ["W_BLANK_LINES"]),
        ("\n\nid,p\n02,1\n01,.5\n", ["W_BLANK_LINES"]),
        ("note,id,p\nx,01,5e-1\ny,02,+1.\n", ["W_EXTRA_COLUMNS"]),
        ('"id","p"\n"01"," 0.5 "\n"02","1"\n', []),
        ('p,id\n0.5,"01"\n1,02\n', []),
    ],
)
def test_accepted_forms(content: str, warnings: list[str]) -> None:
    answer, found = accepted(content, NUMBER, TWO)
    assert answer.p.tolist() == [0.5, 1.0]
    assert found == warnings


REFUSED: list[tuple[str, str, str, int | None, str | None]] = [
    ("number", "", "E_EMPTY", None, None),
    ("number", "id,p\n", "E_NO_ROWS", None, None),
    ("number", "id\tp\n01\t1\n", "E_DELIMITER", 1, None),
    ("number", "01,0.5\n02,1\n", "E_HEADER_MISSING", 1, None),
    ("number", '[{"id": "01", "p": 1}]', "E_HEADER_MISSING", 1, None),
    ("number", 'x"y,p\n01,1\n', "E_CSV_QUOTE", 1, None),
    ("number", "id p\n01 1\n", "E_DELIMITER", 1, None),
    ("number", "a,b\n01,1\n", "E_COLUMN_MISSING", 1, None),
    ("number", "\ufeff\ufeffid,p\n01,1\n", "E_COLUMN_MISSING", 1, "H_INVISIBLE_CHAR"),
    ("number", "sep=,\nid,p\n01,1\n", "E_HEADER_MISSING", 1, "H_SEP_DIRECTIVE"),
    ("number", "id,P\n01,1\n", "E_COLUMN_MISSING", 1, "H_COLUMN_CASE"),
    ("number", "id, p\n01,1\n", "E_COLUMN_MISSING", 1, "H_WHITESPACE"),
    ("number", "id,p,p\n01,1,1\n", "E_COLUMN_DUPLICATE", 1, None),
    ("number", "id,p,x,x\n01,1,1,1\n", "E_COLUMN_DUPLICATE", 1, None),
    ("number", "id,p\n01,1\n02\n", "E_ROW_FIELDS", 3, None),
    ("number", 'id,p\n01,1\n"02,1\n', "E_CSV_QUOTE", 3, None),
    ("number", 'id,p\n01,"1"x\n02,1\n', "E_CSV_QUOTE", 2, None),
    ("number", 'note,id,p\n"a\nb",01,1\nx,02,oui\n', "E_VALUE_TYPE", 4, None),  # lines of the file
    ("number", "id,p\n,1\n02,1\n", "E_ID_EMPTY", 2, None),
    ("number", "id,p\n01,1\n01,1\n", "E_ID_DUPLICATE", 3, None),
    ("number", "id,p\n01,1\n2,1\n", "E_ID_UNKNOWN", 3, "H_LEADING_ZEROS"),
    ("number", "id,p\n01,1\n2.0,1\n", "E_ID_UNKNOWN", 3, "H_ID_FLOAT"),
    ("number", "id,p\n01,1\n2E+00,1\n", "E_ID_UNKNOWN", 3, "H_ID_SCIENTIFIC"),
    ("number", "id,p\n01,1\n", "E_ID_MISSING", None, None),
    ("number", "id,p\n01,\n02,1\n", "E_VALUE_MISSING", 2, None),
    ("number", "id,p\n01,1_0\n02,1\n", "E_VALUE_TYPE", 2, None),
    *[("number", f"id,p\n01,1\n02,{cell}\n", "E_VALUE_NOT_FINITE", 3, None)
      for cell in ("1e999", "nan", "inf", "-inf")],
    *[(form, f"id,p\n01,0\n02,{cell}\n", "E_VALUE_RANGE", 3, None)
      for form in ("number", "unbounded") for cell in ("1e200", "-1e308", "1.1e15", "9" * 40)],
    ("number", "id;p\n01;1,5\n02;2.5\n", "E_DECIMAL_MIXED", 3, None),
    ("number", "id,p\n01,1\r02,1\r", "E_LINE_ENDINGS", 2, None),
    ("number", "id,p\n01,1\x7f\n02,1\n", "E_VALUE_TYPE", 2, "H_INVISIBLE_CHAR"),
    ("number", "id,p\n01,oui\n02\n", "E_VALUE_TYPE", 2, None),
    ("number", "id,p\n01,1\n02,1\n03,1\n04,1\n05,1\n", "E_TOO_MANY_ROWS", 6, None),
    ("share", "id,p\n01,1.01\n02,0\n", "E_VALUE_RANGE", 2, None),
    ("integer", "id,p\n01,4.5\n02,1\n", "E_VALUE_TYPE", 2, None),
    ("integer", "id,p\n01,1e0\n02,1\n", "E_VALUE_TYPE", 2, None),
    ("integer", "id,p\n01,6\n02,1\n", "E_VALUE_RANGE", 2, None),
    ("label", "id,p\n01,b2\n02,A1\n", "E_LABEL_UNKNOWN", 2, "H_LABEL_CASE"),
    ("label", "id,p\n01,B2 \n02,A1\n", "E_LABEL_UNKNOWN", 2, "H_WHITESPACE"),
    ("pattern", "id,p\n01,A1\n02,A10\n", "E_VALUE_TYPE", 3, None),
    ("one group", "id,p\n01,A1\n02,B2\n", "E_GROUPS_TOO_MANY", None, None),
    ("sets", "id,p\n01,a b c\n02,a\n", "E_LIST_TOO_LONG", 2, None),
    ("sets", "id,p\n01,a z\n02,a\n", "E_LABEL_UNKNOWN", 2, None),
    ("classes", "id,a,b\n01,0.5,0.5004\n02,0.5,0.7\n", "E_PROBA_SUM", 3, None),
    ("classes", "id,a,b\n01,0.5,0.5\n02,2,-1\n", "E_VALUE_RANGE", 3, None),
    ("classes", "id,a,b\n01,0.5,\n02,0.5,0.5\n", "E_VALUE_MISSING", 2, None),
    ("classes", "id,a,b\n01,0.5,nan\n02,0.5,0.5\n", "E_VALUE_NOT_FINITE", 2, None),
    ("classes", "id,a,b\n01,0.5,oui\n02,0.5,0.5\n", "E_VALUE_TYPE", 2, None),
    ("classes", "id,a\n01,0.5\n02,0.5\n", "E_COLUMN_MISSING", 1, None),
    ("classes", "id,a,b\n01,0.5,0.5\n", "E_ID_MISSING", None, None),
    ("classes", "id,a,b\n01,0.5,0.5\n03,0.5,0.5\n", "E_ID_UNKNOWN", 3, None),
    ("classes", "id,a,b\n01,0.5,0.5\n01,0.5,0.5\n", "E_ID_DUPLICATE", 3, None),
    ("lists", "q,r,i\n01,0,a\n02,1,a\n", "E_RANK_RANGE", 2, None),
    ("lists", "q,r,i\n01,4,a\n02,1,a\n", "E_RANK_RANGE", 2, None),
    ("lists", "q,r,i\n01,un,a\n02,1,a\n", "E_VALUE_TYPE", 2, None),
    ("lists", "q,r,i\n01,1,a\n01,1,b\n02,1,a\n", "E_RANK_DUPLICATE", 3, None),
    ("lists", "q,r,i\n01,1,a\n01,2,a\n02,1,a\n", "E_ITEM_DUPLICATE", 3, None),
    ("lists", "q,r,i\n01,1,z\n02,1,a\n", "E_LABEL_UNKNOWN", 2, None),
    ("lists", "q,r,i\n03,1,a\n02,1,a\n", "E_ID_UNKNOWN", 2, None),
    ("lists", "q,r,i\n01,1,a\n", "E_QUERY_MISSING", None, None),
    ("scores", FULL.replace("q1,a,0.25\n", ""), "E_ID_MISSING", None, None),
    ("scores", FULL.replace("q1,b,0.5\n", "").replace("q1,a,0.25\n", ""),
     "E_ID_MISSING", None, None),
    ("scores", FULL + "q1,a,0.5\n", "E_ITEM_DUPLICATE", 7, None),
    ("scores", FULL.replace("q1,b", "q1,c"), "E_LABEL_UNKNOWN", 3, None),
    ("scores", FULL.replace("q1,b", "q9,b"), "E_ID_UNKNOWN", 3, None),
    ("scores", FULL.replace("q1,b", ",b"), "E_ID_EMPTY", 3, None),
    ("scores", FULL.replace("q1,b", "q1,"), "E_VALUE_MISSING", 3, None),
    ("scores", FULL.replace("0.5", ""), "E_VALUE_MISSING", 3, None),
    ("scores", FULL.replace("0.5", "nan"), "E_VALUE_NOT_FINITE", 3, None),
    ("scores", FULL.replace("0.5", "haut"), "E_VALUE_TYPE", 3, None),
    ("scores", FULL.replace("q1,b,0.5", "q1,b"), "E_ROW_FIELDS", 3, None),
    ("bounded scores", FULL, "E_VALUE_RANGE", 4, None),
    ("bounded scores", "q,i,s\nq1,z,0\n", "E_LABEL_UNKNOWN", 2, None),
    ("bounded scores", "q,i,s\nq1,e,0\n", "E_LABEL_UNKNOWN", 2, None),
    ("best scores", BEST + "q2,b,3\n", "E_LIST_TOO_LONG", 5, None),
    ("best scores", BEST + "q2,a,3\n", "E_ITEM_DUPLICATE", 5, None),
    ("best scores", "q,i,s\nq2,z,1\n", "E_QUERY_MISSING", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("form", "content", "code", "line", "hint"), REFUSED)
def test_refused_forms(
    form: str, content: str, code: str, line: int | None, hint: str | None
) -> None:
    assert first(content, *FORMS[form]) == (code, line, hint)


def test_answers_are_laid_along_the_identifiers_or_the_queries() -> None:
    answer, _ = accepted("id,p\n01,-0.0\n02,1\n", FORMS["share"][0], TWO)
    assert np.signbit(answer.p).tolist() == [False, False]
    answer, _ = accepted("id,p\n01,5\n02,4.0\n", INTEGER, TWO)
    assert answer.p.tolist() == [5.0, 4.0]
    answer, _ = accepted("id,p\n01,-1e15\n02,1000000000000000\n", NUMBER, TWO)
    assert answer.p.tolist() == [-1e15, 1e15]
    answer, _ = accepted("id,p\n01,B2\n02,A1\n", LABEL, TWO)
    assert (answer.p.tolist(), answer.texts) == ([1, 0], ["A1", "B2"])
    answer, _ = accepted("id,p\n01,A1\n02,B2\n", *FORMS["pattern"])
    assert answer.texts == ["A1", "B2"]
    answer, _ = accepted("id,p\n01,c a\n02,\n", *FORMS["sets"])
    assert (answer.p.tolist(), answer.offsets.tolist()) == ([0, 2], [0, 2, 2])
    answer, _ = accepted("b;id;a;note\n0,25;02;0,75;x\n1;01;0;y\n", CLASSES, TWO)
    assert answer.p.tolist() == [[0.0, 1.0], [0.75, 0.25]]
    answer, _ = accepted("q,r,i\n02,1,d\n01,2,a\n01,1,b\n", LISTS, TWO)
    assert (answer.p.tolist(), answer.ranks.tolist()) == ([1, 0, 3], [1, 2, 1])
    assert answer.offsets.tolist() == [0, 2, 3]
    answer, _ = accepted("q,r,i\n02,1,a\n", ranked(all_queries_required=False), TWO)
    assert answer.offsets.tolist() == [0, 0, 1]
    answer, told = accepted(FULL, SCORES, PAIRS)
    assert (answer.texts, answer.p.tolist(), told) == (["a", "b", "c", "d"], [0, 1, 1, 2, 3], [])
    assert answer.scores.tolist() == [0.25, 0.5, 1.0, 2.0, 3.0]
    answer, _ = accepted(BEST, *FORMS["best scores"])
    assert (answer.p.tolist(), answer.offsets.tolist()) == ([0, 0, 1], [0, 1, 3])
    same = "q,i,s\n" + "".join(f"{row[:5]}1\n" for row in FULL.split()[1:])
    for form, content in (("number", "id,p\n01,0\n02,0.00\n"), ("scores", same)):
        assert accepted(content, *FORMS[form])[1] == ["W_CONSTANT"]
    lax = AnswerSpec.from_json(scores("top_k", all_queries_required=False))
    accepted("q,i,s\nq2,z,1\n", lax, Keys.of(["q1", "q2"]))


COPIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "number": ("id,p\n01,0.5\n02,1\n", {"id": ["02", "01"], "p": [1.0, 0.5]}, "p;id\n1;02\n0,5;01"),
    "one group": ("id,p\n01,x\n02,x\n", {"p": ["x", "x"], "id": ["02", "01"]}, "id,p\n02,x\n01,x"),
    "classes": (
        "id,a,b\n01,0,1\n02,0.75,0.25\n",
        {"a": [0.75, 0.0], "id": ["02", "01"], "b": [0.25, 1.0]},
        "b;id;a\n0,25;02;0,75\n1;01;0",
    ),
    "scores": (
        FULL,
        {"s": [3.0, 1, 2, 0.25, 0.5], "i": [*"dbcab"], "q": ["q2", "q2", "q2", "q1", "q1"]},
        "\n".join(["q,i,s", *sorted(FULL.split()[1:])]),
    ),
}


@pytest.mark.parametrize("form", COPIES)
def test_copies_in_any_form_share_their_digest(form: str) -> None:
    wanted, known = FORMS[form]
    text, columns, turned = COPIES[form]
    files = {"a.csv": text, "b.csv": turned, "c.parquet": parquet(**columns)}
    files["d.ZIP"] = archive(("dossier/p.csv", text))
    found = [verdict(data, wanted, known, name=name) for name, data in files.items()]
    assert len({each.digest for each, _ in found} | {found[0][1].digest}) == 1
    moved, _ = verdict(text.replace("0.5", "0.4").replace("x", "y").replace("1\n", "0.999999\n"),
                       wanted, known)  # fmt: skip
    assert moved.digest not in {found[0][0].digest, ""}
    laid = found[0][1]
    assert laid is not None
    again = Answer.from_bytes(laid.to_bytes())
    assert again.p.tolist() == laid.p.tolist()
    assert (again.scores is None) == (laid.scores is None)
    assert again.scores is None or again.scores.tolist() == laid.scores.tolist()


# --- what a file really is

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


def patched(data: bytes, *changes: tuple[bytes, int, bytes]) -> bytes:
    """Write bytes at a place after the last of a mark."""
    changed = bytearray(data)
    for mark, offset, content in changes:
        at = changed.rindex(mark) + offset
        changed[at : at + len(content)] = content
    return bytes(changed)


def extension() -> bytes:
    sink = io.BytesIO()
    field = pa.field("p", pa.float64(), metadata={"ARROW:extension:name": "arrow.py_extension"})
    schema = pa.schema([pa.field("id", pa.string()), field])
    pq.write_table(pa.table({"id": ["01"], "p": [1.0]}, schema=schema), sink)
    return sink.getvalue()


ONE = archive(("p.csv", CSV))
ZEROS = archive(("p.csv", "id,p\n" + "0" * 10_000_000))
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
SOUND = parquet(id=["01", "02"], p=[1.0, 2.0])
FILES: list[tuple[str, bytes, str]] = [
    ("p.csv", b"\x1f\x8b\x08\0", "E_FORMAT_GZIP"),
    ("p.tar.gz", b"\x1f\x8b\x08\0", "E_FORMAT_GZIP"),
    ("p.csv", b"\x80\x04K.", "E_FORMAT_PICKLE"),
    ("p.pkl", b"(lp0\n.", "E_FORMAT_PICKLE"),
    ("p.csv", b"%PDF-1.4", "E_FORMAT"),
    ("p.csv", b"\x93NUMPY\x01", "E_FORMAT"),
    ("p.txt", CSV.encode(), "E_FORMAT"),
    ("p", CSV.encode(), "E_FORMAT"),
    ("p.zip", CSV.encode(), "E_ZIP_CORRUPT"),
    ("p.parquet", CSV.encode(), "E_PARQUET_CORRUPT"),
    ("p.csv", SOUND, "E_FORMAT_PARQUET"),
    ("p.parquet", b"PARE" + b"\0" * 20, "E_PARQUET_ENCRYPTED"),
    ("p.csv", b"PARE" + b"\0" * 20, "E_FORMAT"),
    ("p.csv", ONE, "E_FORMAT_ZIP"),
    ("p.csv", archive(("[Content_Types].xml", "<x/>")), "E_FORMAT_XLSX"),
    ("p.zip", archive(("[Content_Types].xml", "<x/>")), "E_FORMAT_XLSX"),
    ("p.csv", b"PK\x03\x04 [Content_Types].xml", "E_FORMAT_XLSX"),
    ("p.zip", b"PK\x03\x04 nothing", "E_ZIP_CORRUPT"),
    ("p.csv", "id,p\n01,é\n".encode("latin-1"), "E_ENCODING"),
    ("p.csv", CSV.encode("utf-16"), "E_ENCODING_UTF16"),
    ("p.csv", CSV.encode("utf-32"), "E_ENCODING_UTF32"),
    ("p.csv", CSV.encode("utf-16-le"), "E_NUL_BYTES"),
    ("p.csv", b"id,p\n01,\x1b[31m\n", "E_CONTROL_CHAR"),
    ("p.csv", b"\xef\xbb\xbf\n \n", "E_EMPTY"),
    *[("p.zip", archive((name, CSV)), "E_ZIP_PATH")
      for name in ("../p.csv", "/p.csv", "C:p.csv", "a\\p.csv")],
    ("p.zip", special(stat.S_IFLNK), "E_ZIP_SYMLINK"),
    ("p.zip", special(stat.S_IFIFO), "E_ZIP_SYMLINK"),
    ("p.zip", archive(("a.csv", CSV), ("b.csv", CSV)), "E_ZIP_AMBIGUOUS"),
    ("p.zip", archive(("a.csv", CSV), ("a.csv", CSV)), "E_ZIP_DUPLICATE"),
    ("p.zip", archive(("lisezmoi.txt", CSV)), "E_ZIP_EMPTY"),
    ("p.zip", archive(("a.zip", archive(("a.csv", CSV)))), "E_ZIP_NESTED"),
    ("p.zip", archive(*[(f"{i}.txt", "") for i in range(21)]), "E_ZIP_ENTRIES"),
    ("p.zip", archive(("p.csv", CSV), method=zipfile.ZIP_BZIP2), "E_ZIP_METHOD"),
    ("p.zip", archive(("p.csv", "")), "E_EMPTY"),
    ("p.zip", ZEROS, "E_ZIP_BOMB"),
    ("p.zip", patched(ZEROS, (CENTRAL, 24, (300).to_bytes(4, "little"))), "E_ZIP_BOMB"),
    ("p.zip", patched(archive(("a.csv", CSV), ("b.txt", CSV)), (CENTRAL, 42, b"\0\0\0\0")),
     "E_ZIP_BOMB"),  # two entries share their bytes
    ("p.zip", patched(ONE, (LOCAL, 6, b"\1"), (CENTRAL, 8, b"\1")), "E_ZIP_ENCRYPTED"),
    ("p.zip", patched(ONE, (CENTRAL, 16, b"\0\0\0\1")), "E_ZIP_CORRUPT"),
    ("p.zip", archive(("p.csv", SOUND)), "E_FORMAT_PARQUET"),
    ("p.parquet", parquet(id=["01"], x=[1.0]), "E_COLUMN_MISSING"),
    ("p.parquet", parquet(id=[1, 2], p=[1.0, 2.0]), "E_COLUMN_TYPE"),
    ("p.parquet", parquet(id=["01", "02"], p=["a", "b"]), "E_COLUMN_TYPE"),
    ("p.parquet", parquet(id=["01", "02"], p=[True, False]), "E_COLUMN_TYPE"),
    ("p.parquet", parquet(id=["01", None], p=[1.0, 2.0]), "E_ID_EMPTY"),
    ("p.parquet", parquet(id=["01", "02"], p=[1.0, float("nan")]), "E_VALUE_NOT_FINITE"),
    ("p.parquet", parquet(id=["01", "02"], p=[0.0, 1e200]), "E_VALUE_RANGE"),
    ("p.parquet", parquet(id=["01", "02"], p=[[1.0], [2.0]]), "E_PARQUET_NESTED"),
    ("p.parquet", parquet(id=["01", "02"], p=[1.0, None]), "E_VALUE_MISSING"),
    ("p.parquet", parquet(id=["01", "0" * 300], p=[1.0, 2.0]), "E_CELL_TOO_LONG"),
    ("p.parquet", parquet(id=pa.array([], pa.string()), p=pa.array([], pa.float64())), "E_NO_ROWS"),
    ("p.parquet", parquet(id=["01"] * 5, p=[1.0] * 5), "E_TOO_MANY_ROWS"),
    ("p.parquet", parquet(id=["01"], p=[1.0], **{f"c{i}": [1] for i in range(63)}),
     "E_TOO_MANY_COLUMNS"),
    ("p.parquet", b"PAR1" + b"\xff" * 20 + b"\x10\0\0\0PAR1", "E_PARQUET_CORRUPT"),
    ("p.parquet", b"PAR1" + b"\xff" * 20 + b"\xff\xff\xff\x7fPAR1", "E_PARQUET_CORRUPT"),
    ("p.parquet", b"PAR1PAR1", "E_PARQUET_CORRUPT"),
    ("p.parquet", b"PAR1" + b"\0" * 20 + b"PARE", "E_PARQUET_ENCRYPTED"),
    ("p.parquet", SOUND[:4] + bytes(255 - b for b in SOUND[4:12]) + SOUND[12:],
     "E_PARQUET_CORRUPT"),
    ("p.parquet", extension(), "E_PARQUET_EXTENSION"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "code"), FILES)
def test_content_that_disagrees_or_is_damaged(name: str, data: bytes, code: str) -> None:
    assert first(data, NUMBER, TWO, name=name)[0] == code


def test_limits_and_formats_of_a_challenge() -> None:
    assert first(CSV, NUMBER, TWO, limits=Limits(max_bytes=10))[0] == "E_TOO_LARGE"
    only = type(NUMBER)(NUMBER.layout, NUMBER.columns, formats=("csv",))
    assert first(SOUND, only, TWO, name="p.parquet")[0] == "E_FORMAT"
    large = parquet(id=["01", "0" * 6_000_000], p=[1.0, 2.0])
    limits = Limits(max_uncompressed_bytes=4 * 2**20, max_bytes=2**24)
    assert first(large, NUMBER, TWO, name="p.parquet", limits=limits)[0] == "E_PARQUET_BOMB"
    bad = parquet(id=["02", "01"], p=[3.5, 4.0])
    assert first(bad, INTEGER, TWO, name="p.parquet")[:2] == ("E_VALUE_TYPE", 1)


@pytest.mark.parametrize(
    ("name", "data", "warned"),
    [
        ("p.zip", archive(("a/", ""), ("a/p.csv", CSV), ("__MACOSX/a/._p.csv", "x"),
                          (".DS_Store", "y")), ["W_ZIP_IGNORED_ENTRIES"]),
        ("p.zip", archive(("p.parquet", parquet(id=["01", "02"], p=[0.5, 1.0]))), []),
        ("p.parquet", parquet(id=["01", "02"], p=[0.5, 1.0], z=[1, 2]), ["W_EXTRA_COLUMNS"]),
        ("p.parquet", parquet(id=["02", "01"], p=[1, 0.5]), []),
    ],
)  # fmt: skip
def test_what_is_read_of_archives_and_tables(name: str, data: bytes, warned: list[str]) -> None:
    answer, told = accepted(data, NUMBER, TWO, name=name)
    assert (answer.p.tolist(), told) == ([0.5, 1.0], warned)


# --- what is told of a file


def test_all_faults_are_listed_ten_per_code_and_counted() -> None:
    ids = [f"{i:02d}" for i in range(30)]
    content = "id,p\n" + "".join(f"{i},oui\n" for i in ids[:29]) + "29,7\n"
    found, _ = verdict(content, spec(min=0, max=1), keys(*ids))
    assert [f.code for f in found.faults].count("E_VALUE_TYPE") == 10
    assert found.faults[0].message.startswith("29 prédictions ne sont pas des nombres.")
    assert found.faults[1].code == "E_VALUE_RANGE"
    assert found.faults[2].message == "Ligne 3 : « oui »."
    known = keys(*(f"{n:03d}" for n in range(100)))
    rows = "".join(f"{n:03d},oui\n" for n in range(60))
    faults = verdict("id,p\n" + rows, NUMBER, known)[0].faults
    codes = ["E_VALUE_TYPE", "E_ID_MISSING", *["E_VALUE_TYPE"] * 9]
    assert [fault.code for fault in faults] == codes
    assert faults[1].message.startswith("Il manque 40 identifiants sur 100.")


TOLD: list[tuple[str, list[tuple[str, int | None]]]] = [
    ("id,p\n01,oui\n", [("E_VALUE_TYPE", 2), ("E_ID_MISSING", None)]),
    ("id,p\n1,1\n01,\n", [("E_ID_UNKNOWN", 2), ("E_VALUE_MISSING", 3), ("E_ID_MISSING", None)]),
    ("id,p\n01,1\n02\n", [("E_ROW_FIELDS", 3), ("E_ID_MISSING", None)]),
    ("id,p\n01,0,5\n02,0,7\n", [("E_ROW_FIELDS", 2)]),  # a decimal comma is one fault
    ('id,p\n01,"0,5"\n02,"0,7"\n', [("E_VALUE_TYPE", 2)]),
    ('id,p\n01,1\n"02,1\n', [("E_CSV_QUOTE", 3)]),
    ("id,p\n01,oui\n02,\n", [("E_VALUE_TYPE", 2), ("E_VALUE_MISSING", 3)]),
    ("id,p\n01,x\n02,1\n03,1\n04,1\n05,1\n",
     [("E_TOO_MANY_ROWS", 6), ("E_VALUE_TYPE", 2), ("E_ID_UNKNOWN", 4), ("E_ID_UNKNOWN", 5)]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), TOLD)
def test_every_kind_of_fault_is_told_at_once(
    content: str, told: list[tuple[str, int | None]]
) -> None:
    found, _ = verdict(content, NUMBER, TWO)
    assert [(fault.code, fault.line) for fault in found.faults] == told


@pytest.mark.parametrize(
    ("form", "content", "at", "said"),
    [
        ("number", "id,p\n{attendu}<b>,1\n02,1\n", 0, "« {attendu}‹b› »"),  # never a template
        ("number", "id,p\n01,0\n02,1e16\n", 0, "[-1e15 ; 1e15]"),
        ("classes", "id,x\n01,1\n02,1\n", 0, "introuvables : « a », « b ». Colonnes lues : « id »"),
        ("number", "id,p\n01\n02,1\n", 1, "sur aucune ligne lisible (2 attendus)"),
        ("classes", "id,a,b\n01,0.5,0.5\n02,0.5,0.7\n", 0, "somme 1.2"),
        ("scores", "q,i,s\nq2,c,1\nq1,b,2\n", 0, "3 candidats sur 5 ; premier : « a » de « q1 »."),
        ("scores", FULL.replace("q1,b", "q1,c"), 0, "Ligne 3 : « c » de « q1 »."),
    ],
)
def test_a_fault_says_what_it_is_about(form: str, content: str, at: int, said: str) -> None:
    assert said in verdict(content, *FORMS[form])[0].faults[at].message


@pytest.mark.parametrize(
    ("cell", "number", "shown"),
    [
        ("=1+1", False, "'=1+1"),
        ("-x", False, "'-x"),
        ("a\u200bb\u202ec\x07", False, "a\ufffdb\ufffdc\ufffd"),
        ("<script>", False, "‹script›"),
        ("x" * 100, False, "x" * 63 + "…"),
        ("-0.5", True, "-0.5"),
        ("-a", True, "'-a"),
    ],
)
def test_cells_are_shown_neutral(cell: str, number: bool, shown: str) -> None:
    assert neutral(cell, number=number) == shown


# --- The hostile corpus: every file gets its verdict, code, line, hint, warnings and score


CORPUS = shared_cases("hostile")
CASES: list[dict[str, Any]] = (
    json.loads((CORPUS / "index.json").read_text("utf-8"))["cases"] if CORPUS else []
)
CANARIES = ("/tmp/ZIP_SLIP.csv", "/tmp/ZIP_ABS.csv")  # noqa: S108 (where hostile archives aim)


def test_corpus_is_present(shared: Path) -> None:
    assert len(CASES) == 108


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["file"]))
def test_verdict(case: dict[str, Any], shared: Path) -> None:
    corpus = shared / "cases" / "hostile"
    spec, task = corpus / "ref" / "spec.json", case["task"]
    truth = corpus / "ref" / f"truth_{task}.csv"
    found = offline.score_spec(truth, corpus / case["file"], spec, task)
    checked = offline.verdict_json(guess.check_template(f"{spec}:{task}", corpus / case["file"])[0])
    assert found["verdict"] == case["verdict"]
    for fact in ("verdict", "code", "line", "hint", "warnings", "digest"):
        assert found.get(fact) == checked.get(fact)
    if case["verdict"] == "accept":
        assert abs(found["score"] - case["score"]) <= 1e-12
        assert set(case.get("warnings", [])) <= set(found["warnings"])
    else:
        _assert_refused_as_told(found, case)
    assert not any(Path(canary).exists() for canary in CANARIES)


def _assert_refused_as_told(found: dict[str, Any], case: dict[str, Any]) -> None:
    assert found["code"] in {case["code"], *case.get("also_ok", [])}
    if found["code"] == case["code"]:
        assert found["line"] == case.get("line", found["line"])
        assert found["hint"] == case.get("hint", found["hint"])
    for error in found["errors"]:
        text = error["message"]
        assert len(text) <= 1000
        assert "<" not in text
        assert all(ord(c) >= 32 for c in text)
