"""Cards as rows of a table: the columns of each kind, what each row would bring."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from catalogue.contributions import record_checks
from catalogue.contributions.enums import ContributionStatus, RowOutcome
from catalogue.contributions.models import Contribution, ContributionBatch
from catalogue.contributions.queries import descriptions
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

KIND = "kind"
# Columns of our own exports that say what the portal knows by itself: read, and left aside.
TOLD_BY_US = frozenset(
    "id slug status iri url organisation archived referenced formats quality published_at "
    "modified_at".split()
)
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
    """List the columns of a kind, the kind itself apart; `rows` of each list of files.

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
    known |= {KIND, *TOLD_BY_US}
    return [name for name in columns if NUMBERED.sub(r"\1.1.\3", name) not in known]


def _marks(own: Field) -> str:
    return "|,;" if own.name == "tags" else "|"


def _items(text: str, marks: str) -> list[str]:
    """Cut a cell into its items: at ends of lines, and at marks."""
    pieces = (piece.strip() for piece in re.split(rf"[{marks}\n]", text))
    return [piece for piece in pieces if piece]


def read_row(
    kind: str, cells: Mapping[str, str], header: Collection[str]
) -> tuple[dict[str, Any], list[Fault]]:
    """Read a row: the values that it brings, by field, and what is wrong with its cells.

    header: the columns of the table. Empty cells bring nothing.
    """
    fields, values, faults = fields_of(kind), dict[str, Any](), list[Fault]()
    for name, own in fields.items():
        asked = _columns_in(own, header)
        if not any(cells.get(each, "").strip() for each in asked):
            continue
        try:
            value = _value(own, cells, asked)
        except _Wrong as wrong:
            faults.append(wrong.fault)
            continue
        if value not in EMPTY:
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


def _value(own: Field, cells: Mapping[str, str], asked: Iterable[str]) -> Any:
    if own.type is not FieldType.ROWS:
        return _parsed(own, own.name, cells.get(own.name, ""))
    rows: list[dict[str, Any]] = []
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
    except ValidationError as error:
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
        if field in fields or field == KIND or field in TOLD_BY_US or not cell.strip():
            continue
        message = gettext_lazy("Cette colonne n’est pas de ce type de ressource (%(kind)s).")
        found.append(Fault(name, cell, message % {"kind": label}))
    return found


def kind_of(text: str) -> str:
    """Give the code of a kind written by its code or its words; "" for none of the nine."""
    own = Field(KIND, "", FieldType.CHOICE, choices=tuple(ResourceKind.choices))
    code = _code(own, text.strip())
    return code if code in DETAILS else ""


TARGET = re.compile(rf"{relations.RELATIONS_FIELD}\.\d+\.target\Z")


