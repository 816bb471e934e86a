"""Raise signals, ask the teams, hear them, decide: a person decides, and says why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import jobs
from challenges.actions.comebacks import bring_back
from challenges.actions.evaluations import queue_standings
from challenges.actions.jobs import WORKER
from challenges.actions.notices import announce_recomputed
from challenges.enums import EvaluationState, JobKind, SignalKind, SignalStatus
from challenges.models import (
    Disqualification,
    Entry,
    Evaluation,
    Job,
    Phase,
    Signal,
    SignalTeam,
    Team,
)
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid


@dataclass(frozen=True)
class Raised:
    """What the worker found: about which teams, and their entries that show it, by id."""

    kind: SignalKind
    parties: Mapping[int, Sequence[str]]
    evidence: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """Name the teams, in one order."""
        return "+".join(str(pk) for pk in sorted(self.parties))

    @property
    def entries(self) -> set[str]:
        """Return the entries that it names."""
        return {entry for named in self.parties.values() for entry in named}


@transaction.atomic
def queue() -> int:
    """Queue a search in each phase where an evaluation ended since the last one."""
    latest = (
        Evaluation.objects.filter(state=EvaluationState.DONE)
        .values("entry__enrolment__phase_id")
        .annotate(last=Max("finished_at"))
        .order_by("entry__enrolment__phase_id")
        .values_list("entry__enrolment__phase_id", "last")
    )
    found = list(latest)
    for phase_id, last in found:
        jobs.put(
            kind=JobKind.SIGNALS,
            subject_id=phase_id,
            dedup_key=f"{phase_id}:{last.isoformat()}",
        )
    return len(found)


@transaction.atomic
def store(*, job: Job, phase: Phase, raised: Sequence[Raised]) -> int:
    """Write what a search found, under the lease of its job; return how many are new.

    In order: job done; a signal that nobody has looked at takes the newer evidence, as a new
    version; one under discussion stays as it was asked; one that was decided on comes back for
    other entries only; events "signal.raised"; one letter to the moderators for all. Of several
    findings of a kind about the same teams the first is told, the others once it is decided on.
    0 when the lease was lost.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return 0
    told: dict[tuple[SignalKind, str], Raised] = {}
    for each in raised:
        if not _is_decided(phase, each):
            told.setdefault((each.kind, each.subject), each)
    new = sum(_store_one(phase, each) for each in told.values())
    if new:
        owe("mail.signals_raised", key=str(job.pk), phase_id=phase.pk, count=new, run=str(job.pk))
    return new


def _is_decided(phase: Phase, found: Raised) -> bool:
    """Tell whether each entry that a finding names was in a signal that was decided on."""
    same = Signal.objects.filter(phase=phase, kind=found.kind, subject=found.subject)
    known: set[str] = set()
    for decided in same.exclude(pk__in=same.undecided()).prefetch_related("parties"):
        known |= {entry for party in decided.parties.all() for entry in party.entries}
    return found.entries <= known


def _store_one(phase: Phase, found: Raised) -> bool:
    same = Signal.objects.filter(phase=phase, kind=found.kind, subject=found.subject)
    current = same.undecided().select_for_update().first()
    if current is not None:
        if current.status == SignalStatus.OPEN and current.evidence != found.evidence:
            current.version += 1  # nobody decides on what they have not read
            _write_evidence(current, found)
        return False
    now = clock.now()
    signal = Signal(
        phase=phase, kind=found.kind, subject=found.subject, status_since=now, found_at=now
    )
    _write_evidence(signal, found)
    record("signal.raised", by=WORKER, on=signal, kind=signal.kind)
    return True


def _write_evidence(signal: Signal, found: Raised) -> None:
    signal.evidence = dict(found.evidence)
    signal.save()
    for team_id, entries in sorted(found.parties.items()):
        SignalTeam.objects.update_or_create(
            signal=signal, team_id=team_id, defaults={"entries": list(entries)}
        )


@transaction.atomic
def ask(*, signal: Signal, question: str, by: User, version: int | None = None) -> Signal:
    """Ask the teams what they have to say, before anything is decided.

    In order: status ASKED; the parties asked, a date to answer by; event "signal.asked";
    a letter to each team. Raises NotAllowed; Conflict when it is no longer open.
    """
    signal = _held(signal, version, by)
    now = clock.now()
    signal.become(SignalStatus.ASKED, at=now)
    signal.question = question
    signal.reply_by = now + timedelta(days=settings.SIGNAL_REPLY_DAYS)
    signal.save()
    signal.parties.update(asked_at=now)
    record("signal.asked", by=by, on=signal, question=question)
    owe("mail.signal_asked", key=str(signal.public_id), signal_id=signal.pk)
    return signal


@transaction.atomic
def answer(*, party: SignalTeam, text: str, by: User) -> SignalTeam:
    """Answer for a team, once.

    In order: the answer; status ANSWERED when it was the last one awaited; event
    "signal.answered"; a letter to the moderators. Raises NotAllowed; Conflict when the team
    has answered or the decision is taken.
    """
    signal = Signal.objects.locked(party.signal)
    party = SignalTeam.objects.select_for_update().get(pk=party.pk)
    require(rules.may_answer_signal, by, party)
    if party.answered_at is not None or signal.status != SignalStatus.ASKED:
        raise Conflict(
            _("Votre équipe a déjà répondu, ou la décision est prise."), code="signal_answered"
        )
    now = clock.now()
    party.answer, party.answered_at, party.answered_by = text, now, by
    party.save()
    if not signal.parties.filter(answered_at__isnull=True).exists():
        signal.become(SignalStatus.ANSWERED, at=now)
        signal.save()
    record("signal.answered", by=by, on=signal, team=party.team_id)
    owe("mail.signal_answered", key=str(party.public_id), party_id=party.pk)
    return party


