"""Import a challenge: deposit a bundle, read its report, answer; take one away."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.exchange import rules
from challenges.exchange.actions import bundles as acts
from challenges.exchange.actions import exports
from challenges.exchange.forms import AnswersForm, BundleForm
from challenges.exchange.models import BundleImport
from challenges.organising.views.layout import find_organised, find_to_run, organiser_context
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.storage import files
from portal.lib.web.form_pages import attempted, sent
from portal.lib.web.requests import get_or_post

# Platforms whose bundles are read; their names are their own.
BUNDLE_FORMATS = {
    "open-emploi": "Open Emploi",
    "codabench-v2": "Codabench 2",
    "codalab-v1.5": "CodaLab 1",
    "evalai": "EvalAI",
    "kaggle-csv": "Kaggle (CSV)",
    "huggingface-competition": "Hugging Face (CSV)",
    "trec": "TREC",
}


SHOWN = 50
NOT_DONE = "W_DRY_RUN"
# Bundles of tables alone: no program comes with them.
TABLES = frozenset({"kaggle-csv", "huggingface-competition", "trec"})


@get_or_post
def imports(request: HttpRequest) -> HttpResponse:
    """List one's imports and show the form to deposit a bundle; deposit by POST."""
    by = person(request)
    require(rules.may_deposit_bundle, by)
    form = BundleForm(sent(request), request.FILES or None)
    found, status = attempted(
        form,
        lambda: acts.deposit(
            content=cast(BinaryIO, form.cleaned_data["file"]), filename=form.file_name, by=by
        ),
        dict.fromkeys(("bundle_empty", "too_large", "imports_reached"), "file"),
    )
    if found is not None:
        if not found.created:
            messages.info(request, _("Cette archive est déjà déposée : voici son rapport."))
        return redirect("challenges:import", found.made.pk)
    rows = BundleImport.objects.filter(by=by).select_related("challenge")[:SHOWN]
    context = {
        "section": "challenges",
        "form": form,
        "rows": [_import_row(each) for each in rows],
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (_("Importer un challenge"), ""),
        ],
    }
    context["most"] = settings.BUNDLE_MAX_BYTES
    return render(request, "challenges/exchange/imports.html", context, status=status)


@get_or_post
def import_report(request: HttpRequest, made: UUID) -> HttpResponse:
    """Show the report of an import; ask for the draft by POST, with the answers."""
    found = find_import(request, made)
    questions = found.told("questions") if found.is_read else []
    if request.method != "POST":
        form, refused = AnswersForm.of(found.answers, found.refusals, questions=questions)
        return _report_page(request, found, form, refused=refused)
    form = AnswersForm(request.POST, questions=questions)
    if not form.is_valid():
        return _report_page(request, found, form, status=422)
    acts.accept_report(made=found, answers=form.answers, by=person(request))
    return redirect("challenges:import", found.pk)


@require_safe
def import_state(request: HttpRequest, made: UUID) -> HttpResponse:
    """Send the live state of an import, the fragment that its page holds."""
    return render(
        request, "challenges/exchange/import_state.html", _import_row(find_import(request, made))
    )


@require_POST
def abandon_import(request: HttpRequest, made: UUID) -> HttpResponse:
    """Give up an import: its bytes are removed."""
    acts.abandon_import(made=find_import(request, made), by=person(request))
    messages.success(request, _("Import abandonné : l’archive est effacée."))
    return redirect("challenges:imports")


def find_import(request: HttpRequest, made: UUID) -> BundleImport:
    """Return an import this person may see; 404 for any other."""
    rows = BundleImport.objects.visible_to(request.user).select_related("challenge", "by")
    return visible.find(rows, among=BundleImport.objects.all(), pk=made)


def _import_row(made: BundleImport) -> dict[str, Any]:
    return {
        "made": made,
        "format": BUNDLE_FORMATS.get(made.format, ""),
        "final": not (made.is_waiting or made.is_being_created),
    }


def _report_page(
    request: HttpRequest,
    made: BundleImport,
    form: AnswersForm,
    *,
    refused: list[Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = _import_row(made) | {
        "section": "challenges",
        "form": form,
        "failed": bool(form.errors or refused),
        "refused": refused or [],
        "may_accept": made.is_read and rules.may_accept_import(person(request), made),
        "errors": made.told("errors"),
        "warnings": made.told("warnings"),
        "dry_run": made.report.get("dry_run") or [],
        "untried": _untried(made),
        "facts": made.report.get("facts"),
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (_("Importer un challenge"), reverse("challenges:imports")),
            (made.filename, ""),
        ],
    }
    return render(request, "challenges/exchange/import.html", context, status=status)


def _untried(made: BundleImport) -> str:
    """Say why a bundle that was read was not tried: "warned", "tables", "unsolved"; else ""."""
    if made.report.get("dry_run") or made.told("errors") or not made.report.get("format"):
        return ""
    if any(each.get("code") == NOT_DONE for each in made.told("warnings")):
        return "warned"
    return "tables" if made.format in TABLES else "unsolved"


@get_or_post
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what can be taken away; send the export by POST, held-out data as ciphertext."""
    if request.method != "POST":
        lede = _("Un challenge repart comme il est venu, pour ce portail ou pour Codabench.")
        context = organiser_context(find_organised(request, slug), "organiser_export", lede=lede)
        return render(request, "challenges/exchange/organise/export.html", context)
    made = exports.export(challenge=find_to_run(request, slug), by=person(request))
    return files.attachment(made.stream(), made.name, media_type="application/zip")
