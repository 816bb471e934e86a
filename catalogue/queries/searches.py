"""Saved searches as their owners read them."""

from django.db.models import Count, Q, QuerySet

from catalogue.models import SavedSearch
from portal.accounts.models import User


def of(user: User) -> QuerySet[SavedSearch]:
    """List a person's searches, with how many publications answered each."""
    rows = SavedSearch.objects.visible_to(user).annotate(
        found=Count("matches", filter=Q(matches__resource__live=True))
    )
    return rows.order_by("title", "pk")


def all_of(user: User) -> QuerySet[SavedSearch]:
    """Select a person's searches, and those that their address asked for without an account."""
    return SavedSearch.objects.filter(Q(user=user) | Q(email=user.email.lower()))
