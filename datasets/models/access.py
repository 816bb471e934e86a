"""Who read what."""

from django.conf import settings
from django.db import models

from datasets.models.dataset import DataFile
from portal.lib.immutable import Immutable


class Download(Immutable):
    """One file handed out, written before its first byte. Append-only."""

    data_file = models.ForeignKey(DataFile, on_delete=models.PROTECT, related_name="downloads")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="downloads",
    )
    at = models.DateTimeField()
    # The licences the person accepted to receive a file that asks for an account.
    licences = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["data_file", "at"], name="download_file_at")]
