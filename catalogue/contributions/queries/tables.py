"""Cards as rows of a table: the columns of each kind, what each row would do to the cards."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from catalogue.contributions import record_checks
from catalogue.contributions.enums import ContributionStatus, RowOutcome
from catalogue.contributions.models import Contribution, ContributionBatch
from catalogue.contributions.queries import descriptions, proposals
from catalogue.contributions.record_checks import Remark, Verdict
from catalogue.resources import words
from catalogue.resources.enums import UNLICENSED_KINDS, LicenceStatus, ResourceKind
from catalogue.resources.fields import (
    COMMON,
    DETAILS,
    EMPTY,
    MAX_ITEMS,
    Field,
    FieldType,
    Text,
    clean_value,
)
from catalogue.resources.models import Resource
from catalogue.resources.queries import records as card_records
from catalogue.resources.queries import relations
from catalogue.standards.languages import code_of
from catalogue.standards.readers.record import Fault as ReadingFault
from catalogue.standards.readers.syntax.text import day
from portal.accounts.enums import ADMINISTRATIONS
from portal.lib.storage.files import csv_safe

ID, SLUG, KIND = IDENTITY = ("id", "slug", "kind")
STATUS = "status"  # where its proposal stands, in our exports
# Columns of our own exports that say what the portal knows by itself: read, and left aside.
TOLD_BY_US = frozenset(
    "status iri url organisation archived referenced formats quality published_at "
    "modified_at".split()
)
# An empty cell there leaves what is known: these choices are never nothing.
ALWAYS_SOMETHING = frozenset({"scope", "access", "lifecycle", "deposit", "licence_status"})
BAR = " | "
NUMBERED = re.compile(r"^([a-z_]+)\.([1-9]\d?)\.([a-z0-9_]+)$")
ESCAPED = re.compile(r"^'(?=[=+\-@\t\r\n])")
SHOWN_ROWS = 2  # of files, in a template


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell: its column, its value as written, the cause."""

    column: str
    value: str
    message: Text


@cache
def fields_of(kind: str) -> Mapping[str, Field]:
    """Give the fields that a row of a kind fills, by name, with all their choices."""
    found: dict[str, Field] = {}
    for own in (*COMMON, *DETAILS[kind].fields):
        if own.name == "organisation":
            continue
        if own.name == "subtype":
            own = replace(own, choices=DETAILS[kind].subtypes)
        if own.name == "licence_status":
            own = replace(own, choices=tuple(LicenceStatus.choices))
        found[own.name] = own
    return found


def columns_of(kind: str, *, rows: int = SHOWN_ROWS) -> list[Field]:
    """List the columns of a kind, its identity apart; `rows` of each list of files.

    Each is the field that it fills, under the name and the label of the column.
    """
    return [column for own in fields_of(kind).values() for column in _spread(own, rows)]


def _spread(own: Field, rows: int) -> Iterator[Field]:
    if own.type is not FieldType.ROWS:
        yield own
        return
    for number in range(1, rows + 1):
        for column in own.columns:
            label = f"{own.label} {number}, {str(column.label).lower()}"
            yield replace(column, name=f"{own.name}.{number}.{column.name}", label=label)


def unknown(columns: Iterable[str]) -> list[str]:
    """List the columns that no kind has."""
    known = {column.name for kind in DETAILS for column in columns_of(kind, rows=1)}
    known |= {*IDENTITY, *TOLD_BY_US}
    return [name for name in columns if NUMBERED.sub(r"\1.1.\3", name) not in known]


