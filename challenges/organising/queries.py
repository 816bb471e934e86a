"""Read challenges: their lists, what a draft lacks, who is invited, cards, deadlines, journal."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.resources.models import Resource
from challenges.bundles import code as coding
from challenges.bundles.spec import Role
from challenges.organising.enums import (
    OVER_STATUSES,
    BuildState,
    ChallengeStatus,
    PhaseKind,
    PhaseMoment,
)
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    Phase,
)
from challenges.organising.models.scorings import Leaderboard, PhaseTask
from challenges.organising.modes import mode_of
from challenges.organising.tables import is_left_out
from challenges.scoring.contract import Layout
from datasets.access.models import Extract, ExtractQuerySet, Grant, GrantQuerySet
from portal.audit.duties import beats
from portal.lib import clock
from portal.lib.prose.numbers import number
from portal.lib.refusals import Hidden, Unavailable


def current_phase(phases: list[Phase], at: datetime) -> Phase | None:
    """Return the phase to show: the open one, else the next to open, else the last."""
    for wanted in (PhaseMoment.OPEN, PhaseMoment.COMING, PhaseMoment.UNDATED):
        for phase in phases:
            if phase.moment(at) == wanted:
                return phase
    return phases[-1] if phases else None


def moment_of(challenge: Challenge, phase: Phase | None, at: datetime) -> PhaseMoment:
    """Tell where the challenge stands: its phase's moment, closed once it is closed."""
    if challenge.status in OVER_STATUSES:
        return PhaseMoment.CLOSED
    return PhaseMoment.UNDATED if phase is None else phase.moment(at)


# Two entries that differ on one row in twenty: what an interval of their gap is drawn on.
DISAGREEMENT = 0.05
Z = 1.96
# Fewer public units than this for each attempt, and a board can be fitted.
UNITS_PER_ATTEMPT = 10


