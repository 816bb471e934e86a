"""Fairness: declared in a draft, audited under seal, told once at the reveal, limits of prizes."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Role
from challenges.evaluation.enums import Split
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Column,
    Entry,
    FairnessAudit,
    Phase,
    Score,
    ScorerVersion,
    SealedResult,
)
from challenges.organising.actions import drafts
from challenges.organising.enums import ColumnKind
from challenges.organising.queries import checklist
from challenges.results.queries import boards
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib.storage import objects
from tests.challenges import world
from tests.challenges.bundles import folders
from tests.challenges.organising.test_authoring import IDS, built, deposit, filled, started
from tests.challenges.pages.scenes import Costs, board_of, clocked, listed, plain, reveal, url_of
from tests.challenges.world import (
    entered,
    imported,
    opened,
    owner_of,
    revealed,
    scored,
    truth_of,
)
from tests.factories import findings
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
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
def draft(by: User) -> Challenge:
    """Return a draft whose answers have columns that make groups."""
    made = built(by)
    truth = deposit("truth.csv", TRUTH)
    return drafts.add_file(challenge=made, role=Role.TRUTH, deposit=truth, by=by)


def sent(client: Client, **changes: Any) -> Any:
    """Send the form, these fields changed."""
    data = {key: value for key, value in (FAIRNESS | changes).items() if value is not None}
    return client.post(reverse("challenges:write_fairness", args=["niveau"]), data)


def test_groups_too_small_to_be_compared_are_told_at_the_check(
    client: Client, draft: Challenge
) -> None:
    for least, told in (("10", 0), ("1000", 2)):
        assert sent(client, min_rows=least).status_code == 302
        assert drain()
        warnings = [each["code"] for each in ChallengeDraft.objects.get().warnings]
        assert warnings.count("W_GROUPS_SMALL") == told


def test_fairness_is_declared_by_form_and_announced(client: Client, draft: Challenge) -> None:
    scoring = reverse("challenges:write_scoring", args=["niveau"])
    assert "former des groupes (sexe, age)" in plain(client.get(scoring).text)
    form = client.get(reverse("challenges:write_fairness", args=["niveau"])).context["form"]
    assert [form[f"column_{at}"].value() for at in range(3)] == ["sexe", "age", None]
    assert [each["open"] for each in form.slots] == [True, True, False, False]
    assert sent(client).status_code == 302
    assert "Sexe, age ; groupes de moins de 15 masqués" in plain(client.get(scoring).text)
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
    draft.refresh_from_db()
    assert draft.n_min_group == 15
    column = draft.leaderboards.get().columns.get(key="equite")
    assert (column.valid_min, column.valid_max) == (0.25, None)
    assert {each.key: each.state for each in checklist(draft)}["fairness"] == "ready"
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


def test_answers_without_a_group_are_told_to_take_one(client: Client, by: User) -> None:
    bare = "".join(line.rsplit(",", 3)[0] + "\n" for line in TRUTH.splitlines())
    address = url_of(filled(by, **{"truth.csv": bare}), "write_fairness")
    page = plain(client.get(address).text)
    assert "Ajoutez une colonne de groupe à truth.csv" in page
    assert 'name="column_0"' not in page


def test_what_must_not_be_compared_is_refused(client: Client, draft: Challenge) -> None:
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
    client: Client, draft: Challenge, by: User
) -> None:
    other = started(by, slug="autre")
    address = url_of(other, "write_fairness")
    assert "Réglez d’abord la notation" in client.get(address).text
    assert client.post(address, FAIRNESS).status_code == 422
    Challenge.objects.update(status="in_review")
    assert sent(client).status_code == 409
    page = client.get(reverse("challenges:write_fairness", args=["niveau"])).text
    assert "s’annoncent avant l’ouverture" in page


VISITOR = SystemActor("visitor")


def fairness(**audit: Any) -> Any:
    """Return the fairness of the small folder with an audit."""
    found: Any = folders.document()["fairness"]
    return {**found, "audit": {"positive": 3, "event": "niveaux 3", **audit}}


def audited(path: Path, **audit: Any) -> Challenge:
    """Open a challenge that declares an audit, with two entries scored."""
    return scored(path, 0.9, 0.5, fairness=fairness(**audit))


def test_the_reveal_tells_the_audit_of_each_team_once(tmp_path: Path) -> None:
    made = audited(tmp_path, column={"limit": 0.6})
    assert (FairnessAudit.objects.count(), SealedResult.objects.count()) == (0, 3)
    revealed(made)
    assert FairnessAudit.objects.count() == 3
    entry = Entry.objects.get(enrolment__team__state="reference")
    record = FairnessAudit.objects.get(evaluation__entry=entry).record
    assert (record["kind"], record["n"], record["shown"]) == ("labels", 85, "public")
    (zone,) = record["slices"]
    assert [(each["key"], each["n"]) for each in zone["groups"]] == [(["nord"], 50), (["sud"], 35)]
    lines = (line.split(",") for line in objects.read(entry.sha256).decode().splitlines()[1:])
    answers = {int(name[1:]): int(value) for name, value in lines}
    selection = next(each for each in zone["figures"] if each["key"] == "selection")
    held = [row for row in range(120) if row % 10 >= 3]
    for at, side in enumerate((1, 0)):
        mine = [row for row in held if row % 2 == side]
        share = sum(answers[row] == 3 for row in mine) / len(mine)
        assert selection["groups"][at]["value"] == round(share, 3)
    metric = next(each for each in zone["figures"] if each["key"] == "metric")
    right = [
        sum(answers[row] == truth_of(row) for row in held if row % 2 == side)
        / sum(row % 2 == side for row in held)
        for side in (1, 0)
    ]
    assert [cell["value"] for cell in metric["groups"]] == [round(each, 4) for each in right]
    value = round(min(right), 4)
    assert record["column"] == {"value": value, "barred": value < 0.6}
    private = boards.whole_board(made.phases.get(), Split.PRIVATE, VISITOR)
    cells = {
        row.team_name: row.cells[[c.key for c in private.columns].index("equite")]
        for row in private.rows
    }
    assert cells["Solution de référence"]["value"] == value
    assert Score.objects.filter(metric="equite", split="public").count() == 0
    column = Column.objects.get(key="equite")
    assert (column.title, column.direction, column.valid_min, column.valid_max) == (
        "Pire groupe",
        "max",
        0.6,
        None,
    )


def test_a_challenge_raises_the_persons_a_group_must_count(tmp_path: Path) -> None:
    made = opened(tmp_path, fairness={**fairness(), "min_rows": 1})
    # Raised on the challenge, after its scoring was written with the ordinary threshold.
    Challenge.objects.update(n_min_group=45)
    with pytest.raises(IntegrityError, match="n_min_group"), transaction.atomic():
        Challenge.objects.update(n_min_group=10)  # fewer than eleven tells of persons
    entered(made, 0.9)
    assert drain()
    revealed(made)
    record = FairnessAudit.objects.filter(evaluation__entry__in=Entry.objects.of_teams())
    (zone,) = record.get().record["slices"]
    # 50 rows in the north would tell the 35 of the south.
    assert zone["groups"] == [
        {"key": ["nord"], "state": "hidden"},
        {"key": ["sud"], "state": "hidden"},
    ]
    board = boards.whole_board(made.phases.get(), Split.PRIVATE, VISITOR)
    assert "groups" not in boards.as_record(board)[0]["metrics"]["mae_par_zone"]


def test_a_team_reads_the_findings_of_one_entry_only(tmp_path: Path) -> None:
    """Two audits of answers that differ in one row would tell a group."""
    made = opened(tmp_path, fairness=fairness(column={"limit": 0.1}))
    first = entered(made, 0.9, seed=1)
    second = entered(made, 0.5, team=first.enrolment.team, seed=2)
    assert drain()
    revealed(made)
    (told,) = FairnessAudit.objects.filter(evaluation__entry__enrolment__team=first.enrolment.team)
    assert told.evaluation.entry_id == first.pk
    closing = list(Column.objects.filter(kind="fairness").values_list("key", flat=True))
    assert "equite" in closing
    groups = Score.objects.filter(metric__in=closing)
    assert groups.filter(evaluation__entry=first).exists()
    assert not groups.filter(evaluation__entry=second).exists()
    assert Score.objects.filter(evaluation__entry=second, split="private").exists()


LABELS = {"f": "Femmes", "h": "Hommes"}
SIZES = {"f": 800, "h": 800}
GAP = {"f": 0.4, "h": 0.8}


def told_entry(
    challenge: Challenge, *, teams: int = 1, shown: str = "public", **audit: Any
) -> Entry:
    """Reveal a challenge whose teams have an audit; return the entry of the first one."""
    board_of(challenge)
    names = [f"Équipe {at}" for at in range(teams)]
    for at, name in enumerate(names):
        listed(challenge, name, 0.3 + at / 10, rank=at + 1)
    reveal(challenge, {name: 0.31 + at / 10 for at, name in enumerate(names)})
    sizes, recalls = audit.pop("sizes", SIZES), audit.pop("recalls", GAP)
    record = findings.record(sizes, recalls, shown=shown, **audit)
    for entry in Entry.objects.order_by("received_at"):
        evaluation = entry.evaluations.get()
        findings.declare(evaluation, findings.contract(LABELS, shown=shown))
        findings.tell(evaluation, record)
    entry = Entry.objects.order_by("received_at").first()
    assert entry is not None
    return entry


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge."""
    return ChallengeFactory(opened=True, slug="tensions")


