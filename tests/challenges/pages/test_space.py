"""What challenges put in a person's space."""

from datetime import timedelta

import pytest
from django.utils import timezone

from challenges.organising.actions import challenges
from challenges.pages.views.space import to_do
from challenges.results import actions as results
from challenges.teams import actions as teams
from portal.accounts import space
from portal.accounts.enums import RegionRole
from tests.challenges.pages.scenes import with_contract
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PersonFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
    region_person,
)

pytestmark = pytest.mark.django_db


def titles(person: object) -> list[str]:
    """Return the titles of what a person has to do."""
    return [str(item.title) for item in to_do(person)]


def test_invitation_waits_for_an_answer() -> None:
    team = TeamFactory(name="Alpha")
    invited = PersonFactory()
    teams.invite(team=team, email=invited.email.upper(), by=captain_of(team))
    assert titles(invited) == ["Rejoindre l’équipe « Alpha »"]
    assert titles(PersonFactory()) == []


def test_captain_is_reminded_two_days_before_the_close() -> None:
    team = TeamFactory(name="Alpha")
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    phase = team.challenge.phases.get()
    assert titles(captain_of(team)) == []
    phase.closes_at = timezone.now() + timedelta(hours=47)
    phase.save()
    assert titles(captain_of(team)) == ["Choisir les soumissions finales de « Alpha »"]
    entry.final_choice = True
    entry.save()
    assert titles(captain_of(team)) == []


def test_an_organisation_shows_the_challenges_it_holds_in_public() -> None:
    shown = ChallengeFactory(opened=True, title="Tensions")
    draft = ChallengeFactory(title="Brouillon", organiser=shown.organiser)
    ChallengeFactory(opened=True, title="Ailleurs")
    parts = space.organisation_parts(shown.organiser, PersonFactory())
    listed = {str(title): items for title, items in parts}
    assert list(listed) == ["Challenges organisés"]
    [item] = listed["Challenges organisés"]
    assert item.title == "Tensions"
    assert item.url == f"/challenges/{shown.slug}/"
    assert (str(item.badge_tone), item.badge_icon) == ("ocre", "circle-dot")
    assert draft.organiser == shown.organiser


def test_visa_waits_for_a_moderator() -> None:
    owner = PersonFactory()
    challenge = ChallengeFactory(owner=owner, title="Tensions")
    PhaseFactory(challenge=challenge)
    with_contract(challenge)
    challenges.submit(challenge=challenge, by=owner)
    assert titles(region_person(RegionRole.MODERATOR)) == ["Donner le visa à « Tensions »"]
    assert titles(region_person(RegionRole.ADMINISTRATOR)) == []
    assert titles(owner) == []


def test_reveal_waits_for_a_second_person() -> None:
    owner = PersonFactory()
    challenge = ChallengeFactory(owner=owner, closed=True, title="Tensions")
    results.propose_reveal(phase=challenge.phases.get(), by=owner)
    assert titles(region_person(RegionRole.ADMINISTRATOR)) == [
        "Confirmer les résultats de « Tensions »"
    ]
    assert titles(owner) == []


def test_the_side_navigation_leads_to_the_challenges_one_runs() -> None:
    owner, moderator = PersonFactory(), region_person(RegionRole.MODERATOR)
    ChallengeFactory(owner=owner)
    routes = [
        [place.route for place in space.places(person)]
        for person in (PersonFactory(), owner, moderator)
    ]
    mine = ["catalogue:contributions", "catalogue:followed"]
    runs = "challenges:organiser_list"
    region = ["catalogue:harvest_sources", "catalogue:moderation", runs, "wagtailadmin_home"]
    assert routes == [mine, [*mine, runs], [*mine, *region]]
