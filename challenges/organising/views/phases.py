"""Arrange the leaderboards of a draft, score its phases each its own way, give them tasks."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges.organising.actions import leaderboards, phases
from challenges.organising.actions.phases import Scoring
from challenges.organising.enums import BoardRule
from challenges.organising.forms.phases import BoardForm, MaskForm, NewBoardForm
from challenges.organising.forms.scorings import (
    MeasuresForm,
    PhaseFilesForm,
    TaskForm,
    shape_of,
)
from challenges.organising.models.challenges import Challenge, ChallengeDraft, Phase
from challenges.organising.models.scorings import Leaderboard
from challenges.organising.queries import phase_of
from challenges.organising.views.drafts import deposit_of
from challenges.organising.views.layout import find_organised, form_page, organiser_context
from portal.accounts.views import person
from portal.lib.refusals import Invalid
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post


@get_or_post
def write_boards(request: HttpRequest, slug: str) -> HttpResponse:
    """List the boards of the phases, and add one."""
    challenge = find_organised(request, slug)
    boards = list(
        challenge.leaderboards.select_related("phase", "primary").order_by("phase__index", "pk")
    )
    masked = any(each.anonymous for each in boards)
    form = NewBoardForm(sent(request), phases=list(challenge.phases.all()))
    return form_page(
        request,
        challenge,
        "write_boards",
        form,
        lambda: leaderboards.add(
            phase=phase_of(challenge, int(form.cleaned_data["phase"])),
            title=form.cleaned_data["title"],
            by=person(request),
        ),
        template="challenges/organising/boards.html",
        faults={"too_many": "phase", "board_first": "phase"},
        done=_("Classement ajouté."),
        mask=MaskForm(initial={"anonymous": masked}),
        masked=masked,
        boards=boards,
    )


@get_or_post
def write_board(request: HttpRequest, slug: str, board: int) -> HttpResponse:
    """Arrange a board of a draft."""
    challenge = find_organised(request, slug)
    arranged = _board(challenge, board)
    form = BoardForm(
        sent(request),
        board=arranged,
        columns=list(arranged.columns.order_by("index")),
    )
    return form_page(
        request,
        challenge,
        "write_boards",
        form,
        lambda: leaderboards.arrange(
            board=arranged,
            title=form.cleaned_data["title"],
            rule=BoardRule(form.cleaned_data["rule"]),
            primary=form.cleaned_data.get("primary", ""),
            hidden=form.cleaned_data["hidden"],
            places=form.places,
            by=person(request),
        ),
        template="challenges/organising/board.html",
        faults={"board_primary": "primary"},
        done=_("Classement enregistré."),
        board=arranged,
    )


@require_POST
def remove_board(request: HttpRequest, slug: str, board: int) -> HttpResponse:
    """Remove a board of a draft."""
    challenge = find_organised(request, slug)
    leaderboards.remove(board=_board(challenge, board), by=person(request))
    messages.success(request, _("Classement retiré."))
    return redirect("challenges:write_boards", slug)


@require_POST
def mask_teams(request: HttpRequest, slug: str) -> HttpResponse:
    """Show pseudonyms on the boards of a draft, or names."""
    challenge = find_organised(request, slug)
    anonymous = request.POST.get("anonymous") == "on"
    leaderboards.mask(challenge=challenge, anonymous=anonymous, by=person(request))
    messages.success(request, _("Enregistré."))
    return redirect("challenges:write_boards", slug)


def _board(challenge: Challenge, pk: int) -> Leaderboard:
    boards = Leaderboard.objects.select_related("phase", "primary", "challenge")
    return get_object_or_404(boards, challenge=challenge, pk=pk)


FAULTS = dict.fromkeys(
    ("too_large", "file_empty", "file_table", "file_name", "file_name_taken", "files_none"), "truth"
)


@require_http_methods(["GET", "HEAD"])
def write_phase_scoring(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Show what scores a phase: as the first one, or its own way; its further tasks."""
    return _page(request, phase_of(find_organised(request, slug), index))