POINTS: dict[str, tuple[str, str | Promise, str | Promise]] = {
    # key: the page where it is mended, what is said when it is ready, when it is not
    "summary": ("write_texts", "", gettext_lazy("le résumé")),
    "page": (
        "write_texts",
        gettext_lazy("La présentation est écrite"),
        gettext_lazy("la présentation"),
    ),
    "terms": (
        "write_texts",
        gettext_lazy("Le règlement est écrit"),
        gettext_lazy("le règlement"),
    ),
    "licence": (
        "write_texts",
        gettext_lazy("La licence des données est confirmée"),
        gettext_lazy("la licence des données reste à confirmer avant la publication"),
    ),
    "licence_name": ("write_texts", "", gettext_lazy("la licence des données")),
    "grant": (
        "write_texts",
        gettext_lazy("L’habilitation %(number)s est en cours"),
        gettext_lazy(
            "les données sont à accès restreint : choisissez une habilitation en cours qui prévoit "
            "un challenge"
        ),
    ),
    "prizes": (
        "write_texts",
        gettext_lazy("La dotation est décrite"),
        gettext_lazy("la dotation n’est pas décrite"),
    ),
    "prize_rule": (
        "write_texts",
        gettext_lazy("La règle d’attribution est écrite"),
        gettext_lazy("la règle d’attribution de la dotation manque"),
    ),
    "file": ("write_files", "", gettext_lazy("%(what)s")),
    "ids": (
        "write_files",
        gettext_lazy("Mêmes identifiants dans le test et les réponses"),
        gettext_lazy(
            "les réponses n’ont pas les identifiants du test : %(missing)s en moins%(first)s, "
            "%(excess)s en trop%(twice)s"
        ),
    ),
    "strays": (
        "write_files",
        "",
        gettext_lazy("des réponses ne sont pas des nombres : la première, ligne %(line)s"),
    ),
    "measure": ("write_scoring", "", gettext_lazy("la mesure")),
    "build": (
        "organiser",
        gettext_lazy("Le dernier contrôle du brouillon a abouti"),
        gettext_lazy("le brouillon a changé depuis son dernier contrôle"),
    ),
    "building": ("organiser", "", gettext_lazy("le contrôle du brouillon est en cours")),
    "refused": (
        "organiser",
        "",
        gettext_lazy("le contrôle du brouillon a trouvé de quoi corriger"),
    ),
    "phase": (
        "write_scoring",
        gettext_lazy("Une phase au moins est définie"),
        gettext_lazy("aucune phase n’est définie"),
    ),
    "opens": (
        "write_dates",
        gettext_lazy("« %(name)s » a son ouverture"),
        gettext_lazy("« %(name)s » n’a pas de date d’ouverture"),
    ),
    "closes": (
        "write_dates",
        gettext_lazy("« %(name)s » a sa clôture"),
        gettext_lazy("« %(name)s » n’annonce pas de clôture"),
    ),
    "past": ("write_dates", "", gettext_lazy("la clôture de « %(name)s » est déjà passée")),
    "scoring": (
        "write_scoring",
        gettext_lazy("« %(name)s » a sa notation"),
        gettext_lazy("la phase « %(name)s » n’a pas de notation"),
    ),
    "primary": (
        "write_scoring",
        gettext_lazy("« %(name)s » a sa mesure principale"),
        gettext_lazy("la phase « %(name)s » n’a pas de mesure principale"),
    ),
    "quota": (
        "write_phases",
        gettext_lazy("« %(name)s » limite les soumissions"),
        gettext_lazy(
            "« %(name)s » n’a aucun quota : les scores publics peuvent livrer les réponses"
        ),
    ),
    "compiled": (
        "",
        gettext_lazy(
            "Les réponses de « %(name)s » sont prêtes pour la notation, chaque mesure définie sur "
            "les deux parts"
        ),
        gettext_lazy("les réponses de « %(name)s » sont en cours de préparation"),
    ),
    "code_sample": (
        "write_files",
        gettext_lazy("L’échantillon public de « %(name)s » compte %(rows)s lignes"),
        gettext_lazy(
            "« %(name)s » n’a pas d’échantillon public : redemandez le contrôle du brouillon"
        ),
    ),
    "code_inputs": (
        "organiser",
        gettext_lazy("Les entrées réservées de « %(name)s » ont les identifiants des réponses"),
        gettext_lazy(
            "les entrées réservées de « %(name)s » ne sont pas encore comparées aux réponses"
        ),
    ),
    "code_unlike": ("", "", gettext_lazy("les entrées réservées de « %(name)s » : %(said)s")),
    "code_sandbox": (
        "",
        gettext_lazy("Cette installation sait isoler les programmes de « %(name)s »"),
        gettext_lazy(
            "cette installation ne sait pas isoler les programmes de « %(name)s » : %(why)s"
        ),
    ),
    "fairness": (
        "write_fairness",
        gettext_lazy("L’équité se mesure par groupe sur « %(name)s »"),
        gettext_lazy("aucun attribut d’équité n’est déclaré sur « %(name)s »"),
    ),
    "fairness_idle": (
        "write_fairness",
        "",
        gettext_lazy(
            "des attributs d’équité sont déclarés sur « %(name)s », mais ni mesure ni audit ne "
            "compare leurs groupes : rien n’en sera calculé ni publié"
        ),
    ),
    "baseline": (
        "write_files",
        gettext_lazy("La solution de référence est notée"),
        gettext_lazy("aucune solution de référence n’est notée"),
    ),
    "attempts": (
        "write_phases",
        gettext_lazy("Les essais d’une équipe sont peu nombreux au regard des données publiques"),
        gettext_lazy(
            "une équipe a %(attempts)s essais pour %(units)s réponses publiques : autant d’essais "
            "les laissent deviner. Baissez leur nombre"
        ),
    ),
    "migration": (
        "",
        gettext_lazy("« %(name)s » reprend les choix finals de « %(source)s » après sa clôture"),
        gettext_lazy(
            "« %(name)s » reprend les choix finals de « %(source)s » : annoncez sa clôture, et "
            "ouvrez « %(name)s » à cette date ou après"
        ),
    ),
    "order": (
        "",
        gettext_lazy("Les phases se suivent"),
        gettext_lazy(
            "des phases se recouvrent : elles sont parallèles, chacune avec son classement"
        ),
    ),
    "dates": (
        "",
        "",
        gettext_lazy("des dates restent à annoncer : elles diront si les phases se suivent"),
    ),
    "interval": (
        "",
        gettext_lazy(
            "Avec %(units)s unités privées, deux équipes à moins de %(gap)s ne seront pas "
            "départagées (parts de réponses justes, une ligne sur vingt de différence)"
        ),
        "",
    ),
}


