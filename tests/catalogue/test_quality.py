"""The quality of a card, criterion by criterion."""

import datetime
from typing import Any

import pytest

from catalogue.standards import quality
from catalogue.validators import words
from catalogue.validators.fields import DETAILS, MODEL, card_complete, card_faults

TODAY = datetime.date(2026, 11, 24)


def judged(**record: Any) -> tuple[dict[str, bool | None], int | None]:
    found = quality.assess({"today": TODAY, "modified": TODAY, **record})
    return {c.code: c.met for c in found.criteria}, found.score


FULL_DATASET = {
    "kind": "dataset",
    "licence_status": "declared",
    "temporal_coverage": "2019-2025",
    "territories": ["93"],
    "update_frequency": "monthly",
    "last_update": "2026-11-01",
    "description": "x" * 201,
    "distributions": [{"format": "csv"}],
    "documentation": "oui",
}


def test_a_full_dataset_has_100_and_availability_is_not_held_against_it() -> None:
    criteria, score = judged(**FULL_DATASET)
    assert (criteria.pop("available"), score) == (None, 100)
    assert set(criteria.values()) == {True}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"licence_status": "to_confirm"}, "licence"),
        ({"description": "x" * 200}, "description"),
        ({"update_frequency": "unknown"}, "frequency"),
        ({"last_update": "2026-01-01"}, "timely"),
        ({"distributions": [{"format": "PDF"}, {"format": ""}]}, "open_format"),
        ({"territories": []}, "territory"),
        ({"documentation": ""}, "documentation"),
        ({"temporal_coverage": ""}, "period"),
        ({"links_available": False}, "available"),
    ],
)
def test_each_criterion_falls_alone(change: dict[str, Any], code: str) -> None:
    criteria, _score = judged(**{**FULL_DATASET, **change})
    assert criteria[code] is False


@pytest.mark.parametrize("last", ["2026", "2026-11", "2026-11-01"])
def test_a_date_may_lack_its_day(last: str) -> None:
    criteria, _ = judged(**{**FULL_DATASET, "update_frequency": "annual", "last_update": last})
    assert criteria["timely"] is True


@pytest.mark.parametrize("frequency", ["punctual", "irregular", "continuous", "never"])
def test_no_period_is_always_in_time(frequency: str) -> None:
    criteria, _ = judged(**{**FULL_DATASET, "update_frequency": frequency, "last_update": ""})
    assert criteria["timely"] is True


def test_what_is_not_verified_leaves_the_denominator() -> None:
    record = {
        "kind": "technology",
        "deposit": "referenced",
        "homepage_url": "https://example.org",
        "producer_name": "X",
        "summary": "y",
        "licence_status": "to_confirm",
        "repository_url": "https://example.org",
        "use_cases": [],
    }
    criteria, score = judged(**record, unverified={"licences", "producer_name"})
    assert (criteria["licence"], criteria["producer"]) == (None, None)
    assert score == 75
    _, strict = judged(**record)
    assert strict == 67


def test_what_a_source_does_not_carry_is_not_the_fault_of_the_producer() -> None:
    record = {**FULL_DATASET, "temporal_coverage": "", "licence_status": "to_confirm"}
    found = quality.assess(
        {"today": TODAY, **record, "not_transmitted": {"temporal_coverage", "description"}}
    )
    by_code = {each.code: each for each in found.criteria}
    assert (by_code["period"].met, by_code["period"].aside) == (None, "not_transmitted")
    assert by_code["description"].met is True  # it is here, whatever the source says it carries
    assert by_code["licence"].met is False
    assert by_code["available"].aside == "not_known"
    assert found.score == round(100 * 6 / 7)


def test_a_harvested_record_is_judged_whole() -> None:
    codes = {
        harvested: set(judged(**FULL_DATASET, deposit="referenced", harvested=harvested)[0])
        for harvested in (False, True)
    }
    assert codes[False] == set(quality.REFERENCED)
    assert codes[True] == set(quality.DATASET)


def test_the_strict_figure_keeps_what_ours_corrects() -> None:
    record = {
        "licences": [],
        "licence_note": "Autre licence",
        "description": "x" * 201,
        "distributions": [{"format": "pdf", "description": "Notice"}],
        "not_transmitted": {"temporal_coverage"},
    }
    found = quality.udata(record)
    assert found.criteria == {
        "license": True,
        "temporal_coverage": False,
        "spatial": False,
        "update_frequency": False,
        "dataset_description_quality": True,
        "has_open_format": False,
        "all_resources_available": True,
        "resources_documentation": True,
    }
    assert (found.met, round(found.score, 3)) == (4, 0.444)


def test_too_little_known_gives_no_score_and_news_none_at_all() -> None:
    unverified = {"homepage_url", "producer_name", "summary", "repository_url"}
    _, score = judged(kind="model", deposit="referenced", unverified=unverified)
    assert score is None
    assert judged(kind="news") == ({}, None)


def test_the_gain_of_each_missing_criterion_is_told() -> None:
    found = quality.assess({"kind": "need", "today": TODAY, "contact": "x"})
    assert {c.code: c.gain for c in found.criteria} == {
        "beneficiary": 20,
        "territory": 20,
        "expected_result": 20,
        "data": 20,
        "contact": 0,
    }


@pytest.mark.parametrize("kind", DETAILS)
def test_every_kind_is_judged(kind: str) -> None:
    quality.assess({"kind": kind, "today": TODAY, "deposit": "owned"})


def test_details_are_cleaned_and_faults_named() -> None:
    values, faults = MODEL.clean(
        {
            "version": " 1.0 ",
            "parameters": "110 000 000",
            "created": "2026-13",
            "files": [{"url": "javascript:alert(1)"}],
            "excluded_uses": "Trier\n\nTrier\nNoter",
            "surprise": 1,
        }
    )
    assert values == {
        "version": "1.0",
        "parameters": 110_000_000,
        "excluded_uses": ["Trier", "Noter"],
    }
    assert sorted(fault.field for fault in faults) == ["created", "files", "surprise"]


def test_missing_lists_what_an_owned_card_needs() -> None:
    assert [field.name for field in MODEL.missing({"version": "1"})] == ["files", "created"]


def test_the_card_refuses_what_the_act_forbids() -> None:
    assert [f.field for f in card_faults({"exemption": "yes", "profiling": "yes"})] == ["exemption"]
    assert [f.field for f in card_faults({"emotion_inference": "yes"})] == ["emotion_inference"]
    assert card_faults({"exemption": "yes", "profiling": "no", "emotion_inference": "no"}) == []
    assert not card_complete({"limits": ["x"]})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ODbL", ("ODbL-1.0",)),
        ("Open Database License (ODbL)", ("ODbL-1.0",)),
        ("apache 2.0", ("Apache-2.0",)),
        ("Licence Ouverte", ()),
        ("BSD", ()),
        ("", ()),
    ],
)
def test_licence_names(text: str, names: tuple[str, ...]) -> None:
    assert words.named_licence(text).identifiers == names
