"""Collections (« dossiers »): a titled, ordered, commented list of resources."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalogue.models.resource import Resource, editable_organisations

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


class CollectionQuerySet(models.QuerySet["Collection"]):
    """Collections, by who reads them."""

    def public(self) -> "CollectionQuerySet":
        """Keep what everybody reads."""
        return self.filter(published_at__isnull=False, hidden_at=None)

    def visible_to(self, user: "User | AnonymousUser") -> "CollectionQuerySet":
        """Keep the public ones, and those of the organisations that a person edits."""
        if not user.is_authenticated:
            return self.public()
        return self.filter(
            Q(published_at__isnull=False, hidden_at=None)
            | Q(organisation__in=editable_organisations(user))
        )

    def locked(self, collection: "Collection") -> "Collection":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=collection.pk)


class Collection(models.Model):
    """A list that the Region or an organisation makes for its readers."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=140, unique=True)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=400, blank=True)
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="collections"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    # Hidden by the Region after a report: only its organisation sees it, and why.
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    hidden_reason = models.CharField(max_length=300, blank=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ("-published_at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="collection_hidden_for_a_reason",
                condition=Q(hidden_at=None, hidden_reason="")
                | (Q(hidden_at__isnull=False) & ~Q(hidden_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return reverse("catalogue:collection", args=(self.slug,))


class CollectionItem(models.Model):
    """One resource of a collection, at its place, with a word of who chose it."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    comment = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = [
            models.UniqueConstraint(name="collected_once", fields=("collection", "resource")),
        ]
