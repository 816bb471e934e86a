"""What the apps show in a person's space and on an organisation's page."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import Exists
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts import rules
from portal.accounts.actions.invitations import token_of
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.enums import Role
from portal.accounts.models import (
    Invitation,
    JoinRequest,
    Organisation,
    RoleProposal,
    User,
)
from portal.lib import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

CLAIMS_SHOWN = 5


NEAR = timedelta(days=15)


@dataclass(frozen=True)
class Item:
    """One row: a title that is a link, a line of detail, a state with its word and tone.

    due: sorts what is to do; rows without a date come last. icon, tone, badge_icon: names of
    the kit. language: that of the title, when it is the title of what someone wrote. quality,
    views: of a resource, in a table. changed: since when it is as it is.
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
    quality: int | None = None
    views: int | None = None
    changed: datetime | None = None

    @property
    def due_tone(self) -> str:
        """Give its tone to a date that is near or past; a far one asks for nothing yet."""
        return self.tone if self.due and self.due - datetime.now(UTC) < NEAR else ""


@dataclass(frozen=True)
class ItemSource:
    """Rows of a person, and the items that show them: neither is read where there is no row."""

    rows: "QuerySet[Any, Any]"
    show: Callable[[Any], Iterable[Item]]


@dataclass(frozen=True)
class Place:
    """One page of an app in the side navigation. route: its name; open_to: who sees the link."""

    label: Any
    icon: str
    route: str
    open_to: Callable[[User], bool]


@dataclass(frozen=True)
class Panel:
    """What an app adds to the page of an organisation: its template reads `panel` and `slot`.

    slot: "line" (under the name), "action" (the first button), "menu" (lines of the menu), "facts",
    "main", "aside".
    """

    template: str
    context: dict[str, Any]


# What the apps add at start, in their order: rows of each section of Mon espace, figures of a
# person as pairs of label and figure, pages of the side navigation; panels of the page of an
# organisation, what it has published, counted by key.
sections: dict[str, list[Callable[[User], Iterable[ItemSource]]]] = {
    "todo": [],
    "challenges": [],
    "resources": [],
    "teams": [],
}
figure_providers: list[Callable[[User], Iterable[tuple[Any, int]]]] = []
all_places: list[Place] = []
panel_providers: list[Callable[[Organisation, HttpRequest], Panel]] = []
card_counters: list[Callable[[list[Organisation]], dict[int, int]]] = []


def figures(user: User) -> list[tuple[Any, int]]:
    """Ask every provider for the figures of a person, in the order of the apps."""
    return [pair for provider in figure_providers for pair in provider(user)]


def places(user: User) -> list[Place]:
    """List the pages of the apps that this person has a use for, in the order of the apps."""
    return [place for place in all_places if place.open_to(user)]


def shown(user: User, *asked: Iterable[ItemSource]) -> list[list[Item]]:
    """Show the rows of each list of sources, dated items first, the nearest date on top.

    One statement says which sources have any; the others cost nothing.
    """
    several = [list(sources) for sources in asked]
    every = [source for sources in several for source in sources]
    known = User.objects.filter(pk=user.pk).values_list(*(Exists(each.rows) for each in every))
    filled = iter(known.get() if every else ())
    found = [[each for each in sources if next(filled)] for sources in several]
    items = [[item for each in sources for item in each.show(each.rows)] for sources in found]
    return [sorted(each, key=_date) for each in items]


def _date(item: Item) -> tuple[bool, float]:
    return item.due is None, item.due.timestamp() if item.due else 0


def gathered(user: User) -> dict[str, list[Item]]:
    """Ask every provider of every section."""
    asked = [
        [each for provider in several for each in provider(user)] for several in sections.values()
    ]
    return dict(zip(sections, shown(user, *asked), strict=True))


def cards_of(organisations: Iterable[Organisation]) -> dict[int, int]:
    """Count what some organisations have published, by key."""
    shown = list(organisations)
    return {pk: number for count in card_counters for pk, number in count(shown).items()}


def organisation_panels(organisation: Organisation, request: HttpRequest) -> list[Panel]:
    """Ask every provider of the page, in the order of the apps."""
    return [provider(organisation, request) for provider in panel_providers]


def invitations(user: User) -> Iterator[ItemSource]:
    """Offer the places that wait for the person's answer."""
    open_ones = Invitation.objects.open(clock.now()).addressed_to(user)
    yield ItemSource(open_ones.select_related("organisation", "sent_by"), _invited)


def _invited(rows: Any) -> Iterator[Item]:
    for invitation in rows:
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


def requests(user: User) -> Iterator[ItemSource]:
    """List the people who ask to join an organisation of which the person is a referent."""
    administered = [pk for pk, role in user.roles_by_organisation.items() if role == Role.REFERENT]
    waiting = JoinRequest.objects.filter(organisation__in=administered, answer="").select_related(
        "organisation", "user"
    )
    if administered:
        yield ItemSource(waiting, _asked)


def _asked(rows: Any) -> Iterator[Item]:
    for request in rows:
        yield Item(
            title=_("Répondre à la demande de %(who)s") % {"who": request.user},
            url=reverse("organisation_members", args=[request.organisation.slug]),
            detail=_("Pour rejoindre « %(name)s ».") % {"name": request.organisation},
            icon="users",
            tone="olivier",
        )


def claims(user: User) -> Iterator[ItemSource]:
    """List to administrators who asks to hold the page of an organisation without member."""
    waiting = JoinRequest.objects.for_region().order_by("created_at")
    if rules.may_give_roles(user):
        yield ItemSource(waiting[:CLAIMS_SHOWN], _claimed)


def _claimed(rows: Any) -> Iterator[Item]:
    for request in rows:
        yield Item(
            title=_("Répondre à la demande de %(who)s") % {"who": request.user},
            url=reverse("region_roles"),
            detail=_("Pour tenir la page de « %(name)s ».") % {"name": request.organisation},
            icon="users",
            tone="olivier",
        )


def unseen_organisations(user: User) -> Iterator[ItemSource]:
    """Lead who verifies organisations to the new ones, which no list names before."""
    if has_permission(user, Permission.ORGANISATION_VERIFY):
        yield ItemSource(Organisation.objects.unseen(), _unseen)


def _unseen(rows: Any) -> Iterator[Item]:
    waits = rows.count()
    title = ngettext("Vérifier %(count)s organisation", "Vérifier %(count)s organisations", waits)
    yield Item(
        title=title % {"count": waits},
        url=f"{reverse('organisations')}?attente=1",
        detail=_("Nouvelles : elles paraîtront ensuite dans la liste publique."),
        icon="users",
        tone="olivier",
    )


def proposals(user: User) -> Iterator[ItemSource]:
    """List the roles that wait for this administrator's answer."""
    if rules.may_give_roles(user):
        waiting = RoleProposal.objects.waiting().select_related("user", "proposed_by")
        yield ItemSource(waiting, partial(_proposed, user))


def _proposed(user: User, rows: Any) -> Iterator[Item]:
    for proposal in rows:
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


PROVIDERS = (invitations, requests, claims, unseen_organisations, proposals)
