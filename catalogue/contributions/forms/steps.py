"""The steps of a contribution: which fields of which kind are asked where, what is missing."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, NamedTuple, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.utils import formats
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalogue.contributions import record_checks
from catalogue.resources import words
from catalogue.resources.enums import (
    UNLICENSED_KINDS,
    Access,
    Deposit,
    LicenceStatus,
    Lifecycle,
    ResourceKind,
)
from catalogue.resources.fields import (
    CARD_NEEDS,
    COMMON_BY_NAME,
    DETAILS,
    EMPTY,
    OWNED_NEEDS,
    REFERENCED_NEEDS,
    Field,
    FieldType,
    Section,
    clean_value,
    language_choices,
)
from catalogue.resources.queries import relations
from catalogue.resources.queries.files import COLUMNS, file_identified
from catalogue.standards import licences
from portal.lib.web.fields import PlainForm, box, choice, prose

MOST_ROWS = 50
LONG_TEXT_CHARACTERS = 4_000
# Columns of a file that its deposit fills, then those that few know: folded.
FILLED = ("url", "download_url", "media_type", "bytes", "sha256")
SELDOM = ("description", "media_type", "bytes", "sha256", "licence")
HELP = _(
    "Une zone d’emploi est découpée par l’Insee, un bassin d’emploi par France Travail. "
    "Le code suffit pour une région ou un département."
)


class RowsInput(forms.Widget):
    """Edit a list of small records: one group of inputs a row.

    A blank one is shown when there is none, or when one more was asked for. `apart`: files whose
    rows the page shows with the files themselves.
    """

    template_name = "catalogue/contributions/rows.html"

    def __init__(self, own: Field) -> None:
        super().__init__()
        self.own = own
        self.has_blank = False
        self.apart: Collection[UUID] = ()

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> list[dict[str, str]]:
        """Read the rows by their number, up to the first number that is absent."""
        rows: list[dict[str, str]] = []
        columns = [column.name for column in self.own.columns]
        while len(rows) < MOST_ROWS and f"{name}-{len(rows)}-{columns[0]}" in data:
            prefix = f"{name}-{len(rows)}"
            rows.append({column: data.get(f"{prefix}-{column}", "") for column in columns})
        return rows

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> bool:
        """Say whether no row was sent at all."""
        return f"{name}-0-{self.own.columns[0].name}" not in data

    def id_for_label(self, id_: str) -> str:
        """Point the label and the errors at the first input."""
        return f"{id_}-0-{self.own.columns[0].name}"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Render through the site's own templates."""
        records = list(value or [])
        if self.has_blank or not self.others(name, records):
            records.append({})
        return render_to_string(self.template_name, {"rows": self.others(name, records)})

    def others(self, name: str, records: list[Any]) -> list["Row"]:
        """List the rows that this control shows itself."""
        return [row for row in self.rows(name, records) if row.file is None]

    def rows(self, name: str, records: list[Any]) -> list["Row"]:
        """Give the inputs of each record; the first that leads to a file apart goes with it."""
        found, apart = [], set(self.apart)
        for number, record in enumerate(records[:MOST_ROWS]):
            leads = file_identified(record.get(COLUMNS.get(self.own.name)))
            file = leads if leads in apart else None
            apart.discard(file)
            asked: list[Cell] = []
            folded: list[Cell] = []
            for column in self.own.columns:
                rare = column.name in (FILLED if file else SELDOM)
                value = _as_typed(column, record.get(column.name))
                (folded if rare else asked).append(
                    (column, f"{name}-{number}-{column.name}", value)
                )
            found.append(Row(file, asked, folded))
        return found


# A column, the name of its input, its value.
Cell = tuple[Field, str, object]


class Row(NamedTuple):
    """The inputs of one record; file: the one apart with which they are shown."""

    file: UUID | None
    asked: list[Cell]
    folded: list[Cell]


def _as_typed(own: Field, value: object) -> object:
    """Write a stored date as it is typed in French, 24/11/2026; anything else stays."""
    if own.type is FieldType.DATE and re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", str(value)):
        return "/".join(reversed(str(value).split("-")))
    return value


