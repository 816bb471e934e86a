"""kill -9 of the process that imports a table of cards: no row lost, none written twice."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from catalogue.contributions.actions import tables
from catalogue.contributions.queries import tables as table_rows
from catalogue.enums import BatchState, ContributionStatus
from catalogue.models import Contribution, ContributionBatch, Resource
from portal.accounts.enums import Role
from portal.audit import outbox
from portal.audit.models import AuditEvent
from portal.lib import clock
from tests.catalogue.moderation.test_tables import table
from tests.factories import contributions as make
from tests.faults.processes import PortalProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]
# What a worker does with the message of a lot.
CARRY_OUT = """
import sys
import django
django.setup()
from catalogue.tasks import batches
batches.import_cards(batch_id=int(sys.argv[1]))
"""


def carry_out(var: Path, batch: ContributionBatch, point: str = "") -> int:
    """Run a worker on a lot, killed at a point; return how it ended."""
    more = {"OE_FAILPOINT": point} if point else {}
    running = PortalProcess(var, "-c", CARRY_OUT, str(batch.pk), name="lot", **more)
    code = running.process.wait(timeout=120)
    running.log.close()
    return int(code)


def silent() -> None:
    """Let the time pass after which a worker that says nothing is held for dead."""
    since = clock.now() - timedelta(minutes=settings.BATCH_STALE_MINUTES + 1)
    ContributionBatch.objects.update(beat_at=since)


def run(var: Path, *, rows: int, points: list[str]) -> None:
    holder = make.organisation("Mission locale du Var")
    editor = make.joined(make.person(), holder, Role.EDITOR)
    ready = {"kind": "need"} | table_rows.written("need", make.NEED)
    titles = [f"{number} – repérer les ruptures de contrat" for number in range(rows)]
    made = tables.read_table(table(*(ready | {"title": title} for title in titles)))
    batch = tables.prepare(
        organisation=holder, name="fiches.csv", columns=made.columns, rows=made.rows, by=editor
    )
    tables.ask(batch=batch, sends=True, charter=make.CHARTER, by=editor)
    for point in points:
        assert carry_out(var, batch, point) == 9, (var / "lot.log").read_text()
        before = Contribution.objects.count()
        assert carry_out(var, batch) == 0  # its lease still stands: this worker leaves it alone
        assert Contribution.objects.count() == before
        silent()
    assert carry_out(var, batch) == 0, (var / "lot.log").read_text()
    batch.refresh_from_db()
    assert (batch.state, batch.cursor, batch.failures) == (BatchState.DONE, rows, [])
    assert sum(batch.counts.values()) == rows
    found = Contribution.objects.filter(batch=batch, status=ContributionStatus.SUBMITTED)
    assert sorted(each.content["title"] for each in found) == sorted(titles)
    assert Resource.objects.count() == Contribution.objects.count() == rows
    for action in ("contribution.started", "contribution.submitted"):
        assert AuditEvent.objects.filter(action=action).count() == rows
    assert AuditEvent.objects.filter(action="batch.imported").count() == 1
    assert outbox.pending(topic="mail.batch_to_review") == 1


def test_two_kills_lose_and_double_no_row(tmp_path: Path) -> None:
    run(tmp_path, rows=4, points=["batches.after_row:2", "batches.after_sending"])


@pytest.mark.full
def test_six_kills_over_a_lot_of_twenty(tmp_path: Path) -> None:
    points = ["batches.after_row:4"] * 3 + ["batches.after_sending:4"] * 3
    run(tmp_path, rows=20, points=points)
