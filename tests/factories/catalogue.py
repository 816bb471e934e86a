"""Resources, contributions and what stands around them."""

from typing import Any

import factory

from catalogue.models import Measurement, Resource, ResourceLink
from catalogue.resources.enums import Access, Deposit, LicenceStatus, ResourceKind, Scope
from catalogue.search import index
from portal.lib import clock


class ResourceFactory(factory.django.DjangoModelFactory[Resource]):
    """A resource; `published=True` puts it online and into the index."""

    class Meta:
        model = Resource
        skip_postgeneration_save = True

    class Params:
        published = factory.Trait(
            live=True,
            first_published_at=factory.LazyFunction(clock.now),
            last_published_at=factory.LazyFunction(clock.now),
            content_modified_at=factory.LazyFunction(clock.now),
        )

    slug = factory.Sequence(lambda n: f"ressource-{n}")
    kind = ResourceKind.TECHNOLOGY
    title = factory.Sequence(lambda n: f"Ressource numéro {n}")
    summary = "Un résumé."
    deposit = Deposit.REFERENCED
    producer_name = "Laboratoire d’essai"
    homepage_url = "https://example.org/"
    licences = factory.LazyFunction(lambda: ["MIT"])
    licence_status = LicenceStatus.DECLARED
    scope = Scope.REGIONAL
    access = Access.OPEN
    languages = factory.LazyFunction(lambda: ["fr"])
    live = False

    @factory.post_generation
    def indexed(obj: Resource, create: bool, extracted: Any, **_: Any) -> None:
        if create and obj.live and extracted is not False:
            index.write(obj)


class MeasurementFactory(factory.django.DjangoModelFactory[Measurement]):
    """A figure with its interval."""

    class Meta:
        model = Measurement

    resource = factory.SubFactory(ResourceFactory)
    metric = "Exactitude"
    value = 0.804
    low = 0.792
    high = 0.816
    n = 1_200
    evaluated_on = factory.LazyFunction(lambda: clock.paris_day(clock.now()))


class ResourceLinkFactory(factory.django.DjangoModelFactory[ResourceLink]):
    """A link between two resources."""

    class Meta:
        model = ResourceLink

    source = factory.SubFactory(ResourceFactory)
    target = factory.SubFactory(ResourceFactory)
    source_title = factory.SelfAttribute("source.title")
    target_title = factory.SelfAttribute("target.title")