class OwnField(forms.Field):
    """A form field whose value is cleaned by the declaration of the catalogue.

    `required` is what publishing needs: a draft may leave it empty.
    """

    def __init__(self, own: Field, **options: Any) -> None:
        self.own = own
        self.max_length = own.max_length if own.type is FieldType.TEXT else None
        self.is_rows = own.type is FieldType.ROWS
        self.is_prose = own.name == "description"
        self.is_ticked = own.type is FieldType.LIST and bool(own.choices)
        super().__init__(
            label=cast(Any, own.label),
            help_text=cast(Any, own.help),
            required=own.needed,
            widget=options.pop("widget", None) or control(own),
            **options,
        )

    def clean(self, value: Any) -> Any:
        """Bring to the stored form; a choice out of the list is refused."""
        cleaned = clean_value(self.own, value)
        allowed = dict(self.own.choices)
        if self.own.type is FieldType.LIST and allowed:
            strangers = [item for item in cleaned if item not in allowed]  # type: ignore[attr-defined]
            if strangers:
                raise ValidationError(_("Choisissez parmi les valeurs proposées."))
        return cleaned

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines of text, unless its control shows items."""
        if self.own.type is FieldType.LIST and not self.own.choices and isinstance(value, list):
            return "\n".join(map(str, value))
        if self.own.type is FieldType.NUMBER and isinstance(value, float):
            return formats.localize_input(value)
        return _as_typed(self.own, value)


class DepositField(OwnField):
    """Whose the resource is, as two choices in view."""

    descriptions: Mapping[str, Promise] = {
        Deposit.OWNED: _("Au nom du détenteur ou des auteurs, sinon au vôtre."),
        Deposit.REFERENCED: _("Au nom de son détenteur : donnez-le, avec la page où elle est."),
    }

    def __init__(self, own: Field) -> None:
        super().__init__(own, widget=forms.RadioSelect(choices=own.choices))


class TagsField(OwnField):
    """Tags typed on one line, separated by commas; kept lower case, once each."""

    def __init__(self, own: Field) -> None:
        super().__init__(own, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean(self, value: Any) -> list[str]:
        """Cut on commas and semicolons, in each text of a list too."""
        texts = super().clean([value] if isinstance(value, str) else value)
        pieces = ",".join(texts).replace(";", ",").split(",")
        tags = [" ".join(piece.lower().split())[:60] for piece in pieces]
        return list(dict.fromkeys(tag for tag in tags if tag))

    def prepare_value(self, value: Any) -> Any:
        """Write the tags on one line."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class TerritoriesField(OwnField):
    """Territories as rows of a kind, a name and a code; lines of the stored notation are read too.

    `own` keeps the list as programs give it; the rows are those of `ROWS`.
    """

    ROWS = Field(
        "territories",
        "",
        FieldType.ROWS,
        columns=(
            Field("label", _("Nom"), max_length=120),
            Field("kind", _("Sorte"), FieldType.CHOICE, choices=words.PLACE_KINDS),
            Field("code", _("Code"), max_length=20),
        ),
    )

    def __init__(self, own: Field) -> None:
        super().__init__(replace(own, help=HELP), widget=RowsInput(self.ROWS))
        self.is_rows = True

    def clean(self, value: Any) -> list[str]:
        """Compose each row; what is already a line stays one."""
        if value is not None and not isinstance(value, list | tuple):
            raise ValidationError(_("Une liste est attendue."))
        return list(super().clean([self._line(row) for row in value or ()]))

    def _line(self, row: Any) -> Any:
        if not isinstance(row, Mapping):
            return row
        told = clean_value(self.ROWS, [row])
        texts = {name: str(text) for each in told for name, text in each.items()}  # type: ignore[attr-defined]
        return words.place_composed(**texts) if texts else ""

    def prepare_value(self, value: Any) -> Any:
        """Show a stored line as a row."""
        if not isinstance(value, list):
            return value
        return [words.place_parts(each) if isinstance(each, str) else each for each in value]


