"""What the apps show in a person's space and on an organisation's page.

Apps above register providers at start (AppConfig.ready); the pages ask and draw:

    from portal.accounts import space
    space.register("todo", tasks_of)            # what a person has to do, most urgent first
    space.register("contributions", mine)       # their contributions
    space.register("teams", teams_of)           # their teams and entries
    space.register_figures(figures_of)          # pairs of label and figure
    space.register_page(Place(_("Relecture"), "eye", "catalogue:moderation", may_moderate))
    space.register_organisation(_("Ressources"), resources_of)   # public, on its page
    space.register_organisation_panel(panel_of)   # beside them
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.accounts.models import Organisation, User


@dataclass(frozen=True)
class Item:
    """One row: a title that is a link, a line of detail, a state with its word and tone.

    due: sorts what is to do; rows without a date come last. icon, tone, badge_icon: names of
    the kit. language: that of the title, when it is the title of what someone wrote.
    """

    title: Any
    url: str
    detail: Any = ""
    icon: str = "inbox"
    tone: str = ""
    badge: Any = ""
    badge_tone: str = ""
    badge_icon: str = ""
    due: datetime | None = None
    language: str = ""


@dataclass(frozen=True)
class Place:
    """One page of an app in the side navigation. route: its name; open_to: who sees the link."""

    label: Any
    icon: str
    route: str
    open_to: Callable[[User], bool]


@dataclass(frozen=True)
class Panel:
    """A block of an app in the side column of an organisation: its template reads `panel`."""

    template: str
    context: dict[str, Any]


Provider = Callable[[User], Iterable[Item]]
OrganisationProvider = Callable[[Organisation, Any], Iterable[Item]]
Figures = Iterable[tuple[Any, int]]
FigureProvider = Callable[[User], Figures]
PanelProvider = Callable[[Organisation, Any], Panel]
SECTIONS = ("todo", "contributions", "teams", "accesses", "recent")
_providers: dict[str, dict[str, Provider]] = defaultdict(dict)
_places: dict[str, Place] = {}
_figures: dict[str, FigureProvider] = {}
_organisation_panels: dict[str, PanelProvider] = {}
_organisation_parts: dict[str, tuple[Any, OrganisationProvider]] = {}


def register(section: str, provider: Provider) -> None:
    """Add a provider to a section of Mon espace; twice the same changes nothing."""
    if section not in SECTIONS:
        raise ValueError(f"unknown section of the space: {section}")
    _providers[section][f"{provider.__module__}.{provider.__qualname__}"] = provider


def register_figures(provider: FigureProvider) -> None:
    """Add figures to Mon espace, as pairs of label and figure; twice the same changes nothing."""
    _figures[f"{provider.__module__}.{provider.__qualname__}"] = provider


def figures(user: User) -> list[tuple[Any, int]]:
    """Ask every provider for the figures of a person, in the order of the apps."""
    return [pair for provider in _figures.values() for pair in provider(user)]


def register_page(place: Place) -> None:
    """Add a page of an app to the side navigation; twice the same changes nothing."""
    _places[place.route] = place


def places(user: User) -> list[Place]:
    """List the pages of the apps that this person has a use for, in the order of the apps."""
    return [place for place in _places.values() if place.open_to(user)]


def items(section: str, user: User) -> list[Item]:
    """Ask every provider of a section; dated rows first, the nearest date on top."""
    found = [item for provider in _providers[section].values() for item in provider(user)]
    return sorted(found, key=lambda item: (item.due is None, item.due and item.due.timestamp()))


def register_organisation(title: Any, provider: OrganisationProvider) -> None:
    """Add a list to the public page of organisations; the provider gets (organisation, viewer)."""
    key = f"{provider.__module__}.{provider.__qualname__}"
    _organisation_parts[key] = (title, provider)


def organisation_parts(organisation: Organisation, viewer: Any) -> list[tuple[Any, list[Item]]]:
    """Ask every provider of the organisation page; empty lists are left out."""
    asked = (
        (title, list(provider(organisation, viewer)))
        for title, provider in _organisation_parts.values()
    )
    return [(title, rows) for title, rows in asked if rows]


def register_organisation_panel(provider: PanelProvider) -> None:
    """Add a block to the side column of organisations; twice the same changes nothing."""
    _organisation_panels[f"{provider.__module__}.{provider.__qualname__}"] = provider


def organisation_panels(organisation: Organisation, viewer: Any) -> list[Panel]:
    """Ask every provider of a block, in the order of the apps."""
    return [provider(organisation, viewer) for provider in _organisation_panels.values()]
