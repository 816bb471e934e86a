"""The opening catalogue: what is read, published, queued, and never invented."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.contributions.enums import ContributionStatus
from catalogue.harvest.opening import licence_of
from catalogue.models import Contribution, Resource
from catalogue.resources.enums import LicenceStatus, ResourceKind
from catalogue.standards import licences
from portal.management.opening import catalogue, people
from tests.conftest import shared_rows


@pytest.fixture(scope="module")
def cards(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    with shared_rows(django_db_blocker, tmp_path_factory.mktemp("opening")):
        yield catalogue.cards()


@pytest.fixture
def opened(cards: Any, db: None) -> Any:
    return cards


@pytest.mark.slow
def test_124_read_109_published_15_queued_and_nothing_at_the_second_pass(opened: Any) -> None:
    assert (opened.read, opened.published, opened.queued, opened.unchanged) == (124, 109, 15, 0)
    assert Resource.objects.public().count() == 109
    assert Contribution.objects.filter(status=ContributionStatus.SUBMITTED).count() == 15
    with CaptureQueriesContext(connection) as seen:
        again = catalogue.cards()
    assert (again.read, again.published, again.queued, again.unchanged) == (124, 0, 0, 124)
    writes = [q["sql"] for q in seen if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []


@pytest.mark.slow
def test_no_licence_is_invented_and_no_note_is_kept(opened: Any) -> None:
    rows = {row["id"]: row for row in json.loads(catalogue.FILE.read_text("utf-8"))}
    assert all("note" not in row and "verified" not in row for row in rows.values())
    for resource in Resource.objects.filter(source="opening"):
        text = rows[resource.source_id]["licence"]
        if "à confirmer" in text:
            assert (resource.licences, resource.licence_status) == ([], LicenceStatus.TO_CONFIRM)
            assert resource.licence_note == text
        for name in resource.licences:
            assert licences.read_expression(name).is_known
    assert Resource.objects.get(source_id="fr-core-news").licences == ["LGPLLR"]
    assert Resource.objects.get(source_id="sdv").licences == ["BUSL-1.1"]
    assert not licences.read_expression("BUSL-1.1").is_open


@pytest.mark.slow
def test_needs_and_ideas_are_the_regions_and_the_rest_is_referenced(opened: Any) -> None:
    region = people.region()
    ours = Resource.objects.filter(source="opening", organisation=region)
    assert {r.kind for r in ours} == {ResourceKind.NEED, ResourceKind.IDEA}
    assert ours.count() == 12
    assert all(r.is_referenced for r in Resource.objects.exclude(organisation=region))
    fairlearn = Resource.objects.get(source_id="fairlearn")
    assert fairlearn.unverified_fields == {"producer_name", "summary"}


@pytest.mark.slow
def test_pole_emploi_finds_france_travail(opened: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("search", "pole emploi", "--json", "--limit", "100")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["query"] == "pole emploi"
    assert "la-bonne-boite" in {row["source_id"] for row in answer["results"]}
    assert set(answer["results"][0]) == {"slug", "title", "kind", "source_id"}


@pytest.mark.parametrize("limit", ["0", "-1", "abc"])
def test_a_number_of_results_below_one_is_refused(limit: str) -> None:
    with pytest.raises(CommandError, match="écrivez un nombre d’au moins 1"):
        call_command("search", "emploi", f"--limit={limit}")


@pytest.mark.parametrize(
    ("text", "kind", "identifiers", "status"),
    [
        ("MIT (code)", "model", (), "to_confirm"),
        ("GPL-3.0 (dépôt)", "dataset", (), "to_confirm"),
        ("AGPL-3.0 (code publié)", "solution", ("AGPL-3.0-only",), "declared"),
    ],
)
def test_a_licence_of_the_code_alone_is_none_of_data(
    text: str, kind: str, identifiers: tuple[str, ...], status: str
) -> None:
    found = licence_of(text, ResourceKind(kind))
    assert (found.identifiers, found.status) == (identifiers, status)
