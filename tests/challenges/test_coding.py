"""Challenges of code: written by form; their runs and their trials, each told to who may read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.bundles.code import CodeRules
from challenges.bundles.spec import Role
from challenges.entries.enums import EntryStatus
from challenges.evaluation.enums import RunState
from challenges.models import (
    Challenge,
    ChallengeDraft,
    CodeTrial,
    Entry,
    Notice,
    Phase,
    PhaseTask,
    Team,
)
from challenges.organising import queries as organising
from challenges.organising.actions import drafts, phases
from challenges.organising.enums import PhaseKind
from challenges.programs.actions import code as team_code
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit.duties import beat
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges import world
from tests.challenges.bundles.folders import CODE_FILES
from tests.challenges.exchange.test_exports import code_folder
from tests.challenges.organising.test_authoring import (
    SCORING,
    TEST,
    TRUTH,
    at,
    begin,
    checked,
    deposit,
    measured,
    send,
    started,
)
from tests.challenges.pages.scenes import Costs, clocked, url_of
from tests.factories import code
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
)
from tests.factories.code import trial as ended

pytestmark = pytest.mark.django_db
FILES = {
    Role.HIDDEN_INPUTS: ("inputs.csv", TEST),
    Role.SAMPLE_INPUTS: ("sample_inputs.csv", CODE_FILES["sample_inputs.csv"]),
    Role.SAMPLE_SUBMISSION: ("sample.csv", CODE_FILES["sample.csv"]),
    Role.TRUTH: ("truth.csv", TRUTH),
}


def filled(by: User, rules: CodeRules | None = None, **changed: str) -> Challenge:
    """Give the small challenge of code its rules, its files and its figures."""
    challenge = team_code.settle_code(challenge=started(by), rules=rules or CodeRules(), by=by)
    for role, (name, content) in FILES.items():
        sent = deposit(name, changed.get(role.value, content))
        drafts.add_file(challenge=challenge, role=role, deposit=sent, by=by)
    return measured(challenge, by)


def built(by: User, rules: CodeRules | None = None, **changed: str) -> Challenge:
    """Have the small challenge of code checked by the worker."""
    return checked(filled(by, rules, **changed), by)


def test_files_go_with_what_teams_send(by: User) -> None:
    challenge = filled(by)
    with pytest.raises(Invalid, match="« Code »"):
        drafts.add_file(
            challenge=challenge, role=Role.TEST, deposit=deposit("test.csv", TEST), by=by
        )

    challenge = team_code.settle_code(challenge=challenge, rules=None, by=by)

    assert {each["role"] for each in drafts.all_files(challenge)} == {
        "sample_submission",
        "truth",
    }
    lacking = [each.sentence for each in organising.missing_to_check(challenge)]
    assert lacking == ["le fichier de test"]
    assert AuditEvent.objects.filter(action="challenge.code_settled").count() == 2


def test_rules_change_in_the_draft_of_an_organiser_alone(by: User) -> None:
    challenge = built(by)
    phase = challenge.phases.get()
    shorter = CodeRules(time_limit_s=60)

    team_code.settle_code(challenge=challenge, rules=shorter, by=by)
    team_code.settle_code(challenge=challenge, rules=shorter, by=by)

    phase.refresh_from_db()
    assert phase.time_limit_s == 60
    assert AuditEvent.objects.filter(action="challenge.code_settled").count() == 2
    with pytest.raises(NotAllowed):
        team_code.settle_code(challenge=challenge, rules=None, by=UserFactory())
    with pytest.raises(Invalid):
        team_code.settle_code(challenge=challenge, rules=CodeRules(memory_mb=1), by=by)
    Challenge.objects.update(status="in_review")
    with pytest.raises(Conflict):
        team_code.settle_code(challenge=challenge, rules=None, by=by)


def test_a_further_phase_runs_code_as_the_first(by: User) -> None:
    challenge = built(by, CodeRules(time_limit_s=75))

    phase = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.CODE, by=by)

    first, second = PhaseTask.objects.filter(current=True).order_by("phase__index")
    assert (phase.kind, phase.time_limit_s) == (PhaseKind.CODE, 75)
    assert (first.plan_id, first.holdout_id) == (second.plan_id, second.holdout_id)


def test_inputs_that_do_not_agree_with_the_answers_are_told_without_a_row(by: User) -> None:
    built(by, hidden_inputs=TEST.replace("A0007,", "CANARI,"))

    written = ChallengeDraft.objects.get()
    assert (written.state, [each["code"] for each in written.errors]) == ("refused", ["E_IDS"])
    assert "CANARI" not in str(written.errors)
    assert "A0007" not in str(written.errors)


def test_the_checklist_tells_the_sample_the_inputs_and_the_host(by: User) -> None:
    challenge = built(by)

    def told(**facts: object) -> dict[str, str]:
        beat("worker", **facts)
        points = [one for one in organising.checklist(challenge) if one.key.startswith("code_")]
        assert str(facts.get("lacks", "")) in "".join(one.sentence for one in points)
        return {one.key.removeprefix("code_"): one.state for one in points}

    ready = {"sample": "ready", "inputs": "ready", "sandbox": "ready"}
    assert told(isolates=True) == ready
    lacks = "bubblewrap n’est pas installé."
    assert told(isolates=False, lacks=lacks) == ready | {"sandbox": "missing"}
    assert told() == ready | {"sandbox": "advice"}


RULES: dict[str, Any] = {
    "sent": "code",
    "time_limit_s": "120",
    "memory_mb": "512",
    "max_megabytes": "20",
    "logs": "team_trial",
}


def test_a_challenge_of_code_is_written_by_form_to_its_phase(client: Client, by: User) -> None:
    begin(client, by)
    page = client.get(at("write_code")).text
    assert "Ce qui se passe quand une équipe envoie un programme" in page
    assert client.post(at("write_code"), RULES).headers["Location"] == at("write_files")
    assert send(client, *FILES.values()).status_code == 200
    assert "la table à prédire, jamais publiée" in client.get(at("write_files")).text
    assert client.post(at("write_files"), SCORING).status_code == 302
    assert client.post(at("write_scoring"), SCORING).status_code == 302
    assert drain()
    phase = Phase.objects.get()
    assert (phase.kind, phase.time_limit_s, phase.memory_mb) == (PhaseKind.CODE, 120, 512)
    assert (phase.logs, phase.max_bytes) == ("team_trial", 20_000_000)
    plan = PhaseTask.objects.select_related("plan__inputs__holdout").get(current=True).plan
    assert (plan.ids, plan.sample_rows) == ("id", 100)
    assert plan.inputs.holdout.name == "estimer-un-niveau/inputs"
    assert [each["name"] for each in plan.sample_files] == ["inputs.csv", "submission_format.csv"]
    held = PhaseTask.objects.get(current=True).holdout.files.filter(kind="source")
    assert [each.name for each in held] == ["truth.csv"]
    rules = CodeRules(120, 512, "team_trial", 20_000_000)
    assert team_code.code_rules(phase.challenge) == rules
    settings = client.get(at("write_phase", 0)).text
    assert "le programme de l’équipe est lancé" in settings
    assert 'name="memory_mb"' not in settings
    more = client.post(at("write_phases"), {"name": "Finale", "kind": "final"})
    assert more.status_code == 422
    assert client.post(at("write_phases"), {"name": "Finale", "kind": "code"}).status_code == 302


def test_what_is_wrong_is_said_beside_its_field(client: Client, by: User) -> None:
    begin(client, by)
    wrong = client.post(at("write_code"), RULES | {"time_limit_s": "0"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    assert client.post(at("write_code"), RULES).status_code == 302
    refused = send(client, ("inputs.csv", "id,x\n1,2\n1\n"))
    assert refused.status_code == 422


def test_rules_are_amended_with_a_notice_until_the_first_phase_opens(
    client: Client, by: User
) -> None:
    challenge = ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    challenge.bundle = {"code": {"time_limit_s": 60}}
    challenge.save(update_fields=["bundle"])
    phase = challenge.phases.get()
    Phase.objects.filter(pk=phase.pk).update(
        kind="code", opens_at=clock.now() + timedelta(days=1), closes_at=None
    )
    shown = client.get(at("write_code")).text
    assert 'name="sent"' not in shown

    assert client.post(at("write_code"), RULES).status_code == 302
    assert client.post(at("write_code"), RULES).status_code == 302

    phase.refresh_from_db()
    challenge.refresh_from_db()
    assert (phase.time_limit_s, phase.memory_mb) == (120, 512)
    assert team_code.code_rules(challenge) == CodeRules(120, 512, max_bytes=20_000_000)
    assert Notice.objects.filter(challenge=challenge).count() == 1
    Phase.objects.filter(pk=phase.pk).update(opens_at=clock.now())
    assert client.post(at("write_code"), RULES | {"memory_mb": "64"}).status_code == 409
    assert "<button" not in client.get(at("write_code")).text.split("<main")[1].split("</main")[0]


def test_the_page_costs_the_same_whatever_it_shows(
    client: Client, by: User, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")
    for index in range(count):
        PhaseFactory(challenge=challenge, index=index)
    with costs(15):
        assert client.get(at("write_code")).status_code == 200


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge of code."""
    made: Challenge = ChallengeFactory(opened=True, owner=UserFactory(), bundle={"code": {}})
    code.plan_of(made.phases.get())
    return made


