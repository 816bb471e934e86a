"""Prepare what every page of a challenge shows: its head and tabs, the organisers' sections."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib import messages
from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from challenges.bundles import code as coding
from challenges.entries.actions.deposits import takes_bench
from challenges.entries.models import Entry
from challenges.organising import rules
from challenges.organising.enums import ChallengeStatus, PhaseKind, PhaseMoment, RegistrationMode
from challenges.organising.models.challenges import Challenge, ChallengeQuerySet, Phase, PublicFile
from challenges.organising.queries import current_phase
from challenges.organising.views.words import USE_CASES
from challenges.teams.models import Team
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.lib import clock, visible
from portal.lib.prose import texts
from portal.lib.refusals import Conflict, Hidden
from portal.lib.web.form_pages import tried


@dataclass(frozen=True)
class Face:
    """Show a state: a word, a pigment and an icon."""

    label: str
    tone: str
    icon: str


TABS = {
    "presentation": gettext_lazy("Présentation"),
    "data": gettext_lazy("Données"),
    "evaluation": gettext_lazy("Évaluation"),
    "standings": gettext_lazy("Classement"),
    "entries": gettext_lazy("Soumissions"),
    "rules": gettext_lazy("Règlement"),
    "help": gettext_lazy("Entraide"),
}

STATUS_FACES = {
    ChallengeStatus.DRAFT: (gettext_lazy("Brouillon"), "ardoise", "pencil"),
    ChallengeStatus.IN_REVIEW: (gettext_lazy("En relecture"), "ardoise", "eye"),
    ChallengeStatus.SUSPENDED: (gettext_lazy("Suspendu"), "ocre", "triangle-alert"),
    ChallengeStatus.CLOSED: (gettext_lazy("Clos"), "ardoise", "lock"),
    ChallengeStatus.REVEALED: (gettext_lazy("Résultats définitifs"), "pin", "trophy"),
    ChallengeStatus.ARCHIVED: (gettext_lazy("Archivé"), "ardoise", "history"),
}


def count_of(rows: QuerySet[Any]) -> Coalesce:
    """Count the rows that hang on each challenge, without a join."""
    found = (
        rows.filter(challenge=OuterRef("pk"))
        .order_by()
        .values("challenge")
        .annotate(n=Count("pk", distinct=True))
        .values("n")
    )
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


def shown_challenges(request: HttpRequest) -> ChallengeQuerySet:
    """Return the challenges that this person may read, with what their pages show."""
    return (
        Challenge.objects.visible_to(request.user)
        .select_related("organiser")
        .prefetch_related(Prefetch("phases", Phase.objects.select_related("reveal")))
        .annotate(
            files_count=count_of(PublicFile.objects.all()),
            teams_count=count_of(Team.objects.entered()),
        )
    )


def find_challenge(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge this person may read; 404 for any other."""
    return visible.find(shown_challenges(request), among=Challenge.objects.all(), slug=slug)


def face_of(challenge: Challenge, phase: Phase | None, now: datetime) -> Face:
    """Choose the badge of a challenge."""
    status = ChallengeStatus(challenge.status)
    if status in STATUS_FACES:
        label, tone, icon = STATUS_FACES[status]
        return Face(str(label), tone, icon)
    match phase.moment(now) if phase else PhaseMoment.UNDATED:
        case PhaseMoment.OPEN:
            under_way = texts.sentence(
                _("%(phase)s en cours"), language=challenge.language, phase=phase
            )
            return Face(under_way, "ocre", "circle-dot")
        case PhaseMoment.CLOSED:
            return Face(_("Clos"), "ardoise", "lock")
        case PhaseMoment.COMING | PhaseMoment.UNDATED:
            return Face(_("À venir"), "calanque", "calendar")


def is_open(challenge: Challenge, phase: Phase | None, now: datetime) -> bool:
    """Say whether the phase takes entries at this instant."""
    return (
        phase is not None
        and challenge.status == ChallengeStatus.PUBLISHED
        and phase.moment(now) is PhaseMoment.OPEN
    )


