"""What a pupil may like, in their words; each is of one of Holland's six letters (RIASEC).

A letter stands for several likings: an occupation answers one if its letter is among its own and
what is done there, or asked, says so with a word of that liking.
"""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Interest(NamedTuple):
    """Something one may like to do. words: by which a sheet in French says so."""

    key: str
    letter: str
    text: Any
    words: str


INTERESTS = (
    Interest(
        "make",
        "R",
        _("Fabriquer, réparer"),
        "fabriquer réparer réparation monter démonter assembler assemblage construire souder "
        "soudage restaurer dépanner façonner usiner coudre raccorder visser scier revêtement",
    ),
    Interest(
        "move",
        "R",
        _("Bouger, être dehors, manier des machines"),
        "tracteur engin machine tondre planter récolter débroussailler élaguer pêcher abattre "
        "charger décharger chariot camion bus bateau véhicule extérieur",
    ),
    Interest(
        "why",
        "I",
        _("Comprendre comment ça marche"),
        "comprendre diagnostiquer diagnostic analyser analyse observer panne fonctionnement "
        "anomalie évaluer examiner étudier",
    ),
    Interest(
        "try",
        "I",
        _("Calculer, chercher, faire des expériences"),
        "calculer calcul mesurer mesure prélever tester essai analyser analyse chercher "
        "rechercher recherche expérience laboratoire modéliser chiffrer enquêter",
    ),
    Interest(
        "draw",
        "A",
        _("Dessiner, écrire, filmer, jouer"),
        "dessiner dessin écrire filmer jouer photographier peindre rédiger composer décorer "
        "cadrer croquis musique mixer retoucher rôle",
    ),
    Interest(
        "invent",
        "A",
        _("Imaginer des choses nouvelles"),
        "créer création imaginer inventer concevoir conception composer élaborer aménager "
        "décorer modéliser développer prototype maquette",
    ),
    Interest(
        "care",
        "S",
        _("Aider, soigner, écouter"),
        "aider soigner écouter écoute accompagner rassurer toilette patient secours",
    ),
    Interest(
        "teach",
        "S",
        _("Expliquer, animer un groupe"),
        "expliquer animer animation former enseigner pédagogie encadrer atelier sensibiliser",
    ),
    Interest(
        "argue",
        "E",
        _("Convaincre, vendre, défendre une idée"),
        "convaincre vendre vente négocier négociation conseiller défendre prospecter argumenter",
    ),
    Interest(
        "lead",
        "E",
        _("Lancer un projet, mener une équipe"),
        "encadrer coordonner piloter diriger recruter encadrement projet réunion",
    ),
    Interest(
        "tidy",
        "C",
        _("Ranger, classer, planifier"),
        "ranger classer planifier trier archiver planning stock inscrire cataloguer organiser "
        "enregistrer archivage rangement inventaire",
    ),
    Interest(
        "exact",
        "C",
        _("Vérifier que tout est juste"),
        "vérifier vérification contrôler contrôle compter pointer corriger rapprocher conformité",
    ),
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
