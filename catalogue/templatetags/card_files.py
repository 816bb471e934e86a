"""Say the files of cards in templates."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import FileSign
from catalogue.resources.queries.files import field_of

register = template.Library()

KINDS: dict[str, Promise | str] = {
    "text": _("texte"),
    "binary": _("binaire"),
    "pickle": _("objets Python (pickle)"),
    "program": _("programme"),
    "zip": _("archive ZIP"),
    "gzip": _("archive gzip"),
    "tar": _("archive tar"),
    "parquet": "Parquet",
    "pdf": "PDF",
    "hdf5": "HDF5",
    "npy": "NumPy",
    "onnx": "ONNX",
    "gguf": "GGUF",
    "png": "PNG",
    "jpeg": "JPEG",
}


@dataclass(frozen=True)
class Sign:
    """How one sign is shown: its words, pigment and icon."""

    word: Promise
    tone: str
    icon: str


SIGNS = {
    FileSign.INFECTED: Sign(_("logiciel malveillant"), "garance", "circle-x"),
    FileSign.UNREADABLE: Sign(_("antivirus sans réponse"), "garance", "circle-x"),
    FileSign.LOST: Sign(_("fichier perdu"), "garance", "circle-x"),
    FileSign.MISMATCH: Sign(_("contenu autre que son nom"), "garance", "circle-x"),
    FileSign.BOMB: Sign(_("archive dangereuse"), "garance", "circle-x"),
    FileSign.UNEXAMINED: Sign(_("archive non examinée"), "ocre", "triangle-alert"),
    FileSign.EXECUTABLE: Sign(_("peut exécuter du code"), "ocre", "triangle-alert"),
    FileSign.INERT: Sign(_("format sans code"), "pin", "check"),
}


COLUMN_TYPES: dict[str, Promise] = {
    "string": _("texte"),
    "integer": _("entier"),
    "number": _("nombre"),
    "boolean": _("oui ou non"),
    "date": _("date"),
    "datetime": _("date et heure"),
}


@register.filter
def column_type(name: str) -> Promise | str:
    """Name the type of a column; that of a Parquet file by its own word."""
    return COLUMN_TYPES.get(name, name)


@register.filter
def file_kind(kind: str) -> Promise | str:
    """Name what a file really is."""
    return KINDS.get(kind, kind)


@register.filter
def file_signs(signs: Sequence[str]) -> list[Sign]:
    """Say what the examination found."""
    return [SIGNS[FileSign(each)] for each in signs]


@register.filter
def file_rows(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the files that a text names; what is not said of one is empty."""
    rows = record["details"].get(field_of(record["kind"])) or ()
    return [defaultdict(str, row) for row in rows]
