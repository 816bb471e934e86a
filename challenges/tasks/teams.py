"""Write to teams about teams: another captain."""

from challenges.models import Team
from challenges.tasks.telling import page, tell
from portal.accounts.models import User
from portal.audit.outbox import handler


@handler("mail.team_captain")
def team_captain(team_id: int, user_id: int, at: str = "") -> None:
    """Tell a member that they are the captain now, while they still are.

    at: the instant of the handover, so that whoever becomes the captain again is told again;
    "" in what was owed before it was noted.
    """
    team = Team.objects.select_related("challenge").get(pk=team_id)
    person = User.objects.filter(pk=user_id).first()
    if person is None or not team.has_captain(person):
        return
    since = team.members.filter(user=person, left_at__isnull=True).values_list("pk", flat=True)
    tell(
        "team_captain",
        [person],
        team.challenge,
        path=page(team.challenge, "equipe/"),
        event=f"{team.pk}:{at or since[0]}",
        about=team.name,
    )
