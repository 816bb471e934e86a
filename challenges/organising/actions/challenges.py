"""The life of a challenge: ask for the visa, publish, suspend, set dates, close, archive."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.organising import queries as organising
from challenges.organising import rules
from challenges.organising.actions import texts
from challenges.organising.actions.notices import announce
from challenges.organising.enums import (
    OVER_STATUSES,
    BuildState,
    ChallengeStatus,
    NoticeKind,
    PhaseMoment,
)
from challenges.organising.models.challenges import Challenge, ChallengeDraft, Phase
from challenges.organising.models.scorings import PhaseTask
from datasets.access.models import Grant
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid


@transaction.atomic
def submit(*, challenge: Challenge, by: Actor) -> Challenge:
    """Ask a moderator for the visa.

    In order: DRAFT to IN_REVIEW, the corrections asked before forgotten; event
    "challenge.submitted"; letter to the moderators.
    Raises NotAllowed, Invalid with what is missing.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    missing = [point.sentence for point in organising.missing(challenge)]
    if missing:
        raise Invalid(_("Ce challenge n’est pas prêt."), code="not_ready", faults=missing)
    challenge.become(ChallengeStatus.IN_REVIEW, at=clock.now())
    challenge.corrections = ""
    challenge.save()
    record("challenge.submitted", by=by, on=challenge)
    owe(
        "mail.challenge_submitted",
        key=f"{challenge.pk}:{challenge.status_since.isoformat()}",
        challenge_id=challenge.pk,
    )
    return challenge


