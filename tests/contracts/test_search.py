"""The contract of a search engine, kept by the database and by a real Elasticsearch.

What a reader gets never depends on which one answers: the same resources and the same counts; and
an answer within a second when the server stops, freezes or loses its index.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import urllib3
from django.conf import settings as given
from django.db import connection
from django.test import Client
from elastic_transport import Urllib3HttpNode
from elasticsearch import Elasticsearch

from catalogue.models import IndexedResource, Resource, Synonym
from catalogue.resources.enums import Access, ResourceKind, Scope
from catalogue.search import engine, index, server
from catalogue.search.engines import elasticsearch
from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.engines.elasticsearch import store
from catalogue.search.query import COUNTED, Engine, ResourceQuery, Results, Sort, Updated, Words
from portal.audit import outbox
from portal.audit.models import Outbox
from portal.lib import clock
from portal.lib.breaker import Breaker
from tests.factories.catalogue import MeasurementFactory, ResourceFactory
from tests.servers import free_port

VOCABULARY = (
    "emploi métier compétence tension formation données ROME région mobilité jeunes insertion "
    "apprentissage entreprise salaire travaux réseaux prévision équité"
).split()
HOLDERS = ("Insee", "Dares", "Céreq", "Région Sud", "Université d’Aix-Marseille")
PHRASES = (
    "",
    "",
    "emploi",
    "compétences",
    "métiers en tension",
    "tension métiers formation",
    "L’emploi des jeunes",
    '"emploi formation"',
    '"données région" emploi',
    "pole emploi",
    "m1805",
    "travail",
    "absent",
    "absent emploi",
    "de la",
)


def point_at(settings: Any, url: str) -> None:
    """Search on a server, under an alias of this test's own."""
    settings.SEARCH_URL = f"{url}/test-{uuid4().hex[:12]}"


def crowd(rng: random.Random, count: int) -> list[Resource]:
    """Publish cards whose words, facets and signals are drawn."""
    made = []
    for number in range(count):
        card = ResourceFactory(
            published=True,
            indexed=False,
            kind=rng.choice(ResourceKind.values),
            scope=rng.choice(Scope.values),
            access=rng.choice(Access.values),
            title=" ".join(rng.sample(VOCABULARY, rng.randint(1, 4))).capitalize(),
            acronym=rng.choice(("", "", "VAE", "RNCP")),
            summary=" ".join(rng.sample(VOCABULARY, 4)),
            description="\n".join(rng.choices(VOCABULARY, k=rng.randint(0, 60))),
            tags=rng.sample(VOCABULARY, 2),
            rome_codes=rng.sample(("M1805", "K1801"), rng.randint(0, 1)),
            languages=rng.sample(("fr", "en", "it"), rng.randint(0, 2)),
            licences=rng.sample(("MIT", "etalab-2.0", "ODbL-1.0"), rng.randint(0, 2)),
            use_cases=rng.sample(("sme_needs", "youth_advisor"), rng.randint(0, 2)),
            tasks=rng.sample(("matching", "guidance", "forecasting"), rng.randint(0, 2)),
            producer_name=rng.choice(HOLDERS),
            views=rng.choice((0, 0, 12, 4_000)),
            reuses=rng.choice((0, 0, 3)),
            lifecycle=rng.choice(("active", "active", "stopped")),
        )
        if number % 7 == 0:
            MeasurementFactory(resource=card, group="Femmes")
        made.append(card)
    index.rebuild()
    return made


def any_query(rng: random.Random) -> ResourceQuery:
    """Draw a query: words, filters, an order."""
    drawn = {
        "kind": rng.sample(ResourceKind.values, rng.choice((0, 0, 1, 2))),
        "scope": rng.sample(Scope.values, rng.choice((0, 0, 1, 2))),
        "language": rng.sample(("fr", "en", "it"), rng.choice((0, 0, 1))),
        "licence": rng.sample(("MIT", "etalab-2.0"), rng.choice((0, 0, 1))),
        "organisation": rng.sample(("insee", "dares", "jamais-vue"), rng.choice((0, 0, 1))),
        "tag": rng.sample(("emploi", "rome"), rng.choice((0, 0, 0, 1))),
    }
    return ResourceQuery(
        q=rng.choice(PHRASES),
        words=rng.choice((Words.ANY, Words.ANY, Words.ALL)),
        updated=rng.choice((None, None, Updated.MONTH)),
        sort=rng.choice(list(Sort)),
        size=100,
        **{name: tuple(sorted(values)) for name, values in drawn.items()},
    )


def deliver() -> None:
    """Deliver what is owed, as the process of tasks does."""
    while outbox.relay():
        pass


