"""A challenge written by form goes the way of an imported one; its answers are sealed at once."""

import io
from typing import Any

import pytest

from challenges.bundles.spec import Role
from challenges.enums import BoardRule, ChallengeStatus, PhaseKind, RegistrationMode
from challenges.models import Challenge, ChallengeDraft, Column, PhaseTask, PublicFile
from challenges.organising.actions import drafts, phases, texts
from challenges.worker import drain
from datasets.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.world import CANARY, ROWS, answer, owner, truth_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory

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


@pytest.fixture
def by() -> User:
    """Return a person who may run challenges for their organisation."""
    return owner()


def deposit(name: str, content: str | bytes) -> drafts.Deposit:
    """Make a file that somebody sends."""
    raw = content if isinstance(content, bytes) else content.encode()
    return drafts.Deposit(name, len(raw), io.BytesIO(raw))


def started(by: User) -> Challenge:
    """Begin the small challenge."""
    return drafts.start(
        organisation=by.memberships.get().organisation,
        slug="niveau",
        title="Estimer un niveau",
        summary="Un exemple.",
        task="ordinal",
        by=by,
    )


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


def built(by: User) -> Challenge:
    """Have the small challenge checked by the worker."""
    challenge = filled(by)
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    challenge.refresh_from_db()
    return challenge


def test_a_challenge_by_form_is_ready_for_the_visa_without_a_bundle(by: User) -> None:
    challenge = built(by)
    written = ChallengeDraft.objects.get()
    assert (written.state, written.errors) == ("done", [])
    assert PhaseTask.objects.get(current=True).holdout.is_compiled
    assert list(Column.objects.values_list("key", "hidden")) == [
        ("exactitude", False),
        ("mae", True),
        ("mixte", False),
    ]
    assert sorted(PublicFile.objects.values_list("name", flat=True)) == ["sample.csv", "test.csv"]
    assert challenge.status == ChallengeStatus.DRAFT
    assert [each.action for each in AuditEvent.objects.filter(action__startswith="challenge.")] == [
        "challenge.started",
        "challenge.file_added",
        "challenge.file_added",
        "challenge.file_added",
        "challenge.measured",
        "challenge.build_asked",
        "challenge.reimported",
        "challenge.built",
    ]


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
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    written = ChallengeDraft.objects.get()
    assert written.state == "refused"
    assert [each["code"] for each in written.errors] == ["E_SPLIT"]
    assert "canari" not in str(written.errors)
    assert not challenge.phases.exists()


def test_a_second_check_replaces_the_first_and_keeps_the_sealed_version(by: User) -> None:
    challenge = built(by)
    version = PhaseTask.objects.get(current=True).holdout_id
    measured(challenge, by, METRICS[:1])
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    task = PhaseTask.objects.get(current=True)
    assert [each["key"] for each in task.scorer_version.spec["metrics"]] == ["exactitude"]
    assert HoldoutVersion.objects.get(pk=task.holdout_id).holdout.name == "niveau"
    assert task.holdout_id >= version


def test_a_baseline_by_form_is_scored_like_an_entry(by: User) -> None:
    challenge = filled(by)
    drafts.add_file(
        challenge=challenge,
        role=Role.BASELINE_SUBMISSION,
        deposit=deposit("reference.csv", answer(0.4)),
        by=by,
    )
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    assert challenge.teams.get().enrolments.get().entries.get().status == "scored"


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
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    written = ChallengeDraft.objects.get()
    assert (written.state, [each["code"] for each in written.errors]) == (
        state,
        [] if state == "done" else ["E_SCORES"],
    )


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
    with pytest.raises(Invalid) as refused:
        drafts.add_file(challenge=challenge, role=role, deposit=deposit(name, content), by=by)
    assert refused.value.code == code
    challenge.refresh_from_db()
    assert challenge.bundle == before


def test_strangers_write_nothing_and_a_published_scoring_stays(by: User) -> None:
    challenge = built(by)
    with pytest.raises(NotAllowed):
        measured(challenge, UserFactory())
    with pytest.raises(NotAllowed):
        drafts.start(
            organisation=challenge.organiser,
            slug="a",
            title="A",
            summary="A",
            task="",
            by=UserFactory(),
        )
    other = ChallengeFactory(opened=True, owner=by)
    for act in (
        lambda: measured(other, by),
        lambda: drafts.ask_build(challenge=other, by=by),
        lambda: phases.add(challenge=other, name="B", kind=PhaseKind.FINAL, by=by),
        lambda: drafts.remove_file(challenge=other, path="x", by=by),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "not_a_draft"


@pytest.mark.parametrize(("slug", "code"), [("nouveau", "slug_form"), ("É", "slug_form")])
def test_an_address_that_cannot_be_one_is_refused(by: User, slug: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafts.start(
            organisation=by.memberships.get().organisation,
            slug=slug,
            title="A",
            summary="A",
            task="",
            by=by,
        )
    assert refused.value.code == code
    assert not Challenge.objects.exists()


def test_a_second_phase_follows_the_scoring_of_the_first(by: User) -> None:
    challenge = built(by)
    final = phases.add(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)
    measured(challenge, by, METRICS[:1])
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    first, second = PhaseTask.objects.filter(current=True).order_by("phase__index")
    assert (second.phase_id, second.scorer_version_id) == (final.pk, first.scorer_version_id)
    board = final.leaderboards.get()
    assert board.primary is not None
    assert [each.key for each in board.columns.all()] == ["exactitude"]
    phases.remove(phase=final, by=by)
    assert [each.name for each in challenge.phases.all()] == ["Phase unique"]
    with pytest.raises(Conflict):
        phases.remove(phase=challenge.phases.get(), by=by)


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
    phases.settle(phase=phase, settings=settings, rule=BoardRule.LAST, by=by)
    measured(challenge, by, METRICS[:1])
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
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
        with pytest.raises(Conflict) as refused:
            phases.raise_quotas(phase=phase, quotas=more | lower, by=by)
        assert refused.value.code == "quotas_lowered"


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
    wanted = texts.Participation(RegistrationMode.APPROVAL, ["exemple.fr"], [], 1, 12)
    texts.take_part(challenge=challenge, wanted=wanted, by=by)
    challenge.refresh_from_db()
    assert (challenge.registration, challenge.allowed_domains, challenge.team_max) == (
        "approval",
        ["exemple.fr"],
        12,
    )
    narrow = texts.Participation(RegistrationMode.OPEN, [], [], 1, 3)
    with pytest.raises(Conflict):
        texts.take_part(challenge=challenge, wanted=narrow, by=by)


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