def address(name: str, entry: Entry) -> str:
    """Return the address of an audit."""
    return reverse(f"challenges:{name}", args=["tensions", entry.pk])


def test_a_gap_is_told_in_a_sentence_with_its_interval_and_in_json(
    client: Client, challenge: Challenge, costs: Costs
) -> None:
    entry = told_entry(challenge)
    with costs(clocked(6)):
        text = plain(client.get(address("audit", entry)).text)
    sentence = re.search(r"Pour le groupe « Femmes »[^<]*repère[^<]*", text)
    assert re.fullmatch(
        r"Pour le groupe « Femmes » \(n ≈ 800\), "
        r"le modèle repère \d\d,\d % des retours à l’emploi, "
        r"contre \d\d,\d % en moyenne "
        r"\(écart −\d\d,\d points, IC 95 % −\d\d,\d à −\d\d,\d\)\.",
        sentence[0],
    )
    assert "Écart significatif" in text
    assert "ne prouvent ni n’excluent une discrimination au sens du droit" in text
    assert "ne peuvent pas être satisfaites ensemble" in text
    record = entry.evaluations.get().fairness_audit.record
    answer = client.get(address("audit_json", entry))
    assert json.loads(answer.content) == {"challenge": "tensions", "team": "Équipe 0", **record}


