"""Declare a reuse, or a use in the field; the Region publishes or refuses, once."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from catalogue.community import rules
from catalogue.community.enums import ReuseKind, ReviewState
from catalogue.community.models import Reuse
from catalogue.contributions import rules as contribution_rules
from catalogue.resources.addresses import is_web, same_page_key
from catalogue.resources.models import Resource
from catalogue.search import index
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.texts import require_plain_line, require_plain_text
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

MOST_RESOURCES = 10


@transaction.atomic
def declare(
    *,
    resources: Sequence[Resource],
    title: str,
    kind: str,
    by: User,
    url: str = "",
    description: str = "",
    place: str = "",
    used_on: date | None = None,
    persons: int | None = None,
    organisation: Organisation | None = None,
    organisation_name: str = "",
) -> Reuse:
    """Declare what was made with one to ten public resources, or what came of their use.

    used_on: any day of the month. In order: the row and its resources, waiting; event
    "reuse.declared"; one letter to the moderators. Raises NotAllowed, also for an organisation
    where one does not write; Invalid for an address that is none, which only a use in the field
    goes without, or that is already declared for one of them, for a use in the field without its
    place, month or result, and for a month to come; QuotaSpent while too many wait.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    require(contribution_rules.may_contribute, by, organisation)
    for line in (title, place, organisation_name):
        require_plain_line(line)
    require_plain_text(description)
    if url or kind != ReuseKind.FIELD:
        _require_web(url)
    if kind == ReuseKind.FIELD and not (place.strip() and used_on and description.strip()):
        raise Invalid(_("Dites où, quand, et ce qui s’est passé."), code="field_use")
    month = used_on.replace(day=1) if used_on else None
    if month and month > clock.paris_day(clock.now()):
        raise Invalid(_("Ce mois n’est pas encore venu."), code="month")
    public = [each for each in dict.fromkeys(resources) if each.live][:MOST_RESOURCES]
    if not public:
        raise Invalid(_("Dites quelles ressources ont servi."), code="reuse_resources")
    _refuse_known(url, public)
    _keep_pace(by)
    reuse = Reuse.objects.create(
        title=title,
        url=url,
        kind=ReuseKind(kind),
        description=description,
        place=place,
        used_on=month,
        persons=persons,
        organisation=organisation,
        organisation_name="" if organisation else organisation_name,
        by=by,
        at=clock.now(),
    )
    reuse.resources.set(public)
    record("reuse.declared", by=by, on=reuse)
    owe("mail.brought", key=f"reuse:{reuse.pk}", reuse_id=reuse.pk)
    return reuse


@transaction.atomic
def publish(*, brought: Reuse, by: User) -> Reuse:
    """Show a reuse on the cards.

    In order: WAITING to PUBLISHED; the counter of each card, and its index; event;
    letters to the author and to who answers for the cards. Raises NotAllowed, Conflict.
    """
    brought = _waiting(brought, by)
    _decide(brought, ReviewState.PUBLISHED, by)
    _count(brought, 1)
    return brought


@transaction.atomic
def refuse(*, brought: Reuse, message: str, by: User) -> Reuse:
    """Refuse a reuse, with words for its author.

    In order: WAITING to REFUSED; event; letter to the author. Raises NotAllowed, Conflict,
    Invalid without words.
    """
    brought = _waiting(brought, by)
    require_plain_line(message)
    if not message.strip():
        raise Invalid(_("Dites pourquoi : la personne le lira."), code="reason_required")
    _decide(brought, ReviewState.REFUSED, by, message=message.strip()[:500])
    return brought


@transaction.atomic
def withdraw(*, brought: Reuse, by: User) -> Reuse:
    """Take back what one brought, published or not; counters and index follow. Event.

    Raises NotAllowed; Conflict when it was refused or taken back.
    """
    brought = Reuse.objects.locked(brought)
    require(rules.may_withdraw_brought, by, brought)
    before = brought.state
    if before not in (ReviewState.WAITING, ReviewState.PUBLISHED):
        raise Conflict(code="wrong_state", state=before)
    brought.state = ReviewState.WITHDRAWN
    brought.save(update_fields=["state"])
    if before == ReviewState.PUBLISHED:
        _count(brought, -1)
    record("reuse.withdrawn", by=by, on=brought)
    return brought


