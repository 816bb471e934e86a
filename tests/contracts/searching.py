"""A catalogue to search in the contract of engines: cards, queries, a server that follows."""

import random
from typing import Any
from uuid import uuid4

from catalogue.enums import Access, ResourceKind, Scope
from catalogue.models import Resource
from catalogue.search import index, server
from catalogue.search.query import ResourceQuery, Sort, Updated, Words
from portal.audit import outbox
from tests.factories.catalogue import MeasurementFactory, ResourceFactory

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
