"""Run a challenge: its state, the visa, the close, the reveal by two people, the archive."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges import rules
from challenges.entries.actions import choices
from challenges.entries.queries import teams_left_behind
from challenges.enums import (
    CHALLENGE_EDGES,
    ChallengeStatus,
    PhaseMoment,
    RegistrationState,
    RescoringState,
)
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Entry,
    OrganiserInvitation,
    Phase,
    Rescoring,
)
from challenges.organising import queries as organising
from challenges.organising.actions import challenges, drafts
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import phases as phase_acts
from challenges.organising.forms.challenges import (
    ArchiveForm,
    ClosingForm,
    DatesForm,
    PhaseForm,
    PublishForm,
    ReasonForm,
    RevealForm,
    SendBackForm,
)
from challenges.organising.queries import current_phase, phase_of
from challenges.organising.views.layout import (
    decides_for_region,
    face_of,
    find_to_run,
    is_open,
    person,
    room,
    sections_of,
    shown_challenges,
    status_of,
)
from challenges.rescoring import queries as rescoring_queries
from challenges.results import actions as results
from challenges.results.queries import reports
from challenges.results.queries.reports import obstacles as first_of
from challenges.results.queries.reports import undecided_of
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.sessions import step_up_required
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

# Refusals that are about what was typed: they stand beside the field.
DATE_FAULTS = frozenset({"dates_order", "frozen"})


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
    done = _("Phase close : plus aucune soumission n’est acceptée.")
    return _act_on_phase(request, slug, index, ClosingForm, "closing_form", acts.close, done)


@require_POST
@step_up_required
def propose_reveal(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Propose to publish the final results of a phase."""
    done = _("Proposition enregistrée. Une autre personne, de la Région, doit la confirmer.")
    propose = results.propose_reveal
    return _act_on_phase(request, slug, index, RevealForm, "reveal_form", propose, done)


