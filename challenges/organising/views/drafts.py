"""Write a challenge by form: its texts, rules and pages, its files, scoring and phases."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalogue.resources.models import Resource
from catalogue.resources.queries.chain import BEFORE_CHALLENGES
from challenges.bundles import code as coding
from challenges.bundles.spec import Role
from challenges.organising import queries as organising
from challenges.organising import rules
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import drafts, leaderboards, phases, texts
from challenges.organising.actions.texts import standard_terms
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseKind, PhaseMoment
from challenges.organising.forms.challenges import (
    CODE_FILE_ROLES,
    FILE_ROLES,
    DatesForm,
    DeleteForm,
    NewChallengeForm,
    PageForm,
    QuestionsForm,
    TextsForm,
)
from challenges.organising.forms.columns import SHARES, ColumnsForm, FilesForm, guessed_shape
from challenges.organising.forms.fairness import FairnessForm
from challenges.organising.forms.phases import NewPhaseForm, QuotasForm, SettingsForm
from challenges.organising.forms.scorings import ROWS, SHAPES, suggested
from challenges.organising.letters import registered
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.modes import brings_files
from challenges.organising.queries import phase_of
from challenges.organising.tables import MAX_FILE_BYTES, READINGS, Deposit, guessed_role, unread
from challenges.organising.views.layout import (
    find_organised,
    form_page,
    organisations_of,
    organiser_context,
    was_read,
)
from challenges.organising.words import USE_CASES
from challenges.scoring.contract import number_of
from portal.accounts.models import User
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.refusals import Invalid, NotAllowed
from portal.lib.web.form_pages import REFUSALS, sent, tried
from portal.lib.web.requests import get_or_post


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
    card = _card(request)
    form = NewChallengeForm(
        sent(request), organisations=organisations, title=card.title if card else ""
    )
    known: dict[str, Any] = {"summary": card.summary, "cards": [card.slug]} if card else {}
    made: list[Challenge] = []
    if not tried(form, lambda: made.append(drafts.start(**known, **form.cleaned_data, by=by))):
        return redirect("challenges:write_texts", made[0].slug)
    context = {
        "section": "challenges",
        "form": form,
        "card": card,
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (_("Créer un challenge"), ""),
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "challenges/organising/new.html", context, status=status)


@get_or_post
def write_texts(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the texts and the rules; rules once public: a new version of them."""
    challenge = find_organised(request, slug)
    last = challenge.terms.first()
    usual = last.text if last else standard_terms(challenge.language)
    form = TextsForm(
        sent(request),
        challenge=challenge,
        terms=usual,
        use_cases=USE_CASES,
        chooses=rules.may_choose_grant(person(request), challenge),
    )
    faults = {"markdown": "body_md", "card_unknown": "cards"}
    faults |= dict.fromkeys(("frozen", "grant_not_active", "other_data"), "grant")

    @transaction.atomic
    def act() -> None:
        by = person(request)
        if form.over:
            texts.choose_grant(challenge=challenge, grant=form.chosen_grant, by=by)
            return
        lacking = organising.missing_to_check(challenge)
        fresh = texts.describe(
            challenge=challenge,
            texts=form.texts,
            licence=form.licence,
            cards=form.cleaned_data["cards"],
            by=by,
        )
        fresh = texts.choose_grant(challenge=challenge, grant=form.chosen_grant, by=by)
        faults["markdown"] = "terms"
        texts.write_terms(challenge=challenge, text=form.cleaned_data["terms"], by=by)
        if lacking and not organising.missing_to_check(fresh):
            with suppress(Invalid):  # a fault of the files: their page says it
                drafts.ask_build(challenge=fresh, by=by)

    return form_page(
        request,
        challenge,
        "write_texts",
        form,
        act,
        template="challenges/organising/texts.html",
        faults=faults,
        standard=usual == standard_terms(challenge.language),
    )


