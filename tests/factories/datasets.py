"""Datasets, producers and their people in the states that tests need."""

import io
from datetime import datetime
from typing import Any

import factory
from django.utils import timezone

from catalogue.models import Resource
from catalogue.resources.enums import ResourceKind
from datasets.releases.actions import stored
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset, Release
from portal.accounts.enums import Role
from portal.accounts.models import Membership, Organisation, User
from portal.lib import immutable
from tests.factories.accounts import MembershipFactory, OrganisationFactory

CSV = b"zone,effectif\nArles,12\nGap,\n"


def _now() -> datetime:
    return timezone.now()


def member(organisation: Organisation, role: Role = Role.EDITOR) -> User:
    """Make a person with a role in an organisation."""
    place: Membership = MembershipFactory(organisation=organisation, role=role)
    return place.user


class DatasetCardFactory(factory.django.DjangoModelFactory):
    """The published card of a dataset."""

    class Meta:
        model = Resource

    slug = factory.Sequence(lambda n: f"jeu-{n}")
    title = factory.Sequence(lambda n: f"Jeu de données {n}")
    summary = "Effectifs par zone d’emploi."
    kind = ResourceKind.DATASET
    organisation = factory.SubFactory(OrganisationFactory)
    live = True
    first_published_at = factory.LazyFunction(_now)
    licences = factory.LazyFunction(lambda: ["etalab-2.0"])


class DatasetFactory(factory.django.DjangoModelFactory):
    """A dataset without release."""

    class Meta:
        model = Dataset

    resource = factory.SubFactory(DatasetCardFactory)
    created_at = factory.LazyFunction(_now)


class ReleaseFactory(factory.django.DjangoModelFactory):
    """A release without file; the dataset is dated."""

    class Meta:
        model = Release

    dataset = factory.SubFactory(DatasetFactory)
    number = factory.LazyAttribute(lambda made: made.dataset.releases.count() + 1)
    published_at = factory.LazyFunction(_now)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with immutable.writes(model_class):
            release = super()._create(model_class, *args, **kwargs)
        release.dataset.released_at = release.published_at
        release.dataset.save()
        return release


class DataFileFactory(factory.django.DjangoModelFactory):
    """A small open table; `content` is put in the private store, sealed where it is restricted."""

    class Meta:
        model = DataFile

    release = factory.SubFactory(ReleaseFactory)
    name = factory.Sequence(lambda n: f"effectifs-{n}.csv")
    level = AccessLevel.OPEN
    media_type = "text/csv"
    rows = 2

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        content = kwargs.pop("content", CSV)
        kwargs.update(stored(io.BytesIO(content), AccessLevel(kwargs["level"])))
        with immutable.writes(model_class):
            found = super()._create(model_class, *args, **kwargs)
        Dataset.objects.filter(pk=found.release.dataset_id).update(level=found.level)
        return found
