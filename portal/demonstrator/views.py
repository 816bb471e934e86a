"""The pages of the demonstrator: the six use cases, one to try, an opinion counted.

What is typed comes by POST, so that no address holds it; it is answered, and kept nowhere.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.contributions.actions import drafts
from catalogue.contributions.forms.steps import Step
from catalogue.resources.enums import ResourceKind
from portal.demonstrator import actions, documents, measures, queries
from portal.demonstrator.answers import Answer
from portal.demonstrator.models import FundingRule, Prototype
from portal.demonstrator.registry import BY_SLUG, CASES
from portal.demonstrator.served import Served, served, served_each
from portal.demonstrator.sheets import Case
from portal.lib import clock
from portal.lib.prose import personal_data
from portal.lib.refusals import Hidden
from portal.lib.storage.files import attachment
from portal.lib.web.requests import get_or_post, natural

# The boxes that are ticked, those that were shown, and that there are some: none ticked is an
# answer too. The questions that were shown beside them.
KEEP, SEEN, TICKED, ASKED = "keep", "seen", "ticked", "asked"
QUESTION = "q-"
GIVEN: dict[str, actions.Opinion] = {"useful": "useful", "useless": "useless"}


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the six use cases with their state."""
    known = queries.prototypes()
    engines = served_each(case.sheet for case in CASES)
    rows = [(case.sheet, known[case.sheet.use_case], engines[case.sheet.slug]) for case in CASES]
    is_trial = any(each and each.is_trial for each in engines.values())
    context = {"section": "demonstrateur", "rows": rows, "is_trial": is_trial}
    return render(request, "demonstrator/index.html", context)


@login_not_required
@get_or_post
def case_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a use case, and answer what is typed in its form."""
    case = found(slug)
    row = queries.prototype(case.sheet)
    engines = served(case.sheet) if row.is_built else None
    context: dict[str, Any] = {}
    if engines is not None and row.may_be_tried:
        form, answer = _tried(request, case, engines)
        kept = _kept(request, answer) if answer is not None else None
        context = {"form": form, "answer": kept}
        if kept is not None:
            if (taken := _taken(request, case, form, kept, engines)) is not None:
                if kept != answer and request.POST["as"] in documents.FORMATS:
                    actions.count(row, "corrected")
                return taken
            context |= _said_beside(request, row, form, kept, engines)
    context |= {
        "section": "demonstrateur",
        "case": case,
        "sheet": case.sheet,
        "row": row,
        "today": clock.paris_day(clock.now()),
        "served": engines,
        "measures": measures.of(case.sheet, engines) if engines else [],
        "folder": case.form.__module__.rpartition(".")[0].replace(".", "/"),
        "occupations": len(engines.referential.occupations) if engines else 0,
        "sources": queries.sources(engines) if engines else [],
        "components": queries.components(row),
        "challenges": queries.challenges_for(case.sheet, request.user),
        "rank": [each.sheet.slug for each in CASES].index(slug) + 1,
        "total": len(CASES),
    }
    is_faulty = bool(context.get("form") and context["form"].errors)
    shown = render(request, "demonstrator/case.html", context, status=422 if is_faulty else 200)
    if not request.user.is_authenticated:
        # Not no-store, by which Back loses the answer and what was typed: this browser alone may
        # keep the page, no proxy does. Who is signed in keeps the portal's rule, no-store.
        shown["Cache-Control"] = "private, no-cache"
    return shown


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
    rules = list(FundingRule.objects.all())
    return case.answer({**cleaned, **_replies(sent, engines), "rules": rules}, engines)


def _replies(sent: Mapping[str, Any], engines: Served) -> dict[str, str]:
    """Read the yes and the no to questions, this round's and those of the rounds before."""
    return {
        key: str(value)
        for key, value in sent.items()
        if key.startswith(QUESTION)
        and key.removeprefix(QUESTION) in engines.referential.knowledge
        and value in ("yes", "no")
    }


def _kept(request: HttpRequest, answer: Answer) -> Answer:
    """Tick what a person ticked, and what they have just said yes to.

    A line that was not shown before is ticked as it is proposed.
    """
    sent = request.POST
    if not sent.get(TICKED):
        return answer
    seen, ticked = set(sent.getlist(SEEN)), set(sent.getlist(KEEP))
    yes = {
        f"k-{each.removeprefix(QUESTION)}"
        for each in sent.getlist(ASKED)
        if each.startswith(QUESTION) and sent.get(each) == "yes"
    }
    new = {
        line.key
        for block in answer.blocks
        for line in block.lines
        if line.is_kept and line.key not in seen
    }
    return answer.keeping(ticked | yes | (new if seen else set()))


def _taken(
    request: HttpRequest, case: Case, form: Any, answer: Answer, engines: Served
) -> HttpResponseBase | None:
    """Give the document, or begin the need; None where the page is what answers."""
    act = request.POST.get("as", "")
    if act in documents.FORMATS and not answer.silence:
        address = request.build_absolute_uri(reverse("demonstrator:case", args=(case.sheet.slug,)))
        made = documents.Taken(
            case.sheet,
            answer,
            address,
            said=documents.said(form),
            replies=_told(request, engines),
            is_trial=engines.is_trial,
        )
        content = documents.draw(act, made)
        return attachment([content], f"{case.sheet.slug}.{act}", media_type=documents.FORMATS[act])
    if act == "need" and answer.need and request.user.is_authenticated:
        described = documents.markdown(form, answer)
        if personal_data.find(described):
            form.add_error(
                form.sentence,
                _(
                    "Retirez l’adresse ou le numéro de téléphone : un besoin du catalogue devient "
                    "public."
                ),
            )
            return None
        draft = drafts.start(
            kind=ResourceKind.NEED,
            by=request.user,
            description=described,
            use_cases=[str(case.sheet.use_case)],
            **answer.need,
        )
        return redirect("catalogue:contribution_step", draft.public_id, Step.ESSENTIAL)
    return None


def _told(request: HttpRequest, engines: Served) -> list[tuple[str, str]]:
    """Name what was asked with what was answered."""
    words = {"yes": _("oui"), "no": _("non")}
    labels = engines.referential.knowledge
    replies = _replies(request.POST, engines)
    return [(labels[key.removeprefix(QUESTION)], words[said]) for key, said in replies.items()]


def _said_beside(
    request: HttpRequest, row: Prototype, form: Any, answer: Answer, engines: Served
) -> dict[str, Any]:
    """Give what the answer carries to the next one: replies, the opinion, why no need began."""
    opinion = request.POST.get("opinion", "")
    if row.pk and opinion in GIVEN:
        actions.count(row, GIVEN[opinion])
    carried = [(name, each) for name in form.fields for each in form.data.getlist(name)]
    return {
        "carried": carried,
        "replies": _replies(request.POST, engines),
        "told": _told(request, engines),
        "is_thanked": opinion in GIVEN or bool(request.POST.get("thanked")),
        "wants_need": request.POST.get("as") == "need" and bool(answer.need),
    }


def found(slug: str) -> Case:
    """Find a use case; raises Hidden."""
    if slug not in BY_SLUG:
        raise Hidden
    return BY_SLUG[slug]
