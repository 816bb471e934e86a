"""What waits for a person: each procedure reaches who decides, and nobody with a part in it."""

import html
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from challenges.exchange.models import ImportState
from challenges.models import BundleImport, Challenge, Reveal
from challenges.organising.actions import organisers
from challenges.organising.enums import ChallengeStatus, OrganiserRole, RegistrationMode
from challenges.pages.views.space import awaited_decisions, run, to_do
from challenges.rescoring.models import RescoringState
from challenges.teams.actions import teams
from challenges.teams.enums import TeamState
from portal.accounts import space
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.accounts.templatetags.space import DUTIES
from portal.discussions import actions as discussions
from portal.lib import clock
from tests.challenges.pages.scenes import Costs, clocked, listed, url_of, with_contract
from tests.factories.accounts import MembershipFactory, UserFactory, items, signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    captain_of,
    member_of,
    region_person,
    rescoring_of,
)
from tests.factories.disqualifications import asked, entered
from tests.ledger import cost

pytestmark = pytest.mark.django_db


def titles(person: User) -> list[str]:
    """Return the titles of what waits for a person, with the spaces of a typewriter."""
    return [
        str(each.title).replace("\u00a0", " ")
        for each in space.shown(person, awaited_decisions(person, clock.now()))[0]
    ]


def to_decide(n: int) -> list[Challenge]:
    """Make n challenges with one thing of each kind that waits for the Region."""
    made = []
    for _each in range(n):
        owner, now = UserFactory(), timezone.now()
        challenge = ChallengeFactory(owner=owner, closed=True, title="Tensions")
        with_contract(challenge)
        phase = challenge.phases.get()
        asked(entered(TeamFactory(challenge=challenge)), days=0)
        rescoring_of(phase, owner, state=RescoringState.READY)
        Reveal.objects.create(phase=phase, proposed_by=owner, proposed_at=now)
        ChallengeFactory(owner=owner, title="Neuf", status=ChallengeStatus.IN_REVIEW)
        made.append(challenge)
    return made


OF_THE_REGION = [
    "Donner le visa à « Neuf »",
    "Confirmer les résultats de « Tensions »",
    "Décider d’un changement de notation de « Tensions »",
    "Décider des disqualifications demandées",
]


def test_the_region_reads_every_procedure_in_one_list(count: int, costs: Costs) -> None:
    to_decide(count)
    moderator = region_person(RegionRole.MODERATOR)
    one = [each for each in OF_THE_REGION[:3] for _n in range(count)]
    with costs(clocked(8)):
        assert titles(moderator) == [*one, OF_THE_REGION[3]]
    assert cost(signed_in(moderator), "/espace/") <= 25


@pytest.mark.parametrize("part", ["asked", "runs", "played", "belongs"])
def test_who_has_a_part_in_it_is_not_asked(part: str) -> None:
    [challenge] = to_decide(1)
    person = region_person(RegionRole.MODERATOR)
    match part:
        case "asked":
            for rows in (challenge.disqualifications, challenge.phases.get().rescorings):
                rows.update(proposed_by=person)
            Reveal.objects.update(proposed_by=person)
        case "runs":
            challenge.organisers.create(user=person, role=OrganiserRole.JURY)
        case "played":
            member_of(challenge.teams.first(), person)
        case _:
            MembershipFactory(user=person, organisation=challenge.organiser)
    assert titles(person) == OF_THE_REGION[:1]


def test_an_erratum_and_a_stopped_exchange_are_said_to_be_so() -> None:
    [challenge] = to_decide(1)
    phase, person = challenge.phases.get(), region_person(RegionRole.MODERATOR)
    at = timezone.now()
    other = region_person(RegionRole.ADMINISTRATOR)
    Reveal.objects.update(decided_by=other, decided_at=at, executed_at=at)
    assert "Décider d’un erratum aux résultats de « Tensions »" in titles(person)
    phase.rescorings.update(state=RescoringState.ACCEPTED, decided_by=other, decided_at=at)
    assert "Relancer la mise en vigueur d’une notation de « Tensions »" in titles(person)


def test_a_person_reads_what_waits_for_them(count: int, costs: Costs) -> None:
    person, at = UserFactory(), timezone.now()
    for number in range(count):
        challenge = ChallengeFactory(opened=True, title="Tensions", owner=UserFactory())
        organisers.invite(
            challenge=challenge,
            email=person.email,
            role=OrganiserRole.ORGANISER,
            by=challenge.organisers.get().user,
        )
        run = ChallengeFactory(
            opened=True, owner=person, title="Mien", registration=RegistrationMode.APPROVAL
        )
        teams.accept_terms(challenge=run, by=UserFactory())
        BundleImport.objects.create(
            by=person,
            filename="dossier.zip",
            sha256=str(number) * 64,
            size=1,
            state=ImportState.READ,
            created_at=at,
            state_since=at,
            expires_at=at + timedelta(days=7),
        )
    # Their roles among them, which the whole page asks once.
    with costs(clocked(6)):
        found = titles(person)
    assert found == [
        *["Répondre au rapport d’import de « dossier.zip »"] * count,
        *["Répondre à l’invitation à organiser « Tensions »"] * count,
        *["Répondre aux inscriptions à « Mien »"] * count,
    ]
    assert cost(signed_in(person), "/espace/") <= 25


