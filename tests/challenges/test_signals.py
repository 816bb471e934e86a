"""Signals are searched by the worker under its lease, and decided by a person, after a reply."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from challenges.actions import choices, jobs, merges, signals
from challenges.actions.signals import Raised
from challenges.enums import (
    EntryStatus,
    JobKind,
    JobState,
    NoticeKind,
    ScorerKind,
    SignalKind,
    SignalStatus,
)
from challenges.models import (
    Challenge,
    Entry,
    Evaluation,
    Job,
    Notice,
    Phase,
    Scorer,
    Signal,
    SignalTeam,
    Team,
)
from challenges.worker import drain, vault
from challenges.worker import signals as searches
from challenges.worker.lease import Beating
from portal.accounts.models import User
from portal.audit import duties, outbox
from portal.audit.models import AuditBody, AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.bundles import folders
from tests.challenges.pages.scenes import reveal
from tests.challenges.signalled import enter_twice, search
from tests.challenges.world import CANARY, ROWS, answer, entered, opened, truth_of
from tests.factories import signals as signalled
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, EntryFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db
FREE = {"per_day": 100, "total": 100, "final_selections": 2}


def shuffled(content: bytes) -> bytes:
    """Write the same answers in another order and another dialect."""
    head, *rows = content.decode().split()
    return "\r\n".join(
        [head.replace(",", ";"), *(r.replace(",", ";") for r in rows[::-1])]
    ).encode()


@pytest.mark.slow
def test_the_same_answers_in_two_teams_are_found_in_any_form(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    for seed in range(3):
        entered(challenge, seed=seed)
    one = entered(challenge, seed=9)
    two = entered(challenge, content=shuffled(answer(0.7, 9)))
    assert drain()
    (found,) = search(challenge)
    assert (found.kind, found.status) == (SignalKind.DUPLICATE, SignalStatus.OPEN)
    assert sorted(found.evidence["pairs"][0]) == sorted([str(one.pk), str(two.pk)])
    assert {each.team_id: each.entries for each in found.parties.all()} == {
        one.enrolment.team_id: [str(one.pk)],
        two.enrolment.team_id: [str(two.pk)],
    }
    assert AuditEvent.objects.filter(action="signal.raised").count() == 1
    assert Outbox.objects.filter(topic="mail.signals_raised").count() == 1


@pytest.mark.slow
def test_what_is_published_accuses_nobody(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    for content in (answer(0.4), b"id,niveau\n" + sample()):
        enter_twice(challenge, content)
    for seed in range(4):
        entered(challenge, seed=seed)
    assert drain()
    assert search(challenge) == []


def sample() -> bytes:
    return "".join(f"A{row:04},1\n" for row in range(ROWS)).encode()


def estimates(path: Path) -> Challenge:
    """Open the small challenge for numbers, ranked by their mean error."""
    document: Any = folders.document()
    document["submission"]["columns"][1] = {
        "name": "niveau",
        "role": "target",
        "type": "float",
        "min": 0,
        "max": 4,
    }
    error = {**document["metrics"][1], "primary": True}
    return opened(path, submission=document["submission"], metrics=[error], quotas=FREE)


def values(seed: int) -> list[float]:
    """Answer near the truth, as a model of its own does."""
    draw = random.Random(seed)  # noqa: S311  # test data
    return [min(4.0, max(0.0, truth_of(row) + draw.gauss(0, 0.6))) for row in range(ROWS)]


def laid(found: list[float]) -> bytes:
    rows = "".join(f"A{row:04},{value:.6f}\n" for row, value in enumerate(found))
    return f"id,niveau\n{rows}".encode()


@pytest.mark.slow
def test_a_disguised_copy_and_a_mean_of_others_are_found_once(tmp_path: Path) -> None:
    """A second search finds nothing new to read, and is not queued."""
    challenge = estimates(tmp_path)
    models = [values(seed) for seed in range(4)]
    sent = [entered(challenge, content=laid(each)) for each in models]
    copy = entered(challenge, content=laid([0.1 + 0.9 * one for one in models[0]]))
    mixed = [0.75 * one + 0.25 * two for one, two in zip(models[1], models[2], strict=True)]
    blend = entered(challenge, content=laid(mixed))
    assert drain()
    alike, mean = search(challenge)
    assert (alike.kind, mean.kind) == (SignalKind.COLLUSION, SignalKind.ENSEMBLE)
    assert alike.evidence["pairs"] == [[str(sent[0].pk), str(copy.pk)]]
    assert alike.evidence["figures"]["residuals"] > 0.995
    assert mean.evidence["entry"] == str(blend.pk)
    assert {entry for entry, _share in mean.evidence["terms"]} == {
        str(sent[1].pk),
        str(sent[2].pk),
    }
    assert mean.parties.count() == 3
    assert Job.objects.filter(kind=JobKind.SIGNALS).count() == 1
    assert len(search(challenge)) == 2
    assert Job.objects.filter(kind=JobKind.SIGNALS).count() == 1


@pytest.mark.slow
def test_probing_is_told_of_one_team(tmp_path: Path) -> None:
    challenge = opened(tmp_path, quotas=FREE)
    team = TeamFactory(challenge=challenge)
    entered(challenge, 0.9, team=team)
    for row in range(5):
        rows = [f"A{at:04},{2 if at <= row else 3}" for at in range(ROWS)]
        entered(challenge, team=team, content=("id,niveau\n" + "\n".join(rows)).encode())
    for level in (2, 3):
        rows = [f"A{at:04},{level}" for at in range(ROWS)]
        entered(challenge, team=team, content=("id,niveau\n" + "\n".join(rows)).encode())
    entered(challenge, seed=3)
    assert drain()
    (found,) = search(challenge)
    assert found.kind == SignalKind.PROBING
    assert [each.team_id for each in found.parties.all()] == [team.pk]
    assert {"small_changes", "flat", "fall", "budget"} >= set(found.evidence["habits"])
    assert len(found.evidence["habits"]) >= 3


@pytest.mark.slow
def test_teams_that_merged_are_one(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    one, two = enter_twice(challenge, answer(0.7, 2))
    assert drain()
    between = TeamFactory(challenge=challenge)
    for gone, stays in ((two.enrolment.team, between), (between, one.enrolment.team)):
        merge = merges.ask(team=gone, name=stays.slug, by=captain_of(gone))
        merges.accept(merge=merge, by=captain_of(stays))
    assert search(challenge) == []


@pytest.mark.slow
def test_a_search_whose_lease_is_lost_stops(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    enter_twice(challenge, answer(0.7, 2))
    assert drain()
    beating = Beating(leased(challenge.phases.get()))
    beating.lost.set()
    searches.signals_job(Job.objects.get(pk=beating.job_id), vault.Truths(), beating)
    assert not Signal.objects.exists()
    assert Job.objects.get(pk=beating.job_id).state == JobState.LEASED


@pytest.mark.slow
def test_the_schedule_has_them_searched(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    enter_twice(challenge, answer(0.7, 2))
    assert drain()
    assert "challenges.signals" in duties.run_due()
    assert drain()
    assert Signal.objects.count() == 1
    assert "challenges.signals" not in duties.run_due()


@pytest.mark.slow
def test_no_answer_no_score_and_no_count_of_errors_is_kept_in_clear(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    enter_twice(challenge, answer(0.7, 2))
    assert drain()
    (found,) = search(challenge)
    assert set(found.evidence) == {"pairs"}
    kept = json.dumps([found.evidence, list(found.parties.values_list("entries", flat=True))])
    assert CANARY not in kept
    for evaluation in Evaluation.objects.all():
        assert b"sketch" not in bytes(evaluation.sealed_result.payload)
    bodies = AuditBody.objects.filter(event__action="signal.raised")
    assert [CANARY in each.body for each in bodies] == [False]


@pytest.mark.slow
def test_results_sealed_before_sketches_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = opened(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("challenges.worker.vault.sketch_of", lambda opened: None)
        enter_twice(challenge, answer(0.7, 2))
        assert drain()
        assert search(challenge) == []  # no shape: constant or not cannot be told


@pytest.fixture
def phase() -> Phase:
    """Open a challenge."""
    found: Phase = ChallengeFactory(opened=True).phases.get()
    return found


@pytest.fixture
def moderator() -> User:
    """Make a moderator."""
    made: User = UserFactory(region="moderator")
    return made


def leased(phase: Phase) -> Job:
    jobs.put(kind=JobKind.SIGNALS, subject_id=phase.pk, dedup_key=str(clock.now()))
    job = jobs.claim(owner="test")
    assert job is not None
    return job


def raised(*teams: Team, entries: str = "e") -> Raised:
    return Raised(
        SignalKind.DUPLICATE,
        {team.pk: [f"{entries}{team.pk}"] for team in teams},
        {"pairs": [[f"{entries}{team.pk}" for team in teams]]},
    )


def test_a_lost_lease_writes_nothing(phase: Phase) -> None:
    job = leased(phase)
    Job.objects.filter(pk=job.pk).update(lease_token=uuid4())
    two = [TeamFactory(challenge=phase.challenge) for _ in range(2)]
    assert signals.store(job=job, phase=phase, raised=[raised(*two)]) == 0
    assert not Signal.objects.exists()


def test_evidence_follows_until_a_person_looks(phase: Phase, moderator: User) -> None:
    two = [TeamFactory(challenge=phase.challenge) for _ in range(2)]
    assert signals.store(job=leased(phase), phase=phase, raised=[raised(*two)]) == 1
    assert signals.store(job=leased(phase), phase=phase, raised=[raised(*two, entries="f")]) == 0
    found = Signal.objects.get()
    assert found.evidence == {"pairs": [[f"f{team.pk}" for team in two]]}
    assert found.version == 2  # who read the first is asked to read again
    assert signals.store(job=leased(phase), phase=phase, raised=[raised(*two, entries="f")]) == 0
    assert Signal.objects.get().version == 2
    signals.ask(signal=found, question="Pourquoi ?", by=moderator)
    assert signals.store(job=leased(phase), phase=phase, raised=[raised(*two, entries="g")]) == 0
    assert Signal.objects.get().evidence == {"pairs": [[f"f{team.pk}" for team in two]]}


def test_several_findings_about_the_same_teams_are_told_one_after_the_other(
    phase: Phase, moderator: User
) -> None:
    two = [TeamFactory(challenge=phase.challenge) for _ in range(2)]
    found = [raised(*two), raised(*two, entries="f")]
    for new in (1, 0):
        assert signals.store(job=leased(phase), phase=phase, raised=found) == new
        made = Signal.objects.get()
        assert (made.evidence, made.version) == (found[0].evidence, 1)
    signals.dismiss(signal=made, reason="Même cours.", by=moderator)
    for new in (1, 0):
        assert signals.store(job=leased(phase), phase=phase, raised=found) == new
        assert Signal.objects.undecided().get().evidence == found[1].evidence


def test_a_decided_signal_comes_back_for_other_entries_only(phase: Phase, moderator: User) -> None:
    two = [TeamFactory(challenge=phase.challenge) for _ in range(2)]
    signals.store(job=leased(phase), phase=phase, raised=[raised(*two)])
    signals.dismiss(signal=Signal.objects.get(), reason="Même cours.", by=moderator)
    assert signals.store(job=leased(phase), phase=phase, raised=[raised(*two)]) == 0
    assert signals.store(job=leased(phase), phase=phase, raised=[raised(*two, entries="n")]) == 1
    assert Signal.objects.undecided().count() == 1


def test_a_signal_is_undecided_once(phase: Phase) -> None:
    made = signalled.signal(phase)
    with pytest.raises(IntegrityError), transaction.atomic():
        Signal.objects.create(
            phase=phase,
            kind=made.kind,
            subject=made.subject,
            status_since=clock.now(),
            found_at=clock.now(),
        )


def topics() -> list[str]:
    found = Outbox.objects.filter(topic__startswith="mail.signal").order_by("topic")
    return list(found.values_list("topic", flat=True))


def test_the_teams_are_asked_and_answer(phase: Phase, moderator: User) -> None:
    made = signals.ask(signal=signalled.signal(phase), question="Pourquoi ?", by=moderator)
    assert (made.status, made.question) == (SignalStatus.ASKED, "Pourquoi ?")
    assert made.reply_by is not None
    assert made.reply_by - made.status_since == timedelta(days=7)
    one, two = made.parties.order_by("pk")
    signals.answer(party=one, text="Même kit.", by=captain_of(one.team))
    assert Signal.objects.get().status == SignalStatus.ASKED
    signals.answer(party=two, text="Idem.", by=captain_of(two.team))
    assert Signal.objects.get().status == SignalStatus.ANSWERED
    assert topics() == ["mail.signal_answered", "mail.signal_answered", "mail.signal_asked"]
    verbs = AuditEvent.objects.filter(action__startswith="signal.").order_by("seq")
    assert list(verbs.values_list("action", flat=True)) == [
        "signal.asked",
        "signal.answered",
        "signal.answered",
    ]
    with pytest.raises(Conflict):
        signals.answer(party=one, text="Encore.", by=captain_of(one.team))
    with pytest.raises(Conflict):
        signals.ask(signal=made, question="Encore ?", by=moderator)
    assert SignalTeam.objects.get(pk=one.pk).answer == "Même kit."


def test_only_the_team_asked_answers(phase: Phase, moderator: User) -> None:
    made = signalled.signal(phase)
    one, two = made.parties.order_by("pk")
    with pytest.raises(NotAllowed):
        signals.answer(party=one, text="?", by=captain_of(one.team))  # nobody asked
    signals.ask(signal=made, question="Pourquoi ?", by=moderator)
    for by in (captain_of(two.team), moderator):
        with pytest.raises(NotAllowed):
            signals.answer(party=one, text="?", by=by)
    assert SignalTeam.objects.filter(answered_at__isnull=False).count() == 0


def unable(made: Signal) -> list[User]:
    """Name who may not decide: the other roles, the organiser, moderators of a team or a rival."""
    team = made.parties.order_by("pk")[0].team
    member: User = UserFactory(region="moderator")
    team.members.create(challenge=team.challenge, user=member, joined_at=clock.now())
    rival: User = UserFactory(region="moderator")
    TeamFactory(challenge=team.challenge, captain=rival)
    organiser: User = UserFactory(region="moderator")
    made.phase.challenge.organisers.create(user=organiser, role="organiser")
    others: list[User] = [UserFactory(), UserFactory(region="administrator")]
    return [*others, member, rival, organiser]


def test_only_a_moderator_without_part_in_it_decides(phase: Phase) -> None:
    made = signalled.asked(signalled.signal(phase))
    teams = [each.team for each in made.parties.all()]
    before = list(Signal.objects.values())
    for by in unable(made):
        for decide in (
            lambda by=by: signals.ask(signal=made, question="?", by=by),
            lambda by=by: signals.dismiss(signal=made, reason="?", by=by),
            lambda by=by: signals.remind(signal=made, teams=teams, reason="?", by=by),
            lambda by=by: signals.set_aside(signal=made, teams=teams, reason="?", by=by),
        ):
            with pytest.raises(NotAllowed):
                decide()
    assert list(Signal.objects.values()) == before
    assert not AuditEvent.objects.filter(action__startswith="signal.").exists()


@pytest.mark.parametrize("verb", [signals.remind, signals.set_aside])
def test_no_measure_before_the_teams_were_heard(verb: Any, phase: Phase, moderator: User) -> None:
    made = signalled.signal(phase)
    teams = [each.team for each in made.parties.all()]
    with pytest.raises(Conflict):
        verb(signal=made, teams=teams, reason="?", by=moderator)
    signals.ask(signal=made, question="Pourquoi ?", by=moderator)
    with pytest.raises(Conflict):
        verb(signal=made, teams=teams, reason="?", by=moderator)
    Signal.objects.update(reply_by=clock.now())
    with pytest.raises(Invalid):
        verb(signal=made, teams=[], reason="?", by=moderator)
    with pytest.raises(Invalid):
        verb(signal=made, teams=[TeamFactory(challenge=phase.challenge)], reason="?", by=moderator)
    assert verb(signal=made, teams=teams[:1], reason="?", by=moderator).status == "acted"
    with pytest.raises(Conflict):
        verb(signal=made, teams=teams, reason="?", by=moderator)


def test_what_is_set_aside_leaves_the_board_and_comes_back(phase: Phase, moderator: User) -> None:
    made = signalled.asked(signalled.signal(phase))
    one, two = made.parties.order_by("pk")
    signals.set_aside(signal=made, teams=[one.team], reason="Copie.", by=moderator)
    aside = Entry.objects.get(pk=one.entries[0])
    assert (aside.disqualified_by, aside.disqualified_reason) == (moderator, "Copie.")
    assert aside.status == EntryStatus.SCORED
    assert list(Entry.objects.listed().values_list("pk", flat=True)) == [
        Entry.objects.get(pk=two.entries[0]).pk
    ]
    assert Job.objects.filter(kind=JobKind.STANDINGS).count() == 1
    signals.dismiss(signal=made, reason="Erreur de notre part.", by=moderator)
    assert Entry.objects.listed().count() == 2
    assert Entry.objects.get(pk=aside.pk).disqualified_reason == ""
    assert Job.objects.filter(kind=JobKind.STANDINGS).count() == 2
    with pytest.raises(Conflict):
        signals.dismiss(signal=made, reason="Encore.", by=moderator)


def test_final_boards_that_a_signal_changes_are_announced(phase: Phase, moderator: User) -> None:
    made = signalled.asked(signalled.signal(phase))
    (one, _two) = made.parties.order_by("pk")
    signals.set_aside(signal=made, teams=[one.team], reason="Copie.", by=moderator)
    assert not Notice.objects.exists()  # before the results, boards move each day
    reveal(phase.challenge, {})
    signals.dismiss(signal=Signal.objects.get(), reason="Erreur.", by=moderator)
    (notice,) = Notice.objects.all()
    assert (notice.kind, one.team.name in notice.text) == (NoticeKind.SCORING, False)
    again = signalled.asked(signalled.signal(phase))
    signals.remind(signal=again, teams=[again.parties.all()[0].team], reason="Lu.", by=moderator)
    assert Notice.objects.count() == 1
    third = signalled.asked(signalled.signal(phase))
    signals.set_aside(
        signal=third, teams=[third.parties.all()[0].team], reason="Oui.", by=moderator
    )
    assert Notice.objects.count() == 2


def test_a_choice_that_comes_back_without_room_is_undone(phase: Phase, moderator: User) -> None:
    made = signalled.asked(signalled.signal(phase))
    (one, _two) = made.parties.order_by("pk")
    aside = Entry.objects.get(pk=one.entries[0])
    other = EntryFactory(enrolment=aside.enrolment, scored=True)
    Phase.objects.update(final_choices=1)
    choices.choose(entry=aside, by=captain_of(one.team))
    signals.set_aside(signal=made, teams=[one.team], reason="Copie.", by=moderator)
    choices.choose(entry=other, by=captain_of(one.team))  # its place is free
    signals.dismiss(signal=made, reason="Erreur de notre part.", by=moderator)
    assert [each.pk for each in Entry.objects.listed().filter(final_choice=True)] == [other.pk]
    assert Entry.objects.listed().filter(pk=aside.pk).exists()


def test_an_entry_that_two_signals_set_aside_comes_back_with_the_last(
    phase: Phase, moderator: User
) -> None:
    made = [signalled.asked(signalled.signal(phase)) for _ in range(2)]
    (one, _other), (again, _another) = (each.parties.order_by("pk") for each in made)
    again.team, again.entries = one.team, one.entries
    again.save()
    for each in made:
        signals.set_aside(signal=each, teams=[one.team], reason="Copie.", by=moderator)
    entry = Entry.objects.filter(pk=one.entries[0])
    signals.dismiss(signal=made[0], reason="Non.", by=moderator)
    assert entry.get().disqualified_at is not None
    signals.dismiss(signal=made[1], reason="Non plus.", by=moderator)
    assert entry.get().disqualified_at is None


def test_an_entry_disqualified_otherwise_stays_so(phase: Phase, moderator: User) -> None:
    made = signalled.asked(signalled.signal(phase))
    (one, _two) = made.parties.order_by("pk")
    signals.remind(signal=made, teams=[one.team], reason="Lisez l’article 8.", by=moderator)
    Entry.objects.filter(pk=one.entries[0]).update(
        disqualified_at=clock.now(), disqualified_by=moderator
    )
    signals.dismiss(signal=made, reason="Non.", by=moderator)
    assert Entry.objects.get(pk=one.entries[0]).disqualified_at is not None


def test_letters_say_what_is_seen_and_nothing_held_out(phase: Phase, moderator: User) -> None:
    made = signalled.signal(phase)
    one, two = made.parties.order_by("pk")
    signals.ask(signal=made, question="Pourquoi ?", by=moderator)
    signals.answer(party=one, text="Même kit.", by=captain_of(one.team))
    Signal.objects.update(reply_by=clock.now())
    signals.set_aside(signal=made, teams=[two.team], reason="Copie.", by=moderator)
    while outbox.relay():
        pass
    told = sorted((message.subject.split(" : ")[1], message.to) for message in mail.outbox)
    captains = [captain_of(each.team).email for each in (one, two)]
    assert told == sorted(
        [
            *(("une question à votre équipe", [each]) for each in captains),
            *(("décision sur vos soumissions", [each]) for each in captains),
            ("une équipe a répondu", [moderator.email]),
        ]
    )
    texts = "\n".join(message.body for message in mail.outbox)
    assert "ressemble à celle d’une autre équipe" in texts
    assert f"/equipe/questions/{one.public_id}/" in texts
    assert "ne paraissent plus au classement" in texts
    assert "Aucune mesure ne concerne votre équipe" in texts
    for private in ("0,9981", "0.9981", str(made.public_id)):
        assert private not in texts.replace(f"/moderation/signaux/{made.public_id}/", "")
    for message in mail.outbox:
        if message.to == [captains[0]]:
            assert two.team.name not in message.body


def test_a_dismissal_without_a_question_writes_to_nobody(phase: Phase, moderator: User) -> None:
    signals.dismiss(signal=signalled.signal(phase), reason="Rien.", by=moderator)
    assert topics() == []


def test_the_moderators_are_told_how_many(phase: Phase, moderator: User) -> None:
    player: User = UserFactory(region="moderator")
    two = [TeamFactory(challenge=phase.challenge) for _ in range(2)]
    two[0].members.create(challenge=phase.challenge, user=player, joined_at=clock.now())
    signals.store(job=leased(phase), phase=phase, raised=[raised(*two)])
    while outbox.relay():
        pass
    (letter,) = mail.outbox  # the moderator who takes part is told nothing
    assert letter.to == [moderator.email]
    assert "1 nouveau signal" in letter.body
    assert f"/moderation/signaux/?challenge={phase.challenge.slug}" in letter.body


def test_two_searches_before_a_delivery_are_two_letters(phase: Phase, moderator: User) -> None:
    """Each count is told: the second search is not taken for the first one."""
    teams = [TeamFactory(challenge=phase.challenge) for _ in range(3)]
    for one, two in ((teams[0], teams[1]), (teams[1], teams[2])):
        signals.store(job=leased(phase), phase=phase, raised=[raised(one, two)])
    while outbox.relay():
        pass
    assert [letter.to for letter in mail.outbox] == [[moderator.email]] * 2


@pytest.mark.parametrize("what", ["no task", "a program"])
def test_nothing_to_compare_ends_at_once(phase: Phase, what: str) -> None:
    signalled.signal(phase)  # with entries, hence a task
    if what == "no task":
        phase.tasks.update(current=False)
    else:
        Scorer.objects.filter(challenge=phase.challenge).update(kind=ScorerKind.PROGRAM)
    job = leased(phase)
    searches.signals_job(job, vault.Truths(), Any)  # type: ignore[arg-type]  # never read
    assert Job.objects.get(pk=job.pk).state == JobState.DONE
