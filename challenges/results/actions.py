"""Boards stored, a Ladder settled, final results revealed by two people, certificates, cards.

The rows of a board are those that the worker computed from one state of its inputs; what a Ladder
shows of a team's entries is settled in order of receipt; each is written once.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.contributions.actions import drafts
from catalogue.resources.enums import ResourceKind, UseCase
from challenges.entries.models import Entry
from challenges.evaluation.actions import evaluations
from challenges.evaluation.models import Evaluation, Rung, Score
from challenges.organising.actions.challenges import close_challenge_if_over, note_revealed
from challenges.organising.actions.notices import announce
from challenges.organising.enums import ChallengeStatus, NoticeKind
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Leaderboard, PhaseTask, answer_text, in_words
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
from challenges.results.models.certificates import Certificate, EntryCard, FairnessAudit
from challenges.results.queries import reports as reads
from challenges.results.queries.reports import obstacles
from challenges.teams.models import Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import canonical, clock, immutable
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
    now, of_references = clock.now(), found.reference_teams
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
        "references": [row.position for row in rows if row.team_id in of_references],
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
    of_references = found.reference_teams
    references = (
        figure for figure, row in zip(figures, rows, strict=True) if row.team_id in of_references
    )
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
        write_rung(task.phase, each)
    return True


def write_rung(phase: Phase, settled: SettledRung, *, sign: bool = True) -> None:
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


@dataclass(frozen=True)
class Finding:
    """What is told of one evaluation, as it may be read.

    audit: None when the contract declares none.
    """

    evaluation: Evaluation
    audit: Mapping[str, Any] | None


def release_findings(found: Sequence[Finding], *, at: datetime) -> None:
    """Write findings once, in the caller's transaction; one already written stays."""
    audits = [
        FairnessAudit(
            evaluation=each.evaluation,
            record=each.audit,
            sha256=canonical.digest(each.audit),
            released_at=at,
        )
        for each in found
        if each.audit is not None
    ]
    with immutable.writes(FairnessAudit):
        FairnessAudit.objects.bulk_create(audits, ignore_conflicts=True)


Boards = Sequence[tuple[Listing, Sequence[Standing], dict[str, Any]]]


@dataclass(frozen=True)
class FinalResults:
    """All that the final results of a phase release.

    own: the public figures that a Ladder did not show, by evaluation. boards: of both parts.
    """

    scores: Sequence[Score]
    own: Mapping[UUID, dict[str, Any]]
    boards: Boards
    findings: Sequence[Finding] = ()


def release_results(phase: Phase, final: FinalResults, *, at: datetime) -> None:
    """Write the final results of a phase, in the caller's transaction; what was told stays.

    In order: private scores and group figures; own figures; fairness audits and details; score
    receipts reissued; boards.
    """
    with immutable.writes(Score, Rung):
        Score.objects.bulk_create(final.scores, ignore_conflicts=True)
        for evaluation_id, figures in final.own.items():
            Rung.objects.filter(evaluation_id=evaluation_id).update(own=figures)
    release_findings(final.findings, at=at)
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


log = logging.getLogger("challenges.certificates")
# In one transaction: the journal is written by one at a time.
TOLD_AT_ONCE = 50


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


def review_certificates() -> int:
    """Write which certificates in force stopped saying what the final board does, or do again.

    Call it outside any transaction. The boards are read in none, once each; what changed is
    written by short ones, so that nobody waits for all of it to write into the journal. In
    order, for each that changed: event "certificate.revoked" or "certificate.restored". Nothing
    is rewritten: what is signed stays. A phase that fails is logged and stops no other, the next
    hour reads it again. Returns how many changed.
    """
    changed = 0
    signed = Certificate.objects.in_force().order_by().values("phase")
    phases = Phase.objects.filter(pk__in=signed).select_related("reveal", "challenge__organiser")
    for phase in phases.order_by("pk"):
        try:
            changed += _review_phase(phase)
        except Exception:  # the boundary of a phase: one that fails stops no other
            log.exception("certificates of phase %s are not reviewed", phase.pk)
    return changed


def _review_phase(phase: Phase) -> int:
    heads = list(Certificate.objects.in_force().filter(phase=phase).order_by("pk"))
    for each in heads:
        each.phase = phase  # one, whose board and reveal are read once
    fallen = certified.fallen(heads)
    revoked = certified.told_revoked(heads)
    moved = [each.pk for each in heads if (each.pk in fallen) != (each.pk in revoked)]
    return sum(
        _tell_certificates(moved[start : start + TOLD_AT_ONCE], fallen, phase)
        for start in range(0, len(moved), TOLD_AT_ONCE)
    )


@transaction.atomic
def _tell_certificates(moved: Collection[UUID], fallen: Collection[UUID], phase: Phase) -> int:
    """Write what became of these, unless another run of the duty has told it since."""
    Phase.objects.locked(phase)  # the certificates themselves cannot be: no role may change one
    rows = list(Certificate.objects.in_force().filter(pk__in=moved).order_by("pk"))
    revoked = certified.told_revoked(rows)
    untold = [each for each in rows if (each.pk in fallen) != (each.pk in revoked)]
    for each in untold:
        verb = "certificate.revoked" if each.pk in fallen else "certificate.restored"
        record(verb, by=WORKER, on=each, phase=phase.index, serial=each.serial)
    return len(untold)


def _make_certificate(
    team: Team, phase: Phase, stated: dict[str, Any], last: Certificate | None
) -> Certificate:
    payload = {"kind": "certificate", "version": 1, **stated}
    signed = receipts.sign_next(payload, last, at=clock.now(), to="seconds")
    return Certificate(team=team, phase=phase, entry_id=stated["entry"], **signed)


CARD_TITLE_CHARACTERS, CARD_SUMMARY_CHARACTERS = 120, 280
# The use cases of the programme: a challenge numbers them, the catalogue names them.
USE_CASES = dict(zip((f"UC{n}" for n in range(1, 7)), UseCase, strict=True))


@transaction.atomic
def propose_card(*, team: Team, phase: Phase, kind: str, by: User) -> EntryCard:
    """Open a draft of a card, prefilled from the challenge and from the fact sheet.

    By a captain, or by an organiser whom the team permits. In order: draft in the actor's name;
    card; event "card.proposed". A second time gives the same card back. Raises NotAllowed;
    Invalid for another kind; Conflict when the team is not of the first rank.
    """
    team = Team.objects.locked(team)
    require(rules.may_propose_card, by, team)
    known = EntryCard.objects.filter(team=team, phase=phase).first()
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
    entry = Entry.objects.get(pk=stated["entry"])
    chosen = ResourceKind(kind)
    contribution = drafts.start(kind=chosen, by=by, **_card_values(team, phase, entry, chosen))
    made = EntryCard.objects.create(
        team=team,
        phase=phase,
        entry=entry,
        resource=contribution.resource,
        proposed_by=by,
        proposed_at=clock.now(),
    )
    record("card.proposed", by=by, on=team, phase=phase.index, kind=chosen.value)
    return made


def _card_values(team: Team, phase: Phase, entry: Entry, kind: ResourceKind) -> dict[str, Any]:
    challenge = phase.challenge
    values: dict[str, Any] = {
        "title": f"{challenge.title} : {team.name}"[:CARD_TITLE_CHARACTERS],
        "summary": challenge.summary[:CARD_SUMMARY_CHARACTERS],
        "description": _card_description(entry),
        "authors": [team.name],
        "use_cases": [USE_CASES[n].value for n in challenge.use_cases if n in USE_CASES],
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
