"""An upload: a file that a team sends in parts before it submits it."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from challenges.enums import UploadState
from challenges.models.entry import Entry
from challenges.models.words import within, word
from challenges.organising.models import Viewer
from challenges.teams.models import Enrolment, Team


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads, by who may see them and by where they stand."""

    def visible_to(self, user: Viewer) -> "UploadQuerySet":
        """Keep the uploads of the teams this person is in today."""
        return self.filter(enrolment__team_id__in=Team.objects.of(user).values("pk"))

    def live(self, at: datetime) -> "UploadQuerySet":
        """Keep those that may still grow or be submitted."""
        entered = Entry.objects.filter(
            enrolment=models.OuterRef("enrolment"), sha256=models.OuterRef("sha256")
        )
        whole = Q(state=UploadState.STORED) & ~models.Exists(entered)
        return self.filter(Q(state=UploadState.OPEN) | whole, expires_at__gt=at)

    def locked(self, upload: "Upload") -> "Upload":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=upload.pk)


class Upload(models.Model):
    """Hold what came of a file: how far, in which parts, since when."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="uploads")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads"
    )
    name = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    # Names of the parts kept, in order; emptied when the file is whole in the store (it may
    # await its submission still), or dropped.
    parts = models.JSONField(default=list, blank=True)
    state = word(UploadState, default=UploadState.OPEN)
    sha256 = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    first_byte_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at", "pk"]
        constraints = [
            within("state", UploadState, name="upload_state_known"),
            models.CheckConstraint(
                condition=Q(length__gt=0) & Q(offset__lte=F("length")),
                name="upload_within_its_length",
            ),
            models.CheckConstraint(
                condition=Q(offset=0, first_byte_at__isnull=True)
                | Q(offset__gt=0, first_byte_at__isnull=False),
                name="upload_first_byte_dated",
            ),
            models.CheckConstraint(
                condition=Q(state="stored", offset=F("length")) & ~Q(sha256="")
                | ~Q(state="stored") & Q(sha256=""),
                name="upload_stored_whole",
            ),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="upload_state_expiry")]
