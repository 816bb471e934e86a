"""Decide what each record of a passage becomes: the preview shows it, the passage does it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from catalogue.enums import ItemState
from catalogue.models import Contribution, HarvestedRecord, Resource, Source
from catalogue.models.harvest import ORIGIN
from catalogue.queries.incoming import Incoming
from catalogue.validators import addresses
from catalogue.validators.fields import Text

REASONS: dict[str, Text] = {
    "held_by_source": _("Une autre source tient déjà cette fiche."),
    "held_by_organisation": _("Une autre organisation tient déjà une fiche à cette adresse."),
    "held_here": _("Une fiche écrite ici porte déjà cette adresse."),
    "removed_here": _("La fiche a été retirée du catalogue par la Région."),
    "refused_here": _("La fiche a été refusée à la relecture, ou retirée de la file."),
    "deleted": _("La source annonce que cette notice n’existe plus."),
}


@dataclass(frozen=True)
class Step:
    """One record and what is to be done of it. record: how it is known here; beside: its card."""

    incoming: Incoming
    state: ItemState
    code: str = ""
    message: str = ""
    record: HarvestedRecord | None = None
    beside: Resource | None = None
    holder: Resource | None = None


@dataclass
class Plan:
    """The records of a source as they are known here, read once, and what new ones meet."""

    source: Source
    known: dict[str, HarvestedRecord] = field(init=False)
    waiting: set[int] = field(init=False)

    def __post_init__(self) -> None:
        rows = HarvestedRecord.objects.filter(source=self.source).select_related(
            "resource", "source"
        )
        self.known = {row.remote_id: row for row in rows.iterator(chunk_size=500)}
        unread = Contribution.objects.open().filter(
            resource__harvested__source=self.source, base_revision=None
        )
        self.waiting = set(unread.values_list("resource_id", flat=True))

    def steps(self, incomings: Iterable[Incoming]) -> Iterator[Step]:
        """Give one step for each record, in order. Reads only; ask again after an act."""
        for incoming in incomings:
            yield self._step(incoming)

    def absent(self, seen: set[str], unread: set[str]) -> list[HarvestedRecord]:
        """List the known records that a passage did not bring.

        unread: the addresses of those it met without being able to read them.
        """
        rows = [row for key, row in self.known.items() if key not in seen]
        return [row for row in rows if row.canonical_uri not in unread]

    def _step(self, incoming: Incoming) -> Step:
        if incoming.deleted:
            return self._no(incoming, ItemState.SKIPPED, "deleted")
        if incoming.refused:
            code, reason = incoming.refused, incoming.reason
            return Step(incoming, ItemState.REFUSED, code, reason)
        record = self.known.get(incoming.remote_id)
        if record is None:
            return self._newcomer(incoming)
        return self._acquaintance(incoming, record)

    def _acquaintance(self, incoming: Incoming, record: HarvestedRecord) -> Step:
        resource = record.resource
        if resource is None:
            return self._no(incoming, ItemState.SKIPPED, "removed_here", record=record)
        if not resource.live and resource.pk not in self.waiting:
            return self._no(incoming, ItemState.SKIPPED, "refused_here", record=record)
        same = record.digest == incoming.digest and record.metrics == dict(incoming.metrics)
        at_rest = record.missing_since is None and (resource.live or not self.source.publishes)
        state = ItemState.UNCHANGED if same and at_rest else ItemState.UPDATED
        return Step(incoming, state, record=record)

    def _newcomer(self, incoming: Incoming) -> Step:
        uri = incoming.canonical_uri
        others = (
            HarvestedRecord.objects.filter(canonical_uri=uri)
            .exclude(source=self.source)
            .select_related("resource", "source")
        )
        other = others.filter(resource__isnull=False).first() if uri else None
        if other is not None:
            return self._shared(incoming, other)
        resource = self._written_here(incoming)
        if resource is None:
            return Step(incoming, ItemState.CREATED)
        ours = resource.organisation_id == self.source.organisation_id
        code = "held_here" if ours else "held_by_organisation"
        return self._no(incoming, ItemState.REFUSED, code, holder=resource)

    def _shared(self, incoming: Incoming, other: HarvestedRecord) -> Step:
        """Let a source of the same organisation add its voice, where it was set to."""
        mine = self.source.organisation_id
        same_owner = mine is not None and other.source.organisation_id == mine
        if same_owner and self.source.completes and other.resource is not None:
            return Step(incoming, ItemState.UPDATED, beside=other.resource)
        return self._no(incoming, ItemState.REFUSED, "held_by_source", holder=other.resource)

    def _written_here(self, incoming: Incoming) -> Resource | None:
        """Find a card of an organisation, not harvested, that gives this record's address."""
        url = str(incoming.values.get("homepage_url") or incoming.canonical_uri)
        key = addresses.same_page_digest(url)
        if not key:
            return None
        same = Resource.objects.filter(organisation__isnull=False, homepage_key=key)
        return same.exclude(source__startswith=ORIGIN).order_by("pk").first()

    def _no(
        self,
        incoming: Incoming,
        state: ItemState,
        code: str,
        *,
        record: HarvestedRecord | None = None,
        holder: Resource | None = None,
    ) -> Step:
        return Step(incoming, state, code, str(REASONS[code]), record, holder=holder)