class Stage(StrEnum):
    """Say what somebody without a team may do in a challenge."""

    DRAFT = "draft"
    COMING = "coming"
    OPEN = "open"
    SUSPENDED = "suspended"
    OVER = "over"
    BENCH = "bench"


def stage_of(challenge: Challenge, phases: Sequence[Phase], now: datetime) -> Stage:
    """Choose it: teams are made before the opening too, not once every phase is closed.

    Except where a phase stays open as a bench after its results.
    """
    if not challenge.is_public:
        return Stage.DRAFT
    if challenge.status == ChallengeStatus.SUSPENDED:
        return Stage.SUSPENDED
    moments = {phase.moment(now) for phase in phases}
    if challenge.status == ChallengeStatus.PUBLISHED and moments != {PhaseMoment.CLOSED}:
        return Stage.OPEN if PhaseMoment.OPEN in moments else Stage.COMING
    archived = challenge.status == ChallengeStatus.ARCHIVED
    bench = not archived and any(phase.is_bench for phase in phases)
    return Stage.BENCH if bench else Stage.OVER


def steps(challenge: Challenge, phases: Sequence[Phase], now: datetime) -> list[tuple[Phase, str]]:
    """Lay out the phases on the line of time: done, now or todo."""
    over = {ChallengeStatus.CLOSED, ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED}
    return [
        (
            phase,
            "now"
            if is_open(challenge, phase, now)
            else "done"
            if challenge.status in over or phase.moment(now) is PhaseMoment.CLOSED
            else "todo",
        )
        for phase in phases
    ]


def scene(request: HttpRequest, slug: str, tab: str) -> dict[str, Any]:
    """Prepare the context common to the pages of one challenge."""
    challenge = find_challenge(request, slug)
    now = clock.now()
    phases = list(challenge.phases.all())
    phase = current_phase(phases, now)
    team = team_of(request, challenge)
    return {
        "section": "challenges",
        "challenge": challenge,
        "phase": phase,
        "phases": phases,
        "now": now,
        "face": face_of(challenge, phase, now),
        "open": is_open(challenge, phase, now),
        "stage": stage_of(challenge, phases, now).value,
        "team": team,
        "is_organiser": request.user.is_authenticated and challenge.is_followed_by(request.user),
        "crumbs": [(_("Challenges"), reverse("challenges:list")), (challenge.title, "")],
        "tabs": tabs(challenge, team),
        "tab": str(TABS[tab]),
    }


def scene_to_enter(
    request: HttpRequest, slug: str, *, kind: PhaseKind | None = None
) -> dict[str, Any]:
    """Prepare the pages that submit, in the phase that the address names by its index.

    By default the one in view. kind: of the phases to choose from; all by default. Raises Hidden
    for an index that no phase has.
    """
    context = scene(request, slug, "entries")
    challenge, now, asked = context["challenge"], context["now"], request.GET.get("phase")
    if asked:
        phase = next((one for one in context["phases"] if str(one.index) == asked), None)
        if phase is None:
            raise Hidden
        context |= {"phase": phase, "open": is_open(challenge, phase, now)}
    taking = [
        each
        for each in context["phases"]
        if (kind is None or each.kind == kind)
        and (is_open(challenge, each, now) or takes_bench(each))
    ]
    links = [(each.name, f"?phase={each.index}") for each in taking]
    return context | {"phase_links": links if len(links) > 1 else []}


def team_of(request: HttpRequest, challenge: Challenge) -> Team | None:
    """Return this person's team in a challenge, if any, with the number of its entries."""
    if not request.user.is_authenticated:
        return None
    own = (
        Entry.objects.of_team(OuterRef("pk"))
        .order_by()
        .values(one=Value(1))
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        Team.objects.of(request.user)
        .filter(challenge=challenge)
        .annotate(entries_count=Coalesce(Subquery(own, output_field=IntegerField()), 0))
        .first()
    )


