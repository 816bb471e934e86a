"""Certificates: what a team obtained in a revealed phase, signed."""

from typing import Any, ClassVar
from uuid import uuid4

from django.db import models

from challenges.models.entry import Entry
from challenges.organising.models import Phase
from challenges.teams.models import Team
from portal.lib.immutable import GuardedQuerySet, Immutable


class CertificateQuerySet(GuardedQuerySet):
    """Certificates, by where they stand."""

    def in_force(self) -> "CertificateQuerySet":
        """Keep the last of each team and phase: those that none replaces."""
        return self.filter(replaced_by__isnull=True)


class Certificate(Immutable):
    """State once what a team obtained in a phase; a later one names this one."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="certificates")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="certificates")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="certificates")
    serial = models.PositiveIntegerField()
    # Canonical JSON, signed.
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    issued_at = models.DateTimeField()

    objects: ClassVar[Any] = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["team_id", "phase_id", "serial"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "phase", "serial"], name="certificate_serial_once"
            ),
            models.CheckConstraint(
                condition=models.Q(serial=1, replaces__isnull=True)
                | models.Q(serial__gt=1, replaces__isnull=False),
                name="certificate_names_the_former",
            ),
        ]
