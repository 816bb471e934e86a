"""What one network may ask, and what keeps the search quick in a catalogue of 100,000 cards."""

import io
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.core import signals
from django.core.cache import cache
from django.core.management import call_command
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue import invariants
from catalogue.enums import ResourceKind
from catalogue.models import Resource
from catalogue.pages.views import exports
from catalogue.search import filters, index, suggest
from portal.lib import clock, rates
from portal.lib.rates import Window
from tests.catalogue.ledger import queries, same_for_three
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db
FILES = ("csv", "json")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(filters, "searches", Window())
    monkeypatch.setattr(filters, "suggestions", Window())
    cache.clear()
    yield
    cache.clear()


def titles(client: Client, query: str) -> list[str]:
    answer: Any = client.get(f"/exports/ressources.json{query}")
    assert answer.status_code == 200
    return [row["title"] for row in json.loads(b"".join(answer))["resources"]]


def refused(answer: Any, status: int = 429) -> str:
    assert answer.status_code == status
    if status == 429:
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return str(answer.text)


@pytest.mark.parametrize(
    "address",
    [
        "/ressources/",
        "/ressources/filtres/tag/",
        "/flux/ressources.atom",
        "/exports/ressources.ttl",
    ],
)
def test_searches_past_the_share_of_a_network_wait(
    client: Client, settings: Any, address: str
) -> None:
    settings.SEARCHES_PER_MINUTE_AND_NETWORK = 2
    for _ in range(2):
        assert client.get(address, {"q": "emploi"}).status_code == 200
    page = refused(client.get(address, {"q": "emploi"}))
    assert "Trop de recherches depuis votre réseau" in page
    assert "too_many_requests" in page
    told = client.get(address, headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (429, "too_many_requests")
    elsewhere = client.get(address, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200


def test_searches_of_programs_have_the_same_share(client: Client, settings: Any) -> None:
    settings.SEARCHES_PER_MINUTE_AND_NETWORK = 1
    assert client.get("/ressources/?q=emploi").status_code == 200
    answer = client.get("/api/v1/resources?q=emploi")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert client.get("/api/v1/resources").status_code == 200


def test_suggestions_have_a_share_of_their_own(client: Client, settings: Any) -> None:
    settings.SEARCHES_PER_MINUTE_AND_NETWORK = 1
    assert client.get("/ressources/?q=emploi").status_code == 200
    refused(client.get("/ressources/?q=emploi"))
    for _ in range(4):
        assert client.get("/ressources/suggestions?q=emp").status_code == 200
    refused(client.get("/ressources/suggestions?q=empl"))


@pytest.mark.parametrize("query", ["", "?kind=technology"])
@pytest.mark.parametrize("extension", FILES)
def test_an_export_holds_a_place_until_it_is_read_or_shut(
    client: Client, settings: Any, extension: str, query: str
) -> None:
    """It holds a thread of the web server as long."""
    ResourceFactory(published=True)
    settings.EXPORTS_AT_A_TIME, settings.EXPORTS_AT_A_TIME_AND_NETWORK = 2, 1
    address = f"/exports/ressources.{extension}{query}"
    first: Any = client.get(address)
    assert "en cours" in refused(client.get(address))
    second: Any = client.get(address, REMOTE_ADDR="192.0.2.7")
    assert "plusieurs exports" in refused(client.get(address, REMOTE_ADDR="192.0.2.8"))
    assert b"".join(first)
    third: Any = client.get(address, REMOTE_ADDR="192.0.2.8")
    assert third.status_code == 200
    signals.request_finished.disconnect(close_old_connections)
    third.close()
    signals.request_finished.connect(close_old_connections)
    assert b"".join(client.get(address))
    assert b"".join(second)


@pytest.mark.parametrize("query", ["", "?kind=technology"])
def test_who_reads_an_export_too_slowly_is_cut_and_until_then_keeps_the_place(
    client: Client, settings: Any, query: str
) -> None:
    ResourceFactory(published=True)
    settings.EXPORTS_AT_A_TIME, settings.EXPORT_MOST_SECONDS = 1, -1
    slow: Any = client.get(f"/exports/ressources.csv{query}")
    assert "plusieurs exports" in refused(client.get("/exports/ressources.csv"))
    with pytest.raises(TimeoutError):
        b"".join(slow)
    settings.EXPORT_MOST_SECONDS = 60
    assert b"".join(client.get("/exports/ressources.csv"))


def test_who_no_longer_reads_an_export_frees_the_thread_that_sends_it(
    client: Client, settings: Any
) -> None:
    settings.PIECE_SECONDS = 0.01
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer: Any = client.get("/exports/ressources.csv", **{"gunicorn.socket": ours})
        assert b"".join(answer)
        assert ours.gettimeout() == 0.01
        with pytest.raises(TimeoutError):
            ours.sendall(b" " * 10_000_000)


def test_a_place_given_back_late_is_not_taken_from_who_has_it() -> None:
    first = rates.take_turn("essai", most=1, seconds=60)
    assert first is not None
    cache.delete(first.key)  # its time is over
    second = rates.take_turn("essai", most=1, seconds=60)
    first.give_back()
    assert second is not None
    assert rates.take_turn("essai", most=1, seconds=60) is None
    second.give_back()
    assert rates.take_turn("essai", most=1, seconds=60) is not None


def test_an_export_that_fails_gives_its_place_back(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXPORTS_AT_A_TIME = 1
    with monkeypatch.context() as broken:
        broken.setattr(exports, "_export", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            client.get("/exports/ressources.csv")
    assert b"".join(client.get("/exports/ressources.csv"))


def test_exports_past_the_share_of_a_network_wait(client: Client, settings: Any) -> None:
    settings.EXPORTS_PER_MINUTE_AND_NETWORK = 1
    assert titles(client, "") == []
    assert "Trop d’exports" in refused(client.get("/exports/ressources.csv"))


def test_an_export_gives_all_that_a_search_finds(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        ResourceFactory(published=True, title=f"Emploi {number}")
    ResourceFactory(published=True, title="Formation")
    whole = titles(client, "?q=emploi")
    assert len(whole) == 5
    monkeypatch.setattr(exports, "MAX_DEPTH", 2)
    assert titles(client, "?q=emploi") == whole


def test_an_absurd_address_is_refused_and_says_why(client: Client) -> None:
    for address in (reverse("catalogue:list"), "/exports/ressources.csv", "/oai", "/"):
        page = refused(client.get(f"{address}?q={'a' * 100_000}"), 414)
        assert "trop longue" in page
    told = client.get(f"/api/v1/challenges?x={'a' * 100_000}")
    assert (told.status_code, told.json()["code"]) == (414, "address_too_long")
    assert told.json()["limit_characters"] == 16_000


def test_what_is_left_out_of_a_search_is_said(client: Client) -> None:
    many = "&".join(f"tag={number:03}" for number in range(60))
    page = client.get(f"/ressources/?{many}&q={'a' * 201}").text
    assert "Mot-clé\xa0» garde 50 valeurs" in page
    assert "Vos mots sont coupés à 200 caractères." in page
    page = client.get(f"/ressources/?{many[: 8 * 50 - 1]}&q={'a' * 200}").text
    assert "garde 50 valeurs" not in page
    assert "sont coupés" not in page


SEED = 7


def sent(ask: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        ask()
    return [each["sql"] for each in seen]


def test_a_lot_costs_the_same_whatever_it_holds() -> None:
    same_for_three(
        lambda: ResourceFactory(published=True, kind="dataset", title="Jeu de données"),
        lambda: queries(index.rebuild),
    )


def test_how_far_it_is_is_told_apart_from_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.management.commands.reindex.STEP", 1)
    ResourceFactory(published=True, title="Fiche")
    out, aside = io.StringIO(), io.StringIO()
    call_command("reindex", "--json", stdout=out, stderr=aside)
    assert json.loads(out.getvalue()) == {"indexed": 1, "mirrored": None}
    assert "1 ressource(s)…" in aside.getvalue()


@pytest.mark.parametrize("q", ["empl", "empl jeun salar form metie", "zzz absent emplxi jeunz"])
def test_suggestions_send_a_bounded_number_of_statements(q: str) -> None:
    ResourceFactory(published=True, title="Emploi des jeunes", tags=["emploi"])
    assert len(sent(lambda: suggest.suggest(q, language="fr"))) <= 15


def test_the_index_misses_nothing_holds_no_more_and_tells_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each card changed behind the index: put offline or online, of another kind, without words."""
    sound, offline, other, wordless = ResourceFactory.create_batch(4, published=True)
    online = ResourceFactory()
    assert list(invariants.index_breaches()) == []
    Resource.objects.filter(pk=offline.pk).update(live=False)
    assert list(invariants.index_breaches()) == [str(offline.pk)]
    Resource.objects.filter(pk=online.pk).update(live=True, first_published_at=clock.now())
    Resource.objects.filter(pk=other.pk).update(kind=ResourceKind.NEWS)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalogue_fulltext WHERE rowid = %s", [wordless.pk])
    broken = {str(each.pk) for each in (offline, online, other, wordless)}
    assert set(invariants.index_breaches()) == broken
    assert str(sound.pk) not in broken
    monkeypatch.setattr(index, "BATCH", 2)
    assert index.rebuild() == Resource.objects.filter(live=True).count()
    assert list(invariants.index_breaches()) == []
