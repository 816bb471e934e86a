"""Rules of prediction files, one by one: what is accepted, what is refused, where."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from challenges.scoring.answer import Limits
from tests.challenges.scoring.answers import first, keys, parquet, ranked, spec, verdict

TWO = keys("01", "02")
INTEGER = spec(type="integer", min=1, max=5)
LABEL = spec(type="category", domain=["A1", "B2"])


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
    answer, found = accepted(content, spec(), TWO)
    assert answer.p.tolist() == [0.5, 1.0]
    assert found == warnings


@pytest.mark.parametrize(
    ("content", "code", "line", "hint"),
    [
        ("", "E_EMPTY", None, None),
        ("id,p\n", "E_NO_ROWS", None, None),
        ("id\tp\n01\t1\n", "E_DELIMITER", 1, None),
        ("01,0.5\n02,1\n", "E_HEADER_MISSING", 1, None),
        ('[{"id": "01", "p": 1}]', "E_HEADER_MISSING", 1, None),
        ('x"y,p\n01,1\n', "E_CSV_QUOTE", 1, None),
        ("id p\n01 1\n", "E_DELIMITER", 1, None),
        ("a,b\n01,1\n", "E_COLUMN_MISSING", 1, None),
        ("\ufeff\ufeffid,p\n01,1\n", "E_COLUMN_MISSING", 1, "H_INVISIBLE_CHAR"),
        ("sep=,\nid,p\n01,1\n", "E_HEADER_MISSING", 1, "H_SEP_DIRECTIVE"),
        ("id,P\n01,1\n", "E_COLUMN_MISSING", 1, "H_COLUMN_CASE"),
        ("id, p\n01,1\n", "E_COLUMN_MISSING", 1, "H_WHITESPACE"),
        ("id,p,p\n01,1,1\n", "E_COLUMN_DUPLICATE", 1, None),
        ("id,p,x,x\n01,1,1,1\n", "E_COLUMN_DUPLICATE", 1, None),
        ("id,p\n01,1\n02\n", "E_ROW_FIELDS", 3, None),
        ('id,p\n01,1\n"02,1\n', "E_CSV_QUOTE", 3, None),
        ('id,p\n01,"1"x\n02,1\n', "E_CSV_QUOTE", 2, None),
        ("id,p\n,1\n02,1\n", "E_ID_EMPTY", 2, None),
        ("id,p\n01,1\n01,1\n", "E_ID_DUPLICATE", 3, None),
        ("id,p\n01,1\n2,1\n", "E_ID_UNKNOWN", 3, "H_LEADING_ZEROS"),
        ("id,p\n01,1\n2.0,1\n", "E_ID_UNKNOWN", 3, "H_ID_FLOAT"),
        ("id,p\n01,1\n2E+00,1\n", "E_ID_UNKNOWN", 3, "H_ID_SCIENTIFIC"),
        ("id,p\n01,1\n", "E_ID_MISSING", None, None),
        ("id,p\n01,\n02,1\n", "E_VALUE_MISSING", 2, None),
        ("id,p\n01,1_0\n02,1\n", "E_VALUE_TYPE", 2, None),
        ("id,p\n01,1e999\n02,1\n", "E_VALUE_NOT_FINITE", 2, None),
        ("id;p\n01;1,5\n02;2.5\n", "E_DECIMAL_MIXED", 3, None),
        ("id,p\n01,1\r02,1\r", "E_LINE_ENDINGS", 2, None),
        ("id,p\n01,1\x7f\n02,1\n", "E_VALUE_TYPE", 2, "H_INVISIBLE_CHAR"),
        ("id,p\n01,oui\n02\n", "E_VALUE_TYPE", 2, None),
        ("id,p\n01,1\n02,1\n03,1\n04,1\n05,1\n", "E_TOO_MANY_ROWS", 6, None),
    ],
)
def test_refused_forms(content: str, code: str, line: int | None, hint: str | None) -> None:
    assert first(content, spec(), TWO) == (code, line, hint)


def test_a_quoted_line_end_moves_the_physical_lines() -> None:
    content = 'note,id,p\n"a\nb",01,1\nx,02,oui\n'
    assert first(content, spec(), TWO) == ("E_VALUE_TYPE", 4, None)


def test_range_of_numbers() -> None:
    wanted = spec(min=0, max=1)
    assert first("id,p\n01,1.01\n02,0\n", wanted, TWO) == ("E_VALUE_RANGE", 2, None)
    answer, _ = accepted("id,p\n01,-0.0\n02,1\n", wanted, TWO)
    assert np.signbit(answer.p).tolist() == [False, False]


@pytest.mark.parametrize("cell", ["1e200", "-1e308", "1.1e15", "9" * 40])
def test_a_number_beyond_any_measure_is_refused(cell: str) -> None:
    for wanted in (spec(), spec(min=-1e300, max=1e300)):
        content = f"id,p\n01,0\n02,{cell}\n"
        assert first(content, wanted, TWO) == ("E_VALUE_RANGE", 3, None)
    table = parquet(id=["01", "02"], p=[0.0, float(cell)])
    assert first(table, spec(), TWO, name="a.parquet")[:2] == ("E_VALUE_RANGE", 2)


def test_the_largest_number_is_read() -> None:
    answer, _ = accepted("id,p\n01,-1e15\n02,1000000000000000\n", spec(), TWO)
    assert answer.p.tolist() == [-1e15, 1e15]
    found, _ = verdict("id,p\n01,0\n02,1e16\n", spec(), TWO)
    assert "[-1e15 ; 1e15]" in found.faults[0].message


def test_integers() -> None:
    answer, _ = accepted("id,p\n01,5\n02,4.0\n", INTEGER, TWO)
    assert answer.p.tolist() == [5.0, 4.0]
    assert first("id,p\n01,4.5\n02,1\n", INTEGER, TWO)[:2] == ("E_VALUE_TYPE", 2)
    assert first("id,p\n01,1e0\n02,1\n", INTEGER, TWO)[:2] == ("E_VALUE_TYPE", 2)
    assert first("id,p\n01,6\n02,1\n", INTEGER, TWO)[:2] == ("E_VALUE_RANGE", 2)


def test_labels_are_compared_byte_for_byte() -> None:
    answer, _ = accepted("id,p\n01,B2\n02,A1\n", LABEL, TWO)
    assert (answer.p.tolist(), answer.texts) == ([1, 0], ["A1", "B2"])
    assert first("id,p\n01,b2\n02,A1\n", LABEL, TWO) == ("E_LABEL_UNKNOWN", 2, "H_LABEL_CASE")
    assert first("id,p\n01,B2 \n02,A1\n", LABEL, TWO) == ("E_LABEL_UNKNOWN", 2, "H_WHITESPACE")


def test_free_labels_do_not_depend_on_the_order_of_rows() -> None:
    one, _ = verdict("id,p\n01,x\n02,y\n", spec(type="string"), TWO)
    two, _ = verdict("id,p\n02,y\n01,x\n", spec(type="string"), TWO)
    assert one.digest == two.digest


def test_pattern_and_number_of_groups() -> None:
    wanted = spec(type="string", pattern="[A-Z][0-9]")
    assert accepted("id,p\n01,A1\n02,B2\n", wanted, TWO)[0].texts == ["A1", "B2"]
    assert first("id,p\n01,A1\n02,A10\n", wanted, TWO)[:2] == ("E_VALUE_TYPE", 3)
    few = spec(type="string", max_distinct=1)
    assert first("id,p\n01,A1\n02,B2\n", few, TWO)[0] == "E_GROUPS_TOO_MANY"


def test_lists_of_labels() -> None:
    wanted = spec(type="label_set", domain=["a", "b", "c"], max_labels=2)
    answer, _ = accepted("id,p\n01,c a\n02,\n", wanted, TWO)
    assert (answer.p.tolist(), answer.offsets.tolist()) == ([0, 2], [0, 2, 2])
    assert first("id,p\n01,a b c\n02,a\n", wanted, TWO)[:2] == ("E_LIST_TOO_LONG", 2)
    assert first("id,p\n01,a z\n02,a\n", wanted, TWO)[:2] == ("E_LABEL_UNKNOWN", 2)


def test_ranked_lists() -> None:
    answer, _ = accepted("q,r,i\n02,1,d\n01,2,a\n01,1,b\n", ranked(), TWO)
    assert answer.p.tolist() == [1, 0, 3]
    assert answer.ranks.tolist() == [1, 2, 1]
    assert answer.offsets.tolist() == [0, 2, 3]


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        ("01,0,a\n02,1,a", "E_RANK_RANGE", 2),
        ("01,4,a\n02,1,a", "E_RANK_RANGE", 2),
        ("01,un,a\n02,1,a", "E_VALUE_TYPE", 2),
        ("01,1,a\n01,1,b\n02,1,a", "E_RANK_DUPLICATE", 3),
        ("01,1,a\n01,2,a\n02,1,a", "E_ITEM_DUPLICATE", 3),
        ("01,1,z\n02,1,a", "E_LABEL_UNKNOWN", 2),
        ("03,1,a\n02,1,a", "E_ID_UNKNOWN", 2),
        ("01,1,a", "E_QUERY_MISSING", None),
    ],
)
def test_refused_lists(rows: str, code: str, line: int | None) -> None:
    assert first(f"q,r,i\n{rows}\n", ranked(), TWO)[:2] == (code, line)


def test_a_query_may_be_left_out_when_it_is_declared() -> None:
    answer, _ = accepted("q,r,i\n02,1,a\n", ranked(all_queries_required=False), TWO)
    assert answer.offsets.tolist() == [0, 0, 1]


def test_copies_in_any_form_share_their_digest() -> None:
    files = {
        "a.csv": b"id,p\n01,0.5\n02,1\n",
        "b.csv": b"p;id\n1;02\n0,5;01\n",
        "c.parquet": parquet(id=["02", "01"], p=[1.0, 0.5]),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("dossier/p.csv", files["a.csv"])
    files["d.ZIP"] = archive.getvalue()
    digests = {verdict(data, spec(), TWO, name=name)[0].digest for name, data in files.items()}
    assert len(digests) == 1
    assert digests != {""}


def test_parquet_rows() -> None:
    answer, _ = accepted(parquet(id=["02", "01"], p=[3, 4]), INTEGER, TWO, name="p.parquet")
    assert answer.p.tolist() == [4.0, 3.0]
    bad = parquet(id=["02", "01"], p=[3.5, 4.0])
    assert first(bad, INTEGER, TWO, name="p.parquet")[:2] == ("E_VALUE_TYPE", 1)
    bad = parquet(id=["02", "01"], p=[[1.0], [2.0]])
    assert first(bad, spec(), TWO, name="p.parquet")[0] == "E_PARQUET_NESTED"
    bad = parquet(id=["02", "01"], p=[1.0, None])
    assert first(bad, spec(), TWO, name="p.parquet")[:2] == ("E_VALUE_MISSING", 2)
    bad = parquet(id=["02", "0" * 300], p=[1.0, 2.0])
    assert first(bad, spec(), TWO, name="p.parquet")[:2] == ("E_CELL_TOO_LONG", 2)


def test_formats_a_challenge_does_not_take() -> None:
    wanted = spec()
    only = type(wanted)(wanted.layout, wanted.columns, formats=("csv",))
    assert first(parquet(id=["01"], p=[1.0]), only, TWO, name="p.parquet")[0] == "E_FORMAT"


def test_size_is_looked_at_first() -> None:
    limits = Limits(max_bytes=10)
    assert first("id,p\n01,0.5\n", spec(), TWO, limits=limits)[0] == "E_TOO_LARGE"


def test_all_faults_are_listed_ten_per_code_and_counted() -> None:
    ids = [f"{i:02d}" for i in range(30)]
    content = "id,p\n" + "".join(f"{i},oui\n" for i in ids[:29]) + "29,7\n"
    found, _ = verdict(content, spec(min=0, max=1), keys(*ids))
    assert [f.code for f in found.faults].count("E_VALUE_TYPE") == 10
    assert found.faults[0].message.startswith("29 prédictions ne sont pas des nombres.")
    assert found.faults[1].code == "E_VALUE_RANGE"
    assert found.faults[2].message == "Ligne 3 : « oui »."


def test_text_of_the_team_is_never_read_as_a_template() -> None:
    found, _ = verdict("id,p\n{attendu}<b>,1\n02,1\n", spec(), TWO)
    assert "« {attendu}‹b› »" in found.faults[0].message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,p\n01,oui\n", [("E_VALUE_TYPE", 2), ("E_ID_MISSING", None)]),
        ("id,p\n1,1\n01,\n", [("E_ID_UNKNOWN", 2), ("E_VALUE_MISSING", 3), ("E_ID_MISSING", None)]),
        ("id,p\n01,1,1\n", [("E_ROW_FIELDS", 2), ("E_ID_MISSING", None)]),
        ('id,p\n01,1\n"02,1\n', [("E_CSV_QUOTE", 3)]),
        ("id,p\n01,oui\n02,\n", [("E_VALUE_TYPE", 2), ("E_VALUE_MISSING", 3)]),
        (
            "id,p\n01,x\n02,1\n03,1\n04,1\n05,1\n",
            [("E_TOO_MANY_ROWS", 6), ("E_VALUE_TYPE", 2), ("E_ID_UNKNOWN", 4), ("E_ID_UNKNOWN", 5)],
        ),
    ],
)
def test_every_kind_of_fault_is_told_at_once(
    content: str, told: list[tuple[str, int | None]]
) -> None:
    found, _ = verdict(content, spec(), TWO)
    assert [(fault.code, fault.line) for fault in found.faults] == told


def test_missing_identifiers_are_counted_among_many_faults() -> None:
    known = keys(*(f"{n:03d}" for n in range(100)))
    rows = "".join(f"{n:03d},oui\n" for n in range(60))
    faults = verdict("id,p\n" + rows, spec(), known)[0].faults
    assert [fault.code for fault in faults] == ["E_VALUE_TYPE", "E_ID_MISSING"] + [
        "E_VALUE_TYPE"
    ] * 9
    assert faults[0].message.startswith("60 prédictions")
    assert faults[1].message.startswith("Il manque 40 identifiants sur 100.")


def test_identifiers_of_malformed_rows_are_not_called_missing() -> None:
    fault = verdict("id,p\n01,1,1\n02,1\n", spec(), TWO)[0].faults[1]
    assert fault.message == (
        "1 identifiant n’a été trouvé sur aucune ligne lisible (2 attendus). Corrigez d’abord les "
        "lignes mal formées, puis vérifiez que chaque identifiant a une prédiction."
    )