def run_of(challenge: Challenge, **values: Any) -> Entry:
    """Enter for a new team."""
    enrolment = EnrolmentFactory(team=TeamFactory(challenge=challenge))
    made: Entry = EntryFactory(enrolment=enrolment, **{"status": EntryStatus.SCORED} | values)
    return made


def test_a_team_reads_classes(client: Client, challenge: Challenge) -> None:
    entry = run_of(challenge)
    code.run(entry, log="JOURNAL", detail="DETAIL")
    client.force_login(captain_of(entry.enrolment.team))
    address = url_of(challenge, "entry", entry.pk)

    page = client.get(address).text.replace("\u202f", " ").replace("\xa0", " ")

    for shown in ("2 minutes au plus", "1,5 Go au plus"):
        assert shown in page
    for hidden in ("JOURNAL", "DETAIL", "1.25", "1,25"):
        assert hidden not in page
    headers = bearer(captain_of(entry.enrolment.team), TokenScope.READ)
    told = client.get(f"/api/v1/entries/{entry.pk}", headers=headers).json()
    assert told["runs"] == [
        {
            "state": "done",
            "reason": "",
            "minutes": 2,
            "half_gib": 3,
        }
    ]


def test_an_organiser_reads_logs_after_the_close_where_the_phase_says_so(
    client: Client, challenge: Challenge
) -> None:
    entry = run_of(challenge)
    code.run(entry, log="JOURNAL", detail="DETAIL")
    client.force_login(world.owner_of(challenge))
    address = url_of(challenge, "code_runs")

    page = client.get(address).text
    assert ("JOURNAL" in page, "une fois la phase close" in page) == (False, True)
    challenge.phases.update(closes_at=clock.now())
    page = client.get(address).text
    assert "JOURNAL" in page
    assert "DETAIL" not in page
    challenge.phases.update(logs="none")
    assert "JOURNAL" not in client.get(address).text
    client.force_login(captain_of(entry.enrolment.team))
    assert client.get(address).status_code == 404


