"""What is owed is tried again, less and less often, and stops nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from portal.audit import outbox
from portal.audit.models import Outbox
from portal.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliveries(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Deliver numbers; 13 always fails."""
    made: list[Any] = []

    def deliver(*, number: int) -> None:
        if number == 13:
            raise OSError("down")
        made.append(number)

    monkeypatch.setitem(outbox._handlers, "test.number", deliver)
    return made


def test_a_failure_is_tried_again_less_and_less_often(deliveries: list[Any]) -> None:
    for number in (13, 14):
        outbox.owe("test.number", key=f"{number}", number=number)
    waits = []
    for _attempt in range(6):
        Outbox.objects.update(run_after=clock.now())
        before = clock.now()
        outbox.relay()
        (row,) = Outbox.objects.filter(done_at=None)
        waits.append(round((row.run_after - before) / timedelta(seconds=1)))
    assert deliveries == [14]
    assert waits == [5, 30, 120, 600, 3_600, 3_600]
    assert (row.attempts, row.last_error) == (6, "OSError")
