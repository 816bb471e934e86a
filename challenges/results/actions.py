"""Settle the results of a phase: boards, Ladder, reveal, certificates, cards, choices taken over.

The rows of a board are those that the worker computed from one state of its inputs; what a Ladder
shows of a team's entries is settled in order of receipt; each is written once.
"""

import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.contributions.actions import drafts
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource
from challenges.entries.actions import deposits
from challenges.entries.models import Entry
from challenges.evaluation.actions import evaluations
from challenges.evaluation.models import Evaluation, Rung, Score
from challenges.organising.actions.challenges import close_challenge_if_over, note_revealed
from challenges.organising.actions.notices import announce
from challenges.organising.enums import ChallengeStatus, NoticeKind, PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Leaderboard, PhaseTask, answer_text, in_words
from challenges.organising.words import CASES
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind, JobState
from challenges.queue.models import Job
from challenges.receipts import actions as receipts
from challenges.results import rules
from challenges.results.models import certificates as certified
from challenges.results.models.boards import (
    Chain,
    Listing,
    Reveal,
    Standing,
    chain,
    listing,
    outcome_digest,
)
from challenges.results.models.certificates import Certificate, FairnessAudit
from challenges.results.queries import reports as reads
from challenges.results.queries.reports import obstacles
from challenges.results.queries.takeovers import choices_to_take_over, teams_left_behind
from challenges.teams.models import Enrolment, Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints, immutable
from portal.lib.refusals import Conflict, Invalid

# What a winning entry may become in the catalogue.
CARD_KINDS = (ResourceKind.SOLUTION, ResourceKind.ALGORITHM, ResourceKind.MODEL)


@transaction.atomic
def begin_standings(*, job: Job) -> bool:
    """Start a recomputation; the jobs that wait for the same are answered by this one.

    A job put after this instant tells of a change that may not be seen here: it stays.
    """
    if not jobs.fence(job):
        return False
    Job.objects.filter(
        kind=JobKind.STANDINGS, subject_id=job.subject_id, state=JobState.READY
    ).update(state=JobState.DONE, finished_at=clock.now())
    return True


@transaction.atomic
def store_board(
    *, job: Job, found: Listing, rows: Sequence[Standing], facts: dict[str, Any]
) -> bool:
    """Replace the rows of a board; False, and nothing written, when the inputs have moved.

    In order: board locked; digest compared; rows replaced; facts. The caller ends the job.
    """
    if not jobs.fence(job):
        return False
    board = Leaderboard.objects.locked(found.board)
    if listing(board, found.split).digest != found.digest:
        return False
    write_board(board, found, rows, facts)
    return True


def write_board(
    board: Leaderboard, found: Listing, rows: Sequence[Standing], facts: dict[str, Any]
) -> None:
    """Write the rows of a locked board, in the caller's transaction."""
    now = clock.now()
    board.standings.filter(split=found.split).delete()
    for row in rows:
        row.computed_at = now
    Standing.objects.bulk_create(rows)
    board.facts[found.split.value] = {
        **facts,
        "axis": _board_axis(found, rows),
        "digest": found.digest,
        "computed_at": now.isoformat(),
        "rows": len(rows),
        "references": [row.position for row in rows if not row.competes],
    }
    board.save(update_fields=["facts"])


def _board_axis(found: Listing, rows: Sequence[Standing]) -> dict[str, Any]:
    """Return the ends of all figures and intervals, the value to beat, whether rows have intervals.

    A page of a board draws on one axis without reading the other rows.
    """
    key = found.primary.key if found.primary else ""
    figures = [row.cells.get(key, {}).get("value") for row in rows]
    ends = [end for row in rows for end in (row.interval_low, row.interval_high)]
    known = [end for end in (*figures, *ends) if end is not None]
    references = (figure for figure, row in zip(figures, rows, strict=True) if not row.competes)
    return {
        "low": min(known, default=None),
        "high": max(known, default=None),
        "reference": next(references, None),
        "intervals": any(row.interval_low is not None for row in rows),
    }


@dataclass(frozen=True)
class SettledRung:
    """What a team is shown for one evaluation.

    leader: the evaluation the figures come from, None when the team has no figure yet.
    figures, intervals: its public figures, to round once. provenance: what scored the evaluation
    itself, for its receipt.
    """

    evaluation: Evaluation
    improved: bool
    leader: Evaluation | None
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Any]
    provenance: Mapping[str, Any]


