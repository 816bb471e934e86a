"""The workstreams of the programme, in their order, with what each shows of itself."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.pages import frame
from portal.pages.home import Census


class Workstream(models.TextChoices):
    """The five workstreams of the programme."""

    RESOURCES = "resources", gettext_lazy("Open Emploi Ressources")
    R2DDE = "r2dde", gettext_lazy("Répertoire R2DDE")
    DATA = "data", gettext_lazy("Open Emploi Data")
    INNOVATION = "innovation", gettext_lazy("Open Emploi Innovation")
    DEMONSTRATOR = "demonstrator", gettext_lazy("Démonstrateur")


class NewsKind(models.TextChoices):
    """What a piece of news tells."""

    NEWS = "news", gettext_lazy("Actualité")
    PROGRAMME = "programme", gettext_lazy("Programme")
    MEETING = "meeting", gettext_lazy("Rencontre")
    PORTAL = "portal", gettext_lazy("Vie du portail")


Figures = list[tuple[str, int]]
Source = Callable[[Census], Figures]
_sources: dict[Workstream, list[Source]] = {}


@dataclass(frozen=True)
class State:
    """Say where a workstream stands: its figures, and the page where one acts."""

    figures: Figures
    empty: str
    action: str
    href: str

    @property
    def is_empty(self) -> bool:
        """Say whether nothing exists yet."""
        return not any(count for _label, count in self.figures)


def source(workstream: Workstream) -> Callable[[Source], Source]:
    """Register a function that counts: [(label in the right number, count)].

    Called at start, by the apps above and beside the pages as by the pages themselves.
    """

    def register(function: Source) -> Source:
        _sources.setdefault(workstream, []).append(function)
        return function

    return register


def state(workstream: str, census: Census) -> State:
    """Compute where a workstream stands now."""
    stream = Workstream(workstream)
    figures = [figure for count in _sources.get(stream, []) for figure in count(census)]
    action, route = _actions()[stream]
    href = frame.address(route) if route else ""
    return State(figures, _("À construire : rien n’est encore publié ici."), action, href)


def _actions() -> dict[Workstream, tuple[str, str]]:
    return {
        Workstream.RESOURCES: (_("Explorer"), "catalogue:list"),
        Workstream.R2DDE: (_("Consulter"), "datasets:list"),
        Workstream.DATA: (_("Voir les jeux ouverts"), "datasets:list"),
        Workstream.INNOVATION: (_("Participer"), "challenges:list"),
        Workstream.DEMONSTRATOR: (_("Essayer"), "demonstrator:index"),
    }
