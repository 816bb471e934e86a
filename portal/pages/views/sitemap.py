"""Tell search engines what is public."""

from typing import Any

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from wagtail.models import Page

from catalogue.models import Resource
from challenges.models import Challenge
from datasets.models import Dataset
from portal.lib.stretches import Stretches
from portal.pages import frame
from portal.pages.census import ANYONE

CLOSED = ("/admin/", "/compte/", "/espace/", "/moderation/", "/apparence/", "/documents/")


class PublicSitemap(Sitemap):
    """List one family of public addresses, 1,000 a file, each a stretch of their order.

    changed: when a row last changed, as an expression; without it no line says when.
    """

    limit = 1000
    changed: Any = None

    @property
    def paginator(self) -> Stretches:
        """Cut the list where its files begin, without counting through it."""
        rows: Any = self.items()
        return Stretches(rows, self.limit, name=type(self).__name__)

    def get_latest_lastmod(self) -> Any:
        """Ask the database for the moment of the last change: the index reads no row."""
        if self.changed is None:
            return None
        rows: Any = self.items()
        return rows.order_by().aggregate(at=Max(self.changed))["at"]


class PageSitemap(PublicSitemap):
    """List the published editorial pages."""

    changed = F("last_published_at")

    def items(self) -> QuerySet[Page]:
        """Read the pages below the root, in the order of the tree."""
        return Page.objects.live().filter(depth__gt=1).order_by("path")

    def location(self, item: Page) -> str:
        """Give the path of a page."""
        return str(item.get_url())

    def lastmod(self, item: Page) -> Any:
        """Give the moment of its last publication."""
        return item.last_published_at


class ResourceSitemap(PublicSitemap):
    """List the published resources."""

    changed = Coalesce("content_modified_at", "last_published_at")

    def items(self) -> QuerySet[Resource]:
        """Read what an anonymous visitor may read; of each card, no more than a line says."""
        rows = Resource.objects.visible_to(ANYONE).order_by("pk")
        return rows.only("slug", "content_modified_at", "last_published_at")

    def location(self, item: Resource) -> str:
        """Give the path of a resource."""
        return frame.address("catalogue:resource", item.slug)

    def lastmod(self, item: Resource) -> Any:
        """Give the moment of the last change of content."""
        return item.content_modified_at or item.last_published_at


class ChallengeSitemap(PublicSitemap):
    """List the public challenges."""

    changed = F("status_since")

    def items(self) -> QuerySet[Challenge]:
        """Read what an anonymous visitor may read."""
        return Challenge.objects.visible_to(ANYONE).order_by("pk")

    def location(self, item: Challenge) -> str:
        """Give the path of a challenge."""
        return frame.address("challenges:presentation", item.slug)

    def lastmod(self, item: Challenge) -> Any:
        """Give the moment of its last step."""
        return item.status_since


class DatasetSitemap(PublicSitemap):
    """List the datasets of the directory."""

    def items(self) -> QuerySet[Dataset]:
        """Read what an anonymous visitor may read."""
        return Dataset.objects.visible_to(ANYONE).with_card().order_by("pk")


SITEMAPS: dict[str, type[PublicSitemap]] = {
    "pages": PageSitemap,
    "ressources": ResourceSitemap,
    "donnees": DatasetSitemap,
    "challenges": ChallengeSitemap,
}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Answer robots.txt: everything public, nothing that is someone's own."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines += [f"Disallow: /en{path}" for path in CLOSED]
    lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('sitemap_index')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
