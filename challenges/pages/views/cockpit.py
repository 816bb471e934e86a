"""Run a challenge: its state, the visa, the close, the reveal by two people, the archive."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.exchange import rules as exchange_rules
from challenges.organising import queries as organising
from challenges.organising import rules as organising_rules
from challenges.organising.actions import challenges as acts
from challenges.organising.enums import CHALLENGE_EDGES, ChallengeStatus, PhaseMoment
from challenges.organising.forms.challenges import (
    ArchiveForm,
    ClosingForm,
    PhaseForm,
    PublishForm,
    ReasonForm,
    RevealForm,
    SendBackForm,
)
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    OrganiserInvitation,
    Phase,
)
from challenges.organising.queries import current_phase, phase_of
from challenges.organising.views.layout import (
    access_to,
    decides_for_region,
    find_organised,
    find_to_run,
    form_page,
    organiser_context,
    steps_of,
)
from challenges.pages.views import follow
from challenges.results import actions as results
from challenges.results import rules as results_rules
from challenges.results.queries import reports
from challenges.results.queries.takeovers import teams_left_behind
from challenges.teams.views.head import face_of, is_open, shown_challenges
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.sessions import step_up_required
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid
from portal.lib.web.form_pages import sent, status_of
from portal.lib.web.requests import get_or_post


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the challenges that this person organises, or may give a visa to."""
    now = clock.now()
    found = shown_challenges(request)
    if not decides_for_region(request):
        found = found.filter(organisers__user=person(request))
    rows = [
        {"challenge": each, "face": face_of(each, current_phase(list(each.phases.all()), now), now)}
        for each in found
    ]
    context = {
        "section": "challenges",
        "rows": rows,
        "invitations": OrganiserInvitation.objects.addressed_to(request.user)
        .open(now)
        .select_related("challenge"),
        "may_import": exchange_rules.may_deposit_bundle(person(request)),
        "crumbs": [(_("Mes challenges"), "")],
    }
    return render(request, "challenges/pages/organiser_list.html", context)


@require_safe
def cockpit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where a challenge stands and what its organiser, or the Region, may do next."""
    return _cockpit(request, find_to_run(request, slug))


def _act(
    request: HttpRequest,
    challenge: Challenge,
    act: Callable[[], object],
    done: str,
    form: forms.Form | None = None,
    faults: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Do an act of the cockpit, once its form is valid, and say so.

    A refusal stands beside the field that `faults` gives its code, else above the page as it is
    now, with what was typed.
    """
    if form is not None and not form.is_valid():
        return _cockpit(request, challenge, sent=form, status=422)
    try:
        act()
    except (Invalid, Conflict) as refusal:
        if form is not None and refusal.code in (faults or {}):
            form.add_error((faults or {})[refusal.code], str(refusal))
            return _cockpit(request, challenge, sent=form, status=status_of(refusal))
        if "json" in request.headers.get("Accept", ""):
            raise
        fresh = find_to_run(request, challenge.slug)
        kept, status = _typed(form, fresh), status_of(refusal)
        return _cockpit(request, fresh, sent=kept, refusal=refusal, status=status)
    messages.success(request, done)
    return redirect("challenges:organiser", challenge.slug)


def _typed(form: forms.Form | None, challenge: Challenge) -> forms.Form | None:
    """Keep the reason that was typed; a decision is tied to the challenge as it is now."""
    if isinstance(form, SendBackForm):
        kept = _read(challenge, "send_back")
        kept["initial"]["reason"] = form.cleaned_data["reason"]
        return SendBackForm(**kept)
    return form if isinstance(form, ReasonForm) else None


@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the Region for the visa."""
    challenge, by = find_to_run(request, slug), person(request)
    done = _("Demande de visa envoyée à la Région.")
    return _act(request, challenge, lambda: acts.submit(challenge=challenge, by=by), done)


@require_POST
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the visa to the version that was read, and publish it."""
    challenge, by = find_to_run(request, slug), person(request)
    require(organising_rules.may_publish_challenge, by, challenge)
    form = PublishForm(request.POST, **_read(challenge, "publish"))

    def act() -> None:
        challenge.version = form.cleaned_data["version"]
        confirmed = form.cleaned_data["confirm_licence"]
        acts.publish(challenge=challenge, confirm_licence=confirmed, by=by)

    faults = {"licence_to_confirm": "confirm_licence"}
    return _act(request, challenge, act, _("Challenge publié."), form, faults)