# The field that mends a line, of the page where it is mended; %s: the number of its phase.
FIELDS = {
    "summary": "id_summary",
    "page": "id_body_md",
    "terms": "id_terms",
    "licence": "id_licence_status",
    "licence_name": "id_licence_name",
    "grant": "id_grant",
    "prizes": "id_prizes_md",
    "prize_rule": "id_prize_rule_md",
    "file": "id_uploads",
    "ids": "id_uploads",
    "measure": "id_metric_0",
    "build": "controle",
    "building": "controle",
    "refused": "controle",
    "opens": "id_opens_at_%s",
    "closes": "id_closes_at_%s",
    "past": "id_closes_at_%s",
}


@dataclass(frozen=True)
class Point:
    """One line of the checklist.

    key: which one. state: "ready", "missing" (the visa is not asked before) or "advice".
    phase: the one it is about, None for the challenge. facts: what its sentence shows.
    """

    key: str
    state: str
    phase: Phase | None = None
    facts: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def mended_at(self) -> str:
        """Name the page where it is mended, "" where none is."""
        return POINTS[self.key][0]

    @property
    def field(self) -> str:
        """Point at the field of that page, "" at none."""
        name = FIELDS.get(self.key, "")
        return f"#{name.replace('%s', str(self.phase.index) if self.phase else '')}" if name else ""

    @property
    def sentence(self) -> str:
        """Say what is ready, or what is not."""
        _route, ready, lacking = POINTS[self.key]
        shown = {name: localize(value) for name, value in self.facts.items()}
        sentence = str(ready if self.state == "ready" else lacking)
        return sentence % {"name": self.phase.name if self.phase else "", **shown}


def checklist(challenge: Challenge) -> list[Point]:
    """List what a challenge needs, in the order of the work."""
    tasks = PhaseTask.objects.filter(current=True).select_related("holdout", "scorer_version")
    ranked = Leaderboard.objects.filter(primary__isnull=False)
    phases = list(
        challenge.phases.select_related("migrate_from")
        .prefetch_related(
            Prefetch("tasks", tasks.select_related("plan").order_by("index"), "in_force"),
            Prefetch("leaderboards", ranked, "ranked"),
        )
        .order_by("index")
    )
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    points = [
        *_summary(challenge),
        needed("page", bool(challenge.body_md.strip()), advice=True),
        needed("terms", challenge.terms.exists()),
        needed("licence", not challenge.licence_to_confirm, advice=True)
        if challenge.licence.get("name")
        else Point("licence_name", "missing"),
        *_grant(challenge),
        *_prizes(challenge),
        *_ids(challenge, written),
        *_strays(challenge, written),
        *_build(challenge, written, scored=bool(phases and phases[0].in_force)),
        *([] if phases else [Point("phase", "missing")]),
    ]
    for phase in phases:
        points += _phase(phase, first=phase.pk == phases[0].pk)
        points += _migration(phase)
    if len(phases) > 1:
        points.append(_order(phases))
    return points


def _order(phases: Sequence[Phase]) -> Point:
    if not overlap(phases) and not are_dated(phases):
        return Point("dates", "advice")
    return needed("order", not overlap(phases), advice=True)


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
    state = "ready" if ready else "missing"
    return [Point("migration", state, phase, {"source": source.name})]


# By subjects above: a line of the checklist of a first phase that has a scoring; whether a phase
# keeps what was announced of it.
point_providers: list[Callable[[Phase], Point]] = []
freezers: list[Callable[[Phase], bool]] = []


def missing(challenge: Challenge) -> list[Point]:
    """Keep what prevents the visa from being asked."""
    return [each for each in checklist(challenge) if each.state == "missing"]


def needed(key: str, ready: bool, *, advice: bool = False, phase: Phase | None = None) -> Point:
    """Make a line of the checklist: what is not ready is missing, or only advised."""
    return Point(key, "ready" if ready else "advice" if advice else "missing", phase)


def grants_for(challenge: Challenge) -> GrantQuerySet:
    """List the grants of its organisation that give access now and cover a challenge."""
    live = Grant.objects.active(clock.now()).for_challenges(challenge.organiser_id)
    return live.select_related("request").order_by("pk")


def lent_to_code(grant: Grant | None) -> ExtractQuerySet:
    """List the extracts of a grant that code may read: built, and no larger than an archive is.

    The worker holds one in memory for each run.
    """
    ready = Extract.objects.ready().filter(granted__grant=grant)
    return ready.filter(clear_size__lte=settings.BUNDLE_MAX_BYTES)


def sealed_from(grant: Grant) -> list[tuple[str, bool]]:
    """List the challenges that keep sealed files drawn from a grant: title, whether archived."""
    rows = Challenge.objects.filter(grant=grant).order_by("pk")
    return [(each.title, each.status == ChallengeStatus.ARCHIVED) for each in rows]