@pytest.mark.parametrize(
    ("recall", "said"),
    [
        (0.6, "Écart non significatif"),
        (0.0, "Rappel nul : aucun cas positif n’est repéré dans : Femmes, Hommes."),
    ],
)
def test_no_gap_is_said_and_an_answer_that_finds_nobody_is_flagged(
    client: Client, challenge: Challenge, recall: float, said: str
) -> None:
    entry = told_entry(challenge, recalls={"f": recall, "h": recall})
    text = plain(client.get(address("audit", entry)).text)
    assert (said in text, "Pour le groupe « " in text) == (True, False)


def test_a_small_group_is_named_and_nothing_else(client: Client, challenge: Challenge) -> None:
    sizes = {"a": 600, "b": 40, "c": 300, "": 6}
    entry = told_entry(challenge, sizes=sizes, recalls=dict.fromkeys(sizes, 0.5))
    text = plain(client.get(address("audit", entry)).text)
    assert "groupes non montrés : non renseigné, b." in text
    groups = client.get(address("audit_json", entry)).json()["slices"][0]["groups"]
    assert [each["key"] for each in groups if each["state"] == "shown"] == [["a"], ["c"]]
    assert [each for each in groups if each["state"] == "hidden"] == [
        {"key": [""], "state": "hidden"},
        {"key": ["b"], "state": "hidden"},
    ]


@pytest.mark.parametrize(
    ("shown", "who", "status"),
    [
        ("public", "visitor", 200),
        ("team", "visitor", 404),
        ("team", "member", 404),
        ("team", "other", 404),
        ("team", "moderator", 404),
        ("team", "own", 200),
        ("team", "organiser", 200),
    ],
)
def test_who_reads_an_audit_after_the_reveal(
    client: Client, challenge: Challenge, shown: str, who: str, status: int
) -> None:
    entry = told_entry(challenge, shown=shown)
    people: dict[str, Any] = {
        "visitor": lambda: None,
        "member": UserFactory,
        "other": lambda: captain_of(TeamFactory(challenge=challenge)),
        "moderator": lambda: UserFactory(region="moderator"),
        "own": lambda: captain_of(entry.enrolment.team),
        "organiser": lambda: challenge.organisers.get().user,
    }
    person = people[who]()
    if person is not None:
        client.force_login(person)
    for name in ("audit", "audit_json"):
        assert client.get(address(name, entry)).status_code == status, name
    listing = client.get(reverse("challenges:audits", args=["tensions"]))
    assert ("Équipe 0" in listing.text) is (status == 200)


def test_an_audit_is_that_of_a_listed_entry_and_read_after_the_reveal_alone(
    client: Client, challenge: Challenge
) -> None:
    entry = told_entry(challenge)
    own = signed_in(captain_of(entry.enrolment.team))
    entry.standings.filter(split=Split.PRIVATE).delete()
    assert client.get(address("audit", entry)).status_code == 404
    assert own.get(address("audit", entry)).status_code == 200
    challenge.phases.get().reveal.delete()
    for name in ("audit", "audit_json"):
        assert own.get(address(name, entry)).status_code == 404
    page = own.get(reverse("challenges:audits", args=["tensions"])).text
    assert "Scellé jusqu’aux résultats définitifs" in page
    assert "Sexe" in page
    assert "Écart" not in page