@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the organisers for corrections."""
    challenge, by = find_to_run(request, slug), person(request)
    require(organising_rules.may_publish_challenge, by, challenge)
    form = SendBackForm(request.POST, **_read(challenge, "send_back"))

    def act() -> None:
        challenge.version = form.cleaned_data["version"]
        acts.send_back(challenge=challenge, reason=form.cleaned_data["reason"], by=by)

    return _act(request, challenge, act, _("Corrections demandées à l’organisateur."), form)


@require_POST
def suspend(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop entries for a while, with a public reason."""
    challenge, by = find_to_run(request, slug), person(request)
    form = ReasonForm(request.POST)
    return _act(
        request,
        challenge,
        lambda: acts.suspend(challenge=challenge, reason=form.cleaned_data["reason"], by=by),
        _("Challenge suspendu."),
        form,
    )


@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Take entries again."""
    challenge, by = find_to_run(request, slug), person(request)
    done = _("Le challenge reprend.")
    return _act(request, challenge, lambda: acts.resume(challenge=challenge, by=by), done)


@require_POST
def close(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Close a phase now."""
    done = _("Phase close : plus aucune soumission n’est acceptée.")
    return _act_on_phase(request, slug, index, acts.close, done, ClosingForm)


@require_POST
@step_up_required
def propose_reveal(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Propose to publish the final results of a phase."""
    done = _("Proposition enregistrée. Une autre personne, de la Région, doit la confirmer.")
    return _act_on_phase(request, slug, index, results.propose_reveal, done, RevealForm)


@require_POST
@step_up_required
def end_takeover(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Go on without the final choices that a phase could not take over."""
    done = _("Terminé : les choix finals de ces équipes ne sont pas repris.")
    return _act_on_phase(request, slug, index, results.end_takeover, done)


@require_POST
@step_up_required
def confirm_reveal(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Confirm, as a second person, the publication of the final results of a phase."""
    done = _("Confirmation enregistrée : les résultats vont paraître.")
    return _act_on_phase(request, slug, index, results.confirm_reveal, done, RevealForm)


def _act_on_phase(
    request: HttpRequest,
    slug: str,
    index: int,
    act: Callable[..., object],
    done: str,
    form_class: type[PhaseForm] | None = None,
) -> HttpResponse:
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    form = form_class(request.POST, phase=phase) if form_class else None
    return _act(request, challenge, lambda: act(phase=phase, by=person(request)), done, form)


def _read(challenge: Challenge, name: str) -> dict[str, Any]:
    """Tie a form to the version that its page shows."""
    return {"initial": {"version": challenge.version}, "auto_id": f"id_{name}_%s"}


def _cockpit(
    request: HttpRequest,
    challenge: Challenge,
    *,
    sent: forms.Form | None = None,
    refusal: Conflict | Invalid | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the cockpit; sent: the form that has a fault, refusal: why an act was not done."""
    now = clock.now()
    by = person(request)
    phases = list(challenge.phases.select_related("reveal", "reveal__proposed_by"))
    phase = current_phase(phases, now)
    access = access_to(by, challenge)
    draft = challenge.status == ChallengeStatus.DRAFT
    may_suspend = organising_rules.may_suspend_challenge(by, challenge)
    context = organiser_context(
        challenge,
        "organiser",
        **access,
        crumbs=[
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (challenge.title, ""),
        ],
        owns=organising_rules.may_run_organisers(by, challenge),
        phase=phase,
        now=now,
        open=is_open(challenge, phase, now),
        face=face_of(challenge, phase, now),
        **(_draft(challenge) if draft and access["edits"] else {}),
        may_publish=challenge.status == ChallengeStatus.IN_REVIEW
        and organising_rules.may_publish_challenge(by, challenge),
        phases=[
            phase_row(each, challenge, by, now)
            | {
                "closing": _blank(ClosingForm, sent, phase=each),
                "revealing": _blank(RevealForm, sent, phase=each),
            }
            for each in phases
        ],
        may_suspend=may_suspend and challenge.status == ChallengeStatus.PUBLISHED,
        may_resume=may_suspend and challenge.status == ChallengeStatus.SUSPENDED,
        failed=sent is not None or refusal is not None,
        refusal=refusal,
        reason_form=_blank(ReasonForm, sent),
        publish_form=_blank(PublishForm, sent, **_read(challenge, "publish")),
        send_back_form=_blank(SendBackForm, sent, **_read(challenge, "send_back")),
        notices=list(challenge.notices.all()[:3]),
        **({} if draft else follow.following(request, challenge, by, now, **access)),
    )
    page = "challenges/organising/draft.html" if draft else "challenges/pages/organiser.html"
    return render(request, page, context, status=status)


@require_safe
def draft_state(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the live state of a draft, the fragment that its page holds."""
    challenge = find_organised(request, slug)
    context, part = _draft(challenge) | {"challenge": challenge}, "draft_state"
    if "manque" in request.GET:
        page = request.GET["manque"]
        shown = {"is_step": page != "option", "form": page == "etape", "live": True}
        context, part = context | shown, "missing"
    return render(request, f"challenges/organising/{part}.html", context)


def _draft(challenge: Challenge) -> dict[str, Any]:
    """Prepare where a draft stands: its check, and what it lacks."""
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    return steps_of(challenge, "organiser") | {
        "written": written,
        "warnings": _warnings(challenge, written),
        "may_build": not organising.missing_to_check(challenge),
        "final": not (written and written.is_waiting),
    }


def _blank(form_class: type[forms.Form], sent: forms.Form | None, **options: Any) -> forms.Form:
    """Make a form, or give back the one that was sent where it is the same, of the same phase."""
    same_phase = getattr(sent, "phase", None) == options.get("phase")
    return sent if sent and type(sent) is form_class and same_phase else form_class(**options)


def _warnings(challenge: Challenge, written: ChallengeDraft | None) -> list[dict[str, Any]]:
    """List what the check noted, without the licence once the visa confirmed it."""
    settled = {"W_LICENCE_TO_CONFIRM"} if challenge.licence_confirmed else set()
    return [each for each in written.warnings if each["code"] not in settled] if written else []


def phase_row(phase: Phase, challenge: Challenge, by: User, now: datetime) -> dict[str, Any]:
    """Prepare one phase of the cockpit: where it stands and what this person may do."""
    moment = phase.moment(now)
    reveal = getattr(phase, "reveal", None)
    over = moment is PhaseMoment.CLOSED
    ended = challenge.status == ChallengeStatus.ARCHIVED
    in_grace = phase.is_in_grace(now)
    proposes = (
        over
        and not ended
        and not in_grace
        and reveal is None
        and results_rules.may_propose_reveal(by, phase)
    )
    confirms = (
        not ended
        and reveal is not None
        and reveal.decided_at is None
        and reveal.proposed_by_id != by.pk
        and results_rules.may_confirm_reveal(by, phase)
    )
    closes = moment is PhaseMoment.OPEN and organising_rules.may_close_phase(by, phase)
    first = list(reports.obstacles(phase, now)) if proposes or confirms else []
    return {
        "phase": phase,
        "reveal": reveal,
        "winners": reports.cards_to_propose(phase, by) if reveal else [],
        "in_grace": in_grace,
        "may_close": closes and phase.closes_at is None,
        "closes_at": phase.closes_at if closes else None,
        "obstacles": first,
        "left_behind": teams_left_behind(phase) if proposes and first else [],
        "may_propose": proposes and not first,
        "may_confirm": confirms and not first,
    }


@get_or_post
def archive(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say what archiving ends, and archive with a public reason."""
    show = _archive if request.method != "POST" else step_up_required(_archive)
    return show(request, slug)


def _archive(request: HttpRequest, slug: str) -> HttpResponse:
    challenge, by = find_to_run(request, slug), person(request)
    if request.method == "POST":
        require(organising_rules.may_archive_challenge, by, challenge)
    form = ArchiveForm(sent(request))
    return form_page(
        request,
        challenge,
        "organiser_archive",
        form,
        lambda: acts.archive(challenge=challenge, reason=form.cleaned_data["reason"], by=by),
        template="challenges/pages/organise/archive.html",
        done=_("Challenge archivé."),
        onward="organiser",
        ready=ChallengeStatus.ARCHIVED in CHALLENGE_EDGES[ChallengeStatus(challenge.status)],
        allowed=organising_rules.may_archive_challenge(by, challenge),
        **access_to(by, challenge),
    )