def _grant(challenge: Challenge) -> list[Point]:
    if not challenge.restricted:
        return []
    if challenge.grant is None or challenge.waits_for_grant(clock.now()):
        return [Point("grant", "missing")]
    return [Point("grant", "ready", facts={"number": challenge.grant.number})]


def _prizes(challenge: Challenge) -> list[Point]:
    if not challenge.has_prizes:
        return []
    return [
        needed("prizes", bool(challenge.prizes_md.strip())),
        needed("prize_rule", bool(challenge.prize_rule_md.strip())),
    ]


def _build(challenge: Challenge, written: ChallengeDraft | None, *, scored: bool) -> list[Point]:
    """Say what a challenge written by form lacks to be checked, or where its check stands.

    scored: its first phase has a scoring; that of an import was checked whole.
    """
    points = [] if scored else _sources(challenge)
    asked = written is not None and written.number > 0
    unlent = challenge.grant_id is None  # else its public files are compared with what is lent
    if points or (not asked and ((scored and unlent) or _summary(challenge))):
        return points
    match written.state if written and asked else None:
        case BuildState.QUEUED:
            return [Point("building", "missing")]
        case BuildState.REFUSED:
            return [Point("refused", "missing")]
        case state:
            return [needed("build", state == BuildState.DONE)]


def _ids(challenge: Challenge, written: ChallengeDraft | None) -> list[Point]:
    """Say whether the answers have the ids of the test, if they were compared as they came."""
    listed = (challenge.bundle.get("files") or {}).values()
    paths = {each["role"]: each["path"] for several in listed for each in several or []}
    kept, truth = written.kept if written else {}, challenge.bundle.get("truth") or {}
    found = kept.get(paths.get(Role.TRUTH), {}).get("ids")
    test = kept.get(paths.get(Role.TEST), {}).get("sha256")
    key = truth.get("id") or truth.get("query")
    if not found or found["test"] != test or (key and key != found["key"]):
        return []
    first = f" ({', '.join(found['first'])}…)" if found["first"] else ""
    listed_rows = truth.get("query") or challenge.bundle.get("task") == "ranking"
    n, twice = 0 if listed_rows else found.get("twice", 0), ""  # a list has a row an item
    if n:
        said = ngettext(
            ", %(n)s en double (ligne %(line)s)",
            ", %(n)s en double (la première, ligne %(line)s)",
            n,
        )
        twice = said % {"n": localize(n), "line": localize(found["line"])}
    state = "missing" if found["missing"] or found["excess"] or n else "ready"
    return [Point("ids", state, facts={**found, "first": first, "twice": twice})]


def _strays(challenge: Challenge, written: ChallengeDraft | None) -> list[Point]:
    """Say where answers, once said to be numbers, are none as they came."""
    truth, submission = (challenge.bundle.get(each) or {} for each in ("truth", "submission"))
    strays = (written.kept if written else {}).get(truth.get("file"), {}).get("strays", {})
    columns = submission.get("columns") or []
    numbers = [each["name"] for each in columns if each.get("type") in ("integer", "float")]
    asked = {truth.get("target"), truth.get("gain")} & {*numbers, truth.get("gain")}
    lines = [strays[each][1] for each in asked if each in strays]
    return [Point("strays", "missing", facts={"line": min(lines)})] if lines else []


def missing_to_check(challenge: Challenge) -> list[Point]:
    """List what a draft lacks for its check to be able to pass.

    What programs score was read as it came: under a grant, its public files alone are compared.
    """
    compared = challenge.source_id is not None and challenge.grant_id is not None
    return [*_summary(challenge), *([] if compared else _sources(challenge))]


def _summary(challenge: Challenge) -> list[Point]:
    return [] if challenge.summary.strip() else [Point("summary", "missing")]


def _sources(challenge: Challenge) -> list[Point]:
    points = [Point("file", "missing", facts={"what": each}) for each in missing_files(challenge)]
    return points if challenge.bundle.get("metrics") else [*points, Point("measure", "missing")]


