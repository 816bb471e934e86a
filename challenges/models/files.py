"""The files of a challenge that everybody may download."""

from django.db import models

from challenges.models.challenge import Challenge


class PublicFile(models.Model):
    """Offer a file of a challenge for download."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="files")
    index = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    columns = models.JSONField(default=list, blank=True)
    args = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "name"], name="public_file_name_once"),
            models.UniqueConstraint(fields=["challenge", "index"], name="public_file_index_once"),
        ]

    def __str__(self) -> str:
        return self.name