@get_or_post
def write_dates(request: HttpRequest, slug: str) -> HttpResponse:
    """Set when each phase opens and closes, and say who takes part."""
    challenge = find_organised(request, slug)
    now = clock.now()
    listed = [each for each in challenge.phases.all() if each.moment(now) != PhaseMoment.CLOSED]
    if challenge.status == ChallengeStatus.DRAFT:
        listed = list(challenge.phases.all())
    form = DatesForm(sent(request), challenge=challenge, phases=listed)
    faults = {"team_sizes": "team_max"}

    @transaction.atomic
    def act() -> None:
        by = person(request)
        for phase in listed:
            at_fault = f"closes_at_{phase.index}"
            faults.update(dict.fromkeys(("dates_order", "frozen", "close_passed"), at_fault))
            faults["open_passed"] = f"opens_at_{phase.index}"
            opens_at, closes_at = form.date(phase, "opens_at"), form.date(phase, "closes_at")
            acts.set_dates(phase=phase, opens_at=opens_at, closes_at=closes_at, by=by)
        texts.take_part(challenge=challenge, by=by, **form.participation)

    proof = _announced_by(act, challenge) if challenge.is_public and form.is_valid() else ""
    announced = bool(proof) and was_read(request, proof)
    if proof and not announced:  # read again before it is announced
        again = DatesForm(challenge=challenge, phases=listed)
        again.initial = {**again.initial, **form.cleaned_data}
        form = again
    return form_page(
        request,
        challenge,
        "write_dates",
        form,
        act,
        template="challenges/organising/dates.html",
        faults=faults,
        done=_("Enregistré et annoncé aux personnes inscrites.") if announced else "",
        proof=proof,
        told=registered(challenge).count() if proof else 0,
    )


def _announced_by(act: Callable[[], object], challenge: Challenge) -> str:
    """Say what an act would announce, and undo it; nothing when it is refused."""
    with suppress(*REFUSALS), transaction.atomic():
        known = set(challenge.notices.values_list("pk", flat=True))
        act()
        told = [each.text for each in challenge.notices.all() if each.pk not in known]
        transaction.set_rollback(True)
        return "\n".join(told)
    return ""


@get_or_post
def write_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask teams about their method."""
    challenge = find_organised(request, slug)
    form = QuestionsForm(sent(request), stored=challenge.fact_sheet)
    return form_page(
        request,
        challenge,
        "write_questions",
        form,
        lambda: leaderboards.ask_questions(
            challenge=challenge, questions=form.questions, by=person(request)
        ),
        template="challenges/organising/questions.html",
    )


@get_or_post
def write_pages(request: HttpRequest, slug: str) -> HttpResponse:
    """List the further pages, and add one."""
    challenge = find_organised(request, slug)
    return _page(request, challenge, None)


@get_or_post
def write_page(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Rewrite a page."""
    challenge = find_organised(request, slug)
    get_object_or_404(challenge.pages, index=index)
    return _page(request, challenge, index)