def written(kind: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Give the cells of a card, by column, empty ones left out; `values` on one level."""
    found: dict[str, str] = {}
    for own in fields_of(kind).values():
        value = values.get(own.name)
        if value in EMPTY:
            continue
        if own.type is not FieldType.ROWS:
            found[own.name] = _cell(own, value)
            continue
        for number, row in enumerate(value or (), 1):
            for column in own.columns:
                if row.get(column.name) not in EMPTY:
                    name = f"{own.name}.{number}.{column.name}"
                    found[name] = _cell(column, row[column.name])
    return {name: csv_safe(cell) for name, cell in found.items()}


def _cell(own: Field, value: Any) -> str:
    if isinstance(value, list | tuple):
        return BAR.join(_barred(str(item), _marks(own)) for item in value)
    return str(value).replace("\x00", "")


def _marks(own: Field) -> str:
    return "|,;" if own.name == "tags" else "|"


def _barred(item: str, marks: str) -> str:
    """Write an item so that what separates items stands in it without separating."""
    return re.sub(rf"(\\*)([{marks}])", r"\1\1\\\2", item)


def _items(text: str, marks: str) -> list[str]:
    """Cut a cell into its items: at ends of lines, and at marks that no backslash precedes."""
    found, start = [], 0
    for each in re.finditer(rf"(\\*)([{marks}])|\n", text):
        if not len(each[1] or "") % 2:
            found.append(text[start : each.end() - 1])
            start = each.end()
    pieces = [*found, text[start:]]
    bare = (re.sub(rf"(\\+)([{marks}])", _unbarred, piece.strip()) for piece in pieces)
    return [piece for piece in bare if piece]


def _unbarred(each: re.Match[str]) -> str:
    return each[1][: len(each[1]) // 2] + each[2]


def read_row(
    kind: str,
    cells: Mapping[str, str],
    header: Collection[str],
    *,
    current: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], list[Fault]]:
    """Read a row: the values that it brings, by field, and what is wrong with its cells.

    header: the columns of the table; a field without a column stays as it is. current: the card
    as it is, on one level; what is equal to it is left out. Without it, empty cells are too.
    """
    fields, values, faults = fields_of(kind), dict[str, Any](), list[Fault]()
    now = written(kind, current) if current is not None else {}
    for name, own in fields.items():
        asked = _columns_in(own, header)
        if all(_same_text(cells.get(each, ""), now.get(each, "")) for each in asked):
            continue
        try:
            value = _value(own, cells, asked, current)
        except _Wrong as wrong:
            faults.append(wrong.fault)
            continue
        left_empty = value in EMPTY and name in ALWAYS_SOMETHING
        if proposals.is_another((current or {}).get(name), value) and not left_empty:
            values[name] = value
    if not cells.get("licence_status", "").strip():
        _settle_licence(values)
    return values, faults + _strangers(kind, cells, fields)


def _settle_licence(values: dict[str, Any]) -> None:
    """Call declared the licence of a row that says nothing of its status."""
    if "licences" in values:
        known = values["licences"]
        values["licence_status"] = str(
            LicenceStatus.DECLARED if known else LicenceStatus.TO_CONFIRM
        )


def _columns_in(own: Field, header: Collection[str]) -> list[str]:
    if own.type is not FieldType.ROWS:
        return [own.name] if own.name in header else []
    numbered = ((name, NUMBERED.match(name)) for name in header)
    return [name for name, found in numbered if found and found[1] == own.name]


class _Wrong(Exception):
    """Carry the fault of a cell."""

    def __init__(self, column: str, value: str, message: Text) -> None:
        self.fault = Fault(column, value, message)
        super().__init__(column)


def _value(
    own: Field,
    cells: Mapping[str, str],
    asked: Iterable[str],
    current: Mapping[str, Any] | None,
) -> Any:
    if own.type is not FieldType.ROWS:
        return _parsed(own, own.name, cells.get(own.name, ""))
    rows = [dict(row) for row in ((current or {}).get(own.name) or ())]
    columns = {column.name: column for column in own.columns}
    for name in asked:
        _field, number, column = NUMBERED.match(name).groups()  # type: ignore[union-attr]  # asked
        value = _parsed(columns[column], name, cells.get(name, ""))
        while len(rows) < int(number):
            rows.append({})
        rows[int(number) - 1][column] = value
    if len(rows) > MAX_ITEMS:
        raise _Wrong(f"{own.name}.{len(rows)}", "", gettext_lazy("Cinquante lignes au plus."))
    try:
        return clean_value(own, rows)
    except ValidationError as error:  # a row of the card that its rule would not let in any more
        raise _Wrong(own.name, "", " ".join(error.messages)) from error


def _parsed(own: Field, column: str, raw: str) -> Any:
    """Bring one cell to the stored form of its field."""
    text = ESCAPED.sub("", raw).strip()
    try:
        if own.type is FieldType.LIST:
            return clean_value(own, [_item(own, item) for item in _items(text, _marks(own))])
        if own.type is FieldType.CHOICE:
            return clean_value(own, _code(own, text))
        if own.type is FieldType.DATE:
            return clean_value(own, day(text) or text)
        return clean_value(own, text)
    except ValidationError as error:
        raise _Wrong(column, raw, " ".join(error.messages)) from error


def _item(own: Field, item: str) -> str:
    if own.name == "licences":
        return words.known_licence(item)
    if own.name == "tags":
        return " ".join(item.lower().split())[:60]
    if own.name == "languages":
        code = _code(own, item)
        if code not in dict(own.choices) and not code_of(item):
            raise ValidationError(
                gettext_lazy("« %(item)s » n’est pas une langue."), params={"item": item}
            )
        return code if code in dict(own.choices) else code_of(item)
    if own.choices and _code(own, item) not in dict(own.choices):
        raise ValidationError(
            gettext_lazy("« %(item)s » n’est pas une des valeurs de la liste."),
            params={"item": item[:64]},
        )
    return _code(own, item) if own.choices else item


def _code(own: Field, text: str) -> str:
    """Give the code of a choice written by its code or its words, in any case."""
    wanted = text.casefold()
    for language in ("fr", "en"):
        with override(language):
            for code, words in own.choices:
                if wanted in (code.casefold(), str(words).casefold()):
                    return code
    return text


def _strangers(kind: str, cells: Mapping[str, str], fields: Mapping[str, Field]) -> list[Fault]:
    """List the cells filled in columns of another kind."""
    label = str(ResourceKind(kind).label)
    found = []
    for name, cell in cells.items():
        numbered = NUMBERED.match(name)
        field = numbered[1] if numbered else name
        if field in fields or field in IDENTITY or field in TOLD_BY_US or not cell.strip():
            continue
        message = gettext_lazy("Cette colonne n’est pas de ce type de ressource (%(kind)s).")
        found.append(Fault(name, cell, message % {"kind": label}))
    return found


def kind_of(text: str) -> str:
    """Give the code of a kind written by its code or its words; "" for none of the nine."""
    own = Field(KIND, "", FieldType.CHOICE, choices=tuple(ResourceKind.choices))
    code = _code(own, text.strip())
    return code if code in DETAILS else ""


def _same_text(one: str, other: str) -> bool:
    return _ends(one) == _ends(other)


def _ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


EXAMPLE_ID = "exemple"
TARGET = re.compile(rf"{relations.RELATIONS_FIELD}\.\d+\.target\Z")
EDITABLE = (ContributionStatus.DRAFT, ContributionStatus.CHANGES_REQUESTED)
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
    remarks: tuple[Remark, ...] = ()
    version: int = 0  # of the open proposal it would write
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> tuple[str, ...]:
        """Name the fields that the row brings."""
        return tuple(self.values or ())


def plan(batch: ContributionBatch) -> list[Line]:
    """Tell what each row would do, in their order; some queries, whatever their number."""
    return _Reader(batch, batch.columns).all(batch.rows)


def counts(lines: Iterable[Line]) -> Counter[str]:
    """Count the rows by what they would do."""
    return Counter(str(each.outcome) for each in lines)


def states(batch: ContributionBatch) -> dict[str, int]:
    """Count the contributions of a lot by state."""
    found = Counter(batch.contributions.values_list("status", flat=True))
    return {status: found[status] for status in ContributionStatus.values if found[status]}


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
        self.tied: relations.KnownCards = {}

    def all(self, rows: Sequence[Any]) -> list[Line]:
        """Match every row first, so that what they are about is fetched at once."""
        matched = [(row, self._card(row[1])) for row in rows]
        self._fetch([card for _row, card in matched if isinstance(card, Card)])
        self.tied = relations.find_cards(
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
        kind, title = kind_of(cells.get(KIND, "")), cells.get("title", "")
        return self.by_title.get((kind, folded(ESCAPED.sub("", title))))

    def _fetch(self, cards: Sequence[Card]) -> None:
        self.waiting, self.now = as_they_are(cards)

    def _line(
        self, line: int, cells: Mapping[str, str], broken: Any, card: Card | Fault | None
    ) -> Line:
        title = " ".join(ESCAPED.sub("", cells.get("title", "")).split())[:120]
        if broken is not None:
            return self._refused(
                line, title, [Fault("", "", descriptions.sentence(ReadingFault(**broken)))]
            )
        if cells.get(ID, "").strip().lower() == EXAMPLE_ID:
            return Line(line, RowOutcome.EXAMPLE, title=title)
        if isinstance(card, Fault):
            return self._refused(line, title, [card])
        kind = kind_of(cells.get(KIND, "")) or (card.kind if card else "")
        fault = self._wrong_kind(kind, cells, card) or self._repeated(line, kind, title, card)
        if fault is not None:
            return self._refused(line, title or (card.title if card else ""), [fault])
        if card is None:
            return self._new(line, kind, title, cells)
        return self._known(line, cells, card)

    def _wrong_kind(self, kind: str, cells: Mapping[str, str], card: Card | None) -> Fault | None:
        told = cells.get(KIND, "").strip()
        if told and not kind_of(told):
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
        values, faults = read_row(kind, cells, self.columns)
        faults += _tied(values, {}, self.tied)
        if not values.get("title") and not any(each.column == "title" for each in faults):
            faults.append(Fault("title", "", _("Donnez un titre à cette nouvelle fiche.")))
        if faults:
            return self._refused(line, title, faults, kind)
        record = card_records.record_of(_blank(kind))
        remarks = self._blocking(kind, card_records.flat(record) | values)
        return Line(line, RowOutcome.CREATE, kind, title, values, None, (), remarks)

    def _known(self, line: int, cells: Mapping[str, str], card: Card) -> Line:
        values, faults = read_row(card.kind, cells, self.columns, current=self.now[card.pk])
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
        seen = {name: proposals.digest(self.now[card.pk].get(name)) for name in values}
        update = RowOutcome.UPDATE
        return Line(line, update, card.kind, title, values, card, (), remarks, version, seen)

    def _refused(self, line: int, title: str, faults: Sequence[Fault], kind: str = "") -> Line:
        return Line(line, RowOutcome.REFUSED, kind, title, faults=tuple(faults))

    def _blocking(self, kind: str, values: Mapping[str, Any]) -> tuple[Remark, ...]:
        """List what would keep the card from being sent, what needs the whole catalogue apart."""
        own = {name: value for name, value in values.items() if name in DETAILS[kind].by_name}
        record = {**values, "kind": kind, "details": own}
        found = (
            record_checks.fields(record),
            record_checks.licence(record, administration=self.is_administration),
            record_checks.personal(record),
            record_checks.card(record),
        )
        return tuple(
            remark
            for check in found
            if check is not None
            for remark in check.remarks
            if remark.verdict is Verdict.BLOCKING
        )


def _tied(
    values: dict[str, Any], now: Mapping[str, Any], known: relations.KnownCards
) -> list[Fault]:
    """Bring links to other cards to what a card keeps, in place; list those that name none."""
    if not values.get(relations.RELATIONS_FIELD):
        return []
    kept, unknown = relations.resolved_relations(values[relations.RELATIONS_FIELD], known)
    if kept == now.get(relations.RELATIONS_FIELD):
        del values[relations.RELATIONS_FIELD]
    else:
        values[relations.RELATIONS_FIELD] = kept
    cause = _("Aucune fiche publiée n’est trouvée pour : %(texts)s. Collez son adresse.")
    return [
        Fault(relations.RELATIONS_FIELD, text, cause % {"texts": text[:64] or "…"})
        for text in unknown
    ]


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
    records |= {pk: card_records.record_of(found) for pk, found in online.items()}
    return waiting, {pk: card_records.flat(record) for pk, record in records.items()}


def fault_rows(lines: Iterable[Line]) -> Iterable[tuple[int, str, str, str, Text]]:
    """Give the faults of a plan: line, title, column, value, cause."""
    for each in lines:
        for fault in each.faults:
            yield each.line, each.title, fault.column, fault.value, fault.message


EXAMPLES = {
    "title": "Un titre qui dit ce que fait la ressource",
    "acronym": "EXEMPLE",
    "title_en": "A title that says what the resource does",
    "summary": "Deux phrases qui paraissent dans les résultats de recherche.",
    "description": "Un texte en Markdown.\n\n- un point\n- un autre",
    "territories": "Var (département 83) | Arles (commune 13004)",
    "publics": "Demandeurs d’emploi | Jeunes",
    "rome_codes": "M1805 | K1801",
    "tags": "emploi | compétences | métiers",
    "licences": "etalab-2.0",
    "licence_status": "declared",
    "contact": "contact@exemple.fr",
    "languages": "fr | en",
    "scope": "regional",
}
OF_TYPE = {
    FieldType.URL: "https://exemple.fr/page",
    FieldType.DATE: "2026-11-24",
    FieldType.INTEGER: "1200",
    FieldType.NUMBER: "12,5",
    FieldType.LIST: "premier | deuxième",
}


def template(kind: ResourceKind) -> list[list[str]]:
    """Give the columns of a kind, then one line of example that an import leaves out."""
    columns = columns_of(kind)
    example = {ID: EXAMPLE_ID, KIND: str(kind)}
    head = [*IDENTITY, *(column.name for column in columns)]
    example |= {each.name: _example(each) for each in columns}
    return [head, [example.get(name, "") for name in head]]


def _example(own: Field) -> str:
    """Give a value that a cell of this column may hold."""
    name = own.name.rpartition(".")[2]
    if name in EXAMPLES:
        return EXAMPLES[name]
    if own.choices:
        return own.choices[0][0]
    return OF_TYPE.get(own.type, "")


def described(kind: ResourceKind) -> list[dict[str, Any]]:
    """Describe the columns of a kind, its identity first; needed: to publish a card."""
    itself = ((str(kind), kind.label),)
    identity = (
        Field(
            ID,
            gettext_lazy("Identifiant de la fiche"),
            help=gettext_lazy(
                "Celui de nos exports, pour modifier une fiche. Vide : une nouvelle fiche."
            ),
        ),
        Field(
            SLUG,
            gettext_lazy("Fin de l’adresse de la fiche"),
            help=gettext_lazy("Suffit à la reconnaître quand l’identifiant est vide."),
        ),
        Field(KIND, gettext_lazy("Type de ressource"), FieldType.CHOICE, choices=itself),
    )
    needed = {KIND, *record_checks.missing_fields({"kind": str(kind), "details": {}})}
    return [
        {
            "name": each.name,
            "label": each.label,
            "help": each.help,
            "needed": each.name.split(".")[0] in needed,
            "shape": _("Texte") if each.name in (ID, SLUG) else _shape(each),
            "choices": each.choices,
        }
        for each in (*identity, *columns_of(kind, rows=1))
    ]


def _shape(own: Field) -> str:
    match own.type:
        case FieldType.LIST:
            return _("Une liste : « premier | deuxième »")
        case FieldType.DATE:
            return _("Une date : 2026-11-24")
        case FieldType.INTEGER:
            return _("Un nombre entier")
        case FieldType.NUMBER:
            return _("Un nombre, décimales admises")
        case FieldType.URL:
            return _("Une adresse, en https://")
        case FieldType.CHOICE:
            return _("Un choix")
        case _:
            return _("Texte, %(most)s caractères au plus") % {"most": own.max_length}