def test_the_board_leads_to_the_audits_and_marks_what_is_beyond_the_limit(
    client: Client, challenge: Challenge
) -> None:
    page = client.get(url_of(challenge, "audits")).text
    assert "Aucun audit d’équité n’est prévu" in page
    assert url_of(challenge, "audits") not in client.get(url_of(challenge, "standings")).text
    told_entry(challenge, teams=2)
    Column.objects.create(
        leaderboard=board_of(challenge),
        index=9,
        key="equite_audit",
        title="Pire groupe",
        kind=ColumnKind.FAIRNESS,
        direction="min",
        decimals=3,
        valid_max=0.5,
    )
    for row, value in zip(
        board_of(challenge).standings.filter(split=Split.PRIVATE).order_by("position"),
        (0.4, 0.6),
        strict=True,
    ):
        row.cells["equite_audit"] = {"value": value, "text": "", "low": None, "high": None}
        row.save()
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert reverse("challenges:audits", args=["tensions"]) in page.text
    cells = [
        next(cell for cell in row["extra"] if cell["label"] == "Équité")
        for row in page.context["rows"]
    ]
    assert [(cell["text"], cell["tone"]) for cell in cells] == [
        ("0,400", "pin"),
        ("0,600 hors seuil : pas de prix", "garance"),
    ]
    assert "0,600 hors seuil : pas de prix" in plain(page.text)
    assert "Pour recevoir un prix : « Pire groupe » d’au plus 0,500." in plain(page.text)
    records = client.get(reverse("challenges:standings_json", args=["tensions"])).json()["rows"]
    assert [(each["rank"], each["no_prize"]) for each in records] == [(1, False), (2, True)]
    sent = client.get(reverse("challenges:standings_csv", args=["tensions"])).text
    lines = list(csv.reader(io.StringIO(sent)))
    assert [line[-1] for line in lines] == ["sans_prix", "non", "oui"]


def test_the_list_of_audits_costs_the_same_for_one_and_three(
    client: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    told_entry(challenge, teams=count)
    with costs(clocked(6)):
        page = client.get(reverse("challenges:audits", args=["tensions"]))
    assert page.text.count("Lire l’audit") == count


LIMIT = 0.55


def with_limit(limit: float) -> dict[str, Any]:
    """Return a challenge with prizes whose worst group must reach a limit."""
    fairness: Any = folders.document()["fairness"]
    column = {"limit": limit, "label": "Pire zone"}
    return {"prizes": True, "fairness": {**fairness, "audit": {"positive": 3, "column": column}}}


def told_on(client: Client, name: str) -> str:
    """Read a page of the challenge as a visitor, with ordinary spaces."""
    return plain(client.get(reverse(f"challenges:{name}", args=["niveau"])).text)


def test_the_limit_is_said_before_the_opening(tmp_path: Path, client: Client) -> None:
    draft = imported(tmp_path, **with_limit(LIMIT))
    client.force_login(owner_of(draft))
    sentence = "Pour recevoir un prix : « Pire zone » d’au moins 0,5500."
    for name in ("presentation", "evaluation"):
        assert sentence in told_on(client, name)
    Column.objects.filter(key="equite").update(valid_min=None, valid_max=0.00125)
    assert "« Pire zone » d’au plus 0,00125." in told_on(client, "evaluation")
    Column.objects.filter(key="equite").update(valid_max=None)
    for name in ("presentation", "evaluation"):
        assert "Pour recevoir un prix" not in told_on(client, name)


def test_an_entry_beyond_the_limit_stays_ranked_without_a_prize(
    tmp_path: Path, client: Client
) -> None:
    made = opened(tmp_path, **with_limit(LIMIT))
    good, bad = entered(made, 0.95, seed=1), entered(made, 0.2, seed=2)
    assert drain()
    public = client.get(reverse("challenges:standings_json", args=["niveau"])).json()["rows"]
    assert not any("no_prize" in row for row in public)
    assert "hors seuil" not in told_on(client, "standings")
    revealed(made)
    read = boards.whole_board(Phase.objects.get(), Split.PRIVATE, SystemActor("visitor"))
    found = {row.standing.entry_id: row for row in read.rows}
    assert not found[good.pk].is_barred(read.columns)
    assert found[bad.pk].is_barred(read.columns)
    assert found[bad.pk].standing.rank == 2
    page = told_on(client, "standings")
    assert page.count("hors seuil : pas de prix") == sum(
        row.is_barred(read.columns) for row in read.rows
    )
    audit = client.get(reverse("challenges:audit", args=["niveau", bad.pk])).text
    assert "elle reste classée et ne peut pas recevoir de prix" in audit
    records = client.get(reverse("challenges:standings_json", args=["niveau"])).json()["rows"]
    barred = {row["team"]: row["no_prize"] for row in records}
    for entry, wanted in ((good, False), (bad, True)):
        assert barred[Entry.objects.get(pk=entry.pk).enrolment.team.name] is wanted
