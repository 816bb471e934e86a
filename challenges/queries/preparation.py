"""What is ready and what is not before a challenge asks for the visa."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from challenges.enums import BuildState, EntryStatus, PhaseKind
from challenges.models import Challenge, ChallengeDraft, Entry, Phase, PhaseTask
from challenges.queries.findings import is_compared
from portal.audit.duties import beats
from portal.lib import clock

# Two entries that differ on one row in twenty: what an interval of their gap is drawn on.
DISAGREEMENT = 0.05
Z = 1.96
# Fewer public units than this for each attempt, and a board can be fitted.
UNITS_PER_ATTEMPT = 10


SENTENCES: dict[str, tuple[str | Promise, str | Promise]] = {
    # key: what is said when it is ready, when it is not
    "page": (_("La présentation est écrite"), _("la présentation est vide")),
    "terms": (_("Le règlement est écrit"), _("le règlement manque")),
    "licence": (
        _("La licence des données est confirmée"),
        _("la licence des données reste à confirmer avant la publication"),
    ),
    "prizes": (_("La dotation est décrite"), _("la dotation n’est pas décrite")),
    "prize_rule": (
        _("La règle d’attribution est écrite"),
        _("la règle d’attribution de la dotation manque"),
    ),
    "build": (
        _("Le dernier contrôle du brouillon a abouti"),
        _("le dernier contrôle du brouillon n’a pas abouti"),
    ),
    "phase": (_("Une phase au moins est définie"), _("aucune phase n’est définie")),
    "opens": (
        _("« %(name)s » a son ouverture"),
        _("« %(name)s » n’a pas de date d’ouverture"),
    ),
    "closes": (
        _("« %(name)s » a sa clôture"),
        _("« %(name)s » n’annonce pas de clôture"),
    ),
    "scoring": (
        _("« %(name)s » a sa notation"),
        _("la phase « %(name)s » n’a pas de notation"),
    ),
    "primary": (
        _("« %(name)s » a sa mesure principale"),
        _("la phase « %(name)s » n’a pas de mesure principale"),
    ),
    "quota": (
        _("« %(name)s » limite les soumissions"),
        _("« %(name)s » n’a aucun quota : les scores publics peuvent livrer les réponses"),
    ),
    "compiled": (
        _(
            "Les réponses de « %(name)s » sont prêtes pour la notation, chaque mesure définie sur "
            "les deux parts"
        ),
        _("les réponses de « %(name)s » sont en cours de préparation"),
    ),
    "code_sample": (
        _("L’échantillon public de « %(name)s » compte %(rows)s lignes"),
        _("« %(name)s » n’a pas d’échantillon public : redemandez le contrôle du brouillon"),
    ),
    "code_inputs": (
        _("Les entrées réservées de « %(name)s » ont les identifiants des réponses"),
        _("les entrées réservées de « %(name)s » ne sont pas encore comparées aux réponses"),
    ),
    "code_unlike": ("", _("les entrées réservées de « %(name)s » : %(said)s")),
    "code_sandbox": (
        _("Cette installation sait isoler les programmes de « %(name)s »"),
        _("cette installation ne sait pas isoler les programmes de « %(name)s » : %(why)s"),
    ),
    "fairness": (
        _("L’équité se mesure par groupe sur « %(name)s »"),
        _("aucun attribut d’équité n’est déclaré sur « %(name)s »"),
    ),
    "fairness_idle": (
        "",
        _(
            "des attributs d’équité sont déclarés sur « %(name)s », mais ni mesure ni audit ne "
            "compare leurs groupes : rien n’en sera calculé ni publié"
        ),
    ),
    "baseline": (
        _("La solution de référence est notée"),
        _("aucune solution de référence n’est notée"),
    ),
    "attempts": (
        _("Les essais d’une équipe sont peu nombreux au regard des données publiques"),
        _(
            "une équipe a %(attempts)s essais pour %(units)s unités publiques : elle peut s’y "
            "ajuster. Baissez le quota ou activez l’échelle de progrès ; seule la partie privée "
            "protège le classement final"
        ),
    ),
    "migration": (
        _("« %(name)s » reprend les choix finals de « %(source)s » après sa clôture"),
        _(
            "« %(name)s » reprend les choix finals de « %(source)s » : annoncez sa clôture, et "
            "ouvrez « %(name)s » à cette date ou après"
        ),
    ),
    "order": (
        _("Les phases se suivent"),
        _("des phases se recouvrent : elles sont parallèles, chacune avec son classement"),
    ),
    "dates": (
        "",
        _("des dates restent à annoncer : elles diront si les phases se suivent"),
    ),
    "interval": (
        _(
            "Avec %(units)s unités privées, deux équipes à moins de %(gap)s ne seront pas "
            "départagées (parts de réponses justes, une ligne sur vingt de différence)"
        ),
        "",
    ),
}


@dataclass(frozen=True)
class Point:
    """One line of the checklist.

    key: which one. state: "ready", "missing" (the visa is not asked before) or "advice".
    phase: its index and name, None for the challenge. facts: what its sentence shows.
    """

    key: str
    state: str
    phase: tuple[int, str] | None = None
    facts: tuple[tuple[str, str | float], ...] = ()

    @property
    def sentence(self) -> str:
        """Say what is ready, or what is not."""
        ready, lacking = SENTENCES[self.key]
        said = str(ready if self.state == "ready" else lacking)
        shown = {name: localize(value) for name, value in self.facts}
        return said % {"name": self.phase[1] if self.phase else "", **shown}


def checklist(challenge: Challenge) -> list[Point]:
    """List what a challenge needs, in the order of the work."""
    found = [
        _needed("page", bool(challenge.body_md.strip()), advice=True),
        _needed("terms", challenge.terms.exists()),
        _needed("licence", not challenge.licence_to_confirm, advice=True),
        *_prizes(challenge),
        *_build(challenge),
    ]
    phases = list(challenge.phases.select_related("migrate_from").order_by("index"))
    found.append(_needed("phase", bool(phases)))
    for phase in phases:
        found += _phase(phase, first=phase.pk == phases[0].pk)
        found += _migration(phase)
    if len(phases) > 1:
        found.append(_order(phases))
    return found


def _order(phases: Sequence[Phase]) -> Point:
    if not overlap(phases) and not are_dated(phases):
        return Point("dates", "advice")
    return _needed("order", not overlap(phases), advice=True)


def are_dated(phases: Sequence[Phase]) -> bool:
    """Say whether the announced dates of these phases settle their order.

    The first may open at the visa and the last stay open: each other bound has to be known.
    """
    return all(each.opens_at and each.closes_at for each in phases) or all(
        one.closes_at is not None and other.opens_at is not None and one.closes_at <= other.opens_at
        for one, other in pairwise(phases)
    )


def overlap(phases: Sequence[Phase]) -> bool:
    """Say whether two of these phases take entries at once, by their announced dates."""
    dated = sorted(
        (each.opens_at, each.closes_at) for each in phases if each.opens_at and each.closes_at
    )
    return any(one[1] > other[0] for one, other in pairwise(dated))


def _migration(phase: Phase) -> list[Point]:
    source = phase.migrate_from
    if source is None:
        return []
    dated = source.closes_at is not None and phase.opens_at is not None
    ready = dated and phase.opens_at >= source.closes_at  # type: ignore[operator]  # both dated
    facts: tuple[tuple[str, str | float], ...] = (("source", source.name),)
    return [Point("migration", "ready" if ready else "missing", (phase.index, phase.name), facts)]


def missing(challenge: Challenge) -> list[Point]:
    """Keep what prevents the visa from being asked."""
    return [each for each in checklist(challenge) if each.state == "missing"]


def _needed(key: str, ready: bool, *, advice: bool = False, phase: Phase | None = None) -> Point:
    state = "ready" if ready else "advice" if advice else "missing"
    return Point(key, state, (phase.index, phase.name) if phase else None)


def _prizes(challenge: Challenge) -> list[Point]:
    if not challenge.has_prizes:
        return []
    return [
        _needed("prizes", bool(challenge.prizes_md.strip())),
        _needed("prize_rule", bool(challenge.prize_rule_md.strip())),
    ]


def _build(challenge: Challenge) -> list[Point]:
    """Say where the check of a challenge written by form stands; an import was checked whole."""
    written = ChallengeDraft.objects.filter(challenge=challenge).exclude(number=0).first()
    return [] if written is None else [_needed("build", written.state == BuildState.DONE)]


def _phase(phase: Phase, *, first: bool) -> list[Point]:
    task = (
        PhaseTask.objects.filter(phase=phase, current=True)
        .select_related("holdout", "scorer_version", "plan")
        .first()
    )
    found = [
        _needed("opens", first or phase.opens_at is not None, phase=phase),
        _needed("closes", phase.closes_at is not None, advice=True, phase=phase),
        _needed("scoring", task is not None, phase=phase),
        _needed("primary", phase.leaderboards.filter(primary__isnull=False).exists(), phase=phase),
        _needed(
            "quota",
            phase.max_per_day is not None or phase.max_total is not None,
            advice=True,
            phase=phase,
        ),
    ]
    if task is None:
        return found
    found.append(_needed("compiled", task.holdout.is_compiled, advice=True, phase=phase))
    if phase.kind == PhaseKind.CODE:
        found += _code(phase, task)
    found.append(_fairness(phase, task))
    if first:
        found += [_baseline(phase), *_attempts(phase), *_interval(phase)]
    return found


def _code(phase: Phase, task: PhaseTask) -> list[Point]:
    """Say whether code has what it reads, and a host that can isolate it."""
    if task.scorer_version.is_program:
        return [_sandbox(phase)]
    place = (phase.index, phase.name)
    if task.plan is None:
        return [Point("code_sample", "missing", place), _sandbox(phase)]
    rows = Point("code_sample", "ready", place, (("rows", task.plan.sample_rows),))
    if task.plan.problem:
        unlike = Point("code_unlike", "missing", place, (("said", task.plan.problem_said),))
        return [rows, unlike, _sandbox(phase)]
    compared = _needed("code_inputs", task.plan.is_ready, advice=True, phase=phase)
    return [rows, compared, _sandbox(phase)]


def _sandbox(phase: Phase) -> Point:
    """Repeat what the worker says of its host; nothing is known before its first sign of life."""
    place = (phase.index, phase.name)
    worker = next((each for each in beats() if each.name == "worker"), None)
    if worker is None or "isolates" not in worker.facts:
        unknown = _("le service de notation n’a pas encore dit ce qu’il sait faire")
        return Point("code_sandbox", "advice", place, (("why", str(unknown)),))
    if worker.facts["isolates"] is True:
        return Point("code_sandbox", "ready", place)
    why = worker.facts.get("lacks") or _("demandez à l’administration du portail")
    return Point("code_sandbox", "missing", place, (("why", str(why)),))


def _fairness(phase: Phase, task: PhaseTask) -> Point:
    """Say whether groups are compared: attributes alone are compared by nothing."""
    declared = task.scorer_version.spec.get("fairness") or {}
    if declared.get("attributes") and not is_compared(declared):
        return Point("fairness_idle", "advice", (phase.index, phase.name))
    return _needed("fairness", bool(declared.get("attributes")), advice=True, phase=phase)


def _baseline(phase: Phase) -> Point:
    scored = Entry.objects.filter(
        enrolment__phase=phase, is_baseline=True, status=EntryStatus.SCORED
    ).exists()
    return _needed("baseline", scored, advice=True, phase=phase)


def _attempts(phase: Phase) -> list[Point]:
    """Warn of public scores told so often that a team can fit the rows they stand on.

    None without a quota, which has its own point, nor before the truth is compiled.
    """
    most = attempts(phase)
    if most is None or not phase.public_units:
        return []
    state = "ready" if phase.ladder or most * UNITS_PER_ATTEMPT <= phase.public_units else "advice"
    facts: tuple[tuple[str, str | float], ...] = (
        ("attempts", most),
        ("units", phase.public_units),
    )
    return [Point("attempts", state, (phase.index, phase.name), facts)]


def attempts(phase: Phase) -> int | None:
    """Return how many entries a team may send to a phase in all, None without a limit."""
    found = [] if phase.max_total is None else [phase.max_total]
    if phase.max_per_day == 0:
        found.append(0)
    elif phase.max_per_day is not None and phase.opens_at and phase.closes_at:
        days = (clock.paris_day(phase.closes_at) - clock.paris_day(phase.opens_at)).days + 1
        found.append(phase.max_per_day * max(days, 1))
    return min(found) if found else None


def _interval(phase: Phase) -> list[Point]:
    """Say how small a gap between two teams the private part can tell; none before it is compiled.

    The gap of two shares of n rows that differ on one row in twenty: z·√(0.05/n).
    """
    units = private_units(phase)
    if units < 1:
        return []
    gap = Z * math.sqrt(DISAGREEMENT / units)
    facts: tuple[tuple[str, str | float], ...] = (("units", units), ("gap", round(gap, 3)))
    return [Point("interval", "ready", (phase.index, phase.name), facts)]


def private_units(phase: Phase) -> int:
    """Count the units of the private part from what is public of a compiled truth; 0 before."""
    if not phase.public_units or not 0 < phase.public_share < 1:
        return 0
    return round(phase.public_units * (1 - phase.public_share) / phase.public_share)
