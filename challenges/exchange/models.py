"""A bundle that a person deposited: its report, and its bytes until they are of no use."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from challenges.organising.models.challenges import Challenge, Viewer, person_id
from portal.accounts.authorization import Permission, has_permission
from portal.lib.columns import LockableQuerySet, Member, Shown, person, within, word


class ImportState(Shown):
    """Name where a bundle that was deposited stands."""

    WAITING = "waiting", "calanque", "loader", _("Lecture en cours")
    READ = "read", "calanque", "clock", _("Rapport prêt")
    CREATING = "creating", "calanque", "loader", _("Création du brouillon")
    REFUSED = "refused", "garance", "circle-x", _("Refusé")
    ACCEPTED = "accepted", "pin", "check", _("Brouillon créé")
    FAILED = "failed", "ocre", "triangle-alert", _("Panne de notre côté")
    EXPIRED = "expired", "ardoise", "history", _("Archive effacée")


LIVE = (ImportState.WAITING, ImportState.READ, ImportState.CREATING)


class BundleImportQuerySet(LockableQuerySet["BundleImport"]):
    """Imports, by who may see them and by where they stand."""

    def visible_to(self, user: Viewer) -> "BundleImportQuerySet":
        """Keep a person's own imports; the Region's administrators see all."""
        if has_permission(user, Permission.ROLE_GIVE):
            return self.all()
        return self.filter(by_id=person_id(user))

    def live(self) -> "BundleImportQuerySet":
        """Keep those that may still become a challenge."""
        return self.filter(state__in=LIVE)


class BundleImport(models.Model):
    """Hold one deposited bundle.

    sha256, size: of the archive as it was sent. report: errors, warnings, questions, facts and
    dry run, as JSON. answers: those given to its questions; refusals: why they made no draft, as
    JSON. sealed, keys: the object that holds the encrypted archive and the wrapped
    keys that open it; both emptied with the bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    by = person("bundle_imports")
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    format = models.CharField(max_length=24, blank=True)
    state = word(ImportState, default=ImportState.WAITING)
    report = models.JSONField(default=dict, blank=True)
    answers = models.JSONField(default=dict, blank=True)
    refusals = models.JSONField(default=list, blank=True)
    sealed = models.CharField(max_length=64, blank=True)
    keys = models.JSONField(default=list, blank=True)
    challenge = models.ForeignKey(
        Challenge, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    created_at = models.DateTimeField()
    state_since = models.DateTimeField()
    expires_at = models.DateTimeField()

    state_enum = Member("state", ImportState)
    objects = BundleImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            within("state", ImportState, name="bundle_import_state_known"),
            models.UniqueConstraint(
                fields=["by", "sha256"],
                condition=Q(state__in=list(LIVE)),
                name="bundle_import_live_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(LIVE)) | Q(sealed=""),
                name="bundle_import_bytes_forgotten",
            ),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="bundle_import_expiry")]

    @property
    def is_waiting(self) -> bool:
        """Say whether the worker has still to read it."""
        return self.state == ImportState.WAITING

    @property
    def is_read(self) -> bool:
        """Say whether it may become a challenge, once its questions are answered."""
        return self.state == ImportState.READ

    @property
    def is_being_created(self) -> bool:
        """Say whether the worker has still to make its draft."""
        return self.state == ImportState.CREATING

    @property
    def keeps_bytes(self) -> bool:
        """Say whether the archive is still of use."""
        return self.state in LIVE

    def told(self, part: str) -> list[Mapping[str, Any]]:
        """Give one part of the report: errors, warnings or questions."""
        found: list[Mapping[str, Any]] = self.report.get(part) or []
        return found