@transaction.atomic
def take_down(*, brought: Reuse, message: str, by: User) -> Reuse:
    """Hide what was published, after a report; counters and index follow. Event.

    The statement of reasons is the letter. Raises NotAllowed; Conflict when it is not shown.
    """
    return _turn(brought, ReviewState.PUBLISHED, ReviewState.REFUSED, by, message[:500])


@transaction.atomic
def put_back(*, brought: Reuse, by: User) -> Reuse:
    """Show again what a report had hidden; counters and index follow. Event.

    Raises NotAllowed; Conflict when it is not hidden.
    """
    return _turn(brought, ReviewState.REFUSED, ReviewState.PUBLISHED, by, "")


def _turn(brought: Reuse, found: ReviewState, wanted: ReviewState, by: User, message: str) -> Reuse:
    brought = Reuse.objects.locked(brought)
    require(rules.may_review, by, brought, cards(brought))
    if brought.state != found:
        raise Conflict(code="wrong_state", state=brought.state)
    brought.state, brought.message = wanted, message
    brought.decided_by, brought.decided_at = by, clock.now()
    brought.save(update_fields=["state", "message", "decided_by", "decided_at"])
    _count(brought, 1 if wanted == ReviewState.PUBLISHED else -1)
    word = "put_back" if wanted == ReviewState.PUBLISHED else "taken_down"
    record(f"reuse.{word}", by=by, on=brought)
    return brought


@transaction.atomic
def forget(*, person: User) -> None:
    """Take back what somebody who leaves brought and nobody has read yet."""
    Reuse.objects.waiting().filter(by=person).update(state=ReviewState.WITHDRAWN)


def _require_web(url: str) -> None:
    if not is_web(url):
        raise Invalid(
            _("Écrivez une adresse qui commence par https:// ou http://."),
            code="url",
        )


def _refuse_known(url: str, resources: Sequence[Resource]) -> None:
    """Refuse an address that waits or stands already on one of the cards."""
    if not url:
        return
    key = same_page_key(url)
    known = Reuse.objects.filter(
        resources__in=resources, state__in=(ReviewState.WAITING, ReviewState.PUBLISHED)
    )
    if any(same_page_key(each) == key for each in known.values_list("url", flat=True)):
        raise Invalid(_("Cette réutilisation est déjà déclarée."), code="already_known")


def _keep_pace(by: User) -> None:
    pending = Reuse.objects.waiting().filter(by=by).count()
    if pending >= settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT:
        raise QuotaSpent(
            _("La Région doit d’abord relire ce que vous avez proposé."), code="brought_pending"
        )


def _waiting(brought: Reuse, by: User) -> Any:
    fresh = Reuse.objects.locked(brought)
    require(rules.may_review, by, fresh, cards(fresh))
    if fresh.state != ReviewState.WAITING:
        raise Conflict(
            _("Une décision a déjà été prise, ou la personne s’est ravisée."), code="wrong_state"
        )
    return fresh


def cards(brought: Reuse) -> list[Resource]:
    """List the cards that a reuse is about."""
    return list(brought.resources.select_related("organisation").order_by("pk"))


def _decide(brought: Any, state: ReviewState, by: User, *, message: str = "") -> None:
    brought.state, brought.message = state, message
    brought.decided_by, brought.decided_at = by, clock.now()
    brought.save(update_fields=["state", "message", "decided_by", "decided_at"])
    record(f"reuse.{state.value}", by=by, on=brought)
    owe("mail.brought_decided", key=f"reuse:{brought.pk}", reuse_id=brought.pk)


def _count(reuse: Reuse, change: int) -> None:
    for resource in cards(reuse):
        Resource.objects.filter(pk=resource.pk).update(reuses=F("reuses") + change)
        index.write(Resource.objects.select_related("organisation").get(pk=resource.pk))
