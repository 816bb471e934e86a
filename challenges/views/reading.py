"""Show the challenges: the list, and the pages that everybody reads."""

from decimal import Decimal
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges.enums import PhaseKind
from challenges.filters import STATES, ChallengeFilter
from challenges.models import Challenge, Phase, PhaseTask, PublicFile
from challenges.organising import queries as organising
from challenges.organising.queries import current_phase
from challenges.queries import code
from challenges.queries.boards import prize_limits
from challenges.scoring.contract import ScoringContract
from challenges.views import boards, headline, metric_words, programs
from challenges.views.head import (
    challenges,
    face_of,
    find,
    is_open,
    scene,
    shares,
    steps,
    use_case_names,
)
from challenges.views.packing import packing
from challenges.views.words import (
    COLUMN_ROLES,
    COLUMN_TYPES,
    FILE_ROLES,
    FORMATS,
    LAYOUTS,
    LICENCE_STATUSES,
    TASKS,
    USE_CASES,
)
from portal.lib import clock, files, objects

PER_PAGE = 20
LEFT_OUT = gettext_lazy("Une demande sans ligne compte comme une réponse vide.")
MEDIA_TYPES = {".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet"}


@login_not_required
@require_safe
def challenge_list(request: HttpRequest) -> HttpResponse:
    """List the public challenges, filtered by state, use case and task."""
    now = clock.now()
    public = Challenge.objects.visible_to(request.user).public()
    listed = ChallengeFilter(
        request.GET,
        queryset=public,
        now=now,
        use_cases=list(USE_CASES.items()),
        tasks=list(TASKS.items()),
    )
    page = Paginator(listed.qs, PER_PAGE).get_page(request.GET.get("page"))
    # What a row counts is counted for the rows of the page, not for every challenge.
    keys = cast("QuerySet[Challenge]", page.object_list).values("pk")
    shown = challenges(request).filter(pk__in=keys)
    chosen = request.GET.get("etat", "")
    context = {
        "section": "challenges",
        "filter": listed,
        "page": page,
        "rows": [_row(challenge, now) for challenge in shown],
        "now": now,
        "states": _state_links(request, public, chosen, now),
        "state": str(dict(STATES).get(chosen, _("Tous"))),
        "chosen": chosen,
        "filtered": any(request.GET.get(name) for name in ("etat", "cas", "tache")),
        "crumbs": [(_("Challenges"), "")],
    }
    return render(request, "challenges/list.html", context)


@login_not_required
@require_safe
def presentation(request: HttpRequest, slug: str) -> HttpResponse:
    """Present a challenge: phases, problem, how to take part."""
    context = scene(request, slug, "presentation")
    challenge: Challenge = context["challenge"]
    context |= {
        "steps": steps(challenge, context["phases"], context["now"]),
        "use_cases": use_case_names(challenge),
        "task": str(TASKS.get(challenge.task, "")),
        "figures": headline.figures(challenge),
        "kit_files": list(challenge.files.all()),
        "notices": list(challenge.notices.all()[:10]),
        "pages": list(challenge.pages.all()),
        "origins": list(organising.cards_of(challenge)),
        "prize_rules": _prize_rules(challenge) if challenge.has_prizes else "",
    }
    return render(request, "challenges/presentation.html", context)


@login_not_required
@require_safe
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """List the public files of a challenge, their licence and their provenance."""
    context = scene(request, slug, "data")
    challenge: Challenge = context["challenge"]
    context |= {
        "files": [
            (file, str(FILE_ROLES.get(file.role, file.role))) for file in challenge.files.all()
        ],
        "licence_status": str(LICENCE_STATUSES.get(challenge.licence.get("status", ""), "")),
    }
    return render(request, "challenges/data.html", context)


@login_not_required
@require_safe
def file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Send a public file of a challenge, as an attachment."""
    if not name.isprintable():  # PostgreSQL refuses a null byte
        raise Http404
    public = get_object_or_404(PublicFile, challenge=find(request, slug), name=name)
    suffix = "." + public.name.rpartition(".")[2]
    return files.attachment(
        objects.open(public.sha256),
        public.name,
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        size=public.size,
    )


@login_not_required
@require_safe
def evaluation(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain how entries are scored: answer, metrics, parts, intervals, quotas."""
    context = scene(request, slug, "evaluation")
    challenge: Challenge = context["challenge"]
    context |= _phase_shown(request, context)
    context |= scoring_words(contract_of(challenge, context["phase"]), challenge.language)
    context |= shares(context["phase"])
    context["prize_rules"] = _prize_rules(challenge)
    context |= programs.words(challenge, context["phase"])
    context |= _code_words(context["phase"], by_program=bool(context.get("program")))
    return render(request, "challenges/evaluation.html", context)


def _code_words(phase: Phase | None, *, by_program: bool) -> dict[str, Any]:
    """Say whether teams send code, and what it must be; a program has its own protocol."""
    if phase is None or phase.kind != PhaseKind.CODE or by_program:
        return {"sends_code": False}
    plan = code.plan_of(phase)
    return {
        "sends_code": True,
        "packing": None if plan is None else packing(plan, phase, is_first=False),
    }


