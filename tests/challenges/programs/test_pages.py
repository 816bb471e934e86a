"""What the pages say of a phase scored by a program, and to whom; nothing hidden anywhere."""

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge, Entry, Team
from tests.challenges import world
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, expected
from tests.challenges.programs.cases import Clock, enter, isolated, opened, worked
from tests.challenges.programs.test_runs import FACTS
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = [NEEDED, pytest.mark.django_db(transaction=True)]
CASE = "v2_multi_taches"
SENT = {CASE: "equipe_b.zip", "evalai": "test.json"}


def played(hour: Clock, case: str = CASE, **answers: str) -> tuple[Challenge, Entry, Team]:
    """Open a challenge with one entry scored in its last phase."""
    challenge = opened(case, **answers)
    phase = challenge.phases.order_by("index").last()
    hour.inside(phase)
    team = TeamFactory(challenge=challenge)
    path = BUNDLES / case / "submissions" / SENT[case]
    return challenge, worked(enter(phase, path, team, **FACTS[case])), team


def addresses(challenge: Challenge, entry: Entry) -> list[str]:
    """List what a participant may try to read of a challenge."""
    own = [reverse(f"challenges:{name}", args=[challenge.slug, entry.pk]) for name in (
        "entry", "entry_state", "entry_receipt", "entry_score_receipt", "entry_faults",
    )]  # fmt: skip
    pages = [reverse(f"challenges:{name}", args=[challenge.slug]) for name in (
        "presentation", "data", "kit", "evaluation", "standings", "standings_feed",
        "standings_csv", "standings_json", "embed", "embed_frame", "entries", "entries_csv",
        "rules", "help",
    )]  # fmt: skip
    api = f"/api/v1/challenges/{challenge.slug}"
    ends = [
        f"/leaderboards/{board.key}{suffix}"
        for board in challenge.leaderboards.all()
        for suffix in ("", ".csv")
    ]
    return [
        *own,
        *pages,
        *(f"{api}{end}" for end in ("", "/phases", *ends)),
        f"/api/v1/entries/{entry.pk}",
        reverse("challenges:entry_report", args=[challenge.slug, entry.pk, 0]),
        reverse("challenges:entry_report", args=[challenge.slug, entry.pk, 1]),
        reverse("challenges:program_reports", args=[challenge.slug]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "answers"),
    [
        (CASE, {"detailed_results": "organisateur"}),
        (CASE, {"detailed_results": "équipe"}),
        ("evalai", {}),
    ],
)
def test_nothing_hidden_is_found_by_a_participant(
    case: str, answers: dict[str, str], hour: Clock
) -> None:
    isolated()
    challenge, entry, team = played(hour, case, **answers)
    hidden = expected(case)["must_not_leak"]
    wanted = [*hidden["keys"], *(value[:5] for value in hidden["values"])]
    for user in (captain_of(team), captain_of(TeamFactory(challenge=challenge)), None):
        client = Client()
        if user is not None:
            client.force_login(user)
        for address in addresses(challenge, entry):
            answer = client.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
            found = [one for one in wanted if one in body.decode(errors="replace")]
            assert (address, found) == (address, [])


@pytest.mark.slow
def test_the_pages_tell_what_the_program_does(hour: Clock) -> None:
    isolated()
    challenge, entry, team = played(hour)
    client = Client()
    client.force_login(captain_of(team))

    said = client.get(reverse("challenges:evaluation", args=[challenge.slug])).content.decode()
    said = said.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    own = client.get(reverse("challenges:entry", args=[challenge.slug, entry.pk])).content.decode()
    board = client.get(reverse("challenges:standings", args=[challenge.slug])).content.decode()

    assert "Programme : programme_notation (" in said
    assert "Tâches : Bassins alpins, Bassins littoraux." in said
    assert "Moyenne de « Erreur sur les offres », « Erreur sur les demandes »" in said
    assert "30 %" not in said
    for text in ("12,38", "11,00", "11,69"):  # each task, then the mean of the stored values
        assert text.replace(",", ".") in own or text in own
    assert "<h3>Bassins littoraux</h3>" in board
    assert "10,52" in board
    assert "Le programme ne donne pas de quoi calculer un intervalle." in board
    framed = client.get(reverse("challenges:embed_frame", args=[challenge.slug])).content.decode()
    for page in (board, framed):
        assert "Classement des équipes</caption>" in page
        assert "Intervalle" not in page
    assert "Le trait plein" not in board


@pytest.mark.slow
def test_the_organiser_reads_the_reports_and_the_team_only_if_told(hour: Clock) -> None:
    isolated()
    challenge, entry, team = played(hour)
    address = reverse("challenges:entry_report", args=[challenge.slug, entry.pk, 0])
    organiser, member, other = Client(), Client(), Client()
    organiser.force_login(world.owner_of(challenge))
    member.force_login(captain_of(team))
    other.force_login(UserFactory())

    answer = organiser.get(address)
    said = organiser.get(reverse("challenges:program_reports", args=[challenge.slug]))

    assert answer.status_code == 200
    html = answer.content.decode()
    for absent in expected(CASE)["report_sanitised"]["absent"]:
        assert absent not in html
    for present in expected(CASE)["report_sanitised"]["present"]:
        assert present in html
    assert answer["Content-Security-Policy"] == (
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    )
    assert "verite" in said.content.decode()
    assert [client.get(address).status_code for client in (member, other)] == [404, 404]
    Challenge.objects.update(detailed_results="team")
    assert [client.get(address).status_code for client in (member, other)] == [200, 404]
    Challenge.objects.update(detailed_results="none")
    assert organiser.get(address).status_code == 404
