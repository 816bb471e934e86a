"""The quality of a card: criterion by criterion, against data.gouv.fr, shown with its history."""

import datetime
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalogue.models import Resource
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.actions import cards as history
from catalogue.resources.enums import Deposit, LicenceStatus, ResourceKind
from catalogue.resources.fields import MODEL, card_complete, card_faults
from catalogue.resources.queries import quality as queries
from catalogue.standards import quality
from catalogue.standards.readers.serve import read_here
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.datasets import DataFileFactory, DatasetCardFactory

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


@pytest.mark.parametrize(
    ("frequency", "last"),
    [
        *(("annual", last) for last in ("2026", "2026-11", "2026-11-01")),
        *((each, "") for each in ("punctual", "irregular", "continuous", "never")),
    ],
)
def test_a_date_may_lack_its_day_and_no_period_is_always_in_time(frequency: str, last: str) -> None:
    criteria, _ = judged(**{**FULL_DATASET, "update_frequency": frequency, "last_update": last})
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


# Criteria stored by the portal: ours by their name; the time of the last update depends on the day.
COMPARED = (
    "license",
    "temporal_coverage",
    "spatial",
    "update_frequency",
    "dataset_description_quality",
    "has_open_format",
    "all_resources_available",
    "resources_documentation",
)


# What is known to differ: unspecified licences that got the point, checks and formats since fixed.
DIFFERING = {"license": 112, "all_resources_available": 3, "has_open_format": 8}


def as_ours(record: dict[str, Any]) -> dict[str, Any]:
    files = record["resources"] if isinstance(record["resources"], list) else []
    licence = record.get("license")
    checks = [(each.get("extras") or {}).get("check:available", True) for each in files]
    return {
        "kind": "dataset",
        "licences": [] if licence in (None, "notspecified") else [licence],
        "temporal_coverage": record.get("temporal_coverage"),
        "territories": [record["spatial"]] if record.get("spatial") else [],
        "update_frequency": record.get("frequency") or "unknown",
        "description": record.get("description"),
        "links_available": False not in checks,
        "distributions": [
            {
                "format": each.get("format") or "",
                "description": each.get("description") or each.get("type") == "documentation",
            }
            for each in files
        ],
    }


