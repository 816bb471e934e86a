"""Where an evaluation and a run of code stand, and the two parts of held-out data."""

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    pass


class RunState(StrEnum):
    """Name where a run of a team's code stands, on hidden inputs or on the public sample."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class EvaluationState(StrEnum):
    """Name where one scoring of one entry stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Split(StrEnum):
    """Name a part of the held-out rows."""

    PUBLIC = "public"
    PRIVATE = "private"


SPLIT_WORDS: dict[str, str | Promise] = {
    Split.PUBLIC: _("Provisoire"),
    Split.PRIVATE: _("Définitif"),
}