@transaction.atomic
def dismiss(*, signal: Signal, reason: str, by: User, version: int | None = None) -> Signal:
    """Decide that there is nothing to hold against anybody, or take a measure back.

    In order: status DISMISSED with its author and reason; what the measure set aside back on
    the boards, unless another signal keeps it aside; a final choice that no longer has room is
    undone; a public notice where the results are out; event "signal.dismissed"; a letter to the
    teams that were asked. Raises NotAllowed; Conflict when it is dismissed already, or when a
    team merged meanwhile.
    """
    signal = _held(signal, version, by)
    _decide(signal, SignalStatus.DISMISSED, reason, by)
    aside = list(signal.parties.filter(set_aside=True))
    if aside:
        back = _entries(signal, aside).exclude(pk__in=_kept_aside(signal))
        _announce(signal, bring_back(back.select_related("enrolment__team")))
    signal.parties.update(concerned=False, set_aside=False)
    _recompute(signal, aside)
    record("signal.dismissed", by=by, on=signal, reason=reason, restored=len(aside))
    _tell(signal)
    return signal


@transaction.atomic
def remind(
    *, signal: Signal, teams: Iterable[Team], reason: str, by: User, version: int | None = None
) -> Signal:
    """Remind teams of the rules, once they could answer.

    In order: status ACTED with its author and reason; the parties concerned; event
    "signal.acted"; a letter to the teams that were asked. Raises NotAllowed; Invalid for a
    team that has no part in it; Conflict before the teams were heard.
    """
    signal = _held(signal, version, by)
    _act(signal, teams, reason, by)
    record("signal.acted", by=by, on=signal, reason=reason, measure="remind")
    _tell(signal)
    return signal


@transaction.atomic
def set_aside(
    *, signal: Signal, teams: Iterable[Team], reason: str, by: User, version: int | None = None
) -> Signal:
    """Take off the boards the entries of some teams that the signal names.

    In order: status ACTED with its author and reason; their entries disqualified with date,
    author and reason; a public notice where the results are out; boards queued; event
    "signal.acted"; a letter to the teams that were asked. A later `dismiss` brings them back.
    Raises as `remind`.
    """
    signal = _held(signal, version, by)
    concerned = _act(signal, teams, reason, by)
    signal.parties.filter(concerned=True).update(set_aside=True)
    gone = (
        _entries(signal, concerned)
        .filter(disqualified_at__isnull=True)
        .update(disqualified_at=clock.now(), disqualified_by=by, disqualified_reason=reason)
    )
    _announce(signal, gone)
    _recompute(signal, concerned)
    record("signal.acted", by=by, on=signal, reason=reason, measure="set_aside")
    _tell(signal)
    return signal


def _held(signal: Signal, version: int | None, by: User) -> Signal:
    """Lock a signal to decide on it; raises Conflict when it is not the version that was read."""
    signal = Signal.objects.locked(signal)
    require(rules.may_decide_signal, by, signal)
    if version is not None and version != signal.version:
        raise Conflict(
            _("Ce signal a changé depuis que vous l’avez lu : relisez-le."), code="signal_changed"
        )
    return signal


def _act(signal: Signal, teams: Iterable[Team], reason: str, by: User) -> list[SignalTeam]:
    """Decide to act, once every team answered or had its days to; return the parties."""
    heard = signal.status == SignalStatus.ANSWERED
    if not heard and (signal.reply_by is None or clock.now() < signal.reply_by):
        raise Conflict(
            _("Les équipes doivent d’abord pouvoir répondre : interrogez-les, ou attendez."),
            code="signal_unheard",
        )
    chosen = {team.pk for team in teams}
    parties = list(signal.parties.filter(team_id__in=chosen))
    if not chosen or len(parties) != len(chosen):
        raise Invalid(_("Choisissez une équipe concernée par le signal."), code="signal_team")
    _decide(signal, SignalStatus.ACTED, reason, by)
    signal.parties.filter(pk__in=[each.pk for each in parties]).update(concerned=True)
    return parties


def _decide(signal: Signal, status: SignalStatus, reason: str, by: User) -> None:
    now = clock.now()
    signal.become(status, at=now)
    signal.decided_at, signal.decided_by, signal.reason = now, by, reason
    signal.save()


def _entries(signal: Signal, parties: Sequence[SignalTeam]) -> Any:
    named = [entry for party in parties for entry in party.entries]
    return Entry.objects.filter(pk__in=named, enrolment__phase_id=signal.phase_id)


def _kept_aside(signal: Signal) -> set[str]:
    """Return the entries that another signal, or a disqualification, keeps off the boards."""
    others = SignalTeam.objects.filter(signal__phase=signal.phase_id, set_aside=True)
    decided = Disqualification.objects.in_force().filter(entry__enrolment__phase_id=signal.phase_id)
    kept = {str(pk) for pk in decided.values_list("entry_id", flat=True)}
    return kept | {entry for party in others.exclude(signal=signal) for entry in party.entries}


def _recompute(signal: Signal, parties: Sequence[SignalTeam]) -> None:
    if parties:
        queue_standings(signal.phase_id, cause=f"signal:{signal.pk}:{signal.version}")


def _announce(signal: Signal, moved: int) -> None:
    """Say it in public where entries leave or join final boards."""
    if moved:
        announce_recomputed(signal.phase, at=clock.now())


def _tell(signal: Signal) -> None:
    """Owe the decision to the teams that were asked; the others never knew."""
    if signal.parties.filter(asked_at__isnull=False).exists():
        owe(
            "mail.signal_decided",
            key=f"{signal.public_id}:{signal.version}",
            signal_id=signal.pk,
        )
