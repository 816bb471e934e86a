"""Show the challenges: the list, the pages and files that everybody reads, the kit, the feeds."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import localize
from django.utils.http import quote_etag
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.client import kit as kits
from challenges.entries.models import Entry
from challenges.evaluation.enums import Split
from challenges.organising import queries as organising
from challenges.organising import words
from challenges.organising.actions import phases
from challenges.organising.enums import PUBLIC_STATUSES, PhaseKind
from challenges.organising.forms import scorings
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    Notice,
    Phase,
    PublicFile,
)
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.organising.modes import mode_in, mode_of
from challenges.organising.queries import current_phase
from challenges.organising.views.layout import find_challenge
from challenges.organising.words import (
    COLUMN_ROLES,
    COLUMN_TYPES,
    FILE_ROLES,
    FORMATS,
    LAYOUTS,
    LICENCE_STATUSES,
    TASKS,
    USE_CASES,
)
from challenges.pages.filters import STATES, ChallengeFilter
from challenges.pages.views import previews
from challenges.programs.views.programs import coding_of
from challenges.results.models.boards import Standing
from challenges.results.queries.boards import prize_limits
from challenges.results.views import boards as board_views
from challenges.results.views.boards import from_to, text_of
from challenges.scoring.contract import ScoringContract
from challenges.teams.queries import latest_terms
from challenges.teams.views.head import (
    challenge_context,
    face_of,
    is_open,
    shares,
    shown_challenges,
    steps,
    use_case_names,
)
from portal.lib import clock
from portal.lib.prose.texts import Dated, Feed, calendar_text
from portal.lib.refusals import Unavailable
from portal.lib.storage import files, objects

PER_PAGE = 20
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
    shown = shown_challenges(request).filter(pk__in=keys)
    chosen = request.GET.get("etat", "")
    context = {
        "section": "challenges",
        "filter": listed,
        "page": page,
        "rows": [_row(challenge, now) for challenge in shown],
        "now": now,
        "states": _state_links(request),
        "state": str(dict(STATES).get(chosen, _("Tous"))),
        "chosen": chosen,
        "filtered": any(request.GET.get(name) for name in ("etat", "cas", "tache")),
        "crumbs": [(_("Challenges"), "")],
    }
    return render(request, "challenges/pages/list.html", context)


@login_not_required
@require_safe
def presentation(request: HttpRequest, slug: str) -> HttpResponse:
    """Present a challenge: phases, problem, how to take part."""
    context = challenge_context(request, slug, "presentation")
    challenge: Challenge = context["challenge"]
    context |= {
        "steps": steps(challenge, context["phases"], context["now"]),
        "dates": _dates(context["phases"]),
        "use_cases": use_case_names(challenge),
        "task": str(TASKS.get(challenge.task, "")),
        "figures": headline_figures(challenge),
        "kit_files": list(challenge.files.all()),
        "notices": list(challenge.notices.all()[:10]),
        "pages": list(challenge.pages.all()),
        "origins": list(organising.cards_of(challenge)),
        "prize_rules": _prize_rules(challenge) if challenge.has_prizes else "",
    }
    return render(request, "challenges/pages/presentation.html", context)


def _dates(phases: Sequence[Phase]) -> tuple[datetime | None, datetime | None]:
    """Give when a challenge begins and ends, as far as its phases say."""
    opens = [each.opens_at for each in phases if each.opens_at]
    closes = [each.closes_at for each in phases if each.closes_at]
    return min(opens, default=None), max(closes, default=None)


@login_not_required
@require_safe
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the openings and the closings of a challenge to an agenda (iCalendar)."""
    challenge = find_challenge(request, slug)
    page = request.build_absolute_uri(reverse("challenges:presentation", args=[slug]))
    dates = [
        Dated(f"{phase.pk}-{name}", at, f"{word} : {challenge.title} ({phase.name})", page)
        for phase in challenge.phases.order_by("index")
        for name, word, at in (
            ("opens", _("Ouverture"), phase.opens_at),
            ("closes", _("Clôture"), phase.closes_at),
        )
        if at is not None
    ]
    content = calendar_text(challenge.title, dates, host=request.get_host(), now=clock.now())
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}.ics"'
    return response


