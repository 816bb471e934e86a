"""Tell what each workstream holds, for its page and for the home page."""

from django.utils.translation import ngettext

from catalogue.resources.enums import Access, ResourceKind
from challenges.organising.enums import PhaseMoment
from portal.pages.home import Census
from portal.pages.workstreams import Figures, Workstream, source


@source(Workstream.RESOURCES)
def resources(census: Census) -> Figures:
    """Count the published resources and the organisations that hold them."""
    published, organisations = census.of(), census.organisations
    return [
        (ngettext("ressource publiée", "ressources publiées", published), published),
        (ngettext("organisation", "organisations", organisations), organisations),
    ]


@source(Workstream.R2DDE)
def restricted_datasets(census: Census) -> Figures:
    """Count the datasets of the directory, those that are lent on request, and to how many."""
    (held, lent), grants = census.directory, census.grants
    return [
        (ngettext("jeu tenu au répertoire", "jeux tenus au répertoire", held), held),
        (ngettext("jeu prêté sur demande", "jeux prêtés sur demande", lent), lent),
        (ngettext("projet autorisé", "projets autorisés", grants), grants),
    ]


@source(Workstream.DATA)
def open_datasets(census: Census) -> Figures:
    """Count the described datasets that anyone may download."""
    count = census.of([ResourceKind.DATASET], [Access.OPEN])
    return [(ngettext("jeu de données ouvert", "jeux de données ouverts", count), count)]


@source(Workstream.INNOVATION)
def challenges(census: Census) -> Figures:
    """Count the challenges by their moment, and the entries that were scored."""
    moments = [each.moment for each in census.challenges]
    opened, closed = moments.count(PhaseMoment.OPEN), moments.count(PhaseMoment.CLOSED)
    scored = census.scored_entries
    return [
        (ngettext("challenge ouvert", "challenges ouverts", opened), opened),
        (ngettext("challenge terminé", "challenges terminés", closed), closed),
        (ngettext("soumission évaluée", "soumissions évaluées", scored), scored),
    ]


@source(Workstream.DEMONSTRATOR)
def demonstrations(census: Census) -> Figures:
    """Count what one may try, then the needs and solutions that it starts from and leads to."""
    needs, solutions = census.of([ResourceKind.NEED]), census.of([ResourceKind.SOLUTION])
    tried = census.prototypes
    return [
        (ngettext("prototype à essayer", "prototypes à essayer", tried), tried),
        (ngettext("besoin décrit", "besoins décrits", needs), needs),
        (ngettext("solution décrite", "solutions décrites", solutions), solutions),
    ]
