"""Whole folders of what other catalogues publish: taken in, or refused by name, twice the same."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.enums import ItemState, RunState
from catalogue.models import HarvestRun, Resource

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.full]
FOLDERS = [
    ("ckan", "ckan-json"),
    ("dcat", "dcat-rdf/udata-harvest"),
    ("dcat", "dcat-rdf/ckanext-dcat"),
    ("dcat", "dcat-rdf/semic-dcat-ap-3.0.1"),
    ("csw", "csw"),
    ("oai", "oai-pmh"),
    ("croissant", "croissant/1.0"),
    ("croissant", "croissant/1.1"),
    ("hf", "hf-cards/model-cards"),
    ("hf", "hf-cards/fixtures"),
]


def run(kind: str, place: Path) -> HarvestRun:
    """Harvest a folder and give its passage."""
    call_command("harvest", kind, str(place), "--publish", "--source", "corpus")
    return HarvestRun.objects.complete()[0]


@pytest.mark.parametrize(("kind", "folder"), FOLDERS)
def test_a_corpus_is_taken_in_twice_the_same(shared: Path, kind: str, folder: str) -> None:
    place = shared / "cases" / "catalogue" / folder
    first = run(kind, place)
    assert first.state == RunState.COMPLETE
    cards = list(Resource.objects.public().order_by("pk"))
    assert len(cards) == first.counts["created"] > 0
    assert all(card.title and card.licence_status for card in cards)
    for line in first.lines:
        if line["state"] in (ItemState.REFUSED, ItemState.FAILED):
            assert line["code"], line
            assert line["message"], line
    with CaptureQueriesContext(connection) as queries:
        again = run(kind, place)
    assert again.counts == {
        **{state: count for state, count in first.counts.items() if state != "created"},
        "unchanged": first.counts["created"],
    }
    changed = [q["sql"] for q in queries.captured_queries if q["sql"][:6] in CHANGES]
    touched = [sql for sql in changed if '"catalogue_' in sql and "harvestrun" not in sql]
    assert touched == []


def test_files_that_describe_the_same_thing_otherwise_are_refused(shared: Path) -> None:
    """One identifier, several descriptions within a passage: nobody can tell which one holds."""
    place = shared / "cases" / "catalogue" / "dcat-rdf" / "semic-hvd-3.0.0"
    passage = run("dcat", place)
    assert not Resource.objects.exists()
    assert {line["code"] for line in passage.lines} == {"id_repeated", "nothing_described"}


CHANGES = ("INSERT", "UPDATE", "DELETE")
