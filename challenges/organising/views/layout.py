"""Prepare what the pages of the organisers of a challenge share: sections, forms, refusals."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles import code as coding
from challenges.organising import queries as organising
from challenges.organising import rules
from challenges.organising.enums import ChallengeStatus, RegistrationMode
from challenges.organising.models.challenges import Challenge, Phase
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Conflict, Hidden
from portal.lib.web.form_pages import tried


def find_challenge(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge this person may read, with its phases; 404 for any other."""
    shown = (
        Challenge.objects.visible_to(request.user)
        .select_related("organiser")
        .prefetch_related(Prefetch("phases", Phase.objects.select_related("reveal")))
    )
    return visible.find(shown, among=Challenge.objects.all(), slug=slug)


# The steps of a challenge written by form, in the order of the work.
STEPS: tuple[tuple[str, Promise], ...] = (
    ("write_texts", gettext_lazy("Textes et règles")),
    ("write_files", gettext_lazy("Données")),
    ("write_scoring", gettext_lazy("Mesure")),
    ("write_dates", gettext_lazy("Dates et participation")),
)
# What most challenges do without: its page, its name, when one needs it.
OPTIONS: tuple[tuple[str, Promise, Promise], ...] = (
    (
        "write_fairness",
        gettext_lazy("Équité"),
        gettext_lazy("Quand les erreurs sont à comparer entre des groupes de personnes."),
    ),
    (
        "write_questions",
        gettext_lazy("Fiche de méthode"),
        gettext_lazy("Quand vous voulez savoir comment chaque réponse a été obtenue."),
    ),
    (
        "write_code",
        gettext_lazy("Code"),
        gettext_lazy(
            "Quand les équipes envoient un programme, lancé sur des données qu’elles ne voient pas."
        ),
    ),
    (
        "write_phases",
        gettext_lazy("Phases et essais"),
        gettext_lazy(
            "Quand le challenge se joue en plusieurs temps, ou pour changer le nombre d’essais."
        ),
    ),
    (
        "write_boards",
        gettext_lazy("Plusieurs classements"),
        gettext_lazy("Quand les mêmes réponses sont classées de plusieurs façons."),
    ),
    (
        "write_pages",
        gettext_lazy("Autres pages"),
        gettext_lazy("Quand la présentation ne suffit pas : un jury, une foire aux questions."),
    ),
)
TICKED = frozenset({"page", "terms", "licence", "ids", "build", "closes", "fairness"})
ROUTES_OF_STEPS = tuple(route for route, _words in STEPS)
PREPARING = frozenset((*ROUTES_OF_STEPS, *(route for route, _words, _when in OPTIONS)))

# (route, words) of each page, under the entry that leads to it, in the order of the work.
SECTIONS: tuple[tuple[Promise, tuple[tuple[str, Promise], ...]], ...] = (
    (
        gettext_lazy("Suivi"),
        (
            ("organiser", gettext_lazy("Suivi")),
            ("organiser_entries", gettext_lazy("Soumissions")),
            ("pipeline", gettext_lazy("File d’évaluation")),
            ("code_runs", gettext_lazy("Exécutions")),
            ("program_reports", gettext_lazy("Programme de notation")),
            ("discussions_desk", gettext_lazy("Entraide")),
            ("journal", gettext_lazy("Journal")),
        ),
    ),
    (
        gettext_lazy("Préparer"),
        (*STEPS, *((route, words) for route, words, _when in OPTIONS)),
    ),
    (
        gettext_lazy("Gérer"),
        (
            ("registrations", gettext_lazy("Inscriptions")),
            ("guests", gettext_lazy("Invitations")),
            ("announcements", gettext_lazy("Annonces")),
            ("rescorings", gettext_lazy("Réévaluation")),
            ("disqualification_proposals", gettext_lazy("Disqualifications")),
            ("organisers", gettext_lazy("Équipe")),
            ("organiser_export", gettext_lazy("Exporter")),
            ("organiser_archive", gettext_lazy("Archiver")),
        ),
    ),
)
# What the Region reads of a challenge that it decides on.
OF_THE_REGION = frozenset({"organiser", "pipeline", "rescorings", "organiser_archive"})
# What the jury sees: it acts on nothing.
OF_THE_JURY = OF_THE_REGION | {"organisers", "announcements", "journal"}