@transaction.atomic
def settle_ladder(
    *, job: Job, task: PhaseTask, read: Chain, settled: Sequence[SettledRung]
) -> bool:
    """Release what the Ladder shows; False, and nothing written, when the team has moved.

    In order: the evaluations to settle locked; the team's entries read again; rungs; public
    scores rounded once; score receipts; events "entry.settled". False too when the lease was
    lost.
    """
    if not jobs.fence(job):
        return False
    mine = Evaluation.objects.filter(pk__in=[each.pk for each in read.waiting])
    list(mine.select_for_update().order_by("pk"))  # another settlement waits here
    if chain(read.enrolment, task).state != read.state:
        return False
    for each in settled:
        write_rung(each)
    return True


def write_rung(settled: SettledRung, *, sign: bool = True) -> None:
    """Write what a Ladder shows of one evaluation, in the caller's transaction.

    sign: False where the transaction is taken back: no receipt, no event.
    """
    now, evaluation = clock.now(), settled.evaluation
    scores = evaluations.public_scores(evaluation, settled.figures, settled.intervals, at=now)
    with immutable.writes(Rung, Score):
        Rung.objects.create(
            evaluation=evaluation,
            improved=settled.improved,
            leader=settled.leader,
            settled_at=now,
        )
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if not sign:
        return
    said = {"improved": settled.improved, "leader": _leader_number(settled)}
    evaluations.issue_score_receipt(
        evaluation, scores, provenance=settled.provenance, ladder=said, at=now
    )
    record("entry.settled", by=WORKER, on=evaluation.entry, improved=settled.improved)


def _leader_number(settled: SettledRung) -> int | None:
    return settled.leader.entry.number if settled.leader else None


Boards = Sequence[tuple[Listing, Sequence[Standing], dict[str, Any]]]


@dataclass(frozen=True)
class FinalResults:
    """All that the final results of a phase release.

    own: the public figures that a Ladder did not show, by evaluation. boards: of both parts.
    """

    scores: Sequence[Score]
    own: Mapping[UUID, dict[str, Any]]
    boards: Boards
    findings: Sequence[FairnessAudit] = ()


def release_results(phase: Phase, final: FinalResults, *, at: datetime) -> None:
    """Write the final results of a phase, in the caller's transaction; what was told stays.

    In order: private scores and group figures; own figures; fairness audits and details; score
    receipts reissued; boards.
    """
    with immutable.writes(Score, Rung):
        Score.objects.bulk_create(final.scores, ignore_conflicts=True)
        for evaluation_id, figures in final.own.items():
            Rung.objects.filter(evaluation_id=evaluation_id).update(own=figures)
    for each in final.findings:
        each.released_at = at
    with immutable.writes(FairnessAudit):
        FairnessAudit.objects.bulk_create(final.findings, ignore_conflicts=True)
    evaluations.reissue_score_receipts(phase, at=at)
    for found, rows, board_facts in final.boards:
        write_board(Leaderboard.objects.locked(found.board), found, rows, board_facts)


