"""Prepare what every page of the organisers' space of a challenge shows: way, sections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from challenges import rules
from challenges.bundles import code as coding
from challenges.enums import RegistrationMode
from challenges.models import Challenge, Phase
from challenges.views.head import find, person
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.lib.refusals import Hidden

# (route, words) of each page, under the entry that leads to it, in the order of the work.
HALLS: tuple[tuple[Promise, tuple[tuple[str, Promise], ...]], ...] = (
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
            ("forum_moderation", gettext_lazy("Entraide")),
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


@dataclass(frozen=True)
class Page:
    """Lead to a page of the organisers' space; current: it is the one being read."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class Hall:
    """Lead to the first of a few pages, and list them; current: one of them is being read."""

    label: str
    pages: Sequence[Page]

    @property
    def current(self) -> bool:
        """Say whether the page being read is one of its own."""
        return any(each.current for each in self.pages)


def halls(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True
) -> list[Hall]:
    """List the pages of the organisers' space, route being read, under the entries that lead there.

    edits: all of them; else follows: those of the jury; else those of the Region.
    """
    found = []
    for label, pages in HALLS:
        shown = [
            Page(str(words), reverse(f"challenges:{name}", args=[challenge.slug]), name == route)
            for name, words in pages
            if (edits or name in (OF_THE_JURY if follows else OF_THE_REGION))
            and (name not in OF_CODE or coding.KEY in challenge.bundle)
            and (name not in OF_GUESTS or challenge.registration == RegistrationMode.INVITED)
            and (name not in OF_A_PROGRAM or challenge.source_id is not None)
        ]
        if shown:
            found.append(Hall(str(label), shown))
    return found


def words_of(route: str) -> str:
    """Name a section."""
    return str(next(words for _hall, pages in HALLS for name, words in pages if name == route))


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


def room(
    challenge: Challenge, route: str, *, edits: bool = True, follows: bool = True, **more: Any
) -> dict[str, Any]:
    """Prepare the context common to the pages of the organisers' space.

    edits, follows: whether who reads organises it, or runs it as jury too.
    """
    return {
        "section": "challenges",
        "challenge": challenge,
        "halls": halls(challenge, route, edits=edits, follows=follows),
        "edits": edits,
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