@login_not_required
@require_safe
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """List the public files of a challenge, their licence and their provenance."""
    context = challenge_context(request, slug, "data")
    challenge: Challenge = context["challenge"]
    # What is learnt from comes first, then the test, then the rest in its order.
    public = sorted(
        challenge.files.all(), key=lambda each: (each.role != "train", each.role != "test")
    )
    asked = request.GET.get("apercu", "")
    tables = [each for each in public if each.name.endswith(".csv")]
    shown = next((each for each in tables if each.name == asked), tables[0] if tables else None)
    context |= {
        "files": [(file, str(FILE_ROLES.get(file.role, file.role))) for file in public],
        "tables": {each.name for each in tables},
        "table": previews.preview_of(shown) if shown else None,
        "size": sum(each.size for each in public),
        "licence_status": str(LICENCE_STATUSES.get(challenge.licence.get("status", ""), "")),
    }
    return render(request, "challenges/pages/data.html", context)


@login_not_required
@require_safe
def public_file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Send a public file of a challenge, as an attachment."""
    if not name.isprintable():  # PostgreSQL refuses a null byte
        raise Http404
    public = get_object_or_404(PublicFile, challenge=find_challenge(request, slug), name=name)
    suffix = "." + public.name.rpartition(".")[2]
    return files.attachment(
        objects.open(public.sha256),
        public.name,
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        size=public.size,
    )


# Of an expected file, enough to see its form: its head, and three rows.
SHOWN_BYTES, SHOWN_LINES = 4_000, 4


@login_not_required
@require_safe
def evaluation(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain how entries are scored: answer, metrics, parts, intervals, quotas."""
    context = challenge_context(request, slug, "evaluation")
    challenge: Challenge = context["challenge"]
    context |= _phase_shown(request, context)
    context |= scoring_words(contract_of(challenge, context["phase"]), challenge.language)
    context |= shares(context["phase"])
    context["prize_rules"] = _prize_rules(challenge)
    if phase := context["phase"]:
        mode = mode_in(phase)
        packing = mode.packages(phase).get("packing")
        context |= {"sends_code": phase.kind == PhaseKind.CODE, "packing": packing}
        context |= mode.words(phase)
    if context["columns"] and not context.get("sends_code"):
        context["sample"] = _head_of(_sample(challenge, phase, list(challenge.files.all())))
    return render(request, "challenges/pages/evaluation.html", context)


def _head_of(sample: PublicFile | None) -> tuple[str, str] | None:
    """Return the name and the first lines of a CSV file; nothing while its store is silent."""
    if sample is None or not sample.name.endswith(".csv"):
        return None
    size = min(sample.size, SHOWN_BYTES)
    try:
        with closing(objects.open_span(sample.sha256, first=0, size=size)) as head:
            lines = head.read(size).decode("utf-8-sig", "replace").splitlines()
    except (FileNotFoundError, Unavailable):
        return None
    whole = lines if size == sample.size else lines[:-1]
    return sample.name, "\n".join(whole[:SHOWN_LINES])


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
    return mode_of(task).public_contract(task) if task else {}


def scoring_words(contract: dict[str, Any], language: str = "") -> dict[str, Any]:
    """Put a scoring contract into words; language: that of the organiser's own."""
    fairness = contract.get("fairness") or {}
    labels = {each["key"]: each["label"] for each in fairness.get("attributes", ())}
    submission = contract.get("submission") or {}
    return {
        "metrics": [_metric(one, labels, language) for one in contract.get("metrics", ())],
        "fairness_metrics": _fairness_metrics(contract, labels, language),
        "least_group": ScoringContract.from_json(contract).least_group if fairness else None,
        "layout": str(LAYOUTS.get(submission.get("layout", ""), "")),
        "formats": [FORMATS.get(each, each) for each in submission.get("formats", ())],
        "submission": submission,
        "columns": [_column(column) for column in submission.get("columns", ())],
        "cluster": (contract.get("truth") or {}).get("cluster"),
        "weighted": bool((contract.get("truth") or {}).get("weight")),
    }


