"""Notice, once a day, that a team was overtaken, for those who asked to hear of it."""

from django.db import transaction

from challenges.enums import ChallengeStatus, PhaseMoment, Split
from challenges.models import RankSeen, Standing
from portal.accounts.enums import Delivery
from portal.accounts.models import NotificationChoice
from portal.audit.outbox import owe
from portal.lib import clock

KIND = "rank"


@transaction.atomic
def look(*, day: str) -> int:
    """Compare the public ranks of open phases with those last seen; return how many fell.

    Only teams of which somebody asked; the first look only notes the rank. In order, for each:
    letter when its rank is a worse one; the rank seen.
    """
    asked = NotificationChoice.objects.filter(kind=KIND).exclude(delivery=Delivery.OFF)
    rows = Standing.objects.filter(
        split=Split.PUBLIC,
        rank__isnull=False,
        is_baseline=False,
        leaderboard__hidden=False,
        leaderboard__challenge__status=ChallengeStatus.PUBLISHED,
        team__members__left_at__isnull=True,
        team__members__user__in=asked.values("user_id"),
    )
    rows = rows.select_related("leaderboard__phase").order_by("leaderboard_id", "position")
    now = clock.now()
    best: dict[tuple[int, int], int] = {}
    for row in rows.distinct():
        if row.leaderboard.phase.moment(now) == PhaseMoment.OPEN and row.rank is not None:
            best.setdefault((row.leaderboard_id, row.team_id), row.rank)
    fell = 0
    for (board, team), rank in best.items():
        seen, made = RankSeen.objects.get_or_create(
            leaderboard_id=board, team_id=team, defaults={"rank": rank}
        )
        if made or seen.rank == rank:
            continue
        if rank > seen.rank:
            fell += 1
            owe("mail.rank_overtaken", key=f"{board}:{team}:{day}", team_id=team, day=day)
        seen.rank = rank
        seen.save(update_fields=["rank"])
    return fell
