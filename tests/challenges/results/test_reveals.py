"""Two people reveal the private part, once, and the boards say the truth."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from challenges.entries.actions import choices
from challenges.evaluation.enums import Split
from challenges.models import (
    Challenge,
    Entry,
    Job,
    Notice,
    Phase,
    Reveal,
    Score,
    Standing,
)
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from challenges.results import actions as results
from challenges.results.queries import boards
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from portal.accounts.models import ApiToken, Notification
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict
from portal.lib.storage import objects
from tests.challenges.bundles import folders
from tests.challenges.refusals import refuses
from tests.challenges.rescoring.test_rescorings import corrected, proposed, region
from tests.challenges.world import ROWS, entered, opened, owner_of, revealed, scored, truth_of
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import TeamFactory, captain_of
from tests.factories.letters import delivered

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
VISITOR = SystemActor("visitor")


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return scored(tmp_path, 0.9, 0.6, 0.6)


def closed(challenge: Challenge) -> Phase:
    return challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))


def private_scores(entry: Entry) -> QuerySet[Score]:
    return Score.objects.filter(evaluation__entry=entry, split=Split.PRIVATE, group="")


def rows(challenge: Challenge, split: Split) -> list[dict[str, Any]]:
    return boards.as_record(boards.whole_board(Phase.objects.get(), split, VISITOR))


def test_nothing_is_proposed_nor_confirmed_during_the_grace(challenge: Challenge) -> None:
    now = clock.now()
    Phase.objects.update(opens_at=now - timedelta(days=2), closes_at=now)
    with refuses(Conflict, "phase_in_grace") as refusal:
        results.propose_reveal(phase=challenge.phases.get(), by=owner_of(challenge))
    assert refusal.value.facts == {"grace_ends_at": now + timedelta(minutes=15)}
    Phase.objects.update(closes_at=now - timedelta(minutes=15))
    results.propose_reveal(phase=challenge.phases.get(), by=owner_of(challenge))
    Phase.objects.update(closes_at=now)
    with pytest.raises(Conflict):
        results.confirm_reveal(phase=challenge.phases.get(), by=region())
    assert Job.objects.filter(kind="reveal").count() == 0
    Phase.objects.update(closes_at=now - timedelta(minutes=15))
    results.confirm_reveal(phase=challenge.phases.get(), by=region())
    assert Job.objects.filter(kind="reveal").count() == 1


def test_proposing_and_confirming_twice_changes_nothing(challenge: Challenge) -> None:
    phase = closed(challenge)
    before = AuditEvent.objects.count()
    confirmer = region()
    for _ in range(2):
        results.propose_reveal(phase=phase, by=owner_of(challenge))
    both = region()
    Reveal.objects.update(proposed_by=both)
    with refuses(Conflict, "takes_two"):
        results.confirm_reveal(phase=phase, by=both)
    for _ in range(2):
        results.confirm_reveal(phase=phase, by=confirmer)
    with pytest.raises(Conflict):
        results.confirm_reveal(phase=phase, by=region())
    told = AuditEvent.objects.order_by("seq").values_list("action", flat=True)[before:]
    assert list(told) == ["reveal.proposed", "reveal.confirmed"]
    assert Job.objects.filter(kind="reveal").count() == 1
    assert Outbox.objects.filter(topic="mail.reveal_proposed").count() == 1


def test_the_reveal_releases_everything_at_once(challenge: Challenge) -> None:
    public = rows(challenge, Split.PUBLIC)
    reveal = revealed(challenge)
    assert reveal.executed_at is not None
    assert Challenge.objects.get().status == ChallengeStatus.REVEALED
    private = rows(challenge, Split.PRIVATE)
    assert [row["team"] for row in private if row["baseline"]] == ["Solution de référence"]
    best = Entry.objects.get(
        number=1, enrolment__team=Standing.objects.get(split=Split.PRIVATE, rank=1, position=1).team
    )
    text = objects.read(best.sha256).decode()
    lines = dict(line.split(",") for line in text.splitlines())
    held = [row for row in range(ROWS) if row % 10 >= 3]
    right = sum(int(lines[f"A{row:04}"]) == truth_of(row) for row in held) / len(held)
    assert private[0]["metrics"]["exactitude"]["value"] == round(right, 4)
    groups = private[0]["metrics"]["mae_par_zone"]["groups"]
    assert {name: figure["n"] for name, figure in groups.items()} == {"nord": 50, "sud": 35}
    again = rows(challenge, Split.PUBLIC)
    assert [row["metrics"]["exactitude"] for row in again] == [
        row["metrics"]["exactitude"] for row in public
    ]
    shown = again[0]["metrics"]["mae_par_zone"]["groups"]
    assert {name: figure["n"] for name, figure in shown.items()} == {"nord": 10, "sud": 25}
    assert Notice.objects.filter(kind="scoring").count() == 1
    delivered()
    told = Notification.objects.get(letter="team_ranked", user=captain_of(best.enrolment.team))
    assert told.facts["about"].startswith("1/")
    assert f"certificats/{best.enrolment.team.public_id}/" in told.path
    assert private_scores(best).get(metric="exactitude").value == round(right, 4)


def test_the_final_choice_decides_the_private_rank_and_each_entry_has_its_interval(
    challenge: Challenge,
) -> None:
    team = TeamFactory(challenge=challenge)
    best, chosen, unlisted = (
        entered(challenge, skill, team=team, seed=20 + number)
        for number, skill in enumerate((0.95, 0.2, 0.9))
    )
    assert drain()
    assert Standing.objects.get(team=team).entry == best
    assert not private_scores(unlisted).exists()
    choices.choose(entry=Entry.objects.get(pk=chosen.pk), by=captain_of(team))
    revealed(challenge)
    assert Standing.objects.get(team=team, split="public").entry == best
    assert Standing.objects.get(team=team, split="private").entry == chosen
    assert not Standing.objects.filter(entry=unlisted).exists()
    found = list(private_scores(unlisted))
    assert found
    assert all(each.low <= each.value <= each.high for each in found if each.low is not None)


def test_a_small_group_is_never_shown(tmp_path: Path) -> None:
    fairness = folders.document()["fairness"]
    assert isinstance(fairness, dict)
    made = opened(tmp_path, fairness={**fairness, "min_rows": 20})
    revealed(made)
    # Of two groups, the other would tell the small one: neither is shown.
    public, private = (rows(made, split)[0]["metrics"]["mae_par_zone"] for split in Split)
    assert "groups" not in public
    assert set(private["groups"]) == {"nord", "sud"}
    assert Score.objects.filter(split="public", metric="mae_par_zone").count() == 0


def test_nothing_is_revealed_while_the_challenge_is_suspended(challenge: Challenge) -> None:
    Phase.objects.update(opens_at=clock.now() - timedelta(days=2))
    Phase.objects.update(closes_at=clock.now() - timedelta(days=1))
    challenges.suspend(challenge=challenge, reason="Un doute.", by=UserFactory(region="moderator"))
    phase = challenge.phases.get()
    with refuses(Conflict, "challenge_suspended"):
        results.propose_reveal(phase=phase, by=owner_of(challenge))
    challenges.resume(challenge=challenge, by=UserFactory(region="moderator"))
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    Challenge.objects.update(status=ChallengeStatus.SUSPENDED)
    with pytest.raises(Conflict):
        results.confirm_reveal(phase=challenge.phases.get(), by=region())
    assert Reveal.objects.get().decided_by is None


@pytest.mark.parametrize("reason", ["suspended", "changed"])
def test_a_confirmation_that_does_not_hold_any_more_is_set_back(
    challenge: Challenge, reason: str
) -> None:
    phase = closed(challenge)
    confirmer = region()
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    results.confirm_reveal(phase=phase, by=confirmer)
    listed = Standing.objects.filter(competes=True).order_by("position")[0].entry
    if reason == "suspended":
        Challenge.objects.update(status=ChallengeStatus.SUSPENDED)
    else:
        Entry.objects.filter(pk=listed.pk).update(
            disqualified_at=clock.now(), disqualified_by=confirmer
        )
    before = AuditEvent.objects.count()
    assert drain()
    found = Reveal.objects.get()
    assert (found.executed_at, found.decided_at, found.decided_by) == (None, None, None)
    assert found.set_back == reason
    assert Score.objects.filter(split="private").count() == 0
    assert not Standing.objects.filter(split="private").exists()
    told = AuditEvent.objects.order_by("seq").values_list("action", flat=True)[before:]
    assert "reveal.set_back" in told
    assert Outbox.objects.filter(topic="mail.reveal_proposed").count() == 2
    Challenge.objects.update(status=ChallengeStatus.CLOSED)
    results.confirm_reveal(phase=phase, by=confirmer)
    assert drain()
    found = Reveal.objects.get()
    assert found.executed_at is not None
    assert found.set_back == ""
    assert Challenge.objects.get().status == ChallengeStatus.REVEALED
    gone = Standing.objects.filter(split="private", entry=listed).exists()
    assert gone == (reason == "suspended")


def test_a_challenge_that_resumes_with_all_results_out_is_revealed(challenge: Challenge) -> None:
    revealed(challenge)
    Challenge.objects.update(status=ChallengeStatus.SUSPENDED)
    challenges.resume(challenge=challenge, by=UserFactory(region="moderator"))
    assert challenges.close_those_over() == 1
    assert Challenge.objects.get().status == ChallengeStatus.REVEALED


def test_a_reveal_whose_job_died_is_confirmed_again(challenge: Challenge) -> None:
    phase = closed(challenge)
    confirmer = region()
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    results.confirm_reveal(phase=phase, by=confirmer)
    Job.objects.filter(kind="reveal").update(state="dead", attempt=3)
    assert Reveal.objects.get().executed_at is None
    results.confirm_reveal(phase=phase, by=confirmer)
    assert drain()
    assert Reveal.objects.get().executed_at is not None


def post(client: Client, path: str, headers: dict[str, str], body: Any = None) -> Any:
    address = f"/api/v1/{path}"
    return client.post(address, body or {}, content_type="application/json", headers=headers)


def test_another_scoring_is_tried_then_compared(client: Client, tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    for number, skill in enumerate((0.9, 0.5)):
        entered(challenge, skill, seed=number)
    change = proposed(challenge, truth=corrected())
    assert drain()
    path = f"phase-tasks/{change.task.key}/rescore"
    organiser, stranger = bearer(owner_of(challenge)), bearer(UserFactory())
    assert post(client, path, stranger).status_code == 404
    weak = bearer(owner_of(challenge), TokenScope.READ)
    assert post(client, path, weak).json()["code"] == "scope_required"
    started = post(client, path, organiser).json()
    assert (started["state"], started["progress"]) == (
        "running",
        {"total": 3, "done": 0, "failed": 0, "waiting": 3},
    )
    assert drain()
    listed = f"/api/v1/challenges/{challenge.slug}/phases/0/rescorings"
    assert client.get(listed, headers=stranger).status_code == 404
    region = bearer(UserFactory(region="administrator"))
    (read,) = client.get(listed, headers=region).json()["rescorings"]
    assert read["state"] == "ready"
    assert [set(move) for move in read["boards"][0]["moves"]] == [
        {"team", "before", "after", "changes_tier"}
    ] * 2


def test_the_final_results_are_proposed_then_confirmed(client: Client, tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    entered(challenge, 0.9)
    assert drain()
    path = f"challenges/{challenge.slug}/phases/0/reveal"
    organiser, decider = bearer(owner_of(challenge)), UserFactory(region="administrator")
    early = post(client, f"{path}/propose", organiser)
    assert (early.status_code, early.json()["code"]) == (409, "phase_open")
    challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    kept = bearer(decider)
    assert post(client, f"{path}/confirm", kept).json()["code"] == "reveal_not_proposed"
    asked = post(client, f"{path}/propose", organiser).json()
    assert (asked["phase"], asked["confirmed_at"]) == (0, None)
    assert post(client, f"{path}/confirm", organiser).status_code == 403
    assert post(client, f"{path}/confirm", bearer(UserFactory())).status_code == 404
    # The proof of who they are is of less than ten minutes.
    ApiToken.objects.filter(user=decider).update(created_at=clock.now() - timedelta(minutes=10))
    old = post(client, f"{path}/confirm", kept)
    assert (old.status_code, old.json()["code"]) == (403, "step_up_required")
    assert client.get(f"/api/v1/challenges/{challenge.slug}", headers=kept).status_code == 200
    assert Reveal.objects.get().decided_at is None
    proven = bearer(decider)
    assert post(client, f"{path}/confirm", proven).status_code == 200
    assert drain()
    assert Reveal.objects.get().executed_at is not None
    assert post(client, f"{path}/confirm", proven).json()["executed_at"] is not None