class RelationsField(OwnField):
    """Links to other cards: each target is brought to the slug of a public card."""

    def clean(self, value: Any) -> Any:
        """Refuse what names no public card, or more than one."""
        found, unknown = relations.resolved_relations(super().clean(value))
        if unknown:
            message = _("Aucune fiche publiée n’est trouvée pour : %(texts)s. Collez son adresse.")
            texts = ", ".join(text[:64] or "…" for text in unknown)
            raise ValidationError(message, params={"texts": texts})
        return found


def control(own: Field) -> forms.Widget:
    """Choose the control of a field by the shape of its value."""
    match own.type:
        case FieldType.TEXT:
            rows = 8 if own.max_length > LONG_TEXT_CHARACTERS else 4
            return forms.Textarea(attrs={"rows": rows, "maxlength": own.max_length})
        case FieldType.URL:
            return forms.URLInput(attrs={"inputmode": "url", "maxlength": 2_000})
        case FieldType.INTEGER:
            return forms.TextInput(attrs={"inputmode": "numeric"})
        case FieldType.NUMBER:
            return forms.TextInput(attrs={"inputmode": "decimal"})
        case FieldType.CHOICE:
            return forms.Select(choices=[("", "—"), *own.choices])
        case FieldType.LIST if own.choices:
            return forms.CheckboxSelectMultiple(choices=own.choices)
        case FieldType.LIST:
            return forms.Textarea(attrs={"rows": 3})
        case FieldType.ROWS:
            return RowsInput(own)
        case FieldType.LINE | FieldType.DATE:
            written = {"placeholder": _("JJ/MM/AAAA")} if own.type is FieldType.DATE else {}
            return forms.TextInput(attrs={"maxlength": own.max_length, **written})


class Step(StrEnum):
    """The pages of the form, by their address; the choice of the kind comes before."""

    ESSENTIAL = "essentiel"
    CARD = "explicabilite"
    SEND = "envoi"


LABELS: dict[Step, Promise] = {
    Step.ESSENTIAL: _("L’essentiel"),
    Step.CARD: _("Explicabilité et éthique"),
    Step.SEND: _("Vérification et envoi"),
}

# What every kind is asked first, with what its publication needs; the rest is folded.
FIRST = ("title", "summary", "description")
CHOICES = ("deposit", "organisation", "scope")
# What a card is found by: sending asks for three keywords.
FINDING = ("tasks", "tags")
# What stands beside a label in the place of « facultatif ».
ASIDES = dict.fromkeys(REFERENCED_NEEDS, _("nécessaire si vous la signalez"))
ASIDES |= dict.fromkeys(FINDING, _("conseillé"))
# Common fields that are folded, by what they are about; the kind's own come in between.
NAMES_AND_ADDRESSES = (
    "homepage_url",
    "producer_name",
    "repository_url",
    "documentation_url",
    "acronym",
    "title_en",
    "alternate_titles",
)
CLASSIFICATION = (
    "subtype",
    "tags",
    "tasks",
    "use_cases",
    "beneficiaries",
    "barriers",
    "languages",
    "territories",
    "scope_note",
    "publics",
    "rome_codes",
    "lifecycle",
    "lifecycle_note",
    "relations",
)
ACCESS_AND_CONTACT = ("contact", "access", "licence_note", "authors")
ASKED = (*FIRST, "deposit", "scope", *NAMES_AND_ADDRESSES, *CLASSIFICATION, *ACCESS_AND_CONTACT)
# What a new draft holds before anybody writes.
PRESET = {"access": Access.OPEN, "lifecycle": Lifecycle.UNKNOWN}
# Kinds that publish code or run on one.
WITH_REPOSITORY = frozenset({"algorithm", "model", "technology", "solution"})
WITH_TASKS = frozenset({"algorithm", "model", "solution", "technology"})

