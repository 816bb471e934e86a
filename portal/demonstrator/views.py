"""The pages of the demonstrator: the six use cases, one to try, an opinion counted.

What is typed comes by POST, so that no address holds it; it is answered, and kept nowhere.
"""

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from catalogue.contributions.actions import drafts
from catalogue.contributions.forms.steps import Step
from catalogue.resources.enums import ResourceKind
from portal.demonstrator import actions, documents, measures, queries
from portal.demonstrator.answers import Answer
from portal.demonstrator.forms import QUESTION, TrialForm
from portal.demonstrator.models import Prototype
from portal.demonstrator.registry import CASES, case_or_hidden
from portal.demonstrator.service import Served, served, served_each
from portal.demonstrator.sheets import Case
from portal.lib import clock
from portal.lib.rates import keep_rate, may_ask
from portal.lib.storage.files import attachment, csv_answer
from portal.lib.web.requests import get_or_post, natural

# The boxes that are ticked, those that were shown, and that there are some: none ticked is an
# answer too. The questions that were shown beside them.
KEEP, SEEN, TICKED, ASKED = "keep", "seen", "ticked", "asked"
OPINIONS: dict[str, actions.Opinion] = {"useful": "useful", "useless": "useless"}
# Of the table of intervals: levels are of 1 to 5, places among its rows.
COLUMNS = (
    *"code metier niveau niveau_bas niveau_haut place_min place_max parmi".split(),
    *"domaine zone donnees".split(),
)
EXAMPLE_LINES, MOST_EXAMPLES = 3, 48
_examples: dict[tuple[Any, ...], dict[str, Any] | None] = {}
# Answers, documents and opinions of one network: a class that tries it together is one.
ANSWERS_RATE, DOCUMENTS_RATE, OPINIONS_RATE = "240/m/ip", "40/m/ip", "60/h/ip"


class _TokenCheck(CsrfViewMiddleware):
    """Judge the token of a form, and leave the answer to the page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(status=403)


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the six use cases with their state."""
    known = queries.prototypes()
    engines = served_each(case.sheet for case in CASES)
    rows = [(case.sheet, known[case.sheet.use_case], engines[case.sheet.slug]) for case in CASES]
    is_trial = any(each and each.is_trial for each in engines.values())
    states = {row.state for _sheet, row, _engines in rows}
    shared = states.pop() if len(states) == 1 else None
    context = {"section": "demonstrateur", "rows": rows, "shared": shared, "is_trial": is_trial}
    return render(request, "demonstrator/index.html", context)


