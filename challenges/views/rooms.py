"""Prepare what every page of the organisers' space of a challenge shows: way, sections."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges import rules
from challenges.bundles import code as coding
from challenges.models import Challenge, Phase
from challenges.views.head import find
from challenges.views.teams import person
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.lib.refusals import Hidden

# (route, words, icon) of each section, in the order of the work.
SECTIONS: tuple[tuple[str, str | Promise, str], ...] = (
    ("organiser", gettext_lazy("Tableau de bord"), "chart-column"),
    ("write_texts", gettext_lazy("Textes"), "pencil"),
    ("write_pages", gettext_lazy("Pages"), "file-text"),
    ("write_terms", gettext_lazy("Règlement"), "scale"),
    ("write_participation", gettext_lazy("Participation"), "users"),
    ("write_code", gettext_lazy("Code"), "code"),
    ("write_questions", gettext_lazy("Fiche"), "list-checks"),
    ("write_files", gettext_lazy("Fichiers"), "database"),
    ("write_scoring", gettext_lazy("Notation"), "target"),
    ("write_fairness", gettext_lazy("Équité"), "percent"),
    ("write_phases", gettext_lazy("Phases"), "calendar"),
    ("write_boards", gettext_lazy("Classements"), "list-ordered"),
    ("pipeline", gettext_lazy("File d’attente"), "hourglass"),
    ("rescorings", gettext_lazy("Réévaluation"), "history"),
    ("organisers", gettext_lazy("Équipe"), "user-check"),
    ("announcements", gettext_lazy("Annonces"), "megaphone"),
    ("statistics", gettext_lazy("Statistiques"), "chart-line"),
    ("code_runs", gettext_lazy("Exécutions"), "code"),
    ("disqualification_proposals", gettext_lazy("Disqualifications"), "flag"),
    ("forum_moderation", gettext_lazy("Entraide"), "message-square"),
    ("journal", gettext_lazy("Journal"), "scroll-text"),
)
# Where teams send code.
OF_CODE = frozenset({"code_runs"})
# What the jury sees: it acts on nothing.
OF_THE_JURY = frozenset(
    {"organiser", "pipeline", "rescorings", "organisers", "announcements", "statistics", "journal"}
)


def sections(challenge: Challenge, *, edits: bool = True) -> list[tuple[str, str, str, str]]:
    """List the pages of the organisers' space of a challenge; edits: those of the jury if not."""
    return [
        (str(words), reverse(f"challenges:{route}", args=[challenge.slug]), "", icon)
        for route, words, icon in SECTIONS
        if (edits or route in OF_THE_JURY)
        and (route not in OF_CODE or coding.KEY in challenge.bundle)
    ]


def words_of(route: str) -> str:
    """Name a section."""
    return str(next(words for name, words, _icon in SECTIONS if name == route))


def run_by(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that this person organises; 404 or 403 for any other."""
    challenge = find_to_run(request, slug)
    require(rules.may_edit_challenge, person(request), challenge)
    return challenge


def followed_by(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that this person runs, as jury too; 404 or 403 for any other."""
    challenge = find_to_run(request, slug)
    require(rules.may_follow_challenge, person(request), challenge)
    return challenge


def room(challenge: Challenge, route: str, **more: Any) -> dict[str, Any]:
    """Prepare the context common to the pages of the organisers' space."""
    return {
        "section": "challenges",
        "challenge": challenge,
        "rooms": sections(challenge, edits=more.get("edits", True)),
        "room": words_of(route),
        "crumbs": [
            (_("Mes challenges"), reverse("challenges:organiser_list")),
            (challenge.title, reverse("challenges:organiser", args=[challenge.slug])),
            (words_of(route), ""),
        ],
        **more,
    }


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
    challenge = find(request, slug)
    if not _may_run(request, challenge):
        raise Hidden(denied=challenge)
    return challenge


def phase_of(challenge: Challenge, index: int) -> Phase:
    """Return a phase of a challenge by its number."""
    return get_object_or_404(Phase, challenge=challenge, index=index)


def _may_run(request: HttpRequest, challenge: Challenge) -> bool:
    return decides(request) or rules.may_follow_challenge(person(request), challenge)


def decides(request: HttpRequest) -> bool:
    """Say whether this person gives visas or confirms reveals for the Region."""
    by = person(request)
    return has_permission(by, Permission.CHALLENGE_PUBLISH) or has_permission(
        by, Permission.CHALLENGE_REVEAL
    )
