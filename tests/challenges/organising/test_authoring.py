"""A challenge written by form goes the way of an imported one; its answers are sealed at once."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Role
from challenges.entries.actions import choices
from challenges.invariants import stale_boards
from challenges.models import Challenge, ChallengeDraft, Column, Entry, Phase, PhaseTask, PublicFile
from challenges.organising import queries as organising
from challenges.organising.actions import challenges, drafts, leaderboards, phases, texts
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseKind, RegistrationMode
from challenges.organising.forms import scorings as scoring_forms
from challenges.organising.forms.challenges import DomainsField, QuestionsForm
from challenges.worker import drain
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib.refusals import Conflict, Invalid
from portal.lib.storage import objects
from tests.challenges import world
from tests.challenges.pages.scenes import Costs, url_of
from tests.challenges.refusals import refuses
from tests.challenges.world import CANARY, ROWS, answer, truth_of
from tests.factories.challenges import ChallengeFactory, PhaseFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db
IDS = [f"A{number:04}" for number in range(ROWS)]
TEST = "id,x\n" + "".join(f"{one},{at}\n" for at, one in enumerate(IDS))
SAMPLE = "id,niveau\n" + "".join(f"{one},1\n" for one in IDS)
TRUTH = "id,niveau,jeu,temoin\n" + "".join(
    f"{one},{truth_of(at)},{'public' if at % 10 < 3 else 'private'},{CANARY}\n"
    for at, one in enumerate(IDS)
)
SUBMISSION = {
    "layout": "one_row_per_id",
    "formats": ["csv"],
    "columns": [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "niveau", "role": "target", "type": "integer", "min": 1, "max": 3},
    ],
}
TRUTH_KEYS = {
    "file": "truth.csv",
    "id": "id",
    "target": "niveau",
    "split": {"column": "jeu", "public": "public", "private": "private"},
}
METRICS = [
    {
        "key": "exactitude",
        "metric": "accuracy",
        "label": "Exactitude",
        "direction": "max",
        "decimals": 4,
        "primary": True,
    },
    {
        "key": "mae",
        "metric": "mae",
        "label": "Erreur",
        "direction": "min",
        "decimals": 2,
        "hidden": True,
    },
    {
        "key": "mixte",
        "metric": "formula",
        "label": "Mixte",
        "direction": "max",
        "decimals": 3,
        "params": {"formula": "exactitude - mae / 10"},
    },
]


def deposit(name: str, content: str | bytes) -> drafts.Deposit:
    """Make a file that somebody sends."""
    raw = content if isinstance(content, bytes) else content.encode()
    return drafts.Deposit(name, len(raw), io.BytesIO(raw))


def started(by: User, **changes: Any) -> Challenge:
    """Begin the small challenge."""
    given = {
        "organisation": by.memberships.get().organisation,
        "slug": "niveau",
        "title": "Estimer un niveau",
        "summary": "Un exemple.",
        "task": "ordinal",
    }
    return drafts.start(**(given | changes), by=by)


def filled(by: User, **changed: str) -> Challenge:
    """Give the small challenge its files and its figures."""
    challenge = started(by)
    files = {"test.csv": TEST, "sample.csv": SAMPLE, "truth.csv": TRUTH} | changed
    for role, (name, content) in zip(
        (Role.TEST, Role.SAMPLE_SUBMISSION, Role.TRUTH), files.items(), strict=True
    ):
        drafts.add_file(challenge=challenge, role=role, deposit=deposit(name, content), by=by)
    return measured(challenge, by)


def measured(challenge: Challenge, by: User, metrics: Any = METRICS) -> Challenge:
    """Choose the columns and the figures."""
    return drafts.measure(
        challenge=challenge, submission=SUBMISSION, truth=TRUTH_KEYS, metrics=metrics, by=by
    )


def checked(challenge: Challenge, by: User) -> Challenge:
    """Have a draft checked by the worker."""
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    challenge.refresh_from_db()
    return challenge


def built(by: User) -> Challenge:
    """Have the small challenge checked."""
    return checked(filled(by), by)


def test_the_measures_are_tried_on_the_example_and_on_a_constant(by: User) -> None:
    trial = ChallengeDraft.objects.get(challenge=built(by)).trial
    public = [truth_of(at) for at in range(ROWS) if at % 10 < 3]
    usual = sorted(truth_of(at) for at in range(ROWS))[ROWS // 2]
    for name, constant in (("sample", 1), ("constant", usual)):
        figure = trial[name]["figures"]["exactitude"]
        assert figure["value"] == round(public.count(constant) / len(public), 4)
        assert figure["low"] < figure["value"] < figure["high"]
        assert all(value == round(value, 4) for value in figure.values())
    assert CANARY not in str(trial)


def test_a_faulty_draft_is_reported_without_any_value_of_the_answers(by: User) -> None:
    wrong = TRUTH.replace("private", "canari")
    challenge = filled(by, **{"truth.csv": wrong})
    checked(challenge, by)
    written = ChallengeDraft.objects.get()
    assert written.state == "refused"
    assert [each["code"] for each in written.errors] == ["E_SPLIT"]
    assert "canari" not in str(written.errors)
    assert not PhaseTask.objects.exists()


@pytest.mark.parametrize(("expected", "state"), [(0.2778, "done"), (0.5, "refused")])
def test_the_expected_score_of_a_reference_is_compared(
    by: User, expected: float, state: str
) -> None:
    challenge = filled(by)
    drafts.add_file(
        challenge=challenge,
        role=Role.BASELINE_SUBMISSION,
        deposit=deposit("reference.csv", answer(0.4)),
        by=by,
    )
    roles = {"reference.csv": Role.BASELINE_SUBMISSION}
    drafts.arrange_files(challenge=challenge, roles=roles, expected_score=expected, by=by)
    drafts.arrange_files(challenge=challenge, roles={}, by=by)  # the score is kept
    checked(challenge, by)
    written = ChallengeDraft.objects.get()
    assert (written.state, [each["code"] for each in written.errors]) == (
        state,
        [] if state == "done" else ["E_SCORES"],
    )
    scored = challenge.teams.filter(enrolments__entries__status="scored")
    assert scored.exists() is (state == "done")


@pytest.mark.parametrize(
    ("name", "content", "role", "code"),
    [
        ("vide.csv", "", Role.TRAIN, "file_empty"),
        ("truth.txt", TRUTH, Role.TRUTH, "file_table"),
        ("a:b.csv", TEST, Role.TRAIN, "file_name"),
        ("truth.csv", TEST, Role.TRAIN, "file_name_taken"),
        ("court.csv", "id,y\n1,2\n3\n", Role.TEST, "file_table"),
        ("double.csv", "id;y;y\n1;2;3\n", Role.TEST, "file_table"),
        ("classeur.csv", b"PK\x03\x04...", Role.TEST, "file_table"),
        ("nul.csv", b"id\x00,y\n1,2\n", Role.TEST, "file_table"),
    ],
)
def test_a_wrong_file_is_refused_by_its_code(
    by: User, name: str, content: str | bytes, role: Role, code: str
) -> None:
    challenge = filled(by)
    before = challenge.bundle
    with refuses(Invalid, code):
        drafts.add_file(challenge=challenge, role=role, deposit=deposit(name, content), by=by)
    challenge.refresh_from_db()
    assert challenge.bundle == before
    for slug in ("nouveau", "É"):  # an address that cannot be one
        with refuses(Invalid, "slug_form"):
            started(by, slug=slug)


def test_a_published_scoring_stays(by: User) -> None:
    other = ChallengeFactory(opened=True, owner=by)
    for act in (
        lambda: measured(other, by),
        lambda: drafts.ask_build(challenge=other, by=by),
        lambda: phases.add_phase(challenge=other, name="B", kind=PhaseKind.FINAL, by=by),
        lambda: drafts.arrange_files(challenge=other, roles={"x": None}, by=by),
    ):
        with refuses(Conflict, "not_a_draft"):
            act()


def test_settings_of_the_first_phase_outlive_a_check(by: User) -> None:
    challenge = built(by)
    phase = challenge.phases.get()
    settings = {
        "name": "Qualification",
        "kind": PhaseKind.PUBLIC,
        "max_per_day": 7,
        "max_total": None,
        "max_parallel": 2,
        "max_refused_per_day": 9,
        "max_bytes": 400_000,
        "time_limit_s": 60,
        "memory_mb": 512,
        "ladder": True,
        "final_choices": 3,
        "benchmark_after_close": True,
    }
    phases.settle_phase(phase=phase, settings=settings, rule=BoardRule.LAST, by=by)
    measured(challenge, by, METRICS[:1])
    checked(challenge, by)
    phase.refresh_from_db()
    with pytest.raises(Conflict):  # the only one
        phases.remove_phase(phase=phase, by=by)
    assert {key: getattr(phase, key) for key in settings} == settings
    assert phase.leaderboards.get().rule == BoardRule.LAST


def test_quotas_of_a_public_phase_only_grow_and_tell_the_teams(by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by)
    TeamFactory(challenge=challenge)
    phase = challenge.phases.get()
    more = {"max_per_day": 6, "max_total": None, "max_parallel": None}
    phases.raise_quotas(phase=phase, quotas=more, by=by)
    phases.raise_quotas(phase=phase, quotas=more, by=by)
    assert [each.text for each in challenge.notices.all()] == [
        "Les quotas de « Phase publique » augmentent."
    ]
    assert Outbox.objects.filter(topic="mail.notice").count() == 1
    for lower in ({"max_per_day": 5}, {"max_total": 100}, {"max_parallel": 1}):
        with refuses(Conflict, "quotas_lowered"):
            phases.raise_quotas(phase=phase, quotas=more | lower, by=by)


def test_rules_of_a_public_challenge_get_a_new_version_with_a_notice(by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by)
    texts.write_terms(challenge=challenge, text="Deux équipes.", by=by)
    texts.write_terms(challenge=challenge, text="Deux équipes.", by=by)
    assert [each.number for each in challenge.terms.all()] == [2, 1]
    assert [(each.kind, each.text) for each in challenge.notices.all()] == [
        (
            "terms",
            "Le règlement change (version 2) : il est à accepter avant de déposer.",
        )
    ]
    assert Outbox.objects.filter(topic="mail.notice").count() == 1
    draft = ChallengeFactory(owner=by)
    texts.write_terms(challenge=draft, text="Autre texte.", by=by)
    assert [(each.number, each.text) for each in draft.terms.all()] == [(1, "Autre texte.")]


def test_sizes_of_teams_of_a_public_challenge_only_widen(by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=by)
    wanted: dict[str, Any] = {
        "registration": RegistrationMode.APPROVAL,
        "allowed_domains": ["exemple.fr"],
        "blocked_domains": [],
        "team_min": 1,
        "team_max": 12,
    }
    texts.take_part(challenge=challenge, **wanted, by=by)
    challenge.refresh_from_db()
    assert (challenge.registration, challenge.allowed_domains, challenge.team_max) == (
        "approval",
        ["exemple.fr"],
        12,
    )
    with pytest.raises(Conflict):
        texts.take_part(challenge=challenge, **wanted | {"team_max": 3}, by=by)


def test_texts_stay_free_and_a_reader_of_the_visa_reads_again(by: User) -> None:
    challenge = ChallengeFactory(owner=by, status=ChallengeStatus.IN_REVIEW)
    sent = {name: getattr(challenge, name) for name in ("summary", "contact", "has_prizes")}
    found = texts.describe(
        challenge=challenge,
        texts=sent
        | {
            "title": "Nouveau titre",
            "body_md": "# Bonjour\n<script>alert(1)</script>",
            "tags": ["a"],
            "use_cases": [],
        },
        licence={"name": "Licence Ouverte", "spdx": None, "holder": "", "status": "verified"},
        by=by,
    )
    assert found.version == challenge.version + 1
    assert "<script" not in found.body_html
    assert found.bundle["title"] == "Nouveau titre"
    assert not found.licence_to_confirm


SCORING: dict[str, Any] = {
    "id": "id",
    "target": "niveau",
    "type": "integer",
    "min": "1",
    "max": "3",
    "split_column": "jeu",
    "sens_0": "id",
    "sens_1": "target",
    "sens_2": "split_column",  # in the heads of a table
    "public": "public",
    "private": "private",
    "share": "30",
    **{f"decimals_{at}": "4" for at in range(6)},
    "metric_0": "accuracy",
    "metric_1": "mae",
    "hidden_1": "on",
    "metric_2": "formula",
    "key_2": "mixte",
    "label_2": "Mixte",
    "direction_2": "max",
    "formula_2": "accuracy - mae / 10",
}


def at(route: str, *args: Any) -> str:
    """Return the address of a page of the challenge written here."""
    return reverse(f"challenges:{route}", args=["estimer-un-niveau", *args])


def begin(client: Client, by: User) -> Challenge:
    """Create the challenge by its form."""
    sent = {
        "title": "Estimer un niveau",
        "task": "ordinal",
    }
    assert client.post(reverse("challenges:create"), sent).headers["Location"] == at("write_texts")
    assert "# Règlement type des challenges" in client.get(at("write_texts")).text
    said = {"title": "Estimer un niveau", "summary": "Un exemple.", "terms": "Une équipe."}
    said |= {"licence_name": "Licence Ouverte", "licence_status": "verified"}
    assert client.post(at("write_texts"), said).headers["Location"] == at("write_files")
    return Challenge.objects.get()


def send(client: Client, *files: tuple[str, str | bytes]) -> Any:
    """Send files at once by their form."""
    raw = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in files]
    uploads = [SimpleUploadedFile(name, content) for name, content in raw]
    return client.post(at("write_files"), {"uploads": uploads})


def test_a_file_that_is_sent_with_a_typed_score_loses_nothing_of_it(
    client: Client, by: User
) -> None:
    begin(client, by)
    send(client, ("reference.csv", answer(0.4)))
    sent = {"expected_score": "0,25", "uploads": SimpleUploadedFile("test.csv", TEST.encode())}
    client.post(at("write_files"), sent)
    scores = [each.get("expected_score") for each in drafts.all_files(Challenge.objects.get())]
    assert sorted(map(str, scores)) == ["0.25", "None"]


def test_a_challenge_is_written_by_form_from_its_title_to_its_phase(
    client: Client, by: User
) -> None:
    begin(client, by)
    assert client.get(at("write_scoring")).text.count("Déposez d’abord") == 1
    taken = send(client, ("test.csv", TEST), ("sample.csv", SAMPLE), ("truth.csv", TRUTH))
    assert CANARY in taken.text  # in the first rows, shown this once
    page = client.get(at("write_files"))
    files, challenge = page.text, Challenge.objects.get()
    listed = page.context["form"].listed
    assert [each["role"] for each in listed] == ["test", "sample_submission", "truth"]
    kept = f"{challenge.bundle}{ChallengeDraft.objects.get().kept}"
    assert CANARY not in files + kept  # the answers are sealed at once
    assert HoldoutVersion.objects.get().holdout.name == "estimer-un-niveau/truth"
    assert client.post(at("write_files"), SCORING).headers["Location"] == at("write_scoring")
    assert client.post(at("write_scoring"), SCORING).headers["Location"] == at("write_dates")
    assert "Le contrôle est en cours" in client.get(at("organiser")).text
    assert drain()
    assert "Contrôle réussi" in client.get(at("draft_state")).text
    written = ChallengeDraft.objects.get()
    assert (written.state, written.errors) == ("done", [])
    assert PhaseTask.objects.get(current=True).holdout.is_compiled
    assert list(Column.objects.values_list("key", "hidden")) == [
        ("accuracy", False),
        ("mae", True),
        ("mixte", False),
    ]
    assert sorted(PublicFile.objects.values_list("name", flat=True)) == ["sample.csv", "test.csv"]
    told = AuditEvent.objects.filter(action__startswith="challenge.").order_by("seq")
    assert [each.action for each in told] == [
        "challenge.started",
        "challenge.described",
        "challenge.terms_written",
        *["challenge.file_added"] * 3,
        *["challenge.measured", "challenge.build_asked"] * 2,
        "challenge.reimported",
        "challenge.built",
    ]
    assert 'value="accuracy - mae / 10"' in client.get(at("write_scoring")).text
    more = client.post(at("write_phases"), {"name": "Finale", "kind": "final"})
    assert more.status_code == 302
    listed = client.get(at("write_phases")).text
    assert "Finale" in listed
    assert "Dates à annoncer" in listed
    assert "les phases se suivent.</b>" not in listed
    assert client.post(at("remove_phase", 1)).status_code == 302
    assert Phase.objects.count() == 1


def test_what_was_typed_wrong_is_said_beside_its_field(client: Client, by: User) -> None:
    begin(client, by)
    domains = {"registration": "open", "allowed_domains": "pas un domaine"}
    past = {"closes_at_0": "2020-12-17T23:59", "team_min": "1", "team_max": "4"}
    past["registration"] = "open"
    send(client, ("sample.csv", SAMPLE), ("truth.csv", TRUTH))
    assert client.post(at("write_files"), SCORING).status_code == 302
    columns = SCORING | {"sens_1": "id"}
    moved = {"role_0": "sample_submission", "role_1": "train"}
    scoring = SCORING | {"metric_0": "", "formula_2": "accuracy +"}
    wrong = [
        (client.post(reverse("challenges:create"), {"title": "A"}), "Choisissez ce qu’il faut"),
        (send(client, ("truth.csv", "")), "Ce fichier est vide."),
        (client.post(at("write_files"), columns), "est déjà une autre colonne."),
        (client.post(at("write_files"), moved), "renvoyez-le pour lui donner"),
        (client.post(at("write_texts"), {"terms": ""}), "Écrivez le règlement."),
        (client.post(at("write_dates"), domains), "n’est pas un nom de domaine."),
        (client.post(at("write_dates"), past), "Cette date est passée"),
        (client.post(at("write_texts"), {"title": ""}), "Donnez un titre au challenge."),
        (client.post(at("write_scoring"), scoring), "c’est elle qui classe."),
    ]
    assert [(page.status_code, said in page.text) for page, said in wrong] == [(422, True)] * 9
    assert "Aucune colonne n’est" in wrong[2][0].text
    assert "La formule est illisible" in wrong[-1][0].text
    assert DomainsField().clean("A.fr.\n@b.fr") == ["a.fr", "b.fr"]
    assert not ChallengeDraft.objects.filter(number__gt=0).exists()


def test_texts_rules_and_pages_are_public_once_the_challenge_is(client: Client, by: User) -> None:
    ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    texts = {"title": "Autre titre", "summary": "Autre", "body_md": "**Gras**", "tags": "a, b"}
    texts |= {"language": "en", "terms": "Une règle."}
    assert client.post(at("write_texts"), texts).status_code == 302
    assert client.post(at("write_pages"), {"title": "Jury", "body_md": "Trois"}).status_code == 302
    assert client.post(at("write_page", 0), {"title": "Jury", "body_md": "Cinq"}).status_code == 302
    public = client.get(at("presentation")).text
    assert "<strong>Gras</strong>" in public
    assert 'lang="en"' in public
    assert Challenge.objects.get().bundle["language"] == "en"
    assert "Cinq" in public
    assert client.post(at("remove_page", 0)).status_code == 302
    assert client.post(at("remove_page", 0)).status_code == 409
    quotas = client.get(at("write_phase", 0)).text
    assert "les quotas ne peuvent qu’augmenter" in quotas
    assert client.post(at("write_phase", 0), {"max_per_day": "1"}).status_code == 409
    assert client.post(at("write_phase", 0), {"max_per_day": "9"}).status_code == 302
    assert client.post(at("build")).status_code == 409


def test_pages_cost_the_same_whatever_they_show(
    client: Client, by: User, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")
    for index in range(count):
        PhaseFactory(challenge=challenge, index=index)
        challenge.pages.create(index=index, title=f"P{index}", body_md="", body_html="")
    for route, queries in (("write_phases", 15), ("write_pages", 13), ("write_files", 14)):
        with costs(queries):
            assert client.get(at(route)).status_code == 200


LEVELS = {"type": "integer", "min": 1, "max": 3}


@pytest.mark.parametrize(
    ("task", "answer_column", "measures"),
    [
        ("classification", {"type": "string"}, ["accuracy", "balanced_accuracy", "f1_macro"]),
        (
            "ordinal",
            {"type": "integer", "min": 1, "max": 3},
            ["kappa_quadratic", "mae", "accuracy"],
        ),
        ("ordinal", {"type": "integer"}, ["mae", "accuracy", "balanced_accuracy"]),
        ("ordinal", {"type": "string"}, ["accuracy", "balanced_accuracy"]),
        ("regression", {"type": "float"}, ["mae", "rmse", "r2"]),
        ("multilabel", {"type": "label_set"}, ["f1_samples", "f1_micro", "jaccard_samples"]),
        ("clustering", {"type": "string"}, ["ari", "ami", "nmi"]),
    ],
)
def test_measures_are_suggested_that_fit_the_task_and_the_columns(
    task: str, answer_column: dict[str, Any], measures: list[str]
) -> None:
    key, answer = SUBMISSION["columns"]
    columns = [key, {"name": answer["name"], "role": "target"} | answer_column]
    document = {"task": task, "submission": SUBMISSION | {"columns": columns}, "truth": TRUTH_KEYS}
    figures = scoring_forms.suggested(document)
    assert [each["metric"] for each in figures] == measures
    assert (figures[0]["params"] == {"labels": [1, 2, 3]}) is (measures[0] == "kappa_quadratic")


@pytest.mark.parametrize(
    ("task", "answer_column", "offered", "not_offered"),
    [
        ("regression", {"type": "float"}, {"mae", "pinball", "spearman"}, {"roc_auc", "f1_macro"}),
        ("regression", {"type": "float", "min": 0, "max": 1}, {"mae", "roc_auc", "rmsle"}, {"ari"}),
        ("classification", {"type": "string"}, {"accuracy", "kappa"}, {"mae", "roc_auc"}),
        ("classification", {"type": "float"}, {"accuracy", "roc_auc"}, {"brier", "hamming"}),
        ("multilabel", {"type": "label_set"}, {"f1_samples"}, {"accuracy", "hamming"}),
    ],
)
def test_a_measure_that_cannot_be_computed_is_neither_offered_nor_taken(
    task: str, answer_column: dict[str, Any], offered: set[str], not_offered: set[str]
) -> None:
    key, answer = SUBMISSION["columns"]
    columns = [key, {"name": answer["name"], "role": "target"} | answer_column]
    document = {"task": task, "submission": SUBMISSION | {"columns": columns}, "truth": TRUTH_KEYS}
    form = scoring_forms.MeasuresForm(document=document)
    assert offered <= {*form.measures}
    assert not not_offered & {*form.measures}
    sent = QueryDict(f"metric_0={min(not_offered)}")
    assert "ne se calcule pas" in str(scoring_forms.MeasuresForm(sent, document=document).errors)


def test_a_measure_without_a_value_is_told_in_words(by: User) -> None:
    faulty = [METRICS[0] | {"key": "roc_auc", "metric": "roc_auc", "label": "AUC"}]
    checked(measured(filled(by), by, faulty), by)
    (fault,) = ChallengeDraft.objects.get().errors
    said = "« Aire sous la courbe ROC » ne se calcule pas sur ces réponses"
    assert fault["message"] == f"{said} : la vérité doit être 0 ou 1"


QUESTIONS: dict[str, Any] = {
    "label_0": "Outil employé",
    "type_0": "select",
    "options_0": "R\nPython\n",
    "required_0": "on",
    "on_leaderboard_0": "on",
    "label_1": "Données extérieures ?",
    "type_1": "boolean",
    "on_leaderboard_1": "on",
    "label_3": "Limites",
    "type_3": "text",
}
ANSWERS = {"outil-employe": "R", "donnees-exterieures": "true", "limites": "Peu de lignes."}


@pytest.fixture
def imported_draft(by: User, tmp_path: Path) -> Challenge:
    """Return a draft; its owner is signed in."""
    return world.imported(tmp_path, by)


def asked(client: Client, imported_draft: Challenge, **changes: Any) -> Any:
    """Send the questions."""
    return client.post(url_of(imported_draft, "write_questions"), QUESTIONS | changes)


def opened(imported_draft: Challenge) -> Entry:
    """Publish the challenge and enter a file with its fact sheet."""
    imported_draft.refresh_from_db()
    made = world.published(imported_draft, world.owner_of(imported_draft))
    assert drain()
    entry = world.entered(made, fact_sheet=ANSWERS)
    assert drain()
    return entry


def test_answers_stand_on_the_board_its_files_and_the_api(
    client: Client, imported_draft: Challenge
) -> None:
    assert asked(client, imported_draft).status_code == 302
    assert list(
        Column.objects.filter(kind="fact").order_by("index").values_list("key", "operands")
    ) == [
        ("fiche.outil-employe", ["outil-employe"]),
        ("fiche.donnees-exterieures", ["donnees-exterieures"]),
    ]
    form = client.get(url_of(imported_draft, "write_questions")).context["form"]
    assert form["options_0"].value() == "R\nPython"
    entry = opened(imported_draft)
    visitor = Client()
    page = visitor.get(url_of(imported_draft, "standings")).text
    assert all(each in page for each in ("Outil employé", ">R", "Oui"))
    assert "Limites" not in page
    csv = visitor.get(url_of(imported_draft, "standings_csv")).text
    assert "fiche.outil-employe,fiche.donnees-exterieures" in csv
    document = visitor.get(url_of(imported_draft, "standings_json")).json()
    assert document["rows"][0]["metrics"]["fiche.outil-employe"] == {"text": "R"}
    board = imported_draft.leaderboards.get()
    api = visitor.get(f"/api/v1/challenges/niveau/leaderboards/{board.key}").json()
    assert api["rows"][0]["metrics"]["fiche.donnees-exterieures"] == {"text": "true"}
    by = captain_of(entry.enrolment.team)
    changed = ANSWERS | {"outil-employe": "Python"}
    choices.describe(entry=entry, fact_sheet=changed, note="", by=by)
    assert drain()
    assert list(stale_boards()) == []
    assert "Python" in visitor.get(url_of(imported_draft, "standings_csv")).text


def test_a_required_answer_is_asked_before_any_attempt_is_used(
    client: Client, imported_draft: Challenge
) -> None:
    asked(client, imported_draft)
    entry = opened(imported_draft)
    answers = ANSWERS | {"outil-employe": "Excel"}
    with pytest.raises(Invalid):
        world.entered(imported_draft, 0.9, team=entry.enrolment.team, fact_sheet=answers)
    assert client.post(url_of(imported_draft, "write_questions"), QUESTIONS).status_code == 409
    assert "Outil employé" in client.get(url_of(imported_draft, "write_questions")).text


def test_under_pseudonyms_answers_wait_for_the_results(
    client: Client, imported_draft: Challenge
) -> None:
    asked(client, imported_draft)
    by = world.owner_of(imported_draft)
    leaderboards.mask(challenge=imported_draft, anonymous=True, by=by)
    opened(imported_draft)
    visitor = Client()
    for route in ("standings", "standings_csv", "standings_json"):
        seen = visitor.get(url_of(imported_draft, route)).text
        assert not any(each in seen for each in (">R<", ",R,", '"R"'))
    assert ",,\r\n" in visitor.get(url_of(imported_draft, "standings_csv")).text


def test_a_question_that_goes_takes_its_column_and_a_wrong_one_is_refused(
    client: Client, imported_draft: Challenge
) -> None:
    wrong = asked(client, imported_draft, options_0="R")
    assert (wrong.status_code, "Deux choix au moins" in wrong.text) == (422, True)
    asked(client, imported_draft)
    asked(client, imported_draft, label_0="", label_3="")
    imported_draft.refresh_from_db()
    assert [each["key"] for each in imported_draft.fact_sheet] == ["donnees-exterieures"]
    assert [each.key for each in Column.objects.filter(kind="fact")] == [
        "fiche.donnees-exterieures"
    ]
    assert client.post(url_of(imported_draft, "write_questions"), {}).status_code == 302
    assert not Column.objects.filter(kind="fact").exists()
    assert imported_draft.status == ChallengeStatus.DRAFT


def test_no_question_or_choice_of_an_import_is_lost_by_the_form() -> None:
    long = "Un choix " + "long " * 40
    stored = [
        {
            "key": f"q{page_at}",
            "label": f"Question {page_at}",
            "type": "select",
            "options": ["Oui", long],
        }
        for page_at in range(12)
    ]
    shown = QuestionsForm(stored=stored)
    data = {bound.html_name: bound.value() for each in shown.slots for bound in each["fields"]}
    form = QuestionsForm({key: value for key, value in data.items() if value}, stored=stored)

    assert form.is_valid(), form.errors
    assert [(each["key"], each["options"]) for each in form.questions] == [
        (each["key"], ["Oui", long.strip()]) for each in stored
    ]


SETTINGS = {"kind": PhaseKind.PUBLIC, "ladder": False}
ACTS: dict[str, Callable[..., Any]] = {
    "dates": partial(challenges.set_dates, opens_at=None, closes_at=None),
    "settings": partial(phases.settle_phase, settings=SETTINGS, rule=BoardRule.BEST),
    "figures": partial(phases.measure_phase, submission={}, truth={}, metrics=[]),
}


@pytest.fixture
def second() -> Phase:
    """Return the second phase of a draft."""
    return PhaseFactory(challenge=PhaseFactory().challenge, index=1)


@pytest.mark.parametrize("name", ACTS)
def test_a_phase_removed_meanwhile_is_said_to_be_absent(second: Phase, name: str) -> None:
    by = second.challenge.organisers.get(role="owner").user
    phases.remove_phase(phase=Phase.objects.get(pk=second.pk), by=by)
    with refuses(Conflict, "absent"):
        ACTS[name](phase=second, by=by)


def test_a_phase_takes_over_an_earlier_one_of_its_challenge_alone(second: Phase) -> None:
    by = second.challenge.organisers.get(role="owner").user
    settle = partial(phases.settle_phase, phase=second, rule=BoardRule.BEST, by=by)
    for source in (second, PhaseFactory()):
        with refuses(Invalid, "migrate_from"):
            settle(settings=SETTINGS | {"migrate_from": source})
    first = second.challenge.phases.get(index=0)
    assert settle(settings=SETTINGS | {"migrate_from": first}).migrate_from == first


def test_files_of_a_spreadsheet_are_read_and_their_parts_drawn_by_group(
    client: Client, by: User
) -> None:
    begin(client, by)
    rows = [(one, truth_of(at), f"G{at % 20}") for at, one in enumerate(IDS)]
    truth = "id;niveau;poids;groupe\r\n" + "".join(
        f"{one};{level};1,5;{group}\r\n" for one, level, group in rows
    )
    test = "id;libellé\r\n" + "".join(f"{one};été\r\n" for one in IDS)
    sample = "\ufeffid;niveau\r\n" + "".join(f"{one};1\r\n" for one in IDS) + ";\r\n"
    files = (("Réponses.csv", truth), ("test.csv", test.encode("cp1252")), ("exemple.csv", sample))
    page = send(client, *files)
    listed = {each["role"]: each for each in page.context["form"].listed}
    assert {role: each["rows"] for role, each in listed.items()} == dict.fromkeys(listed, ROWS)
    assert set(listed) == {"truth", "test", "sample_submission"}
    columns = page.context["form"].columns
    assert [meaning.value() for _column, meaning in columns.heads] == ["id", "target", "", ""]
    assert (columns.is_drawn, columns["share"].value()) == (True, "30")
    shown = page.text.split('data-of="share=30"')[1].split("data-of")[0]
    assert f"Lignes publiques\xa0: {round(ROWS * 0.3)}<" in shown
    assert not shown.lstrip().startswith("hidden")
    assert [name for name, _words in columns.fields["cluster"].choices] == ["", "poids", "groupe"]
    for name in ("id", "niveau", "poids"):
        wrong = client.post(at("write_files"), SCORING | {"sens_2": "weight", "cluster": name})
        assert "Cette colonne ne forme pas de groupes." in wrong.text
    sent = SCORING | {"sens_2": "weight", "cluster": "groupe"}
    assert client.post(at("write_files"), sent).status_code == 302
    assert 'data-of="cluster=" hidden' in client.get(at("write_files")).text
    assert client.post(at("write_scoring"), SCORING).status_code == 302
    assert drain()
    assert ChallengeDraft.objects.get().errors == []
    phase = Phase.objects.get()
    assert phase.public_units is not None
    assert 0.2 < phase.public_units / ROWS < 0.4
    stored = {each.name: each.rows for each in PublicFile.objects.all()}
    assert stored == {"test.csv": ROWS, "exemple.csv": ROWS}


EXPORT = ("export.csv", TRUTH.replace(",", ";"))
PIECE = ("rep2.csv", "id;niveau\nA0001;3\nZ9;1\n")


@pytest.mark.parametrize(
    ("files", "roles"),
    [
        ([EXPORT], {"export.csv": "truth"}),
        ([("réponses.csv", TRUTH), EXPORT], {"réponses.csv": "truth", "export.csv": "unsure"}),
        ([("réponses.csv", TRUTH), PIECE], {"réponses.csv": "truth", "rep2.csv": "unsure"}),
        (
            [("réponses.csv", TRUTH), ("exemple.csv", TRUTH)],
            {"réponses.csv": "truth", "exemple.csv": "unsure"},
        ),
        ([("train.csv", TRUTH)], {"train.csv": "unsure"}),
        ([("notice.txt", "Lisez")], {"notice.txt": "unsure"}),
    ],
)
def test_a_file_that_gives_answers_is_never_guessed_public(
    client: Client, by: User, files: Any, roles: dict[str, str]
) -> None:
    begin(client, by)
    send(client, *files, ("test.csv", TEST))
    listed = drafts.all_files(Challenge.objects.get())
    guessed = {each["path"]: "unsure" if each.get("unsure") else each["role"] for each in listed}
    assert guessed == roles | {"test.csv": "test"}
    if "unsure" in roles.values():
        page = client.get(at("write_files"))
        form = page.context["form"]
        (at_fault,) = (f"role_{n}" for n, each in enumerate(form.listed) if each.get("unsure"))
        sent = {name: form[name].value() for name in form.fields if name != "uploads"}
        assert at_fault in client.post(at("write_files"), sent).context["form"].errors
        assert "Le rôle de «" in page.text


def test_a_public_file_with_the_answers_of_the_test_is_refused(client: Client, by: User) -> None:
    challenge = filled(by)
    for name, content in (EXPORT, PIECE):
        with refuses(Invalid, "file_role"):
            drafts.add_file(
                challenge=challenge, role=Role.EXTRA, deposit=deposit(name, content), by=by
            )
        drafts.add_files(challenge=challenge, deposits=[deposit(name, content)], by=by)
        with refuses(Invalid, "file_role"):
            drafts.arrange_files(challenge=challenge, roles={name: Role.EXTRA}, by=by)
        with refuses(Invalid, "not_buildable"):
            drafts.ask_build(challenge=challenge, by=by)
        drafts.arrange_files(challenge=challenge, roles={name: None}, by=by)
    assert len(drafts.all_files(checked(challenge, by))) == 3
    notes = deposit("notes.tsv", TRUTH.replace(",", "\t"))
    drafts.add_file(challenge=challenge, role=Role.EXTRA, deposit=notes, by=by)
    checked(challenge, by)
    written = ChallengeDraft.objects.get()
    assert [each["code"] for each in written.errors] == ["E_TRUTH_PUBLIC"]


@pytest.mark.parametrize("trained", [False, True])
def test_three_files_are_enough_and_the_example_tells_nothing_of_the_answers(
    client: Client, by: User, trained: bool
) -> None:
    begin(client, by)
    train = ("train.csv", "id,x,niveau\nE1,4,3\nE2,5,2\nE3,6,3\n")
    page = send(client, ("test.csv", TEST), ("solution.csv", TRUTH), *([train] if trained else []))
    assert "exemple-genere.csv" in page.text
    assert "Fichiers déposés" in page.context["ready"]
    columns = page.context["form"].columns
    meanings = [meaning.value() for _column, meaning in columns.heads]
    assert meanings == ["id", "target", "split_column", ""]
    assert client.post(at("write_files"), SCORING).headers["Location"] == at("write_scoring")
    assert drain()
    assert ChallengeDraft.objects.get().errors == []
    made = PublicFile.objects.get(role="sample_submission")
    usual = 3 if trained else 1  # of the training rows; else the least that is allowed
    assert objects.read(made.sha256).decode() == SAMPLE.replace(",1", f",{usual}")
    page = send(client, ("exemple.csv", answer(0.4)))  # varied: without the answers, it is asked
    form, sent = page.context["form"], dict(SCORING)
    for at_file, each in enumerate(form.listed):
        is_own = each["path"] == "exemple.csv"
        sent[f"role_{at_file}"] = "sample_submission" if is_own else each["role"]
    assert client.post(at("write_files"), sent).status_code == 302
    listed = [each["path"] for each in drafts.all_files(Challenge.objects.get())]
    assert "exemple.csv" in listed
    assert "exemple-genere.csv" not in listed


def test_what_gives_answers_is_sealed_and_what_only_looks_so_may_be_public(
    by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, reads = filled(by), list[str]()
    read = objects.read
    monkeypatch.setattr(objects, "read", lambda sha256: reads.append(sha256) or read(sha256))
    years = "id,x,niveau\n" + "".join(f"{one},{at}.5,{at % 3}\n" for at, one in enumerate(IDS))
    sent = [deposit(*EXPORT), deposit(*PIECE), deposit("annees.csv", years)]
    drafts.add_files(challenge=challenge, deposits=sent, by=by)
    kept = ChallengeDraft.objects.get().kept
    assert ["sealed" in kept[each] for each in ("export.csv", "rep2.csv", "annees.csv")] == [
        1,
        1,
        0,
    ]
    # Once for each set of shared columns, once for the ids of what may be the training rows.
    assert reads.count(kept["test.csv"]["sha256"]) == 3
    drafts.arrange_files(challenge=challenge, roles={"annees.csv": Role.EXTRA}, by=by)
    drafts.arrange_files(
        challenge=challenge,
        roles={"truth.csv": None, "rep2.csv": None, "export.csv": Role.TRUTH},
        by=by,
    )
    drafts.measure(
        challenge=challenge,
        submission=SUBMISSION,
        truth=TRUTH_KEYS | {"file": "export.csv"},
        metrics=METRICS,
        by=by,
    )
    checked(challenge, by)
    assert ChallengeDraft.objects.get().errors == []


@pytest.mark.parametrize("kept", ["", "0", "NaN"])
@pytest.mark.parametrize("is_measured", [True, False])
def test_a_place_for_answers_in_the_test_hides_no_file_that_gives_them(
    by: User, *, kept: str, is_measured: bool
) -> None:
    challenge = started(by)
    test = "id,x,niveau\n" + "".join(f"{one},{at},{kept}\n" for at, one in enumerate(IDS))
    answers = "id,niveau\n" + "".join(f"{one},{truth_of(at)}\n" for at, one in enumerate(IDS))
    first = [deposit("test.csv", test), deposit("truth.csv", TRUTH)]
    drafts.add_files(challenge=challenge, deposits=first, by=by)
    if is_measured:
        challenge = measured(challenge, by)
    drafts.add_files(challenge=challenge, deposits=[deposit("corr2.csv", answers)], by=by)
    assert "sealed" in ChallengeDraft.objects.get().kept["corr2.csv"]


def test_answers_sent_again_keep_their_draw_where_it_can_be_made(by: User) -> None:
    challenge = filled(by)
    drawn = {"column": "tirage", "public": "public", "private": "private"}
    drafts.measure(
        challenge=challenge,
        submission=SUBMISSION,
        truth=TRUTH_KEYS | {"split": drawn},
        metrics=METRICS,
        public_share=0.3,
        by=by,
    )
    unnamed = TRUTH.replace("id,", "nom,", 1)
    for truth, state, share in ((TRUTH, "done", 0.3), (unnamed, "refused", None)):
        sent = deposit("truth.csv", truth)
        drafts.add_file(challenge=challenge, role=Role.TRUTH, deposit=sent, by=by)
        checked(challenge, by)
        assert ChallengeDraft.objects.get().state == state
        assert drafts.drawn_share(challenge) == share


def test_a_draft_is_copied_without_its_data_and_deleted_by_its_owner(
    client: Client, by: User
) -> None:
    challenge = built(by)
    texts.write_terms(challenge=challenge, text="Une règle.", by=by)
    challenge.pages.create(index=0, title="Jury", body_md="Trois", body_html="Trois")
    made = client.post(reverse("challenges:clone", args=["niveau"]))
    copy = Challenge.objects.get(slug="estimer-un-niveau-copie")
    assert made.headers["Location"] == reverse("challenges:write_texts", args=[copy.slug])
    assert (copy.terms.get().text, copy.pages.get().title) == ("Une règle.", "Jury")
    assert copy.bundle["metrics"] == challenge.bundle["metrics"]
    assert (drafts.all_files(copy), copy.phases.get().closes_at) == ([], None)
    page = reverse("challenges:delete", args=["niveau"])
    assert page in client.get(reverse("challenges:organiser", args=["niveau"])).text
    assert client.post(page).status_code == 422
    assert client.post(page, {"sure": "on"}).status_code == 302
    assert not Challenge.objects.filter(slug="niveau").exists()
    assert AuditEvent.objects.filter(action="challenge.deleted").exists()
    public = ChallengeFactory(opened=True, owner=by)
    with refuses(Conflict, "not_a_draft"):
        challenges.delete(challenge=public, by=by)


def test_a_new_challenge_lacks_the_licence_that_is_asked_and_not_the_usual_rules(
    client: Client, by: User
) -> None:
    client.post(reverse("challenges:create"), {"title": "Estimer un niveau", "task": "ordinal"})
    page = client.get(at("write_texts"))
    lacking = [each["sentence"] for each in page.context["missing"] if each["step"] == 1]
    assert lacking == ["Le résumé", "La licence des données"]
    assert page.context["form"]["licence_status"].value() == ""  # never presumed
    assert "Le règlement type s’applique tel quel." in page.text


def test_a_draft_that_has_a_summary_lacks_its_licence_before_and_after_its_check(by: User) -> None:
    challenge = filled(by)
    assert "licence_name" in [each.key for each in organising.missing(challenge)]
    assert checked(challenge, by).licence["name"] == ""
    with refuses(Invalid, "not_ready"):
        challenges.submit(challenge=challenge, by=by)


def test_texts_are_kept_while_a_file_is_wrong(client: Client, by: User) -> None:
    client.post(reverse("challenges:create"), {"title": "Estimer un niveau", "task": "ordinal"})
    send(client, ("test.csv", TEST), ("solution.csv", TRUTH))
    assert client.post(at("write_files"), SCORING).status_code == 302
    send(client, ("test.csv", TEST.replace("id", "numero")))
    said = {"title": "Estimer un niveau", "summary": "Un exemple.", "terms": "Une équipe."}
    said |= {"licence_name": "Licence Ouverte", "licence_status": "verified"}
    assert client.post(at("write_texts"), said).headers["Location"] == at("write_files")
    assert Challenge.objects.get().summary == "Un exemple."


def test_a_file_is_sent_as_it_is_chosen_the_second_time_too(client: Client, by: User) -> None:
    begin(client, by)
    assert 'data-on-choice="id_uploads"' in client.get(at("write_files")).text
    page = send(client, ("test.csv", TEST), ("solution.csv", TRUTH))
    assert 'data-on-choice="id_uploads"' in page.text
    typed = SCORING | {"share": "50", "max": "9", "forme": "lignes", "forme_montree": "lignes"}
    page = client.post(at("write_files"), typed | {"uploads": SimpleUploadedFile("vide.csv", b"")})
    columns = page.context["form"].columns
    assert (page.status_code, columns["share"].value(), columns["max"].value()) == (422, "50", "9")
