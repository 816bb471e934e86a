"""The opening catalogue: 124 cards written for the portal.

`catalogue.json` holds the columns of each and what was checked at its source; `cards/*.yaml` hold
what we wrote of it, by its identifier: a description in Markdown, tags, facts of its kind;
`links.yaml` ties them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from catalogue.contributions.actions import review
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import Deposit, LinkType, ResourceKind, VersionOrigin
from catalogue.resources.fields import DETAILS
from catalogue.resources.models import Resource
from catalogue.resources.queries import relations
from catalogue.search import synonyms
from catalogue.search.models import Synonym
from portal.accounts.models import Organisation
from portal.audit.record import record
from portal.management.opening import people

HERE = Path(__file__).parent
FILE = HERE / "catalogue.json"
SOURCE = "opening"
OURS = frozenset({ResourceKind.NEED, ResourceKind.IDEA})
# What a row says of itself, beside the columns of a card.
OF_THE_ROW = frozenset({"id", "details", "verified", "to_review", "links"})


def cards() -> None:
    """Take in the synonyms, and the cards that are not here yet; a second pass writes nothing.

    In order: the resources, so that any may name another; for each its revision, online with its
    index and links, or in the review queue when its title or address is written from memory;
    then one event "catalogue.opened".
    """
    open_synonyms()
    people.producers()
    region = people.region()
    known = set(Resource.objects.filter(source=SOURCE).values_list("source_id", flat=True))
    with transaction.atomic():
        made = [(row, _resource(row, region)) for row in rows() if row["id"] not in known]
        slugs = dict(Resource.objects.filter(source=SOURCE).values_list("source_id", "slug"))
        for row, resource in made:
            _tie(resource, row["links"], slugs)
            revision = resource.save_revision(clean=False)
            if row.get("to_review"):
                review.queue_for_review(resource=resource, revision=revision)
            else:
                card_changes.put_online(
                    resource=resource,
                    revision=revision,
                    by=people.OPENING,
                    origin=VersionOrigin.OPENED,
                )
        if made:
            queued = sum(bool(row.get("to_review")) for row, _card in made)
            published = len(made) - queued
            record("catalogue.opened", by=people.OPENING, published=published, queued=queued)


def _tie(resource: Resource, links: Iterable[tuple[str, str]], slugs: Mapping[str, str]) -> None:
    """Declare the links of a card, as (type, identifier of the other card)."""
    ties = [{"type": kind, "target": slugs[other]} for kind, other in links]
    if ties:
        resource.details[relations.RELATIONS_FIELD] = ties


def _resource(row: Mapping[str, Any], region: Organisation) -> Resource:
    kind = ResourceKind(row["kind"])
    details, _faults = DETAILS[kind].clean(row.get("details", {}))
    return card_changes.create(
        by=people.OPENING,
        source=SOURCE,
        source_id=row["id"],
        deposit=Deposit.OWNED if kind in OURS else Deposit.REFERENCED,
        organisation=region if kind in OURS else None,
        details=details,
        # Whether someone read each field at its source.
        provenance={
            name: {"origin": "import:opening", "verified": seen}
            for name, seen in row["verified"].items()
        },
        **{name: value for name, value in row.items() if name not in OF_THE_ROW},
    )


@transaction.atomic
def open_synonyms() -> None:
    """Copy the opening synonyms into rows, once."""
    if Synonym.objects.exists():
        return
    groups = synonyms.read_groups(synonyms.OPENING.read_text("utf-8"))
    Synonym.objects.bulk_create(Synonym(phrases=", ".join(group)) for group in groups)


def rows() -> list[dict[str, Any]]:
    """Read each card of the file with what we wrote of it, and the links that it declares."""
    written: dict[str, dict[str, Any]] = {}
    for path in sorted((HERE / "cards").glob("*.yaml")):
        written |= yaml.safe_load(path.read_text("utf-8"))
    ties = links()
    return [
        row | written[row["id"]] | {"links": ties.get(row["id"], [])}
        for row in json.loads(FILE.read_text("utf-8"))
    ]


def links() -> dict[str, list[tuple[str, str]]]:
    """Read which links each card declares, as (type, identifier of the other card)."""
    ties: dict[str, list[tuple[str, str]]] = {}
    for kind, table in yaml.safe_load((HERE / "links.yaml").read_text("utf-8")).items():
        for left, others in table.items():
            for right in others:
                source, target = (right, left) if kind == LinkType.ANSWERS else (left, right)
                ties.setdefault(source, []).append((kind, target))
    return ties
