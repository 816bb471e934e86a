"""Another scoring after the final results: an erratum, decided by two people, both results kept."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import ChallengeStatus, RescoringState, Split
from challenges.invariants import INVARIANTS
from challenges.models import (
    Certificate,
    Challenge,
    Entry,
    FairnessAudit,
    Notice,
    Rescoring,
    Score,
    ScoreReceipt,
    Standing,
)
from challenges.models.certified import stands
from challenges.organising.actions import challenges
from challenges.rescoring import actions as rescorings
from challenges.results import actions as results
from challenges.worker import drain
from portal.lib.refusals import Conflict
from tests.challenges.pages.test_organiser import signed_in
from tests.challenges.test_rescorings import (
    LADDER,
    accepted,
    corrected,
    phase,
    proposed,
    region,
    scores,
    tried,
)
from tests.challenges.world import CANARY, entered, opened, owner_of
from tests.factories.challenges import captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def revealed(folder: Path, **options: object) -> Challenge:
    made = opened(folder, **options)
    for number, skill in enumerate((0.9, 0.6, 0.5)):
        entered(made, skill, seed=number)
    assert drain()
    challenges.close(phase=phase(), by=owner_of(made))
    results.propose_reveal(phase=phase(), by=owner_of(made))
    results.confirm_reveal(phase=phase(), by=region())
    assert drain()
    return Challenge.objects.get(pk=made.pk)


def final() -> dict[int, tuple[object, ...]]:
    rows = Standing.objects.filter(split=Split.PRIVATE).order_by("position")
    return {row.team_id: (row.rank, row.cells["exactitude"]["value"]) for row in rows}


@pytest.mark.parametrize("options", [{}, LADDER], ids=["plain", "ladder"])
def test_an_erratum_keeps_both_results(tmp_path: Path, options: dict[str, object]) -> None:
    challenge = revealed(tmp_path, **options)
    team = Entry.objects.filter(is_baseline=False).order_by("received_at")[0].enrolment.team
    certificate = results.issue_certificate(team=team, phase=phase(), by=captain_of(team))
    before, old, audits = final(), scores(), FairnessAudit.objects.count()
    receipts = ScoreReceipt.objects.count()
    made = tried(challenge, truth=corrected(300), reason="Trois cents réponses étaient fausses.")
    assert (scores(), final()) == (old, before)
    assert {board["split"] for board in made.facts["boards"]} == {"public", "private"}
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()

    made.refresh_from_db()
    assert made.state == RescoringState.IN_FORCE
    assert scores()[: len(old)] == old
    assert final() != before
    private = Score.objects.filter(split=Split.PRIVATE, evaluation__holdout=made.task.holdout)
    assert private.exists()
    announced = {
        row["team"]: row["after"]
        for board in made.facts["boards"]
        if board["split"] == "private"
        for row in board["rows"]
    }
    assert announced == {t: rank for t, (rank, _v) in final().items() if rank is not None}
    assert FairnessAudit.objects.count() == audits  # a team never reads two
    assert ScoreReceipt.objects.count() > receipts
    assert Challenge.objects.get(pk=challenge.pk).status == ChallengeStatus.REVEALED
    assert phase().reveal.executed_at is not None
    assert not stands(Certificate.objects.get(pk=certificate.pk))
    assert "Erratum" in Notice.objects.filter(kind="scoring").order_by("-pk")[0].text
    assert [name for name, (_said, check) in INVARIANTS.items() if list(check())] == []

    client = Client()
    for name in ("standings", "report"):
        page = client.get(reverse(f"challenges:{name}", args=[challenge.slug])).text
        assert "Réévalué le" in page
        assert "Trois cents réponses" in page
        assert CANARY not in page
    told = client.get(reverse("challenges:report_json", args=[challenge.slug])).json()
    assert [each["reason"] for each in told["errata"]] == ["Trois cents réponses étaient fausses."]
    entry = Entry.objects.filter(enrolment__team=team)[0]
    page = signed_in(captain_of(team)).get(
        reverse("challenges:entry", args=[challenge.slug, entry.pk])
    )
    assert "(partie privée)" in page.text


def test_no_change_while_the_results_are_being_released_nor_once_archived(
    tmp_path: Path,
) -> None:
    challenge = opened(tmp_path)
    entered(challenge, 0.9)
    assert drain()
    challenges.close(phase=phase(), by=owner_of(challenge))
    results.propose_reveal(phase=phase(), by=owner_of(challenge))
    results.confirm_reveal(phase=phase(), by=region())
    with pytest.raises(Conflict) as early:
        proposed(challenge, truth=corrected())
    assert early.value.code == "phase_revealing"
    assert drain()
    Challenge.objects.update(status=ChallengeStatus.ARCHIVED)
    with pytest.raises(Conflict) as late:
        proposed(challenge, truth=corrected())
    assert late.value.code == "rescoring_untimely"
    Challenge.objects.update(status=ChallengeStatus.REVEALED)
    assert accepted(challenge, truth=corrected()).state == RescoringState.IN_FORCE
    assert Rescoring.objects.count() == 1