@transaction.atomic
def propose_reveal(*, phase: Phase, by: User) -> Reveal:
    """Propose to reveal: by an organiser, after the close and its grace, nothing undecided.

    In order: reveal; event "reveal.proposed"; letter to the Region. Twice changes nothing.
    Raises NotAllowed, Conflict.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_propose_reveal, by, phase)
    existing = Reveal.objects.filter(phase=phase).first()
    if existing is not None:
        return existing
    _refuse_archived(phase)
    _refuse_unready(phase)
    close_challenge_if_over(phase.challenge, by=by)
    reveal = Reveal.objects.create(phase=phase, proposed_by_id=by.pk, proposed_at=clock.now())
    record("reveal.proposed", by=by, on=reveal, phase=phase.index)
    owe("mail.reveal_proposed", key=str(reveal.pk), reveal_id=reveal.pk)
    return reveal


def _refuse_archived(phase: Phase) -> None:
    """Refuse once the challenge is archived; hold it, so that it is not meanwhile."""
    phase.challenge = Challenge.objects.locked(phase.challenge)
    if phase.challenge.status == ChallengeStatus.ARCHIVED:
        raise Conflict(
            _("Ce challenge est archivé : ses résultats ne se publient plus."),
            code="challenge_archived",
        )


def _refuse_unready(phase: Phase) -> None:
    found = next(obstacles(phase, clock.now()), None)
    if found is not None:
        raise Conflict(found.sentence, code=found.code, **found.facts)


@transaction.atomic
def confirm_reveal(*, phase: Phase, by: User) -> Reveal:
    """Confirm a proposed reveal: by a person of the Region, not an organiser, not the proposer.

    In order: reveal confirmed, with the digest of what it is confirmed on; job "reveal"; event
    "reveal.confirmed". Twice by the same person changes nothing, but gives a dead job another
    life. Raises NotAllowed, Conflict.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_confirm_reveal, by, phase)
    reveal = Reveal.objects.select_for_update().filter(phase=phase).first()
    if reveal is None:
        raise Conflict(_("Personne n’a proposé cette publication."), code="reveal_not_proposed")
    reveal.refuse_proposer(by)
    if reveal.decided_by_id is not None:
        if reveal.decided_by_id != by.pk:
            raise Conflict(_("Cette publication est déjà confirmée."), code="reveal_confirmed")
        if reveal.executed_at is None:  # a job that died is given another life
            jobs.revive(kind=JobKind.REVEAL, subject_id=reveal.pk)
        return reveal
    _refuse_archived(phase)
    _refuse_unready(phase)
    reveal.decide(by, clock.now())
    reveal.inputs_digest = outcome_digest(phase)
    reveal.save()
    jobs.revive(kind=JobKind.REVEAL, subject_id=reveal.pk)
    record("reveal.confirmed", by=by, on=reveal, phase=phase.index)
    return reveal


