"""Describe the data side of a dataset's card."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue.enums import ResourceKind
from catalogue.models import Resource
from datasets import rules
from datasets.models import Dataset
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Invalid


@dataclass(frozen=True)
class Description:
    """What a producer says of a dataset beside its card."""

    in_directory: bool = False
    is_synthetic: bool = False
    legal_basis: str = ""
    disclosure_threshold: int | None = None
    retention: str = ""


@transaction.atomic
def describe(*, resource: Resource, description: Description, by: Actor) -> Dataset:
    """Write the data side of a card, for the first time or again.

    In order: the card locked; the dataset created or changed; event "dataset.described" when
    something changed. Raises NotAllowed; Invalid when the card is of another kind, and for a
    dataset whose open data were released, in the restricted directory.
    """
    card = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    require(rules.may_describe, by, card.organisation)
    if card.kind != ResourceKind.DATASET:
        raise Invalid(_("Cette fiche ne décrit pas un jeu de données."), code="not_a_dataset")
    dataset = Dataset.objects.filter(resource=card).first()
    created = dataset is None
    if dataset is None:
        dataset = Dataset(resource=card, created_at=clock.now())
    values = vars(description)
    changed = [name for name, value in values.items() if getattr(dataset, name) != value]
    if not created and not changed:
        return dataset
    for name in changed:
        setattr(dataset, name, values[name])
    is_open = dataset.released_at is not None and not dataset.level_enum.is_restricted
    if dataset.in_directory and is_open:
        raise Invalid(
            _(
                "Une version de ce jeu est déjà publiée hors de l’accès restreint : "
                "il n’entre pas au répertoire R2DDE."
            ),
            code="directory_is_restricted",
        )
    dataset.full_clean(exclude=["resource"])
    dataset.save()
    record("dataset.described", by=by, on=dataset, changed=sorted(changed), created=created)
    return dataset
