"""Phases: one takes over the choices of another, one stays open as a bench, one is over."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.disqualifications import actions as disqualifications
from challenges.entries.actions import choices
from challenges.entries.enums import EntryStatus
from challenges.invariants import INVARIANTS, late_takeovers
from challenges.models import (
    Challenge,
    Disqualification,
    Entry,
    Job,
    Phase,
    Score,
    ScoreReceipt,
    Standing,
    Team,
)
from challenges.organising.actions import challenges, phases
from challenges.organising.enums import ChallengeStatus, PhaseKind
from challenges.organising.queries import checklist
from challenges.results import actions as results
from challenges.results.queries import boards
from challenges.results.tasks import take_over
from challenges.teams.views.head import stage_of
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import Closed, Conflict, Invalid, NotAllowed, QuotaSpent
from tests.challenges import kept, world
from tests.challenges.organising.test_authoring import built
from tests.challenges.pages.scenes import url_of
from tests.challenges.refusals import refuses
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
)
from tests.factories.disqualifications import asked

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_phases(tmp_path: Path) -> Challenge:
    """Return an open challenge whose second phase takes over the choices of the first."""
    made = world.opened(tmp_path)
    final = phases.make_like_first(
        made.phases.get(index=0), index=1, name="Finale", kind=PhaseKind.FINAL
    )
    dated(final, opens_at=clock.now() + timedelta(days=1), max_per_day=0)
    Phase.objects.filter(pk=final.pk).update(migrate_from=made.phases.get(index=0))
    return made


def dated(phase: Phase, **values: Any) -> Phase:
    """Change a phase behind the back of every rule."""
    Phase.objects.filter(pk=phase.pk).update(**values)
    phase.refresh_from_db()
    return phase


def entered_first(two_phases: Challenge, *skills: float) -> list[Entry]:
    """Enter files of one team in the first phase."""
    team = TeamFactory(challenge=two_phases)
    first = two_phases.phases.get(index=0)
    return [
        world.entered(two_phases, skill, team=team, seed=at, phase=first)
        for at, skill in enumerate(skills)
    ]


def turned(two_phases: Challenge) -> Phase:
    """Close the first phase and open the second one, an hour ago."""
    at = clock.now() - timedelta(hours=1)
    dated(two_phases.phases.get(index=0), opens_at=at - timedelta(days=1), closes_at=at)
    return dated(two_phases.phases.get(index=1), opens_at=at)


def copies(phase: Phase) -> dict[str, list[Any]]:
    """List what a phase took over, by team."""
    found: dict[str, list[Any]] = {}
    for each in Entry.objects.filter(enrolment__phase=phase).order_by("pk"):
        found.setdefault(each.enrolment.team.name, []).append(each.migrated_from_id)
    return {team: sorted(of, key=str) for team, of in found.items()}


def test_final_choices_enter_the_phase_that_opens_once_and_are_scored(
    two_phases: Challenge, client: Client
) -> None:
    chosen = entered_first(two_phases, 0.3, 0.9, 0.6)
    usual = entered_first(two_phases, 0.4, 0.7, 0.5)
    assert drain()
    captain = captain_of(chosen[0].enrolment.team)
    choices.choose(entry=chosen[0], by=captain)
    final = two_phases.phases.get(index=1)
    take_over()
    assert copies(final) == {}
    final = turned(two_phases)
    first = two_phases.phases.get(index=0)
    closed = first.closes_at
    dated(first, closes_at=clock.now() - timedelta(minutes=5))
    take_over()
    assert copies(final) == {}  # a grace that still runs is waited for
    dated(first, closes_at=closed)
    take_over()
    take_over()
    assert copies(final) == {
        chosen[0].enrolment.team.name: [chosen[0].pk],
        usual[0].enrolment.team.name: sorted([usual[1].pk, usual[2].pk], key=str),
    }
    copy = Entry.objects.get(migrated_from=chosen[0])
    assert (copy.sha256, copy.number, copy.day_slot, copy.total_slot) == (
        chosen[0].sha256,
        1,
        None,
        None,
    )
    assert f'"former":"{chosen[0].pk}"' in copy.receipt
    assert drain()
    assert set(Entry.objects.filter(enrolment__phase=final).values_list("status", flat=True)) == {
        EntryStatus.SCORED
    }
    assert final.leaderboards.get().standings.count() == 2
    final.refresh_from_db()
    assert final.migrated_at is not None
    with pytest.raises(QuotaSpent):
        world.entered(two_phases, team=copy.enrolment.team, phase=final)
    client.force_login(captain)
    page = client.get(url_of(two_phases, "entry", copy.pk)).text
    assert "de la soumission 1 de la phase" in page
    assert [each.action for each in AuditEvent.objects.filter(action="phase.taken_over")] == [
        "phase.taken_over"
    ]


def test_a_team_that_waits_for_a_score_is_taken_over_later(two_phases: Challenge) -> None:
    ready = entered_first(two_phases, 0.8)
    assert drain()
    final = turned(two_phases)
    assert list(late_takeovers()) == [f"phase:{final.pk}"]
    back = clock.now() + timedelta(hours=1)
    dated(two_phases.phases.get(index=0), closes_at=back)
    late = entered_first(two_phases, 0.6)
    final = turned(two_phases)
    assert list(late_takeovers()) == []
    take_over()
    assert copies(final) == {ready[0].enrolment.team.name: [ready[0].pk]}
    final.refresh_from_db()
    assert final.migrated_at is None
    dated(final, closes_at=clock.now() - timedelta(minutes=30))
    with refuses(Conflict, "choices_not_taken_over"):
        results.propose_reveal(phase=final, by=world.owner_of(two_phases))
    assert drain()
    take_over()
    assert copies(final)[late[0].enrolment.team.name] == [late[0].pk]
    final.refresh_from_db()
    assert final.migrated_at is not None


@pytest.mark.parametrize("status", list(EntryStatus))
def test_an_entry_without_outcome_is_waited_for_everywhere(status: EntryStatus) -> None:
    """The take-over, its invariant and the results say the same of each status."""
    former = EntryFactory(status=status, day_slot=None, total_slot=None)
    source, at = former.enrolment.phase, clock.now() - timedelta(hours=1)
    dated(source, closes_at=at)
    final = PhaseFactory(challenge=source.challenge, index=1, migrate_from=source, opens_at=at)
    has_outcome = status in {"scored", "failed", "rejected", "withdrawn"}
    assert list(late_takeovers()) == [f"phase:{final.pk}"] * has_outcome
    assert Entry.objects.without_outcome().exists() == (not has_outcome)
    take_over()
    final.refresh_from_db()
    assert (final.migrated_at is not None) is has_outcome


def test_a_key_that_a_team_sent_does_not_stop_what_is_taken_over(two_phases: Challenge) -> None:
    former = entered_first(two_phases, 0.8)[0]
    team = former.enrolment.team
    assert drain()
    final = turned(two_phases)
    dated(final, max_per_day=1)
    key = f"reprise-{former.pk}"
    with refuses(Invalid, "idempotency_key_reserved"):
        world.entered(two_phases, team=team, phase=final, idempotency_key=key)
    own = world.entered(two_phases, team=team, phase=final)
    Entry.objects.filter(pk=own.pk).update(idempotency_key=key)
    assert results.take_over(phase=final) == 1
    assert copies(final)[team.name] in ([None, former.pk], [former.pk, None])


def test_a_breakdown_of_one_team_leaves_nothing_by_half_and_stops_no_other(
    two_phases: Challenge, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    broken = entered_first(two_phases, 0.8, 0.7)
    other = entered_first(two_phases, 0.6)
    assert drain()
    final = turned(two_phases)
    jobs = Job.objects.count()
    hits: list[str] = []

    def fail_first(name: str) -> None:
        hits.append(name)
        if len(hits) == 1:
            raise OSError("No space")

    monkeypatch.setattr(results.failpoints, "hit", fail_first)
    assert results.take_over(phase=final) == 1
    assert "No space" in caplog.text
    assert (list(copies(final)), Job.objects.count()) == ([other[0].enrolment.team.name], jobs + 1)
    final.refresh_from_db()
    assert final.migrated_at is None
    assert results.take_over(phase=final) == 2
    assert len(copies(final)[broken[0].enrolment.team.name]) == 2
    final.refresh_from_db()
    assert final.migrated_at is not None


def test_a_team_that_always_breaks_down_is_named_and_left_by_the_organiser(
    two_phases: Challenge, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = entered_first(two_phases, 0.8)[0]
    assert drain()
    final = turned(two_phases)
    dated(final, closes_at=clock.now() - timedelta(minutes=30))

    def fail(name: str) -> None:
        raise OSError("No space")

    with monkeypatch.context() as broken:
        broken.setattr(results.failpoints, "hit", fail)
        take_over()
    by = world.owner_of(two_phases)
    with pytest.raises(Conflict) as refused:
        results.propose_reveal(phase=final, by=by)
    team = former.enrolment.team
    assert (refused.value.code, refused.value.facts) == (
        "choices_not_taken_over",
        {"teams": [team.name]},
    )
    client.force_login(by)
    page = client.get(url_of(two_phases, "organiser")).text
    address = url_of(two_phases, "takeover_end", 1)
    assert team.name in page
    assert address in page
    with pytest.raises(NotAllowed):
        results.end_takeover(phase=final, by=captain_of(team))
    results.end_takeover(phase=final, by=by)
    assert f'"{team.slug}"' in AuditEvent.objects.get(action="phase.takeover_ended").body.body
    take_over()
    assert copies(final) == {}
    results.propose_reveal(phase=final, by=by)
    with pytest.raises(Conflict):
        results.end_takeover(phase=final, by=by)


def judge() -> User:
    return UserFactory(region="moderator")


def put_out(team: Team, entry: Entry | None) -> Disqualification:
    """Disqualify an entry, or the whole team when it is None."""
    found = asked(entry, team, status="in_force", decided_at=clock.now(), decided_by=judge())
    if entry is None:
        Team.objects.filter(pk=team.pk).update(state="disqualified")
    else:
        Entry.objects.filter(pk=entry.pk).update(
            disqualified_at=clock.now(), disqualified_by=judge(), disqualified_reason="Article 4."
        )
    return found


@pytest.mark.parametrize("whole", [True, False])
def test_a_choice_that_comes_back_after_the_take_over_is_taken_over(
    two_phases: Challenge, whole: bool
) -> None:
    best, second = entered_first(two_phases, 0.9, 0.8)
    others = entered_first(two_phases, 0.7, 0.6, 0.5)
    team = best.enrolment.team
    assert drain()
    found = put_out(team, None if whole else best)
    final = turned(two_phases)
    dated(final, closes_at=clock.now() - timedelta(minutes=30))
    take_over()
    final.refresh_from_db()
    assert final.migrated_at is not None
    before = copies(final)
    assert before.get(team.name, []) == ([] if whole else [second.pk])
    dated(final, migrated_at=clock.now() - timedelta(minutes=10))
    disqualifications.lift(found=found, reason="Erreur.", by=judge(), version=found.version)
    assert drain()
    with refuses(Conflict, "choices_not_taken_over"):
        results.propose_reveal(phase=final, by=world.owner_of(two_phases))
    # Another best entry of a team that has its copies is not theirs to add.
    Entry.objects.filter(pk=others[0].pk).update(status=EntryStatus.WITHDRAWN)
    take_over()
    take_over()
    assert copies(final) == before | {team.name: sorted([best.pk, second.pk], key=str)}
    assert drain()
    results.propose_reveal(phase=final, by=world.owner_of(two_phases))


def test_the_form_ties_a_phase_to_an_earlier_one_and_the_list_asks_for_dates(
    client: Client, by: User
) -> None:
    two_phases = built(by)
    final = phases.add_phase(challenge=two_phases, name="Finale", kind=PhaseKind.FINAL, by=by)
    address = reverse("challenges:write_phase", args=["niveau", 1])
    form = client.get(address).context["form"]
    sent = {each.name: each.value() for each in form if each.value() not in (None, False)}
    assert client.post(address, sent | {"migrate_from": "1"}).status_code == 422
    assert client.post(address, sent | {"migrate_from": "0", "max_per_day": "0"}).status_code == 302
    final.refresh_from_db()
    first = two_phases.phases.get(index=0)
    assert final.migrate_from == first
    assert (
        "migrate_from" not in client.get(reverse("challenges:write_phase", args=["niveau", 0])).text
    )
    told = {each.key: each.state for each in checklist(two_phases)}
    assert (told["migration"], told["dates"]) == ("missing", "advice")
    now = clock.now()
    dated(first, opens_at=now, closes_at=now + timedelta(days=2))
    dated(final, opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=3))
    told = {each.key: each.state for each in checklist(two_phases)}
    assert (told["migration"], told["order"]) == ("missing", "advice")
    dated(final, opens_at=now + timedelta(days=2))
    assert {each.key: each.state for each in checklist(two_phases)}["migration"] == "ready"
    assert (
        "Reprend les choix finals"
        in client.get(reverse("challenges:presentation", args=["niveau"])).text
    )


def revealed(path: Path, *, bench: bool = True) -> Challenge:
    """Reveal a challenge of two teams that used all their attempts, 1 a day."""

    def make() -> int:
        made = opened(path)
        Phase.objects.update(benchmark_after_close=bench, max_total=1, max_per_day=2)
        for number, skill in enumerate((0.7, 0.5)):
            entered(made, skill, seed=number)
        assert drain()
        world.revealed(made)
        return made.pk

    return Challenge.objects.get(pk=kept.world(f"bench {bench}", make))


def entries_of_teams() -> list[Entry]:
    return list(Entry.objects.of_teams().order_by("received_at"))


@pytest.mark.slow
def test_late_entries_are_scored_and_change_nothing_final(tmp_path: Path) -> None:
    made = revealed(tmp_path)
    final = list(Standing.objects.order_by("pk").values())
    first, second = entries_of_teams()[:2]
    captain = signed_in(captain_of(second.enrolment.team))
    page = captain.get(url_of(made, "entries")).text
    assert "Les résultats définitifs sont publiés et ne changent plus." in page
    assert "Dépôt fermé" not in page
    assert "Pensez à votre choix final" not in page
    late = entered(made, 0.99, team=second.enrolment.team, seed=5)
    with pytest.raises(QuotaSpent):  # that of a day holds
        entered(made, 0.6, team=second.enrolment.team, seed=7)
    assert (late.counts, late.total_slot, late.closes_at_snapshot) == (False, None, None)
    assert drain()
    late.refresh_from_db()
    assert late.status == "scored"
    assert list(Standing.objects.order_by("pk").values()) == final
    assert set(Score.objects.filter(evaluation__entry=late).values_list("split", flat=True)) == {
        "public"
    }
    assert ScoreReceipt.objects.filter(entry=late).count() == 1
    phase = Phase.objects.get()
    column = phase.leaderboards.get().primary
    assert column is not None
    rows = boards.bench_rows(phase, column)
    assert [(row.team, row.rank) for row in rows if row.rank] == [
        (second.enrolment.team, 1),
        (first.enrolment.team, 2),
    ]
    assert [bool(row.since) for row in rows if row.rank] == [True, False]
    assert [name for name, (_said, check) in INVARIANTS.items() if list(check())] == []
    bench = Client().get(url_of(made, "bench"))
    assert bench.status_code == 200
    assert second.enrolment.team.name in bench.text
    assert "ne paraissent qu’ici" in bench.text
    assert ">0," in bench.text
    assert ">0." not in bench.text
    assert url_of(made, "bench") in Client().get(url_of(made, "standings")).text
    Challenge.objects.update(status=ChallengeStatus.SUSPENDED)  # while another phase is open
    with pytest.raises(Closed):
        entered(made, 0.6, team=first.enrolment.team, seed=6)


JOIN = "Accepter et participer"


@pytest.mark.slow
@pytest.mark.parametrize("bench", [True, False])
def test_newcomers_register_for_a_bench(tmp_path: Path, bench: bool) -> None:
    made = revealed(tmp_path, bench=bench)
    page = url_of(made, "team")
    newcomer = signed_in(UserFactory())
    assert (JOIN in newcomer.get(page).text) is bench
    assert Client().get(url_of(made, "bench")).status_code == (200 if bench else 404)
    if not bench:
        with pytest.raises(Closed):
            entered(made, 0.6, team=entries_of_teams()[0].enrolment.team, seed=6)
    first = newcomer.get(url_of(made, "presentation")).text
    assert (f'href="{page}"' in first) is bench
    challenges.archive(challenge=made, reason="Fini.", by=owner_of(made))
    assert JOIN not in newcomer.get(page).text


DAY = timedelta(days=1)
STATES: list[tuple[str, dict[str, Any], tuple[int, int], str]] = [
    ("coming", {}, (1, 9), "formez déjà votre équipe"),
    ("open", {}, (-1, 9), ""),
    ("over", {}, (-9, -1), "Ce challenge est terminé"),
    ("over", {"status": ChallengeStatus.CLOSED}, (-9, -1), "pas encore publiés"),
    ("over", {"status": ChallengeStatus.REVEALED}, (-9, -1), "classement définitif est publié"),
    ("suspended", {"status": ChallengeStatus.SUSPENDED}, (-1, 9), "Ce challenge est suspendu"),
]


@pytest.mark.parametrize(("stage", "change", "days", "words"), STATES)
def test_a_newcomer_and_a_team_read_where_the_challenge_stands(
    stage: str, change: dict[str, Any], days: tuple[int, int], words: str
) -> None:
    challenge: Challenge = ChallengeFactory(opened=True, team_max=3)
    opens_at, closes_at = (clock.now() + each * DAY for each in days)
    Phase.objects.update(opens_at=opens_at, closes_at=closes_at)
    Challenge.objects.update(**change)
    challenge.refresh_from_db()
    phases = list(challenge.phases.all())
    assert stage_of(challenge, phases, clock.now()).value == stage
    gathers = stage in {"coming", "open"}
    page = Client().get(url_of(challenge, "presentation")).text
    assert words in page
    part = url_of(challenge, "team")
    assert (f'href="{part}"' in page) is gathers
    browser = signed_in(UserFactory())
    assert (JOIN in browser.get(part).text) is gathers
    assert (f'href="{part}"' in browser.get(url_of(challenge, "entries")).text) is gathers
    captain = signed_in(captain_of(TeamFactory(challenge=challenge)))
    text = captain.get(url_of(challenge, "team")).text
    assert ("Envoyer l’invitation" in text) is gathers
    assert ("l’équipe reste ce qu’elle est" in text) is (stage == "over")
    assert "Quitter l’équipe" in text
