"""Answers that are not one a row, chosen by form: what each writes is read and compiled."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Task
from challenges.models import Challenge, ChallengeDraft, ScorerVersion
from challenges.organising.actions import drafts
from challenges.organising.forms.challenges import TASKS
from challenges.organising.forms.scorings import ROWS, SHAPES, shape_of
from challenges.worker import drain
from portal.accounts.models import User

pytestmark = pytest.mark.django_db
IDS = [f"A{number:02}" for number in range(40)]


def part(at: int) -> str:
    """Say which part a row is of."""
    return "public" if at % 3 == 0 else "private"


def table(header: str, *cells: str) -> str:
    """Write a table with one row for each identifier and pattern: {id}, {at}, {part}."""
    rows = [
        each.format(id=one, at=at, n=at % 7, part=part(at), c="ab"[at % 2])
        for at, one in enumerate(IDS)
        for each in cells
    ]
    return "\n".join([header, *rows]) + "\n"


TEST = table("id,x", "{id},{at}")
# shape: (test, sample, truth, what the form sends besides)
CASES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "listes": (
        TEST,
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
        TEST,
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
    made = drafts.start(
        organisation=by.memberships.get().organisation,
        slug="formes",
        title="Formes",
        summary="Un exemple.",
        task="ranking" if shape in {"listes", "scores"} else "classification",
        by=by,
    )
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
