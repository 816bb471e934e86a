"""Submit a file, and follow the entries of one's team, or those of a challenge that one runs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.entries.actions import checks
from challenges.entries.actions import deposits as acts
from challenges.entries.enums import UNFINISHED, EntryStatus
from challenges.entries.forms import SAME_FILE, DescriptionForm, EntryForm
from challenges.entries.models import Entry, warnings_told
from challenges.entries.queries import entries_sent, quota_left, shared_domains
from challenges.entries.views import (
    badge,
    deletion_words,
    faults_of,
    own_entry,
    phase_to_enter,
    receipt_answer,
)
from challenges.evaluation.queries import shown_figures
from challenges.organising.models.challenges import Challenge
from challenges.organising.modes import mode_in
from challenges.organising.views.layout import find_challenge, find_organised, organiser_context
from challenges.pages.views import entry_tables, scores
from challenges.pages.views.challenge import contract_of, scoring_words
from challenges.pages.views.entry_tables import (
    Figures,
    history,
    listed_facts,
    may_choose,
    may_withdraw,
    primary_figures,
    score_receipts_of,
    written_figures,
)
from challenges.rescoring import queries as rescoring_queries
from challenges.results.queries import reports
from challenges.teams.queries import has_accepted_terms, registration_of
from challenges.teams.views.head import challenge_context, deposit_context
from challenges.teams.views.pages import own_team
from portal.accounts.actions import notifications
from portal.accounts.views import person
from portal.lib.storage import parts
from portal.lib.storage.files import csv_answer
from portal.lib.web.form_pages import attempted
from portal.lib.web.requests import get_or_post, identifier

# What the portal reads as it should be: good news, not a doubt on the file.
CONVERTED = {"W_BOM", "W_DELIMITER_SEMICOLON", "W_DECIMAL_COMMA", "W_BLANK_LINES"}
PER_PAGE = 50
OF_THE_FILE = dict.fromkeys(("too_large", SAME_FILE, "E_EMPTY"), "file")


@login_not_required
@get_or_post
def entries(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the entries of one's team and the form to submit; submit by POST."""
    if request.method != "POST":
        return _page(request, slug)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    questions = find_challenge(request, slug).fact_sheet
    if request.POST.get("check_only"):
        questions = []  # a check asks for the file only
    form = EntryForm(request.POST, request.FILES, questions=questions)
    if not form.is_valid():
        return _page(request, slug, form=form, status=422)
    return (
        check(request, slug, form)
        if form.cleaned_data["check_only"]
        else deposit(request, slug, form)
    )


def deposit(request: HttpRequest, slug: str, form: EntryForm) -> HttpResponseBase:
    """Submit a file: 201 and its receipt, or 200 and the earlier one for the same key."""
    context = deposit_context(request, slug)

    def act() -> acts.Accepted:
        return acts.enter(
            phase=phase_to_enter(context["phase"]),
            team=context["team"] or own_team(request, context["challenge"]),
            content=form.cleaned_data["file"],
            original_name=form.file_name,
            idempotency_key=form.cleaned_data["key"],
            by=person(request),
            note=form.cleaned_data["note"],
            fact_sheet=form.fact_sheet,
            first_byte_at=parts.first_byte_at(request),
            again=form.cleaned_data["again"],
        )

    if "application/json" in request.headers.get("Accept", ""):
        accepted = act()
        return receipt_answer(accepted.entry.receipt, status=201 if accepted.created else 200)
    entered, status = attempted(form, act, OF_THE_FILE)
    if entered is None:
        return _page(request, slug, form=form, status=status)
    if not entered.created:
        return _entry_page(request, slug, entered.entry)
    messages.success(request, _("Fichier reçu : le récépissé est enregistré."))
    return redirect("challenges:entry", slug, entered.entry.pk)