@require_POST
def give_answers(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Give a phase its own answers, test file and sample."""
    phase = phase_of(find_organised(request, slug), index)
    form = PhaseFilesForm(request.POST, request.FILES)

    def act() -> None:
        sent_files = {
            name: deposit_of(file) if file else None for name, file in form.cleaned_data.items()
        }
        phases.give_answers(phase=phase, by=person(request), **sent_files)

    return _done(request, phase, form, act, {"files": form})


@require_POST
def measure_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Choose the columns and the figures of a phase."""
    phase = phase_of(find_organised(request, slug), index)
    form = _scoring_form(phase, request.POST)
    if form is None:
        raise Invalid(_("Déposez d’abord les fichiers."), code="files_first")
    own = (_own(phase) or {}).get("truth")
    truth = str(own["path"] if own else phase.challenge.bundle["truth"]["file"])

    return _done(
        request,
        phase,
        form,
        lambda: phases.measure_phase(
            phase=phase,
            submission=form.document["submission"],
            truth={**form.document["truth"], "file": truth},
            metrics=form.metrics,
            by=person(request),
        ),
        {"scoring": form},
    )


@require_POST
def forget_scoring(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Score a phase as the first one again."""
    phase = phase_of(find_organised(request, slug), index)
    phases.forget_scoring(phase=phase, by=person(request))
    messages.success(
        request, _("Cette phase est notée comme la première : contrôlez le brouillon.")
    )
    return redirect("challenges:write_phase_scoring", slug, index)


@require_POST
def add_task(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Add a task to a phase."""
    phase = phase_of(find_organised(request, slug), index)
    form = TaskForm(request.POST, request.FILES)

    return _done(
        request,
        phase,
        form,
        lambda: phases.add_task(
            phase=phase,
            name=form.cleaned_data["name"],
            truth=deposit_of(form.cleaned_data["truth"]),
            by=person(request),
        ),
        {"task": form},
    )


@require_POST
def remove_task(request: HttpRequest, slug: str, index: int, number: int) -> HttpResponse:
    """Remove a further task of a phase."""
    phase = phase_of(find_organised(request, slug), index)
    phases.remove_task(phase=phase, number=number, by=person(request))
    messages.success(request, _("Tâche retirée : contrôlez le brouillon."))
    return redirect("challenges:write_phase_scoring", slug, index)


def _done(
    request: HttpRequest, phase: Phase, form: Any, act: Callable[[], object], forms: dict[str, Any]
) -> HttpResponse:
    status = tried(form, act, FAULTS | {"too_many": "name"})
    if status:
        return _page(request, phase, status, **forms)
    messages.success(request, _("Enregistré : contrôlez le brouillon."))
    return redirect("challenges:write_phase_scoring", phase.challenge.slug, phase.index)


def _page(request: HttpRequest, phase: Phase, status: int = 200, **forms: Any) -> HttpResponse:
    challenge = phase.challenge
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    context = organiser_context(
        challenge,
        "write_phases",
        phase=phase,
        own=_own(phase),
        tasks=phases.tasks_of(written, phase.index),
        files=forms.get("files") or PhaseFilesForm(),
        task=forms.get("task") or TaskForm(),
        scoring=forms.get("scoring") or (_scoring_form(phase) if phase.index else None),
        errors=any(each.errors for each in forms.values()),
        typed="scoring" in forms,
    )
    return render(request, "challenges/organising/phase_scoring.html", context, status=status)


def _own(phase: Phase) -> Scoring | None:
    written = ChallengeDraft.objects.filter(challenge=phase.challenge).first()
    return phases.scoring_of(written, phase.index)


def _scoring_form(phase: Phase, data: Any = None) -> MeasuresForm | None:
    """Offer figures over the columns of the first phase: its own files have the same."""
    document = {**phase.challenge.bundle, **((_own(phase) or {}).get("measure") or {})}
    if not document.get("metrics") or shape_of(document) is None:
        return None
    return MeasuresForm(data, document=document)
