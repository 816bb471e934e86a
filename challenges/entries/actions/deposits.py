"""Receive a file and its date: its slots, its room, its fact sheet, its receipt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from challenges.entries import rules
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import fair_rank
from challenges.organising.enums import ChallengeStatus, PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.modes import mode_in
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from challenges.receipts import actions as receipts
from challenges.teams.actions import teams
from challenges.teams.enums import TeamState
from challenges.teams.models import Enrolment, Team
from datasets.access.models import Grant
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.prose.numbers import file_size
from portal.lib.refusals import (
    Closed,
    Conflict,
    Invalid,
    NotAllowed,
    QuotaSpent,
    TooLarge,
    Unavailable,
)
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name
from portal.lib.storage.folders import Stored

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
    sent = Entry.objects.filter(enrolment__phase=phase, enrolment__team=team)
    if not sent.filter(idempotency_key=idempotency_key).exists():
        current = Phase.objects.select_related("challenge").get(pk=phase.pk)
        refuse_closed(current, clock.now(), first_byte_at=first_byte_at)
        mode_in(phase).require_host()
    stored = _store(content, phase.max_bytes)
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


def _store(content: bytes | IO[bytes] | Iterable[bytes] | Stored, limit_bytes: int) -> Stored:
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
    phase = Phase.objects.share_locked(deposit.phase_id)  # a close waits for what is being accepted
    enrolment, _created = Enrolment.objects.get_or_create(
        phase_id=deposit.phase_id, team_id=deposit.team_id
    )
    enrolment = Enrolment.objects.locked(enrolment)
    now = clock.now()  # after the lock: the wait counts
    team = Team.objects.get(pk=deposit.team_id)
    own = team.members.filter(user_id=by.pk, left_at__isnull=True)
    own.select_for_update().first()  # a leave waits, or is seen
    require(rules.may_enter, by, team)
    earlier = enrolment.entries.filter(idempotency_key=deposit.key).first()
    if earlier is not None:
        return _replay(earlier, deposit)
    grace = refuse_closed(phase, now, first_byte_at=deposit.first_byte_at)
    terms = _refuse_outsiders(phase.challenge, team, by)
    refuse_wrong_answers(phase.challenge.fact_sheet, deposit.fact_sheet)
    if not deposit.again:
        _refuse_same(enrolment, deposit)
    received_at = strictly_later(enrolment, now)
    intake = phase.intake
    day_slot, total_slot = take_slots(enrolment, phase, received_at)
    refuse_beyond_storage(enrolment, deposit.stored.size, sha256=deposit.stored.sha256)
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
        closes_at_snapshot=intake.closes_at,
        counts=intake.counts,
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

    The grant of restricted data is read at this instant.
    """
    if phase.waits_for_grant(now):
        raise Closed(
            _("Rien n’est reçu : la phase attend une habilitation en cours, puis sa reprise."),
            code="grant_not_active",
        )
    if phase.takes_entries(now):
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
            raise Closed(_("Ce challenge est clos."), code="phase_closed")


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
    terms = teams.require_registered(challenge, by)
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


# A file that stops the worker, too, could be sent without end.
COUNTED_AS_REFUSED = (EntryStatus.REJECTED, EntryStatus.NEEDS_ATTENTION)


def take_slots(enrolment: Enrolment, phase: Phase, at: datetime) -> tuple[int | None, int | None]:
    """Return the lowest free slots of the day and of the phase; None where there is no limit."""
    found = enrolment.entries.all()
    today = found.filter(quota_day=clock.paris_day(at))
    if today.filter(status__in=COUNTED_AS_REFUSED).count() >= phase.max_refused_per_day:
        raise _quota_spent(
            _(
                "Trop de fichiers refusés, ou qui ont arrêté l’évaluation, aujourd’hui : vérifiez "
                "le format avant d’envoyer."
            ),
            at,
        )
    if phase.max_parallel is not None:
        running = found.unfinished().count()
        if running >= phase.max_parallel:
            raise QuotaSpent(
                _("Attendez la fin de l’évaluation en cours avant d’envoyer un autre fichier."),
                next_opening=None,
            )
    total_slot = _lowest_free(found, "total_slot", phase.intake.max_total)
    if total_slot == 0:
        raise QuotaSpent(_("Votre équipe a utilisé tous ses essais."), next_opening=None)
    day_slot = _lowest_free(today, "day_slot", phase.max_per_day)
    if day_slot == 0:
        if phase.max_per_day == 0:
            raise QuotaSpent(_("Cette phase ne reçoit aucun fichier."), next_opening=None)
        raise _quota_spent(_("Votre équipe a utilisé tous ses essais du jour."), at)
    return day_slot, total_slot


def take_slots_again(entry: Entry) -> None:
    """Give an entry that lost its slots those that its team has left, if any; it is not saved."""
    enrolment = Enrolment.objects.locked(entry.enrolment)
    phase, found = enrolment.phase, enrolment.entries.exclude(pk=entry.pk)
    most = phase.max_total if entry.counts else None
    today = found.filter(quota_day=entry.quota_day)
    entry.total_slot = _lowest_free(found, "total_slot", most) or None
    entry.day_slot = _lowest_free(today, "day_slot", phase.max_per_day) or None


