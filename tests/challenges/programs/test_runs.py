"""The runs recorded with the complete bundles, through the worker, and what pages say of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from challenges.entries.actions import deposits
from challenges.entries.enums import EntryStatus
from challenges.entries.forms import EntryForm
from challenges.exchange.actions.bundles import import_bundle
from challenges.exchange.worker import rehearsed
from challenges.models import Challenge, Entry, Phase, Score, Team
from challenges.results import actions as results
from challenges.worker import drain
from portal.lib.refusals import Invalid
from tests.challenges import world
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, expected
from tests.challenges.pages.scenes import url_of
from tests.challenges.programs.cases import Clock, draft, enter, figures, isolated, opened
from tests.challenges.world import worked
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = [NEEDED, pytest.mark.django_db(transaction=True)]
FACTS = {
    "v2_multi_taches": {
        "METHODE": "Moyenne mobile",
        "FAMILLE": "statistique",
        "DONNEES_EXTERNES": False,
        "LIEN": "",
    },
    "evalai": {"Langue du modèle": "français"},
}
CASES = ["v2_resultats", "v2_multi_taches", "v2_code_ingestion", "v15_phases", "evalai"]


def phase_of(challenge: Challenge, run: Mapping[str, Any], case: str) -> Phase:
    """Give the phase of a run: an index, or the codename of EvalAI."""
    wanted = run["phase"]
    if case == "evalai":
        wanted = ["dev", "test"].index(wanted)
    return challenge.phases.get(index=wanted)


def scored(entry: Entry, run: Mapping[str, Any]) -> None:
    """Compare the exact figures with those recorded."""
    assert entry.status == EntryStatus.SCORED, (entry.reason_code, entry.verdict)
    ignored = set(run.get("ignore_keys", ())) | set(run.get("computed_by_the_portal", ()))
    wanted = run.get("per_task") or [run["scores"]]
    if "partie_publique" in wanted[0]:
        wanted = [{f"{s}/{k}": v for s, of in wanted[0].items() for k, v in of.items()}]
    for found, recorded in zip(figures(entry), wanted, strict=True):
        exact = {key: value for key, value in found["exact"].items() if key not in ignored}
        told = {key: value for key, value in recorded.items() if key in found["exact"]}
        assert exact == pytest.approx(told, rel=0, abs=run["tolerance"])
        assert found["undeclared"] == run.get("undeclared_keys", [])
        for key in set(recorded) - set(found["exact"]):  # computed from what is stored
            stored = found["values"]["private"][key]
            assert stored == pytest.approx(recorded[key], rel=0, abs=0.006)


@pytest.mark.slow
# One of each reader in make test: a scoring program of Codabench, and EvalAI.
@pytest.mark.parametrize(
    "case",
    [
        each if each in {"v2_resultats", "evalai"} else pytest.param(each, marks=pytest.mark.ci)
        for each in CASES
    ],
)
def test_a_challenge_gives_its_recorded_results(case: str, hour: Clock) -> None:
    isolated()
    challenge, said = opened(case), expected(case)
    made: dict[str, Entry] = {}
    for run in said["runs"]:
        phase = phase_of(challenge, run, case)
        hour.inside(phase)
        path = BUNDLES / case / run["submission"].removesuffix(" (folder)")

        entry = worked(enter(phase, path, **FACTS.get(case, {})))

        made.setdefault(path.stem, entry)
        match run["status"]:
            case "scored":
                scored(entry, run)
            case "failed":
                code = run["reason"] if run["reason"].startswith("X_") else "X_PROGRAM"
                assert (entry.status, entry.reason_code) == (EntryStatus.FAILED, code)
                assert entry.day_slot is not None
            case "refused":
                assert (entry.status, entry.reason_code) == (EntryStatus.REJECTED, run["reason"])
                assert (entry.day_slot, entry.total_slot) == (None, None)
    board = said.get("leaderboard")
    if board:
        phase = challenge.phases.get(index=board["phase"])
        rows = phase.leaderboards.get()
        listed = rows.standings.filter(split="public").order_by("position")
        assert [row.entry_id for row in listed] == [made[one].pk for one in board["order"]]


@pytest.mark.slow
def test_a_solution_is_tried_twice_before_the_draft() -> None:
    isolated()
    found = import_bundle(
        path=BUNDLES / "v2_code_ingestion/bundle",
        by=world.owner(),
        answers={},
        rehearse=rehearsed,
    )

    (sentence,) = found.report.dry_run
    assert sentence.startswith(
        "tâche « Tension », solution « Seuil appris » : exactitude 0.9375, f1_haute 0.954955, duree"
    )
    codes = {one.code for one in found.report.warnings}
    wanted = {one["code"] for one in expected("v2_code_ingestion")["import"]["warnings"]}
    assert wanted <= codes <= wanted | {"W_DRY_RUN_DIFFERS"}


@pytest.mark.slow
def test_the_sealed_split_is_told_at_the_reveal_alone(hour: Clock) -> None:
    isolated()
    challenge = opened("evalai")
    phase = challenge.phases.get(index=1)
    hour.inside(phase)
    entry = worked(enter(phase, BUNDLES / "evalai/submissions/test.json", **FACTS["evalai"]))
    before = {(one.split, one.metric, one.value) for one in Score.objects.all()}
    assert phase.closes_at is not None
    hour.to(phase.closes_at + timedelta(hours=1))

    results.propose_reveal(phase=phase, by=world.owner_of(challenge))
    results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
    assert drain()

    after = {(one.split, one.metric, one.value) for one in Score.objects.all()}
    assert before == {("public", "F1", 0.8844), ("public", "Exact", 0.6)}
    assert after - before == {("private", "F1", 0.8416), ("private", "Exact", 0.4667)}
    board = phase.leaderboards.get()
    assert [row.entry_id for row in board.standings.filter(split="private")] == [entry.pk]


def test_the_answers_of_a_fact_sheet_are_judged_as_recorded() -> None:
    challenge = draft("v2_multi_taches")
    judged = expected("v2_multi_taches")["fact_sheet_answers"]
    for case in judged:
        found: list[str] = []
        try:
            deposits.refuse_wrong_answers(challenge.fact_sheet, case["answer"])
        except Invalid as refusal:
            found = list(refusal.faults)
        assert found == ([case["field"]] if case["verdict"] == "refuse" else [])
    form = EntryForm(
        {"key": "k", "fact_methode": "x", "fact_famille": "règles", "fact_donnees_externes": "on"},
        {"file": SimpleUploadedFile("a.zip", b"PK")},
        questions=challenge.fact_sheet,
    )
    assert form.is_valid(), form.errors
    deposits.refuse_wrong_answers(challenge.fact_sheet, form.fact_sheet)
    assert form.fact_sheet["DONNEES_EXTERNES"] is True


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
    own = [url_of(challenge, name, entry.pk) for name in (
        "entry", "entry_state", "entry_receipt",
    )]  # fmt: skip
    own += [url_of(challenge, "entry_score_receipt", entry.pk, 1)]
    pages = [url_of(challenge, name) for name in (
        "presentation", "data", "kit", "evaluation", "standings", "standings_feed",
        "standings_csv", "standings_json", "embed", "embed_frame", "entries", "entries_csv",
        "rules", "discussions",
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
        url_of(challenge, "entry_report", entry.pk, 0),
        url_of(challenge, "entry_report", entry.pk, 1),
        url_of(challenge, "program_reports"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "answers"),
    [
        (CASE, {"detailed_results": "organisateur"}),
        pytest.param(CASE, {"detailed_results": "équipe"}, marks=pytest.mark.ci),
        pytest.param("evalai", {}, marks=pytest.mark.ci),
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
def test_the_pages_tell_what_the_program_does_and_who_reads_its_report(hour: Clock) -> None:
    isolated()
    challenge, entry, team = played(hour)
    client = signed_in(captain_of(team))

    said = client.get(url_of(challenge, "evaluation")).content.decode()
    said = said.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    own = client.get(url_of(challenge, "entry", entry.pk)).content.decode()
    board = client.get(url_of(challenge, "standings")).content.decode()

    assert "Programme : programme_notation (" in said
    assert "Tâches : Bassins alpins, Bassins littoraux." in said
    for text in ("12,38", "11,00", "11,69"):  # each task, then the mean of the stored values
        assert text.replace(",", ".") in own or text in own
    assert "<h3>Bassins littoraux</h3>" in board
    assert "10,52" in board
    for page in (board, client.get(url_of(challenge, "embed_frame")).content.decode()):
        assert "Intervalle" not in page

    address = url_of(challenge, "entry_report", entry.pk, 0)
    organiser, other = signed_in(world.owner_of(challenge)), signed_in(UserFactory())
    answer = organiser.get(address)
    assert answer.status_code == 200
    html = answer.content.decode()
    for absent in expected(CASE)["report_sanitised"]["absent"]:
        assert absent not in html
    for present in expected(CASE)["report_sanitised"]["present"]:
        assert present in html
    assert answer["Content-Security-Policy"] == (
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    )
    assert "verite" in organiser.get(url_of(challenge, "program_reports")).content.decode()
    assert [each.get(address).status_code for each in (client, other)] == [404, 404]
    Challenge.objects.update(detailed_results="team")
    assert [each.get(address).status_code for each in (client, other)] == [200, 404]
    Challenge.objects.update(detailed_results="none")
    assert organiser.get(address).status_code == 404
