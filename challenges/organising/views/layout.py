"""Prepare what the pages of the organisers of a challenge share: sections, forms, refusals."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from challenges.bundles import code as coding
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


# (route, words) of each page, under the entry that leads to it, in the order of the work.
SECTIONS: tuple[tuple[Promise, tuple[tuple[str, Promise], ...]], ...] = (
    (gettext_lazy("Tableau de bord"), (("organiser", gettext_lazy("Tableau de bord")),)),
    (
        gettext_lazy("Préparer"),
        (
            ("write_texts", pgettext_lazy("challenge", "Textes")),
            ("write_pages", gettext_lazy("Pages")),
            ("write_terms", gettext_lazy("Règlement")),
            ("write_participation", gettext_lazy("Participation")),
            ("write_code", gettext_lazy("Code")),
            ("write_questions", pgettext_lazy("challenge", "Fiche")),
            ("write_files", gettext_lazy("Fichiers")),
            ("write_scoring", gettext_lazy("Notation")),
            ("write_fairness", gettext_lazy("Équité")),
            ("write_phases", gettext_lazy("Phases")),
            ("write_boards", gettext_lazy("Classements")),
        ),
    ),
    (
        gettext_lazy("Suivre"),
        (
            ("organiser_entries", gettext_lazy("Soumissions")),
            ("pipeline", gettext_lazy("File d’attente")),
            ("statistics", gettext_lazy("Statistiques")),
            ("code_runs", gettext_lazy("Exécutions")),
            ("program_reports", gettext_lazy("Programme de notation")),
            ("discussions_desk", gettext_lazy("Entraide")),
            ("journal", gettext_lazy("Journal")),
        ),
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
# Where teams send code.
OF_CODE = frozenset({"code_runs"})
# Where one takes part by invitation.
OF_GUESTS = frozenset({"guests"})
# Where the organiser's own program scores.
OF_A_PROGRAM = frozenset({"program_reports"})
# What the Region reads of a challenge that it decides on.
OF_THE_REGION = frozenset({"organiser", "pipeline", "rescorings", "organiser_archive"})
# What the jury sees: it acts on nothing.
OF_THE_JURY = OF_THE_REGION | {"organisers", "announcements", "statistics", "journal"}


def sections_of(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True
) -> list[dict[str, Any]]:
    """List the pages of the organisers' space, route being read, under the entries that lead there.

    edits: all of them; else follows: those of the jury; else those of the Region.
    """
    sections = []
    for label, pages in SECTIONS:
        shown = [
            {
                "label": words,
                "href": reverse(f"challenges:{name}", args=[challenge.slug]),
                "current": name == route,
            }
            for name, words in pages
            if (edits or name in (OF_THE_JURY if follows else OF_THE_REGION))
            and (name not in OF_CODE or coding.KEY in challenge.bundle)
            and (name not in OF_GUESTS or challenge.registration == RegistrationMode.INVITED)
            and (name not in OF_A_PROGRAM or challenge.source_id is not None)
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
    return {
        "section": "challenges",
        "challenge": challenge,
        "sections": sections_of(challenge, route, edits=edits, follows=follows),
        "edits": edits,
        "draft": challenge.status == ChallengeStatus.DRAFT,
        "page_name": page_name(route),
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (challenge.title, reverse("challenges:organiser", args=[challenge.slug])),
            (page_name(route), ""),
        ],
        **more,
    }


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
    onward: the route that follows, by default that of the page. shown: beside the form.
    """
    status = tried(form, act, faults) if form else 200
    if not status:
        messages.success(request, done or _("Enregistré."))
        return redirect(f"challenges:{onward or route}", challenge.slug)
    context = organiser_context(challenge, route, form=form, **shown)
    return render(request, template, context, status=status)


def attempt(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    """Do an act, and have the next page say that it is done, or why it is not."""
    try:
        act()
    except Conflict as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done)