@transaction.atomic
def delete(*, challenge: Challenge, by: Actor) -> None:
    """Delete a draft for good, by an owner: its texts, its files, its phases.

    What was sealed for it stays sealed, and its acts stay in the journal. In order: event
    "challenge.deleted"; every row of it. Raises NotAllowed; Conflict once it was published, while
    it is being checked, and once a reference was scored: scores are never removed.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_run_organisers, by, challenge)
    if challenge.status != ChallengeStatus.DRAFT or challenge.published_at is not None:
        raise Conflict(_("Seul un brouillon se supprime."), code="not_a_draft")
    tasks = PhaseTask.objects.filter(phase__challenge=challenge)
    waits = ChallengeDraft.objects.filter(challenge=challenge, state=BuildState.QUEUED)
    if waits.exists() or any(not each.holdout.is_compiled for each in tasks.filter(current=True)):
        raise Conflict(_("Le contrôle est en cours : attendez sa fin."), code="being_checked")
    record("challenge.deleted", by=by, on=challenge, slug=challenge.slug)
    try:
        with transaction.atomic():
            challenge.leaderboards.update(primary=None)
            challenge.phases.update(migrate_from=None, migrated_at=None)
            tasks.delete()
            challenge.delete()
    except ProtectedError as kept:
        raise Conflict(
            _("Une solution de référence est déjà notée : ce brouillon se garde."),
            code="reference_scored",
        ) from kept


@transaction.atomic
def publish(*, challenge: Challenge, confirm_licence: bool = False, by: Actor) -> Challenge:
    """Give the visa to the version that was read: by a moderator who does not organise it.

    A phase without an opening date opens now. In order: IN_REVIEW to PUBLISHED; dates; notice;
    event "challenge.published"; letter to the organisers. Raises NotAllowed; Conflict when the
    challenge changed since it was read, an incompatible one is open, the grant of its restricted
    data gives no access, or they were not compared with the public files; Invalid when the
    licence still awaits a confirmation.
    """
    read = challenge.version
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_publish_challenge, by, challenge)
    challenge.refuse_unread(read)
    if challenge.grant is not None:
        Grant.objects.locked(challenge.grant)  # what ends it waits, or is seen
        if not ChallengeDraft.objects.filter(challenge=challenge, state=BuildState.DONE).exists():
            raise Conflict(
                _(
                    "Les fichiers publics n’ont pas été comparés aux données que cette "
                    "habilitation prête : renvoyez le challenge, son contrôle le fera."
                ),
                code="not_compared",
            )
    now = clock.now()
    if challenge.waits_for_grant(now):
        raise Conflict(
            _("Les données de ce challenge n’ont pas d’habilitation en cours."),
            code="grant_not_active",
        )
    awaited = challenge.licence_to_confirm  # never again once it is published
    if awaited and not confirm_licence:
        raise Invalid(
            _("La licence des données est à confirmer avant la publication."),
            code="licence_to_confirm",
        )
    _refuse_incompatible(challenge, now)
    challenge.become(ChallengeStatus.PUBLISHED, at=now)
    challenge.published_at = now
    challenge.save()
    texts.tie_cards(challenge)
    for phase in challenge.phases.filter(opens_at__isnull=True).order_by("index")[:1]:
        _open_now(phase, now)
    announce(challenge=challenge, sentence=gettext_lazy("Le challenge est publié."), at=now)
    record("challenge.published", by=by, on=challenge, licence_confirmed=awaited)
    owe("mail.challenge_published", key=str(challenge.pk), challenge_id=challenge.pk)
    return challenge


def _open_now(phase: Phase, now: datetime) -> None:
    if phase.closes_at is not None and phase.closes_at <= now:
        raise Conflict(
            _("La clôture annoncée est déjà passée : changez les dates."),
            code="close_passed",
            closes_at=phase.closes_at,
        )
    phase.opens_at = now
    phase.save(update_fields=["opens_at"])


def _refuse_incompatible(challenge: Challenge, now: datetime) -> None:
    named = Challenge.objects.filter(slug__in=list(challenge.incompatible_with))
    naming = [
        other
        for other in Challenge.objects.filter(status=ChallengeStatus.PUBLISHED)
        if challenge.slug in other.incompatible_with
    ]
    for other in [*named.filter(status=ChallengeStatus.PUBLISHED), *naming]:
        if any(phase.moment(now) != PhaseMoment.CLOSED for phase in other.phases.all()):
            raise Conflict(
                _("« %(title)s » est ouvert : ses données révèlent les réponses de ce challenge.")
                % {"title": other.title},
                code="incompatible_open",
                other=other.slug,
            )


@transaction.atomic
def send_back(*, challenge: Challenge, reason: str, by: Actor) -> Challenge:
    """Ask the organisers for corrections of the version that was read.

    In order: IN_REVIEW to DRAFT with the reason; event "challenge.sent_back"; letter. Raises
    NotAllowed; Conflict when the challenge changed since it was read.
    """
    read = challenge.version
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_publish_challenge, by, challenge)
    challenge.refuse_unread(read)
    challenge.become(ChallengeStatus.DRAFT, at=clock.now())
    challenge.corrections = reason
    challenge.save()
    record("challenge.sent_back", by=by, on=challenge, reason=reason)
    owe(
        "mail.challenge_sent_back",
        key=f"{challenge.pk}:{challenge.status_since.isoformat()}",
        challenge_id=challenge.pk,
        reason=reason,
    )
    return challenge


@transaction.atomic
def recall(*, challenge: Challenge, by: Actor) -> Challenge:
    """Take back a request for a visa, by an organiser. Event "challenge.recalled".

    In order: IN_REVIEW to DRAFT; event. Raises NotAllowed; Conflict when no visa is awaited.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    challenge.become(ChallengeStatus.DRAFT, at=clock.now())
    challenge.save()
    record("challenge.recalled", by=by, on=challenge)
    return challenge


