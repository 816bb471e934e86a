"""Organisations and who belongs to them."""

import json
import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import OrganisationBadge, OrganisationKind, Role
from portal.lib.immutable import GuardedQuerySet, Immutable


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, their members counted where a page shows them."""

    def counted(self) -> "OrganisationQuerySet":
        """Add `members_count`, the live memberships."""
        live = models.Q(memberships__left_at__isnull=True)
        return self.annotate(members_count=models.Count("memberships", filter=live))

    def matching(self, words: str) -> "OrganisationQuerySet":
        """Keep those whose name, acronym or a former name holds each word."""
        found = self
        for word in words.replace("\0", " ").split()[:8]:
            # SQLite keeps the text of JSON as it was written, accents escaped.
            escaped = json.dumps(word)[1:-1]
            found = found.filter(
                models.Q(name__icontains=word)
                | models.Q(acronym__icontains=word)
                | models.Q(former_names__icontains=word)
                | models.Q(former_names__icontains=escaped)
            )
        return found

    def locked(self, organisation: "Organisation") -> "Organisation":
        """Read the row again under a lock."""
        return self.select_for_update().get(pk=organisation.pk)


class Organisation(models.Model):
    """A body that publishes, competes or produces data."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("nom"), max_length=160)
    acronym = models.CharField(_("sigle"), max_length=40, blank=True)
    former_names = models.JSONField(default=list, blank=True)
    kind = models.CharField(_("nature"), max_length=20, choices=OrganisationKind.choices)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    homepage_url = models.URLField(_("site"), max_length=300, blank=True)
    description = models.TextField(_("présentation"), max_length=2_000, blank=True)
    badges = models.JSONField(default=list, blank=True)
    # The Region itself: nobody else's content may be moderated by its members alone.
    is_region = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("organisation")
        constraints = [
            models.UniqueConstraint(
                fields=["siret"], condition=~models.Q(siret=""), name="organisation_siret_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_words(self) -> str:
        """Name the kind of organisation."""
        return str(OrganisationKind(self.kind).label)

    @property
    def badge_words(self) -> list[str]:
        """Name the badges given by the Region."""
        return [str(OrganisationBadge(badge).label) for badge in self.badges]


class MembershipQuerySet(GuardedQuerySet):
    """Memberships, live or past."""

    def live(self) -> "MembershipQuerySet":
        """Keep those that have not ended."""
        return self.filter(left_at__isnull=True)


class Membership(Immutable):
    """A person's place in an organisation."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=models.Q(left_at__isnull=True),
                name="one_live_membership",
            )
        ]
