"""Write a challenge by form: begin it, its texts, its rules, its pages, who takes part."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from catalogue.models import Resource
from catalogue.queries.chain import BEFORE_CHALLENGES
from challenges.enums import ChallengeStatus, RegistrationMode
from challenges.models import Challenge
from challenges.organising.actions import drafts, leaderboards, texts
from challenges.organising.actions.texts import standard_terms
from challenges.organising.forms.challenges import (
    NewChallengeForm,
    PageForm,
    ParticipationForm,
    QuestionsForm,
    TermsTextForm,
    TextsForm,
)
from challenges.views.head import person
from challenges.views.rooms import organisations_of, room, run_by
from challenges.views.trying import tried
from challenges.views.words import USE_CASES
from portal.lib.refusals import NotAllowed

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
