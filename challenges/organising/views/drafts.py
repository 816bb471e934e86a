"""Write a challenge by form: its texts, rules and pages, its files, scoring and phases."""

from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalogue.resources.models import Resource
from catalogue.resources.queries.chain import BEFORE_CHALLENGES
from challenges.bundles import code as coding
from challenges.bundles.spec import Role
from challenges.organising import queries as organising
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import drafts, leaderboards, phases, texts
from challenges.organising.actions.texts import standard_terms
from challenges.organising.enums import BoardRule, PhaseKind
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
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.modes import brings_files
from challenges.organising.queries import phase_of
from challenges.organising.views.layout import find_organised, form_page, organisations_of
from challenges.organising.words import TITLES, USE_CASES
from portal.accounts.models import User
from portal.accounts.views import person
from portal.lib.refusals import Invalid, NotAllowed
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post


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
    form = NewChallengeForm(sent(request), organisations=organisations, card=_card(request))
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
    return render(request, "challenges/organising/new.html", context, status=status)


@get_or_post
def write_texts(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the texts."""
    challenge = find_organised(request, slug)
    form = TextsForm(sent(request), challenge=challenge, use_cases=USE_CASES)
    return form_page(
        request,
        challenge,
        "write_texts",
        form,
        lambda: texts.describe(
            challenge=challenge,
            texts=form.texts,
            licence=form.licence,
            cards=form.cleaned_data["cards"],
            by=person(request),
        ),
        faults={"markdown": "body_md", "card_unknown": "cards", "frozen": "restricted"},
        lede=_("Ce que tout le monde lit. Les textes restent libres après la publication."),
    )


@get_or_post
def write_participation(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who takes part."""
    challenge = find_organised(request, slug)
    form = ParticipationForm(sent(request), challenge=challenge)

    return form_page(
        request,
        challenge,
        "write_participation",
        form,
        lambda: texts.take_part(challenge=challenge, by=person(request), **form.cleaned_data),
        faults={"frozen": "team_max"},
        lede=_("Qui peut s’inscrire, et en équipes de combien de personnes."),
    )


@get_or_post
def write_terms(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the rules; once public, a new version of them."""
    challenge = find_organised(request, slug)
    last = challenge.terms.first()
    usual = last.text if last else standard_terms(challenge.language)
    form = TermsTextForm(sent(request), initial={"text": usual})
    lede = _("Une fois le challenge publié, chaque changement est une nouvelle version.")
    if last is None:
        lede = _("Voici le règlement type : relisez-le, adaptez-le, puis enregistrez.")
    if challenge.is_public:
        lede = _(
            "Un changement crée une nouvelle version : les inscrits sont prévenus, et chaque "
            "équipe l’accepte avant de déposer à nouveau."
        )

    return form_page(
        request,
        challenge,
        "write_terms",
        form,
        lambda: texts.write_terms(
            challenge=challenge, text=form.cleaned_data["text"], by=person(request)
        ),
        faults={"markdown": "text"},
        lede=lede,
    )


@get_or_post
def write_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask teams about their method."""
    challenge = find_organised(request, slug)
    form = QuestionsForm(sent(request), stored=challenge.fact_sheet)
    return form_page(
        request,
        challenge,
        "write_questions",
        form,
        lambda: leaderboards.ask_questions(
            challenge=challenge, questions=form.questions, by=person(request)
        ),
        template="challenges/organising/questions.html",
    )


@get_or_post
def write_pages(request: HttpRequest, slug: str) -> HttpResponse:
    """List the further pages, and add one."""
    challenge = find_organised(request, slug)
    return _page(request, challenge, None)


@get_or_post
def write_page(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Rewrite a page."""
    challenge = find_organised(request, slug)
    get_object_or_404(challenge.pages, index=index)
    return _page(request, challenge, index)


@require_POST
def remove_page(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove a page."""
    challenge = find_organised(request, slug)
    texts.remove_page(challenge=challenge, index=index, by=person(request))
    messages.success(request, _("Page retirée."))
    return redirect("challenges:write_pages", slug)


def _page(request: HttpRequest, challenge: Challenge, index: int | None) -> HttpResponse:
    stored = None if index is None else challenge.pages.get(index=index)
    initial = {"title": stored.title, "body_md": stored.body_md} if stored else {}
    form = PageForm(sent(request), initial=initial)
    return form_page(
        request,
        challenge,
        "write_pages",
        form,
        lambda: texts.write_page(
            challenge=challenge, index=index, by=person(request), **form.cleaned_data
        ),
        template="challenges/organising/pages.html",
        faults={"markdown": "body_md"},
        done=_("Page enregistrée."),
        pages=list(challenge.pages.all()),
        edited=index,
    )


def _card(request: HttpRequest) -> Resource | None:
    """Return the card of the catalogue that the address says the challenge starts from."""
    slug = request.GET.get("fiche", "")
    cards = Resource.objects.public().filter(slug=slug, kind__in=BEFORE_CHALLENGES)
    return cards.first() if slug.isprintable() else None


FILE_FAULTS = dict.fromkeys(
    ("too_large", "file_empty", "file_table", "file_name", "file_name_taken"), "file"
) | {"file_role": "role"}


@get_or_post
def write_files(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files of a challenge, and take one more."""
    challenge = find_organised(request, slug)
    is_code = coding.KEY in challenge.bundle
    brought = brings_files(challenge)
    form = FileForm(sent(request), request.FILES or None, is_code=is_code)
    return form_page(
        request,
        challenge,
        "write_files",
        form,
        lambda: drafts.add_file(
            challenge=challenge,
            role=Role(form.cleaned_data["role"]),
            deposit=deposit_of(form.cleaned_data["file"]),
            by=person(request),
            expected_score=form.cleaned_data.get("expected_score"),
        ),
        template="challenges/organising/files.html",
        faults=FILE_FAULTS,
        done=_("Fichier reçu."),
        rows=[_file_row(each, is_code=is_code) for each in drafts.all_files(challenge)],
        missing=[] if brought else drafts.incomplete(challenge),
        brought=brought,
        is_code=is_code,
    )


def deposit_of(file: UploadedFile) -> drafts.Deposit:
    """Take a file that a form sent, from memory or from where it was put."""
    path = Path(file.temporary_file_path()) if isinstance(file, TemporaryUploadedFile) else None
    content = path.open("rb") if path else BytesIO(file.read())
    return drafts.Deposit(file.name or "", file.size or 0, content, path)


def _file_row(entry: dict[str, Any], *, is_code: bool) -> dict[str, Any]:
    role = Role(entry["role"]) if entry["role"] in set(Role) else Role.EXTRA
    return entry | {
        "columns": entry.get("columns") or [],
        "expected": entry.get("expected_score"),
        "role": (CODE_FILE_ROLES if is_code else FILE_ROLES).get(role, role.value),
        "sealed": role in drafts.HELD_OUT_ROLES | drafts.ORGANISER_ROLES,
    }


@require_POST
def remove_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a file out of the draft."""
    challenge = find_organised(request, slug)
    drafts.remove_file(challenge=challenge, path=request.POST.get("path", ""), by=person(request))
    messages.success(request, _("Fichier retiré."))
    return redirect("challenges:write_files", slug)


@get_or_post
def write_scoring(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the columns and the figures, then have the worker check the whole."""
    challenge = find_organised(request, slug)
    files = {each["role"]: each for each in drafts.all_files(challenge)}
    given, held = (
        (files.get(role) or {}).get("columns") for role in (Role.SAMPLE_SUBMISSION, Role.TRUTH)
    )
    asked = request.GET.get("forme", "")
    shape = asked if asked in SHAPES else shape_of(challenge.bundle)
    form: ScoringForm | None = None
    if given and held and shape is not None:
        form = SHAPES[shape][1](
            sent(request), document=challenge.bundle, given=given, held=held, titles=TITLES
        )
    elif request.method == "POST":
        raise Invalid(_("Déposez d’abord les fichiers."), code="files_first")

    def act() -> None:
        if form is None:
            return
        drafts.measure(
            challenge=challenge,
            submission=form.submission(challenge.bundle.get("submission") or {}),
            truth=form.truth(str(files[Role.TRUTH]["path"])),
            metrics=form.metrics,
            by=person(request),
        )
        drafts.ask_build(challenge=challenge, by=person(request))

    return form_page(
        request,
        challenge,
        "write_scoring",
        form,
        act,
        template="challenges/organising/scoring.html",
        done=_("Notation enregistrée : le contrôle est en cours."),
        onward="organiser",
        measured=challenge.scorers.exists(),
        shapes=[(key, words) for key, (words, _form) in SHAPES.items()],
        shape=shape,
    )


@get_or_post
def write_fairness(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare which groups are compared, then have the worker check the whole."""
    challenge = find_organised(request, slug)
    files = {each["role"]: each for each in drafts.all_files(challenge)}
    held = (files.get(Role.TRUTH) or {}).get("columns")
    form: FairnessForm | None = None
    if held and challenge.bundle.get("metrics"):
        form = FairnessForm(sent(request), document=challenge.bundle, held=held)
    elif request.method == "POST":
        raise Invalid(_("Réglez d’abord la notation."), code="scoring_first")

    def act() -> None:
        if form is not None:
            by = person(request)
            drafts.declare_fairness(challenge=challenge, fairness=form.fairness, by=by)
            drafts.ask_build(challenge=challenge, by=by)

    return form_page(
        request,
        challenge,
        "write_fairness",
        form,
        act,
        template="challenges/organising/fairness.html",
        done=_("Équité enregistrée : le contrôle est en cours."),
        onward="organiser",
    )


@require_POST
def build(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the worker check the draft as it is now."""
    challenge = find_organised(request, slug)
    drafts.ask_build(challenge=challenge, by=person(request))
    messages.success(request, _("Contrôle demandé."))
    return redirect("challenges:organiser", slug)


@get_or_post
def write_phases(request: HttpRequest, slug: str) -> HttpResponse:
    """List the phases, and add one to a draft."""
    challenge = find_organised(request, slug)
    is_code = coding.KEY in challenge.bundle
    form = NewPhaseForm(sent(request), is_code=is_code)
    listed = list(challenge.phases.all())
    return form_page(
        request,
        challenge,
        "write_phases",
        form,
        lambda: phases.add_phase(
            challenge=challenge,
            name=form.cleaned_data["name"],
            kind=PhaseKind(form.cleaned_data["kind"]),
            by=person(request),
        ),
        template="challenges/organising/phases.html",
        done=_("Phase ajoutée."),
        phases=listed,
        parallel=organising.overlap(listed),
        dated=organising.are_dated(listed),
    )


@get_or_post
def write_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Settle a phase of a draft; raise its quotas once the challenge is public."""
    challenge = find_organised(request, slug)
    phase = phase_of(challenge, index)
    form_class = QuotasForm if challenge.is_public else SettingsForm
    form = form_class(sent(request), phase=phase)
    return form_page(
        request,
        challenge,
        "write_phases",
        form,
        lambda: _settle(phase, form, person(request)),
        template="challenges/organising/phase.html",
        done=_("Phase enregistrée."),
        phase=phase,
    )


def _source(phase: Phase, form: SettingsForm) -> dict[str, Phase | None]:
    """Find the phase whose choices are taken over, where the form asked for one."""
    if "migrate_from" not in form.cleaned_data:
        return {}
    wanted = form.cleaned_data["migrate_from"]
    return {"migrate_from": phase_of(phase.challenge, int(wanted)) if wanted else None}


def _settle(phase: Phase, form: QuotasForm, by: User) -> None:
    if not isinstance(form, SettingsForm):
        phases.raise_quotas(phase=phase, quotas=form.cleaned_data, by=by)
        return
    kind = PhaseKind(form.settings["kind"])
    settings = form.settings | _source(phase, form) | {"kind": kind}
    rule = BoardRule(form.cleaned_data["rule"])
    phases.settle_phase(phase=phase, settings=settings, rule=rule, by=by)


@require_POST
def remove_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove the last phase of a draft."""
    challenge = find_organised(request, slug)
    phases.remove_phase(phase=phase_of(challenge, index), by=person(request))
    messages.success(request, _("Phase retirée."))
    return redirect("challenges:write_phases", slug)


@require_POST
def recall(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the request for a visa back, to correct the draft."""
    acts.recall(challenge=find_organised(request, slug), by=person(request))
    messages.success(request, _("Demande retirée : le challenge est un brouillon."))
    return redirect("challenges:organiser", slug)