def _prize_rules(challenge: Challenge) -> SafeString:
    return board_views.prize_rules(prize_limits(challenge), challenge)


def _fairness_metrics(
    contract: dict[str, Any], labels: dict[str, str], language: str
) -> list[dict[str, Any]]:
    """Put the fairness figures into words: what each compares, its metric defined once."""
    defined = [(each["metric"], each.get("params") or {}) for each in contract.get("metrics", ())]
    found = []
    for each in (contract.get("fairness") or {}).get("metrics", ()):
        worded = _metric(each, labels, language)
        if worded["group_words"] and (each["metric"], each.get("params") or {}) in defined:
            worded |= {"title": "", "definition": worded["group_words"]}
        defined.append((each["metric"], each.get("params") or {}))
        found.append(worded)
    return found


def _metric(metric: dict[str, Any], labels: dict[str, str], language: str) -> dict[str, Any]:
    worded = metric | {"by_label": labels.get(metric.get("by") or "", metric.get("by"))}
    title = words.metric_title(metric)
    return metric | {
        "primary": bool(metric.get("primary")),
        "definition": words.metric_definition(worded, language),
        "group_words": words.group_words(worded, language),
        "title": "" if metric["label"].startswith(title) else title,
        "direction": words.metric_direction(metric),
        "values": words.metric_values(metric),
        "formula": words.metric_formula(metric),
        "letters": words.metric_letters(metric),
        "parameters": parameters_told(metric),
        "example": words.metric_example(metric),
    }


def parameters_told(metric: dict[str, Any]) -> list[tuple[str, str]]:
    """Write each parameter of a declared figure as the form of its organiser does."""
    told = []
    for key, value in (metric.get("params") or {}).items():
        name = f"params.{key}"
        if key == "formula" or value in (None, "", []):
            continue
        if isinstance(value, list):
            text = ", ".join(str(each) for each in value)
        else:
            text = str(scorings.CHOICES.get(name, {}).get(value) or localize(value))
            if meant := scorings.DESCRIPTIONS.get(name, {}).get(value):
                text = f"{text}. {meant}"
        told.append((str(scorings.WORDS[name][0]) if name in scorings.WORDS else key, text))
    return told


