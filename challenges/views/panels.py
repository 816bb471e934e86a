"""Prepare the panels of the cockpit: each phase, the state of the entries."""

from typing import Any

from django.urls import reverse

from challenges import rules
from challenges.enums import ChallengeStatus, PhaseMoment
from challenges.models import Challenge, Entry, Job, Phase
from challenges.queries import certificates, leaks, preparation


def phase_row(
    phase: Phase, challenge: Challenge, by: Any, now: Any, *, apart: bool
) -> dict[str, Any]:
    """Prepare one phase of the cockpit: where it stands and what this person may do.

    apart: it is scored otherwise than the first one.
    """
    moment = phase.moment(now)
    reveal = getattr(phase, "reveal", None)
    over = moment is PhaseMoment.CLOSED
    in_grace = phase.is_in_grace(now)
    return {
        "phase": phase,
        "moment": moment,
        "may_blur": challenge.status == ChallengeStatus.DRAFT
        and (phase.index == 0 or apart)
        and rules.may_edit_challenge(by, challenge),
        "may_date": not over and rules.may_edit_challenge(by, challenge),
        "reveal": reveal,
        "leak": _leak(phase),
        "winners": certificates.cards_to_propose(phase, by) if reveal else [],
        "in_grace": in_grace,
        "may_close": moment is PhaseMoment.OPEN
        and phase.closes_at is None
        and rules.may_close_phase(by, phase),
        "may_propose": over
        and not in_grace
        and reveal is None
        and rules.may_propose_reveal(by, phase),
        "may_confirm": reveal is not None
        and reveal.confirmed_at is None
        and reveal.proposed_by_id != by.pk
        and rules.may_confirm_reveal(by, phase),
    }


def _leak(phase: Phase) -> dict[str, Any]:
    """Say how much the public scores of a phase may tell of its answers."""
    found = leaks.budget_of(phase)
    if found is None:
        return {}
    return {
        "exceeded": found.is_exceeded,
        "sentence": leaks.sentence(found),
        "proposals": leaks.proposals(found),
    }


FIXES = {
    "page": "write_texts",
    "terms": "write_terms",
    "licence": "write_texts",
    "prizes": "write_texts",
    "prize_rule": "write_texts",
    "build": "write_scoring",
    "phase": "write_scoring",
    "scoring": "write_scoring",
    "primary": "write_scoring",
    "fairness": "write_fairness",
    "baseline": "write_files",
    "code_sample": "write_files",
    "code_inputs": "organiser",
    "quota": "write_phases",
    "leak": "write_phases",
    "opens": "organiser",
    "closes": "organiser",
}


def points(challenge: Challenge) -> list[dict[str, Any]]:
    """Prepare the checklist: each point, and where it is mended."""
    return [
        {
            "state": point.state,
            "sentence": point.sentence,
            "fix": reverse(f"challenges:{FIXES[point.key]}", args=[challenge.slug])
            if point.state != "ready" and point.key in FIXES
            else "",
        }
        for point in preparation.checklist(challenge)
    ]


def pipeline(challenge: Challenge) -> dict[str, Any]:
    """Count the entries by state, and say since when the oldest one waits."""
    entries = Entry.objects.filter(
        enrolment__phase__challenge=challenge, enrolment__team__is_baseline=False
    )
    counts: dict[str, int] = {}
    for status in entries.order_by().values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    oldest = entries.unfinished().order_by("received_at").first()
    dead = Job.objects.filter(state="dead").count()
    return {
        "counts": counts,
        "total": sum(counts.values()),
        "waiting": sum(
            counts.get(each, 0) for each in ("received", "checking", "queued", "scoring")
        ),
        "scored": counts.get("scored", 0),
        "rejected": counts.get("rejected", 0),
        "attention": counts.get("needs_attention", 0),
        "oldest": oldest.received_at if oldest else None,
        "dead": dead,
    }