@transaction.atomic
def reveal(*, job: Job, reveal: Reveal, final: FinalResults) -> bool:
    """Release everything at once; False when nothing was released.

    In order: job done; all that `release` writes; reveal executed; challenge REVEALED when no
    phase is left; notice; letter; event "phase.revealed". Nothing is written when the lease was
    lost. When the challenge was suspended, or what the confirmation was given on has moved, the
    confirmation is set back: event "reveal.set_back", letter to the Region.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    phase = Phase.objects.locked(reveal.phase)
    reveal = Reveal.objects.select_for_update().get(pk=reveal.pk)
    if reveal.executed_at is not None or reveal.decided_at is None:
        return reveal.executed_at is not None
    challenge = Challenge.objects.locked(phase.challenge)
    if challenge.status == ChallengeStatus.SUSPENDED:
        return _set_back(reveal, "suspended")
    if outcome_digest(phase) != reveal.inputs_digest:
        return _set_back(reveal, "changed")
    now = clock.now()
    release_results(phase, final, at=now)
    reveal.executed_at, reveal.set_back = now, ""
    reveal.save()
    note_revealed(challenge)
    announce(
        challenge=challenge,
        kind=NoticeKind.SCORING,
        sentence=gettext_lazy("Les résultats définitifs de « %(name)s » sont publiés."),
        at=now,
        name=phase.name,
    )
    record("phase.revealed", by=WORKER, on=reveal, phase=phase.index, scores=len(final.scores))
    owe("mail.phase_revealed", key=str(reveal.pk), reveal_id=reveal.pk)
    return True


def _set_back(reveal: Reveal, reason: str) -> bool:
    """Ask for another confirmation: what the first one was given on does not hold any more."""
    again = clock.now().isoformat()
    reveal.decided_by = reveal.decided_at = None
    reveal.inputs_digest, reveal.set_back = "", reason
    reveal.save()
    record("reveal.set_back", by=WORKER, on=reveal, reason=reason)
    owe("mail.reveal_proposed", key=f"{reveal.pk}:{again}", reveal_id=reveal.pk, again=again)
    return False


log = logging.getLogger("challenges.results")


@transaction.atomic
def issue_certificate(*, team: Team, phase: Phase, by: User) -> Certificate:
    """Issue what a team obtained in a revealed phase, by a member or the Region.

    In order: certificate; event "certificate.issued". Twice changes nothing while what it
    states is the same. Raises NotAllowed; Conflict when none is due.
    """
    team = Team.objects.locked(team)
    require(rules.may_read_certificate, by, team)
    stated = certified.stated(team, phase)
    if stated is None:
        raise Conflict(
            _("Aucun certificat n’est dû à cette équipe pour cette phase."),
            code="certificate_not_due",
        )
    last = reads.certificate_in_force(team, phase)
    if last is not None and certified.same(stated, certified.payload_of(last), stated):
        return last
    made = _make_certificate(team, phase, stated, last)
    with immutable.writes(Certificate):
        made.save(force_insert=True)
    record("certificate.issued", by=by, on=made, phase=phase.index, serial=made.serial)
    return made


def _make_certificate(
    team: Team, phase: Phase, stated: dict[str, Any], last: Certificate | None
) -> Certificate:
    payload = {"kind": "certificate", "version": 1, **stated}
    signed = receipts.sign_next(payload, last, at=clock.now(), to="seconds")
    return Certificate(team=team, phase=phase, entry_id=stated["entry"], **signed)


CARD_TITLE_CHARACTERS, CARD_SUMMARY_CHARACTERS = 120, 280


@transaction.atomic
def propose_card(*, team: Team, phase: Phase, kind: str, by: User) -> Resource:
    """Open a draft of a card, prefilled from the challenge and from the fact sheet.

    By a captain, or by an organiser whom the team permits. In order: draft in the actor's name;
    card; event "card.proposed". A second time gives the same card back. Raises NotAllowed;
    Invalid for another kind; Conflict when the team is not of the first rank.
    """
    team = Team.objects.locked(team)
    require(rules.may_propose_card, by, team)
    known = certified.card_of(team, phase)
    if known is not None:
        return known
    if kind not in CARD_KINDS:
        raise Invalid(_("Choisissez une solution, un algorithme ou un modèle."), code="card_kind")
    stated = certified.stated(team, phase)
    if stated is None or stated["rank"] != 1:
        raise Conflict(
            _("Seule une équipe du premier rang du classement définitif propose une fiche."),
            code="card_not_due",
        )
    entry = Entry.objects.select_for_update().get(pk=stated["entry"])
    chosen = ResourceKind(kind)
    contribution = drafts.start(kind=chosen, by=by, **_card_values(team, phase, entry, chosen))
    entry.card = contribution.resource
    entry.save(update_fields=["card"])
    record("card.proposed", by=by, on=team, phase=phase.index, kind=chosen.value)
    return entry.card


def _card_values(team: Team, phase: Phase, entry: Entry, kind: ResourceKind) -> dict[str, Any]:
    challenge = phase.challenge
    values: dict[str, Any] = {
        "title": f"{challenge.title} : {team.name}"[:CARD_TITLE_CHARACTERS],
        "summary": challenge.summary[:CARD_SUMMARY_CHARACTERS],
        "description": _card_description(entry),
        "authors": [team.name],
        "use_cases": [CASES[n].value for n in challenge.use_cases if n in CASES],
        "languages": [challenge.language],
    }
    if kind is ResourceKind.SOLUTION:
        values |= {
            "needs_served": challenge.summary,
            "maturity": "prototype",
            "origin_challenge": challenge.title,
        }
    return values


def _card_description(entry: Entry) -> str:
    """Write the answers of the fact sheet as sections; the author goes on from there."""
    questions = entry.enrolment.phase.challenge.fact_sheet
    return "\n\n".join(
        f"### {question.get('label') or question['key']}\n\n{in_words(told)}"
        for question in questions
        if (told := answer_text(entry.fact_sheet.get(question["key"])))
    )


def refuse_undecided(challenge: Challenge) -> None:
    """Raise Conflict while a confirmed publication of results goes on."""
    confirmed = Reveal.objects.filter(decided_at__isnull=False, executed_at__isnull=True)
    if confirmed.filter(phase__challenge=challenge).exists():
        raise Conflict(
            _("Une publication des résultats est confirmée : laissez-la se terminer."),
            code="reveal_waiting",
        )


SCHEDULER = SystemActor("scheduler")


def take_over(*, phase: Phase) -> int:
    """Copy the final choices of the former phase that are not copied yet; return how many.

    Nothing before this phase has opened and the former one has taken its last entry, grace
    included. A team whose entries are not all scored waits for its own; the others do not. One
    transaction a team, so that nobody waits for all of them; one that fails is logged and stops
    no other. In order, for each team: its enrolments locked; for each choice, entry of the same
    file, without a slot, its receipt, job "check"; events "entry.taken_over". Once nothing is
    left: the date, event "phase.taken_over". A second call, or one after a breakdown, copies what
    is missing and nothing twice; after the date, what a decision brought back on the boards.
    """
    source = phase.migrate_from
    if source is None or not _may_take_over(phase, source):
        return 0
    taken = 0
    for team_id in sorted(choices_to_take_over(phase)):
        try:
            taken += _take_over_team(phase, source, team_id)
        except Exception:  # the boundary of a team: one that fails stops no other
            log.exception("phase %s takes over nothing of team %s", phase.pk, team_id)
    _date_takeover(phase, source)
    return taken


@transaction.atomic
def _date_takeover(phase: Phase, source: Phase) -> None:
    """Date the end of the copies, once nothing is left; again after those that came back."""
    phase = Phase.objects.locked(phase)
    at = clock.now()
    unfinished = Entry.objects.filter(enrolment__phase=source).without_outcome()
    if unfinished.exists() or choices_to_take_over(phase):
        return
    is_first = phase.migrated_at is None
    phase.migrated_at = at
    phase.save(update_fields=["migrated_at"])
    if is_first:
        record("phase.taken_over", by=SCHEDULER, on=phase, source=source.index)


@transaction.atomic
def end_takeover(*, phase: Phase, by: User) -> None:
    """Go on without the choices that could not be taken over, by an organiser.

    The teams keep their results in the former phase. In order: the date; event
    "phase.takeover_ended" with the teams. Raises NotAllowed; Conflict before the phase and the
    former one are over, while scores are awaited, and when nothing is left.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_propose_reveal, by, phase)
    now, source = clock.now(), phase.migrate_from
    teams = teams_left_behind(phase) if source is not None and _may_take_over(phase, source) else []
    if phase.moment(now) != PhaseMoment.CLOSED or phase.is_in_grace(now) or not teams:
        raise Conflict(
            _("Il n’y a pas de choix à laisser : ceux qui manquent sont repris, ou attendus."),
            code="takeover_not_stuck",
        )
    phase.migrated_at = now
    phase.save(update_fields=["migrated_at"])
    record("phase.takeover_ended", by=by, on=phase, teams=[team.slug for team in teams])