def tabs(challenge: Challenge, team: Team | None) -> list[tuple[str, str, int | str]]:
    """List the seven tabs of a challenge: label, address, count."""
    counts = {
        "data": challenge.files_count,  # type: ignore[attr-defined]  # annotated
        "standings": challenge.teams_count,  # type: ignore[attr-defined]  # annotated
        "entries": team.entries_count if team else "",  # type: ignore[attr-defined]  # annotated
    }
    return [
        (str(label), reverse(f"challenges:{key}", args=[challenge.slug]), counts.get(key, ""))
        for key, label in TABS.items()
    ]


def use_case_names(challenge: Challenge) -> list[str]:
    """Name the use cases of a challenge."""
    return [str(USE_CASES[code]) for code in challenge.use_cases if code in USE_CASES]


def shares(phase: Phase | None) -> dict[str, int]:
    """Write the shares of the public and of the private part, in per cent."""
    public = phase.public_percent if phase else 30
    return {"public_percent": public, "private_percent": 100 - public}


# (route, words) of each page, under the entry that leads to it, in the order of the work.
SECTIONS: tuple[tuple[Promise, tuple[tuple[str, Promise], ...]], ...] = (
    (gettext_lazy("Tableau de bord"), (("organiser", gettext_lazy("Tableau de bord")),)),
    (
        gettext_lazy("Préparer"),
        (
            ("write_texts", pgettext_lazy("challenge", "Textes")),
            ("write_pages", gettext_lazy("Pages")),
            ("write_terms", gettext_lazy("Règlement")),
            ("write_participation", gettext_lazy("Participation")),
            ("write_code", gettext_lazy("Code")),
            ("write_questions", pgettext_lazy("challenge", "Fiche")),
            ("write_files", gettext_lazy("Fichiers")),
            ("write_scoring", gettext_lazy("Notation")),
            ("write_fairness", gettext_lazy("Équité")),
            ("write_phases", gettext_lazy("Phases")),
            ("write_boards", gettext_lazy("Classements")),
        ),
    ),
    (
        gettext_lazy("Suivre"),
        (
            ("organiser_entries", gettext_lazy("Soumissions")),
            ("pipeline", gettext_lazy("File d’attente")),
            ("statistics", gettext_lazy("Statistiques")),
            ("code_runs", gettext_lazy("Exécutions")),
            ("program_reports", gettext_lazy("Programme de notation")),
            ("forum_moderation", gettext_lazy("Entraide")),
            ("journal", gettext_lazy("Journal")),
        ),
    ),
    (
        gettext_lazy("Gérer"),
        (
            ("registrations", gettext_lazy("Inscriptions")),
            ("guests", gettext_lazy("Invitations")),
            ("announcements", gettext_lazy("Annonces")),
            ("rescorings", gettext_lazy("Réévaluation")),
            ("disqualification_proposals", gettext_lazy("Disqualifications")),
            ("organisers", gettext_lazy("Équipe")),
            ("organiser_export", gettext_lazy("Exporter")),
            ("organiser_archive", gettext_lazy("Archiver")),
        ),
    ),
)
# Where teams send code.
OF_CODE = frozenset({"code_runs"})
# Where one takes part by invitation.
OF_GUESTS = frozenset({"guests"})
# Where the organiser's own program scores.
OF_A_PROGRAM = frozenset({"program_reports"})
# What the Region reads of a challenge that it decides on.
OF_THE_REGION = frozenset({"organiser", "pipeline", "rescorings", "organiser_archive"})
# What the jury sees: it acts on nothing.
OF_THE_JURY = OF_THE_REGION | {"organisers", "announcements", "statistics", "journal"}


