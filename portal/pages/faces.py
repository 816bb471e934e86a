"""Give each kind and each notice its word, pigment and icon; a kind's own come from its enum."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalogue.enums import ResourceKind


@dataclass(frozen=True)
class Face:
    """Show one kind of thing: a word, a pigment and an icon, always together."""

    label: str | Promise
    plural: str | Promise
    tone: str
    icon: str
    promise: str | Promise = ""


PROMISES: dict[str, str | Promise] = {
    ResourceKind.MODEL: _("Prêts à l’emploi, avec leur fiche d’explicabilité"),
    ResourceKind.ALGORITHM: _("Méthodes et codes ouverts, documentés"),
    ResourceKind.DATASET: _("Ouverts ou à accès restreint (R2DDE)"),
    ResourceKind.TECHNOLOGY: _("Outils, bibliothèques, interfaces"),
    ResourceKind.NEED: _("Exprimés par les acteurs de terrain"),
    ResourceKind.IDEA: _("À reprendre, à enrichir, à porter ensemble"),
    ResourceKind.SOLUTION: _("Issues des challenges et du terrain, réutilisables"),
    ResourceKind.PROGRAMME: _("Appels, financements, accompagnements"),
    ResourceKind.NEWS: _("L’innovation pour l’emploi et la formation"),
}

FACES: dict[str, Face] = {
    kind.value: Face(kind.label, kind.plural, kind.tone, kind.icon, PROMISES[kind])
    for kind in ResourceKind
} | {
    "challenge": Face(_("Challenge"), _("Challenges"), "ocre", "trophy"),
    "use_case": Face(_("Cas d’usage"), _("Cas d’usage"), "lavande", "flask-conical"),
    "call": Face(
        _("Appel à manifestation d’intérêt"),
        _("Appels à manifestation d’intérêt"),
        "ocre",
        "megaphone",
    ),
}
"""Faces by the value of a catalogue kind, and of the other things that stand in lists."""

NOTICE_ICONS: dict[str, str] = {
    "calanque": "info",
    "pin": "circle-check",
    "ocre": "triangle-alert",
    "garance": "circle-alert",
}
"""Icons of notices by pigment: information, done, attention, error."""

UNKNOWN = Face(_("Ressource"), _("Ressources"), "ardoise", "file-text")


def face(kind: object) -> Face:
    """Find the face of a kind, given as an enum member or as its value."""
    return FACES.get(str(getattr(kind, "value", kind)).lower(), UNKNOWN)


def quality_tone(value: float) -> str:
    """Choose the pigment of a quality score: 80 and more pin, 60 and more mimosa, else garance."""
    if value >= 80:
        return "pin"
    return "mimosa" if value >= 60 else "garance"
