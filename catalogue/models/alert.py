"""Searches that people keep, and what was published since that answers them."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.enums.community import AlertFrequency
from catalogue.models.resource import Resource

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User

QUERY_CHARACTERS = 2_000


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    """Saved searches, by whose they are and by what they do."""

    def visible_to(self, user: "User | AnonymousUser") -> "SavedSearchQuerySet":
        """Keep one's own, nobody else's."""
        return self.filter(user_id=user.pk or 0)

    def writing(self) -> "SavedSearchQuerySet":
        """Keep those that write: confirmed, not paused, of an open account or of an address."""
        return self.filter(
            Q(user__isnull=True) | Q(user__is_active=True),
            confirmed_at__isnull=False,
            paused_at__isnull=True,
        ).exclude(frequency=AlertFrequency.FEED)

    def locked(self, search: "SavedSearch") -> "SavedSearch":
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update().get(pk=search.pk)


class SavedSearch(models.Model):
    """A query that somebody keeps, to hear of what is published later.

    Of a person with an account, or of an address that was confirmed by a link. The links of its
    letters and of its feed are signed from this row and never stored.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="saved_searches",
    )
    email = models.EmailField(blank=True)
    title = models.CharField(max_length=120)
    # The canonical query string; its digest is what is unique, since an index row is bounded.
    query = models.TextField(blank=True, max_length=QUERY_CHARACTERS)
    query_sha256 = models.CharField(max_length=64)
    frequency = models.CharField(max_length=8, choices=AlertFrequency.choices)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    # What was first published after this instant is new; until then nothing is owed.
    since = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True)
    last_letter_on = models.DateField(null=True, blank=True)
    # Each number gives the feed another address: the former one is worth nothing.
    feed_number = models.PositiveIntegerField(default=0)
    feed_open = models.BooleanField(default=False)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")
        constraints = [
            models.CheckConstraint(
                name="search_of_person_or_address",
                condition=Q(user__isnull=False, email="") | (Q(user__isnull=True) & ~Q(email="")),
            ),
            models.CheckConstraint(
                name="search_frequency_known", condition=Q(frequency__in=AlertFrequency.values)
            ),
            models.UniqueConstraint(
                name="search_once_by_person",
                fields=("user", "query_sha256"),
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                name="search_once_by_address",
                fields=("email", "query_sha256"),
                condition=~Q(email=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def address(self) -> str:
        """Give the address that its letters go to."""
        return self.user.email if self.user else self.email

    @property
    def writes(self) -> bool:
        """Say whether its letters leave."""
        alive = self.user is None or self.user.is_active
        return bool(
            alive
            and self.confirmed_at
            and not self.paused_at
            and self.frequency != AlertFrequency.FEED
        )


class AlertMatch(models.Model):
    """One publication that answers a saved search: told once, in the letter of a day."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="matches")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    first_published_at = models.DateTimeField()
    found_at = models.DateTimeField()
    # The day of the letter that tells it; null while it waits for one.
    told_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-first_published_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                name="alert_once", fields=("search", "resource", "first_published_at")
            ),
        ]
        indexes = [models.Index(name="alert_found", fields=("found_at",))]
