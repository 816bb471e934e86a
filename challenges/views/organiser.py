"""Run a challenge: its state, the visa, the close, the reveal by two people."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges import rules
from challenges.actions import reveals, takeovers
from challenges.enums import ChallengeStatus, RegistrationState
from challenges.models import Challenge, ChallengeDraft, OrganiserInvitation, Phase
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import drafts
from challenges.organising.actions import phases as phase_acts
from challenges.organising.forms.challenges import (
    ClosingForm,
    DatesForm,
    PhaseForm,
    PublishForm,
    ReasonForm,
    RevealForm,
    SendBackForm,
)
from challenges.organising.queries import current_phase
from challenges.queries import rescorings
from challenges.views.head import challenges, face_of, is_open, person
from challenges.views.panels import awaited, phase_row, pipeline, points
from challenges.views.rooms import (
    decides,
    find_to_run,
    halls,
    phase_of,
)
from challenges.views.trying import status_of
from portal.accounts.authorization import require
from portal.accounts.stepup import step_up_required
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

# Refusals that are about what was typed: they stand beside the field.
DATE_FAULTS = frozenset({"dates_order", "frozen"})


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the challenges that this person organises, or may give a visa to."""
    now = clock.now()
    found = challenges(request)
    if not decides(request):
        found = found.filter(organisers__user=person(request))
    rows = [
        {"challenge": each, "face": face_of(each, current_phase(list(each.phases.all()), now), now)}
        for each in found
    ]
    context = {
        "section": "challenges",
        "rows": rows,
        "invitations": OrganiserInvitation.objects.for_person(person(request))
        .open_at(now)
        .select_related("challenge"),
        "may_import": rules.may_deposit_bundle(person(request)),
        "crumbs": [(_("Mes challenges"), "")],
    }
    return render(request, "challenges/organiser_list.html", context)


@require_safe
def cockpit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where a challenge stands and what its organiser, or the Region, may do next."""
    return _cockpit(request, find_to_run(request, slug))


@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the Region for the visa."""
    try:
        acts.submit(challenge=find_to_run(request, slug), by=person(request))
    except (Invalid, Conflict) as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Demande de visa envoyée à la Région."))
    return redirect("challenges:organiser", slug)


@require_POST
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the visa to the version that was read, and publish it."""
    challenge = find_to_run(request, slug)
    require(rules.may_publish_challenge, person(request), challenge)
    form = PublishForm(request.POST, **_read(challenge, "publish"))
    if not form.is_valid():
        return _cockpit(request, challenge, publish_form=form, status=422)
    challenge.version = form.cleaned_data["version"]
    try:
        acts.publish(
            challenge=challenge,
            confirm_licence=form.cleaned_data["confirm_licence"],
            by=person(request),
        )
    except Invalid as refusal:
        if refusal.code != "licence_to_confirm":
            raise
        form.add_error("confirm_licence", str(refusal))
        return _cockpit(request, challenge, publish_form=form, status=422)
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Challenge publié."))
    return redirect("challenges:organiser", slug)


@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the organisers for corrections."""
    challenge = find_to_run(request, slug)
    require(rules.may_publish_challenge, person(request), challenge)
    form = SendBackForm(request.POST, **_read(challenge, "send_back"))
    if not form.is_valid():
        return _cockpit(request, challenge, send_back_form=form, status=422)
    challenge.version = form.cleaned_data["version"]
    try:
        acts.send_back(challenge=challenge, reason=form.cleaned_data["reason"], by=person(request))
    except Conflict as refusal:
        fresh = find_to_run(request, slug)
        kept = _read(fresh, "send_back")
        kept["initial"]["reason"] = form.cleaned_data["reason"]
        return _refused(request, slug, refusal, send_back_form=SendBackForm(**kept))
    messages.success(request, _("Corrections demandées à l’organisateur."))
    return redirect("challenges:organiser", slug)