def sections_of(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True
) -> list[dict[str, Any]]:
    """List the pages of the organisers' space, route being read, under the entries that lead there.

    edits: all of them; else follows: those of the jury; else those of the Region.
    """
    uses = {
        "code_runs": coding.KEY in challenge.bundle,
        "guests": challenge.registration == RegistrationMode.INVITED,
        "program_reports": challenge.source_id is not None,  # the organiser's own program scores
    }
    unused = {name for name, is_used in uses.items() if not is_used}
    sections = []
    for label, pages in SECTIONS:
        shown = [
            {
                "label": words,
                "href": reverse(f"challenges:{name}", args=[challenge.slug]),
                "current": name == route,
                "option": name in PREPARING and name not in ROUTES_OF_STEPS,
            }
            for name, words in pages
            if (edits or name in (OF_THE_JURY if follows else OF_THE_REGION)) and name not in unused
        ]
        if shown:
            current = any(each["current"] for each in shown)
            sections.append({"label": label, "pages": shown, "current": current})
    return sections


def page_name(route: str) -> str:
    """Name a section."""
    return str(next(words for _hall, pages in SECTIONS for name, words in pages if name == route))


def find_organised(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that this person organises; 404 or 403 for any other."""
    challenge = find_to_run(request, slug)
    require(rules.may_edit_challenge, person(request), challenge)
    return challenge


def find_followed(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that this person runs, as jury too; 404 or 403 for any other."""
    challenge = find_to_run(request, slug)
    require(rules.may_read_cockpit, person(request), challenge)
    return challenge


def organiser_context(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True, **more: Any
) -> dict[str, Any]:
    """Prepare the context common to the pages of the organisers' space.

    edits, follows: whether who reads organises it, or runs it as jury too.
    """
    draft = challenge.status == ChallengeStatus.DRAFT
    if route in PREPARING:
        more["options"] = options_of(challenge, route)
        if draft and edits:
            more |= steps_of(challenge, route, is_red=more.get("is_red", False))
    return {
        "section": "challenges",
        "challenge": challenge,
        "sections": sections_of(challenge, route, edits=edits, follows=follows),
        "edits": edits,
        "follows": follows,
        "draft": draft,
        "page_name": page_name(route),
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (challenge.title, reverse("challenges:organiser", args=[challenge.slug])),
            (page_name(route), ""),
        ],
        **more,
    }


def options_of(challenge: Challenge, route: str) -> list[dict[str, Any]]:
    """List what most challenges do without, and when one needs it."""
    return [
        {
            "label": words,
            "href": reverse(f"challenges:{name}", args=[challenge.slug]),
            "when": when,
            "current": name == route,
        }
        for name, words, when in OPTIONS
    ]


def steps_of(challenge: Challenge, route: str, *, is_red: bool = False) -> dict[str, Any]:
    """Say where a draft stands: its steps, what is missing, what is advised, the step before.

    is_red: whether the page shows a fault of a file that the draft does not know yet.
    """
    points = organising.checklist(challenge)
    missing = [each for each in points if each.state == "missing" and each.key != "building"]
    advised = [each for each in points if each.state == "advice"]
    ready = [each for each in points if each.state == "ready" and each.key in TICKED]
    undated = [each for each in advised if each.key == "closes"]
    behind = {each.mended_at for each in [*missing, *undated]}
    is_red = is_red or any(each.mended_at == "write_files" for each in missing)
    links = {name: reverse(f"challenges:{name}", args=[challenge.slug]) for name, _w in STEPS}
    states = [
        (words, "now", "")
        if name == route
        else (words, "" if name in behind else "done", links[name])
        for name, words in STEPS
    ]
    at = ROUTES_OF_STEPS.index(route) if route in ROUTES_OF_STEPS else 0
    return {
        "steps": states,
        "is_step": route in ROUTES_OF_STEPS,
        "missing": to_mend(challenge, missing),
        "missing_keys": {each.key for each in missing},
        "advised": to_mend(challenge, advised),
        "ready": [_("Fichiers déposés")] * (not is_red and not organising.missing_files(challenge))
        + [each.sentence for each in ready],
        "checking": any(each.key == "building" for each in points),
        "previous": (STEPS[at - 1][1], links[STEPS[at - 1][0]]) if at else None,
    }


