"""Put into a draft what an export says beyond our portable form."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions.imports import refuse_open
from challenges.bundles.exporting import DOCUMENT
from challenges.bundles.report import Problem
from challenges.bundles.settings import Settings
from challenges.enums import ChallengeStatus
from challenges.models import Challenge, ChallengePage, Terms
from challenges.queries.teams import latest_terms
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
    changed |= _terms(fresh, texts.terms)
    changed |= _pages(fresh, texts.pages)
    left = []
    for at, phase in enumerate(settings.phases):
        names = [name for name in PHASE_FIELDS if not (dated and name in DATES)]
        wanted = {name: getattr(phase, name) for name in names}
        found = fresh.phases.filter(index=phase.index)
        if not found.exists():
            said = "phase à recréer dans l’espace organisateur"
            left.append(
                Problem("W_KEY_NOT_MAPPED", said, DOCUMENT, f"settings.phases[{at}]", phase.name)
            )
        elif not found.filter(**wanted).exists():
            changed |= bool(found.update(**wanted))
    for board in settings.boards:
        shown = {"title": board.title, "hidden": board.hidden, "anonymous": board.anonymous}
        rows = fresh.leaderboards.filter(key=board.key)
        if rows.exclude(**shown).exists():
            changed |= bool(rows.update(**shown))
    if changed:
        _reread(fresh)
        record("challenge.settings_applied", by=by, on=fresh, slug=fresh.slug)
    return tuple(left)


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