def stored(shared: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Give each record whose quality data.gouv.fr stored, and what it stored."""
    for path in sorted((shared / "cases/catalogue/datagouv-json/datasets").glob("*.json")):
        content = path.read_bytes()
        kept = json.loads(content).get("quality") or {}
        if "score" in kept:
            yield content, kept


def differing(kept: dict[str, Any], found: dict[str, bool], codes: Iterable[str]) -> list[str]:
    return [code for code in codes if code in kept and bool(kept[code]) != found.get(code)]


def test_the_same_holds_of_records_as_our_reader_takes_them_in(shared: Path) -> None:
    """Its checks of links are not taken over: ours come later. It trims two descriptions."""
    seen: Counter[str] = Counter()
    for content, kept in stored(shared):
        (record,) = read_here("datagouv", content).records
        values = {name: each.value for name, each in {**record.fields, **record.details}.items()}
        found = quality.udata({**values, "today": datetime.date(2026, 11, 26)}).criteria
        seen.update(differing(kept, found, set(COMPARED) - {"all_resources_available"}))
    assert seen == {"license": 112, "has_open_format": 8, "dataset_description_quality": 2}


def test_the_criteria_are_those_stored_but_for_what_is_documented(shared: Path) -> None:
    seen: Counter[str] = Counter()
    records = list(stored(shared))
    for content, kept in records:
        found = quality.udata(as_ours(json.loads(content))).criteria
        seen.update(differing(kept, found, COMPARED))
        known = (*COMPARED, "update_fulfilled_in_time")
        whole = {code: bool(met) for code, met in kept.items() if code in known}
        assert round(quality.Strict(whole).score, 6) == round(kept["score"], 6)
    assert len(records) == 484
    assert {code: many for code, many in seen.items() if many > DIFFERING.get(code, 0)} == {}
    assert seen["license"] == DIFFERING["license"]


BY = SystemActor("test")


def scores(resource: Resource) -> list[int | None]:
    rows = resource.quality_scores.order_by("pk")
    return list(rows.values_list("score", flat=True))


@pytest.mark.django_db
def test_a_change_of_the_score_is_kept_and_shown(client: Client) -> None:
    card = ResourceFactory(
        kind=ResourceKind.DATASET, deposit=Deposit.OWNED, details={"update_frequency": "annual"}
    )
    card_changes.put_online(resource=card, revision=card.save_revision(clean=False), by=BY)
    card.refresh_from_db()
    card.territories, card.description = ["Arles"], "x" * 201
    revision = card.save_revision(clean=False)
    card_changes.put_online(resource=card, revision=revision, by=BY)
    card_changes.put_online(resource=card, revision=revision, by=BY)
    assert scores(card) == [33, 67]
    page = client.get(card.get_absolute_url()).text
    assert "Évolution du score" in page
    assert "33 / 100" in page
    assert "Au calcul strict de data.gouv.fr" in page


@pytest.mark.django_db
def test_a_measure_changes_the_score_too() -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.MODEL, deposit=Deposit.OWNED)
    history.note_quality(resource=card)
    today = clock.paris_day(clock.now())
    card_changes.measure(
        resource=card, metric="Exactitude", by=BY, value=0.8, low=0.7, high=0.9, n=12,
        evaluated_on=today,
    )  # fmt: skip
    before, after = scores(card)
    assert before < after


@pytest.mark.django_db
def test_what_time_changes_is_noted_once_a_day() -> None:
    card = ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        deposit=Deposit.OWNED,
        details={"update_frequency": "annual", "last_update": "2026-01-01"},
    )
    ResourceFactory(published=True, kind=ResourceKind.NEWS)
    assert (history.note_all_qualities(), history.note_all_qualities()) == (1, 0)
    card.details = {**card.details, "last_update": "2020-01-01"}
    card.save(update_fields=["details"])
    assert history.note_all_qualities() == 1
    before, after = scores(card)
    assert before > after
    card.indexed.refresh_from_db()
    assert card.indexed.quality == after


@pytest.mark.django_db
def test_a_draft_and_a_piece_of_news_have_no_history() -> None:
    for card in (
        ResourceFactory(kind=ResourceKind.DATASET),
        ResourceFactory(published=True, kind=ResourceKind.NEWS),
    ):
        assert history.note_quality(resource=card) is None


@pytest.mark.django_db
def test_files_held_here_count_as_files() -> None:
    file = DataFileFactory(name="effectifs.csv")
    card = file.release.dataset.resource
    found = {each.code: each.met for each in queries.assess(card, ()).criteria}
    assert found["open_format"] is True
    empty = {each.code: each.met for each in queries.assess(DatasetCardFactory(), ()).criteria}
    assert empty["open_format"] is None


@pytest.mark.django_db
def test_what_is_missing_leads_to_its_field(client: Client) -> None:
    card = ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        deposit=Deposit.OWNED,
        licence_status=LicenceStatus.TO_CONFIRM,
        provenance={
            "temporal_coverage": {"origin": "harvest:x", "verified": False, "transmitted": False}
        },
    )
    page = client.get(card.get_absolute_url()).text
    address = f"/ressources/{card.slug}/modifier/?champ=update_frequency"
    assert f'href="{address}"' in page
    assert "pas du fait du producteur" in page
    client.force_login(UserFactory())
    answer = client.post(address)
    assert answer.status_code == 302
    assert answer["Location"].endswith("#id_update_frequency")
    assert client.get(answer["Location"]).status_code == 200
    unknown = client.post(f"/ressources/{card.slug}/modifier/?champ=//x.fr")
    assert "x.fr" not in unknown["Location"]