@transaction.atomic
def suspend(*, challenge: Challenge, reason: str, by: Actor) -> Challenge:
    """Stop entries for a while, with a public notice.

    Event "challenge.suspended" with the reason.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_suspend_challenge, by, challenge)
    sentence = gettext_lazy("Challenge suspendu : %(reason)s")
    _turn(challenge, ChallengeStatus.SUSPENDED, sentence, reason)
    record("challenge.suspended", by=by, on=challenge, reason=reason)
    return challenge


@transaction.atomic
def resume(*, challenge: Challenge, by: Actor) -> Challenge:
    """Take entries again, with a public notice. Event "challenge.resumed"."""
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_suspend_challenge, by, challenge)
    _turn(challenge, ChallengeStatus.PUBLISHED, gettext_lazy("Le challenge reprend.%(reason)s"), "")
    record("challenge.resumed", by=by, on=challenge)
    return challenge


def _turn(challenge: Challenge, status: ChallengeStatus, sentence: Promise, reason: str) -> None:
    challenge.become(status, at=clock.now())
    challenge.save()
    announce(challenge=challenge, sentence=sentence, at=challenge.status_since, reason=reason)


@transaction.atomic
def set_dates(
    *, phase: Phase, opens_at: datetime | None, closes_at: datetime | None, by: Actor
) -> Phase:
    """Set the dates of a phase; after the first entry an announced close only moves later.

    In order: dates; notice and letters once the challenge is public; event "phase.dated".
    Raises NotAllowed; Invalid; Conflict once the challenge is closed or a reveal is proposed:
    a phase whose results are out never opens again; nor, once it has entries, one whose grace is
    over, nor one whose choices a later phase took over. No new date lies in the past. A close at
    midnight is the last second of the day before. The same dates change nothing.
    """
    # Until it is public, the challenge is held first: as in its draft, and as the visa does.
    before = Challenge.objects.get(pk=phase.challenge_id)
    if not before.is_public:
        Challenge.objects.locked(before)
    phase = Phase.objects.locked(phase)
    challenge = Challenge.objects.locked(phase.challenge)
    require(rules.may_edit_challenge, by, challenge)
    closes_at = clock.last_second(closes_at)
    proposed = Phase.objects.filter(pk=phase.pk, reveal__isnull=False)
    if challenge.status in OVER_STATUSES or proposed.exists():
        raise Conflict(_("La phase est close : ses dates ne changent plus."), code="phase_over")
    if (opens_at, closes_at) == (phase.opens_at, phase.closes_at):
        return phase
    if opens_at and closes_at and closes_at <= opens_at:
        raise Invalid(_("La clôture doit suivre l’ouverture."), code="dates_order")
    entered = any(keeps(phase) for keeps in organising.freezers)
    earlier = phase.closes_at and (closes_at is None or closes_at < phase.closes_at)
    if entered and (earlier or opens_at != phase.opens_at):
        raise Conflict(
            _("Après la première soumission, la clôture annoncée ne peut que reculer."),
            code="frozen",
        )
    if entered:
        _refuse_to_reopen(phase)
    _refuse_past(phase, opens_at, closes_at)
    phase.closed_by_hand = phase.closed_by_hand and closes_at == phase.closes_at
    sentence, dates = _moved(phase, opens_at, closes_at)
    phase.opens_at, phase.closes_at = opens_at, closes_at
    phase.save(update_fields=["opens_at", "closes_at", "closed_by_hand"])
    challenge.save_change()
    record("phase.dated", by=by, on=phase, opens_at=opens_at, closes_at=closes_at)
    if challenge.is_public:
        _tell_dates(phase, sentence, **dates)
    return phase


def _moved(
    phase: Phase, opens_at: datetime | None, closes_at: datetime | None
) -> tuple[Promise, dict[str, datetime]]:
    """Say what becomes of the dates of a phase: each with the one it had."""
    dates = {"opened": phase.opens_at, "opens": opens_at}
    dates |= {"closed": phase.closes_at, "closes": closes_at}
    sentences = [
        MOVES[name, before is not None, after is not None]
        for name, before, after in (
            ("opens", phase.opens_at, opens_at),
            ("closes", phase.closes_at, closes_at),
        )
        if before != after
    ]
    return format_lazy(" ".join(["{}"] * len(sentences)), *sentences), {
        name: at for name, at in dates.items() if at is not None
    }


# What is said of a date that moves: (date, whether it was announced, whether it is now).
MOVES = {
    ("opens", True, True): gettext_lazy(
        "L’ouverture de « %(name)s » passe du %(opened)s au %(opens)s (heure de Paris)."
    ),
    ("opens", False, True): gettext_lazy("« %(name)s » ouvre le %(opens)s (heure de Paris)."),
    ("opens", True, False): gettext_lazy(
        "« %(name)s » n’ouvre plus le %(opened)s : sa date est à venir."
    ),
    ("closes", True, True): gettext_lazy(
        "La clôture de « %(name)s » passe du %(closed)s au %(closes)s (heure de Paris)."
    ),
    ("closes", False, True): gettext_lazy("« %(name)s » ferme le %(closes)s (heure de Paris)."),
    ("closes", True, False): gettext_lazy(
        "« %(name)s » ne ferme plus le %(closed)s : aucune clôture n’est annoncée."
    ),
}


def _refuse_to_reopen(phase: Phase) -> None:
    """Raise Conflict when new dates of a phase with entries contradict what was said of them."""
    now = clock.now()
    over = phase.moment(now) == PhaseMoment.CLOSED and not phase.is_in_grace(now)
    if over or phase.migrates_to.filter(migrated_at__isnull=False).exists():
        raise Conflict(_("La phase est close : ses dates ne changent plus."), code="phase_over")


def _refuse_past(phase: Phase, opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Raise Invalid for a new date that is past; what was imported so stays so."""
    now = clock.now()
    for at, former, code in (
        (opens_at, phase.opens_at, "open_passed"),
        (closes_at, phase.closes_at, "close_passed"),
    ):
        if at is not None and at != former and at <= now:
            raise Invalid(_("Cette date est passée : choisissez-en une à venir."), code=code)


