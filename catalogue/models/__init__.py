"""The facts of the catalogue."""

from catalogue.models.community import (
    AlertMatch,
    Collection,
    CollectionItem,
    Discussion,
    DiscussionMessage,
    FieldFeedback,
    Follow,
    Reuse,
    SavedSearch,
)
from catalogue.models.contribution import Contribution, ContributionBatch, Decision
from catalogue.models.files import CardFile, CardUpload
from catalogue.models.harvest import HarvestedRecord, HarvestRun, LinkCheck, Source
from catalogue.models.history import (
    CardTransfer,
    CardVersion,
    Measurement,
    QualityScore,
    Removal,
    ResourceLink,
    Synonym,
    Tombstone,
)
from catalogue.models.index import (
    IndexedFacet,
    IndexedName,
    IndexedResource,
    RomeTitle,
)
from catalogue.models.report import Masking, Report, ReportDecision
from catalogue.models.resource import (
    KEPT_COLUMNS,
    PROPOSED_COLUMNS,
    FormerSlug,
    Resource,
    editable_organisations,
)
