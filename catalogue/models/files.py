"""The files that the portal keeps for cards, and those on their way to a draft in parts."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from catalogue.enums import FileState
from catalogue.models.contribution import Contribution
from catalogue.models.resource import (
    LockableQuerySet,
    Resource,
    known,
    some,
    some_organisation,
    someone,
)
from portal.lib.parts import PartedFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import Organisation, User


class CardFileQuerySet(models.QuerySet["CardFile"]):
    """Reads of files by who brought them and by where they stand."""

    def waiting(self) -> "CardFileQuerySet":
        """Keep those that nobody has examined yet: the least tried first, then the oldest."""
        return self.filter(state=FileState.WAITING).order_by("attempts", "added_at", "pk")

    def held_by(
        self, organisation: "Organisation | None", person: "User | None"
    ) -> "CardFileQuerySet":
        """Keep what counts in the room of an organisation, or of a person who has none there.

        What no text names any more counts in none: it waits to be forgotten.
        """
        named = self.filter(unnamed_at=None)
        if organisation is not None:
            return named.filter(organisation=organisation)
        return named.filter(organisation=None, added_by=person)


class CardFile(models.Model):
    """One file brought to a card: its bytes are in the private store, under their sha256.

    A text of the card names it by its address (`queries.stored_files`): so it goes online, and is
    withdrawn, with the text that was reviewed. `signs` and `preview` are what the examination said.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="stored_files")
    # In whose room it counts.
    organisation = some_organisation()
    added_by = someone()
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    # What its first bytes are, whatever its name says.
    kind = models.CharField(max_length=20)
    media_type = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=FileState.choices, default=FileState.WAITING)
    signs = models.JSONField(default=list, blank=True)
    # The first rows of a table: columns, rows, more; `personal`: what looks like personal data.
    has_preview = models.BooleanField(default=False)
    preview = models.JSONField(default=dict, blank=True)
    added_at = models.DateTimeField()
    examined_at = models.DateTimeField(null=True, blank=True)
    # Examinations that failed; and the last ones of them, that failed for want of bytes.
    attempts = models.PositiveSmallIntegerField(default=0)
    missed = models.PositiveSmallIntegerField(default=0)
    # Since when no text that counts names it.
    unnamed_at = models.DateTimeField(null=True, blank=True)

    objects = CardFileQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            known("card_file_state_known", state=FileState),
            models.CheckConstraint(
                name="card_file_examined_dated",
                condition=Q(state=FileState.WAITING, examined_at=None)
                | ~Q(state=FileState.WAITING) & Q(examined_at__isnull=False),
            ),
            models.CheckConstraint(name="card_file_not_empty", condition=Q(size__gt=0)),
        ]
        indexes = [models.Index(name="card_file_state", fields=("state", "added_at"))]

    def __str__(self) -> str:
        return self.name

    def wait_again(self) -> None:
        """Take back what the examination said, and what failed of it."""
        self.state, self.signs, self.examined_at = FileState.WAITING, [], None
        self.attempts = self.missed = 0
        self.save(update_fields=["state", "signs", "examined_at", "attempts", "missed"])

    @property
    def is_sound(self) -> bool:
        """Tell a file that was examined and may be given."""
        return self.state == FileState.SOUND


class CardUploadQuerySet(LockableQuerySet["CardUpload"]):
    """Reads of uploads by who sends them and by where they stand."""

    def visible_to(self, user: "User | AnonymousUser") -> "CardUploadQuerySet":
        """Keep those that this person began."""
        return self.filter(begun_by_id=user.pk or 0, contribution__isnull=False)

    def coming(self, at: datetime) -> "CardUploadQuerySet":
        """Keep those that may still become a file."""
        return self.filter(file=None, expires_at__gt=at)

    def whole(self) -> "CardUploadQuerySet":
        """Keep those whose bytes are all here, and are no file yet, the oldest first."""
        kept = self.filter(contribution__isnull=False, begun_by__isnull=False)
        return kept.filter(file=None, offset=F("length")).order_by("begun_at", "pk")

    def due(self, at: datetime) -> "CardUploadQuerySet":
        """Keep the whole ones that are tried now: never tried, or refused some time ago."""
        tried = Q(retry_at=None) | Q(retry_at__lte=at)
        return self.whole().free(at).filter(tried, expires_at__gt=at)

    def free(self, at: datetime) -> "CardUploadQuerySet":
        """Keep those that no process is putting together."""
        return self.filter(Q(assembling_until=None) | Q(assembling_until__lte=at))

    def held_by(
        self, organisation: "Organisation | None", person: "User | None"
    ) -> "CardUploadQuerySet":
        """Keep what comes to the room of an organisation, or of a person who has none there."""
        if organisation is not None:
            return self.filter(contribution__organisation=organisation)
        return self.filter(contribution__organisation=None, begun_by=person)


class CardUpload(PartedFile):
    """A file that comes to a draft in parts; then the file that it became."""

    # Either may go before the day is over: the parts are dropped then.
    contribution = some(Contribution, related_name="uploads")
    begun_by = someone()
    file = some(CardFile)
    # How often it was whole and refused, and when it is tried again by itself.
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # Until when a process puts it together, alone; killed, it leaves it to another then.
    assembling_until = models.DateTimeField(null=True, blank=True)

    objects = CardUploadQuerySet.as_manager()

    class Meta:
        ordering = ("begun_at", "pk")
        constraints = PartedFile.Meta.constraints
        indexes = [models.Index(name="card_upload_expiry", fields=("expires_at",))]

    def __str__(self) -> str:
        return self.name

    @property
    def is_finished(self) -> bool:
        """Whether it became a file: whole, it is put together again at an empty part."""
        return self.file_id is not None