def test_a_moderator_reads_exact_measures_of_a_failure(
    client: Client, challenge: Challenge
) -> None:
    entry = run_of(challenge, status=EntryStatus.FAILED, reason_code="X_PROGRAM")
    code.run(entry, state=RunState.FAILED, reason_code="X_PROGRAM", detail="code de sortie 1")
    client.force_login(UserFactory(region="moderator"))

    page = client.get(reverse("challenges:examination", args=[entry.pk])).text

    assert "code de sortie 1" in page
    assert "1,25" in page
    assert "40,0" in page


def test_pages_cost_the_same_whatever_they_show(
    client: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    for _each in range(count):
        code.run(run_of(challenge))
    client.force_login(world.owner_of(challenge))
    client.get(url_of(challenge, "code_runs"))
    with costs(clocked(9)):
        client.get(url_of(challenge, "code_runs"))


ZIP = b"PK\x05\x06" + b"\0" * 18


@pytest.fixture
def sampled(tmp_path: Path) -> Challenge:
    """Publish the small challenge of code."""
    made = world.from_bundle(code_folder(tmp_path / "a"))
    assert drain()
    by = world.owner_of(made)
    made.phases.update(logs="team_trial")
    made.refresh_from_db()
    return world.published(made, by)


@pytest.fixture
def team(sampled: Challenge, client: Client) -> Team:
    """Sign the captain of a team in."""
    made: Team = TeamFactory(challenge=sampled)
    client.force_login(captain_of(made))
    return made


def page_at(route: str, *args: Any) -> str:
    """Return the address of a page of the challenge."""
    return reverse(f"challenges:{route}", args=["niveau", *args])


def test_a_trial_is_started_by_form_and_followed(client: Client, team: Team) -> None:
    page = client.get(page_at("trials")).text
    assert "10 essais possibles sur 10 cette heure-ci." in page
    assert "inputs.csv" in page

    sent = client.post(page_at("trials"), {"file": SimpleUploadedFile("code.zip", ZIP)})

    trial = CodeTrial.objects.get()
    assert sent.headers["Location"] == page_at("trial", trial.pk)
    waiting = client.get(page_at("trial", trial.pk)).text
    assert f'data-poll="{page_at("trial_state", trial.pk)}"' in waiting
    assert "File d’attente" in waiting
    assert "data-final" not in client.get(page_at("trial_state", trial.pk)).text
    assert "9 essais possibles sur 10" in client.get(page_at("trials")).text
    assert client.post(page_at("trials"), {}).status_code == 422


def test_the_rate_of_an_hour_is_told_beside_the_file(client: Client, team: Team) -> None:
    for _each in range(10):
        ended(team)
    refused = client.post(page_at("trials"), {"file": SimpleUploadedFile("code.zip", ZIP)})
    assert refused.status_code == 429
    assert "beaucoup d’essais cette heure-ci" in refused.text
    assert "Plus d’essai cette heure-ci" in refused.text
    ours = CodeTrial.objects.order_by("pk").values("pk")[:1]
    CodeTrial.objects.filter(pk__in=ours).update(state=RunState.FAILED, reason_code="X_PLATFORM")
    assert "1 essai possible sur 10" in client.get(page_at("trials")).text


def test_what_a_trial_gave_is_told_with_its_log(client: Client, team: Team) -> None:
    done = client.get(page_at("trial", ended(team, log="<b>brut</b>").pk)).text
    assert "Votre code est prêt à être soumis" in done
    assert "&lt;b&gt;brut&lt;/b&gt;" in done
    assert "40 Mo" in done.replace("\u202f", " ").replace("\xa0", " ")
    fault = {"code": "E_ID_UNKNOWN", "message": "Inconnu.", "line": 2}
    failed = ended(
        team, state=RunState.FAILED, reason_code="X_OUTPUT", verdict={"faults": [fault]}, log=""
    )
    page = client.get(page_at("trial", failed.pk)).text
    assert "E_ID_UNKNOWN" in page
    assert "Le programme n’a rien écrit." in page
    assert client.get(page_at("trial_log", ended(team).pk)).getvalue() == b"100 rows read"


def test_a_log_is_shown_where_the_phase_says_so(client: Client, team: Team) -> None:
    team.challenge.phases.update(logs="organiser")
    trial = ended(team, log="SECRET")
    assert "SECRET" not in client.get(page_at("trial", trial.pk)).text
    assert client.get(page_at("trial_log", trial.pk)).status_code == 404
    told = client.get(f"/api/v1/trials/{trial.pk}", headers=token(team)).json()
    assert told["log"] is None


def test_a_trial_belongs_to_its_team(client: Client, team: Team) -> None:
    other = ended(TeamFactory(challenge=team.challenge), log="SECRET")
    for route in ("trial", "trial_state", "trial_log"):
        assert client.get(page_at(route, other.pk)).status_code == 404
    assert client.get(f"/api/v1/trials/{other.pk}", headers=token(team)).status_code == 404
    client.force_login(world.owner_of(team.challenge))
    assert client.get(page_at("trial", other.pk)).status_code == 404
    client.logout()
    assert client.get(page_at("trials")).status_code == 302


def test_the_sample_is_public(client: Client, sampled: Challenge) -> None:
    answer = client.get(page_at("sample"))
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.getvalue().startswith(b"PK")


def test_the_api_starts_and_follows_a_trial(client: Client, team: Team) -> None:
    sent = client.post(
        "/api/v1/challenges/niveau/phases/0/trials",
        {"file": SimpleUploadedFile("code.zip", ZIP)},
        headers=token(team),
    )
    trial = CodeTrial.objects.get()
    assert (sent.status_code, sent.headers["Location"]) == (201, f"/api/v1/trials/{trial.pk}")
    assert (sent.json()["state"], sent.json()["finished"]) == ("queued", False)
    for _each in range(9):
        ended(team)
    refused = client.post(
        "/api/v1/challenges/niveau/phases/0/trials",
        {"file": SimpleUploadedFile("code.zip", ZIP)},
        headers=token(team),
    )
    assert (refused.status_code, refused.json()["code"]) == (429, "trials_reached")
    assert "next_opening" in refused.json()


def test_trials_cost_the_same_whatever_they_show(
    client: Client, team: Team, count: int, costs: Costs
) -> None:
    trials = [ended(team) for _each in range(count)]
    client.get(page_at("trials"))
    with costs(clocked(12)):
        client.get(page_at("trials"))
    with costs(clocked(9)):
        client.get(page_at("trial", trials[0].pk))


def token(team: Team) -> dict[str, str]:
    """Return a token of the captain."""
    return bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)
