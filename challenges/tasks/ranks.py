"""Tell, once a day, the people who asked that their team was overtaken."""

from challenges.actions import ranks
from challenges.models import Team
from challenges.tasks.telling import members, page, tell
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib import clock


@duty("challenges.ranks", minutes=24 * 60)
def look() -> None:
    """Compare the ranks with those of the day before."""
    ranks.look(day=clock.now().date().isoformat())


@handler("mail.rank_overtaken")
def rank_overtaken(team_id: int, day: str) -> None:
    """Tell the members who asked; no rank and no score is written."""
    team = Team.objects.select_related("challenge").get(pk=team_id)
    tell(
        "rank_overtaken",
        members(team),
        team.challenge,
        path=page(team.challenge, "classement/"),
        event=f"{team.pk}:{day}",
        about=team.name,
    )
