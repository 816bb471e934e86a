"""Put into a draft what an export says beyond our portable form."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.bundles.exporting import DOCUMENT, Restored
from challenges.bundles.report import Problem
from challenges.bundles.settings import Settings
from challenges.models import Challenge, ChallengePage
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib.markdown import render
from portal.lib.refusals import Invalid

FIELDS = (
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
PHASE_FIELDS = (
    "name",
    "kind",
    "max_parallel",
    "max_refused_per_day",
    "time_limit_s",
    "memory_mb",
    "logs",
    "benchmark_after_close",
)
# Title, text, HTML.
Pages = Sequence[tuple[str, str, str]]


def rendered(found: Restored) -> Pages:
    """Render the further pages of an export; raises Invalid on a text that cannot be."""
    if found.settings is None:
        return ()
    return [
        (page.title, found.texts[page.file], render(found.texts[page.file]))
        for page in found.settings.pages
    ]


@transaction.atomic
def apply(
    *, challenge: Challenge, settings: Settings, pages: Pages, by: User
) -> tuple[Problem, ...]:
    """Change a draft to what its export says; nothing changes when it is so already.

    In order: the challenge, its pages, its phases, its boards; event "challenge.settings_applied"
    when something changed. Returns what the draft has no place for. Raises NotAllowed, Invalid.
    """
    fresh = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, fresh)
    changed = _challenge(fresh, settings)
    changed |= _pages(fresh, pages)
    left = []
    for at, phase in enumerate(settings.phases):
        wanted = {name: getattr(phase, name) for name in PHASE_FIELDS}
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
        record("challenge.settings_applied", by=by, on=fresh, slug=fresh.slug)
    return tuple(left)


def _challenge(challenge: Challenge, settings: Settings) -> bool:
    wanted = {name: getattr(settings, name) for name in FIELDS}
    wanted["fact_sheet"] = [each.model_dump(exclude_unset=True) for each in settings.fact_sheet]
    if all(getattr(challenge, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(challenge, name, value)
    challenge.version += 1
    try:
        challenge.full_clean(exclude=["organiser"], validate_unique=False)
    except ValidationError as fault:
        raise Invalid(
            _("Un réglage de l’export n’est pas valable : %(names)s.")
            % {"names": ", ".join(sorted(fault.message_dict))},
            code="settings",
        ) from fault
    challenge.save(update_fields=[*wanted, "version"])
    return True


def _pages(challenge: Challenge, pages: Pages) -> bool:
    found = list(challenge.pages.order_by("index").values_list("title", "body_md"))
    if found == [(title, text) for title, text, _html in pages]:
        return False
    challenge.pages.all().delete()
    ChallengePage.objects.bulk_create(
        [
            ChallengePage(challenge=challenge, index=at, title=title, body_md=text, body_html=html)
            for at, (title, text, html) in enumerate(pages)
        ]
    )
    return True
