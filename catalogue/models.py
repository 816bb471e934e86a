"""The models of the catalogue, gathered from its subjects for Django."""

# ruff: noqa: F401

from catalogue.community.models import (
    AlertMatch,
    Collection,
    CollectionItem,
    Follow,
    Masking,
    Report,
    ReportDecision,
    Reuse,
    SavedSearch,
)
from catalogue.contributions.models import CardUpload, Contribution, ContributionBatch, Decision
from catalogue.harvest.models import HarvestedRecord, HarvestRun, LinkCheck, Source
from catalogue.resources.models import (
    CardFile,
    CardTransfer,
    CardVersion,
    FormerSlug,
    Measurement,
    QualityScore,
    Removal,
    Resource,
    ResourceLink,
    Tombstone,
)
from catalogue.search.models import IndexedFacet, IndexedName, IndexedResource, Synonym
