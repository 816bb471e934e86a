"""A challenge written by form goes the way of an imported one; its answers are sealed at once."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.bundles.spec import Role
from challenges.entries.actions import choices
from challenges.invariants import stale_boards
from challenges.models import Challenge, ChallengeDraft, Column, Entry, Phase, PhaseTask, PublicFile
from challenges.organising.actions import challenges, drafts, leaderboards, phases, texts
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseKind, RegistrationMode
from challenges.organising.forms import scorings as scoring_forms
from challenges.organising.forms.challenges import TASKS, DomainsField, QuestionsForm
from challenges.worker import drain
from datasets.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.audit.reading import events
from portal.audit.record import reference
from portal.lib.refusals import Conflict, Invalid
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


def test_answers_are_sealed_at_once_and_only_their_header_is_kept(by: User) -> None:
    challenge = filled(by)
    assert HoldoutVersion.objects.get().holdout.name == "niveau/truth"
    truth = drafts.files_of(challenge)["held_out"]
    assert truth == [
        {"path": "truth.csv", "role": "truth", "columns": ["id", "niveau", "jeu", "temoin"]}
    ]
    written = ChallengeDraft.objects.get()
    assert CANARY not in f"{challenge.bundle}{written.kept}"


def test_a_faulty_draft_is_reported_without_any_value_of_the_answers(by: User) -> None:
    wrong = TRUTH.replace("private", "canari")
    challenge = filled(by, **{"truth.csv": wrong})
    checked(challenge, by)
    written = ChallengeDraft.objects.get()
    assert written.state == "refused"
    assert [each["code"] for each in written.errors] == ["E_SPLIT"]
    assert "canari" not in str(written.errors)
    assert not challenge.phases.exists()


@pytest.mark.parametrize(("expected", "state"), [(0.2778, "done"), (0.5, "refused")])
def test_the_expected_score_of_a_reference_is_compared(
    by: User, expected: float, state: str
) -> None:
    challenge = filled(by)
    drafts.add_file(
        challenge=challenge,
        role=Role.BASELINE_SUBMISSION,
        deposit=deposit("reference.csv", answer(0.4)),
        expected_score=expected,
        by=by,
    )
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
        ("latin.csv", "id,é\n".encode("latin-1"), Role.TEST, "file_table"),
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


def test_a_published_scoring_stays(by: User) -> None:
    other = ChallengeFactory(opened=True, owner=by)
    for act in (
        lambda: measured(other, by),
        lambda: drafts.ask_build(challenge=other, by=by),
        lambda: phases.add_phase(challenge=other, name="B", kind=PhaseKind.FINAL, by=by),
        lambda: drafts.remove_file(challenge=other, path="x", by=by),
    ):
        with refuses(Conflict, "not_a_draft"):
            act()


@pytest.mark.parametrize("slug", ["nouveau", "É"])
def test_an_address_that_cannot_be_one_is_refused(by: User, slug: str) -> None:
    with refuses(Invalid, "slug_form"):
        started(by, slug=slug)
    assert not Challenge.objects.exists()


def test_a_second_phase_follows_the_scoring_of_the_first(by: User) -> None:
    challenge = built(by)
    final = phases.add_phase(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    measured(challenge, by, METRICS[:1])
    checked(challenge, by)
    first, second = PhaseTask.objects.filter(current=True).order_by("phase__index")
    assert (second.phase_id, second.scorer_version_id) == (final.pk, first.scorer_version_id)
    board = final.leaderboards.get()
    assert board.primary is not None
    assert [each.key for each in board.columns.all()] == ["exactitude"]
    phases.remove_phase(phase=final, by=by)
    assert [each.name for each in challenge.phases.all()] == ["Phase unique"]
    with pytest.raises(Conflict):
        phases.remove_phase(phase=challenge.phases.get(), by=by)


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
    "minimum": "1",
    "maximum": "3",
    "split": "jeu",
    "public": "public",
    "private": "private",
    "primary": "0",
    **{f"decimals_{at}": "4" for at in range(6)},
    "metric_0": "accuracy",
    "metric_1": "mae",
    "hidden_1": "on",
    "metric_2": "formula",
    "key_2": "mixte",
    "label_2": "Mixte",
    "direction_2": "max",
    "params_2": "formula = accuracy - mae / 10",
}


def at(route: str, *args: Any) -> str:
    """Return the address of a page of the challenge written here."""
    return reverse(f"challenges:{route}", args=["estimer-un-niveau", *args])


def begin(client: Client, by: User) -> Challenge:
    """Create the challenge by its form."""
    sent = {
        "organisation": by.memberships.get().organisation_id,
        "title": "Estimer un niveau",
        "summary": "Un exemple.",
        "task": "ordinal",
    }
    assert client.post(reverse("challenges:create"), sent).headers["Location"] == at("write_texts")
    return Challenge.objects.get()


def send(client: Client, role: str, name: str, content: str) -> Any:
    """Send a file by its form."""
    file = SimpleUploadedFile(name, content.encode())
    return client.post(at("write_files"), {"role": role, "file": file})


def test_a_challenge_is_written_by_form_from_its_title_to_its_phase(
    client: Client, by: User
) -> None:
    begin(client, by)
    assert client.get(at("write_scoring")).text.count("Déposez d’abord") == 1
    assert "# Règlement type des challenges" in client.get(at("write_terms")).text
    for role, name, content in (
        ("test", "test.csv", TEST),
        ("sample_submission", "sample.csv", SAMPLE),
        ("truth", "truth.csv", TRUTH),
    ):
        assert send(client, role, name, content).status_code == 302
    files = client.get(at("write_files")).text
    assert "id, niveau, jeu, temoin" in files
    assert "Exemple de soumission, public" in files.split("<tbody>")[1]
    assert world.CANARY not in files
    assert client.post(at("write_scoring"), SCORING).headers["Location"] == at("organiser")
    assert "Le contrôle est en cours" in client.get(at("organiser")).text
    assert drain()
    text = client.get(at("organiser")).text
    assert "la phase, la notation et le classement sont prêts" in text
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
        *["challenge.file_added"] * 3,
        "challenge.measured",
        "challenge.build_asked",
        "challenge.reimported",
        "challenge.built",
    ]
    assert 'value="formula = accuracy - mae / 10"' in client.get(at("write_scoring")).text
    more = client.post(at("write_phases"), {"name": "Finale", "kind": "final"})
    assert more.status_code == 302
    listed = client.get(at("write_phases")).text
    assert "Finale" in listed
    assert "Dates à annoncer" in listed
    assert "les phases se suivent.</b>" not in listed
    assert client.post(at("remove_phase", 1)).status_code == 302
    assert Phase.objects.count() == 1


def test_what_was_typed_wrong_is_said_beside_its_field(client: Client, by: User) -> None:
    challenge = begin(client, by)
    taken = {"organisation": challenge.organiser_id, "title": "Estimer un niveau"}
    taken |= {"summary": "A", "task": "ordinal"}
    domains = {"registration": "open", "allowed_domains": "pas un domaine"}
    for role, name, content in (
        ("sample_submission", "sample.csv", SAMPLE),
        ("truth", "truth.csv", TRUTH),
    ):
        send(client, role, name, content)
    scoring = SCORING | {"target": "id", "primary": "5", "params_2": "formula"}
    wrong = [
        (client.post(reverse("challenges:create"), taken), "Cette adresse est déjà prise."),
        (send(client, "truth", "truth.csv", ""), "Ce fichier est vide."),
        (client.post(at("write_terms"), {"text": ""}), "Écrivez le règlement."),
        (client.post(at("write_participation"), domains), "n’est pas un nom de domaine."),
        (client.post(at("write_texts"), {"title": ""}), "Donnez un titre au challenge."),
        (client.post(at("write_scoring"), scoring), "pas la colonne à prédire."),
    ]
    assert [(page.status_code, said in page.text) for page, said in wrong] == [(422, True)] * 6
    assert "Choisissez une mesure à cette place" in wrong[-1][0].text
    assert DomainsField().clean("A.fr.\n@b.fr") == ["a.fr", "b.fr"]
    assert not ChallengeDraft.objects.filter(number__gt=0).exists()


def test_texts_rules_and_pages_are_public_once_the_challenge_is(client: Client, by: User) -> None:
    ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    texts = {"title": "Autre titre", "summary": "Autre", "body_md": "**Gras**", "tags": "a, b"}
    texts |= {"language": "en", "restricted": "on"}
    assert client.post(at("write_texts"), texts).status_code == 302
    assert client.post(at("write_pages"), {"title": "Jury", "body_md": "Trois"}).status_code == 302
    assert client.post(at("write_page", 0), {"title": "Jury", "body_md": "Cinq"}).status_code == 302
    public = client.get(at("presentation")).text
    assert "<strong>Gras</strong>" in public
    assert 'lang="en"' in public
    assert "Données du répertoire régional R2DDE" in public
    assert Challenge.objects.get().bundle["language"] == "en"
    assert "Cinq" in public
    assert client.post(at("remove_page", 0)).status_code == 302
    assert client.post(at("remove_page", 0)).status_code == 409
    quotas = client.get(at("write_phase", 0)).text
    assert "les quotas ne peuvent qu’augmenter" in quotas
    assert client.post(at("write_phase", 0), {"max_per_day": "1"}).status_code == 409
    assert client.post(at("write_phase", 0), {"max_per_day": "9"}).status_code == 302
    assert client.post(at("build")).status_code == 409


def test_restricted_data_are_declared_at_any_time_and_never_withdrawn_in_public(
    client: Client, by: User
) -> None:
    def send_texts(**more: str) -> Any:
        return client.post(at("write_texts"), {"title": "T", "summary": "S", "body_md": "B"} | more)

    ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    assert send_texts().status_code == 302
    assert send_texts(restricted="on").status_code == 302
    refused = send_texts(title="Autre")
    assert refused.status_code == 409
    assert "ne se décoche plus" in refused.context["form"].errors["restricted"][0]
    challenge = Challenge.objects.get()
    assert (challenge.title, challenge.restricted) == ("T", True)
    told = reversed(events([reference(challenge)], families=["challenge"]))
    assert [each.facts["restricted"] for each in told] == [False, True]
    Challenge.objects.update(status=ChallengeStatus.DRAFT, published_at=None)
    assert send_texts(licence_name="L", licence_status="verified").status_code == 302
    assert not Challenge.objects.get().restricted


def test_pages_cost_the_same_whatever_they_show(
    client: Client, by: User, count: int, costs: Costs
) -> None:
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")
    for index in range(count):
        PhaseFactory(challenge=challenge, index=index)
        challenge.pages.create(index=index, title=f"P{index}", body_md="", body_html="")
    for route, queries in (("write_phases", 10), ("write_pages", 8), ("write_files", 8)):
        with costs(queries):
            assert client.get(at(route)).status_code == 200


def test_the_measure_proposed_is_the_usual_one_of_the_task() -> None:
    for task, (kind, metric) in scoring_forms.USUAL.items():
        assert (kind in scoring_forms.TYPES, metric in scoring_forms.MENU, task in TASKS) == (
            True,
        ) * 3
        given: dict[str, Any] = {"document": {"task": task}, "given": ["id", "y"]}
        form = scoring_forms.RowsForm(**given, held=["id", "y", "jeu"], titles={})
        assert (form["type"].value(), form["metric_0"].value()) == (kind, metric)


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