@login_not_required
@csrf_exempt  # a page left open while one signs in still answers; what writes asks for the token
@get_or_post
def case_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show a use case, and answer what is typed in its form."""
    case = case_or_hidden(slug)
    if request.method == "POST":
        _keep_pace(request)
    row = queries.prototype(case.sheet)
    engines = served(case.sheet) if row.is_built else None
    context: dict[str, Any] = {}
    if engines is not None and row.may_be_tried:
        form = _form(request, case, engines)
        answer = None
        if form.is_valid():
            proposed = case.answer(form.inputs(), engines)
            answer = _as_ticked(request, proposed)
            if (download := _download(request, case, form, answer)) is not None:
                if answer != proposed:
                    _is_counted(request, row, "corrected")
                return download
            if (draft := _draft(request, case, form, answer)) is not None:
                return draft
            context = _carried(request, row, form, answer)
        context |= {"form": form, "answer": answer}
        if answer is None:
            context["example"] = _example(case, engines)
    context |= {
        "section": "demonstrateur",
        "case": case,
        "sheet": case.sheet,
        "row": row,
        "today": (today := clock.paris_day(clock.now())),
        "served": engines,
        "measures": measures.of(case.sheet, engines) if engines else [],
        "folder": case.form.__module__.rpartition(".")[0].replace(".", "/"),
        "occupations": len(engines.referential.occupations) if engines else 0,
        "sources": queries.sources(engines) if engines else [],
        "components": queries.components(row),
        "challenges": (challenges := queries.challenges_for(case.sheet, request.user)),
        "rewarded": queries.rewarded(challenges, row),
        "is_tested": row.pk and any(e.partner and e.on <= today for e in row.milestones.all()),
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


def _keep_pace(request: HttpRequest) -> None:
    """Refuse what a network asks past its share: QuotaSpent."""
    spent = _("Trop de demandes depuis votre réseau : attendez une minute, puis recommencez.")
    keep_rate(request, "trials", ANSWERS_RATE, spent)
    if request.POST.get("as") in (*documents.FORMATS, "csv"):
        keep_rate(request, "trial_documents", DOCUMENTS_RATE, spent)


def _has_token(request: HttpRequest) -> bool:
    """Say whether our page, of this session, sent the form."""
    check = _TokenCheck(lambda _request: HttpResponse())
    return check.process_view(request, index, (), {}) is None


def _form(request: HttpRequest, case: Case, engines: Served) -> TrialForm:
    """Read what was sent; an example that was pressed stands where one types."""
    if request.method != "POST":
        return case.form(served=engines)
    data = request.POST.copy()
    if example := natural(data.get("example", "")):
        texts = [text for _label, text in case.form.examples]
        data[case.form.sentence] = texts[min(example, len(texts)) - 1] if texts else ""
    return case.form(data, served=engines)


def _example(case: Case, engines: Served) -> dict[str, Any] | None:
    """Answer the first example of a use case, once by build and language: the lines shown first."""
    builds = tuple(sorted(each.pk for each in engines.builds.values()))
    key = (case.sheet.slug, get_language(), builds)
    if key not in _examples:
        sent = case.form.shown or {case.form.sentence: str(case.form.examples[0][1])}
        answer = case.answer(sent, engines)
        blocks = [each for each in answer.blocks if any(line.key for line in each.lines)]
        block = next(iter(blocks or answer.blocks), None)
        example = None
        if block is not None:
            lines = tuple(replace(each, key="") for each in block.lines[:EXAMPLE_LINES])
            example = {"answer": answer, "block": replace(block, lines=lines)}
        if len(_examples) >= MOST_EXAMPLES:
            _examples.clear()
        _examples[key] = example
        return example
    return _examples.get(key)


def _as_ticked(request: HttpRequest, answer: Answer) -> Answer:
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


def _download(
    request: HttpRequest, case: Case, form: TrialForm, answer: Answer
) -> HttpResponseBase | None:
    """Give the document that was asked for, if one was and there is something to put in it."""
    format_ = request.POST.get("as", "")
    if format_ == "csv" and answer.intervals:
        data = _("inventées, pour l’essai") if form.served.is_trial else _("officielles")
        of = [value for _label, value in documents.filled_fields(form)]
        rows = [(each.code, each.title, *each[2:], *of, data) for each in answer.intervals]
        return csv_answer([COLUMNS, *rows], f"{slugify('-'.join((case.sheet.slug, *of)))}.csv")
    if format_ not in documents.FORMATS or answer.silence:
        return None
    address = request.build_absolute_uri(reverse("demonstrator:case", args=(case.sheet.slug,)))
    facts = [*documents.filled_fields(form), *_replies_in_words(form)]
    document = documents.Download(case.sheet, answer, address, facts, form.served.is_trial)
    name, media_type = f"{case.sheet.slug}.{format_}", documents.FORMATS[format_]
    return attachment([documents.draw(format_, document)], name, media_type=media_type)


def _draft(
    request: HttpRequest, case: Case, form: TrialForm, answer: Answer
) -> HttpResponseBase | None:
    """Begin the draft of a need, if it was asked for by who may; None where the page says why."""
    if not _wants_need(request, answer):
        return None
    if not request.user.is_authenticated or not _has_token(request):
        return None
    draft = drafts.start(
        kind=ResourceKind.NEED,
        by=request.user,
        description=documents.markdown(form, answer),
        use_cases=[str(case.sheet.use_case)],
        **answer.need,
    )
    return redirect("catalogue:contribution_step", draft.public_id, Step.ESSENTIAL)


def _wants_need(request: HttpRequest, answer: Answer) -> bool:
    return request.POST.get("as") == "need" and bool(answer.need)


def _replies_in_words(form: TrialForm) -> list[tuple[str, str]]:
    """Name what was asked with what was answered."""
    words = {"yes": _("oui"), "no": _("non")}
    labels = form.served.referential.knowledge
    return [
        (labels[key.removeprefix(QUESTION)], words[value]) for key, value in form.replies().items()
    ]


def _carried(request: HttpRequest, row: Prototype, form: Any, answer: Answer) -> dict[str, Any]:
    """Give what the answer carries to the next one: replies, the opinion, why no need began."""
    opinion, is_thanked = OPINIONS.get(request.POST.get("opinion", "")), "thanked" in request.POST
    if opinion and not is_thanked:
        is_thanked = _is_counted(request, row, opinion)
    return {
        "carried": [(name, each) for name in form.fields for each in form.data.getlist(name)],
        "nearest_label": form[answer.nearest_field].label if answer.nearest_field else "",
        "replies": form.replies(),
        "replies_in_words": _replies_in_words(form),
        "typed_at": form[form.sentence or next(iter(form.fields))].id_for_label,
        "is_thanked": is_thanked,
        "wants_need": _wants_need(request, answer),
    }


def _is_counted(request: HttpRequest, row: Prototype, opinion: actions.Opinion) -> bool:
    """Count an opinion, unless it comes from another page, or past the share of a network."""
    if not row.pk or not _has_token(request) or not may_ask(request, "opinions", OPINIONS_RATE):
        return False
    actions.count(row, opinion)
    return True
