"""The quality of a card: criterion by criterion, against data.gouv.fr, shown with its history."""

import datetime
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalogue.models import Resource
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.actions import cards as history
from catalogue.resources.enums import Deposit, LicenceStatus, ResourceKind
from catalogue.resources.fields import MODEL
from catalogue.resources.queries import quality as queries
from catalogue.standards import quality
from catalogue.standards.readers.serve import read_here
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.datasets import DataFileFactory, DatasetCardFactory

TODAY = datetime.date(2026, 11, 24)


def judged(**record: Any) -> tuple[dict[str, bool], int | None]:
    found = quality.assess({"today": TODAY, "modified": TODAY, **record})
    return {c.code: c.met for c in found.criteria}, found.score


MODEL_CARD = {"kind": "model", "today": TODAY, "modified": TODAY}
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
    "contact": "donnees@exemple.fr",
    "links_available": True,
}


def test_a_full_dataset_has_100_and_news_no_score() -> None:
    criteria, score = judged(**FULL_DATASET)
    assert (set(criteria.values()), score) == ({True}, 100)
    assert judged(kind="news") == ({}, None)


@pytest.mark.parametrize("kind", sorted(quality.GRIDS))
def test_each_grid_makes_a_hundred_and_never_falls_while_one_writes(kind: str) -> None:
    assert sum(points for _field, points, _test in quality.GRIDS[kind].values()) == 100
    record: dict[str, Any] = {"kind": kind}
    written = {
        **{field: "x" * 201 for field, _points, _test in quality.GRIDS[kind].values()},
        "licence_status": "declared",
        "update_frequency": "annual",
        "last_update": "2026-11-01",
        "distributions": [{"format": "csv", "description": "Notice"}],
        "files": [{"sha256": "a"}],
        "user_tests": [{"proof": "x"}],
        "measurements": [],
        "excluded_uses": ["x"],
    }
    scores = [judged(**record)[1] or 0]
    for name, value in written.items():
        record[name] = value
        scores.append(judged(**record)[1] or 0)
    assert scores == sorted(scores)
    assert scores[-1] >= 85


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


def test_what_is_not_verified_or_not_carried_is_missing_and_says_so() -> None:
    record = {**FULL_DATASET, "temporal_coverage": "", "links_available": None}
    found = quality.assess(
        {
            "today": TODAY,
            **record,
            "contact": "",
            "unverified": {"licences", "contact"},
            "not_transmitted": {"temporal_coverage", "description"},
        }
    )
    told = {each.code: (each.met, each.aside) for each in found.criteria}
    assert told["licence"] == (False, "not_verified")
    assert told["contact"] == (False, None)  # verifying what is not enough would add nothing
    assert told["period"] == (False, "not_transmitted")
    assert told["available"] == (False, "not_known")
    assert told["description"] == (True, None)  # it is here, whatever the source says it carries
    assert found.score == 100 - 15 - 10 - 10 - 5


@pytest.mark.parametrize(
    ("answer", "is_met"),
    [
        ("masculin : F1 0,79 (n = 214)\r\nféminin : F1 0,77 (n = 38)", True),
        ("- Femmes\u202f: 81 %\n- Hommes\u202f: 79 %", True),
        ("| Offres | n | F1 |\n|---|---|---|\n| courtes | 2 | 0,79 |\n| longues | 3 | 0,7 |", True),
        ("Femmes : 0,81", False),
        ("Précision : 0,81\nRappel : 0,79", False),
        ("- Précision (macro) : 81 %\n- F1 : F1 0,7", False),
        ("Dropout : 0,1\nLearning rate : 0,001\nWeight decay : 0,01", False),
        ("Par âge : non mesuré en 2025.\nPar sexe : non mesuré.", False),
    ],
)
def test_figures_by_group_are_lines_or_a_table(answer: str, is_met: bool) -> None:
    found = {c.code: c for c in quality.assess({**MODEL_CARD, "group_results": answer}).criteria}
    assert found["fair"].met is is_met
    # No field asks for what only a challenge measures.
    assert (found["measured"].met, found["measured"].aside) == (False, "by_challenge")


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


# Criteria stored by the portal: ours by their name; the time of the last update depends on the day.
COMPARED = (
    "license",
    "temporal_coverage",
    "spatial",
    "update_frequency",
    "dataset_description_quality",
    "has_open_format",
    "resources_documentation",
)


def stored(shared: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Give each record whose quality data.gouv.fr stored, and what it stored."""
    for path in sorted((shared / "cases/catalogue/datagouv-json/datasets").glob("*.json")):
        content = path.read_bytes()
        kept = json.loads(content).get("quality") or {}
        if "score" in kept:
            yield content, kept


def test_the_strict_figure_is_the_one_stored_but_for_what_is_known(shared: Path) -> None:
    """Records as our reader takes them in; 112 unspecified licences got the point there.

    Its checks of links are not taken over: ours come later. It trims two descriptions.
    """
    records, seen = list(stored(shared)), Counter[str]()
    for content, kept in records:
        (record,) = read_here("datagouv", content).records
        values = {name: each.value for name, each in {**record.fields, **record.details}.items()}
        found = quality.udata({**values, "today": datetime.date(2026, 11, 26)}).criteria
        seen.update(code for code in COMPARED if code in kept and bool(kept[code]) != found[code])
        known = (*COMPARED, "all_resources_available", "update_fulfilled_in_time")
        whole = {code: bool(met) for code, met in kept.items() if code in known}
        assert round(quality.Strict(whole).score, 6) == round(kept["score"], 6)
    assert len(records) == 484
    assert seen == {"license": 112, "has_open_format": 8, "dataset_description_quality": 2}


BY = SystemActor("test")


def scores(resource: Resource) -> list[int]:
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
    assert scores(card) == [25, 50]
    page = client.get(card.get_absolute_url()).text
    assert "25 / 100" in page
    assert "Selon la grille de data.gouv.fr" in page


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
    today = clock.paris_day(clock.now()).isoformat()
    card = ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        deposit=Deposit.OWNED,
        details={"update_frequency": "annual", "last_update": today},
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
        history.note_quality(resource=card)
        assert scores(card) == []


@pytest.mark.django_db
def test_files_held_here_count_as_files() -> None:
    file = DataFileFactory(name="effectifs.csv")
    card = file.release.dataset.resource
    found = {each.code: each.met for each in queries.assess(card, ()).criteria}
    assert found["open_format"] is True
    empty = {each.code: each.met for each in queries.assess(DatasetCardFactory(), ()).criteria}
    assert empty["open_format"] is False


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
