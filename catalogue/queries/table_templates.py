"""What a table of cards may hold, by kind: the template to fill in, and a word on each column."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalogue.enums import ResourceKind
from catalogue.queries.batches import EXAMPLE_ID
from catalogue.validators import checks as record_checks
from catalogue.validators import sheets
from catalogue.validators.fields import Field, FieldType

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


@dataclass(frozen=True)
class Told:
    """One column as its page tells it: choices are pairs of a code and its words."""

    name: str
    label: str
    help: str
    needed: bool
    shape: str
    choices: tuple[tuple[str, str], ...]


def template(kind: ResourceKind) -> list[list[str]]:
    """Give the columns of a kind, then one line of example that an import leaves out."""
    columns = sheets.columns_of(kind)
    example = {sheets.ID: EXAMPLE_ID, sheets.KIND: str(kind)}
    head = [*sheets.IDENTITY, *(column.name for column in columns)]
    example |= {each.name: example_of(each.field) for each in columns}
    return [head, [example.get(name, "") for name in head]]


def example_of(own: Field) -> str:
    """Give a value that a cell of this field may hold."""
    if own.name in EXAMPLES:
        return EXAMPLES[own.name]
    if own.choices:
        return own.choices[0][0]
    return OF_TYPE.get(own.type, "")


def described(kind: ResourceKind) -> list[Told]:
    """Describe the columns of a kind, its identity first."""
    itself = ((str(kind), str(kind.label)),)
    needed = set(record_checks.missing_fields({"kind": str(kind), "details": {}}))
    return [
        Told(
            sheets.ID,
            _("Identifiant de la fiche"),
            _("Celui de nos exports, pour modifier une fiche. Vide : une nouvelle fiche."),
            False,
            _("Texte"),
            (),
        ),
        Told(
            sheets.SLUG,
            _("Fin de l’adresse de la fiche"),
            _("Suffit à la reconnaître quand l’identifiant est vide."),
            False,
            _("Texte"),
            (),
        ),
        Told(
            sheets.KIND,
            _("Type de ressource"),
            "",
            True,
            _("Un choix"),
            itself,
        ),
        *(
            Told(
                each.name,
                each.label,
                str(each.field.help),
                each.name.split(".")[0] in needed,
                _shape(each.field),
                tuple((code, str(words)) for code, words in each.field.choices),
            )
            for each in sheets.columns_of(kind, rows=1)
        ),
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
