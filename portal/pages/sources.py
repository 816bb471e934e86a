"""Count what each workstream holds, for its page and for the home page."""

from django.utils.translation import ngettext

from catalogue.enums import Access, ResourceKind
from catalogue.models import Resource
from challenges.enums import EntryStatus, PhaseMoment
from challenges.models import Entry
from challenges.queries import challenges
from datasets.models import Dataset
from portal.accounts.models import Organisation
from portal.pages.enums import Workstream
from portal.pages.home import ANYONE
from portal.pages.workstreams import Figures, source


@source(Workstream.RESOURCES)
def resources() -> Figures:
    """Count the published resources and the organisations that hold them."""
    published = Resource.objects.public().count()
    holders = Organisation.objects.filter(resources__live=True).order_by().distinct().count()
    return [
        (ngettext("ressource publiée", "ressources publiées", published), published),
        (ngettext("organisme contributeur", "organismes contributeurs", holders), holders),
    ]


@source(Workstream.R2DDE)
def restricted_datasets() -> Figures:
    """Count the datasets held here, and those described that are lent on request."""
    found = Resource.objects.public().filter(
        kind=ResourceKind.DATASET, access__in=[Access.ON_REQUEST, Access.RESTRICTED]
    )
    count = found.count()
    held = Dataset.objects.visible_to(ANYONE).count()
    return [
        (ngettext("jeu tenu au répertoire", "jeux tenus au répertoire", held), held),
        (
            ngettext(
                "jeu à accès restreint ou sur demande",
                "jeux à accès restreint ou sur demande",
                count,
            ),
            count,
        ),
    ]


@source(Workstream.DATA)
def open_datasets() -> Figures:
    """Count the described datasets that anyone may download."""
    found = Resource.objects.public().filter(kind=ResourceKind.DATASET, access=Access.OPEN)
    count = found.count()
    return [(ngettext("jeu de données ouvert", "jeux de données ouverts", count), count)]


@source(Workstream.INNOVATION)
def open_challenges() -> Figures:
    """Count the challenges by their moment, and the entries that were scored."""
    moments = [each.moment for each in challenges.listed(ANYONE)]
    opened = moments.count(PhaseMoment.OPEN)
    closed = moments.count(PhaseMoment.CLOSED)
    scored = Entry.objects.filter(status=EntryStatus.SCORED, is_baseline=False).count()
    return [
        (ngettext("challenge ouvert", "challenges ouverts", opened), opened),
        (ngettext("challenge terminé", "challenges terminés", closed), closed),
        (ngettext("soumission évaluée", "soumissions évaluées", scored), scored),
    ]


@source(Workstream.DEMONSTRATOR)
def prototypes() -> Figures:
    """Count the needs and the solutions described: what prototypes start from and lead to."""
    needs = Resource.objects.public().filter(kind=ResourceKind.NEED).count()
    solutions = Resource.objects.public().filter(kind=ResourceKind.SOLUTION).count()
    return [
        (ngettext("besoin décrit", "besoins décrits", needs), needs),
        (ngettext("solution décrite", "solutions décrites", solutions), solutions),
    ]
