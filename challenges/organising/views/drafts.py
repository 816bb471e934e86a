"""Write a challenge by form: its texts, rules and pages, its files, scoring and phases."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from catalogue.models import Resource
from catalogue.resources.queries.detail import BEFORE_CHALLENGES
from challenges.bundles.spec import Role
from challenges.enums import BoardRule, ChallengeStatus, PhaseKind, RegistrationMode
from challenges.models import Challenge, Phase
from challenges.organising import queries as organising
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import drafts, leaderboards, phases, texts
from challenges.organising.actions.texts import standard_terms
from challenges.organising.forms.challenges import (
    CODE_FILE_ROLES,
    FILE_ROLES,
    FileForm,
    NewChallengeForm,
    PageForm,
    ParticipationForm,
    QuestionsForm,
    TermsTextForm,
    TextsForm,
)
from challenges.organising.forms.fairness import FairnessForm
from challenges.organising.forms.phases import NewPhaseForm, QuotasForm, SettingsForm
from challenges.organising.forms.scorings import SHAPES, ScoringForm, shape_of
from challenges.organising.queries import phase_of
from challenges.organising.views.layout import organisations_of, person, room, run_by, tried
from challenges.organising.views.words import TITLES, USE_CASES
from challenges.programs import queries as program_queries
from challenges.programs.actions import code as team_code
from portal.lib.refusals import Invalid, NotAllowed

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def create(request: HttpRequest) -> HttpResponse:
    """Begin a challenge for an organisation."""
    by = person(request)
    organisations = organisations_of(by)
    if not organisations:
        raise NotAllowed(
            _("Il faut écrire pour une organisation pour créer un challenge."),
            code="no_organisation",
        )
    form = NewChallengeForm(
        request.POST if request.method == "POST" else None,
        organisations=organisations,
        card=_card(request),
    )
    made: list[Challenge] = []
    status = tried(
        form,
        lambda: made.append(drafts.start(**form.cleaned_data, by=by)),
        {"slug_taken": "slug", "slug_form": "slug", "card_unknown": "cards"},
    )
    if not status:
        messages.success(request, _("Brouillon créé. Écrivez ses textes, puis ses fichiers."))
        return redirect("challenges:write_texts", made[0].slug)
    context = {
        "section": "challenges",
        "form": form,
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (_("Nouveau challenge"), ""),
        ],
    }
    return render(request, "challenges/organise/new.html", context, status=status)


@get_or_post
def write_texts(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the texts."""
    challenge = run_by(request, slug)
    form = TextsForm(_sent(request), challenge=challenge, use_cases=USE_CASES)
    lede = _("Ce que tout le monde lit. Les textes restent libres après la publication.")

    def act() -> None:
        texts.describe(
            challenge=challenge,
            texts=form.texts,
            licence=form.licence,
            cards=form.cleaned_data["cards"],
            by=person(request),
        )

    fields = {"markdown": "body_md", "card_unknown": "cards"}
    return _written(request, challenge, "write_texts", form, act, lede, fields)


