"""Pages of openings: propose, deposit, follow; examine, approve, take back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets.access.models import produced_by
from datasets.openings import queries, rules, wording
from datasets.openings.actions import deposits, publication, review
from datasets.openings.enums import OpeningRefusal, OpeningStatus
from datasets.openings.forms import DepositForm, ProposalForm, RefusalForm, TextForm, WithdrawalForm
from datasets.openings.models import Opening, OpeningReport, OpeningWithdrawal
from datasets.releases import actions as releases
from datasets.releases.forms import sentence
from datasets.releases.models import DataFile
from datasets.releases.queries import restricted
from datasets.releases.views import card_or_404
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import User
from portal.accounts.sessions import step_up_required
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, Invalid, TooLarge
from portal.lib.storage import objects
from portal.lib.storage.files import attachment
from portal.lib.visible import find
from portal.lib.web.form_pages import sent, status_of, tried
from portal.lib.web.requests import get_or_post, natural

PER_PAGE = 25
S = OpeningStatus


def visible(request: HttpRequest, public_id: UUID) -> Opening:
    """Find an opening that this person may see; for others it does not exist."""
    rows = Opening.objects.visible_to(person(request)).with_names()
    return find(rows, among=Opening.objects.all(), public_id=public_id)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the openings that a person proposed, and those of their organisations."""
    by = person(request)
    rows = Opening.objects.filter(Q(proposed_by=by) | Q(producer__in=produced_by(by)))
    page = Paginator(rows.with_names(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"section": "donnees", "page": page, "rows": queries.listed(page, by)}
    return render(request, "datasets/openings/list.html", context)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits for the Region, then what was decided."""
    by = person(request)
    if not has_permission(by, Permission.ACCESS_READ):
        raise Hidden
    waiting = queries.listed(Opening.objects.waiting().with_names(), by)
    others = Opening.objects.exclude(pk__in=[each.pk for each, _next in waiting]).with_names()
    page = Paginator(others, PER_PAGE).get_page(request.GET.get("page"))
    rows = queries.listed(page, by)
    context: dict[str, Any] = {"section": "donnees", "page": page, "rows": rows}
    context |= {"waiting": waiting, "is_region": True}
    return render(request, "datasets/openings/list.html", context)


@get_or_post
def propose(request: HttpRequest) -> HttpResponse:
    """Propose an opening: with the file for who produces, with words for anybody else."""
    by = person(request)
    lent = restricted(by).filter(resource__slug=request.GET.get("jeu", "")).first()
    producers = queries.producers_of(by)
    producer = lent.resource.organisation if lent is not None else None
    if producer is not None and producer not in producers:
        form = ProposalForm(sent(request))
        made: list[Opening] = []
        status = tried(
            form,
            lambda: made.append(
                deposits.propose(producer=producer, restricted=lent, by=by, **form.cleaned_data)
            ),
        )
        if not status:
            messages.success(request, _("Proposition envoyée au producteur."))
            return redirect(made[0])
        return _form(request, form, status, lent=lent)
    if not producers:
        return _form(request, None, 200)
    return _deposited(request, None, producers, {"restricted": str(lent.public_id) if lent else ""})


@get_or_post
def deposit(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Deposit the file of an opening, or correct it, for its producer."""
    found = visible(request, opening)
    require(rules.may_write, person(request), found.producer)
    if not found.is_writable:
        return redirect(found)
    return _deposited(request, found, [found.producer], {})


def _deposited(
    request: HttpRequest, found: Opening | None, producers: Any, initial: dict[str, Any]
) -> HttpResponse:
    kept = _kept(request, found)
    form = DepositForm(
        sent(request),
        request.FILES or None,
        cards=queries.cards_of(producers),
        restricted=queries.restricted_of(producers),
        opening=found,
        kept=kept,
        initial=initial,
    )
    if not form.is_bound:
        return _form(request, form, 200, found=found, kept=kept)
    form.is_valid()
    with _chosen(form, kept) as (name, content):
        made, status = _attempted(form, found, name, content, request)
        if made is None:
            kept = _keep(request, form, found, kept)
    if made is None:
        return _form(request, form, status, found=found, kept=kept)
    _forget(request)
    told = {
        (False, False): _("Corrections reçues : la Région les examine."),
        (False, True): _("Corrections reçues : les contrôles reprennent."),
        (True, False): _("Fichier reçu et chiffré : la Région l’examine."),
        (True, True): _("Fichier reçu et chiffré : les contrôles commencent."),
    }
    messages.success(request, told[content is not None, made.status == S.CHECKING])
    return redirect(made)


def _attempted(
    form: DepositForm,
    found: Opening | None,
    name: str,
    content: BinaryIO | None,
    request: HttpRequest,
) -> tuple[Opening | None, int]:
    """Deposit what a form says; else put every fault of the form and of the file beside it."""
    said: dict[str, Any] = {"opening": found, "name": name, "content": content}
    try:
        if form.is_valid():
            said |= {"attempt": natural(request.POST.get("attempt", "")), "by": person(request)}
            return deposits.deposit(said=form.said(), **said), 0
        if content is not None:
            releases.measured(content, limit_bytes=releases.FILE_MAX_BYTES)
            deposits.require_sound(said=form.said(), **said)
    except Invalid as refusal:
        form.show(refusal)
    except (Conflict, TooLarge) as refusal:
        form.add_error("file" if isinstance(refusal, TooLarge) else None, str(refusal))
        return None, status_of(refusal)
    return None, 422


# A file that was chosen on a page with faults: kept sealed, for a while, for who sent it.
KEPT, KEPT_SECONDS = "opening_upload", 20 * 3_600


def _kept(request: HttpRequest, found: Opening | None) -> dict[str, Any]:
    kept: dict[str, Any] = request.session.get(KEPT, {})
    own = kept.get("opening") == (str(found.public_id) if found else "")
    fresh = own and kept["at"] > clock.now().timestamp() - KEPT_SECONDS
    return kept if fresh and objects.store().exists(kept["sha256"]) else {}


@contextmanager
def _chosen(form: DepositForm, kept: Mapping[str, Any]) -> Iterator[tuple[str, BinaryIO | None]]:
    """Give the file that was sent, else the one that was kept."""
    file = form.cleaned_data.get("file")
    if file:
        yield file.name, file.file
    elif kept:
        with releases.read(releases.Deposit(kept["sha256"], kept["keys"])) as content:
            yield kept["name"], content
    else:
        yield "", None


def _keep(
    request: HttpRequest, form: DepositForm, found: Opening | None, kept: dict[str, Any]
) -> dict[str, Any]:
    """Keep the file of a page that is refused for something else, with its dictionary."""
    file = form.cleaned_data.get("file")
    if "file" in form.errors:
        _forget(request)
        return {}
    if file:
        _forget(request)
        file.file.seek(0)
        deposit = releases.keep(file.file)
        kept = {
            "opening": str(found.public_id) if found else "",
            "at": clock.now().timestamp(),
            "name": file.name,
            "sha256": deposit.sha256,
            "keys": list(deposit.keys),
        }
    if kept:
        if request.FILES.get("dictionary"):
            kept = {**kept, "dictionary": form.cleaned_data.get("dictionary")}
        request.session[KEPT] = kept
    return kept


def _forget(request: HttpRequest) -> None:
    releases.forget(request.session.pop(KEPT, {}).get("sha256", ""))


def _form(
    request: HttpRequest,
    form: Any,
    status: int,
    *,
    found: Opening | None = None,
    lent: Any = None,
    kept: Mapping[str, Any] | None = None,
) -> HttpResponse:
    context = {"section": "donnees", "form": form, "opening": found, "lent": lent}
    context |= {"kept": kept or {}, "file_lost": bool(request.FILES) and not kept}
    if found is not None and found.status == S.CHANGES_REQUESTED:
        last = found.reports.filter(attempt=found.attempt).defer("sample").first()
        context["failed"] = queries.failed_of(last)
    return render(request, "datasets/openings/form.html", context, status=status)


@require_safe
def show(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Show an opening: what the checks say, what will be published, where it stands.

    X-Fragment: only the wait for the checks, which a browser that runs our script asks again.
    """
    found = visible(request, opening)
    if request.headers.get("X-Fragment"):
        return render(request, "datasets/openings/checking.html", {"opening": found})
    return _page(request, found)


def _page(request: HttpRequest, found: Opening, status: int = 200, **made: Any) -> HttpResponse:
    by = person(request)
    reads = rules.may_read_report(by, found)
    reports = list(found.reports.defer("sample")) if reads else []
    report = reports[0] if reports else None
    # While another deposit is examined or checked, the last report is that of the former try.
    is_former = report is not None and report.attempt != found.attempt
    waiting = next(iter(found.withdrawals.filter(answer="")), None)
    writes = rules.may_write(by, found.producer)
    examines = rules.may_examine(by, found)
    is_region = has_permission(by, Permission.ACCESS_READ)
    may_refuse = rules.may_refuse(by, found) and found.status in (S.IN_REVIEW, S.READY)
    is_online = found.release is not None and found.release.withdrawn_at is None
    context: dict[str, Any] = {
        "section": "donnees",
        "opening": found,
        "reads": reads,
        "report": None,
        **(queries.told_of(report) if report else {}),
        "is_former": is_former,
        "older": reports if is_former else reports[1:],
        "shape": queries.shape_of(report)
        if report and not is_former and "fault" not in report.content
        else {},
        "sampled": queries.figures_of(report, "sample").get("rows", 0)
        if report and not is_former
        else 0,
        "fault": wording.fault_of(report.content) if report and not is_former else "",
        "steps": queries.life_of(found, None if is_former else report),
        "writes": writes and found.is_writable,
        "may_decline": writes and found.status == S.PROPOSED and found.proposed_by != by,
        "is_region": is_region,
        "knows_why": is_region or writes,
        "replaced": queries.replaced_by(found),
        "approvals": queries.approvals_of(found) if is_region else [],
        "described": queries.described_columns(found)
        if is_former or is_region or not report
        else [],
        "may_publish": writes and found.status == S.APPROVED,
        "may_take_back": rules.may_take_back(by, found)
        and found.status not in (S.PUBLISHED, S.REFUSED, S.WITHDRAWN),
        "may_admit": examines and found.status == S.IN_REVIEW,
        "may_ask_changes": examines and found.status in (S.IN_REVIEW, S.READY, S.APPROVED),
        "may_approve": found.status == S.READY and rules.may_approve(by, found),
        "is_online": is_online,
        "withdrawal": waiting,
        "may_answer": waiting and rules.may_answer_withdrawal(by, waiting),
        "may_lift": waiting and rules.may_lift_withdrawal(by, waiting),
        "urgent_form": WithdrawalForm(auto_id="urgent_%s")
        if is_online and not waiting and rules.may_ask_withdrawal(by, found)
        else None,
        "text_form": TextForm(auto_id="text_%s"),
        "refusal_form": RefusalForm(auto_id="refusal_%s") if may_refuse else None,
    }
    return render(request, "datasets/openings/opening.html", context | made, status=status)


@require_safe
def report(request: HttpRequest, opening: UUID, attempt: int) -> HttpResponseBase:
    """Give the signed report of one deposit."""
    found, made = _report(request, opening, attempt)
    content = publication.signed(made).encode()
    name = f"{found.number}-{attempt}.json"
    return attachment([content], name, media_type="application/json", size=len(content))


@require_safe
def report_paper(request: HttpRequest, opening: UUID, attempt: int) -> HttpResponseBase:
    """Give the same report as a page that one prints."""
    found, made = _report(request, opening, attempt)
    content = wording.paper_of(found, made)
    name = f"{found.number}-{attempt}.pdf"
    return attachment([content], name, media_type="application/pdf", size=len(content))


@login_not_required
@require_safe
def published_report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show anybody what the checks said of data that are open."""
    card = card_or_404(request, slug)
    try:
        found = queries.opening_of(card, number)
    except Opening.DoesNotExist:
        raise Http404 from None
    report = found.reports.defer("sample").get(attempt=found.attempt)
    context = {
        "section": "donnees",
        "card": card,
        "opening": found,
        "signed": DataFile.objects.filter(release=found.release, name=publication.REPORT).first(),
        "is_former": False,
        **queries.told_of(report),
    }
    return render(request, "datasets/openings/published.html", context)


def _report(request: HttpRequest, opening: UUID, attempt: int) -> tuple[Opening, OpeningReport]:
    found = visible(request, opening)
    if not rules.may_read_report(person(request), found):
        raise Hidden
    return found, find(found.reports.all(), among=OpeningReport.objects.all(), attempt=attempt)


Act = Callable[[Opening, User, int], object]


def _ask(
    request: HttpRequest, opening: UUID, act: str, able: Callable[[User, Opening], bool]
) -> HttpResponse:
    """Ask for a confirmation, of who may do the act, on what they read of the opening."""
    found = visible(request, opening)
    require(able, person(request), found)
    if act != "withdraw" and found.status not in (S.READY, S.APPROVED):
        return redirect(found)  # no report says what would be approved or published
    attempt = natural(request.GET.get("attempt", ""))
    context = {"section": "donnees", "opening": found, "act": act, "attempt": attempt}
    if act != "withdraw":
        last = found.reports.filter(attempt=found.attempt).defer("sample").get()
        context |= queries.told_of(last) | {"replaced": queries.replaced_by(found)}
    context["is_region"] = has_permission(person(request), Permission.ACCESS_READ)
    return render(request, "datasets/openings/confirm.html", context)


def _do(request: HttpRequest, opening: UUID, act: Act, done: str) -> HttpResponse:
    """Do an act that needs no word; the page says what became of it."""
    found = visible(request, opening)
    try:
        act(found, person(request), natural(request.POST.get("attempt", "")))
    except (Conflict, Invalid) as refusal:
        messages.error(request, str(refusal))
        for fault in getattr(refusal, "faults", ()):
            said = sentence(fault["code"], fault["line"], fault)
            messages.error(request, f"{fault['file']} : {said}")
        return _page(request, visible(request, opening), status_of(refusal))
    messages.success(request, done)
    return redirect(found)


def _say(
    request: HttpRequest, opening: UUID, name: str, form: Any, act: Act, done: str
) -> HttpResponse:
    """Do an act with its text; faults stay at the field."""
    found = visible(request, opening)
    attempt = natural(request.POST.get("attempt", ""))
    status = tried(form, lambda: act(found, person(request), attempt))
    if status:
        return _page(request, visible(request, opening), status, **{name: form})
    messages.success(request, done)
    return redirect(found)


@require_POST
def admit(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Find an opening in order: its checks begin."""
    return _do(
        request,
        opening,
        lambda found, by, attempt: review.admit(opening=found, attempt=attempt, by=by),
        _("Ouverture admise : les contrôles commencent, le rapport vient dans quelques minutes."),
    )


@get_or_post
@step_up_required
def approve(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Ask for a confirmation, then approve an opening, as one of two."""
    if request.method != "POST":
        return _ask(request, opening, "approve", rules.may_approve)
    return _do(
        request,
        opening,
        lambda found, by, attempt: review.approve(opening=found, attempt=attempt, by=by),
        _("Votre accord est noté."),
    )


@get_or_post
def publish(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Ask for a confirmation, then publish what two people approved."""
    if request.method != "POST":
        return _ask(
            request, opening, "publish", lambda by, found: rules.may_write(by, found.producer)
        )
    done = _("Données ouvertes, avec leur rapport et leur échantillon.")
    if queries.replaced_by(visible(request, opening)) is not None:
        done = _(
            "Données ouvertes, à la place de la version d’avant : relisez leur fiche, sa période "
            "et sa présentation."
        )
    return _do(
        request,
        opening,
        lambda found, by, _attempt: publication.publish(opening=found, by=by),
        done,
    )


@get_or_post
def withdraw(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Ask for a confirmation, then take a proposal back."""
    if request.method != "POST":
        return _ask(request, opening, "withdraw", rules.may_take_back)
    return _do(
        request,
        opening,
        lambda found, by, _attempt: deposits.withdraw(opening=found, by=by),
        _("Proposition retirée."),
    )


@require_POST
def request_changes(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Ask the producer for changes."""
    form = TextForm(request.POST, auto_id="text_%s")
    return _say(
        request,
        opening,
        "text_form",
        form,
        lambda found, by, attempt: review.request_changes(
            opening=found, text=form.cleaned_data["text"], attempt=attempt, by=by
        ),
        _("Corrections demandées au producteur."),
    )


@require_POST
@step_up_required
def refuse(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Refuse an opening."""
    form = RefusalForm(request.POST, auto_id="refusal_%s")
    return _say(
        request,
        opening,
        "refusal_form",
        form,
        lambda found, by, attempt: review.refuse(
            opening=found,
            reason=OpeningRefusal(form.cleaned_data["reason"]),
            text=form.cleaned_data["text"],
            attempt=attempt,
            by=by,
        ),
        _("Ouverture refusée : le motif et votre texte sont envoyés."),
    )


@require_POST
def decline(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Refuse, for the producer, what another person proposed."""
    form = TextForm(request.POST, auto_id="text_%s")
    return _say(
        request,
        opening,
        "text_form",
        form,
        lambda found, by, _attempt: deposits.decline(
            opening=found, text=form.cleaned_data["text"], by=by
        ),
        _("Proposition refusée : votre motif est envoyé."),
    )


@require_POST
@step_up_required
def ask_withdrawal(request: HttpRequest, opening: UUID) -> HttpResponse:
    """Ask that opened data are taken back in an emergency."""
    form = WithdrawalForm(request.POST, auto_id="urgent_%s")
    return _say(
        request,
        opening,
        "urgent_form",
        form,
        lambda found, by, _attempt: publication.ask_withdrawal(
            opening=found, reason=form.cleaned_data["text"], by=by
        ),
        _("Retrait demandé : plus personne ne lit ces données. Une seconde personne le confirme."),
    )


@require_POST
@step_up_required
def answer_withdrawal(request: HttpRequest, opening: UUID, withdrawal: UUID) -> HttpResponse:
    """Confirm an emergency withdrawal, refuse it, or drop one's own."""
    found = visible(request, opening)
    among = OpeningWithdrawal.objects.all()
    asked = find(found.withdrawals.all(), among=among, public_id=withdrawal)
    answer = request.POST.get("answer")
    accept = answer == "yes"

    def answered(_found: Opening, by: User, _attempt: int) -> None:
        if answer not in {"yes", "no"}:
            raise Invalid(_("Confirmez le retrait, ou refusez-le."), code="answer_missing")
        publication.answer_withdrawal(withdrawal=asked, accept=accept, by=by)

    return _do(
        request,
        opening,
        answered,
        _("Données retirées : plus personne ne les lit.")
        if accept
        else _("Retrait écarté : les données sont de nouveau en ligne."),
    )
