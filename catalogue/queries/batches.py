"""What each row of a table would do to the cards of its organisation; nothing is written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.enums import UNLICENSED_KINDS, ContributionStatus, LicenceStatus, RowOutcome
from catalogue.models import Contribution, ContributionBatch, Resource
from catalogue.queries import drafts, pasted, proposals, relations
from catalogue.validators import checks as record_checks
from catalogue.validators import sheets
from catalogue.validators.checks import Verdict
from catalogue.validators.fields import Text
from catalogue.validators.sheets import ID, KIND, SLUG, Fault
from portal.accounts.enums import OrganisationKind

EXAMPLE_ID = "exemple"
TARGET = re.compile(rf"{relations.FIELD}\.\d+\.target\Z")
EDITABLE = (ContributionStatus.DRAFT, ContributionStatus.CHANGES_REQUESTED)
ADMINISTRATIONS = (OrganisationKind.ADMINISTRATION, OrganisationKind.LOCAL_AUTHORITY)
UNKNOWN = gettext_lazy("Aucune fiche de votre organisation ne porte cet identifiant.")
UNKNOWN_SLUG = gettext_lazy("Aucune fiche de votre organisation n’est à cette adresse.")
AWAY = gettext_lazy("Cette fiche n’est plus en ligne : elle ne se modifie pas.")
UNDER_REVIEW = gettext_lazy(
    "Une proposition sur cette fiche est en relecture : attendez la décision, ou retirez-la."
)
CHANGED = gettext_lazy(
    "La fiche a changé depuis la lecture du tableau : rien n’a été repris de cette ligne. "
    "Exportez-la à nouveau."
)
REWRITTEN = gettext_lazy(
    "Une autre personne a enregistré un autre texte depuis la lecture du tableau : le sien reste."
)


@dataclass(frozen=True)
class Card:
    """A card of the organisation that a row may be about, with its open proposal if it has one."""

    pk: int
    public_id: UUID
    slug: str
    kind: str
    live: bool
    title: str
    changed_at: datetime | None = None
    contribution: int | None = None


@dataclass(frozen=True)
class Line:
    """One row, what it would do and why. changed: names of the fields that it brings.

    remarks: what keeps the card from being sent, once it is imported. seen: prints of the values
    that the row was compared with, which are all it may be written over.
    """

    line: int
    outcome: RowOutcome
    kind: str = ""
    title: str = ""
    values: Mapping[str, Any] | None = None
    card: Card | None = None
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Mapping[str, Any], ...] = ()
    version: int = 0  # of the open proposal it would write
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[str, ...]:
        """Name the fields that the row brings."""
        return tuple(self.values or ())


def plan(batch: ContributionBatch) -> list[Line]:
    """Tell what each row would do, in their order; some queries, whatever their number."""
    return _Reader(batch, batch.columns).all(batch.rows)


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """Count the rows by what they would do."""
    found = dict.fromkeys(RowOutcome.values, 0)
    for each in lines:
        found[str(each.outcome)] += 1
    return found


def states(batch: ContributionBatch) -> dict[str, int]:
    """Count the contributions of a lot by state."""
    found = dict.fromkeys(ContributionStatus.values, 0)
    for status in batch.contributions.values_list("status", flat=True):
        found[status] += 1
    return {status: count for status, count in found.items() if count}


class _Reader:
    """Read the rows of one table against the cards of its organisation."""

    def __init__(self, batch: ContributionBatch, columns: Sequence[str]) -> None:
        self.columns, self.read_at = columns, batch.read_at
        self.is_administration = batch.organisation.kind in ADMINISTRATIONS
        self.cards = cards_of(batch.organisation_id, author=batch.author_id)
        self.by_id = {each.public_id: each for each in self.cards}
        self.by_slug = {each.slug: each for each in self.cards}
        self.by_title = {
            (each.kind, folded(each.title)): each
            for each in self.cards
            if each.live or each.contribution
        }
        self.seen: dict[Any, int] = {}
        self.now: dict[int, dict[str, Any]] = {}
        self.waiting: dict[int, Contribution] = {}
        self.tied: relations.Known = {}

    def all(self, rows: Sequence[Any]) -> list[Line]:
        """Match every row first, so that what they are about is fetched at once."""
        matched = [(row, self._card(row[1])) for row in rows]
        self._fetch([card for _row, card in matched if isinstance(card, Card)])
        self.tied = relations.find(
            cell for row, _card in matched for name, cell in row[1].items() if TARGET.match(name)
        )
        return [self._line(line, cells, broken, card) for (line, cells, broken), card in matched]

    def _card(self, cells: Mapping[str, str]) -> Card | Fault | None:
        """Find the card of a row: by its identifier, else its address, else its kind and title."""
        told, slug = cells.get(ID, "").strip(), cells.get(SLUG, "").strip()
        if told:
            try:
                found = self.by_id.get(UUID(told))
            except ValueError:
                found = None
            return found or Fault(ID, told, UNKNOWN)
        if slug:
            return self.by_slug.get(slug) or Fault(SLUG, slug, UNKNOWN_SLUG)
        kind, title = sheets.kind_of(cells.get(KIND, "")), cells.get("title", "")
        return self.by_title.get((kind, folded(sheets.ESCAPED.sub("", title))))

    def _fetch(self, cards: Sequence[Card]) -> None:
        self.waiting, self.now = as_they_are(cards)

    def _line(
        self, line: int, cells: Mapping[str, str], broken: Any, card: Card | Fault | None
    ) -> Line:
        title = " ".join(sheets.ESCAPED.sub("", cells.get("title", "")).split())[:120]
        if broken is not None:
            return self._refused(line, title, [Fault("", "", pasted.sentence(broken))])
        if cells.get(ID, "").strip().lower() == EXAMPLE_ID:
            return Line(line, RowOutcome.EXAMPLE, title=title)
        if isinstance(card, Fault):
            return self._refused(line, title, [card])
        kind = sheets.kind_of(cells.get(KIND, "")) or (card.kind if card else "")
        fault = self._wrong_kind(kind, cells, card) or self._repeated(line, kind, title, card)
        if fault is not None:
            return self._refused(line, title or (card.title if card else ""), [fault])
        if card is None:
            return self._new(line, kind, title, cells)
        return self._known(line, cells, card)

    def _wrong_kind(self, kind: str, cells: Mapping[str, str], card: Card | None) -> Fault | None:
        told = cells.get(KIND, "").strip()
        if told and not sheets.kind_of(told):
            return Fault(KIND, told, _("Ce type de ressource n’est pas un des neuf du catalogue."))
        if not kind:
            return Fault(KIND, "", _("Dites le type de cette nouvelle fiche."))
        if card is not None and kind != card.kind:
            return Fault(KIND, told, _("Le type d’une fiche ne change pas."))
        return None

    def _repeated(self, line: int, kind: str, title: str, card: Card | None) -> Fault | None:
        key = card.pk if card is not None else (kind, folded(title))
        first = self.seen.setdefault(key, line)
        if first == line or (card is None and not title):
            return None
        said = _("La ligne %(first)s porte déjà sur cette fiche.") % {"first": first}
        return Fault("title", title, said)

    def _new(self, line: int, kind: str, title: str, cells: Mapping[str, str]) -> Line:
        values, faults = sheets.read(kind, cells, self.columns)
        faults += _tied(values, {}, self.tied)
        if not values.get("title") and not any(each.column == "title" for each in faults):
            faults.append(Fault("title", "", _("Donnez un titre à cette nouvelle fiche.")))
        if faults:
            return self._refused(line, title, faults, kind)
        record = proposals.record_of(_blank(kind))
        remarks = self._blocking(kind, proposals.flat(record) | values)
        return Line(line, RowOutcome.CREATE, kind, title, values, None, (), remarks)

    def _known(self, line: int, cells: Mapping[str, str], card: Card) -> Line:
        values, faults = sheets.read(card.kind, cells, self.columns, current=self.now[card.pk])
        faults += _tied(values, self.now[card.pk], self.tied)
        if "title" in values and not values["title"]:
            faults.append(Fault("title", "", _("Une fiche garde un titre.")))
        if not values and not faults:
            return Line(line, RowOutcome.UNCHANGED, card.kind, card.title, None, card)
        waiting = self.waiting.get(card.pk)
        edited_at = waiting.edited_at if waiting is not None else None
        if not card.live and waiting is None:
            faults = [Fault(ID, cells.get(ID, ""), AWAY)]
        elif waiting is not None and waiting.status not in EDITABLE:
            faults = [Fault("", "", UNDER_REVIEW)]
        elif any(at is not None and at > self.read_at for at in (card.changed_at, edited_at)):
            faults = [Fault("", "", CHANGED)]
        if faults:
            return self._refused(line, card.title, faults, card.kind)
        remarks = self._blocking(card.kind, self.now[card.pk] | values)
        version = waiting.version if waiting is not None else 0
        title = str(values.get("title") or card.title)
        seen = {name: drafts.digest(self.now[card.pk].get(name)) for name in values}
        update = RowOutcome.UPDATE
        return Line(line, update, card.kind, title, values, card, (), remarks, version, seen)

    def _refused(self, line: int, title: str, faults: Sequence[Fault], kind: str = "") -> Line:
        return Line(line, RowOutcome.REFUSED, kind, title, faults=tuple(faults))

    def _blocking(self, kind: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """List what would keep the card from being sent, what needs the whole catalogue apart."""
        own = {
            name: value
            for name, value in values.items()
            if name in record_checks.DETAILS[kind].by_name
        }
        record = {**values, "kind": kind, "details": own}
        found = (
            record_checks.fields(record),
            record_checks.licence(record, administration=self.is_administration),
            record_checks.personal(record),
            record_checks.card(record),
        )
        return tuple(
            {"code": remark.code, "field": remark.field, "facts": dict(remark.facts)}
            for check in found
            if check is not None
            for remark in check.remarks
            if remark.verdict is Verdict.BLOCKING
        )


def _tied(values: dict[str, Any], now: Mapping[str, Any], known: relations.Known) -> list[Fault]:
    """Bring links to other cards to what a card keeps, in place; list those that name none."""
    if not values.get(relations.FIELD):
        return []
    kept, unknown = relations.resolved(values[relations.FIELD], known)
    if kept == now.get(relations.FIELD):
        del values[relations.FIELD]
    else:
        values[relations.FIELD] = kept
    cause = _("Aucune fiche publiée n’est trouvée pour : %(texts)s. Collez son adresse.")
    return [Fault(relations.FIELD, text, cause % {"texts": text[:64] or "…"}) for text in unknown]


def _blank(kind: str) -> Resource:
    resource = Resource(kind=kind)
    if kind in UNLICENSED_KINDS:
        resource.licence_status = LicenceStatus.NOT_APPLICABLE
    return resource


def folded(title: str) -> str:
    """Bring a title to what two writings of it share: case and spaces do not count."""
    return " ".join(title.casefold().split())


def waiting_of(holder: int) -> QuerySet[Contribution]:
    """Keep the open proposals of an organisation; what a source says of a live card is none."""
    rows = Contribution.objects.open().filter(organisation=holder)
    return rows.exclude(author=None, base_revision__isnull=False)


def cards_of(holder: int, *, author: int | None) -> list[Card]:
    """List the cards of an organisation, each with the proposal that waits on it.

    Of several on one card, the author's own comes first, else the latest.
    """
    others: dict[int, tuple[int, str]] = {}
    own: dict[int, tuple[int, str]] = {}
    rows = (
        waiting_of(holder)
        .annotate(told=KeyTextTransform("title", "revision__content"))
        .order_by("pk")
        .values_list("resource_id", "pk", "told", "author_id")
    )
    for resource, pk, told, by in rows:
        (own if by == author else others)[resource] = (pk, told or "")
    waiting = others | own
    cards = Resource.objects.filter(organisation=holder).order_by("pk")
    return [
        Card(pk, public_id, slug, kind, live, told or title, changed_at, contribution)
        for pk, public_id, slug, kind, live, title, changed_at in cards.values_list(
            "pk", "public_id", "slug", "kind", "live", "title", "content_modified_at"
        )
        for contribution, told in [waiting.get(pk, (None, ""))]
    ]


def as_they_are(
    cards: Sequence[Card],
) -> tuple[dict[int, Contribution], dict[int, dict[str, Any]]]:
    """Give, by card, the proposal that waits on it, and its values: what it proposes, else online.

    Values are on one level. Two queries, whatever their number.
    """
    asked = {card.contribution: card.pk for card in cards if card.contribution}
    rows = Contribution.objects.select_related("revision", "resource").in_bulk(list(asked))
    online = Resource.objects.in_bulk([card.pk for card in cards if not card.contribution])
    waiting = {pk: rows[key] for key, pk in asked.items()}
    records = {pk: proposals.proposed_record(found) for pk, found in waiting.items()}
    records |= {pk: proposals.record_of(found) for pk, found in online.items()}
    return waiting, {pk: proposals.flat(record) for pk, record in records.items()}


def fault_rows(lines: Iterable[Line]) -> Iterable[tuple[int, str, str, str, Text]]:
    """Give the faults of a plan: line, title, column, value, cause."""
    for each in lines:
        for fault in each.faults:
            yield each.line, each.title, fault.column, fault.value, fault.message
