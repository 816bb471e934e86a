"""The pages of audits and details in a real browser: accessible in both themes, at both widths."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from challenges.models import Challenge, Entry
from tests.challenges.pages.scenes import board_of, listed, reveal
from tests.factories import findings
from tests.factories.challenges import ChallengeFactory, captain_of
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]
LABELS = {"f": "Femmes", "h": "Hommes"}


@pytest.fixture
def entry(site: str) -> Entry:
    """Return the entry of a revealed challenge that has an audit and details."""
    challenge: Challenge = ChallengeFactory(opened=True, slug="tensions")
    board_of(challenge)
    listed(challenge, "Alpha", 0.3, rank=1)
    listed(challenge, "Bêta", 0.4, rank=2)
    reveal(challenge, {"Alpha": 0.31, "Bêta": 0.42})
    sizes = {"f": 800, "h": 700, "": 60}
    records = [
        findings.record(sizes, {"f": 0.5, "h": 0.8, "": 0.6}),
        findings.record(sizes, dict.fromkeys(sizes, 0.0)),
    ]
    entries = list(Entry.objects.order_by("received_at"))
    for each, record in zip(entries, records, strict=True):
        evaluation = each.evaluations.get()
        findings.declare(evaluation, findings.contract(LABELS))
        findings.tell(evaluation, record)
    return entries[0]


@axe.in_each_look
def test_no_violation_no_overflow_no_console_error(
    running: Any,
    site: str,
    entry: Entry,
    as_user: Callable[[Any], Any],
    looks: tuple[axe.Look, ...],
) -> None:
    paths = [
        reverse("challenges:audits", args=["tensions"]),
        reverse("challenges:audit", args=["tensions", entry.pk]),
        reverse("challenges:entry", args=["tensions", entry.pk]),
        reverse("challenges:standings", args=["tensions"]),
    ]
    found = {}
    cookies = as_user(captain_of(entry.enrolment.team))
    with browser.tab(running, cookies=cookies) as page:
        for path in paths:
            if faults := axe.audit(page, site + path, *looks):
                found[path] = faults
    assert found == {}


def test_the_figures_of_an_audit_open_without_script(running: Any, site: str, entry: Entry) -> None:
    with browser.tab(running, script=False) as page:
        page.goto(site + reverse("challenges:audit", args=["tensions", entry.pk]))
        assert page.locator("details[open] svg.dots").first.is_visible()
        closed = page.locator("details:not([open])").first
        closed.locator("summary").click()
        assert page.locator("details[open]").count() >= 2