@require_POST
@step_up_required
def end_takeover(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Go on without the final choices that a phase could not take over."""
    phase = phase_of(find_to_run(request, slug), index)
    try:
        choices.end_takeover(phase=phase, by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, _("Reprise terminée : les équipes nommées restent sans copie."))
    return redirect("challenges:organiser", slug)


@require_POST
@step_up_required
def confirm_reveal(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Confirm, as a second person, the publication of the final results of a phase."""
    done = _("Confirmation enregistrée : les résultats vont paraître.")
    confirm = results.confirm_reveal
    return _act_on_phase(request, slug, index, RevealForm, "reveal_form", confirm, done)


def _act_on_phase(
    request: HttpRequest,
    slug: str,
    index: int,
    form_class: type[PhaseForm],
    form_name: str,
    act: Callable[..., object],
    done: str,
) -> HttpResponse:
    """Do what a form about a phase asks, once it is valid; its faults stand on the page."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    form = form_class(request.POST, phase=phase)
    if not form.is_valid():
        refused: dict[str, Any] = {form_name: form}
        return _cockpit(request, challenge, status=422, **refused)
    try:
        act(phase=phase, by=person(request))
    except Conflict as refusal:
        return _refused(request, slug, refusal)
    messages.success(request, done)
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
        "drifted": (edits or follows) and rescoring_queries.has_drifted(challenge),
        "edits": edits,
        "halls": sections_of(challenge, "organiser", edits=edits, follows=follows),
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


def phase_row(
    phase: Phase, challenge: Challenge, by: Any, now: Any, *, apart: bool
) -> dict[str, Any]:
    """Prepare one phase of the cockpit: where it stands and what this person may do.

    apart: it is scored otherwise than the first one.
    """
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
        and rules.may_propose_reveal(by, phase)
    )
    confirms = (
        not ended
        and reveal is not None
        and reveal.decided_at is None
        and reveal.proposed_by_id != by.pk
        and rules.may_confirm_reveal(by, phase)
    )
    first = obstacles(phase, challenge, by, now) if proposes or confirms else []
    return {
        "phase": phase,
        "moment": moment,
        "may_date": not over and rules.may_edit_challenge(by, challenge),
        "reveal": reveal,
        "winners": reports.cards_to_propose(phase, by) if reveal else [],
        "in_grace": in_grace,
        "may_close": moment is PhaseMoment.OPEN
        and phase.closes_at is None
        and rules.may_close_phase(by, phase),
        "obstacles": first,
        "left_behind": teams_left_behind(phase) if proposes and first else [],
        "may_propose": proposes and not first,
        "may_confirm": confirms and not first,
    }


# Where what must end before the results is to be read, or decided.
LEADS = {
    "rescoring_open": "rescorings",
    "disqualification_open": "disqualification_proposals",
    "choices_not_taken_over": "pipeline",
    "entries_unfinished": "pipeline",
    "scores_unsettled": "pipeline",
}


def obstacles(phase: Phase, challenge: Challenge, by: Any, now: Any) -> list[tuple[str, str]]:
    """List what the results of a phase wait for, each with the page that tells of it, or ""."""
    return [(each.sentence, _lead(each.code, challenge, by)) for each in first_of(phase, now)]


def _lead(code: str, challenge: Challenge, by: Any) -> str:
    if code not in LEADS:
        return ""
    if code == "disqualification_open" and not rules.may_edit_challenge(by, challenge):
        return reverse("challenges:disqualifications")
    return reverse(f"challenges:{LEADS[code]}", args=[challenge.slug])


def awaited(challenge: Challenge, by: Any, *, edits: bool) -> list[tuple[str, str]]:
    """List what waits in a challenge for a second person, each with the page that tells of it."""
    changes = Rescoring.objects.open().filter(phase__challenge=challenge).select_related("phase")
    found = [
        (
            WAITING[RescoringState(each.state)] % {"phase": each.phase.name},
            reverse("challenges:rescorings", args=[challenge.slug]),
        )
        for each in changes.order_by("phase__index")
    ]
    asked = undecided_of(challenge)
    if asked and (edits or has_permission(by, Permission.CHALLENGE_REVEAL)):
        sentence = ngettext(
            "%(n)s disqualification demandée attend la décision de la Région.",
            "%(n)s disqualifications demandées attendent la décision de la Région.",
            asked,
        )
        found.append((sentence % {"n": asked}, _lead("disqualification_open", challenge, by)))
    return found


WAITING = {
    RescoringState.PROPOSED: gettext_lazy(
        "« %(phase)s » : un changement de notation est proposé, l’organisation doit l’essayer."
    ),
    RescoringState.RUNNING: gettext_lazy(
        "« %(phase)s » : un changement de notation est essayé sur toutes les soumissions."
    ),
    RescoringState.READY: gettext_lazy(
        "« %(phase)s » : un changement de notation attend la décision de la Région."
    ),
    RescoringState.ACCEPTED: gettext_lazy(
        "« %(phase)s » : un changement de notation accepté n’est pas encore en vigueur."
    ),
}


FIXES = {
    "page": "write_texts",
    "terms": "write_terms",
    "licence": "write_texts",
    "prizes": "write_texts",
    "prize_rule": "write_texts",
    "build": "write_scoring",
    "phase": "write_scoring",
    "scoring": "write_scoring",
    "primary": "write_scoring",
    "fairness": "write_fairness",
    "fairness_idle": "write_fairness",
    "baseline": "write_files",
    "code_sample": "write_files",
    "code_inputs": "organiser",
    "quota": "write_phases",
    "attempts": "write_phases",
    "opens": "organiser",
    "closes": "organiser",
}


def points(challenge: Challenge) -> list[dict[str, Any]]:
    """Prepare the checklist: each point, and where it is mended."""
    return [
        {
            "state": point.state,
            "sentence": point.sentence,
            "fix": reverse(f"challenges:{FIXES[point.key]}", args=[challenge.slug])
            if point.state != "ready" and point.key in FIXES
            else "",
        }
        for point in organising.checklist(challenge)
    ]


def pipeline(challenge: Challenge) -> dict[str, Any]:
    """Count the entries by state, and say since when the oldest one waits."""
    entries = Entry.objects.filter(
        enrolment__phase__challenge=challenge, enrolment__team__is_baseline=False
    )
    counts: dict[str, int] = {}
    for status in entries.order_by().values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    oldest = entries.unfinished().order_by("received_at").first()
    return {
        "total": sum(counts.values()),
        "waiting": sum(
            counts.get(each, 0) for each in ("received", "checking", "queued", "scoring")
        ),
        "scored": counts.get("scored", 0),
        "rejected": counts.get("rejected", 0),
        "attention": counts.get("needs_attention", 0),
        "oldest": oldest.received_at if oldest else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say what archiving ends, and archive with a public reason."""
    if request.method == "POST":
        return _archived(request, slug)
    return _archive_page(request, find_to_run(request, slug), ArchiveForm())


@step_up_required
def _archived(request: HttpRequest, slug: str) -> HttpResponse:
    challenge, by = find_to_run(request, slug), person(request)
    require(rules.may_archive_challenge, by, challenge)
    form = ArchiveForm(request.POST)
    if not form.is_valid():
        return _archive_page(request, challenge, form, status=422)
    try:
        challenges.archive(challenge=challenge, reason=form.cleaned_data["reason"], by=by)
    except Conflict as refusal:
        form.add_error(None, str(refusal))
        return _archive_page(request, challenge, form, status=409)
    messages.success(request, _("Challenge archivé."))
    return redirect("challenges:organiser", slug)


def _archive_page(
    request: HttpRequest, challenge: Challenge, form: ArchiveForm, *, status: int = 200
) -> HttpResponse:
    by = person(request)
    edges = CHALLENGE_EDGES[ChallengeStatus(challenge.status)]
    edits = rules.may_edit_challenge(by, challenge)
    context = room(
        challenge,
        "organiser_archive",
        edits=edits,
        follows=edits or rules.may_follow_challenge(by, challenge),
        form=form,
        over=challenge.status == ChallengeStatus.ARCHIVED,
        ready=ChallengeStatus.ARCHIVED in edges,
        published=challenge.status == ChallengeStatus.REVEALED,
        allowed=rules.may_archive_challenge(by, challenge),
    )
    return render(request, "challenges/organise/archive.html", context, status=status)
