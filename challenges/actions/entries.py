"""Entries: receive a file and its date, withdraw, choose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import fact_sheets, slots, storage
from challenges.enums import (
    ChallengeStatus,
    JobKind,
    PhaseMoment,
    RegistrationState,
    TeamState,
)
from challenges.models import Challenge, Enrolment, Entry, Phase, Team, TermsAcceptance
from challenges.queries.entries import fair_rank
from challenges.queue import actions as jobs
from challenges.queue.actions import refuse_not_isolated
from challenges.receipts import actions as receipts
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, failpoints, objects
from portal.lib.files import safe_name
from portal.lib.objects import Stored
from portal.lib.refusals import (
    Closed,
    Conflict,
    Invalid,
    NotAllowed,
    TooLarge,
    Unavailable,
)

TAKEN_OVER = "reprise-"  # how the keys of entries begin that no client sent
_TRIES = 5


@dataclass(frozen=True)
class Accepted:
    """What the person gets back: the entry, and whether it is new."""

    entry: Entry
    created: bool


@dataclass(frozen=True)
class _Deposit:
    phase_id: int
    team_id: int
    stored: Stored
    name: str
    key: str
    first_byte_at: datetime
    fact_sheet: dict[str, Any]
    note: str
    again: bool


def enter(
    *,
    phase: Phase,
    team: Team,
    content: bytes | IO[bytes] | Iterable[bytes] | Stored,
    original_name: str,
    idempotency_key: str,
    by: User,
    fact_sheet: dict[str, Any] | None = None,
    note: str = "",
    first_byte_at: datetime | None = None,
    again: bool = False,
) -> Accepted:
    """Receive a file: store it, then accept it in one transaction on the database clock.

    In order: the file under its sha256, synchronised; entry with its slots and receipt; job
    "check"; event "entry.received"; nudge. The same key with the same bytes returns the
    earlier entry, created=False. content: a Stored where the store has the file
    already. first_byte_at: when the upload began, by our clock. again: the team knows that it
    sent these bytes in this phase before; otherwise they are refused and take no slot.
    Raises NotAllowed, Closed, QuotaSpent, Conflict, TooLarge, NoSandbox; Invalid: E_EMPTY or key.
    """
    if team.state == TeamState.DISQUALIFIED and team.has_member(by):
        raise NotAllowed(
            _("Votre équipe est disqualifiée : le motif et la décision sont sur sa page."),
            code="team_disqualified",
        )
    require(rules.may_enter, by, team)
    idempotency_key = idempotency_key[:64]
    if idempotency_key.startswith(TAKEN_OVER):
        raise Invalid(
            _("Une clé d’envoi ne commence pas par « %(start)s » : choisissez-en une autre.")
            % {"start": TAKEN_OVER},
            code="idempotency_key_reserved",
        )
    first_byte_at = first_byte_at or clock.now()
    if not _is_replay(phase, team, idempotency_key):
        current = Phase.objects.select_related("challenge").get(pk=phase.pk)
        refuse_closed(current, clock.now(), first_byte_at=first_byte_at)
        refuse_not_isolated(phase)
    stored = _stored(content, phase.max_bytes)
    if stored.size == 0:
        raise Invalid(
            _("Le fichier est vide."),
            code="format_refused",
            faults=[{"code": "E_EMPTY", "line": None, "message": _("Le fichier est vide.")}],
        )
    deposit = _Deposit(
        phase_id=phase.pk,
        team_id=team.pk,
        stored=stored,
        name=safe_name(original_name),
        key=idempotency_key,
        first_byte_at=first_byte_at,
        fact_sheet=fact_sheet or {},
        note=note[:200],
        again=again,
    )
    accepted = _accept_patiently(deposit, by)
    failpoints.hit("entry.committed")
    return accepted


def _stored(content: bytes | IO[bytes] | Iterable[bytes] | Stored, limit_bytes: int) -> Stored:
    if isinstance(content, Stored):
        if content.size > limit_bytes:
            raise TooLarge(limit_bytes=limit_bytes)
        if not objects.store().exists(content.sha256):
            raise FileNotFoundError(content.sha256)
        return content
    try:
        return objects.put(content, limit_bytes=limit_bytes)
    except FileNotFoundError:
        raise  # the parts of an upload are gone
    except OSError as error:  # a full disk: nothing was kept, nothing is counted
        raise Unavailable from error


def _is_replay(phase: Phase, team: Team, key: str) -> bool:
    counted = Entry.objects.of_team(team.pk)
    return counted.filter(enrolment__phase_id=phase.pk, idempotency_key=key).exists()


def _accept_patiently(deposit: _Deposit, by: User) -> Accepted:
    """Look again when another entry took the slot, or when the lock was waited for too long."""
    for _attempt in range(_TRIES):
        try:
            return _accept(deposit, by)
        except (IntegrityError, OperationalError) as error:
            last = error
    raise Unavailable from last


@transaction.atomic
def _accept(deposit: _Deposit, by: User) -> Accepted:
    phase = Phase.objects.held(deposit.phase_id)  # a close waits for the entries being accepted
    enrolment, _created = Enrolment.objects.get_or_create(
        phase_id=deposit.phase_id, team_id=deposit.team_id
    )
    enrolment = Enrolment.objects.locked(enrolment)
    now = clock.now()  # after the lock: the wait counts
    team = Team.objects.get(pk=deposit.team_id)
    own = team.members.filter(user_id=by.pk, left_at__isnull=True)
    own.select_for_update().first()  # a leave waits, or is seen
    require(rules.may_enter, by, team)
    earlier = slots.counted(enrolment).filter(idempotency_key=deposit.key).first()
    if earlier is not None:
        return _replay(earlier, deposit)
    grace = refuse_closed(phase, now, first_byte_at=deposit.first_byte_at)
    terms = _refuse_outsiders(phase.challenge, team, by)
    fact_sheets.refuse_wrong(phase.challenge.fact_sheet, deposit.fact_sheet)
    if not deposit.again:
        _refuse_same(enrolment, deposit)
    received_at = strictly_later(enrolment, now)
    day_slot, total_slot = slots.take(enrolment, phase, received_at)
    storage.refuse_beyond(enrolment, deposit.stored.size, sha256=deposit.stored.sha256)
    entry = Entry(
        enrolment=enrolment,
        number=next_number(enrolment),
        submitted_by_id=by.pk,
        idempotency_key=deposit.key,
        sha256=deposit.stored.sha256,
        size=deposit.stored.size,
        original_name=deposit.name,
        received_at=received_at,
        first_byte_at=deposit.first_byte_at,
        closes_at_snapshot=None if slots.takes_bench(phase) else phase.closes_at,
        is_bench=slots.takes_bench(phase),
        grace=grace,
        quota_day=clock.paris_day(received_at),
        day_slot=day_slot,
        total_slot=total_slot,
        status_since=received_at,
        fact_sheet=deposit.fact_sheet,
        note=deposit.note,
    )
    entry.receipt = deposit_receipt(entry, phase, team, terms)
    entry.save(force_insert=True)
    queue_check(entry)
    record(
        "entry.received", by=by, on=entry, team=team.slug, number=entry.number, sha256=entry.sha256
    )
    failpoints.hit("entry.before_commit")
    return Accepted(entry, created=True)


def queue_check(entry: Entry) -> None:
    """Queue the format check of an entry, in the transaction that made it."""
    jobs.put(
        kind=JobKind.CHECK,
        subject_id=entry.pk,
        dedup_key=str(entry.pk),
        fair_rank=fair_rank(entry.enrolment),
    )


def _replay(earlier: Entry, deposit: _Deposit) -> Accepted:
    if earlier.sha256 != deposit.stored.sha256:
        raise Conflict(
            _("Cette clé d’envoi a déjà servi pour un autre fichier."), code="idempotency_conflict"
        )
    return Accepted(earlier, created=False)


def refuse_closed(phase: Phase, now: datetime, *, first_byte_at: datetime | None = None) -> bool:
    """Raise Closed unless the phase takes entries; return whether the grace delay is used.

    After its final results, a phase that stays open as a bench takes them.
    """
    if slots.takes_bench(phase):
        return False
    if phase.challenge.status not in {ChallengeStatus.PUBLISHED, ChallengeStatus.CLOSED}:
        raise Closed(_("Ce challenge ne reçoit pas de soumission."), code="phase_closed")
    match phase.moment(now):
        case PhaseMoment.UNDATED:
            raise Closed(_("La date d’ouverture n’est pas encore fixée."), code="phase_closed")
        case PhaseMoment.COMING:
            raise Closed(
                _("La phase n’est pas encore ouverte."),
                code="phase_closed",
                opens_at=phase.opens_at,
            )
        case PhaseMoment.CLOSED:
            return _grace(phase, now, first_byte_at or now)
        case PhaseMoment.OPEN:
            if phase.challenge.status != ChallengeStatus.PUBLISHED:
                raise Closed(_("Ce challenge est clos."), code="phase_closed")
            return False


def _grace(phase: Phase, now: datetime, first_byte_at: datetime) -> bool:
    closes_at = phase.closes_at
    if closes_at is not None and first_byte_at < closes_at and phase.is_in_grace(now):
        return True
    raise Closed(
        _("La phase est close depuis le %(date)s.")
        % {"date": clock.paris_text(closes_at) if closes_at else "?"},
        code="phase_closed",
        closes_at=closes_at,
    )


def _refuse_outsiders(challenge: Challenge, team: Team, by: User) -> dict[str, Any]:
    """Check registration, rules and team size; return the rules accepted, for the receipt."""
    registered = challenge.registrations.filter(
        user_id=by.pk, state=RegistrationState.ACCEPTED
    ).exists()
    if not registered:
        raise NotAllowed(
            _("Votre inscription à ce challenge n’est pas acceptée."), code="registration_required"
        )
    terms = challenge.terms.order_by("-number").first()
    if (
        terms is not None
        and not TermsAcceptance.objects.filter(terms=terms, user_id=by.pk).exists()
    ):
        raise NotAllowed(
            _("Acceptez le règlement avant d’envoyer un fichier."), code="terms_required"
        )
    size = team.members.filter(left_at__isnull=True).count()
    if size < challenge.team_min:
        raise Conflict(
            _("L’équipe doit compter au moins %(count)d personnes.")
            % {"count": challenge.team_min},
            code="team_too_small",
        )
    return {"number": terms.number, "sha256": terms.sha256} if terms else {}


def strictly_later(enrolment: Enrolment, now: datetime) -> datetime:
    """Return an instant after every entry of a locked enrolment: now, or a little later."""
    last = enrolment.entries.order_by("-received_at").values_list("received_at", flat=True).first()
    return now if last is None or now > last else last + timedelta(microseconds=1)


def next_number(enrolment: Enrolment) -> int:
    """Return the number of the next entry of a locked enrolment."""
    last = enrolment.entries.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _refuse_same(enrolment: Enrolment, deposit: _Deposit) -> None:
    """Tell a team that it already sent these bytes, before they cost it a slot."""
    same = enrolment.entries.filter(sha256=deposit.stored.sha256).order_by("number").first()
    if same is not None:
        raise Conflict(
            _(
                "Ce fichier est identique à votre soumission n° %(number)d : il n’a pas été "
                "déposé, aucun essai n’est décompté."
            )
            % {"number": same.number},
            code="same_file",
            number=same.number,
            entry=str(same.pk),
        )


def deposit_receipt(entry: Entry, phase: Phase, team: Team, terms: dict[str, Any]) -> str:
    """Issue the receipt of an entry: what was received, when, under which rules."""
    former = {} if entry.migrated_from_id is None else {"former": str(entry.migrated_from_id)}
    return receipts.sign_receipt(
        {
            "kind": "deposit",
            "version": 1,
            "challenge": phase.challenge.slug,
            "phase": phase.index,
            "team": team.slug,
            "entry": str(entry.pk),
            "number": entry.number,
            "sha256": entry.sha256,
            "size": entry.size,
            "received_at": entry.received_at.astimezone(clock.PARIS).isoformat(),
            "slot": {
                "day": _slot_text(entry.day_slot, phase.max_per_day),
                "total": _slot_text(entry.total_slot, phase.max_total),
            },
            "grace": entry.grace,
            "terms": terms,
            **former,
        }
    )


def _slot_text(slot: int | None, limit: int | None) -> str:
    return f"{slot}/{limit}" if slot is not None else ""
