"""How much the public scores of a phase may tell about its answers, in words and per team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, F, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.enums import EvaluationState
from challenges.enums import Ladder as LadderRule
from challenges.models import Entry, Evaluation, Phase, Team
from challenges.scoring.ladder import Form, Ladder
from challenges.scoring.leakage import ALLOWED, Budget, Facts, Proposal, Remedy, budget, told
from portal.lib import clock

MOST_SHOWN = 10.0


def ladder_of(rule: str, step: float | None, z: float) -> Ladder | None:
    """Return the Ladder of a phase, None without one."""
    return None if rule == LadderRule.OFF else Ladder(Form(rule), step, z)


def attempts(
    total: int | None, per_day: int | None, opens: datetime | None, closes: datetime | None
) -> int | None:
    """Return how many entries a team may send in all, None without a limit."""
    found = [] if total is None else [total]
    if per_day == 0:
        found.append(0)
    elif per_day is not None and opens and closes:
        days = (clock.paris_day(closes) - clock.paris_day(opens)).days + 1
        found.append(per_day * max(days, 1))
    return min(found) if found else None


def facts_of(phase: Phase) -> Facts:
    """Return what the budget needs of a phase whose truth is compiled."""
    return replace(Facts.from_json(phase.leak_facts), epsilon=phase.privacy_epsilon)


@dataclass(frozen=True)
class Privacy:
    """Hold what blurred scores spend: epsilon by entry, in all where entries are limited, so far.

    scales: {figure key: scale of the noise} of the figures whose noise is added to the value.
    """

    epsilon: float
    most: float | None
    spent: float
    scales: dict[str, float]


def privacy_of(phase: Phase, team: Team | None = None) -> Privacy | None:
    """Return what a phase and a team of it spend, None where public figures are exact.

    Basic composition: every entry whose evaluation ended counts, copies of one file included.
    """
    epsilon = phase.privacy_epsilon
    if epsilon is None:
        return None
    allowed = attempts(phase.max_total, phase.max_per_day, phase.opens_at, phase.closes_at)
    facts = phase.leak_facts.get("columns", [])
    share = epsilon / max(len(facts), 1)
    scales = {each["key"]: each["delta"] / share for each in facts if "delta" in each}
    used = 0
    if team is not None:
        own = Entry.objects.of_team(team.pk).filter(enrolment__phase=phase)
        used = _ended(phase).filter(entry__in=own.values("pk")).count()
    return Privacy(epsilon, None if allowed is None else epsilon * allowed, epsilon * used, scales)


def budget_of(phase: Phase) -> Budget | None:
    """Return the leak budget of a phase, None until its truth is compiled."""
    if not phase.leak_facts:
        return None
    return budget(
        facts_of(phase),
        attempts(phase.max_total, phase.max_per_day, phase.opens_at, phase.closes_at),
        ladder_of(phase.ladder, phase.ladder_step, phase.ladder_z),
    )


def sentence(found: Budget) -> str:
    """Say what the attempts of a team may tell, out of what there is to tell."""
    facts = {
        "bits": _number(found.facts.label_bits),
        "units": _number(found.facts.units),
        "most": _percent(ALLOWED),
    }
    if found.attempts is None:
        return (
            _(
                "sans limite d’essais, les scores publics peuvent tout dire des %(bits)s bits des "
                "réponses publiques (%(units)s unités)"
            )
            % facts
        )
    facts["attempts"], facts["told"] = _number(found.attempts), _number(found.told)
    facts["share"] = _percent(found.share)
    return (
        ngettext(
            "%(attempts)s essai dit au plus %(told)s bits, soit %(share)s des %(bits)s bits des "
            "réponses publiques (%(units)s unités) ; %(most)s au plus sont conseillés",
            "%(attempts)s essais disent au plus %(told)s bits, soit %(share)s des %(bits)s bits "
            "des réponses publiques (%(units)s unités) ; %(most)s au plus sont conseillés",
            found.attempts,
        )
        % facts
    )


def proposals(found: Budget) -> list[str]:
    """Say what would tell less, and how much it would leave."""
    return [_proposal(each) for each in found.proposals]


def _proposal(proposal: Proposal) -> str:
    n, share = proposal.number, _percent(proposal.share)
    match proposal.remedy:
        case Remedy.DECIMALS:
            text = ngettext(
                "afficher %(n)s décimale : %(share)s",
                "afficher %(n)s décimales : %(share)s",
                int(n),
            )
        case Remedy.LADDER:
            text = _("activer l’échelle de progrès (Ladder) : %(share)s")
        case Remedy.STEP:
            text = _("activer l’échelle de progrès à pas de %(n)s : %(share)s")
        case Remedy.PART:
            text = ngettext(
                "porter la partie publique à %(n)s unité : %(share)s",
                "porter la partie publique à %(n)s unités : %(share)s",
                int(n),
            )
        case Remedy.ATTEMPTS:
            text = ngettext(
                "limiter à %(n)s essai en tout : %(share)s",
                "limiter à %(n)s essais en tout : %(share)s",
                int(n),
            )
    return text % {"n": _number(n), "share": share}


def _number(value: float) -> str:
    decimals = 0 if value >= 10 or float(value).is_integer() else 2
    return number_format(value, decimals, use_l10n=True, force_grouping=True)


def _percent(share: float) -> str:
    if share > MOST_SHOWN:
        return _("plus de %(n)s %%") % {"n": _number(100 * MOST_SHOWN)}
    return _("%(n)s %%") % {
        "n": number_format(100 * share, 0 if share >= 0.1 else 1, use_l10n=True)
    }


@dataclass(frozen=True)
class Spent:
    """Hold what one team has been told: entries that met the answers, bits, share."""

    team: Team
    entries: int
    bits: float
    share: float

    @property
    def text(self) -> str:
        """Write the share."""
        return _percent(self.share)


def _ended(phase: Phase) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(
        entry__enrolment__phase=phase,
        entry__is_baseline=False,
        state__in=[EvaluationState.DONE, EvaluationState.FAILED],
    )


def spent(phase: Phase) -> Sequence[Spent]:
    """Return what each team of a phase has been told, the most first.

    An entry counts once its evaluation ended, with a score or not: a run that crashed on an
    answer told something too. One refused for its form met no answer.
    """
    if not phase.leak_facts:
        return []
    facts = facts_of(phase)
    ladder = ladder_of(phase.ladder, phase.ladder_step, phase.ladder_z)
    counts = dict(
        _ended(phase)
        .values(team=F("entry__enrolment__team_id"))
        .annotate(n=Count("entry_id", distinct=True))
        .order_by("team")
        .values_list("team", "n")
    )
    teams = Team.objects.filter(pk__in=counts).order_by("name", "pk")
    found = []
    for team in teams:
        bits = told(facts, counts[team.pk], ladder)
        share = bits / facts.label_bits if facts.label_bits else 0.0
        found.append(Spent(team, counts[team.pk], bits, share))
    return sorted(found, key=lambda each: -each.bits)