@require_POST
def dates(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Set when a phase opens and closes."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    form = DatesForm(request.POST, phase=phase)
    if not form.is_valid():
        return _cockpit(request, challenge, dates_form=form, status=422)
    try:
        acts.set_dates(
            phase=phase,
            opens_at=form.date("opens_at"),
            closes_at=form.date("closes_at"),
            by=person(request),
        )
    except (Invalid, Conflict) as refusal:
        if refusal.code not in DATE_FAULTS:
            raise
        form.add_error("closes_at", str(refusal))
        status = 409 if isinstance(refusal, Conflict) else 422
        return _cockpit(request, challenge, dates_form=form, status=status)
    messages.success(request, _("Dates enregistrées."))
    return redirect("challenges:organiser", slug)


@require_POST
def suspend(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop entries for a while, with a public reason."""
    challenge = find_to_run(request, slug)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _cockpit(request, challenge, reason_form=form, status=422)
    try:
        acts.suspend(challenge=challenge, reason=form.cleaned_data["reason"], by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal, reason_form=form)
    messages.success(request, _("Challenge suspendu."))
    return redirect("challenges:organiser", slug)


@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Take entries again."""
    try:
        acts.resume(challenge=find_to_run(request, slug), by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Le challenge reprend."))
    return redirect("challenges:organiser", slug)


@require_POST
def close(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Close a phase now."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    form = ClosingForm(request.POST, phase=phase)
    if not form.is_valid():
        return _cockpit(request, challenge, closing_form=form, status=422)
    try:
        acts.close(phase=phase, by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Phase close : plus aucune soumission n’est acceptée."))
    return redirect("challenges:organiser", slug)


@require_POST
@step_up_required
def propose_reveal(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Propose to publish the final results of a phase."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    form = RevealForm(request.POST, phase=phase)
    if not form.is_valid():
        return _cockpit(request, challenge, reveal_form=form, status=422)
    try:
        reveals.propose(phase=phase, by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(
        request, _("Proposition enregistrée. Une autre personne, de la Région, doit la confirmer.")
    )
    return redirect("challenges:organiser", slug)


@require_POST
@step_up_required
def end_takeover(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Go on without the final choices that a phase could not take over."""
    phase = phase_of(find_to_run(request, slug), index)
    try:
        takeovers.end(phase=phase, by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Reprise terminée : les équipes nommées restent sans copie."))
    return redirect("challenges:organiser", slug)


@require_POST
@step_up_required
def confirm_reveal(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Confirm, as a second person, the publication of the final results of a phase."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    form = RevealForm(request.POST, phase=phase)
    if not form.is_valid():
        return _cockpit(request, challenge, reveal_form=form, status=422)
    try:
        reveals.confirm(phase=phase, by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Confirmation enregistrée : les résultats vont paraître."))
    return redirect("challenges:organiser", slug)


def _read(challenge: Challenge, name: str) -> dict[str, Any]:
    """Tie a form to the version that its page shows."""
    return {"initial": {"version": challenge.version}, "auto_id": f"id_{name}_%s"}


def _refused(
    request: HttpRequest, slug: str, refusal: Conflict | Invalid, **forms: Any
) -> HttpResponse:
    """Say on the page as it is now why an act was refused; forms: what was typed, kept."""
    if "json" in request.headers.get("Accept", ""):
        raise refusal
    challenge, status = find_to_run(request, slug), status_of(refusal)
    return _cockpit(request, challenge, refusal=refusal, status=status, **forms)


def _cockpit(
    request: HttpRequest,
    challenge: Challenge,
    *,
    publish_form: PublishForm | None = None,
    send_back_form: SendBackForm | None = None,
    closing_form: ClosingForm | None = None,
    reveal_form: RevealForm | None = None,
    reason_form: ReasonForm | None = None,
    dates_form: DatesForm | None = None,
    refusal: Conflict | Invalid | None = None,
    status: int = 200,
) -> HttpResponse:
    decisions = (publish_form, send_back_form, closing_form, reveal_form, reason_form)
    sent = (*decisions, dates_form)
    now = clock.now()
    by = person(request)
    phases = list(challenge.phases.select_related("reveal", "reveal__proposed_by"))
    phase = current_phase(phases, now)
    edits = rules.may_edit_challenge(by, challenge)
    follows = edits or rules.may_follow_challenge(by, challenge)
    draft = challenge.status == ChallengeStatus.DRAFT
    listed = points(challenge) if draft and edits else []
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    context = {
        "section": "challenges",
        "challenge": challenge,
        "phase": phase,
        "now": now,
        "open": is_open(challenge, phase, now),
        "face": face_of(challenge, phase, now),
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (challenge.title, ""),
        ],
        "points": listed,
        "may_ask": all(each["state"] != "missing" for each in listed),
        "may_submit": edits and draft,
        "may_publish": challenge.status == ChallengeStatus.IN_REVIEW
        and rules.may_publish_challenge(by, challenge),
        "phases": [
            phase_row(
                each,
                challenge,
                by,
                now,
                apart=phase_acts.scoring_of(written, each.index) is not None,
            )
            | {
                "dates": _of_phase(each, dates_form) or DatesForm(phase=each),
                "closing": _of_phase(each, closing_form) or ClosingForm(phase=each),
                "revealing": _of_phase(each, reveal_form) or RevealForm(phase=each),
            }
            for each in phases
        ],
        "may_suspend": challenge.status == ChallengeStatus.PUBLISHED
        and rules.may_suspend_challenge(by, challenge),
        "may_resume": challenge.status == ChallengeStatus.SUSPENDED
        and rules.may_suspend_challenge(by, challenge),
        "failed": any(sent) or refusal is not None,
        "refusal": refusal,
        "awaited": awaited(challenge, by, edits=edits),
        "pipeline": pipeline(challenge),
        "may_examine": rules.may_examine_entries(by),
        "drifted": (edits or follows) and rescorings.has_drifted(challenge),
        "edits": edits,
        "halls": halls(challenge, "organiser", edits=edits, follows=follows),
        "written": written,
        "warnings": _warnings(challenge, written),
        "may_build": edits and draft and not drafts.incomplete(challenge),
        "asking": challenge.registrations.filter(state=RegistrationState.PENDING).count(),
        "reason_form": reason_form or ReasonForm(),
        "publish_form": publish_form or PublishForm(**_read(challenge, "publish")),
        "send_back_form": send_back_form or SendBackForm(**_read(challenge, "send_back")),
        "notices": list(challenge.notices.all()[:10]),
    }
    return render(request, "challenges/organiser.html", context, status=status)


def _warnings(challenge: Challenge, written: ChallengeDraft | None) -> list[dict[str, Any]]:
    """List what the check noted, without the licence once the visa confirmed it."""
    settled = {"W_LICENCE_TO_CONFIRM"} if challenge.licence_confirmed else set()
    return [each for each in written.warnings if each["code"] not in settled] if written else []


def _of_phase(phase: Phase, sent: PhaseForm | None) -> PhaseForm | None:
    """Give back the form that was sent, when it is about this phase."""
    return sent if sent and sent.phase.pk == phase.pk else None
