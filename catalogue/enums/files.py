"""Where the files of cards stand, and what may be said of one."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class FileState(models.TextChoices):
    """Whether a file may be given: nobody receives one before it was examined."""

    WAITING = "waiting", _("Examen en cours")
    SOUND = "sound", _("Examiné")
    REFUSED = "refused", _("Refusé")


class FileSign(StrEnum):
    """What an examination says of a file, in the order in which it is told."""

    INFECTED = "infected"
    UNREADABLE = "unscannable"
    LOST = "lost"
    MISMATCH = "mismatch"
    BOMB = "archive"
    UNEXAMINED = "unexamined"
    EXECUTABLE = "executable"
    INERT = "inert"


# What keeps a file from everybody, and a proposal that names it from being sent.
FORBIDDING = frozenset(
    {FileSign.INFECTED, FileSign.UNREADABLE, FileSign.LOST, FileSign.MISMATCH, FileSign.BOMB}
)
# What keeps it so long as the machine cannot read it: the same bytes, sent again, are read again.
UNREAD = frozenset({FileSign.UNREADABLE, FileSign.LOST})
