"""What scores a phase, chosen by form: its own answers, several tasks, every shape of answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Task
from challenges.invariants import doubled_tasks
from challenges.models import Challenge, ChallengeDraft, Phase, PhaseTask, ScorerVersion
from challenges.organising.actions import phases
from challenges.organising.enums import PhaseKind
from challenges.organising.forms.challenges import TASKS
from challenges.organising.forms.scorings import ROWS, SHAPES, shape_of
from challenges.organising.queries import missing
from challenges.queue.actions import WORKER
from challenges.worker import drain
from datasets import gate
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from tests.challenges import world
from tests.challenges.organising.test_authoring import IDS, SCORING, TRUTH, built, started

pytestmark = pytest.mark.django_db
OTHERS = [f"B{number:04}" for number in range(60)]
OTHER_TEST = "id,x\n" + "".join(f"{one},1\n" for one in OTHERS)
OTHER_SAMPLE = "id,niveau\n" + "".join(f"{one},1\n" for one in OTHERS)
OTHER_TRUTH = "id,niveau,jeu,temoin\n" + "".join(
    f"{one},{at % 3 + 1},{'public' if at % 2 else 'private'},{world.CANARY}\n"
    for at, one in enumerate(OTHERS)
)
SECOND_OPINION = "id,niveau,jeu\n" + "".join(
    f"{one},{at % 3 + 1},{'public' if at % 10 < 3 else 'private'}\n" for at, one in enumerate(IDS)
)


@pytest.fixture
def final(by: User) -> Phase:
    """Return the second phase of a challenge that was checked."""
    challenge = built(by)
    return phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)


def send(client: Client, route: str, *args: Any, **sent: str | tuple[str, str]) -> Any:
    """Send a form of the phase of this index, files as pairs of a name and a content."""
    data: Mapping[str, Any] = {
        key: SimpleUploadedFile(value[0], value[1].encode()) if isinstance(value, tuple) else value
        for key, value in sent.items()
    }
    return client.post(reverse(f"challenges:{route}", args=["niveau", *args]), data)


def checked(client: Client) -> ChallengeDraft:
    """Have the draft checked."""
    assert client.post(reverse("challenges:build", args=["niveau"])).status_code == 302
    assert drain()
    return ChallengeDraft.objects.get()


def test_a_phase_has_its_own_answers_files_and_figures(client: Client, final: Phase) -> None:
    gave = send(
        client,
        "give_answers",
        1,
        truth=("finale.csv", OTHER_TRUTH),
        test=("test2.csv", OTHER_TEST),
        sample=("sample2.csv", OTHER_SAMPLE),
    )
    assert gave.status_code == 302
    measures = SCORING | {"metric_0": "f1_macro", "metric_1": "", "metric_2": ""}
    assert send(client, "measure_phase", 1, **measures).status_code == 302
    assert [each.key for each in missing(final.challenge)] == ["build", "opens"]
    assert checked(client).errors == []
    first, own = PhaseTask.objects.filter(current=True).order_by("phase__index")
    assert own.phase == final
    assert [each["metric"] for each in own.scorer_version.spec["metrics"]] == ["f1_macro"]
    assert own.holdout.is_compiled
    assert (first.holdout_id, first.scorer_version_id) != (own.holdout_id, own.scorer_version_id)
    board = final.leaderboards.get()
    assert [each.key for each in board.columns.all()] == ["f1_macro"]
    assert [each.key for each in Phase.objects.get(index=0).leaderboards.get().columns.all()] == [
        "exactitude",
        "mae",
        "mixte",
    ]
    kept = own.holdout_id
    assert checked(client).errors == []
    assert PhaseTask.objects.get(current=True, phase=final).holdout_id == kept
    page = client.get(reverse("challenges:write_phase_scoring", args=["niveau", 1])).text
    assert "finale.csv" in page
    assert world.CANARY not in page + str(ChallengeDraft.objects.get().scorings)
    told = client.get(reverse("challenges:evaluation", args=["niveau"]) + "?phase=1").text
    assert ("?phase=0" in told, "F1" in told) == (True, True)
    assert send(client, "forget_scoring", 1).status_code == 302
    assert checked(client).errors == []
    again = PhaseTask.objects.get(current=True, phase=final)
    assert (again.holdout_id, again.scorer_version_id) == (
        first.holdout_id,
        first.scorer_version_id,
    )


def test_a_fault_names_the_phase_and_changes_nothing(client: Client, final: Phase) -> None:
    before = list(PhaseTask.objects.order_by("pk").values_list("pk", "current"))
    send(client, "give_answers", 1, truth=("finale.csv", OTHER_TRUTH.replace("private", "canari")))
    written = checked(client)
    assert written.state == "refused"
    assert {each["message"].split(" : ")[0] for each in written.errors} == {"phase 2"}
    assert "canari" not in str(written.errors)
    assert list(PhaseTask.objects.order_by("pk").values_list("pk", "current")) == before


def test_a_second_task_compares_the_same_file_with_other_answers(
    client: Client, final: Phase
) -> None:
    challenge = final.challenge
    sent = {"name": "Second avis", "truth": ("avis.csv", SECOND_OPINION)}
    assert send(client, "add_task", 0, **sent).status_code == 302
    assert checked(client).errors == []
    phase = challenge.phases.get(index=0)
    tasks = phase.tasks.filter(current=True).order_by("index")
    assert [(each.index, each.name) for each in tasks] == [
        (0, "Estimer un niveau"),
        (1, "Second avis"),
    ]
    assert final.tasks.filter(current=True).count() == 2
    assert send(client, "remove_task", 0, 1).status_code == 302
    assert send(client, "remove_task", 0, 1).status_code == 409
    assert checked(client).errors == []
    assert [each.tasks.filter(current=True).count() for each in (phase, final)] == [1, 1]
    assert list(doubled_tasks()) == []
    others = SECOND_OPINION.replace("A0001", "Z0001")
    send(client, "add_task", 1, name="Autres lignes", truth=("autres.csv", others))
    written = checked(client)
    assert [each["code"] for each in written.errors] == ["E_IDS"]
    assert "phase 2, Autres lignes" in written.errors[0]["message"]


def test_answers_of_one_name_stay_those_of_their_phase(client: Client, final: Phase) -> None:
    challenge, by = final.challenge, world.owner_of(final.challenge)
    for name in ("Rattrapage", "Comme la première"):
        challenge.refresh_from_db()
        phases.add_phase(challenge=challenge, name=name, kind=PhaseKind.FINAL, by=by)
    content = {1: TRUTH.replace(",1,", ",2,"), 2: TRUTH.replace(",3,", ",2,")}
    for index, truth in content.items():
        send(client, "give_answers", index, truth=("truth.csv", truth))
    measures = SCORING | {"metric_0": "f1_macro", "metric_1": "", "metric_2": ""}
    send(client, "measure_phase", 3, **measures)
    others = SECOND_OPINION.replace("A0001", "Z0001")
    send(client, "add_task", 1, name="Autres lignes", truth=("truth.csv", others))
    written = checked(client)
    assert [each["code"] for each in written.errors] == ["E_IDS"]
    send(client, "remove_task", 1, 1)
    send(client, "add_task", 1, name="Second avis", truth=("truth.csv", SECOND_OPINION))
    assert checked(client).errors == []
    sealed = {
        (each.phase.index, each.index): gate.open_holdout(
            version=each.holdout, reason="compile", by=WORKER
        )["truth.csv"].decode()
        for each in PhaseTask.objects.filter(current=True)
    }
    assert sealed == {(0, 0): TRUTH, (3, 0): TRUTH, (1, 1): SECOND_OPINION} | {
        (index, 0): truth for index, truth in content.items()
    }


def test_an_imported_draft_with_a_second_task_is_checked_again(
    client: Client, by: User, tmp_path: Path
) -> None:
    phase = world.imported(tmp_path, by).phases.get()
    lines = (tmp_path / "niveau" / "truth.csv").read_text("utf-8")
    sent = {"name": "Second avis", "truth": ("avis.csv", lines)}
    assert send(client, "add_task", 0, **sent).status_code == 302
    assert checked(client).errors == []
    assert phase.tasks.filter(current=True).count() == 2
    written = checked(client)
    assert (written.state, written.errors) == ("done", [])


def test_what_is_missing_is_said_beside_its_field(client: Client, final: Phase) -> None:
    wrong = [
        (send(client, "give_answers", 1), "Choisissez au moins un fichier."),
        (send(client, "give_answers", 1, truth=("a.csv", "")), "Ce fichier est vide."),
        (send(client, "give_answers", 1, truth=("a.txt", "x")), "ligne d’en-tête"),
        (send(client, "add_task", 1, name="", truth=("a.csv", "id,y\n")), "un nom à la tâche"),
        (send(client, "add_task", 1, name="A"), "Choisissez le fichier des réponses."),
        (send(client, "measure_phase", 1, **(SCORING | {"target": "id"})), "pas la colonne"),
    ]
    assert [(page.status_code, said in page.text) for page, said in wrong] == [(422, True)] * 6
    assert send(client, "give_answers", 0, truth=("t.csv", TRUTH)).status_code == 409
    assert ChallengeDraft.objects.get().scorings == []
    Challenge.objects.update(status="in_review")
    assert send(client, "give_answers", 1, truth=("t.csv", TRUTH)).status_code == 409
    assert (
        "nouvelle version"
        in client.get(reverse("challenges:write_phase_scoring", args=["niveau", 1])).text
    )
    assert not AuditEvent.objects.filter(action="phase.answers_given").exists()


NAMES = [f"A{number:02}" for number in range(40)]


def part(at: int) -> str:
    """Say which part a row is of."""
    return "public" if at % 3 == 0 else "private"


def table(header: str, *cells: str) -> str:
    """Write a table with one row for each identifier and pattern: {id}, {at}, {part}."""
    rows = [
        each.format(id=one, at=at, n=at % 7, part=part(at), c="ab"[at % 2])
        for at, one in enumerate(NAMES)
        for each in cells
    ]
    return "\n".join([header, *rows]) + "\n"


INPUTS = table("id,x", "{id},{at}")
# shape: (test, sample, truth, what the form sends besides)
CASES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "listes": (
        INPUTS,
        table("id,rang,cible", "{id},1,x", "{id},2,y"),
        table("id,cible,gain,jeu", "{id},x,1,{part}", "{id},y,{n},{part}"),
        {
            "query": "id",
            "item": "cible",
            "rank": "rang",
            "gain": "gain",
            "max_items_per_query": "2",
            "metric_0": "ndcg",
            "params_0": "k = 2 ; gain = linear",
        },
    ),
    "scores": (
        table("id,cible", "{id},x", "{id},y"),
        table("id,cible,score", "{id},x,0.5", "{id},y,0.4"),
        table("id,cible,gain,jeu", "{id},x,1,{part}", "{id},y,0,{part}"),
        {
            "query": "id",
            "item": "cible",
            "score": "score",
            "gain": "gain",
            "policy": "complete",
            "metric_0": "map_at_k",
        },
    ),
    "probabilites": (
        INPUTS,
        table("id,a,b", "{id},0.5,0.5"),
        table("id,classe,jeu", "{id},{c},{part}"),
        {
            "id": "id",
            "numbers": ["a", "b"],
            "target": "classe",
            "metric_0": "log_loss_multi",
        },
    ),
}


def begun(client: Client, by: User, shape: str) -> Challenge:
    """Begin a challenge, and send its three files."""
    task = "ranking" if shape in {"listes", "scores"} else "classification"
    made = started(by, slug="formes", title="Formes", task=task)
    roles = ("test", "sample_submission", "truth")
    for role, content in zip(roles, CASES[shape][:3], strict=True):
        file = SimpleUploadedFile(f"{role}.csv", content.encode())
        sent = client.post(at("write_files"), {"role": role, "file": file})
        assert sent.status_code == 302
    return made


def at(route: str) -> str:
    """Return the address of a page."""
    return reverse(f"challenges:{route}", args=["formes"])


def scored(client: Client, shape: str, **changes: Any) -> Any:
    """Send the form of a shape."""
    sent = {"split": "jeu", "public": "public", "private": "private", "primary": "0"}
    sent |= {f"decimals_{at}": "4" for at in range(6)} | CASES[shape][3] | changes
    return client.post(f"{at('write_scoring')}?forme={shape}", sent)


@pytest.mark.parametrize("shape", sorted(CASES))
def test_each_shape_is_written_by_form_and_compiled(client: Client, by: User, shape: str) -> None:
    begun(client, by, shape)
    assert client.get(f"{at('write_scoring')}?forme={shape}").status_code == 200
    page = scored(client, shape)
    assert page.status_code == 302, page.context["form"].errors
    assert drain()
    written = ChallengeDraft.objects.get()
    assert written.errors == []
    spec = ScorerVersion.objects.get().spec
    assert spec["metrics"][0]["metric"] == CASES[shape][3]["metric_0"]
    challenge = Challenge.objects.get()
    assert shape_of(challenge.bundle) == shape
    form = client.get(at("write_scoring")).context["form"]
    own = CASES[shape][3]
    assert {key: form[key].value() for key in own if not key.startswith(("params", "max"))} == {
        key: value for key, value in own.items() if not key.startswith(("params", "max"))
    }
    assert challenge.phases.get().tasks.get().holdout.is_compiled


def test_wrong_roles_are_said_beside_their_fields(client: Client, by: User) -> None:
    begun(client, by, "probabilites")
    wrong = [
        ("probabilites", {"numbers": ["a"]}, "Deux colonnes au moins"),
        ("probabilites", {"numbers": ["id", "a", "b"]}, "pas un nombre à donner"),
        ("listes", {"query": "id", "item": "id", "rank": "a", "gain": "classe"}, "déjà un rôle"),
    ]
    for shape, changes, said in wrong:
        page = scored(client, shape, **changes)
        assert (page.status_code, said in page.text) == (422, True), changes
    assert not ChallengeDraft.objects.filter(number__gt=0).exists()


def test_a_shape_that_only_a_folder_describes_says_so(client: Client, by: User) -> None:
    challenge = begun(client, by, "probabilites")
    challenge.refresh_from_db()
    challenge.bundle |= {"submission": {"layout": "numbers_per_id", "form": "targets"}}
    challenge.save()
    assert (
        "La forme de ces réponses se décrit dans un dossier" in client.get(at("write_scoring")).text
    )
    assert client.get(f"{at('write_scoring')}?forme=lignes").context["form"] is not None


def test_each_task_begins_with_a_shape() -> None:
    assert set(TASKS) == set(Task)
    assert {shape_of({"task": task}) for task in Task} == {ROWS, "listes"}
    assert set(SHAPES) == {ROWS, *CASES}