@transaction.atomic
def close(*, phase: Phase, by: Actor) -> Phase:
    """Close now a phase without an announced close, or end the grace of one whose close passed.

    The entries being accepted are waited for: each is in before the close or refused. Nothing
    is accepted after it, uploads begun before included.
    In order: close date; challenge CLOSED when no phase is left; notice; letters;
    event "phase.closed", or notice and event "phase.grace_ended". Twice changes nothing.
    Raises NotAllowed; Conflict before opening or when a later close was announced.
    """
    phase = Phase.objects.locked(phase)
    # Before the journal is written in, as in every act that holds both.
    challenge = Challenge.objects.locked(phase.challenge)
    require(rules.may_close_phase, by, phase)
    now = clock.now()
    match phase.moment(now):
        case PhaseMoment.UNDATED | PhaseMoment.COMING:
            raise Conflict(_("Cette phase n’a pas encore ouvert."), code="phase_not_open")
        case PhaseMoment.OPEN if phase.closes_at is not None:
            raise Conflict(
                _("Une clôture est annoncée : elle ne peut que reculer."),
                code="close_announced",
                closes_at=phase.closes_at,
            )
        case PhaseMoment.OPEN:
            phase.closes_at, phase.closed_by_hand = now, True
            phase.save(update_fields=["closes_at", "closed_by_hand"])
            record("phase.closed", by=by, on=phase)
            _tell_dates(phase, gettext_lazy("« %(name)s » est close."))
        case PhaseMoment.CLOSED if phase.is_in_grace(now):
            phase.closed_by_hand = True
            phase.save(update_fields=["closed_by_hand"])
            record("phase.grace_ended", by=by, on=phase)
            sentence = gettext_lazy(
                "« %(name)s » est close : les envois commencés avant ne sont plus reçus."
            )
            _tell_dates(phase, sentence)
        case PhaseMoment.CLOSED:
            pass
    close_challenge_if_over(challenge, by=by)
    return phase