def _column(column: dict[str, Any]) -> dict[str, Any]:
    domain = column.get("domain")
    facts = ("min", "max", "pattern", "max_labels", "max_distinct")
    return {name: column.get(name) for name in facts} | {
        "name": column["name"],
        "role": str(COLUMN_ROLES.get(column["role"], column["role"])),
        "type": str(COLUMN_TYPES.get(column["type"], column["type"])),
        "values": len(domain) if isinstance(domain, list) else None,
        "separator": column.get("separator") if column["type"] == "label_set" else None,
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


def _state_links(request: HttpRequest) -> list[tuple[str, str]]:
    kept = request.GET.copy()
    links = []
    for key, label in (("", _("Tous")), *STATES):
        kept.pop("etat", None)
        kept.pop("page", None)
        if key:
            kept["etat"] = key
        links.append((str(label), f"?{kept.urlencode()}"))
    return links


def _interval(row: Standing, column: Column) -> str:
    """Write the interval of a row of the standings, or nothing."""
    if row.interval_low is None or row.interval_high is None:
        return ""
    ends = (row.interval_low, row.interval_high)
    return from_to(*(text_of({"value": end}, column) for end in ends))


def headline_figures(challenge: Challenge) -> dict[str, Any]:
    """Read the large figures of the presentation: entries, and scores with their intervals."""
    rows = list(
        Standing.objects.filter(
            Q(rank=1) | Q(competes=False),
            leaderboard__challenge=challenge,
            leaderboard__hidden=False,
            leaderboard__primary__isnull=False,
            split=Split.PRIVATE if challenge.is_revealed else Split.PUBLIC,
        )
        .select_related("leaderboard__primary", "team")
        .order_by("leaderboard__phase__index", "position")
    )
    scores = {}
    for name, competes in (("best", True), ("reference", False)):
        row = next((each for each in rows if each.competes == competes), None)
        if row is not None and (column := row.leaderboard.primary) is not None:
            value = text_of(row.cells.get(column.key) or {}, column)
            scores[name] = (value, _interval(row, column))
    entries = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
    return {"entries": entries.count(), "best": None, "reference": None, **scores}


CARRIED_ROLES = ("sample_submission", "baseline_program")


@login_not_required
@require_safe
def kit(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send kit.zip, built from the challenge as it is."""
    challenge = find_challenge(request, slug)
    content = kits.build_kit(kit_of(request, challenge))
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{slug}-kit.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = quote_etag(hashlib.sha256(content).hexdigest())
    return response


def kit_of(request: HttpRequest, challenge: Challenge) -> kits.Kit:
    """Gather what the kit of a challenge holds."""
    files = list(challenge.files.all())
    terms = latest_terms(challenge)
    phase = current_phase(list(challenge.phases.order_by("index")), clock.now())
    contract = _contract(challenge, phase)
    sample = _sample(challenge, phase, files)
    example = objects.read(sample.sha256) if sample else None
    return kits.Kit(
        slug=challenge.slug,
        title=challenge.title,
        summary=challenge.summary,
        address=request.build_absolute_uri(
            reverse("challenges:presentation", args=[challenge.slug])
        ),
        contract=contract,
        quotas=_quotas(phase),
        rules=terms.text if terms else "",
        sample=example,
        coding=coding_of(challenge, phase, contract, example),
        files=[_described(request, challenge, each) for each in files],
        carried={
            each.name: objects.read(each.sha256) for each in files if each.role in CARRIED_ROLES
        },
    )


def _sample(
    challenge: Challenge, phase: Phase | None, files: Sequence[PublicFile]
) -> PublicFile | None:
    """Find the sample of the phase in view: its own, else that of the challenge."""
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    own = phases.scoring_of(written, phase.index) if phase else None
    name = own["sample"] if own else ""
    found = [each for each in files if name and each.name == name]
    found += [each for each in files if each.role == "sample_submission"]
    return found[0] if found else None


def _contract(challenge: Challenge, phase: Phase | None) -> dict[str, Any]:
    """Return the contract that the engine of the kit scores by; a program has none."""
    found = contract_of(challenge, phase)
    return found if "metrics" in found else {}


def _quotas(phase: Phase | None) -> str:
    if phase is None:
        return _("Les essais seront annoncés à l’ouverture.")
    if phase.max_per_day is None:
        return _("Sans limite par jour.")
    return _("%(day)s par jour et par équipe ; un fichier refusé n’utilise pas d’essai.") % {
        "day": phase.max_per_day
    }


def _described(request: HttpRequest, challenge: Challenge, each: PublicFile) -> kits.PublicFile:
    address = reverse("challenges:file", args=[challenge.slug, each.name])
    return kits.PublicFile(
        name=each.name,
        role=str(FILE_ROLES.get(each.role, each.role)),
        address=request.build_absolute_uri(address),
        sha256=each.sha256,
        size=each.size,
        place=each.role,
        rows=each.rows,
        columns=tuple(each.columns),
        args=tuple(each.args),
    )


MOST_IN_FEED = 50


@login_not_required
@require_safe
def announcement_feed(request: HttpRequest) -> HttpResponse:
    """Answer the latest announcements of the public challenges as Atom."""
    feed = Feed(
        title=_("Open Emploi : challenges"),
        link=request.build_absolute_uri(reverse("challenges:list")),
        description=_("Les annonces des challenges d’innovation."),
        language=request.LANGUAGE_CODE,
        feed_url=request.build_absolute_uri(),
        author_name="Open Emploi",
    )
    latest = Notice.objects.filter(challenge__status__in=sorted(PUBLIC_STATUSES))
    for notice in latest.select_related("challenge__organiser").order_by("-at", "-pk")[
        :MOST_IN_FEED
    ]:
        challenge = notice.challenge
        feed.add_item(
            title=challenge.title,
            link=request.build_absolute_uri(
                reverse("challenges:presentation", args=[challenge.slug])
            ),
            description=notice.text,
            unique_id=f"urn:uuid:{challenge.public_id}#{notice.pk}",
            updateddate=notice.at,
            pubdate=notice.at,
            author_name=challenge.organiser.name,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
