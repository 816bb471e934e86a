"""What keeps a table from being opened, table by table; what is told of it."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from datasets.standards import disclosure
from datasets.standards.profile import TableFault
from datasets.standards.tables import Declared
from tests.datasets.openings.tables import (
    ACCEPTED,
    AGES,
    COUNTED,
    COUNTS,
    DECLARED,
    FOUR_MASKED,
    ONE_MASKED,
    REFUSED,
    TWICE,
    ZONES,
    counts,
    people,
    with_column,
    written,
)


def content(path: Path) -> io.BytesIO:
    return io.BytesIO(path.read_bytes())


def report(rows: list[Any], declared: Declared = DECLARED, **how: Any) -> dict[str, Any]:
    return disclosure.examine(io.BytesIO(written(rows)), declared, **how)


def check(made: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in made["checks"] if each["code"] == code)
    return found


CASES = REFUSED | ACCEPTED | TWICE | COUNTS


@pytest.mark.parametrize("case", CASES)
def test_each_table_has_its_exact_verdict(case: str) -> None:
    rows, declared, expected = CASES[case]
    made = report(rows, declared)
    assert disclosure.verdict(made["checks"]) == expected
    drawn = made["sample"].splitlines()[1:]
    assert not (expected and drawn)  # who examines what is refused reads nothing of it


def test_small_groups_are_counted_by_size() -> None:
    rows, declared, _verdict = REFUSED["few"]
    figures = check(report(rows, declared), "groups")["figures"]
    assert (figures["least"], figures["groups"], figures["rows"]) == (7, 48, 47 * 24 + 7)
    assert (figures["small_groups"], figures["small_rows"]) == (1, 7)
    assert figures["sizes"] == [
        ["7", 1, True],
        ["11-20", 0, False],
        ["21-50", 47, False],
        ["51-100", 0, False],
        ["101+", 0, False],
    ]


def test_a_table_of_persons_declares_what_tells_them_apart() -> None:
    made = check(report(people(), Declared(personal=True)), "groups")
    assert (made["outcome"], made["columns"]) == ("fail", ["age"])
    partly = Declared(("zone", "trimestre"), personal=True)
    assert check(report(people(), partly), "groups")["outcome"] == "warn"


def test_totals_give_back_one_masked_cell_and_not_four() -> None:
    (one,) = check(report(counts(ONE_MASKED), COUNTED), "cells")["figures"]["crossings"]
    assert one == {
        "columns": ["zone", "age"], "cells": 24, "small": 0, "masked": 1, "recomputed": 1
    }  # fmt: skip
    made = check(report(counts(FOUR_MASKED), COUNTED), "cells")
    (four,) = made["figures"]["crossings"]
    assert (four["masked"], four["recomputed"], made["outcome"]) == (4, 0, "warn")
    # Three in a corner fall one after the other.
    three = {key: value for key, value in FOUR_MASKED.items() if key != ("Nice", "26-49")}
    (chain,) = check(report(counts(three), COUNTED), "cells")["figures"]["crossings"]
    assert (chain["masked"], chain["recomputed"]) == (3, 3)


@pytest.mark.parametrize("text", ["7*", "7 pers.", "1-5", "< 5", "1 234", "-7"])
def test_what_neither_counts_nor_hides_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(TableFault) as met:
        report(counts({("Arles", "26-49"): text}), COUNTED)
    told = {"column": "effectif", "type": "count", "value": text}
    assert (met.value.code, met.value.line, met.value.facts) == ("not_counted", 3, told)


@pytest.mark.parametrize("text", ["", "c", "s", "*", "<11", "≤ 10", "1-10", "[0 à 10]"])
def test_what_hides_a_count_is_masked(text: str) -> None:
    made = report(counts(dict.fromkeys(FOUR_MASKED, text)), COUNTED)
    assert check(made, "cells")["figures"]["masked"] == 4


def test_a_small_total_is_a_small_cell() -> None:
    masked = {("Total", "16-25"): "9"}
    made = check(report(counts(masked), COUNTED), "cells")
    assert (made["outcome"], made["figures"]["crossings"][0]["small"]) == ("fail", 1)


def test_a_crossing_of_rows_is_counted_as_a_reader_would() -> None:
    declared = Declared(DECLARED.quasi_identifiers, [["zone", "age", "sortie"]], personal=True)
    (told,) = check(report(people(12), declared), "cells")["figures"]["crossings"]
    assert (told["cells"], told["small"]) == (30, 0)
    alone = with_column("lot", lambda n: "A" if n else "B")
    declared = Declared(DECLARED.quasi_identifiers, [["lot"]], personal=True)
    assert check(report(alone, declared), "cells")["figures"]["crossings"][0]["small"] == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [True, False])
def test_what_is_written_otherwise_is_read_and_told(delimiter: str, bom: bool) -> None:
    rows, declared, _verdict = ACCEPTED["measures"]
    made = disclosure.examine(io.BytesIO(written(rows, delimiter, bom)), declared)
    missing = sum(row["salaire"] == "N/A" for row in rows)
    assert made["read"] == {
        "missing": missing,
        "decimal_commas": len(rows) - missing,
        "bom": bom,
        "delimiter": delimiter,
    }
    assert disclosure.verdict(made["checks"]) == []


@pytest.mark.parametrize(
    ("types", "fault"),
    [
        (
            {"zone": "string", "region": "string"},
            (
                "unknown_column",
                1,
                {"column": "region", "found": ["zone", "trimestre", "age", "sortie"]},
            ),
        ),
        (
            {"age": "integer"},
            ("not_typed", 2, {"column": "age", "type": "integer", "value": "26-49"}),
        ),
    ],
)
def test_a_table_that_is_not_what_its_dictionary_says(types: Any, fault: Any) -> None:
    with pytest.raises(TableFault) as met:
        report(people(), Declared(types=types))
    assert (met.value.code, met.value.line, met.value.facts) == fault


def test_the_sample_is_seeded_drawn_from_margins_and_holds_no_real_row() -> None:
    rows = with_column("salaire", lambda n: 1000 + 7 * (n // 4), people())
    rows = with_column("statut", lambda n: "Rare" if n < 10 else "Courant", rows)
    made = report(rows)
    assert made["sample"] == report(rows)["sample"]
    lines = made["sample"].splitlines()
    assert lines[0] == "zone,trimestre,age,sortie,salaire,statut"
    drawn = [line.split(",") for line in lines[1:]]
    assert len(drawn) == check(made, "sample")["figures"]["rows"] == disclosure.SAMPLE_ROWS
    assert {row[5] for row in drawn} == {"Courant"}
    assert {row[0] for row in drawn} == {row["zone"] for row in people()}
    # The extremes are nobody's to see.
    salaries = [int(row[4]) for row in drawn]
    assert min(salaries) > 1000
    assert max(salaries) < max(row["salaire"] for row in rows)
    real = {",".join(map(str, row.values())) for row in rows}
    assert not real & set(lines)
    share = Counter(row[3] for row in drawn)["emploi"] / len(drawn)
    assert 0.4 < share < 0.6
    # A row of a table of counts is many persons, or none that it tells.
    hidden = dict.fromkeys((("Gap", "16-25"), ("Gap", "26-49"), ("Gap", "50 et plus")), "s")
    lines = report(counts(hidden, totals=False), COUNTED)["sample"].splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {*ZONES} - {"Gap"}
    assert {line.split(",")[1] for line in lines[1:]} == {*AGES}
    # A total is nobody new.
    assert "Total" not in report(counts(), COUNTED)["sample"]
    assert len(report(counts(), COUNTED)["sample"].splitlines()) > 300


def test_a_real_row_is_known_however_its_numbers_are_written() -> None:
    rows = [{"part": f"{n % 2},50", "zone": ("Gap", "Nice")[n % 2]} for n in range(40)]
    made = report(rows, Declared())
    assert check(made, "sample")["figures"]["equal"] == 0
    drawn = made["sample"].splitlines()[1:]
    assert set(drawn) == {'"0,50",Nice', '"1,50",Gap'}


def test_what_a_former_release_gives_by_subtraction_is_told() -> None:
    grown = [*people(), dict(zip(people()[0], ("Gap", "2024-T1", "16-25", "emploi"), strict=True))]
    made = report(grown, old=io.BytesIO(written(people())))
    told = check(made, "former")
    assert (told["outcome"], told["figures"]) == (
        "warn",
        {"groups": 1, "rows": 1, "compared": True},
    )
    same = check(report(people(), old=io.BytesIO(written(people()))), "former")
    assert same["outcome"] == "pass"
    other = report(counts(), COUNTED, old=io.BytesIO(written(people())))
    assert check(other, "former")["figures"]["compared"] is False
    assert check(other, "former")["outcome"] == "warn"


def test_what_another_open_table_isolates_is_told() -> None:
    rows = [*people(), {"zone": "Gap", "trimestre": "2030-T1", "age": "16-25", "sortie": "emploi"}]
    other = [{"trimestre": f"20{year}-T1", "prime": year} for year in (28, 29, 30)]
    told = check(report(rows, others=[("Primes", io.BytesIO(written(other)))]), "linkage")
    assert (told["outcome"], told["columns"]) == ("warn", ["trimestre"])
    assert told["figures"] == {"title": "Primes", "rows": 1, "share": 1 / len(rows)}


def test_an_identifier_whose_key_does_not_hold_is_a_code() -> None:
    rows = with_column("dossier", lambda n: f"18501130550{n % 3}000")
    assert disclosure.verdict(report(rows)["checks"]) == []


WRITTEN: list[tuple[str, tuple[Any, ...], str]] = [
    ("nom_salarie", ("Durand", "Petit", "Blanc"), "identifiers"),
    ("Nom de l’agent", ("Durand", "Petit", "Blanc"), "identifiers"),
    ("prenom_usager", ("Zoé", "Léo"), "identifiers"),
    ("suivi_par", ("Marie", "Paul", "Zoé"), "identifiers"),
    ("id_beneficiaire", (1, 2), "identifiers"),
    ("tel_portable", (612345678, 712345678), "identifiers"),
    ("entree", (20240115, 20240116, "inconnu"), "dates"),
    ("entree", (202401, 202402, "inconnu"), "dates"),
    ("entree", ("2024-W05", "2024-W06"), "dates"),
    ("entree", ("2024-S05", "inconnu"), "dates"),
    ("entree", ("janv. 2024", "févr. 2024"), "dates"),
    ("mois_debut", ("janvier", "mars"), "dates"),
    ("mois_debut", (1, 2), "dates"),
    ("lieu", (13001, 83000, "inconnu"), "geography"),
    ("lieu", ("04000", "13001", "inconnu"), "geography"),
    ("lieu", (130550101, 840070102), "geography"),
    ("nom_zone", ("Durance", "Étang"), ""),
    ("nom_formation", ("Soudure", "Cuisine", "Vente"), ""),
    ("equipement_mobile", ("oui", "non"), ""),
    ("duree_mois", (6, 12), ""),
    ("nb_jours", (3, 7), ""),
    ("semestre", ("2024-S1", "2024-S2"), ""),
    ("siren", (130005481, 552081317), ""),
    ("salaire_annuel", (13500, 24000, 31000, "c"), ""),
    ("budget", (20240115, 51000000, 43000000, 72000000, 12000000, 33000000), ""),
]


@pytest.mark.parametrize(("header", "values", "code"), WRITTEN)
def test_a_column_is_read_by_its_words_and_by_most_of_its_values(
    header: str, values: tuple[Any, ...], code: str
) -> None:
    rows = with_column(header, lambda n: values[n % len(values)], people(72))
    assert disclosure.verdict(report(rows)["checks"]) == ([code] if code else [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"zone,age\n", "no_rows"),
        (b"zone,age\nGap\n", "width"),
        (b"zone,zone\nGap,1\n", "header"),
        (b"zone\n\xff\xfe\n", "encoding"),
        (b'zone\n"Gap\n', "csv"),
        (b"zone\n" + b"a" * 200_000 + b"\n", "csv"),
    ],
)
def test_an_unreadable_file_says_why(content: bytes, code: str) -> None:
    with pytest.raises(TableFault) as met:
        disclosure.examine_apart(io.BytesIO(content), Declared(), seconds=20)
    assert met.value.code == code


def test_a_child_makes_the_same_report_and_is_stopped_in_time(tmp_path: Path) -> None:
    rows, declared, _verdict = REFUSED["few"]
    old = tmp_path / "old.csv"
    old.write_bytes(written(people()))
    apart = disclosure.examine_apart(
        io.BytesIO(written(rows)), declared, seconds=20, old=old, others=[("Même", old)]
    )
    here = report(rows, declared, old=content(old), others=[("Même", content(old))])
    assert apart == here
    with pytest.raises(TableFault, match="heavy"):
        disclosure.examine_apart(io.BytesIO(written(rows)), declared, seconds=0)
