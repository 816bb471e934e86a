"""Put into a draft what an export says beyond our portable form."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import program_bounds
from challenges.actions.imports import refuse_open
from challenges.bundles import bounds
from challenges.bundles.exporting import DOCUMENT
from challenges.bundles.report import Problem
from challenges.bundles.settings import BoardSettings, PhaseSettings, Settings
from challenges.enums import BoardRule, ChallengeStatus, PhaseKind, ScorerKind
from challenges.models import Challenge, ChallengePage, Leaderboard, Terms
from challenges.organising.actions import leaderboards, phases, texts
from challenges.teams.queries import latest_terms
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.markdown import render
from portal.lib.refusals import Invalid

FIELDS = (
    "title",
    "summary",
    "kind",
    "registration",
    "team_min",
    "team_max",
    "allowed_domains",
    "blocked_domains",
    "prizes_md",
    "prize_rule_md",
    "contact",
    "forum_url",
)
DATES = ("opens_at", "closes_at")
PHASE_FIELDS = (
    "name",
    *DATES,
    "max_per_day",
    "max_total",
    "final_choices",
    "kind",
    "max_parallel",
    "max_refused_per_day",
    "time_limit_s",
    "memory_mb",
    "logs",
    "benchmark_after_close",
)


@dataclass(frozen=True)
class Page:
    """A text and its HTML."""

    title: str
    text: str
    html: str


@dataclass(frozen=True)
class Texts:
    """The rules in force, and the further pages."""

    terms: Page
    pages: Sequence[Page]


def rendered(settings: Settings, texts: Mapping[str, str]) -> Texts:
    """Render the texts of an export; raises Invalid on one that cannot be."""

    def page(title: str, file: str) -> Page:
        return Page(title, texts[file], render(texts[file]))

    pages = [page(one.title, one.file) for one in settings.pages]
    return Texts(page("", settings.terms), pages)


@transaction.atomic
def apply(
    *, challenge: Challenge, settings: Settings, texts: Texts, dated: bool, by: User
) -> tuple[Problem, ...]:
    """Change a draft to what its export says; nothing changes when it is so already.

    dated: the importer gave dates, which stand. In order: the challenge, its rules and pages, its
    phases, its boards; when something changed, the version, a challenge that awaited the visa is
    a draft again, event "challenge.settings_applied". Returns what the draft has no place for.
    Raises NotAllowed, Invalid; Conflict once the challenge is open.
    """
    fresh = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, fresh)
    refuse_open(fresh)
    changed = _challenge(fresh, settings)
    changed |= _cards(fresh, settings.cards)
    changed |= _terms(fresh, texts.terms)
    changed |= _pages(fresh, texts.pages)
    left: list[Problem] = []
    for at, phase in enumerate(settings.phases):
        changed |= _phase(fresh, phase, dated=dated)
        key = f"settings.phases[{at}]"
        if not fresh.phases.filter(index=phase.index).exists():
            said = "phase à recréer dans l’espace organisateur"
            left.append(Problem("W_KEY_NOT_MAPPED", said, DOCUMENT, key, phase.name))
        elif phase.apart:
            said = "réponses, mesures ou tâches propres à redonner dans l’espace organisateur"
            left.append(Problem("W_KEY_NOT_MAPPED", said, DOCUMENT, key, phase.name))
    for phase in settings.phases:
        changed |= _follows(fresh, phase)
    leaderboards.show_facts(fresh)
    for board in settings.boards:
        changed |= _board(fresh, board)
    if changed:
        _reread(fresh)
        record("challenge.settings_applied", by=by, on=fresh, slug=fresh.slug)
    return tuple(left)


def _cards(challenge: Challenge, cards: Sequence[str]) -> bool:
    """Name the cards that it starts from; the visa ties them."""
    if not cards or texts.named_cards(challenge) == list(cards):
        return False
    challenge.bundle = {**challenge.bundle, texts.CARDS: list(cards)}
    challenge.save(update_fields=["bundle"])
    return True


def _phase(challenge: Challenge, phase: PhaseSettings, *, dated: bool) -> bool:
    """Settle a phase, made like the first where it is the next one; say whether it changed."""
    first = challenge.phases.filter(index=0).first()
    by_metrics = challenge.scorers.filter(kind=ScorerKind.METRIC).exists()
    made = False
    if first is not None and by_metrics and phase.index == challenge.phases.count():
        phases.make_like_first(
            first, index=phase.index, name=phase.name, kind=PhaseKind(phase.kind)
        )
        made = True
    names = [name for name in PHASE_FIELDS if not (dated and name in DATES)]
    wanted = {name: getattr(phase, name) for name in names}
    if phase.ladder is not None:
        wanted["ladder"] = phase.ladder
    if phase.max_bytes is not None:
        wanted["max_bytes"] = phase.max_bytes
    found = challenge.phases.filter(index=phase.index)
    if not found.exists() or found.filter(**wanted).exists():
        return made
    return bool(found.update(**wanted))


def _follows(challenge: Challenge, phase: PhaseSettings) -> bool:
    """Tie a phase to the one whose choices it takes over."""
    source = None
    if phase.follows is not None and phase.follows < phase.index:
        source = challenge.phases.filter(index=phase.follows).first()
    found = challenge.phases.filter(index=phase.index)
    return bool(found.exclude(migrate_from=source).update(migrate_from=source)) if source else False


def _board(challenge: Challenge, board: BoardSettings) -> bool:
    """Arrange a board, added to its phase where that phase has none of this key."""
    shown = {"title": board.title, "hidden": board.hidden, "anonymous": board.anonymous}
    rows = challenge.leaderboards.filter(key=board.key)
    made = False
    phase = challenge.phases.filter(index=board.phase).first()
    if not rows.exists() and phase is not None and phase.leaderboards.exists():
        leaderboards.copy(phase, key=board.key)
        made = True
    changed = bool(rows.exclude(**shown).update(**shown))
    found = rows.select_related("phase", "primary").first()
    if found is None:
        return made or changed
    values = {each.key: bounds.read(each.values) for each in board.columns if each.values}
    changed |= bool(values) and program_bounds.put(found.phase, values)
    return _arranged(found, board) or made or changed


def _arranged(found: Leaderboard, board: BoardSettings) -> bool:
    """Put the columns of a board in their order, each shown and limited as it was."""
    columns = {each.key: each for each in found.columns.order_by("index")}
    said = [each for each in board.columns if each.key in columns]
    main = leaderboards.is_main(found)
    wanted = [[each.key, each.hidden, each.valid_min, each.valid_max] for each in said]
    now = [[each.key, each.hidden, each.valid_min, each.valid_max] for each in columns.values()]
    primary = found.primary.key if found.primary else ""
    other = board.primary if board.primary in columns and not main else primary
    if not said or (wanted == now and (found.rule, primary) == (board.rule, other)):
        return False
    for each in said:
        column = columns[each.key]
        column.hidden = each.hidden
        column.valid_min, column.valid_max = each.valid_min, each.valid_max
    rest = [each for each in columns.values() if each.key not in {one.key for one in said}]
    found.rule = BoardRule(board.rule)
    leaderboards.put_columns(found, [*(columns[each.key] for each in said), *rest], other)
    return True


def _reread(challenge: Challenge) -> None:
    """Take back the visa that is awaited: nobody publishes what they did not read."""
    challenge.version += 1
    if challenge.status == ChallengeStatus.IN_REVIEW:
        challenge.become(ChallengeStatus.DRAFT, at=clock.now())
    challenge.save(update_fields=["version", "status", "status_since"])


def _challenge(challenge: Challenge, settings: Settings) -> bool:
    wanted = {name: getattr(settings, name) for name in FIELDS}
    wanted["fact_sheet"] = [each.model_dump(exclude_unset=True) for each in settings.fact_sheet]
    if all(getattr(challenge, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(challenge, name, value)
    try:
        challenge.full_clean(exclude=["organiser"], validate_unique=False)
    except ValidationError as fault:
        raise Invalid(
            _("Un réglage de l’export n’est pas valable : %(names)s.")
            % {"names": ", ".join(sorted(fault.message_dict))},
            code="settings",
        ) from fault
    challenge.save(update_fields=list(wanted))
    return True


def _terms(challenge: Challenge, terms: Page) -> bool:
    last = latest_terms(challenge)
    if last is not None and last.text == terms.text:
        return False
    Terms.objects.create(
        challenge=challenge,
        number=1 if last is None else last.number + 1,
        text=terms.text,
        html=terms.html,
        sha256=hashlib.sha256(terms.text.encode()).hexdigest(),
        created_at=clock.now(),
    )
    return True


def _pages(challenge: Challenge, pages: Sequence[Page]) -> bool:
    found = list(challenge.pages.order_by("index").values_list("title", "body_md"))
    if found == [(one.title, one.text) for one in pages]:
        return False
    challenge.pages.all().delete()
    ChallengePage.objects.bulk_create(
        [
            ChallengePage(
                challenge=challenge,
                index=at,
                title=one.title,
                body_md=one.text,
                body_html=one.html,
            )
            for at, one in enumerate(pages)
        ]
    )
    return True
