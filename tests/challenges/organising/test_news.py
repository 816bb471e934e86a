"""What people are told of a challenge: each event once, in time, whatever the schedulers do."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from challenges.entries.enums import EntryStatus
from challenges.evaluation import tasks as evaluation_tasks
from challenges.evaluation.enums import Split
from challenges.models import Challenge, Entry, Job, Phase, Score, Team
from challenges.organising import tasks as deadlines
from challenges.organising.actions import challenges
from challenges.organising.tasks import KINDS
from challenges.teams.actions import teams
from challenges.teams.models import Registration
from challenges.worker import drain
from portal.accounts.actions import notifications
from portal.accounts.models import Notification, RegionAppointment
from portal.audit import duties, outbox
from portal.audit.models import Heartbeat, Outbox
from portal.audit.outbox import owe
from portal.lib import clock
from tests.challenges.entries.test_deposits import at
from tests.challenges.world import answer, entered, opened, owner_of, revealed
from tests.factories import letters
from tests.factories.accounts import UserFactory
from tests.factories.challenges import EntryFactory, TeamFactory, accepted_person, captain_of, score

pytestmark = pytest.mark.django_db
CLOSE = datetime(2060, 11, 26, 11, 0, tzinfo=UTC)  # after the dates of the factories
MILLISECOND = timedelta(milliseconds=1)
ROOT = Path(__file__).parents[3]
EMAILS = ROOT / "templates" / "emails"


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory()
    Phase.objects.update(closes_at=CLOSE)
    return made


def delivered() -> Counter[str]:
    """Deliver everything; count the letters since the last call by the end of their subject."""
    letters.delivered()
    told = Counter(letter.subject.rpartition(" : ")[2] for letter in mail.outbox)
    mail.outbox.clear()
    return told


def remind(monkeypatch: pytest.MonkeyPatch, before: timedelta, close: datetime = CLOSE) -> Any:
    at(monkeypatch, close - before)
    for _ in range(2):  # two schedulers
        deadlines.remind()
    return delivered()


def test_reminders_go_once_two_days_and_three_hours_before(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    captain = captain_of(team)
    two_days, three_hours = timedelta(hours=48), timedelta(hours=3)
    first, second = "clôture dans moins de 48 h", "clôture dans moins de 3 h"
    assert remind(monkeypatch, two_days + MILLISECOND) == {}
    assert remind(monkeypatch, two_days) == {first: 1}
    assert remind(monkeypatch, two_days - MILLISECOND) == {}
    assert remind(monkeypatch, three_hours + MILLISECOND) == {}
    assert remind(monkeypatch, three_hours) == {second: 1}
    assert remind(monkeypatch, MILLISECOND) == {}
    assert remind(monkeypatch, timedelta(0)) == {}
    told = Notification.objects.visible_to(captain).order_by("pk")
    assert list(told.values_list("letter", flat=True)) == ["phase_closes_48", "phase_closes_3"]


def test_a_close_that_moves_has_its_own_reminders(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = CLOSE + timedelta(days=7)
    assert remind(monkeypatch, timedelta(hours=40)) == {"clôture dans moins de 48 h": 1}
    at(monkeypatch, CLOSE - timedelta(hours=3))
    deadlines.remind()  # owed, not yet sent, when the date moves
    Phase.objects.update(closes_at=later)
    assert delivered() == {}
    assert remind(monkeypatch, timedelta(hours=48), later) == {"clôture dans moins de 48 h": 1}
    latest = later + timedelta(days=7)
    Phase.objects.update(closes_at=latest)  # a scheduler that was down sends the nearest one only
    assert remind(monkeypatch, timedelta(hours=1), latest) == {"clôture dans moins de 3 h": 1}


def test_captains_without_a_final_choice_are_reminded(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = Phase.objects.get()
    EntryFactory(enrolment__team=team, enrolment__phase=phase, status=EntryStatus.SCORED)
    chosen = TeamFactory(challenge=team.challenge)
    EntryFactory(
        enrolment__team=chosen, enrolment__phase=phase, status=EntryStatus.SCORED, final_choice=True
    )
    TeamFactory(challenge=team.challenge)  # has sent nothing
    assert remind(monkeypatch, timedelta(hours=48)) == {
        "clôture dans moins de 48 h": 3,
        "aucun choix final": 1,
    }
    assert Notification.objects.get(letter="choices_missing").user == captain_of(team)


def test_an_opening_is_told_once_and_not_long_after(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens_at = CLOSE - timedelta(days=30)
    Phase.objects.update(opens_at=opens_at)
    TeamFactory(challenge=team.challenge)  # came once it was open
    first, later = team.challenge.registrations.order_by("pk")
    first.at, later.at = opens_at, opens_at + MILLISECOND
    Registration.objects.bulk_update([first, later], ["at"])
    for instant, told in (
        (opens_at - MILLISECOND, {}),
        (opens_at, {"une phase ouvre": 1}),
        (opens_at + timedelta(hours=1), {}),
    ):
        at(monkeypatch, instant)
        deadlines.remind()
        assert delivered() == told
    Outbox.objects.all().delete()
    at(monkeypatch, opens_at + timedelta(days=1))
    deadlines.remind()
    assert delivered() == {}


def test_mail_down_for_an_hour_loses_and_doubles_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.challenges.nowhere.Backend"
    start = CLOSE - timedelta(days=10)
    notifications.choose(ways={"entries": "now"}, by=captain_of(team))
    entries = [
        EntryFactory(enrolment__team=team, enrolment__phase=Phase.objects.get()) for _ in range(5)
    ]
    for minute in range(0, 60, 5):
        at(monkeypatch, start + timedelta(minutes=minute))
        for entry in entries:  # what is owed again is owed once
            owe("mail.entry_scored", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))
        outbox.relay()
        outbox.relay()
    assert Notification.objects.count() == 5  # in their space, mail or no mail
    settings.EMAIL_BACKEND = working
    assert mail.outbox == []
    at(monkeypatch, start + timedelta(hours=2))
    assert delivered() == Counter(f"soumission n° {each.number} évaluée" for each in entries)
    assert Notification.objects.count() == 5


def test_no_private_figure_stands_in_a_letter_or_in_the_space(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EntryFactory(enrolment__team=team, enrolment__phase=Phase.objects.get())
    score(entry, 0.123456, Split.PUBLIC)
    score(entry, 0.654321, Split.PRIVATE)
    for topic in ("entry_scored", "entry_rejected", "entry_failed", "entry_examined"):
        owe(f"mail.{topic}", key=str(entry.pk), entry_id=str(entry.pk))
    letters.delivered()
    texts = "\n".join(f"{letter.subject}\n{letter.body}" for letter in mail.outbox)
    texts += str(list(Notification.objects.values("facts", "path", "event")))
    for figure in ("0.1235", "0,1235", "0.6543", "0,6543", "123456", "654321"):
        assert figure not in texts
    told = set(Notification.objects.values_list("letter", flat=True))
    assert told == {
        "entry_scored",
        "entry_rejected",
        "entry_failed",
        "entry_examined",
        "entry_attention",
    }
    stops = [letter.extra_headers.get("List-Unsubscribe") for letter in mail.outbox]
    assert all(stops)


def test_administrators_hear_of_a_silent_worker_once(monkeypatch: pytest.MonkeyPatch) -> None:
    administrator = UserFactory(region="administrator")
    UserFactory(region="moderator")
    duties.beat("worker")
    seen = Heartbeat.objects.get().at
    for seconds, told in ((60, {}), (61, {"Le processus worker ne répond plus": 1}), (120, {})):
        at(monkeypatch, seen + timedelta(seconds=seconds))
        evaluation_tasks.watch()
        assert delivered() == told
    duties.beat("worker")  # back: the next silence rings again
    at(monkeypatch, clock.now() + timedelta(seconds=61))
    evaluation_tasks.watch()
    assert sum(delivered().values()) == 1
    assert set(Notification.objects.values_list("user", flat=True)) == {administrator.pk}


def test_administrators_hear_of_waiting_and_dead_work(monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory(region="administrator")
    UserFactory(region="administrator")
    job = Job.objects.create(
        kind="score", subject_id="1", dedup_key="1", run_after=CLOSE, created_at=CLOSE
    )
    for minutes, told in ((15, {}), (16, {"Des travaux attendent depuis plus de 15 minutes": 2})):
        at(monkeypatch, CLOSE + timedelta(minutes=minutes))
        evaluation_tasks.watch()
        evaluation_tasks.watch()
        assert delivered() == told
    monkeypatch.setattr(evaluation_tasks.evaluation_queries, "has_late_entries", lambda _now: True)
    at(monkeypatch, CLOSE + timedelta(minutes=1))
    evaluation_tasks.watch()
    evaluation_tasks.watch()
    assert delivered() == {"Des soumissions n’avancent plus": 2}
    owe("mail.job_dead", key="x", job_id=str(job.pk))
    assert delivered() == {"Un travail du portail a échoué": 2}


def test_a_preference_holds_between_the_event_and_the_letter(team: Team) -> None:
    challenge: Challenge = team.challenge
    entry: Entry = EntryFactory(enrolment__team=team, enrolment__phase=challenge.phases.get())
    owe("mail.entry_scored", key="x", entry_id=str(entry.pk))
    outbox.relay(limit=1)  # the event is noted, its letter is owed
    notifications.choose(ways={"entries": "space"}, by=captain_of(team))
    assert delivered() == {}
    assert Notification.objects.get().letter == "entry_scored"


def test_each_letter_of_challenges_is_of_a_kind_that_people_choose() -> None:
    """A letter of no kind could not be turned down, and would be nowhere in the preferences."""
    written = {path.name for path in EMAILS.iterdir()}
    told = {letter for kind in KINDS for letter in kind.letters}
    assert told <= written
    source = "".join(path.read_text("utf-8") for path in (ROOT / "challenges").rglob("*.py"))
    named = set(re.findall(r'\b(?:tell|alarm)\(\s*"(\w+)"', source))
    assert named
    assert named <= told


def test_what_comes_back_is_told_again(team: Team) -> None:
    """Dates that were announced before, whoever is captain again."""
    phase = team.challenge.phases.get()
    owner = team.challenge.organisers.get().user
    for close in (CLOSE + timedelta(days=1), CLOSE, CLOSE + timedelta(days=1)):
        phase = challenges.set_dates(
            phase=phase, opens_at=phase.opens_at, closes_at=close, by=owner
        )
        assert delivered() == {"dates": 1}
    assert Notification.objects.filter(letter="phase_dates").count() == 3
    first, second = captain_of(team), accepted_person(team.challenge)
    team.members.create(challenge=team.challenge, user=second, joined_at=clock.now())
    for former, heir in ((first, second), (second, first), (first, second)):
        teams.hand_over(team=team, person=heir, by=former)
        assert delivered() == {"vous êtes capitaine": 1}
    told = Notification.objects.filter(letter="team_captain").order_by("pk")
    assert list(told.values_list("user", flat=True)) == [second.pk, first.pk, second.pk]


def letters_sent() -> list[tuple[str, list[str]]]:
    letters.delivered()
    return sorted((message.subject, message.to) for message in mail.outbox)


@pytest.mark.slow
def test_a_challenge_writes_to_the_people_concerned(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    moderator = UserFactory(region="moderator")
    involved = UserFactory(region="moderator")
    challenge.organisers.create(user=involved, role="jury")
    letters_sent()
    mail.outbox.clear()
    team = TeamFactory(challenge=challenge)
    entered(challenge, team=team)
    entered(challenge, team=team, content=answer(0.5).replace(b"A0001,", b"A0001;"))
    teams.invite(team=team, email="claire@exemple.test", by=captain_of(team))
    assert drain()
    revealed(challenge, moderator)
    captain = [captain_of(team).email]
    title = "Challenge « Estimer un niveau »"
    told = letters_sent()
    region = RegionAppointment.objects.filter(role__in=["moderator", "administrator"])
    decide = set(region.values_list("user__email", flat=True)) - {involved.email}
    assert told == sorted(
        [
            ("Invitation dans l’équipe " + team.name, ["claire@exemple.test"]),
            (f"{title} : dates", captain),
            (f"{title} : rang final 1/1 (Phase unique)", captain),
            (f"{title} : résultats définitifs", [owner_of(challenge).email]),
            *[(f"{title} : résultats à confirmer", [person]) for person in sorted(decide)],
        ]
    )
    (asked,) = [
        one for one in mail.outbox if one.to == [moderator.email] and "à confirmer" in one.subject
    ]
    assert f"/espace/challenges/{challenge.slug}/\n" in asked.body  # where one confirms
    texts = "\n".join(message.body for message in mail.outbox)
    for text in Score.objects.values_list("value_text", flat=True):
        assert text not in texts
    assert "/equipe/invitation/" in texts
    assert letters_sent() == told
