"""Prepare the panels of the cockpit: each phase, the state of the entries."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from challenges import rules
from challenges.enums import ChallengeStatus, PhaseMoment
from challenges.enums.rescorings import RescoringState
from challenges.models import Challenge, Entry, Phase, Rescoring
from challenges.organising import queries as organising
from challenges.queries import certificates
from challenges.queries.reveals import obstacles as first_of
from challenges.queries.reveals import undecided_of
from challenges.queries.takeovers import stuck
from portal.accounts.authorization import Permission, has_permission


def phase_row(
    phase: Phase, challenge: Challenge, by: Any, now: Any, *, apart: bool
) -> dict[str, Any]:
    """Prepare one phase of the cockpit: where it stands and what this person may do.

    apart: it is scored otherwise than the first one.
    """
    moment = phase.moment(now)
    reveal = getattr(phase, "reveal", None)
    over = moment is PhaseMoment.CLOSED
    ended = challenge.status == ChallengeStatus.ARCHIVED
    in_grace = phase.is_in_grace(now)
    proposes = (
        over
        and not ended
        and not in_grace
        and reveal is None
        and rules.may_propose_reveal(by, phase)
    )
    confirms = (
        not ended
        and reveal is not None
        and reveal.confirmed_at is None
        and reveal.proposed_by_id != by.pk
        and rules.may_confirm_reveal(by, phase)
    )
    first = obstacles(phase, challenge, by, now) if proposes or confirms else []
    return {
        "phase": phase,
        "moment": moment,
        "may_date": not over and rules.may_edit_challenge(by, challenge),
        "reveal": reveal,
        "winners": certificates.cards_to_propose(phase, by) if reveal else [],
        "in_grace": in_grace,
        "may_close": moment is PhaseMoment.OPEN
        and phase.closes_at is None
        and rules.may_close_phase(by, phase),
        "obstacles": first,
        "left_behind": stuck(phase) if proposes and first else [],
        "may_propose": proposes and not first,
        "may_confirm": confirms and not first,
    }


# Where what must end before the results is to be read, or decided.
LEADS = {
    "rescoring_open": "rescorings",
    "disqualification_open": "disqualification_proposals",
    "choices_not_taken_over": "pipeline",
    "entries_unfinished": "pipeline",
    "scores_unsettled": "pipeline",
}


def obstacles(phase: Phase, challenge: Challenge, by: Any, now: Any) -> list[tuple[str, str]]:
    """List what the results of a phase wait for, each with the page that tells of it, or ""."""
    return [(each.sentence, _lead(each.code, challenge, by)) for each in first_of(phase, now)]


def _lead(code: str, challenge: Challenge, by: Any) -> str:
    if code not in LEADS:
        return ""
    if code == "disqualification_open" and not rules.may_edit_challenge(by, challenge):
        return reverse("challenges:disqualifications")
    return reverse(f"challenges:{LEADS[code]}", args=[challenge.slug])


def awaited(challenge: Challenge, by: Any, *, edits: bool) -> list[tuple[str, str]]:
    """List what waits in a challenge for a second person, each with the page that tells of it."""
    changes = Rescoring.objects.open().filter(phase__challenge=challenge).select_related("phase")
    found = [
        (
            WAITING[RescoringState(each.state)] % {"phase": each.phase.name},
            reverse("challenges:rescorings", args=[challenge.slug]),
        )
        for each in changes.order_by("phase__index")
    ]
    asked = undecided_of(challenge)
    if asked and (edits or has_permission(by, Permission.CHALLENGE_REVEAL)):
        sentence = ngettext(
            "%(n)s disqualification demandée attend la décision de la Région.",
            "%(n)s disqualifications demandées attendent la décision de la Région.",
            asked,
        )
        found.append((sentence % {"n": asked}, _lead("disqualification_open", challenge, by)))
    return found


WAITING = {
    RescoringState.PROPOSED: gettext_lazy(
        "« %(phase)s » : un changement de notation est proposé, l’organisation doit l’essayer."
    ),
    RescoringState.RUNNING: gettext_lazy(
        "« %(phase)s » : un changement de notation est essayé sur toutes les soumissions."
    ),
    RescoringState.READY: gettext_lazy(
        "« %(phase)s » : un changement de notation attend la décision de la Région."
    ),
    RescoringState.ACCEPTED: gettext_lazy(
        "« %(phase)s » : un changement de notation accepté n’est pas encore en vigueur."
    ),
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
    "fairness_idle": "write_fairness",
    "baseline": "write_files",
    "code_sample": "write_files",
    "code_inputs": "organiser",
    "quota": "write_phases",
    "attempts": "write_phases",
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
        for point in organising.checklist(challenge)
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
    return {
        "total": sum(counts.values()),
        "waiting": sum(
            counts.get(each, 0) for each in ("received", "checking", "queued", "scoring")
        ),
        "scored": counts.get("scored", 0),
        "rejected": counts.get("rejected", 0),
        "attention": counts.get("needs_attention", 0),
        "oldest": oldest.received_at if oldest else None,
    }
