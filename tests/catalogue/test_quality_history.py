"""The quality shown on a card, its history, and the way to what is missing."""

import pytest
from django.test import Client

from catalogue.actions import quality, resources
from catalogue.enums import Deposit, LicenceStatus, ResourceKind
from catalogue.models import Resource
from catalogue.queries import quality as queries
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.datasets import DataFileFactory, DatasetCardFactory

pytestmark = pytest.mark.django_db
BY = SystemActor("test")


def scores(resource: Resource) -> list[int | None]:
    rows = resource.quality_scores.order_by("pk")
    return list(rows.values_list("score", flat=True))


def test_a_change_of_the_score_is_kept_and_shown(client: Client) -> None:
    card = ResourceFactory(
        kind=ResourceKind.DATASET, deposit=Deposit.OWNED, details={"update_frequency": "annual"}
    )
    resources.put_online(resource=card, revision=card.save_revision(clean=False), by=BY)
    card.refresh_from_db()
    card.territories, card.description = ["Arles"], "x" * 201
    revision = card.save_revision(clean=False)
    resources.put_online(resource=card, revision=revision, by=BY)
    resources.put_online(resource=card, revision=revision, by=BY)
    assert scores(card) == [33, 67]
    page = client.get(card.get_absolute_url()).text
    assert "Évolution du score" in page
    assert "33 / 100" in page
    assert "Au calcul strict de data.gouv.fr" in page


def test_a_measure_changes_the_score_too() -> None:
    card = ResourceFactory(published=True, kind=ResourceKind.MODEL, deposit=Deposit.OWNED)
    quality.note(resource=card)
    today = clock.paris_day(clock.now())
    resources.measure(
        resource=card, metric="Exactitude", by=BY, value=0.8, low=0.7, high=0.9, n=12,
        evaluated_on=today,
    )  # fmt: skip
    before, after = scores(card)
    assert before is not None
    assert after is not None
    assert before < after


def test_what_time_changes_is_noted_once_a_day() -> None:
    card = ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        deposit=Deposit.OWNED,
        details={"update_frequency": "annual", "last_update": "2026-01-01"},
    )
    ResourceFactory(published=True, kind=ResourceKind.NEWS)
    assert (quality.note_all(), quality.note_all()) == (1, 0)
    card.details = {**card.details, "last_update": "2020-01-01"}
    card.save(update_fields=["details"])
    assert quality.note_all() == 1
    before, after = scores(card)
    assert before is not None
    assert after is not None
    assert before > after
    card.indexed.refresh_from_db()
    assert card.indexed.quality == after


def test_a_draft_and_a_piece_of_news_have_no_history() -> None:
    for card in (
        ResourceFactory(kind=ResourceKind.DATASET),
        ResourceFactory(published=True, kind=ResourceKind.NEWS),
    ):
        assert quality.note(resource=card) is None


def test_files_held_here_count_as_files() -> None:
    file = DataFileFactory(name="effectifs.csv")
    card = file.release.dataset.resource
    found = {each.code: each.met for each in queries.assess(card, ()).criteria}
    assert found["open_format"] is True
    empty = {each.code: each.met for each in queries.assess(DatasetCardFactory(), ()).criteria}
    assert empty["open_format"] is None


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
