"""Write to teams about teams: a merge that is asked, refused, made."""

from challenges.models import MergeRequest, Team
from challenges.tasks.telling import captains, members, page, tell
from portal.accounts.models import User
from portal.audit.outbox import handler


def _merge(merge_id: int) -> MergeRequest:
    return MergeRequest.objects.select_related("from_team__challenge", "into_team").get(pk=merge_id)


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


@handler("mail.merge_asked")
def merge_asked(merge_id: int) -> None:
    """Ask the captains of a team whether they take the other one in."""
    merge = _merge(merge_id)
    challenge = merge.from_team.challenge
    tell(
        "merge_asked",
        captains(merge.into_team),
        challenge,
        path=page(challenge, f"equipe/reunir/{merge.public_id}/"),
        event=str(merge.public_id),
        about=merge.from_team.name,
    )


@handler("mail.merge_refused")
def merge_refused(merge_id: int) -> None:
    """Tell the captains who asked that the other team stays by itself."""
    merge = _merge(merge_id)
    challenge = merge.from_team.challenge
    tell(
        "merge_refused",
        captains(merge.from_team),
        challenge,
        path=page(challenge, "equipe/"),
        event=str(merge.public_id),
        about=merge.into_team.name,
    )


@handler("mail.merge_ended")
def merge_ended(merge_id: int) -> None:
    """Tell the captains who asked that the other team joined a third one."""
    merge = _merge(merge_id)
    challenge = merge.from_team.challenge
    tell(
        "merge_ended",
        captains(merge.from_team),
        challenge,
        path=page(challenge, "equipe/"),
        event=str(merge.public_id),
        about=merge.into_team.name,
    )


@handler("mail.teams_merged")
def teams_merged(merge_id: int) -> None:
    """Tell everybody in the team that stays that two teams are one."""
    merge = _merge(merge_id)
    challenge = merge.from_team.challenge
    tell(
        "teams_merged",
        members(merge.into_team),
        challenge,
        path=page(challenge, "equipe/"),
        event=str(merge.public_id),
        about=merge.into_team.name,
    )
