"""Write about final results; take over the final choices of a phase."""

from challenges.organising.letters import organisers, page, region, registered, tell
from challenges.results import actions as results
from challenges.results import rules
from challenges.results.models import certificates
from challenges.results.models.boards import Reveal
from challenges.results.queries.takeovers import phases_taking_over
from challenges.teams.queries import members_of
from portal.accounts.enums import RegionRole
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib import clock


@handler("mail.reveal_proposed")
def reveal_proposed(reveal_id: int, again: str = "") -> None:
    """Ask those of the Region who may confirm a reveal, where it is done.

    again: when an earlier confirmation was set back.
    """
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    challenge = reveal.phase.challenge
    tell(
        "reveal_proposed",
        [
            person
            for person in region(RegionRole.ADMINISTRATOR, RegionRole.MODERATOR)
            if person.pk != reveal.proposed_by_id and rules.may_confirm_reveal(person, reveal.phase)
        ],
        challenge,
        path=f"/espace/challenges/{challenge.slug}/",
        event=f"{reveal.pk}:{again}" if again else str(reveal.pk),
        about=reveal.phase.name,
    )


@handler("mail.phase_revealed")
def phase_revealed(reveal_id: int) -> None:
    """Tell everybody concerned that the final results are out; who is ranked, at which rank."""
    reveal = Reveal.objects.select_related("phase__challenge").get(pk=reveal_id)
    phase = reveal.phase
    challenge = phase.challenge
    people = {person.pk: person for person in [*registered(challenge), *organisers(challenge)]}
    teams = {each.pk: each for each in challenge.teams.live()}
    for pk, stated in certificates.statements(teams, phase).items():
        if stated["rank"] is None:
            continue
        members = list(members_of(teams[pk]))
        people = {key: each for key, each in people.items() if each not in members}
        tell(
            "team_ranked",
            members,
            challenge,
            path=page(challenge, f"certificats/{teams[pk].public_id}/"),
            event=str(reveal.pk),
            about=f"{stated['rank']}/{stated['teams']} ({phase.name})",
        )
    tell(
        "phase_revealed",
        people.values(),
        challenge,
        path=page(challenge, "classement/"),
        event=str(reveal.pk),
        about=phase.name,
    )


@duty("challenges.takeovers", minutes=1, by_itself=True)
def take_over() -> None:
    """Copy the choices that are due, a team at a time; what fails is tried again."""
    for phase in phases_taking_over(clock.now()):
        results.take_over(phase=phase)