# The usual licences of data, then those of code and models.
DATA_LICENCES: tuple[tuple[str, str, Promise], ...] = (
    (
        "etalab-2.0",
        "Licence Ouverte 2.0",
        _("Pour les données publiques : citer la source et la date."),
    ),
    ("ODbL-1.0", "ODbL 1.0", _("Pour les données : les bases dérivées restent partagées.")),
    ("CC-BY-4.0", "CC BY 4.0", _("Pour les textes et les images : citer l’auteur.")),
)
CODE_LICENCES: tuple[tuple[str, str, Promise], ...] = (
    ("MIT", "MIT", _("Réutilisation libre, y compris commerciale, avec mention.")),
    (
        "EUPL-1.2",
        "EUPL 1.2",
        _("Licence publique de l’Union européenne : les modifications restent partagées."),
    ),
    ("Apache-2.0", "Apache 2.0", _("Comme MIT, avec une clause sur les brevets.")),
)
# What models are published under beside them.
MODEL_LICENCES: tuple[tuple[str, str, Promise], ...] = (
    *CODE_LICENCES,
    DATA_LICENCES[-1],
    ("CC-BY-SA-4.0", "CC BY-SA 4.0", _("Attribution, partage dans les mêmes conditions.")),
    (
        "CC-BY-NC-4.0",
        "CC BY-NC 4.0",
        _("Attribution, pas d’utilisation commerciale : réutilisation limitée."),
    ),
    (
        "CC-BY-NC-SA-4.0",
        "CC BY-NC-SA 4.0",
        _(
            "Attribution, pas d’utilisation commerciale, partage dans les mêmes conditions : "
            "réutilisation limitée."
        ),
    ),
    (
        licences.RAIL,
        "BigScience Open RAIL-M",
        _("Réutilisation limitée : des usages sont interdits, à qui reçoit le modèle aussi."),
    ),
)
NEEDED = _("Remplissez ce champ : sans lui, la fiche ne peut pas être envoyée.")
AUTHORS_APART = _("Qui publie la fiche. Les auteurs de la ressource restent dans « Auteurs ».")
OTHER = "other"
LICENCE = ("licence", "licence_other")
TO_CONFIRM = "to_confirm"


def steps(kind: str) -> list[Step]:
    """List the steps of a kind, after the choice of the kind itself."""
    has_card = bool(DETAILS[kind].in_section(Section.CARD))
    return [step for step in Step if step is not Step.CARD or has_card]


def beside(step: Step, kind: str, by: int) -> Step | None:
    """Give the step so many places further, or None beyond the first and the last."""
    shown = steps(kind)
    place = shown.index(step) + by
    return shown[place] if 0 <= place < len(shown) else None


def step_of(name: str, kind: str) -> Step:
    """Find the step where a field is asked; the first one for a name asked nowhere."""
    own = DETAILS[kind].by_name.get(name)
    return Step.CARD if own is not None and own.section is Section.CARD else Step.ESSENTIAL


def asked(step: Step, kind: str, *, deposit: str = Deposit.OWNED) -> list[Field]:
    """List the fields of a step, compulsory ones marked for this kind and deposit."""
    own = DETAILS[kind]
    if step is not Step.ESSENTIAL:
        return own.in_section(Section.CARD) if step is Step.CARD else []
    needs = REFERENCED_NEEDS if deposit == Deposit.REFERENCED else (*OWNED_NEEDS, *own.needs)
    common = [
        replace(_choices(COMMON_BY_NAME[name], kind), needed=name in (*needs, "deposit"))
        for name in ASKED
        if name in COMMON_BY_NAME and _concerns(name, kind)
    ]
    own_fields = [
        replace(each, needed=each.needed and deposit != Deposit.REFERENCED)
        for each in own.fields
        if each.section is not Section.CARD
    ]
    return [*common, *own_fields]


def _concerns(name: str, kind: str) -> bool:
    match name:
        case "subtype":
            return bool(DETAILS[kind].subtypes)
        case "repository_url":
            return kind in WITH_REPOSITORY
        case "tasks":
            return kind in WITH_TASKS
        case "licence_note":
            return kind not in UNLICENSED_KINDS
        case _:
            return True


def _choices(own: Field, kind: str) -> Field:
    return replace(own, choices=DETAILS[kind].subtypes) if own.name == "subtype" else own