def _quota_spent(sentence: str, at: datetime) -> QuotaSpent:
    return QuotaSpent(sentence, next_opening=clock.next_paris_midnight(at))


def _lowest_free(among: Any, slot: str, limit: int | None) -> int | None:
    """Return the lowest free slot, 0 when all are taken, None when there is no limit."""
    if limit is None:
        return None
    used = among.filter(**{f"{slot}__isnull": False}).order_by("pk")
    taken = set(used.values_list(slot, flat=True))
    if len(taken) >= limit:
        return 0
    return next((free for free in range(1, limit + 1) if free not in taken), 0)


def refuse_beyond_storage(
    enrolment: Enrolment, size: int, *, sha256: str = "", coming: int = 0
) -> None:
    """Raise QuotaSpent when a file finds no room; the enrolment is locked.

    size: in bytes. sha256: of a file that is here, "" before: bytes that the team sent already
    are kept once, and take no room. coming: bytes announced by uploads that are not submitted
    yet. facts: limit_bytes, left_bytes.
    """
    held = enrolment.entries.all()
    limit = settings.TEAM_PHASE_MAX_BYTES
    left = max(0, limit - held.bytes_held() - coming)
    if size <= left or (sha256 and held.with_file().filter(sha256=sha256).exists()):
        return
    raise QuotaSpent(
        _(
            "Il reste à votre équipe %(left)s sur %(limit)s pour ses fichiers dans cette phase, "
            "et celui-ci pèse %(size)s. Envoyez un fichier plus petit, ou compressé si le "
            "challenge le permet. Aucun essai ne vous est décompté."
        )
        % {"left": file_size(left), "limit": file_size(limit), "size": file_size(size)},
        code="storage_reached",
        next_opening=None,
        limit_bytes=limit,
        left_bytes=left,
    )


ANSWER_MOST_CHARACTERS = 2_000
BOOLEANS = {"true", "false"}
Question = Mapping[str, Any]


def refuse_wrong_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> None:
    """Raise Invalid, code fact_sheet, whose faults are the keys of the wrong answers.

    A question: {"key", "label"}, and for those of an import "type" (text, select, radio,
    checkbox, boolean), "options", "required"; one without a type takes any answer. A checkbox
    with options of its own is answered by a list of them, or by one.
    """
    declared = {str(question["key"]): question for question in questions}
    faults = sorted(declared.keys() ^ answers.keys())
    faults += [
        key
        for key, question in declared.items()
        if key in answers and not answer_fits(question, answers[key])
    ]
    if faults:
        raise Invalid(
            _("La fiche de méthode doit répondre exactement aux questions posées."),
            code="fact_sheet",
            faults=faults,
        )


def answer_fits(question: Question, answer: Any) -> bool:
    """Say whether an answer is one that its question takes."""
    kind, options = question.get("type"), offered_answers(question)
    if not kind:
        return True
    if kind in {"checkbox", "boolean"} and not options:
        return isinstance(answer, bool) or (isinstance(answer, str) and answer in BOOLEANS)
    if options:
        given = answer if isinstance(answer, list) and kind == "checkbox" else [answer]
        if given in ([], [""]):
            return not question.get("required")
        return all(isinstance(one, str) and one in options for one in given)
    if not isinstance(answer, str) or len(answer) > ANSWER_MOST_CHARACTERS:
        return False
    return bool(answer.strip()) or not question.get("required")


def offered_answers(question: Question) -> list[str]:
    """List the answers that a question offers; none for a text or for a yes or no."""
    offered = [str(one) for one in question.get("options") or ()]
    return [] if {one.lower() for one in offered} <= BOOLEANS else offered


def tell_outcome(entry: Entry) -> None:
    """Owe the letter that tells a team how its entry ended; nobody awaits one of a reference."""
    if not entry.is_reference:
        letter = OUTCOME_LETTERS[EntryStatus(entry.status)]
        owe(letter, key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))


OUTCOME_LETTERS = {
    EntryStatus.REJECTED: "mail.entry_rejected",
    EntryStatus.FAILED: "mail.entry_failed",
    EntryStatus.NEEDS_ATTENTION: "mail.entry_examined",
    EntryStatus.SCORED: "mail.entry_scored",
}


def settle_later(entry: Entry) -> None:
    """Queue what waits for an entry that ends without a score, where a Ladder goes in order."""
    if entry.climbs:
        jobs.queue_standings(entry.enrolment.phase_id, cause=f"{entry.pk}:{entry.version}")


def refuse_undecided(challenge: Challenge) -> None:
    """Raise Conflict while an entry of a challenge has no outcome, unless its grant ended for good.

    Nothing can score them any more then: they stay without a score.
    """
    entries = Entry.objects.filter(enrolment__phase__challenge=challenge)
    lost = Grant.objects.over(clock.now()).filter(pk=challenge.grant_id or 0)
    if entries.without_outcome().exists() and not lost.exists():
        raise Conflict(
            _("Des soumissions attendent encore leur résultat ou un examen."),
            code="entries_unfinished",
        )