def refresh() -> None:
    """Let the server show what it was given: it does so by itself each second."""
    store = server.store()
    name = store.live()
    assert name is not None
    store.differences(name)


ENGINES = ("database", "elasticsearch")
SEED = 20261126
DRAWS = 150
WRITES = 4


def point(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "elasticsearch":
        point_at(settings, request.getfixturevalue("elasticsearch_url"))


@pytest.fixture(params=ENGINES)
def each_engine(request: pytest.FixtureRequest, settings: Any) -> Iterator[str]:
    """Search with one engine after the other."""
    point(request, settings)
    yield request.param
    if request.param == "elasticsearch":
        server.store().remove()


@pytest.fixture
def on_server(elasticsearch_url: str, settings: Any) -> Iterator[elasticsearch.Store]:
    """Follow and ask a real server, under an alias of our own."""
    point_at(settings, elasticsearch_url)
    store = server.store()
    yield store
    store.remove()


def asked() -> Engine:
    """Give the engine that answers: the server itself, so that nothing hides its absence."""
    if not server.is_used():
        return DatabaseEngine()
    address = elasticsearch.Address.read(given.SEARCH_URL)
    return elasticsearch.ElasticsearchEngine(address, seconds=30)


def ready() -> None:
    if server.is_used():
        server.store().rebuild()


def told(found: Results) -> tuple[Any, ...]:
    facts = (found.total, found.complete, found.facets, found.highlights)
    return (*facts, found.correction, found.offset)


@pytest.mark.django_db
@pytest.mark.slow
def test_both_engines_answer_the_same(on_server: elasticsearch.Store) -> None:
    rng = random.Random(SEED)  # noqa: S311  # a reproducible draw
    crowd(rng, 80)
    Synonym.objects.create(phrases="pôle emploi, réseaux d’insertion")
    ready()
    for _ in range(DRAWS):
        query = any_query(rng)
        one, other = DatabaseEngine().search(query), asked().search(query)
        assert told(other) == told(one), query
        # Fewer than are ordered again: every engine gives them in one order.
        assert list(other.ids) == list(one.ids), query


@pytest.mark.django_db
@pytest.mark.slow
def test_a_count_is_what_the_click_gives(each_engine: str) -> None:
    rng = random.Random(SEED)  # noqa: S311  # a reproducible draw
    crowd(rng, 60)
    ready()
    for _ in range(DRAWS):
        query = any_query(rng)
        answer = asked().search(query)
        counted = [(name, shown) for name in COUNTED for shown in answer.facets[name]]
        for name, shown in rng.sample(counted, min(2, len(counted))):
            alone = replace(query, **{name: (shown.value,)})
            assert asked().search(alone).total == shown.count, (query, name, shown)


@pytest.mark.django_db
def test_the_pages_of_any_order_cut_it_without_doubles(each_engine: str) -> None:
    crowd(random.Random(7), 40)  # noqa: S311  # a reproducible draw
    ready()
    for sort in Sort:
        query = ResourceQuery(q="emploi métiers", sort=sort, size=100)
        whole = list(asked().search(query).ids)
        pages = [list(asked().search(replace(query, size=7, page=p)).ids) for p in range(1, 8)]
        assert [pk for page in pages for pk in page] == whole


@pytest.mark.django_db
def test_all_the_words_come_first_whatever_the_score(each_engine: str) -> None:
    some = ResourceFactory(published=True, title="Métiers métiers métiers", views=900_000)
    both = ResourceFactory(
        published=True, title="Une fiche", summary="tension des métiers", lifecycle="stopped"
    )
    ready()
    answer = asked().search(ResourceQuery(q="tension métiers"))
    assert (list(answer.ids), answer.total, answer.complete) == ([both.pk, some.pk], 2, 1)
    only = asked().search(ResourceQuery(q="tension métiers", words=Words.ALL))
    assert (list(only.ids), only.total, only.complete) == ([both.pk], 1, 1)


@pytest.mark.django_db
def test_a_synonym_works_at_once(each_engine: str) -> None:
    card = ResourceFactory(published=True, title="Offres de France Travail")
    ready()
    query = ResourceQuery(q="pole emploi", words=Words.ALL)
    assert list(asked().search(query).ids) == []
    Synonym.objects.create(phrases="pôle emploi, france travail")
    assert list(asked().search(query).ids) == [card.pk]


@pytest.mark.django_db
def test_what_is_published_is_found_and_what_is_withdrawn_is_gone(each_engine: str) -> None:
    ready()
    query = ResourceQuery(q="visible")
    card = ResourceFactory(published=True, title="Visible")
    deliver()
    assert eventually(query, [card.pk])
    hidden = ResourceFactory(title="Visible mais en brouillon")
    index.write(hidden)
    card.live = False
    index.write(card)
    deliver()
    assert eventually(query, [])
    gone = ResourceFactory(published=True, title="Visible encore")
    deliver()
    index.remove(gone.pk)
    Resource.objects.filter(pk=gone.pk).delete()
    deliver()
    assert eventually(query, [])


def eventually(query: ResourceQuery, ids: list[int], *, seconds: float = 5) -> bool:
    """Say whether the answer comes within the five seconds that the design gives."""
    end = time.monotonic() + seconds
    while list(asked().search(query).ids) != ids:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.django_db
def test_a_rebuild_under_writes_loses_nothing(
    on_server: elasticsearch.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two batches a card is published, one changed, one archived, one removed."""
    crowd(random.Random(3), 30)  # noqa: S311  # a reproducible draw
    on_server.rebuild()
    former = on_server.live()
    read, seen = store._batches, []

    def interleaved() -> Iterator[list[int]]:
        for number, batch in enumerate(read()):
            if number >= WRITES:  # each card published makes a batch of its own at the end
                yield batch
                continue
            pks = sorted(IndexedResource.objects.values_list("pk", flat=True))
            new = ResourceFactory(published=True, title=f"Nouvelle {number}")
            first, last = (Resource.objects.get(pk=pk) for pk in pks[:2])
            index.remove(first.pk)
            first.delete()
            last.title = f"Changée {number}"
            last.save()
            index.write(last)
            deliver()
            seen.append((new.pk, asked().search(ResourceQuery()).total))
            yield batch

    monkeypatch.setattr(store, "BATCH", 7)
    monkeypatch.setattr(store, "_batches", interleaved)
    on_server.rebuild()
    assert len(seen) == WRITES
    assert all(total > 0 for _pk, total in seen)  # the former index answered all along
    assert on_server.live() != former
    assert on_server.differences() == []
    found = asked().search(ResourceQuery(q="nouvelle", size=100)).ids
    assert set(found) == {pk for pk, _total in seen}
    assert not Outbox.objects.filter(topic=index.TOPIC, done_at__isnull=True).exists()


@pytest.mark.django_db
def test_drift_is_found_and_repaired_and_an_index_of_another_form_made_again(
    on_server: elasticsearch.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = crowd(random.Random(4), 12)  # noqa: S311  # a reproducible draw
    assert server.repair() == elasticsearch.Repair(rebuilt=True)
    assert server.repair() == elasticsearch.Repair()
    raw, name = client(on_server)
    raw.delete(index=name, id=str(cards[0].pk))
    raw.index(index=name, id="999999", document={"id": 999_999})
    wrong = [cards[0].pk, 999_999]
    assert on_server.differences() == wrong
    assert list(server.breaches()) == [str(pk) for pk in wrong]
    assert server.repair() == elasticsearch.Repair(written=2)
    assert on_server.differences() == []
    with monkeypatch.context() as patch:
        patch.setattr(store, "form", lambda: "another")
        assert on_server.repair().rebuilt
    assert on_server.live() != name


@pytest.mark.django_db
def test_what_was_read_later_wins_whatever_arrives_first(
    on_server: elasticsearch.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ResourceFactory(published=True, title="Ancien nom")
    on_server.rebuild()
    stale = store.documents([card.pk])
    before = clock.now()
    card.title = "Nouveau nom"
    index.write(card)
    deliver()
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: before)
        patch.setattr(store, "documents", lambda _ids: stale)
        on_server.sync([card.pk])
    refresh()
    assert list(asked().search(ResourceQuery(q="nouveau")).ids) == [card.pk]
    assert list(asked().search(ResourceQuery(q="ancien")).ids) == []


def client(store: elasticsearch.Store) -> tuple[Elasticsearch, str]:
    name = store.live()
    assert name is not None
    return store._client, name


def test_a_breaker_lets_one_request_in_thirty_seconds_try() -> None:
    now = [100.0]
    breaker = Breaker(server.BREAK_SECONDS, clock=lambda: now[0])
    assert [breaker.allows(), breaker.allows()] == [True, True]
    breaker.fail()
    now[0] += 29.9
    assert not breaker.allows()
    now[0] += 0.1
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.succeed()
    assert breaker.allows()


@pytest.mark.django_db
def test_without_server_the_database_answers_and_updates_wait(
    settings: Any, client: Client
) -> None:
    point_at(settings, f"http://127.0.0.1:{free_port()}")
    card = ResourceFactory(published=True, title="Visible")
    query = ResourceQuery(q="visible")
    assert engine().search(query) == DatabaseEngine().search(query)
    assert list(engine().search(query).ids) == [card.pk]
    for address in ("/ressources/?q=visible", "/flux/ressources.atom?q=visible", "/sante/"):
        assert client.get(address).status_code == 200
    deliver()
    assert Outbox.objects.get(topic=index.TOPIC).done_at is None
    assert list(server.breaches()) == []
    assert server.repair() is None


@pytest.mark.django_db
def test_a_query_that_the_server_refuses_costs_the_others_nothing(
    on_server: elasticsearch.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ResourceFactory(published=True, title="Visible")
    ready()
    query = ResourceQuery(q="visible")
    with monkeypatch.context() as patch:
        wrong = {"query": {"what": {}}}
        patch.setattr(elasticsearch.engine, "request_body", lambda *_, **__: wrong)
        assert list(engine().search(query).ids) == [card.pk]
    assert not server._breaker(given.SEARCH_URL).is_open


@pytest.mark.django_db
def test_a_card_that_the_server_refuses_keeps_no_other_card_away(
    on_server: elasticsearch.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, card = ResourceFactory(published=True), ResourceFactory(published=True)
    documents = store.documents

    def one_at_fault(ids: list[int]) -> dict[int, Any]:
        return {
            pk: document | {"updated_on": "hier"} if pk == refused.pk else document
            for pk, document in documents(ids).items()
        }

    monkeypatch.setattr(store, "documents", one_at_fault)
    on_server.rebuild()
    assert on_server.differences() == [refused.pk]
    with pytest.raises(elasticsearch.Refused, match=str(refused.pk)):
        server.follow(refused.pk)
    server.follow(card.pk)
    assert not server._breaker(given.SEARCH_URL).is_open
    # A repair that meets it first brings the others all the same.
    monkeypatch.setattr(store, "BATCH", 1)
    later = ResourceFactory(published=True)
    assert on_server.differences() == [refused.pk, later.pk]
    on_server.repair()
    assert on_server.differences() == [refused.pk]


class Wire:
    """Write down the seconds that each request to the server is given, and trouble one of them."""

    def __init__(self) -> None:
        self.bounds: list[float] = []
        self.trouble: list[Any] = []
        self._real = Urllib3HttpNode.perform_request

    def request(self, node: Any, *sent: Any, **named: Any) -> Any:
        """Stand for the client's own sending."""
        given = next(each for each in (*sent, *named.values()) if isinstance(each, urllib3.Timeout))
        self.bounds.append(given.total)
        if self.trouble:
            self.trouble.pop()()
        return self._real(node, *sent, **named)


@pytest.mark.django_db
@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.ci
def test_a_server_that_freezes_stops_and_comes_back(
    elasticsearch_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen or killed as a search arrives, then back: each answer is right, one request waits.

    Nothing is timed: what a reader waits for is one request, of which the time is bounded; those
    that follow ask nothing of the server until the breaker's clock says so.
    """
    if connection.vendor == "postgresql":  # it closes a transaction that waits half a minute
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    now, wire = [100.0], Wire()
    breaker = Breaker(server.BREAK_SECONDS, clock=lambda: now[0])
    monkeypatch.setattr(server, "_breaker", lambda _url: breaker)
    point_at(settings, elasticsearch_server.url)
    crowd(random.Random(6), 30)  # noqa: S311  # a reproducible draw
    server.store().rebuild()
    queries = [any_query(random.Random(n)) for n in range(40)]  # noqa: S311  # the same
    expected = [DatabaseEngine().search(query) for query in queries]
    monkeypatch.setattr(
        Urllib3HttpNode, "perform_request", lambda *sent, **named: wire.request(*sent, **named)
    )
    for disturb in (elasticsearch_server.freeze, elasticsearch_server.kill):
        reach(breaker, now)
        wire.bounds.clear()
        wire.trouble.append(disturb)
        for query, right in zip(queries, expected, strict=True):
            found = engine().search(query)
            assert told(found) == told(right)
            assert set(found.ids) == set(right.ids)
        assert wire.bounds == [elasticsearch.client.SEARCH_SECONDS]
        assert breaker.is_open
        if disturb == elasticsearch_server.freeze:
            elasticsearch_server.thaw()
    card = ResourceFactory(published=True, title="Publiée pendant la panne")
    deliver()
    elasticsearch_server.start()
    while server.health() not in {"green", "yellow"}:
        time.sleep(0.1)
    server.repair()
    assert list(asked().search(ResourceQuery(q="panne")).ids) == [card.pk]
    server.store().remove()


def reach(breaker: Breaker, now: list[float]) -> None:
    """Search until the server answers, thirty seconds of the breaker passing each time."""
    for _attempt in range(200):
        now[0] += 30
        engine().search(ResourceQuery(q="emploi"))
        if not breaker.is_open:
            return
    raise AssertionError("the server does not come back")
