"""Sources, passages and checks of links in the states that tests need."""

from typing import Any

import factory

from catalogue.harvest.enums import RunState, SourceKind, SourceStatus
from catalogue.models import HarvestRun, LinkCheck, Source
from portal.lib import clock
from tests.factories.accounts import OrganisationFactory
from tests.factories.catalogue import ResourceFactory


class SourceFactory(factory.django.DjangoModelFactory[Source]):
    """A proposed source; `approved=True` lets it run, `publishing=True` puts cards online too."""

    class Meta:
        model = Source

    class Params:
        approved = factory.Trait(
            status=SourceStatus.APPROVED, decided_at=factory.LazyFunction(clock.now)
        )
        publishing = factory.Trait(
            status=SourceStatus.APPROVED,
            decided_at=factory.LazyFunction(clock.now),
            publishes=True,
        )

    key = factory.Sequence(lambda n: f"source-{n}")
    title = factory.Sequence(lambda n: f"Catalogue numéro {n}")
    kind = SourceKind.DATAGOUV
    url = factory.Sequence(lambda n: f"https://catalogue-{n}.exemple.test/")
    organisation = factory.SubFactory(OrganisationFactory)
    proposed_at = factory.LazyFunction(clock.now)


class HarvestRunFactory(factory.django.DjangoModelFactory[HarvestRun]):
    """A waiting passage; `complete=True` closes it."""

    class Meta:
        model = HarvestRun

    class Params:
        complete = factory.Trait(
            state=RunState.COMPLETE,
            started_at=factory.LazyFunction(clock.now),
            finished_at=factory.LazyFunction(clock.now),
        )

    source = factory.SubFactory(SourceFactory)
    asked_at = factory.LazyFunction(clock.now)


class LinkCheckFactory(factory.django.DjangoModelFactory[LinkCheck]):
    """An address that nobody has checked yet."""

    class Meta:
        model = LinkCheck

    resource = factory.SubFactory(ResourceFactory, published=True)
    url = factory.Sequence(lambda n: f"https://exemple.test/{n}")
    host = "exemple.test"
    next_check_at = factory.LazyFunction(clock.now)


def datagouv(number: int, **changes: Any) -> dict[str, Any]:
    """Give a record as the API of data.gouv.fr does."""
    return {
        "id": f"jeu-{number}",
        "title": f"Offres d’emploi, mois {number}",
        "acronym": None,
        "description": "Les offres d’emploi déposées dans le mois, par métier et par bassin.",
        "slug": f"offres-{number}",
        "page": f"https://www.data.gouv.fr/fr/datasets/offres-{number}/",
        "uri": f"https://www.data.gouv.fr/api/1/datasets/offres-{number}/",
        "license": "lov2",
        "frequency": "monthly",
        "last_update": "2026-11-01T00:00:00",
        "last_modified": "2026-11-01T00:00:00",
        "created_at": "2026-01-01T00:00:00",
        "organization": {"id": "o1", "name": "Observatoire", "slug": "observatoire"},
        "owner": None,
        "tags": ["emploi", "offres", "metiers"],
        "metrics": {"views": 10, "followers": 2, "reuses": 1, "discussions": 0},
        "resources": [
            {
                "id": f"fichier-{number}",
                "title": "offres.csv",
                "format": "csv",
                "url": f"https://exemple.test/offres-{number}.csv",
                "mime": "text/csv",
                "filesize": 1200,
                "checksum": None,
                "description": "",
                "type": "main",
            }
        ],
        "spatial": None,
        "temporal_coverage": None,
        "private": False,
        "deleted": None,
        "archived": None,
        "extras": {},
        "badges": [],
        **changes,
    }