def sections_of(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True
) -> list[dict[str, Any]]:
    """List the pages of the organisers' space, route being read, under the entries that lead there.

    edits: all of them; else follows: those of the jury; else those of the Region.
    """
    sections = []
    for label, pages in SECTIONS:
        shown = [
            {
                "label": words,
                "href": reverse(f"challenges:{name}", args=[challenge.slug]),
                "current": name == route,
            }
            for name, words in pages
            if (edits or name in (OF_THE_JURY if follows else OF_THE_REGION))
            and (name not in OF_CODE or coding.KEY in challenge.bundle)
            and (name not in OF_GUESTS or challenge.registration == RegistrationMode.INVITED)
            and (name not in OF_A_PROGRAM or challenge.source_id is not None)
        ]
        if shown:
            current = any(each["current"] for each in shown)
            sections.append({"label": label, "pages": shown, "current": current})
    return sections


def words_of(route: str) -> str:
    """Name a section."""
    return str(next(words for _hall, pages in SECTIONS for name, words in pages if name == route))


def run_by(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that this person organises; 404 or 403 for any other."""
    challenge = find_to_run(request, slug)
    require(rules.may_edit_challenge, person(request), challenge)
    return challenge


def followed_by(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that this person runs, as jury too; 404 or 403 for any other."""
    challenge = find_to_run(request, slug)
    require(rules.may_follow_challenge, person(request), challenge)
    return challenge


def room(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True, **more: Any
) -> dict[str, Any]:
    """Prepare the context common to the pages of the organisers' space.

    edits, follows: whether who reads organises it, or runs it as jury too.
    """
    return {
        "section": "challenges",
        "challenge": challenge,
        "halls": sections_of(challenge, route, edits=edits, follows=follows),
        "edits": edits,
        "draft": challenge.status == ChallengeStatus.DRAFT,
        "room": words_of(route),
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (challenge.title, reverse("challenges:organiser", args=[challenge.slug])),
            (words_of(route), ""),
        ],
        **more,
    }


def reach(by: User, challenge: Challenge) -> dict[str, Any]:
    """Say whether a person organises a challenge (edits), or runs it, as jury too (follows)."""
    edits = rules.may_edit_challenge(by, challenge)
    return {"edits": edits, "follows": edits or rules.may_follow_challenge(by, challenge)}


def organisations_of(by: User) -> list[Organisation]:
    """List the organisations for which this person may create a challenge."""
    own = Organisation.objects.filter(
        memberships__user=by, memberships__left_at__isnull=True
    ).order_by("name", "pk")
    return [
        each for each in own if has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=each)
    ]


def find_to_run(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge this person runs, or decides on for the Region; 404 for any other."""
    challenge = find_challenge(request, slug)
    if not decides_for_region(request) and not rules.may_follow_challenge(
        person(request), challenge
    ):
        raise Hidden(denied=challenge)
    return challenge


def decides_for_region(request: HttpRequest) -> bool:
    """Say whether this person gives visas or confirms reveals for the Region."""
    by = person(request)
    return has_permission(by, Permission.CHALLENGE_PUBLISH) or has_permission(
        by, Permission.CHALLENGE_REVEAL
    )


def form_page(
    request: HttpRequest,
    challenge: Challenge,
    route: str,
    form: Any,
    act: Callable[[], object],
    *,
    template: str = "challenges/organising/form.html",
    faults: Mapping[str, str] | None = None,
    done: str = "",
    onward: str = "",
    **shown: Any,
) -> HttpResponse:
    """Show a form of the organisers' space, or do its act, say so and go on.

    form: None where there is nothing to fill in yet. faults: the field of a refusal, by its code.
    onward: the route that follows, by default that of the page. shown: beside the form.
    """
    status = tried(form, act, faults) if form else 200
    if not status:
        messages.success(request, done or _("Enregistré."))
        return redirect(f"challenges:{onward or route}", challenge.slug)
    context = room(challenge, route, form=form, **shown)
    return render(request, template, context, status=status)


def attempt(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    """Do an act, and have the next page say that it is done, or why it is not."""
    try:
        act()
    except Conflict as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done)