class StepForm(PlainForm):
    """One step of a contribution of some kind.

    `record`: the values saved so far. `holders`: the organisations in whose name the person may
    write, as (id, name) pairs; none when it cannot be chosen. `origins`: where each value was
    read, by name, when a description was pasted. `at`: the field where the person is writing; a
    list shows a blank row there. After validation, `accepted()` gives the values without fault.
    """

    is_asked = False  # for what sending needs

    def __init__(
        self,
        step: Step,
        record: Mapping[str, Any],
        *args: Any,
        holders: Sequence[tuple[str, str]] | None = None,
        origins: Mapping[str, object] | None = None,
        at: str = "",
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.origins, self.at = origins or {}, at
        self.step, self.kind = step, str(record["kind"])
        values = {**record, **(record.get("details") or {})}
        deposit = str(values.get("deposit") or Deposit.OWNED)
        if step is Step.ESSENTIAL and holders:
            named = [("", _("Moi-même")), *holders]
            self.fields["organisation"] = choice(_("Au nom de"), named)
            if values.get("authors"):
                self.fields["organisation"].help_text = AUTHORS_APART
            self.initial["organisation"] = str(record.get("organisation") or "")
        for own in asked(step, self.kind, deposit=deposit):
            if own.name == "languages":
                own = replace(own, choices=language_choices(values.get("languages") or ()))
            self.fields[own.name] = form_field(own)
            self.initial[own.name] = values.get(own.name)
            if own.name == at and isinstance(self.fields[own.name].widget, RowsInput):
                self.fields[own.name].widget.has_blank = True
        if step is Step.ESSENTIAL and self.kind not in UNLICENSED_KINDS:
            self._ask_licence(values)
        for name, field in self.fields.items():
            told: Any = field
            told.origin = self.origins.get("licences" if name == "licence" else name)
            if told.origin and name not in ("title", "summary"):  # read, these may want better
                told.help_text = ""
            told.is_needed_to_send = name == "organisation"  # whose first choice is an answer
            told.optional = ASIDES.get(name, "")

    @property
    def guesses(self) -> int:
        """Count the guesses to verify: the page folds none."""
        return sum(map(_is_guess, self.fields.values()))

    def read_over(self) -> set[str]:
        """Name what was read over: at « Continuer », what the page shows."""
        shown = [*self.first(), *self.choices()] if "next" in self.data else []
        names = {bound.name for bound in shown}
        return names | {"licences", "licence_status"} if "licence" in names else names

    def require(self, record: Mapping[str, Any]) -> None:
        """Say at its field what sending will ask and the saved record lacks."""
        self.is_asked = True
        for name in lacking(record):
            name = "licence" if name == "licences" else name
            if name in self.fields and name not in self.errors:
                self.add_error(name, NEEDED)

    def _ask_licence(self, values: Mapping[str, Any]) -> None:
        choice, other = _licence_choice(self.kind, values)
        first = LicenceField(
            self.kind, needed=record_checks.needs_licence({**values, "kind": self.kind})
        )
        self.fields |= {"licence": first, "licence_other": _other_licence()}
        self.initial.update(licence=choice, licence_other=other)

    def clean(self) -> dict[str, Any]:
        """Ask for the text of another licence, an SPDX expression."""
        cleaned = super().clean() or {}
        if cleaned.get("licence") == OTHER:
            text = str(cleaned.get("licence_other") or "").strip()
            try:
                if not text:
                    raise ValidationError(_("Écrivez l’identifiant de cette licence."))
                words.known_licence(text)
            except ValidationError as error:
                self.add_error("licence_other", error)
        return cleaned

    def accepted(self) -> dict[str, Any]:
        """Give the values that were sent and passed, under the names of the record."""
        values = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in self.errors
            and not self.fields[name].widget.value_omitted_from_data(self.data, self.files, name)
        }
        choice = values.pop("licence", None)
        other = values.pop("licence_other", "")
        if choice is not None and "licence_other" not in self.errors:
            values |= _licence_values(str(choice), str(other))
        return values

    def first(self) -> list[BoundField]:
        """List the fields that the page shows at once, in its order, but the short choices."""
        names = [*FIRST, *LICENCE] if self.step is Step.ESSENTIAL else [*CARD_NEEDS]
        apart = {*CHOICES, *LICENCE}
        wanted = [n for n, own in self.fields.items() if own.required and n not in apart]
        if "files" in wanted:  # of which the page of the model takes the place
            wanted[:0] = ["homepage_url"]
            given = any(any(row.values()) for row in self["files"].value() or ())
            if "files" in self.origins or (self["homepage_url"].value() and not given):
                wanted.remove("files")  # read, or at that page: folded
        # What was guessed awaits a look: it is never out of sight.
        wanted += [n for n, own in self.fields.items() if _is_guess(own) and n not in apart]
        shown = dict.fromkeys([*names, *wanted, *FINDING])
        return [self[n] for n in shown if n in self.fields]

    def choices(self) -> list[BoundField]:
        """List the short choices that stand in one row."""
        return [self[name] for name in CHOICES if name in self.fields]

    def folds(self) -> list["Fold"]:
        """Gather what is folded, by what it is about."""
        shown = {bound.name for bound in (*self.first(), *self.choices())}
        rest = [name for name in self.fields if name not in shown]
        common = {*NAMES_AND_ADDRESSES, *CLASSIFICATION, *ACCESS_AND_CONTACT, "files"}
        parts: list[tuple[Promise | str, list[str]]] = [
            (_("Fichiers"), [n for n in ("files",) if n in rest]),
            (_("Nom et adresses"), [n for n in NAMES_AND_ADDRESSES if n in rest]),
            (_("Caractéristiques"), [n for n in rest if n not in common]),
            (_("Classement et liens"), [n for n in CLASSIFICATION if n in rest]),
            (_("Accès et contact"), [n for n in ACCESS_AND_CONTACT if n in rest]),
        ]
        if self.step is Step.CARD:
            parts = [(_("Autres questions"), rest)]
        return [
            Fold(label, [self[name] for name in names], self.at) for label, names in parts if names
        ]


