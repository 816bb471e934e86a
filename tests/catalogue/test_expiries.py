"""News that is over: read at its address with the day, in no list, feed nor search."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from catalogue import invariants
from catalogue.actions import contributions, expiries
from catalogue.models import IndexedResource, Resource
from catalogue.queries import cards
from catalogue.search import index, upkeep
from catalogue.validators import words
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.pages import home
from portal.pages.home import Census
from tests.factories import contributions as make
from tests.factories.catalogue import ResourceFactory


@pytest.mark.parametrize(
    ("kind", "told", "over"),
    [
        ("news", "2026-11-26", True),
        ("news", "2026-11-27", False),
        ("news", "2026-11", False),
        ("news", "2026-10", True),
        ("news", "2025", True),
        ("news", "", False),
        ("news", "bientôt", False),
        ("need", "2020-01-01", False),
    ],
)
def test_a_news_is_over_the_day_after_its_last(kind: str, told: str, over: bool) -> None:
    assert words.is_news_over(kind, {"expires_on": told}, date(2026, 11, 27)) is over


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> Resource:
    # In Paris, the last second of the 26th, then the first of the 27th.
    set_clock(monkeypatch, datetime(2026, 11, 26, 22, 59, 59, tzinfo=UTC))
    return ResourceFactory(
        published=True,
        kind="news",
        title="Une rencontre à Gap",
        details={"event_date": "2026-11-26", "expires_on": "2026-11-26"},
    )


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: at)


@pytest.mark.django_db
def test_over_it_leaves_the_lists_once_and_stays_at_its_address(
    news: Resource, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expiries.settle_due() == 0
    assert [each.title for each in home.latest()] == [news.title]
    set_clock(monkeypatch, datetime(2026, 11, 26, 23, 0, 0, tzinfo=UTC))
    assert expiries.settle_due() == 1
    assert expiries.settle_due() == 0
    assert AuditEvent.objects.filter(action="resource.expired").count() == 1
    assert home.latest() == cards.latest(5) == []
    assert Census().resources == {}
    for address in ("/ressources/?kind=news", "/ressources/?q=rencontre", "/flux/ressources.atom"):
        answer = client.get(address)
        assert (answer.status_code, news.title in answer.text) == (200, False)
    page = client.get(news.get_absolute_url())
    assert page.status_code == 200
    assert "Cette actualité a expiré le 26\xa0novembre\xa02026" in page.text
    # Neither a repair nor a rebuild brings it back, and nothing is said to be missing.
    assert upkeep.repair() == index.rebuild() == 0
    assert IndexedResource.objects.count() == 0
    assert list(invariants.index_breaches()) == list(invariants.expiry_breaches()) == []


@pytest.mark.django_db
def test_a_later_date_brings_it_back(news: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, datetime(2026, 12, 3, 9, 0, tzinfo=UTC))
    assert list(invariants.expiry_breaches()) == [news.slug]
    expiries.settle_due()
    author = make.person()
    draft = contributions.propose(resource=Resource.objects.get(), by=author)
    values: dict[str, Any] = {
        "expires_on": "2026-12-24",
        "source_url": "https://gap.example/",
        "summary": "Une rencontre.",
        "description": "Un texte.",
        "scope": "local",
    }
    make.edit(draft, author, **values)
    Resource.objects.update(author=author)
    make.put_online(draft, author)
    assert Resource.objects.get().expired_at is None
    assert IndexedResource.objects.count() == 1
