"""Reveal the private part of a phase: an organiser proposes, another person confirms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges import rules
from challenges.actions import standings
from challenges.actions.findings import Finding
from challenges.actions.findings import release as release_findings
from challenges.enums import (
    ChallengeStatus,
    JobKind,
    NoticeKind,
)
from challenges.models import (
    Challenge,
    Job,
    Leaderboard,
    Phase,
    Reveal,
    Rung,
    Score,
)
from challenges.models.listings import Listing, outcome_digest
from challenges.organising.actions.challenges import close_challenge_if_over, note_revealed
from challenges.organising.actions.notices import announce
from challenges.queries.reveals import obstacles
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.receipts import actions as receipts
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict

Boards = Sequence[tuple[Listing, Sequence[standings.Line], dict[str, Any]]]


@dataclass(frozen=True)
class Final:
    """All that the final results of a phase release.

    own: the public figures that a Ladder did not show, by evaluation. boards: of both parts.
    """

    scores: Sequence[Score]
    own: Mapping[UUID, dict[str, Any]]
    boards: Boards
    findings: Sequence[Finding] = ()


def release(phase: Phase, final: Final, *, at: datetime) -> None:
    """Write the final results of a phase, in the caller's transaction; what was told stays.

    In order: private scores and group figures; own figures; fairness audits and details; score
    receipts reissued; boards.
    """
    with immutable.writes(Score, Rung):
        Score.objects.bulk_create(final.scores, ignore_conflicts=True)
        for evaluation_id, figures in final.own.items():
            Rung.objects.filter(evaluation_id=evaluation_id).update(own=figures)
    release_findings(final.findings, at=at)
    receipts.reissue_score_receipts(phase, at=at)
    for found, lines, board_facts in final.boards:
        standings.write(Leaderboard.objects.locked(found.board), found, lines, board_facts)


@transaction.atomic
def propose(*, phase: Phase, by: User) -> Reveal:
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
def confirm(*, phase: Phase, by: User) -> Reveal:
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
    if reveal.proposed_by_id == by.pk:
        raise Conflict(_("Il faut deux personnes différentes."), code="takes_two")
    if reveal.confirmed_by_id is not None:
        if reveal.confirmed_by_id != by.pk:
            raise Conflict(_("Cette publication est déjà confirmée."), code="reveal_confirmed")
        if reveal.executed_at is None:  # a job that died is given another life
            jobs.revive(kind=JobKind.REVEAL, subject_id=reveal.pk, dedup_key=str(reveal.pk))
        return reveal
    _refuse_archived(phase)
    _refuse_unready(phase)
    reveal.confirmed_by_id, reveal.confirmed_at = by.pk, clock.now()
    reveal.inputs_digest = outcome_digest(phase)
    reveal.save()
    jobs.revive(kind=JobKind.REVEAL, subject_id=reveal.pk, dedup_key=str(reveal.pk))
    record("reveal.confirmed", by=by, on=reveal, phase=phase.index)
    return reveal


@transaction.atomic
def execute(*, job: Job, reveal: Reveal, final: Final) -> bool:
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
    if reveal.executed_at is not None or reveal.confirmed_at is None:
        return reveal.executed_at is not None
    challenge = Challenge.objects.locked(phase.challenge)
    if challenge.status == ChallengeStatus.SUSPENDED:
        return _set_back(reveal, "suspended")
    if outcome_digest(phase) != reveal.inputs_digest:
        return _set_back(reveal, "changed")
    now = clock.now()
    release(phase, final, at=now)
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
    reveal.confirmed_by = reveal.confirmed_at = None
    reveal.inputs_digest, reveal.set_back = "", reason
    reveal.save()
    record("reveal.set_back", by=WORKER, on=reveal, reason=reason)
    owe("mail.reveal_proposed", key=f"{reveal.pk}:{again}", reveal_id=reveal.pk, again=again)
    return False
