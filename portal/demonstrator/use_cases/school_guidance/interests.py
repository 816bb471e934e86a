"""What a pupil may like, in their words; each is of one of Holland's six letters (RIASEC)."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Interest(NamedTuple):
    """Something one may like to do."""

    key: str
    letter: str
    text: Any


INTERESTS = (
    Interest("make", "R", _("Fabriquer, réparer")),
    Interest("move", "R", _("Bouger, être dehors, manier des machines")),
    Interest("why", "I", _("Comprendre comment ça marche")),
    Interest("try", "I", _("Calculer, chercher, faire des expériences")),
    Interest("draw", "A", _("Dessiner, écrire, filmer, jouer")),
    Interest("invent", "A", _("Imaginer des choses nouvelles")),
    Interest("care", "S", _("Aider, soigner, écouter")),
    Interest("teach", "S", _("Expliquer, animer un groupe")),
    Interest("argue", "E", _("Convaincre, vendre, défendre une idée")),
    Interest("lead", "E", _("Lancer un projet, mener une équipe")),
    Interest("tidy", "C", _("Ranger, classer, planifier")),
    Interest("exact", "C", _("Vérifier que tout est juste")),
)
DOMAINS = {
    "A": _("agriculture, pêche, espaces verts"),
    "B": _("artisanat d’art"),
    "C": _("banque, assurance, immobilier"),
    "D": _("commerce"),
    "E": _("communication, médias"),
    "F": _("bâtiment"),
    "G": _("hôtellerie, tourisme, loisirs"),
    "H": _("industrie"),
    "I": _("maintenance"),
    "J": _("santé"),
    "K": _("services aux personnes et aux collectivités"),
    "L": _("spectacle, culture"),
    "M": _("gestion, informatique, formation"),
    "N": _("transport"),
}