def to_mend(challenge: Challenge, points: Iterable[organising.Point]) -> list[dict[str, Any]]:
    """Lay out lines of the checklist: the sentence, the field that mends it, its step."""
    return [
        {
            "key": each.key,
            "sentence": capfirst(each.sentence),
            "href": f"{reverse(f'challenges:{each.mended_at}', args=[challenge.slug])}{each.field}"
            if each.mended_at
            else "",
            "step": ROUTES_OF_STEPS.index(each.mended_at) + 1
            if each.mended_at in ROUTES_OF_STEPS
            else None,
        }
        for each in points
    ]


def onward_of(request: HttpRequest, challenge: Challenge, route: str) -> str:
    """Name the page that follows: of a step of a draft the next one, or the summary to stop there.

    Of any other page: itself.
    """
    if challenge.status != ChallengeStatus.DRAFT or route not in ROUTES_OF_STEPS:
        return route
    after = [*ROUTES_OF_STEPS[ROUTES_OF_STEPS.index(route) + 1 :], "organiser"]
    return "organiser" if "quitter" in request.POST else after[0]


def access_to(by: User, challenge: Challenge) -> dict[str, Any]:
    """Say whether a person organises a challenge (edits), or runs it, as jury too (follows)."""
    edits = rules.may_edit_challenge(by, challenge)
    return {"edits": edits, "follows": edits or rules.may_read_cockpit(by, challenge)}


def organisations_of(by: User) -> list[Organisation]:
    """List the organisations for which this person may create a challenge."""
    own = Organisation.objects.filter(
        memberships__user=by, memberships__left_at__isnull=True
    ).order_by("name", "pk")
    return [
        each for each in own if has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=each)
    ]


def find_to_run(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge this person runs, or decides on for the Region; 404 for any other."""
    challenge = find_challenge(request, slug)
    if not decides_for_region(request) and not rules.may_read_cockpit(person(request), challenge):
        raise Hidden(denied=challenge)
    return challenge


def decides_for_region(request: HttpRequest) -> bool:
    """Say whether this person gives visas or confirms reveals for the Region."""
    by = person(request)
    return has_permission(by, Permission.CHALLENGE_PUBLISH) or has_permission(
        by, Permission.CHALLENGE_REVEAL
    )


def form_page(
    request: HttpRequest,
    challenge: Challenge,
    route: str,
    form: Any,
    act: Callable[[], object],
    *,
    template: str = "challenges/organising/form.html",
    faults: Mapping[str, str] | None = None,
    done: str = "",
    onward: str = "",
    **shown: Any,
) -> HttpResponse:
    """Show a form of the organisers' space, or do its act, say so and go on.

    form: None where there is nothing to fill in yet. faults: the field of a refusal, by its code.
    onward: the route that follows, by default as `onward_of`. shown: beside the form.
    """
    status = tried(form, act, faults) if form else 200
    if not status:
        onward = onward or onward_of(request, challenge, route)
        if onward == route or done:
            messages.success(request, done or _("Enregistré."))
        return redirect(f"challenges:{onward}", challenge.slug)
    context = organiser_context(challenge, route, form=form, **shown)
    return render(request, template, context, status=status)


def was_read(request: HttpRequest, text: str) -> bool:
    """Say whether what would be announced is, word for word, what was read over before."""
    return request.POST.get("publier", "").splitlines() == text.splitlines()


def attempt(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    """Do an act, and have the next page say that it is done, or why it is not."""
    try:
        act()
    except Conflict as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done)
