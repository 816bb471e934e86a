"""Tables: what their profile says, and the faults named by line."""

import io
from unittest.mock import Mock

import pytest

from datasets.standards import dictionary, profile, table_schema
from datasets.standards.profile import TableFault

TABLE = (
    "﻿jeton;trimestre;code;effectif;part;actif;jour\r\n"
    "a;2024-T1;04;12;0,5;oui;2024-01-31\r\n"
    'b;"2024\n-T2";13;;1.5;non;\r\n'
    "\r\n"
    "c;  ;2A;7;-2;oui;2024-02-29\r\n"
)


def read(text: str | bytes) -> profile.TableProfile:
    return profile.profile(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def test_a_table_is_profiled() -> None:
    found = read(TABLE)

    assert found.rows == 3
    assert [
        (one["name"], one["type"], one["filled"], one["distinct"]) for one in found.schema()
    ] == [
        ("jeton", "string", 100, 3),
        ("trimestre", "string", 66, 2),
        ("code", "string", 100, 3),
        ("effectif", "integer", 66, 2),
        ("part", "number", 100, 3),
        ("actif", "boolean", 100, 2),
        ("jour", "date", 66, 2),
    ]
    assert found.preview()["rows"][0] == ["a", "2024-T1", "04", "12", "0,5", "oui", "2024-01-31"]  # type: ignore[index] # a list


def test_bounds_of_numbers_alone_are_known() -> None:
    table = read("n,code,oui\n1,01,oui\n-2.5,02,1\n")
    assert [each.bounds for each in table.columns] == [
        {"low": -2.5, "mean": -0.75, "high": 1},
        {},
        {},
    ]
    assert [each.type for each in table.columns] == ["number", "string", "string"]
    assert not {"low", "mean", "high"} & {*table.schema()[0]}


def test_filled_and_distinct_values_are_counted_and_the_preview_is_cut() -> None:
    assert [(one["type"], one["filled"]) for one in read("a,b\n1,\n").schema()] == [
        ("integer", 100),
        ("string", 0),
    ]
    assert read("a,b\n").rows == 0
    assert read("a,b\n").schema()[0]["filled"] == 0
    lines = "\n".join(f"{number},{'x' * 200}" for number in range(1_001))
    found = read(f"n,t\n{lines}\n")

    assert [one["distinct"] for one in found.schema()] == [None, 1]
    assert len(found.first) == 5
    assert found.preview()["rows"][4] == ["4", "x" * 80]  # type: ignore[index] # a list


NO_TABLE = {
    "nothing": (b"", "empty", 1),
    "blank": (b"\n", "empty", 1),
    "name twice": (b"a,a\n1,2\n", "header", 1),
    "no name": (b"a,\n1,2\n", "header", 1),
    "wide row": (b"a,b\n1,2\n1,2,3\n", "width", 3),
    "narrow row": (b"a,b\n1\n", "width", 2),
    "not UTF-8": (b"a,b\n1,\xff\n", "encoding", 1),
    "control": (b"a,b\n1,\0\n", "csv", 2),
    "control in header": (b"\0\n", "csv", 1),
    "quote left open": (b'a,b\n1,"2\n', "csv", 1),
    "many columns": (",".join(f"c{n}" for n in range(501)).encode(), "columns", 1),
}


@pytest.mark.parametrize(("content", "code", "line"), NO_TABLE.values(), ids=NO_TABLE)
def test_what_is_not_a_table_is_named_by_line(content: bytes, code: str, line: int) -> None:
    with pytest.raises(TableFault) as fault:
        read(content)

    assert (fault.value.code, fault.value.line) == (code, line)


def test_a_dictionary_completes_the_profile() -> None:
    known = dictionary.read(
        "Colonne;Description;Protection;Type\n"
        "jeton;Jeton propre au projet;Pseudonyme;\n"
        "code;Département;généralisée;Insee\n"
        ";rien;;\n".encode()
    )
    schema = dictionary.apply(read(TABLE).schema(), known)

    assert schema[0]["description"] == "Jeton propre au projet"
    assert [(one["type"], one["protection"]) for one in schema[:3]] == [
        ("string", "pseudonym"),
        ("string", "free"),
        ("Insee", "generalised"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "header"),
        (b"type,description\n", "header"),
        (b"colonne,nom\n", "header"),
        (b"colonne,protection\na,secrete\n", "protection"),
        (b"colonne\n\xff\n", "encoding"),
        (b'colonne\n"a\n', "csv"),
    ],
    ids=["empty", "no name", "name twice", "unknown word", "not UTF-8", "quote left open"],
)
def test_a_wrong_dictionary_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(TableFault) as fault:
        dictionary.read(content)

    assert fault.value.code == code


def test_the_dictionary_is_written_with_words() -> None:
    schema = [{"name": "a", "type": "string", "filled": 50, "protection": "pseudonym"}]

    assert dictionary.write(schema, {"pseudonym": "Pseudonyme"}) == (
        "colonne,type,description,protection,renseigné (%)\r\na,string,,Pseudonyme,50\r\n"
    )


def test_a_table_schema_is_written() -> None:
    schema = [
        {"name": "a", "type": "integer", "filled": 100, "description": "Un"},
        {"name": "b", "type": "ROME 4.0", "filled": 99, "description": ""},
    ]

    assert table_schema.document(schema, title="Jeu", homepage="https://exemple.test/") == {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "title": "Jeu",
        "homepage": "https://exemple.test/",
        "missingValues": [""],
        "fields": [
            {
                "name": "a",
                "type": "integer",
                "description": "Un",
                "constraints": {"required": True},
            },
            {"name": "b", "type": "string", "rdfType": "ROME 4.0"},
        ],
    }


def test_a_child_says_what_the_profile_says() -> None:
    stream = io.BytesIO(TABLE.encode())
    stream.read(7)  # wherever it stands, it is read from its start
    found, wanted = profile.profile_apart(stream, seconds=30), read(TABLE)
    assert (found.rows, found.schema, found.preview) == (
        wanted.rows,
        wanted.schema(),
        wanted.preview(),
    )


def test_a_child_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(TableFault) as fault:
        profile.profile_apart(io.BytesIO(TABLE.encode()), seconds=0)
    assert (fault.value.code, fault.value.line, fault.value.facts) == ("heavy", 0, {"seconds": 0})


SURE = TABLE + '"d";"x;""y""";"4";"1,5";"";"";""\r\n'
ODD = [
    'a,b\n1,le "mot"\n',
    'a,b\r"x,"",y",2\r3,4\r',
    "a,b\n+5,٣\n1e400,07\n",
    f"a\n{'x' * 100_001}\n",
]


@pytest.mark.parametrize("text", [SURE, *ODD, 'a,b\n"x"y,2\n', 'a,b\n"x,"y",2\n', '"a"\n""\n"'])
def test_arrow_and_the_csv_module_read_alike(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> object:
        try:
            found = read(text)
        except TableFault as fault:
            return fault.code, fault.line
        return found, [each.bounds for each in found.columns]

    monkeypatch.setattr(profile, "BLOCK_BYTES", 16)  # quotes fall between two pieces
    both = told()
    monkeypatch.setattr(profile, "_plain_batches", Mock(side_effect=TableFault("csv", 0)))
    assert both == told()


def test_a_plain_table_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "columns_by_row", Mock(side_effect=AssertionError))
    assert read(SURE).rows == 4
