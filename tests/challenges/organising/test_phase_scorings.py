"""What scores a phase, chosen by form: its own answers, several tasks, every shape of answers."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Task
from challenges.exchange import worker
from challenges.invariants import doubled_tasks
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Phase,
    PhaseTask,
    PublicFile,
    ScorerVersion,
)
from challenges.organising.actions import challenges as acts
from challenges.organising.actions import drafts, phases
from challenges.organising.actions.texts import write_terms
from challenges.organising.enums import BoardRule, BuildState, PhaseKind
from challenges.organising.forms.challenges import TASKS
from challenges.organising.forms.scorings import ROWS, SHAPES, WORDS, shape_of
from challenges.organising.queries import missing
from challenges.queue.actions import WORKER
from challenges.scoring.registry import METRICS
from challenges.worker import drain
from datasets import gate
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib import clock
from tests.challenges import world
from tests.challenges.organising.test_authoring import (
    IDS,
    SCORING,
    SUBMISSION,
    TRUTH,
    TRUTH_KEYS,
    built,
    deposit,
    filled,
    started,
)
from tests.challenges.organising.test_authoring import METRICS as FIGURES

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
    challenge = world.licensed(built(by))
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
    assert [each.key for each in board.columns.all()] == ["exactitude", "mae", "mixte"]


def test_answers_of_a_phase_are_drawn_as_those_of_the_first(client: Client, by: User) -> None:
    split = {"column": "tirage", "public": "public", "private": "private"}
    measure: dict[str, Any] = {"submission": SUBMISSION, "metrics": FIGURES, "public_share": 0.3}
    challenge = filled(by)
    drafts.measure(challenge=challenge, truth=TRUTH_KEYS | {"split": split}, **measure, by=by)
    challenge.refresh_from_db()
    final = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    send(client, "give_answers", 1, truth=("finale.csv", TRUTH.replace(",1,", ",2,")))
    assert checked(client).errors == []
    assert PhaseTask.objects.get(current=True, phase=final).holdout.is_compiled
    send(client, "give_answers", 1, truth=("finale.csv", TRUTH.replace("id,", "ligne,", 1)))
    fault = checked(client).errors[0]
    assert (fault["code"], fault["message"].split(" : ")[0]) == ("E_COLUMN_MISSING", "phase 2")


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
        (send(client, "measure_phase", 1, metric_0=""), "c’est elle qui classe"),
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


TWICE = "Colonne déclarée deux fois"
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
            "max_items": "2",
            "metric_0": "ndcg",
            "k_0": "2",
            "gain_0": "linear",
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
            "metric_0": "ndcg",
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


HEADS = ("id", "query", "item", "gain", "target", "split_column")


def begun(client: Client, by: User, shape: str, **given: str) -> Challenge:
    """Begin a challenge, and send its three files."""
    task = "ranking" if shape in {"listes", "scores"} else "classification"
    made = started(by, slug="formes", title="Formes", task=task, **given)
    roles = ("test", "sample_submission", "truth")
    files = [
        SimpleUploadedFile(f"{role}.csv", content.encode())
        for role, content in zip(roles, CASES[shape][:3], strict=True)
    ]
    assert client.post(at("write_files"), {"uploads": files}).status_code == 200
    return made


def at(route: str) -> str:
    """Return the address of a page."""
    return reverse(f"challenges:{route}", args=["formes"])


def scored(client: Client, shape: str, **changes: Any) -> Any:
    """Send the forms of a shape: its columns, then its figures."""
    sent = {"split_column": "jeu", "public": "public", "private": "private"}
    sent |= {"share": "30", "forme": shape, "forme_montree": shape}
    sent |= {f"decimals_{at}": "4" for at in range(6)} | CASES[shape][3] | changes
    columns = {key: value for key, value in sent.items() if key != "ajouter"}
    held = CASES[shape][2].split("\n")[0].split(",")
    columns |= {f"sens_{held.index(sent[role])}": role for role in HEADS if sent.get(role) in held}
    page = client.post(at("write_files"), columns)
    return page if page.status_code != 302 else client.post(at("write_scoring"), sent)


@pytest.mark.parametrize("shape", sorted(CASES))
def test_what_the_headers_suggest_is_saved_as_it_is_and_compiled(
    client: Client, by: User, shape: str
) -> None:
    begun(client, by, shape)
    asked = CASES[shape][3]
    columns = {key: value for key, value in asked.items() if key in HEADS}
    for route, part in (("write_files", "columns"), ("write_scoring", "")):
        form = client.get(at(route)).context["form"]
        form = getattr(form, part) if part else form
        shown = {name: form[name].value() for name in form.fields}
        if part:
            assert {meaning.value(): column for column, meaning in form.heads} == columns | {
                "split_column": "jeu"
            }
        sent = {name: value for name, value in shown.items() if value not in (None, False)}
        page = client.post(at(route), sent)
        assert page.status_code == 302, page.context["form"].errors
    assert drain()
    written = ChallengeDraft.objects.get()
    assert written.errors == []
    assert {name: [*each["figures"]] for name, each in written.trial.items()} == {
        name: [asked["metric_0"]] for name in ("sample", "constant")
    }
    spec = ScorerVersion.objects.get().spec
    assert [each["metric"] for each in spec["metrics"]] == [asked["metric_0"]]
    challenge = Challenge.objects.get()
    assert shape_of(challenge.bundle) == shape
    again = client.get(at("write_files")).context["form"].columns
    assert {meaning.value() for _name, meaning in again.heads} == {*columns, "split_column"}
    assert challenge.phases.get().tasks.get().holdout.is_compiled


def test_another_measure_is_asked_for_and_what_was_typed_stays(client: Client, by: User) -> None:
    begun(client, by, "listes")
    assert scored(client, "listes").status_code == 302
    shown = client.get(at("write_scoring")).context["form"]
    assert shown["metric_0"].field.widget.input_type == "radio"
    page = client.post(at("write_scoring"), {"metric_0": "mrr_at_k", "k_0": "5", "ajouter": "1"})
    form = page.context["form"]
    assert (page.status_code, form.count, form.errors) == (200, 2, {})
    assert (form["metric_0"].value(), form["k_0"].value()) == ("mrr_at_k", "5")
    assert ("gain_0" in form.fields, form["label_0"].value() or "") == (False, "")
    every = client.post(at("write_scoring"), {"metric_0": "ndcg", "toutes": "1"}).context["form"]
    cards = every["metric_0"].field
    assert [*dict(cards.choices)][:3] == [*dict(shown["metric_0"].field.choices)]
    assert cards.widget.input_type == "radio"
    assert set(dict(cards.choices)) == {*every.measures, "formula"}
    assert all(str(cards.descriptions[name]) for name, _title in cards.choices)
    other = client.post(at("write_scoring"), {"metric_0": "map_at_k", "montrer": "1"})
    offered = dict(other.context["form"]["metric_0"].field.choices)
    assert [*offered] == [*dict(shown["metric_0"].field.choices), "map_at_k"]
    assert ChallengeDraft.objects.get().number == 1


def test_a_measure_is_tried_and_its_page_says_what_the_teams_will_see(
    client: Client, by: User
) -> None:
    begun(client, by, "listes")
    sent = {"metric_0": "recall_at_k", "metric_1": "ndcg", "k_1": "", "essayer": "1"}
    page = scored(client, "listes", **sent)
    assert page["Location"] == at("write_scoring")
    assert "data-poll" in client.get(at("write_scoring")).text
    assert drain()
    live = client.get(at("write_scoring"), headers={"X-Fragment": "1"}).text
    assert "data-final" in live
    page = client.get(at("write_scoring"))
    first, constant = page.context["answers"]
    assert (first["text"], constant["text"]) == ("1,0000", "1,0000")
    assert ("Plancher", "1,0000") in page.context["seen"]
    assert ("À côté", "NDCG, intervalle à 95 %") in page.context["seen"]


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ((0.5, 0.45, 0.55), "c’est le plancher"),
        ((0.33, 0.28, 0.38), "ne se distinguent pas"),
        ((0.27, 0.22, 0.32), "ne se distinguent pas"),
        ((0.3, 0.25, 0.35), "Les deux ont le même score"),
        ((0.1, 0.05, 0.15), "fait moins bien"),
    ],
)
@pytest.mark.parametrize("generated", [False, True])
def test_the_trial_calls_apart_what_its_intervals_part(
    client: Client, by: User, sample: Any, said: str, generated: bool
) -> None:
    challenge = begun(client, by, "listes")
    assert scored(client, "listes", metric_0="recall_at_k").status_code == 302
    challenge.refresh_from_db()
    for each in challenge.bundle["files"]["public"]:
        each["generated"] = generated
    challenge.save()
    (key,) = [each["key"] for each in challenge.bundle["metrics"]]
    trial = {
        name: {"n": 30, "figures": {key: dict(zip(("value", "low", "high"), three, strict=True))}}
        for name, three in (("sample", sample), ("constant", (0.3, 0.25, 0.35)))
    }
    ChallengeDraft.objects.update(trial=trial)
    page = client.get(at("write_scoring")).text
    assert (said in page) is not generated
    assert ("Votre exemple de réponse" in page) is not generated


def test_another_choice_keeps_the_last_trial_and_says_that_it_is_not_of_it(
    client: Client, by: User
) -> None:
    begun(client, by, "listes")
    assert scored(client, "listes", metric_0="recall_at_k", essayer="1").status_code == 302
    assert drain()
    saved = {"metric_0": "recall_at_k", "k_0": "2"}
    for asked in ("ajouter", "toutes", "montrer"):
        page = client.post(at("write_scoring"), saved | {asked: "1"})
        assert page.context["answers"][1]["text"] == "1,0000"
        assert ("Plancher", "1,0000") in page.context["seen"]
        assert "ancienne mesure" not in page.text
    typed = client.post(at("write_scoring"), {"metric_0": "ndcg", "montrer": "1"})
    assert typed.context["answers"][1]["text"] == "1,0000"
    assert "ancienne mesure" in typed.text
    assert typed.context["seen"][0] == ("Rang selon", "NDCG, k = 2")
    assert "Choix pas encore enregistré." in typed.text


def test_a_running_check_is_no_missing_thing_and_the_panel_follows_it(
    client: Client, by: User
) -> None:
    challenge = world.licensed(begun(client, by, "listes"))
    assert scored(client, "listes", essayer="1").status_code == 302
    write_terms(challenge=challenge, text="Un règlement.", by=by)
    page = client.get(at("write_scoring"))
    assert (page.context["missing"], page.context["checking"]) == ([], True)
    panel = f"{at('draft_state')}?manque=etape"
    assert f'data-poll="{panel}"' in page.text
    option = f"{at('draft_state')}?manque=option"
    assert f'data-poll="{option}"' in client.get(at("write_phases")).text
    assert "data-final" not in client.get(panel).text
    assert drain()
    assert "data-final" in client.get(panel).text
    assert "visa" in client.get(panel).text
    assert "visa" not in client.get(option).text


def test_no_check_is_asked_without_a_summary_and_its_field_is_named(
    client: Client, by: User
) -> None:
    begun(client, by, "listes", summary="")
    assert scored(client, "listes", essayer="1").status_code == 302
    assert not ChallengeDraft.objects.exclude(number=0).exists()
    lacking = client.get(at("write_scoring"), headers={"X-Fragment": "1"}).text
    assert f'href="{at("write_texts")}#id_summary"' in lacking
    assert ">le résumé</a>" in lacking
    sent = {"title": "Formes", "summary": "Un résumé.", "terms": "Une équipe."}
    sent |= {"licence_name": "Licence Ouverte", "licence_status": "verified"}
    assert client.post(at("write_texts"), sent).status_code == 302
    assert drain()
    assert ChallengeDraft.objects.get().state == BuildState.DONE


def test_what_the_form_shows_is_saved_on_the_way_to_the_visa(client: Client, by: User) -> None:
    challenge = world.licensed(begun(client, by, "listes"))
    assert scored(client, "listes", essayer="1").status_code == 302
    write_terms(challenge=challenge, text="Un règlement.", by=by)
    assert drain()
    page = client.get(at("write_scoring")).text
    assert page.count("Enregistrer et passer au visa") == 1
    assert 'type="submit" form="etape" name="quitter"' in page
    assert 'id="etape" method="post"' in page
    sent = {"metric_0": "recall_at_k", "k_0": "2", "quitter": "1"}
    assert client.post(at("write_scoring"), sent)["Location"] == at("organiser")
    assert Challenge.objects.get().bundle["metrics"][0]["metric"] == "recall_at_k"


def test_an_imported_figure_may_leave_out_its_label_and_its_decimals(
    client: Client, by: User, tmp_path: Path
) -> None:
    bare = {"key": "juste", "metric": "accuracy", "direction": "max", "primary": True}
    challenge = world.imported(tmp_path, by, metrics=[bare], fairness=None)
    page = client.get(reverse("challenges:write_scoring", args=[challenge.slug]))
    assert ("Rang selon", "juste") in page.context["seen"]


@pytest.mark.parametrize(
    ("sent", "shape", "changes", "said"),
    [
        ("probabilites", "probabilites", {"numbers": ["a"]}, "Deux colonnes au moins"),
        ("probabilites", "probabilites", {"numbers": ["id", "a", "b"]}, TWICE),
        ("listes", "listes", {"item": "id"}, "Aucune colonne n’est"),
        ("listes", "listes", {"k_0": "dix"}, "Saisissez un nombre entier"),
        ("listes", "listes", {"gain_0": "cubique"}, "Sélectionnez un choix valide"),
        ("probabilites", "probabilites", {"clip_0": "0,7"}, "Clip doit être entre 0 et 0.5"),
        ("listes", "listes", {"metric_0": "formula"}, "Dites dans quel sens"),
    ],
)
def test_wrong_roles_are_said_beside_their_fields(
    client: Client, by: User, sent: str, shape: str, changes: dict[str, Any], said: str
) -> None:
    begun(client, by, sent)
    page = scored(client, shape, **changes)
    assert (page.status_code, said in page.text) == (422, True)
    assert not ChallengeDraft.objects.filter(number__gt=1).exists()


def test_no_example_is_worked_with_a_setting_out_of_its_bounds(client: Client, by: User) -> None:
    filled(by)
    sent = {"metric_0": "pinball", "tau_0": "1e308", "decimals_0": "4"}
    page = send(client, "write_scoring", **sent)
    assert (page.status_code, "Tau doit être entre 0 et 1" in page.text) == (422, True)
    shown = send(client, "write_scoring", **sent, montrer="1").context["form"]
    assert shown.slots[0]["example"] is None


def test_what_is_saved_while_the_check_runs_is_kept(
    by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, closes_at = filled(by), clock.now() + timedelta(days=30)
    drafts.ask_build(challenge=challenge, by=by)
    tried = worker.try_measures

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(worker, "try_measures", tried)
        phase = Phase.objects.get()
        acts.set_dates(phase=phase, opens_at=None, closes_at=closes_at, by=by)
        asked = {"kind": phase.kind, "max_per_day": 7}
        phases.settle_phase(phase=phase, settings=asked, rule=BoardRule.BEST, by=by)
        return tried(*args)

    monkeypatch.setattr(worker, "try_measures", meanwhile)
    assert drain()
    phase = Phase.objects.get()
    assert (phase.closes_at, phase.max_per_day) == (clock.last_second(closes_at), 7)
    assert ChallengeDraft.objects.get().state == BuildState.DONE
    drafts.ask_build(challenge=challenge, by=by)  # of what is there already

    def unsorted(*args: Any) -> Any:
        monkeypatch.setattr(worker, "try_measures", tried)
        sent = [deposit("noms.csv", "nom,ville\nA,B\n")]
        drafts.add_files(challenge=challenge, deposits=sent, by=by)
        return tried(*args)

    monkeypatch.setattr(worker, "try_measures", unsorted)
    assert drain()
    draft = ChallengeDraft.objects.get()
    assert (draft.state, draft.errors[0]["code"]) == (BuildState.REFUSED, "not_buildable")
    assert not PublicFile.objects.filter(name="noms.csv").exists()


def test_a_draft_written_to_after_its_import_is_read_again(
    by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, reads = filled(by), list[int]()
    drafts.ask_build(challenge=challenge, by=by)
    followed = phases.follow_first

    def then_changed(*, challenge: Challenge) -> None:
        followed(challenge=challenge)
        if not reads:
            sent = [deposit("truth.csv", TRUTH.replace(",3,", ",2,"))]
            drafts.add_files(challenge=challenge, deposits=sent, by=by)
        reads.append(challenge.pk)

    monkeypatch.setattr(phases, "follow_first", then_changed)
    assert drain()
    assert (len(reads), ChallengeDraft.objects.get().state) == (2, BuildState.DONE)


def test_a_form_of_answers_that_is_written_in_a_folder_is_said(client: Client, by: User) -> None:
    challenge = begun(client, by, "probabilites")
    challenge.refresh_from_db()
    challenge.bundle |= {"submission": {"layout": "numbers_per_id", "form": "targets"}}
    challenge.save()
    page = client.get(at("write_scoring")).text
    assert "La forme de ces réponses se décrit dans un dossier" in page
    assert client.get(f"{at('write_files')}?forme=lignes").context["form"].columns


def test_every_parameter_of_a_measure_has_its_words() -> None:
    named = {f"params.{one.name}" for each in METRICS.values() for one in each.parameters}
    assert {place for place in WORDS if place.startswith("params.")} == {*named, "params.target"}


def test_each_task_begins_with_a_shape() -> None:
    assert set(TASKS) == set(Task)
    assert {shape_of({"task": task}) for task in Task} == {ROWS, "listes"}
    assert set(SHAPES) == {ROWS, *CASES}