@dataclass(frozen=True)
class Line:
    """One row, what it would do and why. changed: names of the fields that it brings.

    remarks: what keeps the card from being sent, once it is imported.
    """

    line: int
    outcome: RowOutcome
    kind: str = ""
    title: str = ""
    values: Mapping[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """Name the fields that the row brings."""
        return tuple(self.values or ())


def plan(batch: ContributionBatch) -> list[Line]:
    """Tell what each row would do, in their order; some queries, whatever their number."""
    reader = _Reader(batch)
    return [reader.line(*row) for row in batch.rows]


def counts(lines: Iterable[Line]) -> Counter[str]:
    """Count the rows by what they would do."""
    return Counter(str(each.outcome) for each in lines)


def states(batch: ContributionBatch) -> dict[str, int]:
    """Count the contributions of a lot by state."""
    found = Counter(batch.contributions.values_list("status", flat=True))
    return {status: found[status] for status in ContributionStatus.values if found[status]}


class _Reader:
    """Read the rows of one table beside the cards that its organisation has."""

    def __init__(self, batch: ContributionBatch) -> None:
        self.columns = batch.columns
        self.is_administration = batch.organisation.kind in ADMINISTRATIONS
        self.known = known_titles(batch.organisation_id)
        self.seen: dict[tuple[str, str], int] = {}
        self.tied = relations.find_cards(
            cell for row in batch.rows for name, cell in row[1].items() if TARGET.match(name)
        )

    def line(self, line: int, cells: Mapping[str, str], broken: Any) -> Line:
        """Tell what one row would do: its line, its cells, why it does not read if it does not."""
        title = " ".join(ESCAPED.sub("", cells.get("title", "")).split())[:120]
        if broken is not None:
            return self._refused(
                line, title, [Fault("", "", descriptions.sentence(ReadingFault(**broken)))]
            )
        if title == EXAMPLES["title"]:
            return Line(line, RowOutcome.EXAMPLE, title=title)
        kind = kind_of(cells.get(KIND, ""))
        fault = self._wrong_kind(kind, cells) or self._repeated(line, kind, title)
        if fault is not None:
            return self._refused(line, title, [fault])
        if (kind, folded(title)) in self.known:
            return Line(line, RowOutcome.KNOWN, kind, title)
        return self._new(line, kind, title, cells)

    def _wrong_kind(self, kind: str, cells: Mapping[str, str]) -> Fault | None:
        told = cells.get(KIND, "").strip()
        if told and not kind:
            return Fault(KIND, told, _("Ce type de ressource n’est pas un des neuf du catalogue."))
        return None if kind else Fault(KIND, "", _("Dites le type de cette nouvelle fiche."))

    def _repeated(self, line: int, kind: str, title: str) -> Fault | None:
        first = self.seen.setdefault((kind, folded(title)), line)
        if first == line or not title:
            return None
        said = _("La ligne %(first)s porte déjà sur cette fiche.") % {"first": first}
        return Fault("title", title, said)

    def _new(self, line: int, kind: str, title: str, cells: Mapping[str, str]) -> Line:
        values, faults = read_row(kind, cells, self.columns)
        faults += _tied(values, self.tied)
        if not values.get("title") and not any(each.column == "title" for each in faults):
            faults.append(Fault("title", "", _("Donnez un titre à cette nouvelle fiche.")))
        if faults:
            return self._refused(line, title, faults, kind)
        record = card_records.record_of(_blank(kind))
        remarks = self._blocking(kind, card_records.flat(record) | values)
        return Line(line, RowOutcome.CREATE, kind, title, values, remarks=remarks)

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


def _tied(values: dict[str, Any], known: relations.KnownCards) -> list[Fault]:
    """Bring links to other cards to what a card keeps, in place; list those that name none."""
    if not values.get(relations.RELATIONS_FIELD):
        return []
    kept, unknown = relations.resolved_relations(values[relations.RELATIONS_FIELD], known)
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


def known_titles(holder: int) -> set[tuple[str, str]]:
    """Give the kind and the title, folded, of each card of an organisation, online or proposed."""
    online = Resource.objects.filter(organisation=holder, live=True)
    proposed = (
        Contribution.objects.open()
        .filter(organisation=holder)
        .annotate(told=KeyTextTransform("title", "revision__content"))
    )
    named = [
        *online.order_by("pk").values_list("kind", "title"),
        *proposed.order_by("pk").values_list("resource__kind", "told"),
    ]
    return {(kind, folded(title or "")) for kind, title in named}


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
    example = {KIND: str(kind)}
    head = [KIND, *(column.name for column in columns)]
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
    """Describe the columns of a kind, the kind first; needed: to publish a card."""
    itself = Field(
        KIND,
        gettext_lazy("Type de ressource"),
        FieldType.CHOICE,
        choices=((str(kind), kind.label),),
    )
    needed = {KIND, *record_checks.missing_fields({"kind": str(kind), "details": {}})}
    return [
        {
            "name": each.name,
            "label": each.label,
            "help": each.help,
            "needed": each.name.split(".")[0] in needed,
            "shape": _shape(each),
            "choices": each.choices,
        }
        for each in (itself, *columns_of(kind, rows=1))
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
