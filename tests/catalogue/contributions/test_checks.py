"""The automatic checks of a record, licences and prose; cards as rows of a table."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from catalogue.contributions import record_checks
from catalogue.contributions.queries import tables as table_rows
from catalogue.contributions.record_checks import Verdict
from catalogue.resources import addresses, words, writing
from catalogue.resources.enums import ResourceKind
from catalogue.resources.fields import DETAILS, Field, FieldType, clean_value
from catalogue.resources.queries import records as card_records
from catalogue.standards import licences
from catalogue.standards.readers.record import Reading
from catalogue.standards.readers.serve import read_here

MODEL: dict[str, Any] = {
    "kind": "model",
    "deposit": "owned",
    "title": "Prévoir les embauches",
    "summary": "Un résumé.",
    "description": "Une description.",
    "scope": "regional",
    "tags": ["a", "b", "c"],
    "licences": ["MIT"],
    "details": {
        "files": [{"title": "Poids", "url": "https://a.example/w.safetensors"}],
        "version": "1.0",
        "created": "2026",
    },
}


def codes(check: record_checks.Check | None) -> list[str]:
    return [remark.code for remark in check.remarks] if check else []


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_each_kind_names_what_it_needs(kind: ResourceKind) -> None:
    own = DETAILS[kind]
    wanted = ["title", "summary", "description", "scope", *own.needs]
    wanted += [each.name for each in own.fields if each.needed]

    assert record_checks.missing_fields({"kind": str(kind), "deposit": "owned"}) == wanted
    assert record_checks.fields(MODEL).verdict is Verdict.GREEN


def test_a_referenced_card_needs_less() -> None:
    record = {"kind": "model", "deposit": "referenced", "title": "T", "licences": []}

    assert record_checks.missing_fields(record) == [
        "summary",
        "homepage_url",
        "producer_name",
        "scope",
        "licence_status",
    ]
    led = record | {"repository_url": "https://a.example"}
    assert "homepage_url" not in record_checks.missing_fields(led)
    assert record_checks.licence(record, administration=False).verdict is Verdict.GREEN


@pytest.mark.parametrize(
    ("values", "administration", "found", "verdict"),
    [
        ({}, False, [], Verdict.GREEN),
        ({"licences": []}, False, ["licence_missing"], Verdict.BLOCKING),
        ({"licences": ["Licence Ouverte"]}, False, ["licence_number"], Verdict.BLOCKING),
        ({"licences": ["maison"]}, False, ["licence_unknown"], Verdict.BLOCKING),
        ({"licences": ["CC-BY-NC-4.0"]}, False, ["licence_not_open"], Verdict.WARNING),
        ({"licences": ["ISC"]}, True, ["licence_outside_decree"], Verdict.WARNING),
        ({"licences": ["ISC"]}, False, [], Verdict.GREEN),
        ({"kind": "need", "licences": []}, False, [], Verdict.GREEN),
        (
            {"kind": "solution", "licences": [], "licence_status": "to_confirm"},
            False,
            ["licence_to_confirm"],
            Verdict.WARNING,
        ),
        (
            {"kind": "solution", "licences": [], "repository_url": "https://a.example"},
            False,
            ["licence_missing"],
            Verdict.BLOCKING,
        ),
        ({"kind": "technology", "subtype": "standard", "licences": []}, False, [], Verdict.GREEN),
    ],
)
def test_licences(
    values: dict[str, Any], administration: bool, found: list[str], verdict: Verdict
) -> None:
    check = record_checks.licence(MODEL | values, administration=administration)

    assert (codes(check), check.verdict) == (found, verdict)


def test_links_wait_and_malformed_ones_are_named() -> None:
    record = MODEL | {"homepage_url": "https://a.example/", "repository_url": "pas://une adresse"}

    check = record_checks.links(record)

    assert codes(check) == ["link_malformed", "links_waiting"]
    assert check.remarks[1].facts == {"count": 3}
    assert record_checks.links(MODEL).verdict is Verdict.UNKNOWN


def test_personal_data_is_found_in_every_field() -> None:
    record = MODEL | {
        "contact": "lab@a.example",  # asked for to be public
        "details": {"limits": ["Appeler le 04 91 00 00 01"], "example": "jeanne.d@a.example"},
    }

    check = record_checks.personal(record)

    assert [(r.code, r.field, r.verdict) for r in check.remarks] == [
        ("personal_email", "contact", Verdict.GREEN),
        ("personal_phone", "limits", Verdict.WARNING),
        ("personal_email", "example", Verdict.WARNING),
    ]


def test_formats_that_run_code_are_told() -> None:
    rows = [{"url": "https://a.example/w.pkl"}, {"url": "https://a.example/w.onnx"}]

    check = record_checks.files(MODEL | {"details": {"files": rows}})

    assert codes(check) == ["file_executable", "file_inert"]
    assert check.verdict is Verdict.WARNING


@pytest.mark.parametrize(
    ("details", "found", "verdict"),
    [
        ({}, ["card_incomplete"], Verdict.WARNING),
        ({"ai_act_class": "annex_iii_4a"}, ["card_empty_annex_iii"], Verdict.BLOCKING),
        (
            {"emotion_inference": "yes"},
            ["card_forbidden", "card_incomplete"],
            Verdict.BLOCKING,
        ),
        (
            {"exemption": "yes", "profiling": "yes"},
            ["card_forbidden", "card_incomplete"],
            Verdict.BLOCKING,
        ),
    ],
)
def test_the_card(details: dict[str, Any], found: list[str], verdict: Verdict) -> None:
    check = record_checks.card(MODEL | {"details": details})

    assert check is not None
    assert (codes(check), check.verdict) == (found, verdict)
    assert record_checks.card({"kind": "need", "details": {}}) is None


def test_an_answer_given_twice_is_named() -> None:
    details = {"intended_purpose": "Aider une conseillère.", "limits": ["Aider une conseillère."]}
    check = record_checks.card(MODEL | {"details": details})
    assert check is not None
    assert [r.field for r in check.remarks if r.code == "said_twice"] == ["limits"]


def test_every_remark_has_a_sentence() -> None:
    facts = {
        "text": "x",
        "url": "x",
        "line": 3,
        "excerpt": "x",
        "name": "x",
        "message": "x",
        "title": "x",
        "signs": ["casino", "links"],
    }
    for code in record_checks.REMARKS:
        said = record_checks.sentence({"code": code, "field": "inconnu", "facts": facts})
        assert said
        assert "%(" not in said


@pytest.mark.parametrize(
    ("text", "expression", "is_open"),
    [
        ("mit", "MIT", True),
        ("MIT OR apache-2.0", "MIT OR Apache-2.0", True),
        ("odbl-1.0", "ODbL-1.0", True),
        (
            "GPL-3.0-or-later WITH GCC-exception-3.1",
            "GPL-3.0-or-later WITH GCC-exception-3.1",
            True,
        ),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", False),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", False),
        ("BUSL-1.1", "BUSL-1.1", False),
    ],
)
def test_known_licences(text: str, expression: str, is_open: bool) -> None:
    licence = licences.read_expression(text)

    assert licence.expression == expression
    assert licence.is_known
    assert licence.is_open is is_open


@pytest.mark.parametrize(
    "text", ["", "  ", "Licence Ouverte", "notspecified", "other", "(MIT", "MIT and", "x" * 301]
)
def test_unknown_licences_are_neither_known_nor_open(text: str) -> None:
    licence = licences.read_expression(text)

    assert not licence.is_known
    assert not licence.is_open


@pytest.mark.parametrize(
    ("text", "kind", "suits"),
    [
        ("etalab-2.0", "dataset", True),
        ("ODbL-1.0", "dataset", True),
        ("EUPL-1.2", "algorithm", True),
        ("GPL-3.0-or-later", "algorithm", True),
        ("EUPL-1.2", "dataset", False),
        ("etalab-2.0", "algorithm", False),
        ("etalab-2.0", "model", True),
        ("EUPL-1.2", "model", True),
        ("CC-BY-4.0", "model", False),
    ],
)
def test_licences_of_the_decree(text: str, kind: str, suits: bool) -> None:
    assert words.suits_administration(licences.read_expression(text), kind) is suits


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Prévoir les recrutements saisonniers par zone d'emploi avec des données ouvertes", "fr"),
        ("A model that predicts the hires of the season for each job area of the region", "en"),
        (
            "Un modelo que predice las contrataciones de la temporada para cada zona y sector",
            "other",
        ),
        ("Ein Modell, das die Einstellungen der Saison für jede Zone in der Region misst", "other"),
        ("Модель прогнозирует сезонный найм по зонам занятости", "other"),
        ("Trop court", "unknown"),
        ("ROME ESCO NAF APE SIRET", "unknown"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert writing.language_of(text) == language


@pytest.mark.parametrize(
    ("title", "shouting"),
    [
        ("UN TITRE QUI CRIE FORT", True),
        ("Répertoire ROME", False),
        ("CAMEMBERT", False),
    ],
)
def test_titles_in_capitals(title: str, shouting: bool) -> None:
    assert writing.is_shouting(title) is shouting


def test_spam_signs() -> None:
    assert writing.spam_signs("Un modèle de prévision, voir https://a.example et le code.") == []
    assert writing.spam_signs("Casino et crypto en ligne") == ["casino", "crypto"]
    assert writing.spam_signs("voir " + "https://a.example " * 5) == ["links"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Répertoire des métiers", "REPERTOIRE DES METIERS", True),
        ("Prévoir les recrutements", "Prévoir le recrutement", True),
        ("Prévoir les recrutements", "Mesurer les écarts", False),
        ("", "", False),
    ],
)
def test_likeness_of_titles(one: str, other: str, alike: bool) -> None:
    assert writing.is_like(one, other, at_least=0.9) is alike


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://data.example/jeu", True),
        ("ftp://data.example/", False),
        ("javascript:alert(1)", False),
        ("https://user:secret@data.example/", False),
        ("https://localhost/", False),
        ("https://data.example:port/", False),
        ("https://data.example/a b", False),
        ("", False),
    ],
)
def test_web_addresses(url: str, web: bool) -> None:
    assert addresses.is_web(url) is web


def test_two_addresses_of_one_page_share_a_key() -> None:
    keys = {
        addresses.same_page_key(url)
        for url in (
            "https://www.Forge.example/equipe/outil.git",
            "http://forge.example/equipe/outil/",
            "https://forge.example/equipe/outil?utm_source=lettre#lire",
        )
    }

    assert keys == {"forge.example/equipe/outil"}
    assert addresses.same_page_key("https://forge.example/?b=2&a=1") == "forge.example?a=1&b=2"
    assert addresses.same_page_key("pas une adresse") == ""


@pytest.mark.parametrize(
    ("language", "text", "read"),
    [
        ("fr", "1,234", 1.234),
        ("en", "1.234", 1.234),
        ("en", "12,5", 12.5),
        ("en", "1,234", None),
        ("fr", "1_000", None),
        ("fr", "1 000,5", 1000.5),
        ("fr", 0.00001, 0.00001),
        ("fr", True, None),
        ("fr", "nan", None),
        ("fr", "\uff11\uff12", None),
    ],
)
def test_a_number_is_read_in_one_way_alone(language: str, text: object, read: float | None) -> None:
    field = Field("size", "Taille", type=FieldType.NUMBER)
    with pytest.raises(ValidationError):
        clean_value(Field("size", "Taille", type=FieldType.INTEGER), "1_000")
    with translation.override(language):
        if read is None:
            with pytest.raises(ValidationError):
                clean_value(field, text)
        else:
            assert clean_value(field, text) == read


def test_a_small_number_is_told_in_figures() -> None:
    field = Field("size", "Taille", type=FieldType.NUMBER)
    assert card_records.words_of(field, 0.00001) == "0,00001"


HEAD = "id;kind;title;tags;scope"


def reading(text: str | bytes) -> Reading:
    return read_here("cards_csv", text if isinstance(text, bytes) else text.encode())


def fault_codes(text: str | bytes) -> list[tuple[str, int | None]]:
    found = reading(text)
    rows = [fault for record in found.records for fault in record.faults]
    return [(each.code, each.line) for each in (*found.faults, *rows)]


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
    assert fault_codes(content) == said


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


def test_columns_of_no_kind_are_told_and_ours_bear_the_name_of_no_field() -> None:
    asked = ["titre", "files", "files.1.url", "files.1.weight", "distributions.1.url", "iri"]
    assert table_rows.unknown(asked) == ["titre", "files", "files.1.weight", "distributions.1.url"]
    ours = {table_rows.KIND, *table_rows.TOLD_BY_US}
    assert [
        name for kind in ResourceKind for name in table_rows.fields_of(kind) if name in ours
    ] == []
