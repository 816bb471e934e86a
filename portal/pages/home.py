"""What the home page shows: searches, figures, news."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.community import queries as community_queries
from catalogue.resources.enums import Access, ResourceKind
from catalogue.resources.models import Resource
from catalogue.resources.queries import lists
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import Split
from challenges.organising.enums import PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase
from challenges.pages import queries as page_queries
from challenges.results.queries import boards
from datasets.access.models import Grant
from datasets.releases.enums import AccessLevel
from datasets.releases.models import Dataset
from portal.accounts.models import Organisation
from portal.demonstrator import queries as demonstrator_queries
from portal.lib import clock
from portal.lib.prose import texts
from portal.lib.prose.numbers import number
from portal.lib.refusals import Refusal
from portal.pages import frame, looks
from portal.pages.typography import long_date, long_moment

# Pages count what everybody may read, whoever reads them.
ANYONE: Any = AnonymousUser()


class Census:
    """Read each figure at most once, when it is first asked for; made anew for each page."""

    @cached_property
    def resources(self) -> dict[tuple[str, str], int]:
        """Count the published resources by kind and access."""
        found = Resource.objects.listed().order_by("kind", "access")
        rows = found.values_list("kind", "access").annotate(n=Count("pk"))
        return {(kind, access): n for kind, access, n in rows}

    def of(
        self,
        kinds: Sequence[ResourceKind] = tuple(ResourceKind),
        access: Sequence[Access] = tuple(Access),
    ) -> int:
        """Sum the published resources of some kinds and levels of access."""
        pairs = {(kind.value, level.value) for kind in kinds for level in access}
        return sum(n for pair, n in self.resources.items() if pair in pairs)

    @cached_property
    def organisations(self) -> int:
        """Count the organisations, as their list does."""
        return Organisation.objects.listed().count()

    @cached_property
    def directory(self) -> tuple[int, int]:
        """Count the datasets of the directory, and those of them that are lent on request."""
        levels = [level for level in AccessLevel if level.is_restricted]
        held = Dataset.objects.visible_to(ANYONE).filter(in_directory=True, resource__live=True)
        counted = held.exclude(released_at=None).aggregate(
            held=Count("pk"), lent=Count("pk", filter=Q(level__in=levels))
        )
        return counted["held"], counted["lent"]

    @cached_property
    def grants(self) -> int:
        """Count the grants that give access to restricted data now."""
        return Grant.objects.active(clock.now()).count()

    @cached_property
    def prototypes(self) -> int:
        """Count the use cases that one may try."""
        return sum(row.may_be_tried for row in demonstrator_queries.prototypes().values())

    @cached_property
    def challenges(self) -> list[page_queries.Listed]:
        """List the public challenges, the open first."""
        return page_queries.listed_challenges(ANYONE)

    @cached_property
    def scored_entries(self) -> int:
        """Count the entries of teams that were scored."""
        return Entry.objects.of_teams().filter(status=EntryStatus.SCORED).count()


LATEST = 4
PODIUM = 4
NO_ENDS = {"low": None, "high": None}
KINDS_IN_ORDER = (
    ResourceKind.MODEL,
    ResourceKind.ALGORITHM,
    ResourceKind.DATASET,
    ResourceKind.TECHNOLOGY,
    ResourceKind.NEED,
    ResourceKind.IDEA,
    ResourceKind.SOLUTION,
    ResourceKind.PROGRAMME,
    ResourceKind.NEWS,
)


@dataclass(frozen=True)
class Podium:
    """Show the top of a board: rows ready for the interval drawing, and their scale."""

    rows: list[dict[str, Any]]
    minimum: float
    maximum: float
    ref: float | None
    decimals: int
    metric: str
    level_note: str


def content(census: Census) -> dict[str, Any]:
    """Gather the computed parts of the home page; counts only what everybody may read."""
    return {
        "figures": figures(census),
        "kinds": kinds(census),
        "latest": latest(),
        "collections": community_queries.of_region(),
        "spotlight": spotlight(census),
    }


def figures(census: Census) -> list[tuple[str, str]]:
    """List the four figures of the portal: (figure, what it counts)."""
    total, organisations, entries = census.of(), census.organisations, census.scored_entries
    reusable = census.of([ResourceKind.MODEL, ResourceKind.ALGORITHM])
    datasets = census.of([ResourceKind.DATASET])
    published = ngettext("ressource publiée", "ressources publiées", total)
    among = ngettext(
        "dont %(n)d modèle ou algorithme", "dont %(n)d modèles et algorithmes", reusable
    ) % {"n": reusable}
    return [
        (number(total), f"{published}, {among}" if reusable else published),
        (number(datasets), ngettext("jeu de données décrit", "jeux de données décrits", datasets)),
        (
            number(organisations),
            ngettext("organisation", "organisations", organisations),
        ),
        (
            number(entries),
            ngettext(
                "soumission évaluée aux challenges", "soumissions évaluées aux challenges", entries
            ),
        ),
    ]


def kinds(census: Census) -> list[dict[str, Any]]:
    """List the nine kinds with their count and the address of their list."""
    listed = frame.address("catalogue:list")
    return [
        {
            "kind": kind,
            "label": looks.face(kind).plural,
            "promise": looks.face(kind).promise,
            "count": census.of([kind]),
            "href": f"{listed}?kind={kind}" if listed else "",
        }
        for kind in KINDS_IN_ORDER
    ]


def latest() -> list[lists.Row]:
    """List the latest resources, as the catalogue's own lists show them."""
    found = Resource.objects.listed().select_related("organisation", "indexed")
    return [lists.row(each) for each in found.order_by("-first_published_at", "-pk")[:LATEST]]