def close_challenge_if_over(challenge: Challenge, *, by: Actor) -> bool:
    """Note that a published challenge whose phases are all over is closed, or even revealed."""
    challenge = Challenge.objects.locked(challenge)
    now = clock.now()
    phases = list(challenge.phases.order_by("index"))
    over = bool(phases) and all(phase.moment(now) == PhaseMoment.CLOSED for phase in phases)
    if not over or challenge.status != ChallengeStatus.PUBLISHED:
        return False
    challenge.become(ChallengeStatus.CLOSED, at=now)
    challenge.save()
    record("challenge.closed", by=by, on=challenge)
    note_revealed(challenge)
    return True


def note_revealed(challenge: Challenge) -> bool:
    """Note, in the caller's transaction, that a closed challenge keeps no result back."""
    left = challenge.phases.exclude(reveal__executed_at__isnull=False)
    if challenge.status != ChallengeStatus.CLOSED or left.exists():
        return False
    challenge.become(ChallengeStatus.REVEALED, at=clock.now())
    challenge.save()
    return True


def close_those_over() -> int:
    """Close every published challenge whose announced closes have passed."""
    worker = SystemActor("worker")
    closed = 0
    for challenge in Challenge.objects.filter(
        status=ChallengeStatus.PUBLISHED, phases__closes_at__lte=clock.now()
    ).distinct():
        with transaction.atomic():
            closed += close_challenge_if_over(challenge, by=worker)
    return closed


def _tell_dates(phase: Phase, sentence: Promise, **dates: datetime) -> None:
    about, kind = phase.challenge, NoticeKind.DATES
    notice = announce(challenge=about, kind=kind, sentence=sentence, name=phase.name, **dates)
    owe(
        "mail.phase_dates",
        key=f"{phase.pk}:{notice.pk}",
        phase_id=phase.pk,
        notice_id=notice.pk,
    )


# By subjects above: each refuses an archive, by a Conflict, while something is undecided there.
undecided_refusals: list[Callable[[Challenge], None]] = []


@transaction.atomic
def archive(*, challenge: Challenge, reason: str, by: User) -> Challenge:
    """End a challenge that is closed: by an owner or the Region once its results are published.

    Before, by a person of the Region apart from it. A publication that was proposed and that
    nobody confirmed ends with it.
    Nothing enters any more, a bench ends, references are watched no more, and the time for which
    files are held runs. In order: CLOSED or REVEALED to ARCHIVED; public notice with the reason;
    event "challenge.archived". Raises NotAllowed; Invalid without a reason; Conflict while
    something of it is undecided, or before it is closed. No edge leads back.
    """
    # Entries being accepted hold their phase: they are in before the archive, or refused.
    phases = list(challenge.phases.select_related(None).select_for_update().order_by("pk"))
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_archive_challenge, by, challenge)
    reason = reason.strip()[:500]
    if not reason:
        raise Invalid(_("Dites pourquoi le challenge est archivé."), code="reason_required")
    now = clock.now()
    _refuse_grace(phases, now)
    for refuse in undecided_refusals:
        refuse(challenge)
    published = challenge.status == ChallengeStatus.REVEALED
    challenge.become(ChallengeStatus.ARCHIVED, at=now)
    challenge.save()
    sentence = gettext_lazy("Challenge archivé : %(reason)s")
    announce(challenge=challenge, sentence=sentence, at=now, reason=reason)
    record("challenge.archived", by=by, on=challenge, reason=reason, results_published=published)
    return challenge


def _refuse_grace(phases: Iterable[Phase], at: datetime) -> None:
    """Refuse while a file whose upload began before a close may still end."""
    for phase in phases:
        ends = phase.grace_ends_at
        if ends is not None and phase.is_in_grace(at):
            raise Conflict(
                _(
                    "Des envois commencés avant la clôture peuvent encore arriver, jusqu’au "
                    "%(date)s."
                )
                % {"date": clock.paris_text(ends)},
                code="phase_in_grace",
            )