def check(request: HttpRequest, slug: str, form: EntryForm) -> HttpResponse:
    """Check the format of a file: nothing is stored, no attempt is used."""
    context = deposit_context(request, slug)
    verdict, status = attempted(
        form,
        lambda: checks.check(
            phase=phase_to_enter(context["phase"]),
            team=context["team"] or own_team(request, context["challenge"]),
            content=form.cleaned_data["file"],
            original_name=form.file_name,
            by=person(request),
        ),
        OF_THE_FILE,
    )
    if verdict is None:
        return _page(request, slug, form=form, status=status)
    shown = {
        "accepted": verdict.accepted,
        "rows": verdict.rows,
        "faults": faults_of(verdict.to_json()),
        "warnings": warnings_told(verdict.to_json()),
        "name": form.file_name,
    }
    return _page(request, slug, verdict=shown, status=200 if verdict.accepted else 422)


@require_safe
def entry(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Show one entry of one's team: receipt, life, faults, scores."""
    return _entry_page(request, slug, own_entry(request, slug, entry))


@require_safe
def state(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Send the live state of an entry, the fragment that its page holds."""
    own = own_entry(request, slug, entry)
    figure = primary_figures([own]).get(own.pk)
    return render(request, "challenges/entries/entry_state.html", _life(own, figure))


@require_safe
def entries_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the history of one's team as CSV."""
    context = challenge_context(request, slug, "entries")
    team = context["team"] or own_team(request, context["challenge"])
    own = entries_of(request, context["challenge"], team)
    shown = shown_figures(own)
    titles = scores.figure_keys(shown.values())
    rows = [
        [
            each.enrolment.phase.index,
            each.number,
            each.received_at.isoformat(),
            each.get_status_display(),
            shown[each.pk].score_of or "",
            "oui" if each.final_choice else "non",
            "oui" if each.is_disqualified else "non",
            *scores.figure_cells(shown[each.pk], titles),
            each.note,
            each.original_name,
            each.sha256,
            each.file_deleted_at.isoformat() if each.file_deleted_at else "",
        ]
        for each in own
    ]
    header = [
        "phase",
        "numero",
        "recue",
        "etat",
        "score_de",
        "choix_final",
        "disqualifiee",
        *(f"{key}{bound}" for key in titles for bound in ("", "_bas", "_haut")),
        "note",
        "fichier",
        "sha256",
        "fichier_supprime_le",
    ]
    return csv_answer([header, *rows], f"{slug}-soumissions.csv")


def entries_of(request: HttpRequest, challenge: Challenge, team: Any) -> list[Entry]:
    """List the entries of one's team, the last first."""
    return list(
        Entry.objects.visible_to(request.user)
        .of_team(team.pk)
        .filter(enrolment__phase__challenge=challenge)
        .select_related(
            "enrolment__phase__challenge",
            "enrolment__phase__reveal",
            "enrolment__team",
            "submitted_by",
        )
        .order_by("-received_at", "-number")
    )


@require_safe
def entries_of_challenge(request: HttpRequest, slug: str) -> HttpResponse:
    """List what teams sent, the last first, and the domains that many teams share."""
    challenge = find_organised(request, slug)
    sent = entries_sent(challenge)
    if team := identifier(request.GET.get("equipe", "")):
        sent = sent.filter(enrolment__team__public_id=team)
    page = Paginator(sent, PER_PAGE).get_page(request.GET.get("page"))
    figures = primary_figures(list(page.object_list))
    context = organiser_context(
        challenge,
        "organiser_entries",
        page=page,
        rows=[
            {"entry": each, "badge": badge(each), "figure": figures.get(each.pk)}
            for each in page.object_list
        ],
        domains=shared_domains(challenge),
    )
    return render(request, "challenges/entries/organise/entries.html", context)


def _page(
    request: HttpRequest,
    slug: str,
    *,
    form: EntryForm | None = None,
    verdict: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = deposit_context(request, slug)
    if context["team"] is None:
        refused = 200 if request.method in {"GET", "HEAD"} else 403
        return render(request, "challenges/entries/entries_none.html", context, status=refused)
    phase = context["phase"]
    form = form or EntryForm(questions=context["challenge"].fact_sheet)
    mode = mode_in(phase)
    packages = mode.packages(phase) if phase else {}
    if packages:
        form.ask_code()
        context |= packages
    context["open"] = phase is not None and phase.takes_entries(context["now"])
    context |= {"form": form, "verdict": verdict} | _team_context(request, context)
    context |= mode.words(phase) if phase else {}
    return render(request, "challenges/entries/entries.html", context, status=status)


def _team_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    challenge, team, phase = context["challenge"], context["team"], context["phase"]
    own = entries_of(request, challenge, team)
    figures = primary_figures(own)
    latest = own[0] if own else None
    words = scoring_words(contract_of(challenge))
    registration = registration_of(challenge, request.user)
    captain = team.has_captain(request.user)
    chosen = [
        each
        for each in own
        if each.final_choice and not each.is_disqualified and each.enrolment.phase == phase
    ]
    return {
        "quota": quota_left(phase, team, context["now"]) if phase else None,
        "accepted": has_accepted_terms(challenge, request.user),
        "registered": registration is not None and registration.state == "accepted",
        "formats": words["formats"] or ["CSV"],
        "rows": history(own, figures, challenge=challenge, captain=captain, now=context["now"]),
        "latest": latest,
        "captain": captain,
        "chosen": chosen,
        "facts": listed_facts(phase, team),
        "members": team.members.filter(left_at__isnull=True).count(),
        "many_phases": len(context["phases"]) > 1,
        "refused": latest if latest and latest.status == EntryStatus.REJECTED else None,
        "faults": faults_of(latest.verdict) if latest else [],
    } | (_life(latest, figures.get(latest.pk)) if latest else {})


def _entry_page(request: HttpRequest, slug: str, own: Entry) -> HttpResponse:
    context = challenge_context(request, slug, "entries")
    challenge, phase, team = context["challenge"], own.enrolment.phase, own.enrolment.team
    captain = team.has_captain(person(request))
    notifications.mark_seen(path=request.path, by=person(request))
    warnings = warnings_told(own.verdict)
    in_phase = [
        each
        for each in entries_of(request, challenge, team)
        if each.enrolment_id == own.enrolment_id
    ]
    shown = shown_figures(in_phase)
    context |= _life(own, written_figures(shown).get(own.pk))
    chosen = [each for each in in_phase if each.final_choice]
    context["crumbs"] = [
        (_("Challenges"), reverse("challenges:list")),
        (challenge.title, reverse("challenges:presentation", args=[slug])),
        (_("Soumission %(number)d") % {"number": own.number}, ""),
    ]
    context |= {
        "whole": True,
        "takes": phase.takes_entries(context["now"]),
        "chosen": [each for each in chosen if each.pk != own.pk and not each.is_disqualified],
        "entry_phase": phase,
        "may_choose": may_choose(own, challenge, captain=captain, now=context["now"]),
        "chart": scores.score_chart(in_phase, shown, own),
        "note_form": _note_form(own),
        "deletion": deletion_words(own),
        "faults": faults_of(own.verdict),
        "warnings": warnings,
        "warnings_tone": "pin" if {each["code"] for each in warnings} <= CONVERTED else "ocre",
        "score_receipts": score_receipts_of(own),
        "former": rescoring_queries.former_scorings(own),
        "audited": reports.has_audit(own),
        "may_withdraw": may_withdraw(own, captain=captain),
        "quota": quota_left(phase, team, context["now"]),
    }
    if own.pk in shown:
        context["scored"] = scores.entry_scores(own, shown[own.pk], request.user)
    context |= mode_in(phase).entry_panels(own)
    return render(request, "challenges/entries/entry.html", context)


def _note_form(own: Entry) -> DescriptionForm | None:
    """Ask for the note where it is all that one may rewrite; else its page asks for the rest."""
    if own.enrolment.phase.challenge.fact_sheet:
        return None
    return DescriptionForm(None, answers={}, note=own.note)


def _life(own: Entry, figure: Figures | None) -> dict[str, Any]:
    waits = entry_tables.waits(own, figure.public.text if figure else "")
    return {
        "entry": own,
        "badge": badge(own),
        "stages": entry_tables.stages(own, figure.sentence if figure else "", waits=waits),
        "final": own.status not in UNFINISHED and not waits,
        "figure": figure,
    }