def test_the_cockpit_lists_what_waits_with_its_page(client: Client) -> None:
    [challenge] = to_decide(1)
    address = url_of(challenge, "organiser")
    leads = url_of(challenge, "rescorings")
    for person, queue in (
        (challenge.organisers.get().user, f"{address}disqualifications/"),
        (region_person(RegionRole.MODERATOR), reverse("challenges:disqualifications")),
    ):
        client.force_login(person)
        text = client.get(address).text
        told = text[text.index("Ce qui vous attend") :].partition("</ul>")[0]
        assert f'href="{leads}"' in told
        assert f'href="{queue}"' in told


def titles_to_do(person: User) -> list[str]:
    """Return the titles of what a person has to do."""
    return [str(item.title) for item in items(to_do, person)]


def test_what_waits_for_an_organiser() -> None:
    """A draft, a phase that is over, a question that no organiser has answered."""
    owner, asks = UserFactory(), UserFactory()
    ChallengeFactory(owner=owner, title="Neuf", status=ChallengeStatus.DRAFT)
    over = ChallengeFactory(owner=owner, closed=True, title="Tensions")
    entered(TeamFactory(challenge=over))
    for title in ("Quand", "Où"):
        thread = discussions.open_discussion(on=over, title=title, body_md="Dites.", by=asks)
    discussions.answer(discussion=thread, body_md="Ici.", by=owner)
    waiting = [str(item.title).replace("\u00a0", " ") for item in space.gathered(owner)["todo"]]
    assert sorted(waiting) == [
        "Publier les résultats de « Tensions »",
        "Répondre à la question « Quand »",
        "Terminer le challenge « Neuf »",
    ]
    assert space.gathered(asks)["todo"] == []


def test_invitation_waits_for_an_answer() -> None:
    team = TeamFactory(name="Alpha")
    invited = UserFactory()
    teams.invite(team=team, email=invited.email.upper(), by=captain_of(team))
    assert titles_to_do(invited) == ["Rejoindre l’équipe « Alpha »"]
    assert titles_to_do(UserFactory()) == []


def test_captain_is_led_to_the_final_choice_from_a_month_before_the_close() -> None:
    team = TeamFactory(name="Alpha")
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    phase = team.challenge.phases.get()
    for days, told in ((60, False), (29, True), (None, True)):
        phase.closes_at = timezone.now() + timedelta(days=days) if days else None
        phase.save()
        asks = ["Choisir les soumissions finales de « Alpha »"] if told else []
        assert titles_to_do(captain_of(team)) == asks
    entry.final_choice = True
    entry.save()
    assert titles_to_do(captain_of(team)) == []


def test_an_organisation_shows_the_challenges_it_holds_in_public(client: Client) -> None:
    shown = ChallengeFactory(opened=True, title="Tensions")
    ChallengeFactory(title="Brouillon", organiser=shown.organiser)
    ChallengeFactory(opened=True, title="Ailleurs")
    page = client.get(f"/organisations/{shown.organiser.slug}/").text
    assert f'<a href="/challenges/{shown.slug}/">Tensions</a>' in page
    assert "Brouillon" not in page
    assert "Ailleurs" not in page


def test_the_side_navigation_leads_to_the_challenges_one_runs() -> None:
    owner, moderator = UserFactory(), region_person(RegionRole.MODERATOR)
    ChallengeFactory(owner=owner)
    routes = [
        [place.route for place in space.places(person)]
        for person in (UserFactory(), owner, moderator)
    ]
    mine = ["catalogue:contributions", "catalogue:followed"]
    runs = "challenges:organiser_list"
    region = ["catalogue:harvest_sources", "catalogue:moderation", runs, "wagtailadmin_home"]
    assert routes == [mine, [*mine, runs], [*mine, *region]]


def test_the_space_tells_the_rank_in_the_open_challenge() -> None:
    challenge = ChallengeFactory(opened=True)
    for rank, name in ((1, "Alpha"), (2, "Bêta")):
        listed(challenge, name, rank / 10, rank=rank)
    beta = challenge.teams.get(name="Bêta")
    [item] = space.gathered(captain_of(beta))["teams"]
    assert "rang 2 sur 2 : 0,2" in str(item.detail)
    assert space.gathered(UserFactory())["teams"] == []


def test_who_runs_a_challenge_sees_its_day_and_is_asked_for_its_close() -> None:
    team = TeamFactory(challenge__title="Tensions")
    EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    left = TeamFactory(challenge=team.challenge, state=TeamState.WITHDRAWN)
    EntryFactory(enrolment=EnrolmentFactory(team=left), scored=True)
    owner = team.challenge.organisers.get().user
    team.challenge.phases.update(closes_at=None)
    assert "Annoncer la date de clôture" in titles_to_do(owner)
    [shown] = items(run, owner)
    assert (shown.title, shown.detail) == ("Tensions", "1 équipe, 1 soumission aujourd’hui")
    assert items(run, captain_of(team)) == []


@pytest.mark.parametrize("role", ["officer", "approver", "dpo", "auditor"])
def test_a_role_that_nothing_waits_for_yet_says_what_it_is_for(client: Client, role: str) -> None:
    client.force_login(region_person(RegionRole(role)))
    page = html.unescape(client.get(reverse("space")).text)
    assert str(DUTIES[RegionRole(role)])[:20] in page
    assert "Rien ne vous attend" not in page


def test_a_newcomer_has_one_first_thing_to_do(client: Client) -> None:
    client.force_login(UserFactory())
    page = html.unescape(client.get(reverse("space")).text)
    assert "Publier ou signaler une première ressource" in page
    assert "Rejoindre ou créer votre organisation" in page
    assert "Former une équipe pour un challenge" in page
    assert page.count('<ul class="todo') == 1
