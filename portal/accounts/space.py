"""What the apps show in a person's space and on an organisation's page."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts import rules
from portal.accounts.actions.invitations import token_of
from portal.accounts.enums import Role
from portal.accounts.models import (
    Invitation,
    JoinRequest,
    Organisation,
    RoleProposal,
    Transfer,
    User,
)
from portal.lib import clock


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


def invitations(user: User) -> Iterator[Item]:
    """Offer the places that wait for the person's answer."""
    open_ones = Invitation.objects.open(clock.now()).addressed_to(user)
    for invitation in open_ones.select_related("organisation", "sent_by"):
        yield Item(
            title=_("Répondre à l’invitation de « %(name)s »") % {"name": invitation.organisation},
            url=reverse("invitation", args=[token_of(invitation)]),
            detail=_("%(who)s vous propose un rôle : %(role)s.")
            % {"who": invitation.sent_by, "role": invitation.get_role_display()},
            icon="users",
            tone="calanque",
            badge=_("invitation"),
            due=invitation.expires_at,
        )


def transfers(user: User) -> Iterator[Item]:
    """Offer the organisations whose care is proposed to the person."""
    offers = Transfer.objects.filter(receiver=user, answer="").select_related(
        "organisation", "giver"
    )
    for offer in offers:
        yield Item(
            title=_("Devenir la personne référente de « %(name)s »") % {"name": offer.organisation},
            url=reverse("organisation", args=[offer.organisation.slug]),
            detail=_("%(who)s vous transmet ce rôle.") % {"who": offer.giver},
            icon="flag",
            tone="ocre",
        )


def requests(user: User) -> Iterator[Item]:
    """List the people who ask to join an organisation of which the person is a referent."""
    administered = [pk for pk, role in user.roles_by_organisation.items() if role == Role.REFERENT]
    waiting = JoinRequest.objects.filter(organisation__in=administered, answer="").select_related(
        "organisation", "user"
    )
    for request in waiting if administered else ():
        yield Item(
            title=_("Répondre à la demande de %(who)s") % {"who": request.user},
            url=reverse("organisation_members", args=[request.organisation.slug]),
            detail=_("Pour rejoindre « %(name)s ».") % {"name": request.organisation},
            icon="users",
            tone="olivier",
        )


def proposals(user: User) -> Iterator[Item]:
    """List the roles that wait for this administrator's answer."""
    if not rules.may_give_roles(user):
        return
    for proposal in RoleProposal.objects.waiting().select_related("user", "proposed_by"):
        if rules.may_answer_proposal(user, proposal):
            yield Item(
                title=_("Répondre à une proposition de rôle pour %(who)s") % {"who": proposal.user},
                url=reverse("region_roles"),
                detail=_("%(act)s « %(role)s », proposé par %(by)s.")
                % {
                    "act": proposal.get_kind_display(),
                    "role": proposal.get_role_display(),
                    "by": proposal.proposed_by,
                },
                icon="landmark",
                tone="lavande",
            )


PROVIDERS = (invitations, transfers, requests, proposals)
