"""Sign a grant, suspend, resume, revoke it, attest that the data are gone, give back results."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from datasets.access import queries, rules
from datasets.access.enums import GrantState
from datasets.access.models import AccessRequest, Grant, NamedUser, PromisedReturn, Suspension
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid, NotAllowed

REMINDER_DAYS = (90, 30, 7)
SUSPENSION = ["suspended_at", "suspended_by", "suspension"]


# By subjects above: what keeps sealed copies drawn from a grant, as (title, is it archived).
keepers: list[Callable[[Grant], Iterable[tuple[str, bool]]]] = []


def sealed_copies(grant: Grant) -> list[tuple[str, bool]]:
    """List what keeps sealed copies drawn from what a grant lent."""
    return [each for keeper in keepers for each in keeper(grant)]


def _locked(grant: Grant) -> Grant:
    """Lock the request, then the grant: in one order everywhere."""
    AccessRequest.objects.locked(grant.request)
    return Grant.objects.locked(grant)


def _in_state(grant: Grant, *states: GrantState) -> None:
    state = grant.state(clock.now())
    if state not in states:
        raise Conflict(
            _("Cette habilitation est « %(state)s » : cet acte n’est pas possible.")
            % {"state": state.label},
            code="grant_state",
            current=str(state),
        )


@transaction.atomic
def sign(*, grant: Grant, by: User) -> Grant:
    """Sign the agreement: who asked first, which begins the grant, then each person named.

    In order: dates of the grant and of what is promised, with the requester's signature; the
    signature of the person named; event "grant.signed"; a letter to the persons named at the
    first. Nothing for who signed already. Raises NotAllowed for anybody else; Conflict before the
    requester, and once it ended.
    """
    grant = _locked(grant)
    named = grant.request.named_users.filter(email__iexact=by.email).first()
    signs = named is not None and rules.may_sign(by, named)
    asked = rules.is_requester(by, grant)
    if not (asked or signs):
        raise NotAllowed
    _in_state(grant, GrantState.PENDING, GrantState.ACTIVE)
    begins, now = grant.starts_at is None, clock.now()
    if begins:
        if not asked:
            raise Conflict(
                _("Le responsable du projet signe d’abord."), code="requester_signs_first"
            )
        grant.starts_at, grant.ends_at = now, clock.months_later(now, grant.months)
        grant.save(update_fields=["starts_at", "ends_at"])
        for each in grant.request.returns.all():
            each.due_at = clock.months_later(now, each.months)
            each.save(update_fields=["due_at"])
        owe("mail.access_to_sign", key=str(grant.public_id), grant_id=grant.pk)
    if named is not None and signs and named.signed_at is None:
        named.user, named.signed_at = by, now
        named.save(update_fields=["user", "signed_at"])
    elif not begins:
        return grant  # signed already
    record("grant.signed", by=by, on=grant, as_requester=asked, reads=signs)
    return grant


@transaction.atomic
def remove_person(*, grant: Grant, named: NamedUser, by: User) -> None:
    """End the access of one person named, by who asked or by that person; the others read on.

    Event "grant.person_removed". Raises NotAllowed.
    """
    grant = _locked(grant)
    require(rules.may_remove, by, grant, named)
    rows = grant.request.named_users.filter(pk=named.pk, removed_at=None)
    if rows.update(removed_at=clock.now()):
        record("grant.person_removed", by=by, on=grant, person=named.public_id)


@transaction.atomic
def suspend(*, grant: Grant, text: str, by: User) -> Grant:
    """Stop every read at once, by a producer, the data protection officer or an officer.

    Event "grant.suspended"; letters. Raises NotAllowed; Invalid without a reason; Conflict when it
    gives no access.
    """
    grant = _locked(grant)
    require(rules.may_suspend, by, grant, queries.producers_of(grant))
    _in_state(grant, GrantState.PENDING, GrantState.ACTIVE)
    grant.suspended_at, grant.suspended_by = clock.now(), by
    grant.suspension = _reason(text)
    grant.save(update_fields=SUSPENSION)
    record("grant.suspended", by=by, on=grant)
    _tell(grant, "suspended")
    return grant


@transaction.atomic
def resume(*, grant: Grant, text: str, by: User) -> Grant:
    """Give a suspended grant its access back, by an approver.

    The suspension is kept with why it is over; event "grant.resumed"; letters.
    """
    grant = _locked(grant)
    require(rules.may_end, by, grant)
    _in_state(grant, GrantState.SUSPENDED)
    with immutable.writes(Suspension):
        Suspension.objects.create(
            grant=grant,
            **{name: getattr(grant, name) for name in SUSPENSION},
            resumed_at=clock.now(),
            resumed_by=by,
            resumption=_reason(text),
        )
    grant.suspended_at, grant.suspended_by, grant.suspension = None, None, ""
    grant.save(update_fields=SUSPENSION)
    record("grant.resumed", by=by, on=grant)
    _tell(grant, "resumed")
    return grant


@transaction.atomic
def revoke(*, grant: Grant, text: str, by: User) -> Grant:
    """End a grant for good, by an approver: no read succeeds once this is committed.

    Event "grant.revoked"; letters. Raises NotAllowed; Invalid without a reason; Conflict once it
    ended.
    """
    grant = _locked(grant)
    require(rules.may_end, by, grant)
    _in_state(grant, GrantState.PENDING, GrantState.ACTIVE, GrantState.SUSPENDED)
    grant.revoked_at, grant.revoked_by, grant.revocation = clock.now(), by, _reason(text)
    grant.save(update_fields=["revoked_at", "revoked_by", "revocation"])
    record("grant.revoked", by=by, on=grant)
    _tell(grant, "revoked")
    return grant


@transaction.atomic
def attest_destruction(*, grant: Grant, text: str, by: User) -> Grant:
    """Say that all that was received is destroyed, by who asked; it closes the grant.

    text: what was destroyed, where and how. Event "grant.closed", with how many sealed copies the
    portal keeps. Raises NotAllowed; Invalid without a text; Conflict while it may still be read, or
    while something that is not archived keeps copies.
    """
    grant = _locked(grant)
    require(rules.is_requester, by, grant)
    _in_state(grant, GrantState.EXPIRED, GrantState.REVOKED)
    copies = sealed_copies(grant)
    for title, is_archived in copies:
        if not is_archived:
            raise Conflict(
                _(
                    "Le challenge « %(title)s » garde des fichiers scellés tirés de ces données : "
                    "archivez-le ou supprimez-le, puis attestez."
                )
                % {"title": title},
                code="sealed_copies",
            )
    grant.closed_at, grant.closed_by, grant.destruction = clock.now(), by, _reason(text)
    grant.save(update_fields=["closed_at", "closed_by", "destruction"])
    record("grant.closed", by=by, on=grant, sealed_copies=len(copies))
    return grant


@transaction.atomic
def deliver(*, promised: PromisedReturn, link: str, by: User) -> PromisedReturn:
    """Say where what was promised can be seen, by who asked: event "return.delivered".

    Raises NotAllowed; Conflict the second time, and before the grant begins.
    """
    promised = _locked_return(promised, by)
    if promised.delivered_at is not None or promised.due_at is None:
        raise Conflict(_("Ce rendu est déjà donné, ou n’est pas encore dû."), code="return_state")
    promised.delivered_at, promised.delivered_by, promised.link = clock.now(), by, link
    promised.save(update_fields=["delivered_at", "delivered_by", "link"])
    record("return.delivered", by=by, on=promised, request=promised.request.number, link=link)
    return promised


@transaction.atomic
def correct_link(*, promised: PromisedReturn, link: str, by: User) -> PromisedReturn:
    """Correct where what was given back can be seen, by who asked: event "return.corrected".

    Nothing for the same address. Raises NotAllowed; Conflict before it was delivered.
    """
    promised = _locked_return(promised, by)
    if promised.delivered_at is None:
        raise Conflict(_("Ce rendu n’est pas encore donné."), code="return_state")
    if promised.link != link:
        before, promised.link = promised.link, link
        promised.save(update_fields=["link"])
        number = promised.request.number
        record("return.corrected", by=by, on=promised, request=number, link=link, before=before)
    return promised


def _locked_return(promised: PromisedReturn, by: User) -> PromisedReturn:
    AccessRequest.objects.locked(promised.request)
    promised = PromisedReturn.objects.select_related("request__grant").get(pk=promised.pk)
    require(rules.answers_for, by, promised.request)
    return promised


def remind() -> None:
    """Owe the letters that dates ask for: an end that nears, a destruction or a return overdue."""
    now, day = clock.now(), timedelta(days=1)
    for grant in Grant.objects.active(now).filter(ends_at__lte=now + REMINDER_DAYS[0] * day):
        if grant.ends_at is None:
            continue
        passed = [days for days in REMINDER_DAYS if grant.ends_at <= now + days * day]
        key = f"{grant.public_id}:{min(passed)}"
        owe("mail.access_ends", key=key, grant_id=grant.pk, days=min(passed))
    ended = Grant.objects.over(now).filter(closed_at=None, starts_at__isnull=False)
    for grant in ended:
        due = grant.destruction_due_at
        passed_due = due is not None and due <= now
        key = f"{grant.public_id}:{'due' if passed_due else 'ended'}"
        owe("mail.access_destruction", key=key, grant_id=grant.pk)
    late = PromisedReturn.objects.filter(due_at__lte=now, delivered_at=None)
    for each in late:
        owe("mail.access_return_due", key=str(each.public_id), return_id=each.pk)


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid(_("Écrivez pourquoi : c’est gardé avec l’acte."), code="reason_missing")
    return text.strip()


def _tell(grant: Grant, what: str) -> None:
    moment = str(clock.now().timestamp())
    owe(
        "mail.access_grant_changed",
        key=f"{grant.public_id}:{what}:{moment}",
        grant_id=grant.pk,
        what=what,
        moment=moment,
    )