def _is_guess(field: forms.Field) -> bool:
    """Say whether a value was guessed and nobody read it over since."""
    origin: Any = vars(field).get("origin")
    return bool(origin and origin["guessed"] and not origin["verified"])


class Fold:
    """Fields that a page folds, naming those that hold something.

    Open where one has a fault, or where the person was writing.
    """

    def __init__(self, label: Promise | str, fields: list[BoundField], at: str) -> None:
        self.label, self.fields = label, fields
        self.is_open = any(each.errors or each.name == at for each in fields)
        # Opened as soon as one chooses a reference record: it needs some of them.
        self.is_of_references = any(each.name in REFERENCED_NEEDS for each in fields)
        self.filled = [
            each.label for each in fields if each.value() not in (*EMPTY, PRESET.get(each.name))
        ]


class LicenceField(forms.ChoiceField):
    """The choice of a licence among the usual ones, another one, or later.

    needed: whether publishing needs one: « later » is then no answer, a draft leaves it empty.
    """

    at_once, more_label = 3, _("Toutes les licences admises")

    def __init__(self, kind: str, *, needed: bool) -> None:
        usual = usual_licences(kind)
        self.descriptions: dict[str, Promise] = {spdx: text for spdx, _name, text in usual}
        self.descriptions[TO_CONFIRM] = _("La fiche dira que la licence reste à confirmer.")
        super().__init__(
            label=_("Sous quelle licence ?"),
            required=needed,
            widget=forms.RadioSelect,
            choices=[
                *((spdx, name) for spdx, name, _text in usual),
                (OTHER, _("Une autre licence")),
                *([] if needed else [(TO_CONFIRM, _("Je ne sais pas encore"))]),
            ],
        )

    def validate(self, value: Any) -> None:
        """Refuse what is not proposed; nothing at all is a draft."""
        if value not in ("", TO_CONFIRM):
            super().validate(value)


