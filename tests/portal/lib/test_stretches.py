"""Pages of a long list: each row once, whatever comes and goes while where they begin is kept."""

from datetime import timedelta
from itertools import count

import pytest
from django.core.cache import cache
from django.core.paginator import EmptyPage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.models import Resource
from portal.lib import clock
from portal.lib.web.stretches import Stretches
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
_names = count()


@pytest.fixture
def name() -> str:
    cache.clear()
    return f"essai-{next(_names)}"


def pages(size: int, name: str, *order: str) -> list[list[int]]:
    rows = Resource.objects.public().order_by(*order)
    told = Stretches(rows, size, name=name)
    return [[row.pk for row in told.page(n)] for n in told.page_range]


@pytest.mark.parametrize("order", [("pk",), ("first_published_at", "pk"), ("slug",)])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_cut_the_list_in_its_order(name: str, size: int, order: tuple[str, ...]) -> None:
    assert pages(size, name, *order) == [[]]
    cards = [ResourceFactory(published=True) for _ in range(7)]
    same = [card.pk for card in cards[2:5]]
    Resource.objects.filter(pk__in=same).update(first_published_at=cards[2].first_published_at)
    rows = list(Resource.objects.public().order_by(*order).values_list("pk", flat=True))
    wanted = [rows[at : at + size] for at in range(0, 7, size)]
    assert pages(size, name, *order) == wanted
    assert pages(size, name, *order) == wanted  # from where they were found to begin


def test_each_row_is_told_once_while_the_list_changes(name: str) -> None:
    cards = [ResourceFactory(published=True) for _ in range(6)]
    assert [len(page) for page in pages(2, name, "first_published_at", "pk")] == [2, 2, 2]
    Resource.objects.filter(pk=cards[2].pk).update(live=False)  # the first of a page
    early = cards[0].first_published_at + timedelta(microseconds=1)
    late = ResourceFactory(published=True, first_published_at=early)
    found = pages(2, name, "first_published_at", "pk")
    assert sorted(pk for page in found for pk in page) == sorted(
        [*(c.pk for c in cards if c != cards[2]), late.pk]
    )
    last = [ResourceFactory(published=True, first_published_at=clock.now()) for _ in range(2)]
    assert [len(page) for page in pages(2, name, "first_published_at", "pk")] == [2, 2, 2, 2]
    assert pages(2, name, "first_published_at", "pk")[-1] == [each.pk for each in last]


def test_a_page_is_a_range_and_costs_the_same_wherever_it_is(name: str) -> None:
    for _ in range(5):
        ResourceFactory(published=True)
    told = pages(1, name, "pk")
    for wanted in (2, 5):
        with CaptureQueriesContext(connection) as seen:
            rows = Stretches(Resource.objects.public().order_by("pk"), 1, name=name).page(wanted)
            assert [row.pk for row in rows] == told[wanted - 1]
        own = [each["sql"] for each in seen if "catalogue_resource" in each["sql"]]
        assert len(own) == 2  # how many there are, then the page
        assert not any("OFFSET" in sql or "ROW_NUMBER" in sql for sql in own)
    with pytest.raises(EmptyPage):
        Stretches(Resource.objects.public().order_by("pk"), 1, name=name).page(6)