@get_or_post
def write_participation(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who takes part."""
    challenge = run_by(request, slug)
    form = ParticipationForm(_sent(request), challenge=challenge)
    lede = _("Qui peut s’inscrire, et en équipes de combien de personnes.")

    def act() -> None:
        sent = form.cleaned_data | {
            "registration": RegistrationMode(form.cleaned_data["registration"])
        }
        texts.take_part(challenge=challenge, wanted=texts.Participation(**sent), by=person(request))

    fields = {"frozen": "team_max"}
    return _written(request, challenge, "write_participation", form, act, lede, fields)


@get_or_post
def write_terms(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the rules; once public, a new version of them."""
    challenge = run_by(request, slug)
    last = challenge.terms.first()
    usual = last.text if last else standard_terms(challenge.language)
    form = TermsTextForm(_sent(request), initial={"text": usual})
    lede = _("Une fois le challenge publié, chaque changement est une nouvelle version.")
    if last is None:
        lede = _("Voici le règlement type : relisez-le, adaptez-le, puis enregistrez.")
    if challenge.is_public:
        lede = _(
            "Un changement crée une nouvelle version : les inscrits sont prévenus, et chaque "
            "équipe l’accepte avant de déposer à nouveau."
        )

    def act() -> None:
        texts.write_terms(challenge=challenge, text=form.cleaned_data["text"], by=person(request))

    return _written(request, challenge, "write_terms", form, act, lede, {"markdown": "text"})


@get_or_post
def write_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask teams about their method."""
    challenge = run_by(request, slug)
    form = QuestionsForm(_sent(request), stored=challenge.fact_sheet)
    status = tried(
        form,
        lambda: leaderboards.ask_questions(
            challenge=challenge, questions=form.questions, by=person(request)
        ),
    )
    if not status:
        messages.success(request, _("Enregistré."))
        return redirect("challenges:write_questions", slug)
    context = room(
        challenge,
        "write_questions",
        form=form,
        asked=challenge.fact_sheet,
        draft=challenge.status == ChallengeStatus.DRAFT,
    )
    return render(request, "challenges/organise/questions.html", context, status=status)


@get_or_post
def write_pages(request: HttpRequest, slug: str) -> HttpResponse:
    """List the further pages, and add one."""
    challenge = run_by(request, slug)
    return _page(request, challenge, None)


@get_or_post
def write_page(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Rewrite a page."""
    challenge = run_by(request, slug)
    get_object_or_404(challenge.pages, index=index)
    return _page(request, challenge, index)


@require_POST
def remove_page(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove a page."""
    challenge = run_by(request, slug)
    texts.remove_page(challenge=challenge, index=index, by=person(request))
    messages.success(request, _("Page retirée."))
    return redirect("challenges:write_pages", slug)


def _page(request: HttpRequest, challenge: Challenge, index: int | None) -> HttpResponse:
    stored = None if index is None else challenge.pages.get(index=index)
    initial = {"title": stored.title, "body_md": stored.body_md} if stored else {}
    form = PageForm(_sent(request), initial=initial)
    status = tried(
        form,
        lambda: texts.write_page(
            challenge=challenge, index=index, by=person(request), **form.cleaned_data
        ),
        {"markdown": "body_md"},
    )
    if not status:
        messages.success(request, _("Page enregistrée."))
        return redirect("challenges:write_pages", challenge.slug)
    context = room(
        challenge,
        "write_pages",
        form=form,
        pages=list(challenge.pages.all()),
        edited=index,
    )
    return render(request, "challenges/organise/pages.html", context, status=status)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _written(
    request: HttpRequest,
    challenge: Challenge,
    route: str,
    form: forms.Form,
    act: Callable[[], object],
    lede: str,
    fields: dict[str, str],
) -> HttpResponse:
    """Show a form of the draft, or do its act and come back to it."""
    status = tried(form, act, fields)
    if not status:
        messages.success(request, _("Enregistré."))
        return redirect(f"challenges:{route}", challenge.slug)
    context = room(challenge, route, form=form, lede=lede)
    return render(request, "challenges/organise/form.html", context, status=status)


def _card(request: HttpRequest) -> Resource | None:
    """Return the card of the catalogue that the address says the challenge starts from."""
    slug = request.GET.get("fiche", "")
    found = Resource.objects.public().filter(slug=slug, kind__in=BEFORE_CHALLENGES)
    return found.first() if slug.isprintable() else None


FILE_FAULTS = dict.fromkeys(
    ("too_large", "file_empty", "file_table", "file_name", "file_name_taken"), "file"
) | {"file_role": "role"}


@get_or_post
def write_files(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files of a challenge, and take one more."""
    challenge = run_by(request, slug)
    sent = request.method == "POST"
    is_code = team_code.code_rules(challenge) is not None
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
    by_program = program_queries.is_scored_by_program(challenge)
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
    is_code = team_code.code_rules(challenge) is not None
    form = NewPhaseForm(request.POST if sent else None, is_code=is_code)
    status = tried(
        form,
        lambda: phases.add_phase(
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
            phases.settle_phase(phase=phase, settings=settings, rule=rule, by=by)
        else:
            phases.raise_quotas(phase=phase, quotas=form.cleaned_data, by=by)

    return tried(form, act, {})


@require_POST
def remove_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove the last phase of a draft."""
    challenge = run_by(request, slug)
    phases.remove_phase(phase=phase_of(challenge, index), by=person(request))
    messages.success(request, _("Phase retirée."))
    return redirect("challenges:write_phases", slug)


@require_POST
def recall(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the request for a visa back, to correct the draft."""
    acts.recall(challenge=run_by(request, slug), by=person(request))
    messages.success(request, _("Demande retirée : le challenge est un brouillon."))
    return redirect("challenges:organiser", slug)