def missing_files(challenge: Challenge) -> list[str]:
    """List, in French, the files without which a draft cannot be checked."""
    declared = challenge.bundle.get("files") or {}
    roles = {each["role"] for listed in declared.values() for each in listed or []}
    needed_files = (
        [
            (Role.HIDDEN_INPUTS, _("le fichier des entrées réservées")),
            (Role.SAMPLE_INPUTS, _("l’échantillon public")),
        ]
        if coding.KEY in challenge.bundle
        else [(Role.TEST, _("le fichier de test"))]
    )
    if not makes_example(challenge):
        needed_files.append((Role.SAMPLE_SUBMISSION, _("l’exemple de réponse")))
    needed_files.append((Role.TRUTH, _("le fichier des réponses")))
    unsure = [
        each["path"]
        for listed in declared.values()
        for each in listed
        if each.get("unsure") and not is_left_out(each)
    ]
    return [
        *(words for role, words in needed_files if role.value not in roles),
        *(_("le rôle de « %(name)s »") % {"name": each} for each in unsure),
    ]


def makes_example(challenge: Challenge) -> bool:
    """Say whether the portal makes the example of an answer: one a row, and none was sent."""
    document = challenge.bundle
    sent = [
        each
        for each in (document.get("files") or {}).get("public") or []
        if each["role"] == Role.SAMPLE_SUBMISSION and not each.get("generated")
    ]
    layout = (document.get("submission") or {}).get("layout")
    usual = "ranked_list" if document.get("task") == "ranking" else Layout.ONE_ROW_PER_ID
    return not sent and coding.KEY not in document and (layout or usual) == Layout.ONE_ROW_PER_ID


def _phase(phase: Phase, *, first: bool) -> list[Point]:
    task = next(iter(phase.in_force), None)  # type: ignore[attr-defined]  # as prefetched
    over = phase.closes_at is not None and phase.closes_at <= clock.now()
    listed = [
        needed("opens", first or phase.opens_at is not None, phase=phase),
        Point("past", "missing", phase)
        if over and not phase.challenge.is_public
        else needed("closes", phase.closes_at is not None, advice=True, phase=phase),
        # Of the first one, that of the challenge, the files and the measure are listed.
        *([] if first and task is None else [needed("scoring", task is not None, phase=phase)]),
        *([] if task is None else [needed("primary", bool(phase.ranked), phase=phase)]),  # type: ignore[attr-defined]  # as prefetched
        needed(
            "quota",
            phase.max_per_day is not None or phase.max_total is not None,
            advice=True,
            phase=phase,
        ),
    ]
    if task is None:
        return listed
    listed.append(needed("compiled", task.holdout.is_compiled, advice=True, phase=phase))
    if phase.kind == PhaseKind.CODE:
        points = mode_of(task).code_points(task)
        listed += [Point(key, state, phase, facts) for key, state, facts in points]
        listed.append(_sandbox(phase))
    listed.append(_fairness(phase, task))
    if first:
        more = [provide(phase) for provide in point_providers]
        listed += [*more, *_attempts(phase), *_interval(phase)]
    return listed


def _host_facts() -> dict[str, Any]:
    """Return what the last sign of life of a worker says of its host; {} without any."""
    return next((each.facts for each in beats() if each.name == "worker"), {})


def _sandbox(phase: Phase) -> Point:
    """Repeat what the worker says of its host; nothing is known before its first sign of life."""
    host = _host_facts()
    if "isolates" not in host:
        why = _("le service de notation n’a pas encore dit ce qu’il sait faire")
        return Point("code_sandbox", "advice", phase, {"why": why})
    if host["isolates"] is True:
        return Point("code_sandbox", "ready", phase)
    why = str(host.get("lacks") or _("demandez à l’administration du portail"))
    return Point("code_sandbox", "missing", phase, {"why": why})


def _fairness(phase: Phase, task: PhaseTask) -> Point:
    """Say whether groups are compared, by figures or an audit; attributes alone are by nothing."""
    declared = task.scorer_version.spec.get("fairness") or {}
    is_compared = declared.get("metrics") or declared.get("audit") is not None
    if declared.get("attributes") and not is_compared:
        return Point("fairness_idle", "advice", phase)
    return needed("fairness", bool(declared.get("attributes")), advice=True, phase=phase)


def _attempts(phase: Phase) -> list[Point]:
    """Warn of public scores told so often that a team can fit the rows they stand on.

    None without a quota, which has its own point, nor before the truth is compiled.
    """
    most = attempts(phase)
    if most is None or not phase.public_units:
        return []
    state = "ready" if phase.ladder or most * UNITS_PER_ATTEMPT <= phase.public_units else "advice"
    facts = {"attempts": most, "units": phase.public_units}
    return [Point("attempts", state, phase, facts)]


