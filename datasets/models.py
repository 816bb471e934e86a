"""Facts of the datasets app, with their named constraints."""

# ruff: noqa: F401

from datasets.access.models import (
    AccessRequest,
    Extract,
    Grant,
    GrantedDataset,
    NamedUser,
    Opinion,
    PromisedReturn,
    RequestedDataset,
    RequestVersion,
    Suspension,
)
from datasets.holdouts.models import Holdout, HoldoutVersion, SealedFile, WrappedKey
from datasets.openings.models import Opening, OpeningReport, OpeningWithdrawal
from datasets.releases.models import (
    DataFile,
    Dataset,
    Download,
    PendingRelease,
    Release,
    ReleaseUpload,
)
