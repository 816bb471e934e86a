"""Datasets of the directory, their releases, the files of each, who was given one."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.resources.models import Resource
from datasets.releases.enums import AccessLevel, FileRole, PendingState, Protection
from portal.lib.columns import LockableQuerySet, Member, someone
from portal.lib.immutable import Immutable
from portal.lib.storage.parts import PartedFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


class DatasetQuerySet(models.QuerySet["Dataset"]):
    """Reads of datasets by who asks."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep the datasets whose card this person may read."""
        return self.filter(resource__in=Resource.objects.visible_to(user))

    def with_card(self) -> Self:
        """Fetch the card and its organisation beside each dataset."""
        return self.select_related("resource__organisation")


class Dataset(models.Model):
    """What the directory knows of a dataset beside its card in the catalogue."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.OneToOneField(
        "catalogue.Resource", on_delete=models.PROTECT, related_name="dataset"
    )
    # The level of the most open and of the most closed file of the current release.
    level = models.CharField(max_length=20, choices=AccessLevel.choices, default=AccessLevel.OPEN)
    in_directory = models.BooleanField(_("répertoire R2DDE"), default=False)
    of_personal_origin = models.BooleanField(
        _("ces données viennent de données personnelles"), default=False
    )
    is_synthetic = models.BooleanField(_("données synthétiques"), default=False)
    legal_basis = models.CharField(_("base légale"), max_length=200, blank=True)
    disclosure_threshold = models.PositiveSmallIntegerField(
        _("seuil de diffusion (personnes)"), null=True, blank=True
    )
    retention = models.CharField(_("conservation"), max_length=120, blank=True)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    level_enum = Member("level", AccessLevel)
    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("jeu de données")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level__in=AccessLevel.values), name="dataset_level_known"
            )
        ]
        indexes = [models.Index(fields=["level", "released_at"], name="dataset_level_released")]

    def __str__(self) -> str:
        return self.resource.title

    def get_absolute_url(self) -> str:
        return reverse("datasets:dataset", args=(self.resource.slug,))


class Release(Immutable):
    """One dated edition of a dataset's files; never changed, only followed by another."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    notes = models.CharField(_("ce qui change"), max_length=500, blank=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Taken back in an emergency: nobody reads its files any more.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="release_number_once")
        ]


class DataFile(Immutable):
    """One file of a release: its level, its place in the private store, its columns.

    schema: list of {name, type, description, filled (share of 0 to 100), distinct, protection}.
    preview: {"header": [...], "rows": [[...], ...]}, empty unless the file is open.
    A restricted file is sealed to the worker: keys are its wrapped keys and sha256 that of the
    sealed object; size is always the clear one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="files")
    index = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=FileRole.choices, default=FileRole.DATA)
    level = models.CharField(max_length=20, choices=AccessLevel.choices)
    sha256 = models.CharField(max_length=64)
    keys: Any = models.JSONField(default=list, blank=True)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    schema: Any = models.JSONField(default=list)
    preview: Any = models.JSONField(default=dict)

    level_enum = Member("level", AccessLevel)

    class Meta:
        ordering = ["index", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="data_file_name_once"),
            models.CheckConstraint(
                condition=models.Q(level__in=AccessLevel.values), name="data_file_level_known"
            ),
            models.CheckConstraint(
                condition=models.Q(level=AccessLevel.OPEN) | models.Q(preview={}),
                name="data_file_preview_open",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def pseudonyms(self) -> list[str]:
        """Name the columns whose cells each grant reads as pseudonyms of its own."""
        wanted = Protection.PSEUDONYM
        return [str(each["name"]) for each in self.schema if each.get("protection") == wanted]


class ReleaseUploadQuerySet(LockableQuerySet["ReleaseUpload"]):
    """Reads of the files that come, by who sends them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep those that this person began."""
        return self.filter(begun_by_id=user.pk or 0)


class ReleaseUpload(PartedFile):
    """A file of a release to come; each part is {sha256, keys}, sealed as it came."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="uploads")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ReleaseUploadQuerySet.as_manager()

    class Meta:
        ordering = ["begun_at", "pk"]
        constraints = PartedFile.Meta.constraints
        indexes = [models.Index(fields=["expires_at"], name="release_upload_expiry")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_finished(self) -> bool:
        """Whether all its bytes came."""
        return self.offset == self.length


class PendingReleaseQuerySet(models.QuerySet["PendingRelease"]):
    """Reads of the releases that were asked for."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep those that this person asked for."""
        return self.filter(asked_by_id=user.pk or 0)

    def due(self, at: datetime) -> Self:
        """Keep those that no process publishes."""
        free = models.Q(claimed_until=None) | models.Q(claimed_until__lte=at)
        return self.filter(free, state=PendingState.PENDING)


class PendingRelease(models.Model):
    """A release asked for, of files that came in parts; then the release, or why there is none.

    files: list of {upload, level, role, columns}. faults: list of {file, code, line, …}.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="pending")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField()
    files: Any = models.JSONField()
    notes = models.CharField(max_length=500, blank=True)
    personal_checked = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=PendingState.choices, default=PendingState.PENDING
    )
    faults: Any = models.JSONField(default=list, blank=True)
    release = models.OneToOneField(Release, null=True, blank=True, on_delete=models.PROTECT)
    # Until when a process publishes it, alone; killed, it leaves it to another then.
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = PendingReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="published", release__isnull=False)
                | models.Q(state__in=["pending", "refused"], release__isnull=True),
                name="pending_release_settled",
            )
        ]


class Download(Immutable):
    """One file handed out, written before its first byte. Append-only."""

    data_file = models.ForeignKey(DataFile, on_delete=models.PROTECT, related_name="downloads")
    user = someone("downloads")
    at = models.DateTimeField()
    # The licences the person accepted to receive a file that asks for an account.
    licences = models.CharField(max_length=200, blank=True)
    # What was read of an extract, under which grant, and how many bytes it was counted for.
    grant = models.ForeignKey(
        "datasets.Grant", null=True, blank=True, on_delete=models.PROTECT, related_name="downloads"
    )
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["data_file", "at"], name="download_file_at"),
            models.Index(fields=["grant", "at"], name="download_grant_at"),
        ]
