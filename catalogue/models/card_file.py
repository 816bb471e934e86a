"""A file that the portal keeps for a card."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums.files import FileState
from catalogue.models.resource import Resource

if TYPE_CHECKING:
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
    organisation = models.ForeignKey(
        "accounts.Organisation", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
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
            models.CheckConstraint(
                name="card_file_state_known", condition=Q(state__in=FileState.values)
            ),
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
