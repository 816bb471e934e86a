"""A phase whose scoring is held: entries are received and checked, then scored in their order."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from challenges.enums import EntryStatus, RescoringState
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation.actions import evaluations, interventions
from challenges.invariants import INVARIANTS
from challenges.models import Challenge, Entry, Job, Notice, Phase, Score
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.pages.test_organiser import signed_in
from tests.challenges.test_rescorings import accepted, corrected
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    made = opened(tmp_path)
    entered(made, 0.9, seed=1)
    assert drain()
    return made


def phase() -> Phase:
    return Phase.objects.select_related("challenge").get()


def fresh(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


def test_a_paused_phase_receives_checks_and_scores_at_the_end(challenge: Challenge) -> None:
    by = owner_of(challenge)
    before = entered(challenge, 0.7, seed=2)
    interventions.pause(phase=phase(), reason="Le programme est faux.", by=by)
    entry = entered(challenge, 0.8, seed=3)
    assert drain()
    assert {fresh(before).status, fresh(entry).status} == {EntryStatus.QUEUED}
    assert not Score.objects.filter(evaluation__entry__in=[before, entry]).exists()
    assert evaluations.sweep_entries() == 0
    assert list(INVARIANTS["I2"][1]()) == []
    assert "Le programme est faux" in Notice.objects.get(kind="scoring").text
    page = signed_in(captain_of(entry.enrolment.team)).get(
        reverse("challenges:entry", args=[challenge.slug, entry.pk])
    )
    assert "La notation de cette phase est en pause." in page.text
    assert "Le programme est faux." in page.text
    sending = signed_in(captain_of(entry.enrolment.team)).get(
        reverse("challenges:entries", args=[challenge.slug])
    )
    assert "votre fichier est reçu, daté et vérifié" in sending.text
    interventions.resume(phase=phase(), by=by)
    assert drain()
    assert {fresh(before).status, fresh(entry).status} == {EntryStatus.SCORED}
    acts = AuditEvent.objects.filter(action__startswith="phase.").order_by("seq")
    assert list(acts.values_list("action", flat=True))[-2:] == ["phase.paused", "phase.resumed"]


def test_a_change_of_scoring_is_tried_and_put_in_force_during_a_pause(
    challenge: Challenge,
) -> None:
    interventions.pause(phase=phase(), reason="Réponses fausses.", by=owner_of(challenge))
    entry = entered(challenge, 0.8, seed=4)
    assert drain()
    made = accepted(challenge, truth=corrected())
    assert made.state == RescoringState.IN_FORCE
    assert fresh(entry).status == EntryStatus.SCORED
    shown = Score.objects.filter(evaluation__entry=entry)
    assert set(shown.values_list("evaluation__holdout", flat=True)) == {made.task.holdout_id}


def test_who_may_pause_and_what_is_refused(challenge: Challenge) -> None:
    by = owner_of(challenge)
    captain = captain_of(Entry.objects.filter(is_baseline=False)[0].enrolment.team)
    for person in (captain, UserFactory(), UserFactory(region="moderator")):
        for act in (
            lambda who: interventions.pause(phase=phase(), reason="x", by=who),
            lambda who: interventions.resume(phase=phase(), by=who),
            lambda who: interventions.retry_phase(phase=phase(), by=who),
        ):
            with pytest.raises(NotAllowed):
                act(person)
    with pytest.raises(Invalid):
        interventions.pause(phase=phase(), reason=" ", by=by)
    with pytest.raises(Conflict) as running:
        interventions.resume(phase=phase(), by=by)
    assert running.value.code == "phase_running"
    interventions.pause(phase=phase(), reason="x", by=by)
    with pytest.raises(Conflict) as paused:
        interventions.pause(phase=phase(), reason="y", by=by)
    assert paused.value.code == "phase_paused"
    assert phase().pause_reason == "x"


def _keys(entry: Entry) -> list[str]:
    return [str(pk) for pk in entry.evaluations.values_list("pk", flat=True)]


def test_only_what_the_platform_broke_is_tried_again(challenge: Challenge) -> None:
    by: User = owner_of(challenge)
    ours, theirs, program = (entered(challenge, 0.7, seed=10 + at) for at in range(3))
    assert drain()
    Entry.objects.filter(pk=ours.pk).update(status="needs_attention", reason_code="X_PLATFORM")
    ours.evaluations.update(state="pending", finished_at=None)
    Job.objects.filter(subject_id__in=_keys(ours)).update(state="dead", attempt=3)
    Entry.objects.filter(pk=theirs.pk).update(status="failed", reason_code="X_TIMEOUT")
    Entry.objects.filter(pk=program.pk).update(status="needs_attention", reason_code="X_PROGRAM")
    slot = fresh(ours).day_slot
    (read,) = evaluation_queries.phase_pipelines(challenge)
    assert (read.broken, read.waiting) == (1, 0)
    assert read.counts == {"failed": 1, "needs_attention": 2, "scored": 1}
    answer = signed_in(by).post(
        reverse("challenges:pipeline_retry", args=[challenge.slug, 0]), follow=True
    )
    assert "1 soumission relancée." in answer.text
    assert drain()
    assert (fresh(ours).status, fresh(ours).day_slot) == (EntryStatus.SCORED, slot)
    assert fresh(theirs).status == EntryStatus.FAILED
    assert fresh(program).status == EntryStatus.NEEDS_ATTENTION
    with pytest.raises(Conflict) as none:
        interventions.retry_phase(phase=phase(), by=by)
    assert none.value.code == "nothing_to_retry"
    told = AuditEvent.objects.filter(action__in=["phase.retried", "entry.requeued"])
    assert told.count() == 2


def test_the_page_of_the_queue(challenge: Challenge) -> None:
    organiser = signed_in(owner_of(challenge))
    address = reverse("challenges:pipeline", args=[challenge.slug])
    organiser.get(address)  # reads what a process keeps
    counts = []
    for at in range(2):
        with CaptureQueriesContext(connection) as seen:
            page = organiser.get(address)
        counts.append(len(seen))
        entered(challenge, 0.7, seed=20 + at)
    assert counts[0] == counts[1] <= 25
    assert "Mettre la notation en pause" in page.text
    pause = reverse("challenges:pipeline_pause", args=[challenge.slug, 0])
    bare = organiser.post(pause, {"reason": ""})
    assert bare.status_code == 422
    assert "Dites pourquoi" in bare.text
    assert organiser.post(pause, {"reason": "Une fuite."}).status_code == 302
    again = organiser.post(pause, {"reason": "Une fuite."})
    assert again.status_code == 409
    shown = organiser.get(address).text
    assert "Une fuite." in shown
    assert "Mettre la notation en pause" not in shown
    resume = reverse("challenges:pipeline_resume", args=[challenge.slug, 0])
    assert organiser.post(resume).status_code == 302
    assert not phase().paused_at