def _may_take_over(phase: Phase, source: Phase) -> bool:
    now = clock.now()
    opened = phase.moment(now) in {PhaseMoment.OPEN, PhaseMoment.CLOSED}
    ended = source.moment(now) == PhaseMoment.CLOSED and not source.is_in_grace(now)
    return opened and ended


@transaction.atomic
def _take_over_team(phase: Phase, source: Phase, team_id: int) -> int:
    phase = Phase.objects.share_locked(phase.pk)
    team = Team.objects.get(pk=team_id)
    enrolment, _created = Enrolment.objects.get_or_create(phase=phase, team=team)
    Enrolment.objects.all_locked([source.pk, phase.pk], team.pk)
    sent = Entry.objects.filter(enrolment__phase=source, enrolment__team=team)
    if sent.without_outcome().exists():
        return 0
    chosen = choices_to_take_over(phase, team.pk).get(team.pk, [])  # as they are under the locks
    formers = Entry.objects.filter(pk__in=chosen).order_by("received_at", "pk")
    copies = [_copy_entry(phase, team, enrolment, former) for former in formers]
    for entry in copies:  # the journal last: whoever else writes into it waits until the end
        record(
            "entry.taken_over",
            by=SCHEDULER,
            on=entry,
            team=team.slug,
            number=entry.number,
            former=str(entry.migrated_from_id),
            sha256=entry.sha256,
        )
    failpoints.hit("takeover.before_commit")
    return len(copies)


def _copy_entry(phase: Phase, team: Team, enrolment: Enrolment, former: Entry) -> Entry:
    received_at = deposits.strictly_later(enrolment, clock.now())
    entry = Entry(
        enrolment=enrolment,
        number=deposits.next_number(enrolment),
        submitted_by_id=former.submitted_by_id,
        idempotency_key=f"{deposits.TAKEN_OVER}{former.pk.hex}-{secrets.token_hex(8)}",
        sha256=former.sha256,
        size=former.size,
        original_name=former.original_name,
        received_at=received_at,
        first_byte_at=former.first_byte_at,
        quota_day=clock.paris_day(received_at),
        status_since=received_at,
        fact_sheet=former.fact_sheet,
        note=former.note,
        migrated_from=former,
    )
    terms = (json.loads(former.receipt).get("payload") or {}).get("terms") or {}
    entry.receipt = deposits.deposit_receipt(entry, phase, team, terms)
    entry.save(force_insert=True)
    deposits.queue_check(entry)
    return entry