def attempts(phase: Phase) -> int | None:
    """Return how many entries a team may send to a phase in all, None without a limit."""
    limits = [] if phase.max_total is None else [phase.max_total]
    if phase.max_per_day == 0:
        limits.append(0)
    elif phase.max_per_day is not None and phase.opens_at and phase.closes_at:
        days = (clock.paris_day(phase.closes_at) - clock.paris_day(phase.opens_at)).days + 1
        limits.append(phase.max_per_day * max(days, 1))
    return min(limits) if limits else None


def _interval(phase: Phase) -> list[Point]:
    """Say how small a gap between two teams the private part can tell; none before it is compiled.

    The gap of two shares of n rows that differ on one row in twenty: z·√(0.05/n).
    """
    units = private_units(phase)
    if units < 1:
        return []
    gap = Z * math.sqrt(DISAGREEMENT / units)
    return [Point("interval", "ready", phase, {"units": units, "gap": round(gap, 3)})]


def private_units(phase: Phase) -> int:
    """Count the units of the private part from what is public of a compiled truth; 0 before."""
    if not phase.public_units or not 0 < phase.public_share < 1:
        return 0
    return round(phase.public_units * (1 - phase.public_share) / phase.public_share)


CARD_FIELDS = ("kind", "title", "summary", "slug")


def cards_of(challenge: Challenge) -> QuerySet[Resource]:
    """Give the public cards that a challenge starts from, in the order of their titles."""
    cards = Resource.objects.public().filter(challenges=challenge)
    return cards.only(*CARD_FIELDS).order_by("title", "pk")


OPENED_WITHIN = timedelta(hours=24)
REMINDERS_HOURS = (48, 3)


def just_opened(now: datetime) -> QuerySet[Phase]:
    """Return the phases of public challenges that opened within a day and are still open."""
    opened = Phase.objects.filter(
        challenge__status=ChallengeStatus.PUBLISHED,
        opens_at__lte=now,
        opens_at__gt=now - OPENED_WITHIN,
    )
    return opened.exclude(closes_at__lte=now).order_by("pk")


def closing(now: datetime, hours: int) -> QuerySet[Phase]:
    """Return the open phases whose close is at most so many hours away.

    Not those for which a later reminder is due too: whoever is late says the nearest only.
    """
    nearer = [each for each in REMINDERS_HOURS if each < hours]
    floor = now + timedelta(hours=max(nearer)) if nearer else now
    return Phase.objects.filter(
        challenge__status=ChallengeStatus.PUBLISHED,
        opens_at__lte=now,
        closes_at__gt=floor,
        closes_at__lte=now + timedelta(hours=hours),
    ).order_by("pk")


def phase_of(challenge: Challenge, index: int | None = None) -> Phase:
    """Return the phase of this index, by default the last one; raises Hidden."""
    phases = challenge.phases.order_by("index")
    phase = phases.last() if index is None else phases.filter(index=index).first()
    if phase is None:
        raise Hidden
    return phase


class NoSandbox(Unavailable):
    """The workers of this installation cannot isolate programs: nothing was taken."""

    code = "no_sandbox"
    message = gettext_lazy(
        "Cette installation ne sait pas isoler de programme : elle ne prend ni code, ni soumission "
        "notée par un programme. Aucun essai n’est décompté."
    )


def refuse_not_isolated() -> None:
    """Raise NoSandbox where the worker cannot isolate what it must run.

    What the last sign of life of a worker says; without any, the file is taken and the worker
    decides: it refuses its form with X_NO_SANDBOX, and the slot is given back.
    """
    if _host_facts().get("isolates") is False:
        raise NoSandbox


def score_to_beat(phase: Phase | None) -> str:
    """Write the public score of the reference on the board of a phase; "" where none is shown."""
    boards = Leaderboard.objects.filter(phase=phase, hidden=False, primary__hidden=False)
    board = boards.select_related("primary").first()
    if board is None or board.primary is None:
        return ""
    axis = board.facts.get("public", {}).get("axis", {})
    value = axis.get("reference")
    return "" if value is None else number(value, board.primary.decimals)


def masked_phases(challenge: Challenge) -> list[Phase]:
    """List the phases whose boards show pseudonyms today."""
    masked = Leaderboard.objects.filter(challenge=challenge, hidden=False, anonymous=True)
    masked = masked.exclude(phase__reveal__executed_at__isnull=False)
    return list(
        Phase.objects.filter(pk__in=masked.order_by("pk").values("phase_id")).order_by("index")
    )
