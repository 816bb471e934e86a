"""What one person sends to others in a while: when the next one may leave."""

from datetime import timedelta

import pytest

from portal.audit.models import Heartbeat
from portal.lib import clock
from portal.lib.rates import HOUR, keep_pace
from portal.lib.refusals import QuotaSpent

pytestmark = pytest.mark.django_db


def test_one_may_send_again_when_the_oldest_that_counts_is_out_of_the_window() -> None:
    now = clock.now()
    for minutes in (90, 50, 40, 5):
        Heartbeat.objects.create(name=f"{minutes}", at=now - timedelta(minutes=minutes))
    rows = Heartbeat.objects.all()
    keep_pace(rows, by="at", most=4, window=HOUR, sentence="Trop.", code="pace")
    for most, oldest in ((3, 50), (2, 40)):
        with pytest.raises(QuotaSpent) as refusal:
            keep_pace(rows, by="at", most=most, window=HOUR, sentence="Trop.", code="pace")
        assert refusal.value.facts["next_opening"] == now - timedelta(minutes=oldest) + HOUR
