"""Count once what a page shows in several places."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count

from catalogue.enums import Access, ResourceKind
from catalogue.models import Resource
from challenges.enums import EntryStatus
from challenges.models import Entry
from challenges.queries import challenges
from datasets.models import Dataset
from portal.accounts.models import Organisation

# Pages count what everybody may read, whoever reads them.
ANYONE: Any = AnonymousUser()


class Census:
    """Read each figure at most once, when it is first asked for; made anew for each page."""

    @cached_property
    def resources(self) -> dict[tuple[str, str], int]:
        """Count the published resources by kind and access."""
        found = Resource.objects.listed().order_by("kind", "access")
        rows = found.values_list("kind", "access").annotate(n=Count("pk"))
        return {(kind, access): n for kind, access, n in rows}

    def of(
        self,
        kinds: Sequence[ResourceKind] = tuple(ResourceKind),
        access: Sequence[Access] = tuple(Access),
    ) -> int:
        """Sum the published resources of some kinds and levels of access."""
        pairs = {(kind.value, level.value) for kind in kinds for level in access}
        return sum(n for pair, n in self.resources.items() if pair in pairs)

    @cached_property
    def holders(self) -> int:
        """Count the organisations that hold a published resource."""
        return Organisation.objects.filter(resources__live=True).order_by().distinct().count()

    @cached_property
    def datasets(self) -> int:
        """Count the datasets held by the directory."""
        return Dataset.objects.visible_to(ANYONE).count()

    @cached_property
    def challenges(self) -> list[challenges.Listed]:
        """List the public challenges, the open first."""
        return challenges.listed(ANYONE)

    @cached_property
    def scored_entries(self) -> int:
        """Count the entries of teams that were scored."""
        return Entry.objects.filter(status=EntryStatus.SCORED, is_baseline=False).count()
