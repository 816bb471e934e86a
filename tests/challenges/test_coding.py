"""An organiser says by form that teams send code, and how it is run."""

import pytest

from challenges.bundles.code import CodeRules
from challenges.bundles.spec import Role
from challenges.enums import PhaseKind
from challenges.models import Challenge, ChallengeDraft, PhaseTask
from challenges.organising import queries as organising
from challenges.organising.actions import drafts, phases
from challenges.programs.actions import code as team_code
from challenges.worker import drain
from datasets.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.duties import beat
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.bundles.folders import CODE_FILES
from tests.challenges.test_authoring import TEST, TRUTH, by, deposit, measured, started
from tests.factories.accounts import UserFactory

__all__ = ["by"]
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
    challenge = filled(by, rules, **changed)
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    challenge.refresh_from_db()
    return challenge


def test_a_challenge_of_code_by_form_has_its_phase_its_plan_and_its_limits(by: User) -> None:
    rules = CodeRules("systeme", ("main",), 90, 256, "organiser", 3_000_000)
    challenge = built(by, rules)

    written = ChallengeDraft.objects.get()
    assert (written.state, written.errors) == ("done", [])
    phase = challenge.phases.get()
    assert (phase.kind, phase.time_limit_s, phase.memory_mb, phase.logs, phase.max_bytes) == (
        PhaseKind.CODE,
        90,
        256,
        "organiser",
        3_000_000,
    )
    task = PhaseTask.objects.select_related("plan__inputs__holdout").get(current=True)
    assert task.plan is not None
    assert (task.plan.ids, task.plan.environment, task.plan.sample_rows) == ("id", "systeme", 100)
    assert task.plan.inputs.holdout.name == "niveau/inputs"
    assert [each["name"] for each in task.plan.sample_files] == [
        "inputs.csv",
        "submission_format.csv",
    ]
    held = HoldoutVersion.objects.get(pk=task.holdout_id)
    assert list(held.files.filter(kind="source").values_list("name", flat=True)) == ["truth.csv"]
    assert team_code.code_rules(challenge) == rules


def test_files_go_with_what_teams_send(by: User) -> None:
    challenge = filled(by)
    with pytest.raises(Invalid, match="page « Code »"):
        drafts.add_file(
            challenge=challenge, role=Role.TEST, deposit=deposit("test.csv", TEST), by=by
        )

    challenge = team_code.settle_code(challenge=challenge, rules=None, by=by)

    assert {each["role"] for each in drafts.all_files(challenge)} == {
        "sample_submission",
        "truth",
    }
    assert drafts.incomplete(challenge) == ["le fichier de test"]
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
        team_code.settle_code(challenge=challenge, rules=CodeRules(layouts=()), by=by)
    Challenge.objects.update(status="in_review")
    with pytest.raises(Conflict):
        team_code.settle_code(challenge=challenge, rules=None, by=by)


def test_a_further_phase_runs_code_as_the_first(by: User) -> None:
    challenge = built(by, CodeRules(time_limit_s=75))

    phase = phases.add(challenge=challenge, name="Finale", kind=PhaseKind.CODE, by=by)

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

    def told(**facts: object) -> dict[str, tuple[str, str]]:
        beat("worker", **facts)
        points = organising.checklist(challenge)
        return {one.key: (one.state, one.sentence) for one in points if one.key.startswith("code_")}

    assert told(isolates=True) == {
        "code_sample": ("ready", "L’échantillon public de « Phase unique » compte 100 lignes"),
        "code_inputs": (
            "ready",
            "Les entrées réservées de « Phase unique » ont les identifiants des réponses",
        ),
        "code_sandbox": (
            "ready",
            "Cette installation sait isoler les programmes de « Phase unique »",
        ),
    }
    lacking = told(isolates=False, lacks="bubblewrap n’est pas installé.")
    assert lacking["code_sandbox"] == (
        "missing",
        "cette installation ne sait pas isoler les programmes de « Phase unique » : "
        "bubblewrap n’est pas installé.",
    )
    assert told()["code_sandbox"][0] == "advice"
