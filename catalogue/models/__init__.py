"""The facts of the catalogue."""

from catalogue.models.alert import AlertMatch, SavedSearch
from catalogue.models.batch import ContributionBatch
from catalogue.models.card_file import CardFile
from catalogue.models.card_upload import CardUpload
from catalogue.models.collection import Collection, CollectionItem
from catalogue.models.contribution import Contribution, Decision
from catalogue.models.discussion import Discussion, DiscussionMessage
from catalogue.models.following import Follow
from catalogue.models.harvest import HarvestedRecord, HarvestRun, Source
from catalogue.models.index import (
    IndexedFacet,
    IndexedName,
    IndexedResource,
)
from catalogue.models.link import Measurement, QualityScore, ResourceLink, Synonym, Tombstone
from catalogue.models.link_check import LinkCheck
from catalogue.models.nomenclature import RomeTitle
from catalogue.models.removal import Removal
from catalogue.models.report import Masking, Report, ReportDecision
from catalogue.models.resource import (
    KEPT_COLUMNS,
    PROPOSED_COLUMNS,
    FormerSlug,
    Resource,
    editable_organisations,
)
from catalogue.models.reviewed import FieldFeedback, Reuse
from catalogue.models.transfer import CardTransfer
from catalogue.models.version import CardVersion

__all__ = [
    "KEPT_COLUMNS",
    "PROPOSED_COLUMNS",
    "AlertMatch",
    "CardFile",
    "CardTransfer",
    "CardUpload",
    "CardVersion",
    "Collection",
    "CollectionItem",
    "Contribution",
    "ContributionBatch",
    "Decision",
    "Discussion",
    "DiscussionMessage",
    "FieldFeedback",
    "Follow",
    "FormerSlug",
    "HarvestRun",
    "HarvestedRecord",
    "IndexedFacet",
    "IndexedName",
    "IndexedResource",
    "LinkCheck",
    "Masking",
    "Measurement",
    "QualityScore",
    "Removal",
    "Report",
    "ReportDecision",
    "Resource",
    "ResourceLink",
    "Reuse",
    "RomeTitle",
    "SavedSearch",
    "Source",
    "Synonym",
    "Tombstone",
    "editable_organisations",
]
