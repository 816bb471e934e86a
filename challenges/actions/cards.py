"""Propose a card of the catalogue for a winning entry; the Region reviews it as any other."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.actions import contributions
from catalogue.enums import ResourceKind, UseCase
from challenges import rules
from challenges.models import Entry, EntryCard, Phase, Team
from challenges.models.board import in_words, told_answer
from challenges.organising.queries import KINDS
from challenges.queries import certificates
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

TITLE, SUMMARY = 120, 280
# The use cases of the programme: a challenge numbers them, the catalogue names them.
USE_CASES = dict(zip((f"UC{n}" for n in range(1, 7)), UseCase, strict=True))


@transaction.atomic
def propose(*, team: Team, phase: Phase, kind: str, by: User) -> EntryCard:
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
    if kind not in KINDS:
        raise Invalid(_("Choisissez une solution, un algorithme ou un modèle."), code="card_kind")
    stated = certificates.stated(team, phase)
    if stated is None or stated["rank"] != 1:
        raise Conflict(
            _("Seule une équipe du premier rang du classement définitif propose une fiche."),
            code="card_not_due",
        )
    entry = Entry.objects.get(pk=stated["entry"])
    chosen = ResourceKind(kind)
    contribution = contributions.start(kind=chosen, by=by, **_values(team, phase, entry, chosen))
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


def _values(team: Team, phase: Phase, entry: Entry, kind: ResourceKind) -> dict[str, Any]:
    challenge = phase.challenge
    values: dict[str, Any] = {
        "title": f"{challenge.title} : {team.name}"[:TITLE],
        "summary": challenge.summary[:SUMMARY],
        "description": _description(entry),
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


def _description(entry: Entry) -> str:
    """Write the answers of the fact sheet as sections; the author goes on from there."""
    questions = entry.enrolment.phase.challenge.fact_sheet
    return "\n\n".join(
        f"### {question.get('label') or question['key']}\n\n{in_words(told)}"
        for question in questions
        if (told := told_answer(entry.fact_sheet.get(question["key"])))
    )
