"""The final report, the same for everyone; what an organiser reads of the entries meanwhile."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from challenges.evaluation.enums import Split
from challenges.models import Challenge, Evaluation, Leaderboard, Notice, Standing, Team
from challenges.organising.enums import BoardRule, NoticeKind
from challenges.pages import queries as page_queries
from challenges.results.queries import reports
from challenges.teams.actions import teams
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import NotAllowed
from tests.challenges.pages.scenes import (
    CANARY_PRIVATE,
    Costs,
    clocked,
    listed,
    reveal,
    url_of,
    with_contract,
)
from tests.factories import findings
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
    rescoring_of,
    score,
)

pytestmark = pytest.mark.django_db
PAGE = reverse("challenges:report", args=["tensions"])
FILE = reverse("challenges:report_json", args=["tensions"])


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge: two teams, a reference."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions", title="Tensions")
    listed(made, "Alpha", 0.30, rank=1)
    listed(made, "Bêta", 0.40, rank=2)
    listed(made, "Référence", 0.5, rank=0, baseline=True)
    made.fact_sheet = [{"key": "modele", "label": "Quel modèle ?"}]
    made.save()
    return made


def revealed(challenge: Challenge) -> None:
    reveal(challenge, {"Bêta": 0.3333, "Alpha": 0.4444})
    Standing.objects.filter(split=Split.PRIVATE, team__name="Alpha").update(rank=1)
    row = Standing.objects.get(split=Split.PUBLIC, team__state="reference")
    listed(challenge, "", 0.52, rank=0, split=Split.PRIVATE, entry=row.entry, baseline=True)


def text_of(client: Client, address: str = PAGE) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return " ".join(page.text.split()).replace("> <", "><")


def test_before_the_reveal_it_is_awaited(client: Client, challenge: Challenge) -> None:
    listed(challenge, "", 0.7777, rank=1, split=Split.PRIVATE, entry=EntryFactory())
    text = text_of(client)
    assert "Le bilan n’est pas encore publié" in text
    assert not re.search(r"0[.,]777", text)
    assert client.get(FILE).status_code == 404
    client.force_login(challenge.organisers.get().user)
    assert client.get(FILE).status_code == 404
    for phase in ("0", "9", "x", "²"):
        assert client.get(f"{PAGE}?phase={phase}").status_code == 404


def test_it_tells_winners_moves_figures_and_notices(client: Client, challenge: Challenge) -> None:
    EntryFactory(
        enrolment=challenge.teams.get(name="Alpha").enrolments.get(), failed=True, number=7
    )
    revealed(challenge)
    Notice.objects.create(
        challenge=challenge, kind=NoticeKind.SCORING, text="Nouvelle notation.", at=clock.now()
    )
    assert "Lire le bilan" in text_of(client, reverse("challenges:presentation", args=["tensions"]))
    assert PAGE in text_of(client, reverse("challenges:standings", args=["tensions"]))
    page = client.get(PAGE)
    told = page.context["report"]
    assert told["first"] == ["Bêta", "Alpha"]
    rows = {row["team"]: row for row in page.context["rows"]}
    assert (rows["Bêta"]["score"], rows["Bêta"]["ends"]) == ("0,3333", "de 0,2833 à 0,3833")
    assert (rows["Bêta"]["public_score"], rows["Bêta"]["public_rank"]) == ("0,4000", 2)
    assert (rows["Référence"]["baseline"], rows["Référence"]["score"]) == (True, "0,5200")
    assert told["participation"] == {
        "teams": 2,
        "people": 2,
        "entries": 3,
        "scored": 2,
        "refused": 0,
        "failed": 1,
        "withdrawn": 0,
        "causes": {"other": 1},
    }
    text = text_of(client)
    for said in (
        "Première place partagée par 2 équipes : Bêta, Alpha.",
        "Autres, chacune chez moins de 3 équipes",
        "Nouvelle notation.",
        "Aucune équipe n’a publié sa méthode.",
    ):
        assert said in text.replace("\xa0", " "), said
    assert text.count('<svg class="dots"') == 1


def test_only_a_scoring_put_in_force_is_told(client: Client, challenge: Challenge) -> None:
    revealed(challenge)
    phase, by = challenge.phases.get(), UserFactory()
    scorer = with_contract(challenge).scorer
    for number, state in enumerate(("refused", "proposed"), 2):
        tried = rescoring_of(phase, by, state=state).task
        tried.scorer_version = scorer.versions.create(
            number=number, spec={}, created_at=clock.now()
        )
        tried.save()
    assert client.get(FILE).json()["scorer_versions"] == 1
    rescoring_of(phase, by, state="in_force", executed_at=clock.now())
    assert client.get(FILE).json()["scorer_versions"] == 2


def test_its_json_says_the_same_and_answers_304(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    revealed(challenge)
    sent = client.get(FILE)
    told = sent.json()
    assert told["version"] == 1
    assert told["ranking"][0] == {
        "team": "Bêta",
        "baseline": False,
        "rank": 1,
        "tier": 1,
        "tied": True,
        "value": 0.3333,
        "low": pytest.approx(0.2833),
        "high": pytest.approx(0.3833),
        "public": {"rank": 2, "value": 0.4, "low": pytest.approx(0.35), "high": 0.45},
    }
    assert client.get(FILE, headers={"If-None-Match": sent["ETag"]}).status_code == 304
    client.force_login(captain_of(challenge.teams.get(name="Alpha")))
    assert client.get(FILE).json() == told  # the same for everyone
    monkeypatch.setattr(reports, "MOST_RANKED", 1)  # of a long board, the first
    short = client.get(FILE).json()
    assert (short["ranking"], short["left_out"]) == (told["ranking"][:1], 2)
    assert client.get(PAGE).status_code == 200


def test_a_board_of_all_entries_tells_each_team_once(client: Client, challenge: Challenge) -> None:
    Leaderboard.objects.update(rule=BoardRule.ALL)
    other = EntryFactory(enrolment=challenge.teams.get(name="Alpha").enrolments.get(), scored=True)
    revealed(challenge)
    Standing.objects.filter(split=Split.PUBLIC, team__name="Bêta").update(rank=3)
    listed(challenge, "", 0.35, rank=2, entry=other)
    listed(challenge, "", 0.45, rank=1, split=Split.PRIVATE, entry=other)
    told = client.get(FILE).json()
    rows = [(row["team"], row["rank"], row["value"]) for row in told["ranking"]]
    assert rows == [("Bêta", 1, 0.3333), ("Alpha", 1, 0.4444), ("Référence", None, 0.52)]
    assert told["first"] == ["Bêta", "Alpha"]
    before = [(row["public"]["rank"], row["public"]["value"]) for row in told["ranking"][:2]]
    assert before == [(2, 0.4), (1, 0.3)]


def test_a_method_is_told_when_its_team_says_so(client: Client, challenge: Challenge) -> None:
    keys = ("modele", "langages", "gpu", "cloud")
    challenge.fact_sheet = [{"key": key, "label": f"{key} ?"} for key in keys]
    challenge.save()
    revealed(challenge)
    team: Team = challenge.teams.get(name="Alpha")
    entry = team.enrolments.get().entries.get()
    answers = ("Forêt <b>aléatoire</b>", ["R", "Python"], True, False)
    entry.fact_sheet = dict(zip(keys, answers, strict=True))
    entry.save()
    assert "aléatoire" not in text_of(client)
    client.force_login(captain_of(team))
    show = reverse("challenges:team_show", args=["tensions"])
    assert "Ce que montre" in text_of(client, reverse("challenges:team", args=["tensions"]))
    for _twice in range(2):
        assert client.post(show, {"method": "on"}).status_code == 302
    text = text_of(client)
    for said in (
        "modele ?</dt><dd>Forêt &lt;b&gt;aléatoire&lt;/b&gt;<",
        "langages ?</dt><dd>R, Python<",
        "gpu ?</dt><dd>Oui<",
        "cloud ?</dt><dd>Non<",
    ):
        assert said in text
    told = client.get(FILE).json()["methods"][0]["answers"]
    assert [each["answer"] for each in told] == [answers[0], "R, Python", "true", "false"]
    team.refresh_from_db()
    assert (team.show_members, team.show_method, team.allow_card) == (False, True, False)
    assert AuditEvent.objects.filter(action="team.disclosed").count() == 1
    with pytest.raises(NotAllowed):
        teams.disclose(team=team, members=True, method=True, card=True, by=UserFactory())
    client.post(show, {})
    assert "aléatoire" not in text_of(client)


@pytest.mark.parametrize("shown", ["public", "team"])
def test_only_public_audits_are_in_it(client: Client, challenge: Challenge, shown: str) -> None:
    revealed(challenge)
    entry = challenge.teams.get(name="Alpha").enrolments.get().entries.get()
    evaluation = entry.evaluations.get()
    findings.declare(evaluation, findings.contract({}, shown=shown))
    findings.tell(
        evaluation, findings.record({"f": 60, "h": 60}, {"f": 0.5, "h": 0.9}, shown=shown)
    )
    client.force_login(captain_of(entry.enrolment.team))  # who reads it elsewhere
    told = client.get(FILE).json()["fairness"]
    assert told["declared"] is True
    assert [each["team"] for each in told["audits"]] == (["Alpha"] if shown == "public" else [])
    assert ("ne l’a pas rendu public" in text_of(client)) is (shown == "team")


def test_it_costs_the_same(client: Client, challenge: Challenge, count: int, costs: Costs) -> None:
    for at in range(count):
        listed(challenge, f"Équipe {at}", 0.6 + at / 10, rank=at + 3)
    revealed(challenge)
    with costs(clocked(22)):
        client.get(PAGE)


@pytest.fixture
def busy(person: User) -> Challenge:
    """Return a challenge whose five teams were scored, four of which also failed."""
    made: Challenge = ChallengeFactory(opened=True, owner=person)
    for number in range(5):
        enrolment = EnrolmentFactory(team=TeamFactory(challenge=made))
        scored = EntryFactory(enrolment=enrolment, status="scored")
        score(scored, CANARY_PRIVATE)
        cpu = None if number == 4 else number * 2.0 + 1.25  # 4.25: nothing ran isolated
        Evaluation.objects.filter(entry=scored).update(seconds=number + 1.0, cpu_seconds=cpu)
        if number < 4:
            EntryFactory(enrolment=enrolment, rejected=True)
        if number == 0:
            EntryFactory(enrolment=enrolment, rejected=True, reason_code="E_RARE")
            EntryFactory(enrolment=enrolment, failed=True)
    EntryFactory(
        enrolment=EnrolmentFactory(team=TeamFactory(challenge=made, state="reference")),
        status="scored",
    )
    EntryFactory(scored=True)
    return made


def test_sums_and_times_are_those_of_the_teams(client: Client, busy: Challenge) -> None:
    (phase,) = reports.phase_figures(busy)
    assert (phase.pipeline.total, phase.teams) == (11, 5)
    assert phase.pipeline.counts == {"scored": 5, "rejected": 5, "failed": 1}
    assert list(phase.causes) == [("E_ID_MISSING", 4), ("X_TIMEOUT", 1), ("", 1)]
    assert (phase.median_seconds, phase.p95_seconds, phase.cpu_seconds) == (3.0, 5.0, 22.0)
    Evaluation.objects.filter(seconds=5.0).update(seconds=None)  # too few are not told
    (phase,) = reports.phase_figures(busy)
    assert (phase.median_seconds, phase.p95_seconds) == (None, None)


def test_a_withdrawn_team_counts_no_more(client: Client, busy: Challenge) -> None:
    """On each page that counts teams; what they sent stays counted."""
    first, second = busy.teams.of_people().order_by("pk")[:2]
    second.state = "withdrawn"
    second.save()
    (phase,) = reports.phase_figures(busy)
    assert (phase.teams, phase.pipeline.total) == (4, 11)
    listed = {
        each.challenge: each.teams for each in page_queries.listed_challenges(captain_of(first))
    }
    assert listed[busy] == 4
    page = client.get(url_of(busy, "presentation"))
    assert page.context["challenge"].teams_count == 4
    told = reports.participation(busy.phases.get())
    assert (told["teams"], told["people"], told["entries"]) == (4, 4, 11)


def test_the_page_holds_no_score_nor_rare_cause(client: Client, busy: Challenge) -> None:
    text = client.get(url_of(busy, "pipeline")).text
    for said in ("moins de 3 équipes", "Temps d’évaluation, médiane</dt>"):
        assert said in text.replace("\u00a0", " ")
    assert "E_RARE" not in text
    assert str(CANARY_PRIVATE) not in text
    assert not any(team.name in text for team in busy.teams.all())


def test_the_page_costs_the_same_for_one_and_three(
    client: Client, person: User, count: int, costs: Costs
) -> None:
    busy = ChallengeFactory(owner=person)
    for index in range(count):
        phase = PhaseFactory(challenge=busy, index=index, opened=True)
        team = TeamFactory(challenge=busy)
        EntryFactory(enrolment=EnrolmentFactory(team=team, phase=phase), scored=True)
    with costs(16):
        assert client.get(url_of(busy, "pipeline")).status_code == 200
