"""The pages of the demonstrator: the six use cases, one to try, an opinion counted.

What is typed comes by POST, so that no address holds it; it is answered, and kept nowhere.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalogue.contributions.actions import drafts
from catalogue.contributions.forms.steps import Step
from catalogue.resources.enums import ResourceKind
from portal.demonstrator import actions, documents, measures, queries
from portal.demonstrator.answers import Answer
from portal.demonstrator.models import FundingRule
from portal.demonstrator.registry import BY_SLUG, CASES
from portal.demonstrator.served import Served, served
from portal.demonstrator.sheets import Case
from portal.lib.refusals import Hidden
from portal.lib.storage.files import attachment
from portal.lib.web.requests import get_or_post, natural

# The boxes that are ticked, and that there are some: none ticked is an answer too.
KEEP, TICKED = "keep", "ticked"
QUESTION = "q-"
GIVEN: dict[str, actions.Opinion] = {"useful": "useful", "useless": "useless"}


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the six use cases with their state."""
    known = queries.prototypes()
    rows = [(case.sheet, known[case.sheet.use_case]) for case in CASES]
    context = {"section": "demonstrateur", "rows": rows, "served": served()}
    return render(request, "demonstrator/index.html", context)


@login_not_required
@never_cache
@get_or_post
def case_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a use case, and answer what is typed in its form."""
    case = found(slug)
    row = queries.prototype(case.sheet)
    engines = served() if row.may_be_tried else None
    context: dict[str, Any] = {}
    if engines is not None:
        form, answer = _tried(request, case, engines)
        kept = answer
        if answer is not None and request.POST.get(TICKED):
            kept = answer.keeping(set(request.POST.getlist(KEEP)))
        act = request.POST.get("as", "")
        if kept is not None and act and (taken := _taken(request, case, kept, act)) is not None:
            if act in documents.FORMATS and kept != answer:
                actions.count(row, "corrected")
            return taken
        context = {"form": form, "answer": kept, "measures": measures.of(case.sheet, engines)}
    context |= {
        "section": "demonstrateur",
        "case": case,
        "sheet": case.sheet,
        "row": row,
        "served": engines,
        "components": queries.components(row),
        "challenges": queries.challenges_for(case.sheet, request.user),
        "rank": [each.sheet.slug for each in CASES].index(slug) + 1,
        "total": len(CASES),
    }
    is_faulty = bool(context.get("form") and context["form"].errors)
    return render(request, "demonstrator/case.html", context, status=422 if is_faulty else 200)


def _tried(request: HttpRequest, case: Case, engines: Served) -> tuple[Any, Answer | None]:
    """Answer what was sent, if it can be read."""
    form_type = case.form
    if request.method != "POST":
        return form_type(served=engines), None
    data = request.POST.copy()
    if example := natural(data.get("example", "")):
        texts = [text for _label, text in form_type.examples]
        data[form_type.sentence] = texts[min(example, len(texts)) - 1] if texts else ""
    form = form_type(data, served=engines)
    if not form.is_valid():
        return form, None
    return form, answered(case, form.cleaned_data, data, engines)


def answered(
    case: Case, cleaned: Mapping[str, Any], sent: Mapping[str, Any], engines: Served
) -> Answer:
    """Answer what a form holds. sent: what came beside, yes and no to questions."""
    replies = {
        key: value
        for key, value in sent.items()
        if key.startswith(QUESTION)
        and key.removeprefix(QUESTION) in engines.referential.knowledge
        and value in ("yes", "no")
    }
    rules = list(FundingRule.objects.all())
    return case.answer({**cleaned, **replies, "rules": rules}, engines)


def _taken(request: HttpRequest, case: Case, answer: Answer, act: str) -> HttpResponseBase | None:
    """Give the document, or begin the need; None where the page is what answers."""
    if act in documents.FORMATS and not answer.silence:
        address = request.build_absolute_uri(reverse("demonstrator:case", args=(case.sheet.slug,)))
        content = documents.draw(act, case.sheet, answer, address)
        return attachment([content], f"{case.sheet.slug}.{act}", media_type=documents.FORMATS[act])
    if act == "need" and answer.need:
        if not request.user.is_authenticated:
            messages.info(
                request,
                _(
                    "Connectez-vous dans un autre onglet, puis revenez ici : rien de ce que vous "
                    "avez écrit n’est gardé par le portail."
                ),
            )
            return None
        draft = drafts.start(
            kind=ResourceKind.NEED,
            by=request.user,
            description=documents.markdown(answer),
            use_cases=[str(case.sheet.use_case)],
            **answer.need,
        )
        return redirect("catalogue:contribution_step", draft.public_id, Step.ESSENTIAL)
    return None


@login_not_required
@require_POST
def opinion(request: HttpRequest, slug: str) -> HttpResponse:
    """Count whether an answer was useful."""
    case = found(slug)
    row = queries.prototype(case.sheet)
    said = request.POST.get("opinion", "")
    if row.pk and said in GIVEN:
        actions.count(row, GIVEN[said])
        messages.success(request, _("Merci : votre avis est compté, sans rien d’autre."))
    return redirect("demonstrator:case", slug)


def found(slug: str) -> Case:
    """Find a use case; raises Hidden."""
    if slug not in BY_SLUG:
        raise Hidden
    return BY_SLUG[slug]