def _phase_shown(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Choose the phase whose scoring is explained, and link the others where theirs differ."""
    phases: list[Phase] = context["phases"]
    wanted = request.GET.get("phase", "")
    shown = next((each for each in phases if str(each.index) == wanted), context["phase"])
    differ = False
    if len(phases) > 1:
        tasks = PhaseTask.objects.filter(phase__in=phases, current=True, index=0).order_by("pk")
        differ = len(set(tasks.values_list("scorer_version_id", flat=True))) > 1
    links = [(each.name, f"?phase={each.index}") for each in phases] if differ else []
    return {"phase": shown, "phase_links": links}


def contract_of(challenge: Challenge, phase: Phase | None = None) -> dict[str, Any]:
    """Return the scoring contract in force of a phase, of the first by default, or nothing.

    Of a phase that a program scores: what its answer looks like, if that is known.
    """
    tasks = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    if phase is not None:
        tasks = tasks.filter(phase=phase)
    task = tasks.select_related("scorer_version").order_by("phase__index", "index").first()
    if task is not None and task.scorer_version.is_program:
        answer = task.form.get("answer")
        return {"submission": answer} if answer else {}
    return task.scorer_version.spec if task else {}


def scoring_words(contract: dict[str, Any], language: str = "") -> dict[str, Any]:
    """Put a scoring contract into words; language: that of the organiser's own."""
    fairness = contract.get("fairness") or {}
    labels = {each["key"]: each["label"] for each in fairness.get("attributes", ())}
    submission = contract.get("submission") or {}
    return {
        "metrics": [_metric(one, labels, language) for one in contract.get("metrics", ())],
        "fairness_metrics": [_metric(one, labels, language) for one in fairness.get("metrics", ())],
        "least_group": ScoringContract.from_json(contract).least_group if fairness else None,
        "layout": str(LAYOUTS.get(submission.get("layout", ""), "")),
        "formats": [FORMATS.get(each, each) for each in submission.get("formats", ())],
        "answer_rules": answer_rules(submission),
        "columns": [_column(column) for column in submission.get("columns", ())],
        "cluster": (contract.get("truth") or {}).get("cluster"),
        "weighted": bool((contract.get("truth") or {}).get("weight")),
    }


def significant(value: float) -> str:
    """Write a number with its two significant digits, or all its whole ones."""
    exact = Decimal(f"{value:.2g}") if value < 100 else Decimal(round(value))
    return number_format(exact.normalize(), max(0, -int(exact.normalize().as_tuple().exponent)))


def _prize_rules(challenge: Challenge) -> SafeString:
    return boards.prize_rules(prize_limits(challenge), challenge)


def answer_rules(submission: dict[str, Any]) -> list[str]:
    """Say what lists and scores must also be."""
    found, most = [], submission.get("max_items_per_query")
    layout = submission.get("layout")
    if most and submission.get("policy") != "complete":
        found.append(_("Au plus %(n)s éléments par demande.") % {"n": most})
    if submission.get("policy") == "complete":
        found.append(_("Chaque candidat de chaque demande a son score."))
    if layout in ("ranked_list", "candidate_scores"):
        found += [] if submission.get("all_queries_required", True) else [str(LEFT_OUT)]
    return found


def _metric(metric: dict[str, Any], labels: dict[str, str], language: str) -> dict[str, Any]:
    worded = metric | {"by_label": labels.get(metric.get("by") or "", metric.get("by"))}
    return {
        "key": metric["key"],
        "label": metric["label"],
        "primary": bool(metric.get("primary")),
        "definition": metric_words.definition(worded, language),
        "title": metric_words.title(metric),
        "direction": metric_words.direction(metric),
        "values": metric_words.values(metric),
        "decimals": metric["decimals"],
    }


def _column(column: dict[str, Any]) -> dict[str, Any]:
    domain = column.get("domain")
    return {
        "name": column["name"],
        "role": str(COLUMN_ROLES.get(column["role"], column["role"])),
        "type": str(COLUMN_TYPES.get(column["type"], column["type"])),
        "min": column.get("min"),
        "max": column.get("max"),
        "pattern": column.get("pattern"),
        "values": len(domain) if isinstance(domain, list) else None,
        "separator": column.get("separator") if column["type"] == "label_set" else None,
        "max_labels": column.get("max_labels"),
        "max_distinct": column.get("max_distinct"),
    }


def _row(challenge: Challenge, now: Any) -> dict[str, Any]:
    phase = current_phase(list(challenge.phases.all()), now)
    return {
        "challenge": challenge,
        "phase": phase,
        "face": face_of(challenge, phase, now),
        "open": is_open(challenge, phase, now),
        "task": str(TASKS.get(challenge.task, "")),
        "use_cases": use_case_names(challenge),
    }


def _state_links(request: HttpRequest, public: Any, chosen: str, now: Any) -> list[tuple[str, str]]:
    kept = request.GET.copy()
    links = []
    for key, label in (("", _("Tous")), *STATES):
        kept.pop("etat", None)
        kept.pop("page", None)
        if key:
            kept["etat"] = key
        links.append((str(label), f"?{kept.urlencode()}"))
    return links
