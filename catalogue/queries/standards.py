"""What the page of a resource says of standards: its forms, its citation, what it lacks."""

from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.standards import citation, forms, schema_org
from catalogue.standards.published import Published
from catalogue.validators.fields import Text

# What is missing for an export, and what to do, by the code of the standard's writer.
LACKS: dict[str, Text] = {
    "created": _("la date de création du modèle"),
    "version": _("la version"),
    "files": _("au moins un fichier"),
    "file_format": _("le format de chaque fichier"),
    "trained_on": _("les données d’apprentissage"),
    "collection_date": _("la date de collecte des données d’apprentissage"),
    "loadable": _("un fichier en accès ouvert, avec son empreinte SHA-256"),
}


EXPORTS = {
    "csv": _("Exporter en CSV"),
    "json": _("en JSON"),
    "ttl": _("en DCAT-AP"),
}


class Conformance(NamedTuple):
    """One standard: its name, and what is missing in words; nothing when it is met."""

    name: str
    missing: tuple[Text, ...]


class Export(NamedTuple):
    """One form in which a result list is exported."""

    label: Text
    address: str


def exports() -> list[Export]:
    """List the exports of a result list; its query is to be added to their addresses."""
    return [
        Export(label, reverse(f"documents:export.{extension}"))
        for extension, label in EXPORTS.items()
    ]


def of(resource: Published) -> dict[str, Any]:
    """Read what stands on the page about standards."""
    cited = resource.kind in forms.CITED
    return {
        "data_block": schema_org.data_block(resource),
        "forms": forms.available(resource),
        "bibtex": citation.bibtex(resource) if cited else "",
        "attribution": citation.attribution(resource),
        "identifier": resource.iri,
        "conformances": [
            Conformance(name, tuple(LACKS[code] for code in lacking))
            for name, lacking in forms.conformance(resource)
        ],
    }