@require_POST
def remove_page(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove a page."""
    challenge = find_organised(request, slug)
    texts.remove_page(challenge=challenge, index=index, by=person(request))
    messages.success(request, _("Page retirée."))
    return redirect("challenges:write_pages", slug)


def _page(request: HttpRequest, challenge: Challenge, index: int | None) -> HttpResponse:
    stored = None if index is None else challenge.pages.get(index=index)
    initial = {"title": stored.title, "body_md": stored.body_md} if stored else {}
    form = PageForm(sent(request), initial=initial)
    return form_page(
        request,
        challenge,
        "write_pages",
        form,
        lambda: texts.write_page(
            challenge=challenge, index=index, by=person(request), **form.cleaned_data
        ),
        template="challenges/organising/pages.html",
        faults={"markdown": "body_md"},
        done=_("Page enregistrée."),
        pages=list(challenge.pages.all()),
        edited=index,
    )


def _card(request: HttpRequest) -> Resource | None:
    """Return the card of the catalogue that the address says the challenge starts from."""
    slug = request.GET.get("fiche", "")
    cards = Resource.objects.public().filter(slug=slug, kind__in=BEFORE_CHALLENGES)
    return cards.first() if slug.isprintable() else None


FILE_FAULTS = dict.fromkeys(
    ("too_large", "file_empty", "file_table", "file_name", "file_name_taken", "file_role"),
    "uploads",
)


@get_or_post
def write_files(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files of a challenge and take more; say what each is, and its columns."""
    challenge = find_organised(request, slug)
    form = _files_form(challenge, sent(request), request.FILES)
    if request.FILES:
        return _take_files(request, challenge, form)
    asked, onward = request.POST.get("forme", ""), "write_files"  # until the columns are said
    turned = asked != request.POST.get("forme_montree", "")
    if form.is_bound and form.is_valid() and not form.moves_tables and not turned:
        form.columns = _columns_form(challenge, asked, sent(request))
        onward = ""
    elif not form.is_bound:
        form.columns = _columns_form(challenge, request.GET.get("forme", ""))

    def act() -> None:
        _arrange(challenge, form, person(request))

    page = form_page(
        request,
        challenge,
        "write_files",
        form,
        act,
        template="challenges/organising/files.html",
        faults=FILE_FAULTS,
        onward=onward,
        **_files_shown(challenge, form),
    )
    if page.status_code == 302 and "quitter" not in request.POST and _is_cut(challenge):
        page["Location"] = reverse("challenges:write_files", args=[slug]) + "#incomplet"
    if turned and form.is_bound and page.status_code == 302:
        page["Location"] += f"?forme={asked}" if asked in SHAPES else ""
    return page


def _is_cut(challenge: Challenge) -> bool:
    """Say whether the answers lack ids of the test, as the draft now is."""
    challenge.refresh_from_db()
    return any(each.key == "ids" for each in organising.missing(challenge))


def _files_form(challenge: Challenge, data: Any = None, files: Any = None) -> FilesForm:
    is_code = coding.KEY in challenge.bundle
    return FilesForm(data, files or None, listed=drafts.all_files(challenge), is_code=is_code)


def _keep_files(challenge: Challenge, form: FilesForm, by: User) -> Challenge:
    expected = form.cleaned_data.get("expected_score")
    return drafts.arrange_files(
        challenge=challenge, roles=form.roles, expected_score=expected, by=by
    )


@transaction.atomic
def _arrange(challenge: Challenge, form: FilesForm, by: User) -> None:
    """Keep what the files of a draft are, and what their columns mean; have a whole one checked.

    The measure most often taken is proposed, and tried by the check.
    """
    fresh = _keep_files(challenge, form, by)
    if form.columns is None:
        return
    document, columns = fresh.bundle, form.columns
    submission = columns.submission(document.get("submission") or {})
    truth = next(each for each in drafts.all_files(fresh) if each["role"] == Role.TRUTH)
    same = (document.get("submission") or {}).get("layout") == submission["layout"]
    read = columns.truth(str(truth["path"]))
    proposed = suggested({**document, "submission": submission, "truth": read})[:1]
    fresh = drafts.measure(
        challenge=fresh,
        submission=submission,
        truth=read,
        metrics=(same and document.get("metrics")) or proposed,
        public_share=columns.public_share,
        by=by,
    )
    if not organising.missing_to_check(fresh):
        drafts.ask_build(challenge=fresh, by=by)


def _take_files(request: HttpRequest, challenge: Challenge, form: FilesForm) -> HttpResponse:
    """Take files, and show at once what they were taken for, with the first rows of the answers.

    These are not kept: a page that is read again does not show them.
    """
    first: list[list[str]] = []
    listed = form.listed
    former = {each["path"]: each.get("rows") for each in listed}

    @transaction.atomic
    def act() -> None:
        by = person(request)
        _keep_files(challenge, form, by)
        deposits = [deposit_of(each) for each in form.cleaned_data["uploads"]]
        first.extend(drafts.add_files(challenge=challenge, deposits=deposits, by=by))

    status = tried(form, act, FILE_FAULTS)
    if not status:
        challenge.refresh_from_db()
        form = _files_form(challenge)
        form.columns = _columns_form(challenge, "")
    elif asked := request.POST.get("forme_montree", ""):  # refused: what was typed beside stays
        challenge.refresh_from_db()
        form.columns = _columns_form(challenge, asked, sent(request))
    rows = [[_written(cell) for cell in row] for row in first]
    shown = _files_shown(challenge, form) | {"form": form, "first": rows, "taken": not status}
    if form.columns and form.columns.stray:
        at, _n, line = form.columns.stray
        shown["cell"] = rows[line - 2][at] if line - 2 < len(rows) else ""
    shown["replaced"] = [
        (each["path"], former[each["path"]], each["rows"])
        for each in form.listed
        if each.get("rows") and former.get(each["path"], each["rows"]) != each["rows"]
    ]
    shown["beside"] = list(_beside(listed, form.listed, coding.KEY in challenge.bundle))
    context = organiser_context(challenge, "write_files", **shown)
    return render(request, "challenges/organising/files.html", context, status=status or 200)


def _beside(former: Sequence[Any], listed: Sequence[Any], is_code: bool) -> Iterator[str]:
    """Say which file took the place of another, and which stays where a new one claims it."""
    there = {each["path"] for each in listed}
    known = {each["path"] for each in former}
    for old in (each for each in former if each["role"] != Role.EXTRA):
        for new in (each for each in listed if each["path"] not in known):
            role = guessed_role(new["path"], is_code=is_code, taken=())
            facts = {"new": new["path"], "old": old["path"]}
            facts["role"] = str({**CODE_FILE_ROLES, **FILE_ROLES}[old["role"]])
            if old["path"] not in there and new["role"] == old["role"]:
                yield _("« %(new)s » prend la place de « %(old)s » : %(role)s.") % facts
            elif old["path"] in there and new.get("unsure") and role == old["role"]:
                said = _("« %(old)s » reste : %(role)s. Dites ce qu’est « %(new)s ».")
                yield said % facts


def _written(cell: str) -> str:
    """Write a cell that is a number as the reader's language does."""
    mark = get_format("DECIMAL_SEPARATOR")
    return cell if number_of(cell) is None else cell.replace(".", mark)


def _files_shown(challenge: Challenge, form: FilesForm) -> dict[str, Any]:
    kept = drafts.kept_of(challenge)
    places = [kept.get(each["path"], {}) for each in form.listed]
    has_test = any(each["role"] == Role.TEST for each in form.listed)
    told = [unread(each["path"]) if each.get("unsure") else "" for each in form.listed]
    counted = (each.get("rows") or 0 for each in form.listed if each["role"] == Role.TRUTH)
    n = int(next(counted, 0))
    return {
        "rows": [
            (entry, role, ", ".join(str(READINGS[each]) for each in read), place.get("size"), why)
            for (entry, role), place, why in zip(form.rows, places, told, strict=True)
            for read in [place.get("readings", [])]
        ],
        # What each share would make public, then private, by rows drawn one by one.
        "shares": [
            (share, int(share), public, n - public)
            for share in SHARES
            for public in [min(max(round(n * int(share) / 100), 1), n - 1)]
            if n > 1
        ],
        "is_red": any(told) or bool(form.columns and form.columns.stray),
        "most": MAX_FILE_BYTES,
        "brought": brings_files(challenge),
        "is_code": coding.KEY in challenge.bundle,
        "made": drafts.EXAMPLE if has_test and organising.makes_example(challenge) else "",
        "shapes": [
            (key, each.title)
            for key, each in SHAPES.items()
            if key == ROWS or not organising.makes_example(challenge)
        ],
    }


def _columns_form(challenge: Challenge, asked: str, data: Any = None) -> ColumnsForm | None:
    """Ask what the columns mean, once the answers and an example of them are there."""
    files = {each["role"]: each for each in drafts.all_files(challenge)}
    given, held, test, train = (
        (files.get(role) or {}).get("columns")
        for role in (Role.SAMPLE_SUBMISSION, Role.TRUTH, Role.TEST, Role.TRAIN)
    )
    is_made = organising.makes_example(challenge)
    if is_made and held and test:  # what the training rows answer comes first
        given, asked = sorted(held, key=lambda each: each not in (train or ())), ROWS
    if not given or not held or (is_made and not test):
        return None
    shape = asked if asked in SHAPES else guessed_shape(challenge.bundle, given, held)
    if not shape:
        return None
    place = drafts.kept_of(challenge).get(files[Role.TRUTH]["path"], {})
    return ColumnsForm(
        data,
        shape=shape,
        document=challenge.bundle,
        given=given,
        held=held,
        parts=place.get("parts", {}),
        drawn=place.get("drawn"),
        strays=place.get("strays", {}),
        test=test if is_made else None,
    )


def deposit_of(file: UploadedFile) -> Deposit:
    """Take a file that a form sent, from memory or from where it was put."""
    path = Path(file.temporary_file_path()) if isinstance(file, TemporaryUploadedFile) else None
    content = path.open("rb") if path else BytesIO(file.read())
    return Deposit(file.name or "", file.size or 0, content, path)


@get_or_post
def write_fairness(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare which groups are compared, then have the worker check the whole."""
    challenge = find_organised(request, slug)
    files = {each["role"]: each for each in drafts.all_files(challenge)}
    truth = files.get(Role.TRUTH) or {}
    held = truth.get("columns")
    form: FairnessForm | None = None
    if held and challenge.bundle.get("metrics"):
        form = FairnessForm(sent(request), document=challenge.bundle, held=held)
    elif request.method == "POST":
        raise Invalid(_("Réglez d’abord la notation."), code="scoring_first")

    def act() -> None:
        if form is not None:
            by = person(request)
            drafts.declare_fairness(challenge=challenge, fairness=form.fairness, by=by)
            if not organising.missing_to_check(challenge):
                drafts.ask_build(challenge=challenge, by=by)

    return form_page(
        request,
        challenge,
        "write_fairness",
        form,
        act,
        template="challenges/organising/fairness.html",
        answers=truth.get("path"),
        done=_("Équité enregistrée."),
        onward="write_scoring",
    )


@require_POST
def build(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the worker check the draft as it is now."""
    challenge = find_organised(request, slug)
    drafts.ask_build(challenge=challenge, by=person(request))
    messages.success(request, _("Contrôle demandé."))
    return redirect("challenges:organiser", slug)


@get_or_post
def write_phases(request: HttpRequest, slug: str) -> HttpResponse:
    """List the phases, and add one to a draft."""
    challenge = find_organised(request, slug)
    is_code = coding.KEY in challenge.bundle
    form = NewPhaseForm(sent(request), is_code=is_code)
    listed = list(challenge.phases.all())
    return form_page(
        request,
        challenge,
        "write_phases",
        form,
        lambda: phases.add_phase(
            challenge=challenge,
            name=form.cleaned_data["name"],
            kind=PhaseKind(form.cleaned_data["kind"]),
            by=person(request),
        ),
        template="challenges/organising/phases.html",
        done=_("Phase ajoutée."),
        phases=listed,
        parallel=organising.overlap(listed),
        dated=organising.are_dated(listed),
    )


@get_or_post
def write_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Settle a phase of a draft; raise its quotas once the challenge is public."""
    challenge = find_organised(request, slug)
    phase = phase_of(challenge, index)
    form_class = QuotasForm if challenge.is_public else SettingsForm
    form = form_class(sent(request), phase=phase)
    return form_page(
        request,
        challenge,
        "write_phases",
        form,
        lambda: _settle(phase, form, person(request)),
        template="challenges/organising/phase.html",
        done=_("Phase enregistrée."),
        phase=phase,
    )


def _source(phase: Phase, form: SettingsForm) -> dict[str, Phase | None]:
    """Find the phase whose choices are taken over, where the form asked for one."""
    if "migrate_from" not in form.cleaned_data:
        return {}
    wanted = form.cleaned_data["migrate_from"]
    return {"migrate_from": phase_of(phase.challenge, int(wanted)) if wanted else None}


def _settle(phase: Phase, form: QuotasForm, by: User) -> None:
    if not isinstance(form, SettingsForm):
        phases.raise_quotas(phase=phase, quotas=form.cleaned_data, by=by)
        return
    kind = PhaseKind(form.settings["kind"])
    settings = form.settings | _source(phase, form) | {"kind": kind}
    rule = BoardRule(form.cleaned_data["rule"])
    phases.settle_phase(phase=phase, settings=settings, rule=rule, by=by)


@require_POST
def remove_phase(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Remove the last phase of a draft."""
    challenge = find_organised(request, slug)
    phases.remove_phase(phase=phase_of(challenge, index), by=person(request))
    messages.success(request, _("Phase retirée."))
    return redirect("challenges:write_phases", slug)


@require_POST
def clone(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft from a challenge, without its data."""
    made = drafts.clone(challenge=find_organised(request, slug), by=person(request))
    messages.success(request, _("Voici la copie, sans les données ni les dates."))
    return redirect("challenges:write_texts", made.slug)


@get_or_post
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a confirmation, and delete a draft for good."""
    challenge = find_organised(request, slug)
    form = DeleteForm(sent(request))
    status = tried(form, lambda: acts.delete(challenge=challenge, by=person(request)))
    if not status:
        messages.success(request, _("Brouillon supprimé."))
        return redirect("challenges:organiser_list")
    context = organiser_context(challenge, "organiser", form=form)
    return render(request, "challenges/organising/delete.html", context, status=status)


@require_POST
def recall(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the request for a visa back, to correct the draft."""
    acts.recall(challenge=find_organised(request, slug), by=person(request))
    messages.success(request, _("Demande retirée : le challenge est un brouillon."))
    return redirect("challenges:organiser", slug)
