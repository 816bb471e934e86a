"""Give each kind, level and notice its word, pigment and icon, in one place."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Face:
    """Show one kind of thing: a word, a pigment and an icon, always together."""

    label: str | Promise
    plural: str | Promise
    tone: str
    icon: str
    promise: str | Promise = ""


FACES: dict[str, Face] = {
    "model": Face(
        _("Modèle pré-entraîné"),
        _("Modèles pré-entraînés"),
        "calanque",
        "brain-circuit",
        _("Prêts à l’emploi, avec leur fiche d’explicabilité"),
    ),
    "algorithm": Face(
        _("Algorithme"),
        _("Algorithmes"),
        "lavande",
        "workflow",
        _("Méthodes et codes ouverts, documentés"),
    ),
    "dataset": Face(
        _("Jeu de données"),
        _("Jeux de données"),
        "olivier",
        "database",
        _("Ouverts ou à accès restreint (R2DDE)"),
    ),
    "technology": Face(
        _("Technologie"),
        _("Technologies"),
        "ardoise",
        "cpu",
        _("Outils, bibliothèques, interfaces"),
    ),
    "need": Face(
        _("Besoin"),
        _("Besoins"),
        "ocre",
        "hand-helping",
        _("Exprimés par les acteurs de terrain"),
    ),
    "idea": Face(
        _("Idée de projet"),
        _("Idées de projet"),
        "mimosa",
        "lightbulb",
        _("À reprendre, à enrichir, à porter ensemble"),
    ),
    "solution": Face(
        _("Solution"),
        _("Solutions"),
        "pin",
        "puzzle",
        _("Issues des challenges, réutilisables"),
    ),
    "programme": Face(
        _("Programme"),
        _("Programmes"),
        "lavande",
        "compass",
        _("Appels, financements, accompagnements"),
    ),
    "news": Face(
        _("Actualité"),
        _("Actualités"),
        "ardoise",
        "newspaper",
        _("L’innovation pour l’emploi et la formation"),
    ),
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
