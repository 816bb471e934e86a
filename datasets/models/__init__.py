"""The facts of datasets and holdouts."""

from datasets.models.access import Download
from datasets.models.dataset import DataFile, Dataset, Release
from datasets.models.holdout import Holdout, HoldoutVersion, SealedFile, WrappedKey

__all__ = [
    "DataFile",
    "Dataset",
    "Download",
    "Holdout",
    "HoldoutVersion",
    "Release",
    "SealedFile",
    "WrappedKey",
]
