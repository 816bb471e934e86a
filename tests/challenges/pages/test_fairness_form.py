"""The page on which an organiser declares the fairness of a draft."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Role
from challenges.models import Challenge, ChallengeDraft, ScorerVersion
from challenges.organising.actions import drafts
from challenges.organising.queries import checklist
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.test_authoring import IDS, built, deposit

pytestmark = pytest.mark.django_db
TRUTH = "id,niveau,jeu,sexe,age,insee\n" + "".join(
    f"{one},{world.truth_of(at)},{'public' if at % 10 < 3 else 'private'},"
    f"{'f' if at % 2 else 'h'},{'jeune' if at % 3 else 'senior'},{at % 2}\n"
    for at, one in enumerate(IDS)
)
FAIRNESS: dict[str, Any] = {
    "n_min_group": "15",
    "min_rows": "10",
    "shown": "public",
    "person": "row",
    "column_0": "sexe",
    "label_0": "Sexe",
    "groups_0": "f = Femmes ; h = Hommes",
    "figure_0": "gap",
    "column_1": "age",
    "audit": "on",
    "crossings": ["0-1"],
    "column": "worst_group",
    "limit": "0,25",
}


@pytest.fixture
def challenge(by: User) -> Challenge:
    """Return a draft whose answers have columns that make groups."""
    made = built(by)
    truth = deposit("truth.csv", TRUTH)
    return drafts.add_file(challenge=made, role=Role.TRUTH, deposit=truth, by=by)


def sent(client: Client, **changes: Any) -> Any:
    """Send the form, these fields changed."""
    data = {key: value for key, value in (FAIRNESS | changes).items() if value is not None}
    return client.post(reverse("challenges:write_fairness", args=["niveau"]), data)


def test_fairness_is_declared_by_form_and_announced(client: Client, challenge: Challenge) -> None:
    assert sent(client).status_code == 302
    assert drain()
    assert ChallengeDraft.objects.get().errors == []
    spec = ScorerVersion.objects.order_by("-number")[0].spec["fairness"]
    assert [(each["key"], each["groups"]) for each in spec["attributes"]] == [
        ("sexe", {"f": "Femmes", "h": "Hommes"}),
        ("age", {}),
    ]
    assert [(each["key"], each["by"], each["aggregate"]) for each in spec["metrics"]] == [
        ("sexe_gap", "sexe", "gap")
    ]
    assert (spec["min_rows"], spec["n_min_group"]) == (10, 15)
    assert spec["audit"]["crossings"] == [["sexe", "age"]]
    challenge.refresh_from_db()
    assert challenge.n_min_group == 15
    column = challenge.leaderboards.get().columns.get(key="equite")
    assert (column.valid_min, column.valid_max) == (0.25, None)
    assert {each.key: each.state for each in checklist(challenge)}["fairness"] == "ready"
    form = client.get(reverse("challenges:write_fairness", args=["niveau"])).context["form"]
    assert {key: form[key].value() for key in ("column_1", "figure_0", "crossings", "limit")} == {
        "column_1": "age",
        "figure_0": "gap",
        "crossings": ["0-1"],
        "limit": 0.25,
    }
    assert (
        "Moins bon groupe" not in client.get(reverse("challenges:standings", args=["niveau"])).text
    )


def test_what_must_not_be_compared_is_refused(client: Client, challenge: Challenge) -> None:
    wrong = [
        ({"n_min_group": "5"}, "11"),
        ({"column_1": "sexe"}, "déjà un attribut"),
        ({"column_0": "", "column_1": "", "crossings": [], "figure_0": ""}, "d’un attribut"),
        ({"crossings": ["0-3"]}, "les deux attributs"),
        ({"column": ""}, "Un seuil porte sur"),
        ({"person": "cluster"}, "pas de colonne de regroupement"),
        ({"groups_0": "Femmes"}, "nom = valeur"),
    ]
    for changes, said in wrong:
        page = sent(client, **changes)
        assert (page.status_code, said in page.text) == (422, True), changes
    crossed = sent(client, nature_0="origin", column_1="insee", nature_1="commune")
    assert crossed.status_code == 302
    assert drain()
    written = ChallengeDraft.objects.get()
    assert (written.state, {each["code"] for each in written.errors}) == ("refused", {"E_AUDIT"})


def test_the_page_says_what_comes_first_and_closes_with_the_draft(
    client: Client, challenge: Challenge, by: User
) -> None:
    other = drafts.start(
        organisation=challenge.organiser, slug="autre", title="A", summary="A", task="", by=by
    )
    address = reverse("challenges:write_fairness", args=[other.slug])
    assert "Réglez d’abord la notation" in client.get(address).text
    assert client.post(address, FAIRNESS).status_code == 422
    Challenge.objects.update(status="in_review")
    assert sent(client).status_code == 409
    page = client.get(reverse("challenges:write_fairness", args=["niveau"])).text
    assert "s’annoncent avant l’ouverture" in page
