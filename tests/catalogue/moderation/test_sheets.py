"""Cards as rows of a table: what is written is read back, what is wrong is named where it is."""

import csv
import io
from typing import Any

import pytest

from catalogue.contributions.queries import tables as table_rows
from catalogue.enums import ResourceKind
from catalogue.standards.readers.record import Reading
from catalogue.standards.readers.serve import read_here
from catalogue.validators.fields import Field, FieldType
from tests.properties import given
from tests.properties import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
HEAD = "id;kind;title;tags;scope"


def reading(text: str | bytes) -> Reading:
    return read_here("cards_csv", text if isinstance(text, bytes) else text.encode())


def codes(text: str | bytes) -> list[tuple[str, int | None]]:
    found = reading(text)
    rows = [fault for record in found.records for fault in record.faults]
    return [(each.code, each.line) for each in (*found.faults, *rows)]


def table(cells: dict[str, str], delimiter: str = ";") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([list(cells), list(cells.values())])
    return "\ufeff" + out.getvalue()


def value_of(own: Field) -> st.SearchStrategy[Any]:
    match own.type:
        case FieldType.INTEGER:
            return st.none() | st.integers(0, 10**9)
        case FieldType.NUMBER:
            return st.none() | st.integers(0, 10**9) | st.floats(0.001, 10**9)
        case FieldType.LIST:
            return st.lists(TEXT, max_size=3)
        case FieldType.ROWS:
            row = st.fixed_dictionaries({each.name: value_of(each) for each in own.columns})
            return st.lists(row, max_size=3)
        case _:
            return TEXT


@st.composite
def cards(draw: Any) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(list(ResourceKind)))
    fields = table_rows.fields_of(kind)
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=5, unique=True))
    return kind, {name: draw(value_of(fields[name])) for name in chosen}


@given(cards(), st.sampled_from(";,\t"))
def test_a_card_that_is_written_reads_as_unchanged_whatever_it_holds(
    card: tuple[str, dict[str, Any]], delimiter: str
) -> None:
    kind, values = card
    cells = {"kind": str(kind)} | table_rows.written(kind, values)
    header, *rows = reading(table(cells, delimiter)).records
    told = {name: value.value for name, value in rows[0].fields.items()}
    assert list(header.fields) == list(cells)
    assert table_rows.unknown(header.fields) == []
    assert table_rows.read_row(kind, told, header.fields, current=values) == ({}, [])


ITEM = TEXT.map(lambda text: " ".join(text.split())).filter(bool)


@given(st.lists(ITEM, max_size=4, unique=True))
def test_items_are_read_as_they_were_written(items: list[str]) -> None:
    cell = table_rows.written("need", {"open_questions": items}).get("open_questions", "")
    values, faults = table_rows.read_row("need", {"open_questions": cell}, ["open_questions"])
    assert (values.get("open_questions", []), faults) == (items, [])


def test_a_table_leaves_the_limits_of_the_process_as_they_were() -> None:
    before = csv.field_size_limit()
    reading(f"{HEAD}\n;dataset;Titre;;\n")
    reading(f'{HEAD}\n;dataset;"Titre;;\n')
    assert csv.field_size_limit() == before


def test_words_dates_and_numbers_of_a_spreadsheet_are_understood() -> None:
    cells = {
        "title": "'=Offres",
        "scope": "Régionale",
        "tags": "Emploi, offres;  métiers | Var",
        "languages": "Français | en",
        "licences": "mit",
        "distributions.1.title": "CSV",
        "distributions.1.bytes": "1 200",
        "last_update": "24/11/2026",
        "update_frequency": "mensuelle",
    }
    values, faults = table_rows.read_row("dataset", cells, cells)
    assert faults == []
    row = values.pop("distributions")[0]
    assert (row["title"], row["bytes"], row["sha256"]) == ("CSV", 1200, "")
    assert values == {
        "title": "=Offres",
        "scope": "regional",
        "tags": ["emploi", "offres", "métiers", "var"],
        "languages": ["fr", "en"],
        "licences": ["MIT"],
        "licence_status": "declared",
        "last_update": "2026-11-24",
        "update_frequency": "monthly",
    }


def test_each_wrong_cell_is_named_with_its_value() -> None:
    cells = {
        "homepage_url": "exemple.fr",
        "scope": "mondiale",
        "licences": "Licence Ouverte",
        "languages": "fr | klingon!",
        "distributions.2.bytes": "beaucoup",
        "situation": "Du besoin",
    }
    values, faults = table_rows.read_row("dataset", cells, cells)
    assert values == {}
    assert [(each.column, each.value) for each in faults] == [
        (name, cells[name]) for name in (
            "homepage_url", "scope", "languages", "licences", "distributions.2.bytes", "situation"
        )
    ]  # fmt: skip


def test_a_column_that_is_absent_leaves_the_card_and_an_empty_cell_empties_it() -> None:
    files = [{"title": "Un", "url": "https://a.example/1"}, {"title": "Deux", "url": ""}]
    now = {"title": "Un modèle", "acronym": "UM", "scope": "national", "files": files}
    cells = {"title": "Un modèle", "files.1.title": "Premier"}
    values, faults = table_rows.read_row("model", cells, [*cells, "acronym", "scope"], current=now)
    assert faults == []
    assert values.pop("acronym") == ""
    assert [row["title"] for row in values["files"]] == ["Premier", "Deux"]
    assert values.pop("files")[0]["url"] == "https://a.example/1"
    assert values == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", [("no_columns", None)]),
        (b"\xff\xfe\x00", [("not_utf8", 1)]),
        ("title;été".encode("cp1252"), [("not_utf8", 1)]),
        ("title;title\nA;B", [("column_twice", 1)]),
        ('title;scope\n"A;B', [("quotes", 2)]),
        ('title;scope\nA;B\n"C"D;E', [("quotes", 3)]),
        ('title;scope\n"A\nB";C\nD', [("cells_misplaced", 4)]),
        ("title;scope\nA;B;C", [("cells_misplaced", 2)]),
        ("title\n" + "A\n" * 1_001, [("too_many_rows", 1_002)]),
        ("title\n" + "A" * 250_001, [("cell_too_large", 2)]),
        ("title;" * 2_000 + "scope", [("too_many_columns", 1)]),
    ],
)
def test_a_table_that_does_not_read_says_where(
    content: str | bytes, said: list[tuple[str, int | None]]
) -> None:
    assert codes(content) == said


@pytest.mark.parametrize("mark", ["", "sep=;\n", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_spreadsheets_write_the_same_table_in_several_ways(mark: str, end: str) -> None:
    text = mark.replace("\n", end) + end.join([f"{HEAD};;", ";need;Un titre;;;;", ";;;;;;", ""])
    header, row = reading(text).records
    first = 3 if mark == "sep=;\n" else 2
    assert list(header.fields) == HEAD.split(";")
    assert (row.remote_id, {n: v.value for n, v in row.fields.items()}) == (
        str(first),
        {"kind": "need", "title": "Un titre"},
    )


def test_columns_of_no_kind_are_told() -> None:
    asked = ["titre", "files", "files.1.url", "files.1.weight", "distributions.1.url", "iri"]
    assert table_rows.unknown(asked) == ["titre", "files", "files.1.weight", "distributions.1.url"]


def test_no_field_bears_the_name_of_a_column_of_ours() -> None:
    ours = {*table_rows.IDENTITY, *table_rows.TOLD_BY_US}
    assert [
        name for kind in ResourceKind for name in table_rows.fields_of(kind) if name in ours
    ] == []
