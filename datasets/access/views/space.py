"""What access to data shows in a person's space: what waits for them, the links, the figures."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.resources.queries.relations import region_people
from datasets.access import queries, rules
from datasets.access.enums import GrantState, RequestStatus
from datasets.access.models import (
    AccessRequest,
    Grant,
    NamedUser,
    Opinion,
    RequestVersion,
    Suspension,
    produced_by,
)
from datasets.releases.models import Download
from portal.accounts.account_data import columns_of
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import User
from portal.accounts.space import Item, ItemSource, Place
from portal.lib import clock

SHOWN = 20
PLACES = (
    Place(gettext_lazy("Mes demandes d’accès"), "key", "datasets:requests", queries.has_use),
    Place(gettext_lazy("Accès à vos données"), "users", "datasets:lent", queries.lends),
    Place(
        gettext_lazy("Demandes d’accès"),
        "inbox",
        "datasets:request_queue",
        partial(has_permission, permission=Permission.ACCESS_READ),
    ),
)


def to_do(user: User) -> Iterator[ItemSource]:
    """List what waits for a person: as who asks, who is named, producer, the Region."""
    yield ItemSource(queries.answered_by(user)[: 2 * SHOWN], _answered)
    yield ItemSource(queries.to_sign(user)[:SHOWN], _to_sign)
    yield ItemSource(queries.opinions_awaited(user)[:SHOWN], partial(_awaited, user))
    if has_permission(user, Permission.ACCESS_PREPARE):
        yield ItemSource(queries.to_prepare(user)[:SHOWN], partial(_to_prepare, user))
    if has_permission(user, Permission.ACCESS_DECIDE):
        yield ItemSource(queries.to_decide()[:SHOWN], partial(_to_decide, user))
        yield ItemSource(queries.suspended()[:SHOWN], partial(_suspended, user))
    if has_permission(user, Permission.ROLE_GIVE):
        yield ItemSource(queries.to_decide()[:SHOWN], _decided_by_nobody)


def _answered(rows: Any) -> Iterator[Item]:
    for asked in rows:
        if asked.status == RequestStatus.APPROVED:
            yield from _held(asked.grant)
            continue
        title = _("Finir la demande d’accès « %(title)s »")
        if asked.status == RequestStatus.CHANGES_REQUESTED:
            title = _("Corriger la demande d’accès « %(title)s »")
        yield _item(title, asked, icon="pencil", tone="ocre")


def _to_sign(rows: Any) -> Iterator[Item]:
    for named in rows:
        title = _("Signer votre engagement pour « %(title)s »")
        yield _item(title, named.request, url=_page(named.request.grant), icon="pencil")


def _awaited(user: User, rows: Any) -> Iterator[Item]:
    for opinion in rows:
        if rules.may_advise(user, opinion):
            title = _("Donner un avis sur « %(title)s »")
            said: dict[str, Any] = {"icon": "message-square", "tone": "ocre"}
            if not opinion.is_dpo:
                said["detail"] = _("%(asker)s demande « %(dataset)s », de %(producer)s") % {
                    "asker": opinion.request.organisation,
                    "dataset": opinion.dataset,
                    "producer": opinion.organisation,
                }
            yield _item(title, opinion.request, **said)


def _to_prepare(user: User, rows: Any) -> Iterator[Item]:
    for asked in rows:
        if rules.may_prepare(user, asked):
            title = _("Dire si la demande d’accès « %(title)s » est recevable")
            if asked.status == RequestStatus.IN_REVIEW:
                title = _("Relire la demande d’accès « %(title)s », revenue de ses corrections")
            yield _item(title, asked, icon="inbox", tone="olivier")


def _to_decide(user: User, rows: Any) -> Iterator[Item]:
    for asked in rows:
        if rules.may_decide(user, asked):
            title = _("Décider de la demande d’accès « %(title)s »")
            if asked.review_asked_at:
                title = _("Réexaminer la demande d’accès « %(title)s »")
            yield _item(title, asked, icon="scale", tone="lavande")


def _suspended(user: User, rows: Any) -> Iterator[Item]:
    for grant in rows:
        if rules.may_end(user, grant):
            title = _("Reprendre ou révoquer l’habilitation « %(title)s »")
            yield _item(title, grant.request, url=_page(grant), icon="pause", tone="ocre", due=None)


def _decided_by_nobody(rows: Any) -> Iterator[Item]:
    approvers = list(region_people(Permission.ACCESS_DECIDE))
    for asked in rows:
        if not queries.deciders(asked, approvers):
            title = _("Nommer qui décidera de la demande d’accès « %(title)s »")
            yield _item(title, asked, icon="user-check", tone="garance")


def _held(grant: Grant) -> Iterator[Item]:
    """List what a grant asks of who answers for it: sign, give back, destroy."""
    item, now = partial(_item, asked=grant.request, url=_page(grant)), clock.now()
    match grant.state(now):
        case GrantState.PENDING:
            yield item(_("Signer la convention de « %(title)s »"), icon="pencil", due=None)
        case GrantState.EXPIRED | GrantState.REVOKED if grant.starts_at is not None:
            title = _("Attester la destruction des données de « %(title)s »")
            yield item(title, icon="shield-alert", tone="garance", due=grant.destruction_due_at)
    soon = now + timedelta(days=settings.ACCESS_DESTRUCTION_DAYS)
    for each in grant.request.returns.all():
        dropped = each.delivered_at is not None or grant.revoked_at is not None
        if each.due_at and not dropped and each.due_at <= soon:
            title = _("Donner ce que « %(title)s » a promis de rendre")
            yield item(title, icon="link", tone="ocre", due=each.due_at)


def described(user: User) -> dict[str, Any]:
    """Describe what a person asked, signed, thought, decided and read, for their archive."""
    signed = Q(user=user) | Q(email__iexact=user.email)
    ended = Q(suspended_by=user) | Q(revoked_by=user) | Q(closed_by=user)
    return {
        "demandes": columns_of(
            AccessRequest.objects.filter(requester=user),
            "public_id status organisation__name title summary purpose service use_cases "
            "beneficiaries legal_basis impact_assessment security hosting months pledges "
            "created_at submitted_at changes_asked answer decided_at reason decision "
            "first_decided_at first_reason first_decision review_argument",
        ),
        "envois": columns_of(
            RequestVersion.objects.filter(sent_by=user),
            "request__public_id number content changes_asked answer sent_at",
        ),
        "engagements": columns_of(
            NamedUser.objects.filter(signed),
            "request__title request__organisation__name email signed_at removed_at",
        ),
        "avis": columns_of(
            Opinion.objects.filter(given_by=user), "request__title verdict text months given_at"
        ),
        "decisions": columns_of(
            AccessRequest.objects.filter(approver=user),
            "title status reason decision override decided_at",
        ),
        "refus_reexamines": columns_of(
            AccessRequest.objects.filter(first_approver=user),
            "title first_reason first_decision first_decided_at",
        ),
        "habilitations": columns_of(
            Grant.objects.filter(ended | Q(request__requester=user)),
            "public_id starts_at ends_at suspension suspended_at revocation revoked_at "
            "destruction closed_at",
        ),
        "suspensions": columns_of(
            Suspension.objects.filter(Q(suspended_by=user) | Q(resumed_by=user)),
            "grant__public_id suspended_at suspension resumed_at resumption",
        ),
        "lectures": columns_of(
            Download.objects.filter(user=user), "data_file__name at bytes licences grant__public_id"
        ),
    }


def _page(grant: Grant) -> str:
    return reverse("datasets:grant", args=(grant.public_id,))


def _item(
    title: str, asked: AccessRequest, *, url: str = "", tone: str = "calanque", **said: Any
) -> Item:
    due = asked.due_on
    said.setdefault("due", clock.last_second(clock.paris_day_ends(due)) if due else None)
    said.setdefault("detail", str(asked.organisation or asked.number))
    late = said["due"] is not None and said["due"] < clock.now()
    return Item(
        title=title % {"title": asked},
        url=url or asked.get_absolute_url(),
        tone="garance" if late else tone,
        **said,
    )


def figures(user: User) -> Iterable[tuple[Any, int]]:
    """Tell a producer how many projects read their data today."""
    lent = queries.lending(user).active(clock.now()).count() if produced_by(user) else 0
    if lent:
        said = ngettext("projet lit vos données", "projets lisent vos données", lent)
        yield format_html('<a href="{}">{}</a>', reverse("datasets:lent"), said), lent
