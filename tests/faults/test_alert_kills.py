"""kill -9 of the process that writes alerts: no publication missed, none told twice."""

import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from catalogue.community.actions import alerts
from catalogue.enums import ResourceKind
from catalogue.models import AlertMatch
from catalogue.search.query import ResourceQuery
from portal.audit import outbox
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.faults.processes import run_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]
# What the schedule and the relay do, one after the other, on a morning of the day given.
WRITE = """
import sys
import django
django.setup()
from datetime import datetime
from catalogue.community.actions import alerts
from portal.audit import outbox
alerts.write_all(at=datetime.fromisoformat(sys.argv[1]))
while outbox.relay():
    pass
"""
POINTS = ("alerts.gathered", "alerts.after_sending", "alerts.found", "alerts.before_sending")


def write(var: Path, day: int, point: str = "") -> int:
    """Run the process once, killed at a point; return how it ended."""
    at = f"2099-01-{day:02d}T09:00:00+00:00"
    return run_once(var, "-c", WRITE, at, name="alerts", point=point, EMAIL_URL="folder:")


def told(var: Path) -> list[str]:
    """List the addresses of cards in every letter of the folder."""
    found: list[str] = []
    for path in sorted(var.rglob("*.eml")):
        letter: Any = message_from_bytes(path.read_bytes(), policy=policy.default)
        found += re.findall(r"/ressources/[\w-]+/", letter.get_content())
    return found


def run(var: Path, *, publications: int, kills: int) -> None:
    alerts.save(
        query=ResourceQuery(q="emploi"), title="Emploi", frequency="daily", by=UserFactory()
    )
    cards = []
    for number in range(kills):
        for _ in range(publications // kills):
            card = ResourceFactory(published=True, title="Un emploi", kind=ResourceKind.NEED)
            cards.append(card.get_absolute_url())
        assert write(var, number + 1, POINTS[number % len(POINTS)]) == 9
        assert write(var, number + 1) == 0, (var / "alerts.log").read_text()
    assert sorted(told(var)) == sorted(cards)
    assert AlertMatch.objects.filter(told_on=None).count() == 0
    assert outbox.pending(topic="mail.saved_search") == 0


def test_two_kills_miss_and_double_nothing(tmp_path: Path) -> None:
    run(tmp_path, publications=4, kills=2)


@pytest.mark.full
def test_ten_kills_over_forty_publications(tmp_path: Path) -> None:
    run(tmp_path, publications=40, kills=10)
