"""The automatic checks of a record, and the sentence of each remark."""

from typing import Any

import pytest

from catalogue.enums import ResourceKind
from catalogue.validators import checks as record_checks
from catalogue.validators.checks import Remark, Verdict
from catalogue.validators.fields import DETAILS

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


def test_a_complete_record_is_green() -> None:
    assert record_checks.fields(MODEL).verdict is Verdict.GREEN
    assert record_checks.licence(MODEL, administration=False).verdict is Verdict.GREEN


@pytest.mark.parametrize("name", ["title", "summary", "description", "scope"])
def test_a_missing_column_blocks(name: str) -> None:
    check = record_checks.fields(MODEL | {name: ""})

    assert [(r.code, r.field) for r in check.remarks] == [("missing", name)]
    assert check.verdict is Verdict.BLOCKING


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_each_kind_names_what_it_needs(kind: ResourceKind) -> None:
    own = DETAILS[kind]
    wanted = ["title", "summary", "description", "scope", *own.needs]
    wanted += [each.name for each in own.fields if each.needed]

    assert record_checks.missing_fields({"kind": str(kind), "deposit": "owned"}) == wanted


def test_a_referenced_card_needs_less() -> None:
    record = {"kind": "model", "deposit": "referenced", "title": "T", "licences": []}

    assert record_checks.missing_fields(record) == [
        "summary",
        "homepage_url",
        "producer_name",
        "scope",
        "licence_status",
    ]
    assert record_checks.licence(record, administration=False).verdict is Verdict.GREEN


@pytest.mark.parametrize(
    ("values", "administration", "found", "verdict"),
    [
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
        "contact": "contact@region.example",
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


def test_kinds_without_a_card_have_no_such_check() -> None:
    assert record_checks.card({"kind": "need", "details": {}}) is None


def test_other_languages_and_spam_hold_back() -> None:
    spanish = "Un modelo que predice las contrataciones de la temporada para cada zona y sector"

    assert codes(record_checks.language({"description": spanish})) == ["language_other"]
    assert codes(record_checks.language({"title": "Casino et bitcoin"})) == ["spam"]


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
        said = record_checks.sentence({"code": code, "field": "title", "facts": facts})
        assert said
        assert "%(" not in said


def test_counted_sentences_agree() -> None:
    one = Remark("links_waiting", facts={"count": 1})
    three = Remark("card_incomplete", facts={"count": 2, "names": ["limits", "oversight"]})

    said = [record_checks.sentence({"code": r.code, "facts": r.facts}) for r in (one, three)]

    assert said == [
        "1 lien sera vérifié plus tard.",
        "2 questions restent sans réponse : Limites connues, Qui garde la main.",
    ]


def test_user_text_is_cut_at_64_characters() -> None:
    said = record_checks.sentence({"code": "licence_unknown", "facts": {"text": "a" * 200}})

    assert said == f"« {'a' * 64} » n’est pas un identifiant SPDX connu."


def test_a_field_is_named_by_its_label() -> None:
    labels = [record_checks.label_of(name) for name in ("title", "beneficiary", "inconnu")]

    assert labels == ["Titre", "Qui a ce besoin", "inconnu"]
