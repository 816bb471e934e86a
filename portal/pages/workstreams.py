"""Compute the state of the five workstreams: figures read from what exists, never typed."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.pages import frame
from portal.pages.census import Census
from portal.pages.enums import Workstream

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
        Workstream.DEMONSTRATOR: ("", ""),
    }
