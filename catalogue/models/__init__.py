"""The facts of the catalogue."""

from catalogue.models.contribution import Contribution, Decision
from catalogue.models.index import IndexedFacet, IndexedResource, IndexedTerm, IndexedText
from catalogue.models.link import Measurement, ResourceLink, Synonym, Tombstone
from catalogue.models.removal import Removal
from catalogue.models.resource import (
    KEPT_COLUMNS,
    PROPOSED_COLUMNS,
    FormerSlug,
    Resource,
    editable_organisations,
)

__all__ = [
    "KEPT_COLUMNS",
    "PROPOSED_COLUMNS",
    "Contribution",
    "Decision",
    "FormerSlug",
    "IndexedFacet",
    "IndexedResource",
    "IndexedTerm",
    "IndexedText",
    "Measurement",
    "Removal",
    "Resource",
    "ResourceLink",
    "Synonym",
    "Tombstone",
    "editable_organisations",
]
