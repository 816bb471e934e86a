"""Turn the declaration of a field into a form field and its control."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import formats
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalogue.queries import relations
from catalogue.validators import words
from catalogue.validators.fields import Field, FieldType, clean_value

BLANK_ROWS = 1
MOST_ROWS = 50
LONG_TEXT_CHARACTERS = 4_000
HELP = _(
    "Une zone d’emploi est découpée par l’Insee, un bassin d’emploi par France Travail. "
    "Le code suffit pour une région ou un département."
)


class RowsInput(forms.Widget):
    """Edit a list of small records: one group of inputs a row, the last one blank."""

    template_name = "catalogue/contribute/rows.html"

    def __init__(self, own: Field) -> None:
        super().__init__()
        self.own = own

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
        rows = [*(value or []), *({} for _ in range(BLANK_ROWS))][:MOST_ROWS]
        shown = [
            [
                {
                    "column": column,
                    "name": f"{name}-{number}-{column.name}",
                    "value": "" if row.get(column.name) is None else row.get(column.name, ""),
                    "type": "url" if column.type is FieldType.URL else "text",
                    "choices": column.choices,
                    "near": column.name == "target",
                    "numeric": column.type is FieldType.INTEGER,
                    "dated": column.type is FieldType.DATE,
                }
                for column in self.own.columns
            ]
            for number, row in enumerate(rows)
        ]
        invalid = bool((attrs or {}).get("aria-invalid"))
        return render_to_string(
            self.template_name, {"name": name, "rows": shown, "own": self.own, "invalid": invalid}
        )


class OwnField(forms.Field):
    """A form field whose value is cleaned by the declaration of the catalogue.

    `required` is what publishing needs: a draft may leave it empty.
    """

    def __init__(self, own: Field, **options: Any) -> None:
        self.own = own
        self.max_length = own.max_length if own.type is FieldType.TEXT else None
        self.is_rows = own.type is FieldType.ROWS
        self.is_prose = own.name == "description"
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
        return value


class TagsField(OwnField):
    """Tags typed on one line, separated by commas; kept lower case, once each."""

    def __init__(self, own: Field) -> None:
        super().__init__(own, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean(self, value: Any) -> list[str]:
        """Cut on commas and semicolons."""
        pieces = str(value or "").replace(";", ",").split(",")
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
        found, unknown = relations.resolved(super().clean(value))
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
            return forms.TextInput(attrs={"maxlength": own.max_length})
