"""A large file on its way to a draft, sent in parts."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalogue.models.card_file import CardFile
from catalogue.models.contribution import Contribution

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import Organisation, User


class CardUploadQuerySet(models.QuerySet["CardUpload"]):
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

    def locked(self, upload: "CardUpload") -> "CardUpload":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update(of=("self",)).get(pk=upload.pk)


class CardUpload(models.Model):
    """Hold what came of a file: how far, in which parts; then the file that it became."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # Either may go before the day is over: the parts are dropped then.
    contribution = models.ForeignKey(
        Contribution, null=True, blank=True, on_delete=models.SET_NULL, related_name="uploads"
    )
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    # Names of the parts kept, in order; emptied once the file is whole in the store.
    parts = models.JSONField(default=list, blank=True)
    file = models.ForeignKey(
        CardFile, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # How often it was whole and refused, and when it is tried again by itself.
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    # Until when a process puts it together, alone; killed, it leaves it to another then.
    assembling_until = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = CardUploadQuerySet.as_manager()

    class Meta:
        ordering = ("begun_at", "pk")
        constraints = [
            models.CheckConstraint(
                name="card_upload_within_its_length",
                condition=Q(length__gt=0) & Q(offset__lte=F("length")),
            ),
        ]
        indexes = [models.Index(name="card_upload_expiry", fields=("expires_at",))]

    def __str__(self) -> str:
        return self.name
