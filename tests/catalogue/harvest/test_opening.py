"""The opening catalogue: what is read, published, queued, and never invented."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.contributions.enums import ContributionStatus
from catalogue.models import Contribution, Resource
from catalogue.resources.enums import LicenceStatus, LinkType, ResourceKind, Task
from catalogue.resources.fields import DETAILS
from catalogue.standards import licences
from portal.management.opening import catalogue, people
from tests.conftest import shared_rows


@pytest.fixture(scope="module")
def cards(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    with shared_rows(django_db_blocker, tmp_path_factory.mktemp("opening")):
        catalogue.cards()
        yield


@pytest.fixture
def opened(cards: Any, db: None) -> None:
    """Stand on the opened catalogue."""


@pytest.mark.slow
def test_124_read_109_published_15_queued_and_nothing_at_the_second_pass(opened: None) -> None:
    assert Resource.objects.filter(source="opening").count() == 124
    assert Resource.objects.public().count() == 109
    assert Contribution.objects.filter(status=ContributionStatus.SUBMITTED).count() == 15
    with CaptureQueriesContext(connection) as seen:
        catalogue.cards()
    writes = [q["sql"] for q in seen if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []


@pytest.mark.slow
def test_no_licence_is_invented(opened: None) -> None:
    for resource in Resource.objects.filter(source="opening"):
        declared = resource.licence_status == LicenceStatus.DECLARED
        assert declared is bool(resource.licences), resource.source_id
        for name in resource.licences:
            assert licences.read_expression(name).is_known
    assert Resource.objects.get(source_id="fr-core-news").licences == ["LGPLLR"]
    assert Resource.objects.get(source_id="sdv").licences == ["BUSL-1.1"]
    assert not licences.read_expression("BUSL-1.1").is_open


@pytest.mark.slow
def test_needs_and_ideas_are_the_regions_and_the_rest_is_referenced(opened: None) -> None:
    region = people.region()
    ours = Resource.objects.filter(source="opening", organisation=region)
    assert {r.kind for r in ours} == {ResourceKind.NEED, ResourceKind.IDEA}
    assert ours.count() == 12
    assert all(r.is_referenced for r in Resource.objects.exclude(organisation=region))
    fairlearn = Resource.objects.get(source_id="fairlearn")
    assert fairlearn.unverified_fields == {"producer_name", "summary", "description"}


@pytest.mark.slow
def test_each_need_has_three_to_eight_answers_online_that_say_so_on_their_own_page(
    opened: None,
) -> None:
    needs = Resource.objects.filter(kind=ResourceKind.NEED, source="opening")
    assert needs.count() == 10
    for need in needs:
        answers = need.links_in.filter(type=LinkType.ANSWERS, source__live=True)
        assert 3 <= answers.count() <= 8, need.source_id
    for idea in Resource.objects.filter(kind=ResourceKind.IDEA, source="opening"):
        assert idea.links_out.filter(type=LinkType.USES, target__live=True).count() >= 3
    tensions = Resource.objects.get(source_id="tensions-dares-2021")
    need = Resource.objects.get(source_id="uc1-autodiagnostic")
    assert {"type": "answers", "target": need.slug} in tensions.details["relations"]


@pytest.mark.slow
def test_pole_emploi_finds_france_travail(opened: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("search", "pole emploi", "--json", "--limit", "100")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["query"] == "pole emploi"
    assert "la-bonne-boite" in {row["source_id"] for row in answer["results"]}
    assert set(answer["results"][0]) == {"slug", "title", "kind", "source_id"}


def test_each_card_is_described_in_sentences_of_its_own() -> None:
    seen: set[str] = set()
    for row in catalogue.rows():
        text = row["description"]
        counted = [word for word in text.split() if any(map(str.isalnum, word))]
        assert 40 <= len(counted) <= 90, row["id"]
        sentences = {part.strip() for part in re.split(r"(?<=[.!?])\s", text) if part.strip()}
        assert not sentences & seen, row["id"]
        seen |= sentences
        fields = DETAILS[ResourceKind(row["kind"])]
        values, faults = fields.clean(row.get("details", {}))
        assert (set(values), faults) == (set(row.get("details", {})), []), row["id"]
        assert set(row.get("tasks", [])) <= set(Task.values)


@pytest.mark.parametrize("limit", ["0", "-1", "abc"])
def test_a_number_of_results_below_one_is_refused(limit: str) -> None:
    with pytest.raises(CommandError, match="écrivez un nombre d’au moins 1"):
        call_command("search", "emploi", f"--limit={limit}")