def spotlight(census: Census) -> dict[str, Any] | None:
    """Choose the challenge to show: open, else coming, else closed; None when there is none."""
    if not census.challenges:
        return None
    chosen = census.challenges[0]
    challenge, phase = chosen.challenge, chosen.phase
    return {
        "title": challenge.title,
        "summary": challenge.summary,
        "language": challenge.language,
        "moment": chosen.moment.value,
        "label": _moment_label(chosen.moment),
        "dates": _dates(phase, chosen.moment, challenge.language),
        "teams": chosen.teams,
        "href": frame.address("challenges:presentation", challenge.slug),
        "board_href": frame.address("challenges:standings", challenge.slug),
        "phases": phases(challenge, phase),
        "podium": podium(phase, Split.PRIVATE if challenge.is_revealed else Split.PUBLIC),
        "is_final": challenge.is_revealed,
    }


def _moment_label(moment: PhaseMoment) -> str:
    match moment:
        case PhaseMoment.OPEN:
            return _("Challenge en cours")
        case PhaseMoment.COMING | PhaseMoment.UNDATED:
            return _("Challenge à venir")
        case PhaseMoment.CLOSED:
            return _("Challenge terminé")


def _dates(phase: Phase | None, moment: PhaseMoment, language: str) -> str:
    if phase is None:
        return ""
    if moment == PhaseMoment.COMING and phase.opens_at:
        return _("ouverture le %(moment)s") % {"moment": long_moment(phase.opens_at)}
    if moment == PhaseMoment.OPEN and phase.closes_at:
        sentence, until = _("%(phase)s, jusqu’au %(moment)s"), escape(long_moment(phase.closes_at))
        return texts.sentence(sentence, language=language, phase=phase.name, moment=until)
    if moment == PhaseMoment.OPEN:
        sentence = _("%(phase)s, sans date de clôture annoncée")
        return texts.sentence(sentence, language=language, phase=phase.name)
    if moment == PhaseMoment.CLOSED and phase.closes_at:
        return _("clos le %(moment)s") % {"moment": long_moment(phase.closes_at)}
    return ""


def phases(challenge: Challenge, current: Phase | None) -> list[tuple[str, str, str]]:
    """List the phases, then the final results, as a timeline: (name, dates, state)."""
    listed: list[tuple[str, str, str]] = []
    for phase in challenge.phases.all():
        state = {PhaseMoment.OPEN: "now", PhaseMoment.CLOSED: "done"}.get(phase.moment(), "")
        name = texts.in_language(phase.name, challenge.language)
        listed.append((name, _phase_dates(phase), state))
    if listed:
        out = challenge.is_revealed
        day = long_date(challenge.status_since) if out else _("date à venir")
        listed.append((_("Résultats définitifs"), day, "done" if out else ""))
    return listed


def _phase_dates(phase: Phase) -> str:
    if phase.opens_at and phase.closes_at:
        return f"{long_date(phase.opens_at)} – {long_date(phase.closes_at)}"
    if phase.opens_at:
        return _("depuis le %(day)s") % {"day": long_date(phase.opens_at)}
    return _("dates à venir")


def podium(phase: Phase | None, split: Split = Split.PUBLIC) -> Podium | None:
    """Read the top of a board of a phase; None without a board or a figure.

    split: the private part once it is revealed.
    """
    if phase is None:
        return None
    try:
        board = boards.read_board(phase, split, ANYONE, per_page=PODIUM)
    except Refusal:
        return None
    primary = board.leaderboard.primary_id
    index = next((i for i, column in enumerate(board.columns) if column.pk == primary), None)
    if index is None:
        return None
    column = board.columns[index]
    lines = [
        {
            "rank": row.standing.rank,
            "team": row.team_name,
            "baseline": not row.standing.competes,
            **{key: (row.cells[index] or {}).get(key) for key in ("value", "low", "high")},
        }
        for row in board.rows
    ]
    lines = [line for line in lines if line["value"] is not None]
    if board.window.reference is not None:
        value = board.window.reference  # its row may be on another page
        lines.append({"rank": None, "team": "", "baseline": True, "value": value, **NO_ENDS})
    tied = board.window.tied
    return _scaled(lines, tied, column.title, column.decimals) if lines else None


def _scaled(
    lines: list[dict[str, Any]], tied: Collection[Any], metric: str, decimals: int
) -> Podium:
    top = [line for line in lines if not line["baseline"]][:PODIUM]
    baseline = next((line for line in lines if line["baseline"]), None)
    for line in top:
        line["tied"] = line["rank"] in tied
    shown = [*top, baseline] if baseline else top
    ends = [line[key] for line in shown for key in ("low", "value", "high")]
    ends = [end for end in ends if end is not None]
    margin = (max(ends) - min(ends)) * 0.06 or 0.01
    return Podium(
        rows=top,
        minimum=min(ends) - margin,
        maximum=max(ends) + margin,
        ref=baseline["value"] if baseline else None,
        decimals=decimals,
        metric=metric,
        level_note=number(baseline["value"], decimals) if baseline else "",
    )
