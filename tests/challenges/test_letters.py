"""Each person concerned gets each letter once; no figure is in it."""

from pathlib import Path

import pytest
from django.core import mail

from challenges.models import ChallengeOrganiser, Score
from challenges.organising.actions import challenges
from challenges.results import actions as results
from challenges.teams import actions as teams
from challenges.worker import drain
from portal.audit import outbox
from tests.challenges.world import answer, entered, opened, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def delivered() -> list[tuple[str, list[str]]]:
    while outbox.relay():
        pass
    assert outbox.pending() == 0
    return sorted((message.subject, message.to) for message in mail.outbox)


def test_a_challenge_writes_to_the_people_concerned(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    moderator = UserFactory(region="moderator")
    involved = UserFactory(region="moderator")
    ChallengeOrganiser.objects.create(challenge=challenge, user=involved, role="jury")
    delivered()
    mail.outbox.clear()
    team = TeamFactory(challenge=challenge)
    entered(challenge, team=team)
    entered(challenge, team=team, content=answer(0.5).replace(b"A0001,", b"A0001;"))
    teams.invite(team=team, email="claire@exemple.test", by=captain_of(team))
    assert drain()
    phase = challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    results.confirm_reveal(phase=phase, by=moderator)
    assert drain()
    captain = [captain_of(team).email]
    title = "Challenge « Estimer un niveau »"
    told = delivered()
    assert told == sorted(
        [
            ("Invitation dans l’équipe " + team.name, ["claire@exemple.test"]),
            (f"{title} : dates", captain),
            (f"{title} : fichier refusé", captain),
            (f"{title} : soumission évaluée", captain),
            (f"{title} : résultats définitifs", captain),
            (f"{title} : résultats définitifs", [owner_of(challenge).email]),
            *[
                (f"{title} : résultats à confirmer", [person])
                for person in sorted(region_addresses() - {involved.email})
            ],
        ]
    )
    (asked,) = [
        one for one in mail.outbox if one.to == [moderator.email] and "à confirmer" in one.subject
    ]
    assert f"/espace/challenges/{challenge.slug}/\n" in asked.body  # where one confirms
    texts = "\n".join(message.body for message in mail.outbox)
    for text in Score.objects.values_list("value_text", flat=True):
        assert text not in texts
    assert "/equipe/invitation/" in texts
    assert delivered() == told


def region_addresses() -> set[str]:
    from portal.accounts.models import RegionAppointment  # noqa: PLC0415  # test

    roles = ["moderator", "administrator"]
    return set(
        RegionAppointment.objects.filter(role__in=roles).values_list("user__email", flat=True)
    )