def usual_licences(kind: str) -> tuple[tuple[str, str, Promise], ...]:
    """Give the licences that a kind is offered by name; any other is written."""
    if kind == ResourceKind.MODEL:
        return MODEL_LICENCES
    return DATA_LICENCES if kind == ResourceKind.DATASET else CODE_LICENCES


def _other_licence() -> forms.CharField:
    return forms.CharField(
        label=_("Identifiant de l’autre licence"),
        required=False,
        max_length=licences.LONGEST_EXPRESSION,
        help_text=_("Identifiant SPDX, par exemple CECILL-2.1 ou « MIT OR Apache-2.0 »."),
    )


def _licence_choice(kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
    given = [str(text) for text in values.get("licences") or ()]
    if not given:
        unsure = values.get("licence_status") == LicenceStatus.TO_CONFIRM
        return (TO_CONFIRM if unsure else "", "")
    text = " AND ".join(given)
    usual = {spdx for spdx, _name, _text in usual_licences(kind)}
    return (text, "") if text in usual else (OTHER, text)


def _licence_values(choice: str, other: str) -> dict[str, Any]:
    if choice == OTHER:
        expression = licences.read_expression(other).expression
        return {"licences": [expression], "licence_status": str(LicenceStatus.DECLARED)}
    if choice in ("", TO_CONFIRM):
        return {"licences": [], "licence_status": str(LicenceStatus.TO_CONFIRM)}
    return {"licences": [choice], "licence_status": str(LicenceStatus.DECLARED)}


def form_field(own: Field) -> forms.Field:
    """Give the form field that cleans and shows a field of the catalogue."""
    apart = {
        "deposit": DepositField,
        "tags": TagsField,
        "relations": RelationsField,
        "territories": TerritoriesField,
    }
    return apart.get(own.name, OwnField)(own)


KIND_HINTS: dict[str, Promise] = {
    "algorithm": _("Un code réutilisable : méthode, entrées, sorties, dépôt."),
    "model": _("Un modèle entraîné, avec ses fichiers, ses mesures et ses limites."),
    "dataset": _("Des données décrites, avec leur licence et leur rythme de mise à jour."),
    "technology": _("Un logiciel, une bibliothèque, une interface, un standard."),
    "need": _("Un problème de terrain qui attend une réponse."),
    "idea": _("Une piste de projet qui cherche une équipe, des données, un financement."),
    "solution": _("Ce qui répond à un besoin, du prototype au service en place."),
    "news": _("Un fait daté, avec sa source."),
    "programme": _("Un dispositif ou un financement, avec ses dates."),
}


class KindForm(PlainForm):
    """The choice of a kind, the first step."""

    kind = choice(
        _("Quel type de ressource ?"),
        ResourceKind.choices,
        _("Choisissez un type de ressource."),
        radio=True,
        descriptions=KIND_HINTS,
    )


class SendForm(PlainForm):
    """The last step: the charter is accepted and the proposal is sent."""

    charter = box(
        _("J’accepte la charte de contribution."),
        _("Acceptez la charte pour envoyer votre proposition."),
    )
    reply = prose(
        _("Réponse à la Région"),
        4_000,
        hint=_("Dites ce que vous avez changé. Votre réponse est jointe à la proposition."),
        rows=4,
        check=None,
    )


def lacking(record: Mapping[str, Any]) -> list[str]:
    """Name the fields that sending asks for and that hold nothing."""
    names = record_checks.missing_fields(record)
    if record_checks.needs_licence(record) and not record.get("licences"):
        names.append("licences")
    return names


def missing(record: Mapping[str, Any]) -> Counter[Step]:
    """Count them by step."""
    return Counter(step_of(name, str(record["kind"])) for name in lacking(record))


def is_asked(name: str, kind: str) -> bool:
    """Say whether a step asks for a field: a measured figure comes from elsewhere."""
    if name in ("licences", "licence_status"):
        return kind not in UNLICENSED_KINDS
    return any(own.name == name for step in Step for own in asked(step, kind))


def anchor(name: str) -> str:
    """Give the place of a field on its step: the licence is asked under one name."""
    return "id_licence" if name in ("licences", "licence_status") else f"id_{name}"
