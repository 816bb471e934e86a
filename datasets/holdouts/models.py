"""Held-out datasets: their versions, the sealed files of each, the keys that open them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.holdouts.enums import SealedKind
from portal.lib.immutable import Immutable


class Holdout(models.Model):
    """A held-out dataset of an organisation."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    owner = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="holdouts"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("jeu tenu à l’écart")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="holdout_name_once")]

    def __str__(self) -> str:
        return self.name


class HoldoutVersion(Immutable):
    """One edition of the held-out files; a change of truth is a new version.

    ciphertext_sha256: digest of the sealed files' own digests, what the receipts name.
    compiled_keys_sha256: object of the public identifiers, in clear, once compiled.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    holdout = models.ForeignKey(Holdout, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    ciphertext_sha256 = models.CharField(max_length=64)
    compiled_keys_sha256 = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  # null: not compiled yet
    compiled_at = models.DateTimeField(null=True, blank=True)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["holdout_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["holdout", "number"], name="holdout_number_once"),
            models.CheckConstraint(
                condition=models.Q(compiled_keys_sha256__isnull=True, compiled_at__isnull=True)
                | models.Q(compiled_keys_sha256__isnull=False, compiled_at__isnull=False),
                name="holdout_compiled_dated",
            ),
        ]

    @property
    def is_compiled(self) -> bool:
        """Say whether predictions can be checked and scored."""
        return self.compiled_keys_sha256 is not None


class SealedFile(Immutable):
    """One encrypted file of a version, in the private store under its ciphertext's digest."""

    version = models.ForeignKey(HoldoutVersion, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=SealedKind.choices)
    name = models.CharField(max_length=200)
    ciphertext_sha256 = models.CharField(max_length=64)
    ciphertext_size = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "kind", "name"], name="sealed_file_once")
        ]


class WrappedKey(Immutable):
    """The data key of a sealed file for one recipient; deleting all destroys the file."""

    file = models.ForeignKey(SealedFile, on_delete=models.PROTECT, related_name="keys")
    key_id = models.CharField(max_length=32)
    ephemeral = models.CharField(max_length=64)
    wrapped = models.CharField(max_length=96)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["file", "key_id"], name="wrapped_key_once")]
