"""What the page of a lent dataset says of its use: to everybody, and to its producer."""

import pytest
from django.test import Client

from datasets.access.models import Grant
from datasets.releases.models import DataFile, Dataset, Download
from portal.accounts.models import User
from portal.lib import clock, immutable
from portal.pages.home import Census
from portal.pages.workstreams import Workstream, state
from tests.factories.access import World, restricted
from tests.factories.accounts import UserFactory
from tests.factories.datasets import DataFileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def page(world: World, by: User | None = None) -> str:
    client = Client()
    if by is not None:
        client.force_login(by)
    answer = client.get(world.datasets[0].get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def read(grant: Grant, by: User | None) -> None:
    file = DataFile.objects.get(release__dataset=grant.datasets.order_by("pk")[0].dataset)
    with immutable.writes(Download):
        Download.objects.create(data_file=file, user=by, at=clock.now(), grant=grant, bytes=9)


def test_the_uses_of_today_are_named_and_counted(world: World) -> None:
    assert "Aucun projet ne lit ces données" in page(world)
    world.active(title="Former où l’on recrute")
    world.granted(title="Pas encore signée")
    said = page(world)
    assert "Former où l’on recrute" in said
    assert "Pas encore signée" not in said
    assert "projet autorisé</a>" in said
    assert f"?jeu={world.datasets[0].resource.slug}" in said


def test_each_read_is_shown_to_the_producer_and_to_no_other(world: World) -> None:
    world.reader.display_name = "Lectrice nommée"
    world.reader.save()
    grant = world.active()
    read(grant, world.reader)
    read(grant, None)
    shown = page(world, world.hands[0])
    assert ("Lectrice nommée" in shown, "code d’un challenge" in shown) == (True, True)
    assert "<dt>téléchargement</dt>" in shown  # one: code downloads nothing
    for other in (None, world.hands[1], world.by, world.officer, UserFactory()):
        assert "Lectrice nommée" not in page(world, other)


def test_the_workstream_counts_the_directory_and_who_may_read_it(world: World) -> None:
    DataFileFactory()  # held here, not of the directory
    Dataset.objects.filter(pk=restricted().pk).update(released_at=None)  # described alone
    world.active()
    figures = state(Workstream.R2DDE, Census()).figures
    assert [count for _label, count in figures] == [2, 2, 1]
