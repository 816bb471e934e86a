"""The published versions of a card, numbered from one."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from wagtail.models import Revision

from catalogue.enums.versions import VersionOrigin
from catalogue.models.resource import Resource


class CardVersion(models.Model):
    """One state of a card that was online, and the revision that holds it.

    A passage of a source that changes nothing one reads makes no version.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=12, choices=VersionOrigin.choices)
    # In whose name it was proposed; persons are not named.
    organisation = models.ForeignKey(
        "accounts.Organisation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    fields = models.JSONField(default=list, blank=True)  # names of those that changed
    published_at = models.DateTimeField()
    # By a moderator, for what it says and the card no longer does.
    withheld_at = models.DateTimeField(null=True, blank=True)
    withheld_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    withheld_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("resource", "-number")
        constraints = [
            models.UniqueConstraint(name="card_version_once", fields=("resource", "number")),
            models.UniqueConstraint(name="card_version_revision_once", fields=("revision",)),
            models.CheckConstraint(
                name="card_version_origin_known", condition=Q(origin__in=VersionOrigin.values)
            ),
            models.CheckConstraint(
                name="card_version_withheld_says_why",
                condition=Q(withheld_at=None) | ~Q(withheld_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} v{self.number}"

    def get_absolute_url(self) -> str:
        """Give the address where it is read."""
        return reverse("catalogue:version", args=(self.resource.slug, self.number))
