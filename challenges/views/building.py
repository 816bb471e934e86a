"""Give a challenge its files, its scoring and its phases by form."""

from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges.actions import coding
from challenges.bundles.spec import Role
from challenges.enums import BoardRule, ChallengeStatus, PhaseKind
from challenges.models import Challenge, Phase
from challenges.organising import queries as organising
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import drafts, phases
from challenges.organising.forms.challenges import CODE_FILE_ROLES, FILE_ROLES, FileForm
from challenges.organising.forms.fairness import FairnessForm
from challenges.organising.forms.phases import NewPhaseForm, QuotasForm, SettingsForm
from challenges.organising.forms.scorings import SHAPES, ScoringForm, shape_of
from challenges.queries import programs
from challenges.views.head import person
from challenges.views.metric_texts.titles import TITLES
from challenges.views.rooms import phase_of, room, run_by
from challenges.views.trying import tried
from portal.lib.refusals import Invalid

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
FILE_FAULTS = dict.fromkeys(
    ("too_large", "file_empty", "file_table", "file_name", "file_name_taken"), "file"
) | {"file_role": "role"}


@get_or_post
def write_files(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files of a challenge, and take one more."""
    challenge = run_by(request, slug)
    sent = request.method == "POST"
    is_code = coding.rules_of(challenge) is not None
    given = (request.POST, request.FILES) if sent else ()
    form = FileForm(*given, is_code=is_code)
    status = tried(
        form,
        lambda: drafts.add_file(
            challenge=challenge,
            role=Role(form.cleaned_data["role"]),
            deposit=deposit_of(form.cleaned_data["file"]),
            by=person(request),
            expected_score=form.cleaned_data.get("expected_score"),
        ),
        FILE_FAULTS,
    )
    if not status:
        messages.success(request, _("Fichier reçu."))
        return redirect("challenges:write_files", slug)
    by_program = programs.scores(challenge)
    context = room(
        challenge,
        "write_files",
        form=form,
        draft=challenge.status == ChallengeStatus.DRAFT,
        rows=[_file_row(each, is_code=is_code) for each in drafts.all_files(challenge)],
        missing=[] if by_program else drafts.incomplete(challenge),
        by_program=by_program,
        is_code=is_code,
    )
    return render(request, "challenges/organise/files.html", context, status=status)


def deposit_of(file: UploadedFile) -> drafts.Deposit:
    """Take a file that a form sent, from memory or from where it was put."""
    path = Path(file.temporary_file_path()) if isinstance(file, TemporaryUploadedFile) else None
    content = path.open("rb") if path else BytesIO(file.read())
    return drafts.Deposit(file.name or "", file.size or 0, content, path)


def _file_row(entry: dict[str, Any], *, is_code: bool) -> dict[str, Any]:
    role = Role(entry["role"]) if entry["role"] in set(Role) else Role.EXTRA
    sealed = role in drafts.HELD_OUT_ROLES | drafts.ORGANISER_ROLES
    return {
        "path": entry["path"],
        "role": (CODE_FILE_ROLES if is_code else FILE_ROLES).get(role, role.value),
        "sealed": sealed,
        "columns": entry.get("columns") or [],
        "expected": entry.get("expected_score"),
    }


@require_POST
def remove_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a file out of the draft."""
    challenge = run_by(request, slug)
    drafts.remove_file(challenge=challenge, path=request.POST.get("path", ""), by=person(request))
    messages.success(request, _("Fichier retiré."))
    return redirect("challenges:write_files", slug)


@get_or_post
def write_scoring(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the columns and the figures, then have the worker check the whole."""
    challenge = run_by(request, slug)
    files = {each["role"]: each for each in drafts.all_files(challenge)}
    sample, truth = files.get(Role.SAMPLE_SUBMISSION), files.get(Role.TRUTH)
    ready = bool(sample and truth and sample.get("columns") and truth.get("columns"))
    form: ScoringForm | None = None
    status = 200
    shape = _shape_asked(request, challenge)
    if ready and sample and truth and shape is not None:
        form = SHAPES[shape][1](
            request.POST if request.method == "POST" else None,
            document=challenge.bundle,
            given=sample["columns"],
            held=truth["columns"],
            titles=TITLES,
        )
        status = _measured(request, challenge, form, str(truth["path"]))
        if not status:
            messages.success(request, _("Notation enregistrée : le contrôle est en cours."))
            return redirect("challenges:organiser", slug)
    elif request.method == "POST":
        raise Invalid(_("Déposez d’abord les fichiers."), code="files_first")
    context = room(
        challenge,
        "write_scoring",
        form=form,
        draft=challenge.status == ChallengeStatus.DRAFT,
        measured=challenge.scorers.exists(),
        shapes=[(key, str(words)) for key, (words, _form) in SHAPES.items()],
        shape=shape or "",
        other_shape=shape is None,
    )
    return render(request, "challenges/organise/scoring.html", context, status=status)


def _shape_asked(request: HttpRequest, challenge: Challenge) -> str | None:
    """Return the shape of answers that is asked for, else that of the draft; None for another."""
    wanted = request.GET.get("forme", "")
    return wanted if wanted in SHAPES else shape_of(challenge.bundle)


def _measured(request: HttpRequest, challenge: Challenge, form: ScoringForm, truth: str) -> int:
    by = person(request)

    def act() -> None:
        drafts.measure(
            challenge=challenge,
            submission=form.submission(challenge.bundle.get("submission") or {}),
            truth=form.truth(truth),
            metrics=form.metrics,
            by=by,
        )
        drafts.ask_build(challenge=challenge, by=by)

    return tried(form, act)


@get_or_post
def write_fairness(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare which groups are compared, then have the worker check the whole."""
    challenge = run_by(request, slug)
    files = {each["role"]: each for each in drafts.all_files(challenge)}
    held = (files.get(Role.TRUTH) or {}).get("columns") or []
    form: FairnessForm | None = None
    status = 200
    if held and challenge.bundle.get("metrics"):
        sent = request.POST if request.method == "POST" else None
        form = FairnessForm(sent, document=challenge.bundle, held=held)
        status = _declared(request, challenge, form)
        if not status:
            messages.success(request, _("Équité enregistrée : le contrôle est en cours."))
            return redirect("challenges:organiser", slug)
    elif request.method == "POST":
        raise Invalid(_("Réglez d’abord la notation."), code="scoring_first")
    context = room(
        challenge, "write_fairness", form=form, draft=challenge.status == ChallengeStatus.DRAFT
    )
    return render(request, "challenges/organise/fairness.html", context, status=status)


def _declared(request: HttpRequest, challenge: Challenge, form: FairnessForm) -> int:
    by = person(request)

    def act() -> None:
        drafts.declare_fairness(challenge=challenge, fairness=form.fairness, by=by)
        drafts.ask_build(challenge=challenge, by=by)

    return tried(form, act)


@require_POST
def build(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the worker check the draft as it is now."""
    challenge = run_by(request, slug)
    drafts.ask_build(challenge=challenge, by=person(request))
    messages.success(request, _("Contrôle demandé."))
    return redirect("challenges:organiser", slug)


@get_or_post
def write_phases(request: HttpRequest, slug: str) -> HttpResponse:
    """List the phases, and add one to a draft."""
    challenge = run_by(request, slug)
    sent = request.method == "POST"
    is_code = coding.rules_of(challenge) is not None
    form = NewPhaseForm(request.POST if sent else None, is_code=is_code)
    status = tried(
        form,
        lambda: phases.add(
            challenge=challenge,
            name=form.cleaned_data["name"],
            kind=PhaseKind(form.cleaned_data["kind"]),
            by=person(request),
        ),
    )
    if not status:
        messages.success(request, _("Phase ajoutée."))
        return redirect("challenges:write_phases", slug)
    listed = list(challenge.phases.all())
    context = room(
        challenge,
        "write_phases",
        form=form,
        phases=listed,
        several=len(listed) > 1,
        parallel=organising.overlap(listed),
        dated=organising.are_dated(listed),
        draft=challenge.status == ChallengeStatus.DRAFT,
    )
    return render(request, "challenges/organise/phases.html", context, status=status)


@get_or_post
def write_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Settle a phase of a draft; raise its quotas once the challenge is public."""
    challenge = run_by(request, slug)
    phase = phase_of(challenge, index)
    draft = not challenge.is_public
    sent = request.POST if request.method == "POST" else None
    form: SettingsForm | QuotasForm
    form = SettingsForm(sent, phase=phase) if draft else QuotasForm(sent, phase=phase)
    status = _settled(request, phase, form)
    if not status:
        messages.success(request, _("Phase enregistrée."))
        return redirect("challenges:write_phases", slug)
    context = room(challenge, "write_phases", form=form, phase=phase, draft=draft)
    return render(request, "challenges/organise/phase.html", context, status=status)


def _source(phase: Phase, form: SettingsForm) -> dict[str, Phase | None]:
    """Find the phase whose choices are taken over, where the form asked for one."""
    if "migrate_from" not in form.cleaned_data:
        return {}
    wanted = form.cleaned_data["migrate_from"]
    return {"migrate_from": phase_of(phase.challenge, int(wanted)) if wanted else None}


def _settled(request: HttpRequest, phase: Phase, form: SettingsForm | QuotasForm) -> int:
    by = person(request)

    def act() -> None:
        if isinstance(form, SettingsForm):
            settings = (
                form.settings | _source(phase, form) | {"kind": PhaseKind(form.settings["kind"])}
            )
            rule = BoardRule(form.cleaned_data["rule"])
            phases.settle(phase=phase, settings=settings, rule=rule, by=by)
        else:
            phases.raise_quotas(phase=phase, quotas=form.cleaned_data, by=by)

    return tried(form, act, {})


@require_POST
def remove_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove the last phase of a draft."""
    challenge = run_by(request, slug)
    phases.remove(phase=phase_of(challenge, index), by=person(request))
    messages.success(request, _("Phase retirée."))
    return redirect("challenges:write_phases", slug)


@require_POST
def recall(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the request for a visa back, to correct the draft."""
    acts.recall(challenge=run_by(request, slug), by=person(request))
    messages.success(request, _("Demande retirée : le challenge est un brouillon."))
    return redirect("challenges:organiser", slug)
