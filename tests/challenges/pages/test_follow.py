"""What organisers follow a challenge by: questions, teams with their contact, entries a day."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from challenges.models import Phase, Standing
from challenges.teams.models import TeamMember
from portal.accounts.enums import RegionRole
from portal.discussions import actions as discussions
from portal.lib import clock
from tests.challenges.pages.scenes import listed, plain, url_of, with_contract
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory, EntryFactory, region_person

pytestmark = pytest.mark.django_db


def test_organisers_see_what_waits_and_whom_to_write_to_and_others_no_address() -> None:
    owner, juror = UserFactory(), UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    with_contract(challenge)
    challenge.organisers.create(user=juror, role="jury")
    row = listed(challenge, "Équipe Étoile", 0.3, rank=1)
    listed(challenge, "Équipe Lune", 0.3, rank=1)
    captain = TeamMember.objects.filter(team=row.team, role="captain").get().user
    asked = discussions.open_discussion(
        on=challenge, title="Les zones fusionnées", body_md="Une fois ?", by=captain
    )
    answered = discussions.open_discussion(
        on=challenge, title="Le format attendu", body_md="Lequel ?", by=captain
    )
    discussions.answer(discussion=answered, body_md="Le CSV.", by=owner)

    pages = {}
    for name, person in (
        ("owner", owner),
        ("jury", juror),
        ("region", region_person(RegionRole.MODERATOR)),
    ):
        client = signed_in(person)
        pages[name] = plain(client.get(url_of(challenge, "organiser")).text)

    assert asked.path in pages["owner"]
    assert answered.path not in pages["owner"]
    assert f"mailto:{captain.email}" in pages["owner"]
    assert "ex æquo" in pages["owner"]
    assert "2 au total" in pages["owner"].replace('<b class="ink">', "").replace("</b>", "")
    assert "Annoncer la date de clôture" in pages["owner"]  # beside the question
    assert '<svg class="chart"' not in pages["owner"]  # one day draws nothing
    assert "Soumissions</h2>" not in pages["owner"]
    assert captain.display_name in pages["jury"]
    assert "Équipe Étoile" not in pages["region"]
    for name in ("jury", "region"):
        assert captain.email not in pages[name]
        assert asked.path not in pages[name]


def test_teams_stand_by_rank_under_what_is_measured(client: Client) -> None:
    challenge = ChallengeFactory(opened=True, owner=UserFactory())
    with_contract(challenge)
    for name, rank in (("Deux", 2), ("Un", 1), ("Trois", 3), ("Trois aussi", 3)):
        listed(challenge, name, 0.3, rank=rank)  # the best first of one rank, not the last to send
    client.force_login(challenge.organisers.get().user)
    page = client.get(url_of(challenge, "organiser"))
    assert [team.name for team, _state, _place in page.context["teams"]["rows"]] == [
        "Un",
        "Deux",
        "Trois",
        "Trois aussi",
    ]
    measure = page.context["teams"]["primary"]
    assert f"{measure.title}" in page.text.partition("Rang public</th>")[2].partition("</th>")[0]
    # On a phone, once above the cards: beside each score it pushed it out.
    words = plain(page.text).partition("<tbody")[0]
    assert "Score public : " in words
    assert f"{measure.title}</" not in page.text.partition("<tbody")[2]
    assert page.text.count('data-label="Score public"') == 4
    assert page.text.count("par votre logiciel de courriel") == 4
    assert "Clore «" in page.text
    assert "se clôt d’elle-même" not in page.text
    Phase.objects.update(closes_at=clock.now() + timedelta(days=9))
    page = client.get(url_of(challenge, "organiser"))
    assert "Clore «" not in page.text
    assert "se clôt d’elle-même le" in plain(page.text)


def test_a_team_is_told_its_rank_and_a_refused_file_and_what_to_do_next(client: Client) -> None:
    challenge = ChallengeFactory(opened=True, owner=UserFactory())
    with_contract(challenge)
    row = listed(challenge, "Équipe Étoile", 0.3, rank=1)
    Standing.objects.filter(pk=row.pk).update(interval_low=-0.3, interval_high=-0.1)
    EntryFactory(enrolment=row.entry.enrolment, rejected=True)
    Phase.objects.update(opens_at=clock.now() - timedelta(days=4), closes_at=None)
    client.force_login(challenge.organisers.get().user)
    page = client.get(url_of(challenge, "organiser"))
    [[team, state, place]] = page.context["teams"]["rows"]
    assert (state, team.scored, team.refused) == ("rejected", 1, 1)
    assert place == {
        "rank": 1,
        "tied": False,
        "score": "0,3000",
        "low": "−0,3000",
        "high": "−0,1000",
    }
    assert "de −0,3000 à −0,1000" in plain(page.text)
    assert "et 1 fichier refusé" in page.text
    sent = client.get(url_of(challenge, "organiser_entries"), {"equipe": str(team.public_id)})
    figures = [each["figure"] for each in sent.context["rows"]]
    assert [each["entry"].number for each in sent.context["rows"]] == [2, 1]
    assert [each.public.text for each in figures] == ["", "0,3000"]
    other = client.get(url_of(challenge, "organiser_entries"), {"equipe": str(uuid4())})
    assert other.context["rows"] == []
    assert "Format refusé" in page.text
    assert "Annoncer la date de clôture" in page.text
    assert page.text.count("<rect") == 1
    assert "à l’instant" in page.text
