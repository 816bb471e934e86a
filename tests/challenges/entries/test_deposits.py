"""Entries: received in one transaction, within slots, followed, chosen, withdrawn."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from challenges.client.receipts import ReceiptState
from challenges.entries.actions import choices, deposits
from challenges.entries.enums import EntryStatus
from challenges.entries.queries import quota_left
from challenges.evaluation.enums import Split
from challenges.models import (
    Challenge,
    Entry,
    Evaluation,
    Job,
    Leaderboard,
    Phase,
    Standing,
    Team,
)
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from challenges.pages.views.entry_tables import duration
from challenges.queue.enums import JobKind
from challenges.verification.queries import judge
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Closed, Conflict, NotAllowed, QuotaSpent, Unavailable
from portal.lib.storage import parts
from tests.challenges.pages.scenes import (
    Costs,
    clocked,
    compile_keys,
    listed,
    plain,
    url_of,
    with_contract,
)
from tests.challenges.refusals import refuses
from tests.challenges.world import owner_of
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    ScoreReceiptFactory,
    StandingFactory,
    TeamFactory,
    accepted_person,
    captain_of,
    reveal_of,
    score,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


@pytest.fixture
def phase(team: Team) -> Phase:
    return team.challenge.phases.get()


def enter(team: Team, content: bytes = b"id,y\n1,0.5\n", **changes: Any) -> deposits.Accepted:
    given = {
        "phase": team.challenge.phases.get(),
        "team": team,
        "content": content,
        "original_name": "../réponse.csv",
        "idempotency_key": str(uuid4()),
        "by": captain_of(team),
        "again": True,
    }
    return deposits.enter(**{**given, **changes})


def at(monkeypatch: pytest.MonkeyPatch, instant: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: instant)


def test_a_file_is_received(team: Team, phase: Phase, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    phase.opens_at = NOON
    phase.save()
    accepted = enter(team)
    entry = Entry.objects.get()
    assert accepted.created
    assert (entry.number, entry.day_slot, entry.total_slot) == (1, 1, 1)
    assert entry.quota_day.isoformat() == "2026-11-25"  # past midnight in Paris
    assert entry.original_name == "_réponse.csv"
    assert (entry.status, entry.size) == (EntryStatus.RECEIVED, 11)
    payload = json.loads(entry.receipt)["payload"]
    assert payload["received_at"] == "2026-11-25T00:30:00+01:00"
    assert payload["slot"] == {"day": "1/5", "total": "1/100"}
    assert payload["sha256"] == entry.sha256
    job = Job.objects.get()
    assert (job.kind, job.subject_id) == (JobKind.CHECK, str(entry.pk))
    assert [event.action for event in AuditEvent.objects.all()] == ["entry.received"]
    assert Outbox.objects.count() == 0
    assert judge(entry.receipt.encode()).state is ReceiptState.VALID


def test_the_same_key_returns_the_receipt_after_the_close(team: Team, phase: Phase) -> None:
    first = enter(team, idempotency_key="k")
    phase.closes_at = clock.now()
    phase.save()
    assert enter(team, idempotency_key="k").entry == first.entry


def test_the_same_bytes_under_a_new_key_are_told_before_they_cost_a_slot(team: Team) -> None:
    first = enter(team).entry
    with refuses(Conflict, "same_file") as refusal:
        enter(team, again=False)
    assert (refusal.value.facts["number"], refusal.value.facts["entry"]) == (1, str(first.pk))
    assert quota_left(first.enrolment.phase, team).day_used == 1
    other = enter(TeamFactory(challenge=team.challenge), again=False)  # tells nothing of others
    assert other.created
    assert enter(team, again=True).entry.day_slot == 2


@pytest.mark.parametrize(
    ("limit", "value"), [("max_total", 1), ("max_per_day", 0), ("max_parallel", 1)]
)
def test_a_quota_is_spent(team: Team, limit: str, value: int) -> None:
    Phase.objects.update(**{limit: value})
    for _entry in range(value):
        enter(team)
    second = accepted_person(team.challenge)
    joined = {"challenge": team.challenge, "user": second, "joined_at": clock.now()}
    team.members.create(**joined)
    with pytest.raises(QuotaSpent) as refusal:  # members share the slots of their team
        enter(team, by=second)
    if limit == "max_total":
        assert refusal.value.facts["next_opening"] is None  # for good
    Phase.objects.update(max_per_day=None, max_total=None, max_parallel=None)
    entry = enter(team).entry
    assert (entry.day_slot, entry.total_slot) == (None, None)


@pytest.mark.parametrize("status", [EntryStatus.REJECTED, EntryStatus.NEEDS_ATTENTION])
def test_a_slot_given_back_is_used_again_and_what_holds_none_is_bounded_too(
    team: Team, status: EntryStatus
) -> None:
    Phase.objects.update(max_per_day=2)
    enter(team)
    enter(team)
    Entry.objects.filter(number=1).update(status=status, day_slot=None, total_slot=None)
    assert enter(team).entry.day_slot == 1
    Phase.objects.update(max_refused_per_day=1, max_per_day=9)
    with pytest.raises(QuotaSpent):
        enter(team)


@pytest.mark.parametrize(("milliseconds", "accepted"), [(-1, True), (0, False), (1, False)])
def test_the_close_is_exact(
    team: Team, monkeypatch: pytest.MonkeyPatch, milliseconds: int, accepted: bool
) -> None:
    Phase.objects.update(opens_at=NOON - timedelta(days=1), closes_at=NOON)
    at(monkeypatch, NOON + timedelta(milliseconds=milliseconds))
    if accepted:
        assert not enter(team).entry.grace
    else:
        with pytest.raises(Closed) as refusal:
            enter(team)
        assert refusal.value.facts["closes_at"] == NOON
        assert Entry.objects.count() == 0


def test_a_phase_closed_by_hand_has_no_grace(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    Phase.objects.update(opens_at=NOON - timedelta(days=1), closes_at=NOON, closed_by_hand=True)
    times = iter([NOON - timedelta(seconds=1)])
    monkeypatch.setattr(clock, "now", lambda: next(times, NOON + timedelta(seconds=1)))
    with pytest.raises(Closed) as refusal:
        enter(team)
    assert refusal.value.facts["closes_at"] == NOON
    assert Entry.objects.count() == 0


def test_a_phase_to_come_says_when_and_a_suspended_challenge_takes_nothing(team: Team) -> None:
    opens_at = clock.now() + timedelta(hours=1)
    Phase.objects.update(opens_at=opens_at)
    with pytest.raises(Closed) as refusal:
        enter(team)
    assert refusal.value.facts["opens_at"] == opens_at
    Phase.objects.update(opens_at=clock.now() - timedelta(hours=1))
    Challenge.objects.update(status=ChallengeStatus.SUSPENDED)
    with pytest.raises(Closed):
        enter(Team.objects.get())


def test_receipt_dates_strictly_increase(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)
    Phase.objects.update(opens_at=NOON)
    dates = [enter(team, b"%d" % number).entry.received_at for number in range(3)]
    assert dates == sorted(set(dates))


def test_a_team_with_many_waiting_entries_waits_behind_others(team: Team) -> None:
    for number in range(3):
        enter(team, b"%d" % number)
    enter(TeamFactory(challenge=team.challenge))
    ranks = list(Job.objects.order_by("created_at").values_list("fair_rank", flat=True))
    assert ranks == [1, 2, 3, 1]


def test_a_full_disk_costs_nothing(team: Team, settings: Any) -> None:
    settings.OE_FAILPOINT = "objects.before_rename:enospc"
    with pytest.raises(Unavailable):
        enter(team)
    assert Entry.objects.count() == 0
    settings.OE_FAILPOINT = ""
    assert enter(team).entry.day_slot == 1


@pytest.mark.parametrize(("before", "status"), [(True, 201), (False, 403)])
def test_a_form_begun_before_the_close_may_end_after_it(
    monkeypatch: pytest.MonkeyPatch, before: bool, status: int
) -> None:
    team = TeamFactory(challenge__opened=True)
    close = clock.now() - timedelta(minutes=5)
    Phase.objects.update(opens_at=close - timedelta(days=1), closes_at=close)
    assert challenges.close_those_over() == 1  # as the worker does within seconds
    first = close + timedelta(milliseconds=-1 if before else 1)
    monkeypatch.setattr(parts, "clock", SimpleNamespace(now=lambda: first))
    client = Client(headers={"accept": "application/json"})
    client.force_login(captain_of(team))
    sent = {"key": "k", "file": SimpleUploadedFile("a.csv", b"id,y\n1,2\n")}
    forged = {"first_byte_at": "2020-01-01T00:00:00Z"}
    address = url_of(team.challenge, "entries")
    assert client.post(address, sent | forged).status_code == status
    kept = list(Entry.objects.values_list("grace", "first_byte_at"))
    assert kept == ([(True, first)] if before else [])
    if before:
        Phase.objects.update(closes_at=close - timedelta(minutes=11))
        late = {"key": "l", "file": SimpleUploadedFile("a.csv", b"id,y\n1,3\n")}
        assert client.post(address, late).status_code == 403


def scored(**given: object) -> Entry:
    return EntryFactory(scored=True, **given)


def captain_for(entry: Entry) -> User:
    return captain_of(entry.enrolment.team)


def fresh(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


def test_a_captain_withdraws_a_scored_entry_and_keeps_its_slot() -> None:
    entry = scored(final_choice=True)
    choices.withdraw(entry=entry, by=captain_for(entry))
    entry = fresh(entry)
    assert (entry.status, entry.day_slot, entry.final_choice) == (
        EntryStatus.WITHDRAWN,
        1,
        False,
    )
    assert Job.objects.get().kind == JobKind.STANDINGS
    assert [event.action for event in AuditEvent.objects.all()] == ["entry.withdrawn"]
    with pytest.raises(Conflict):
        choices.withdraw(entry=entry, by=captain_for(entry))


@pytest.mark.parametrize("status", [EntryStatus.SCORING, EntryStatus.CHECKING, EntryStatus.FAILED])
def test_an_entry_at_work_or_ended_is_not_withdrawn(status: EntryStatus) -> None:
    entry = EntryFactory(status=status)
    with pytest.raises(Conflict):
        choices.withdraw(entry=entry, by=captain_for(entry))
    assert fresh(entry).status == status


def test_who_knows_the_private_scores_withdraws_nothing() -> None:
    entry = scored(final_choice=True)
    reveal_of(entry.enrolment.phase)
    with refuses(Conflict, "phase_revealed"):
        choices.withdraw(entry=entry, by=captain_for(entry))
    assert (fresh(entry).status, fresh(entry).final_choice) == (EntryStatus.SCORED, True)
    assert not Job.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_captain_chooses_two_entries_at_most() -> None:
    first = scored()
    second, third = (scored(enrolment=first.enrolment) for _ in range(2))
    for entry in (first, second, second):
        choices.choose(entry=entry, by=captain_for(first))
    with refuses(Conflict, "final_choices_full"):
        choices.choose(entry=third, by=captain_for(first))
    choices.unchoose(entry=first, by=captain_for(first))
    choices.unchoose(entry=first, by=captain_for(first))
    choices.choose(entry=third, by=captain_for(first))
    unscored = EntryFactory(failed=True, enrolment=first.enrolment)
    with pytest.raises(NotAllowed):
        choices.choose(entry=unscored, by=captain_for(first))
    Phase.objects.update(closes_at=timezone.now())
    for act, entry in ((choices.choose, first), (choices.unchoose, third)):
        with pytest.raises(Closed):
            act(entry=fresh(entry), by=captain_for(first))
    assert [fresh(each).final_choice for each in (first, second, third)] == [False, True, True]
    assert [event.action for event in AuditEvent.objects.order_by("seq")] == [
        "entry.chosen",
        "entry.chosen",
        "entry.unchosen",
        "entry.chosen",
    ]


FILE = b"id,y\n1,0.5\n"


@pytest.fixture
def team() -> Team:
    """Return a team of an open challenge that has a scoring contract."""
    made: Team = TeamFactory()
    with_contract(made.challenge)
    return made


@pytest.fixture
def captain(client: Client, team: Team) -> Client:
    """Return a browser in which the captain is signed in."""
    client.force_login(captain_of(team))
    return client


def address(team: Team, name: str = "entries", *ids: Any) -> str:
    """Return an address of the team's challenge."""
    return url_of(team.challenge, name, *ids)


def send(
    client: Client, team: Team, content: bytes = FILE, *, key: str | None = None, **fields: Any
) -> Any:
    """Submit a file by the form."""
    headers = fields.pop("headers", None)
    body = {
        "key": key or str(uuid4()),
        "file": SimpleUploadedFile("reponse.csv", content),
        "note": "",
    } | fields
    return client.post(address(team), body, headers=headers)


def test_deposit_redirects_to_the_receipt(captain: Client, team: Team) -> None:
    sent = send(captain, team, key="a", note="premier essai")
    entry = Entry.objects.get()
    assert sent.status_code == 302
    assert sent["Location"] == address(team, "entry", entry.pk)
    page = captain.get(sent["Location"]).text
    # Both follow when the score is there: what was said goes, the chart comes.
    assert '<div id="said" data-renew>' in page[: page.index("Fichier reçu")]
    assert '<div id="over-time" data-renew></div>' in page
    assert "Fichier reçu" not in captain.get(sent["Location"]).text
    assert entry.sha256 in page
    assert "premier essai" in page
    assert f'data-poll="{address(team, "entry_state", entry.pk)}"' in page
    assert "Actualiser" in page
    again = send(captain, team, key="a")
    assert (again.status_code, "Récépissé de dépôt" in again.text) == (200, True)
    program = send(captain, team, key="a", headers={"Accept": "application/json"})
    assert (program.status_code, program.content.decode()) == (200, entry.receipt)
    assert send(captain, team, b"id,y\n1,0.6\n", key="a").status_code == 409
    assert Entry.objects.count() == 1


def test_the_same_bytes_are_told_first_and_sent_again_on_demand(
    captain: Client, team: Team
) -> None:
    assert send(captain, team).status_code == 302
    told = send(captain, team)
    assert told.status_code == 409
    assert "identique à votre soumission" in told.text
    assert 'name="again"' in told.text
    assert Entry.objects.count() == 1
    program = send(captain, team, headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["code"]) == (409, "same_file")
    assert send(captain, team, again="on").status_code == 302
    assert Entry.objects.count() == 2


def test_a_file_too_large_and_a_spent_quota_are_said_on_the_form(
    captain: Client, team: Team
) -> None:
    Phase.objects.update(max_bytes=30)
    large = send(captain, team, b"id,y\n" + b"1,0.5\n" * 9, note="lissage")
    assert large.status_code == 413
    assert "Ce fichier dépasse la taille permise." in large.text
    assert 'value="lissage"' in large.text
    Phase.objects.update(max_total=1)
    assert send(captain, team).status_code == 302
    spent = send(captain, team, b"id,y\n1,0.7\n")
    assert (spent.status_code, "utilisé tous ses essais" in spent.text) == (429, True)
    assert Entry.objects.count() == 1


def test_terms_of_a_new_version_block_the_form(captain: Client, team: Team) -> None:
    team.challenge.terms.create(number=2, text="Neuf", sha256="1" * 64, created_at=timezone.now())
    assert "Règlement à accepter" in captain.get(address(team)).text
    with refuses(NotAllowed, "terms_required"):
        enter(team)
    assert send(captain, team).status_code == 403
    assert team.challenge.registrations.get().terms.number == 1
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("status", "word", "final"),
    [
        (EntryStatus.RECEIVED, "Vérification du format", False),
        (EntryStatus.QUEUED, "File d’attente", False),
        (EntryStatus.SCORING, "Évaluation", False),
        (EntryStatus.SCORED, "Score publié", True),
        (EntryStatus.FAILED, "Échec de l’évaluation", True),
        (EntryStatus.NEEDS_ATTENTION, "Examen technique", True),
        (EntryStatus.WITHDRAWN, "Retirée", True),
    ],
)
def test_live_state_is_a_fragment(
    captain: Client, team: Team, status: EntryStatus, word: str, final: bool
) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), status=status)
    fragment = captain.get(address(team, "entry_state", entry.pk))
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert word in fragment.text
    assert ("data-final" in fragment.text) is final
    own = f'href="{address(team, "entry", entry.pk)}"'
    assert (own in fragment.text, "Actualiser" in fragment.text) == (True, not final)
    assert ("Voir ce qui est à corriger" in fragment.text) is (status == EntryStatus.REJECTED)
    assert ("Voir la soumission" in captain.get(address(team, "entry", entry.pk)).text) is False


def test_refused_file_lists_its_faults(captain: Client, team: Team) -> None:
    EntryFactory(
        enrolment=EnrolmentFactory(team=team),
        rejected=True,
        verdict={
            "faults": [
                {
                    "code": "E_VALUE_TYPE",
                    "line": 1204,
                    "column": "y",
                    "value": "<b>n/a</b>",
                    "message": "La valeur n’est pas un nombre.",
                    "expected": "un nombre",
                },
                {"code": "E_ID_EMPTY", "line": 3, "message": "Ligne 3 : identifiant vide."},
            ],
            "warnings": [],
            "rows": 0,
        },
    )
    page = captain.get(address(team)).text
    assert "format refusé" in page
    assert "Cet essai ne vous est pas décompté." in page
    assert page.index("La valeur n’est pas un nombre.") < page.index("E_VALUE_TYPE</span>")
    assert "Depuis Excel : « CSV UTF-8 »" in plain(page)
    assert "&lt;b&gt;n/a&lt;/b&gt;" in page
    assert '<td data-label="Attendu">Un identifiant à prédire</td>' in page


def test_entry_has_its_own_interval_off_the_board(captain: Client, team: Team) -> None:
    enrolment = EnrolmentFactory(team=team)
    StandingFactory(entry=EntryFactory(enrolment=enrolment, scored=True))
    other = EntryFactory(enrolment=enrolment, status="scored")
    score(other, 0.35, interval=(0.3, 0.4))
    history = captain.get(address(team)).text
    for shown in ("Rang public", "0,2500", "de 0,2000 à 0,3000", "de 0,3000 à 0,4000"):
        assert shown in history
    page = captain.get(address(team, "entry", other.pk)).text
    assert "de 0,3000 à 0,4000" in page
    assert "qui représente l’équipe au classement" not in page


def test_captain_chooses_takes_back_and_withdraws(captain: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert "Pensez à votre choix final" in captain.get(address(team)).text
    page = captain.post(address(team, "entry_choose", entry.pk), follow=True)
    assert "Pensez à votre choix final" not in page.text
    assert "Choix final enregistré." in page.text
    assert Entry.objects.get().final_choice is True
    captain.post(address(team, "entry_choose", entry.pk))
    assert Entry.objects.get().final_choice is False
    page = captain.get(address(team, "entry_withdraw", entry.pk))
    assert "L’essai utilisé reste décompté." in page.text
    assert Entry.objects.get().status == EntryStatus.SCORED  # it asks first
    captain.post(address(team, "entry_withdraw", entry.pk))
    assert Entry.objects.get().status == EntryStatus.WITHDRAWN


def test_team_takes_its_file_receipt_and_history(captain: Client, team: Team) -> None:
    send(captain, team, note="=1+1")
    entry = Entry.objects.get()
    sent = captain.get(address(team, "entry_file", entry.pk))
    assert b"".join(sent.streaming_content) == FILE
    assert sent["Content-Disposition"] == 'attachment; filename="reponse.csv"'
    assert captain.get(address(team, "entry_receipt", entry.pk)).text == entry.receipt
    table = captain.get(address(team, "entries_csv")).text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table), delimiter=";"))
    assert [(row["numero"], row["note"], row["sha256"]) for row in rows] == [
        ("1", "'=1+1", entry.sha256)
    ]


def test_score_receipts_are_listed_and_sent(captain: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    own = address(team, "entry", entry.pk)
    former, sent = (
        url_of(team.challenge, "entry_score_receipt", entry.pk, serial) for serial in (1, 2)
    )
    assert captain.get(former).status_code == 404
    assert "Récépissés de score" not in captain.get(own).text
    first = ScoreReceiptFactory(entry=entry)
    second = ScoreReceiptFactory(entry=entry, replaces=first)
    given = captain.get(sent)
    assert given.text == second.text
    name = f"{team.challenge.slug}-1-score-2.json"
    assert given["Content-Disposition"] == f'attachment; filename="{name}"'
    assert captain.get(former).text == first.text
    for number in (3, 10**30):
        assert captain.get(former.replace("-1.json", f"-{number}.json")).status_code == 404
    page = captain.get(own).text
    assert page.count("En vigueur") == page.count("Remplacé") == 1
    assert former in page
    other = ScoreReceiptFactory(entry=entry, task=1)  # of another task: a number of its own
    assert captain.get(own).text.count("En vigueur") == 2
    assert captain.get(f"{former}?epreuve=1").text == other.text
    assert captain.get(f"{former}?epreuve={'9' * 5000}").status_code == 404


def test_history_and_entry_cost_the_same_for_one_and_three(
    captain: Client, team: Team, count: int, costs: Costs
) -> None:
    enrolment = EnrolmentFactory(team=team)
    for _ in range(count):
        entry = EntryFactory(enrolment=enrolment, scored=True)
    with costs(clocked(25)):
        captain.get(address(team))
    last = None
    for _ in range(count):
        last = ScoreReceiptFactory(entry=entry, replaces=last)
    with costs(clocked(24)):
        captain.get(address(team, "entry", entry.pk))


@pytest.mark.slow
def test_check_only_uses_no_attempt_and_keeps_nothing(captain: Client, team: Team) -> None:
    compile_keys(team.challenge, ["1", "2"])
    good = send(captain, team, b"id,y\n1,0.5\n2,0.5\n", check_only="on")
    assert good.status_code == 200
    assert "Format correct" in good.text
    bad = send(captain, team, b"id,y\n1,abc\n2,0.5\n", check_only="on")
    assert bad.status_code == 422
    assert "E_VALUE_TYPE" in bad.text
    assert "<title>Erreur : Nos soumissions" in plain(bad.text)
    assert "aucun essai n’a été utilisé" in bad.text
    assert Entry.objects.count() == 0


def test_the_count_of_checks_starts_again_each_hour(
    captain: Client, team: Team, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHECKS_PER_HOUR = 2
    late = clock.now().replace(minute=59, second=59)
    codes = []
    for at in (late, late, late, late + timedelta(seconds=1)):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        codes.append(send(captain, team, check_only="on").status_code)
    assert codes == [503, 503, 429, 503]
    other = TeamFactory(challenge=team.challenge)
    assert Team.objects.get(pk=other.pk).checks_used == 0


def test_questions_of_the_organiser_are_asked(captain: Client, team: Team) -> None:
    team.challenge.fact_sheet = [{"key": "methode", "label": "Méthode"}]
    team.challenge.save()
    assert "Méthode" in captain.get(address(team)).text
    refused = send(captain, team)
    assert refused.status_code == 422
    assert "L’organisateur demande cette réponse." in refused.text
    send(captain, team, fact_methode="Forêt aléatoire")
    assert Entry.objects.get().fact_sheet == {"methode": "Forêt aléatoire"}


def test_each_of_the_open_phases_is_entered_and_checked(captain: Client, team: Team) -> None:
    assert "?phase=1" not in captain.get(address(team)).text
    second = PhaseFactory(challenge=team.challenge, index=1, name="En parallèle", opened=True)
    for page in (captain.get(address(team)), captain.get(f"{address(team)}?phase=1")):
        assert 'href="?phase=0"' in page.text or 'href="?phase=1"' in page.text
        assert "En parallèle" in page.text
    there = f"{address(team)}?phase=1"
    assert f'action="{there}"' in captain.get(there).text
    body = {"key": "a", "file": SimpleUploadedFile("reponse.csv", FILE), "note": ""}
    assert captain.post(there, body).status_code == 302
    assert Entry.objects.get().enrolment.phase == second
    for wrong in ("9", "x", "-1", "1 "):
        assert captain.get(address(team), {"phase": wrong}).status_code == 404
        sent = {"key": "b", "file": SimpleUploadedFile("reponse.csv", FILE)}
        assert captain.post(f"{address(team)}?phase={wrong}", sent).status_code == 404


@pytest.fixture
def described(client: Client) -> Entry:
    team = TeamFactory()
    Challenge.objects.update(fact_sheet=[{"key": "methode", "label": "Méthode"}])
    made: Entry = EntryFactory(enrolment__team=team, fact_sheet={"methode": "forêt"}, note="v1")
    client.force_login(captain_of(team))
    return made


def description(described: Entry) -> str:
    slug = described.enrolment.phase.challenge.slug
    return reverse("challenges:entry_describe", args=[slug, described.pk])


def test_the_team_corrects_its_fact_sheet_until_the_close(client: Client, described: Entry) -> None:
    page = client.get(description(described)).text
    assert 'value="forêt"' in page
    assert 'value="v1"' in page
    answers = {"fact_methode": "régression", "note": "v2"}
    assert client.post(description(described), answers).status_code == 302
    fresh = Entry.objects.get()
    assert (fresh.fact_sheet, fresh.note) == ({"methode": "régression"}, "v2")
    assert (fresh.sha256, fresh.received_at) == (described.sha256, described.received_at)
    assert [event.action for event in AuditEvent.objects.all()] == ["entry.described"]
    assert client.post(description(described), {"fact_methode": "", "note": ""}).status_code == 422
    other = signed_in(captain_of(TeamFactory(challenge=described.enrolment.phase.challenge)))
    assert other.post(description(described), answers).status_code == 404
    Phase.objects.update(closes_at=clock.now() - timedelta(seconds=1))
    refused = client.post(description(described), {"fact_methode": "forêt"})
    assert "la fiche de méthode ne change plus" in refused.text
    assert Entry.objects.get().fact_sheet == {"methode": "régression"}


def sent_by(challenge: Challenge, name: str, address: str, *, times: int = 1) -> None:
    """Have a new team of one person send entries."""
    team = TeamFactory(challenge=challenge, name=name, captain=UserFactory(email=address))
    enrolment = EnrolmentFactory(team=team, phase=challenge.phases.get())
    for _ in range(times):
        EntryFactory(enrolment=enrolment, scored=True, note="CNRY-note", original_name="CNRY.csv")


def listing_of(challenge: Challenge, client: Client) -> str:
    client.force_login(owner_of(challenge))
    answer = client.get(url_of(challenge, "organiser_entries"))
    assert answer.status_code == 200
    return answer.text.replace("\xa0", " ")


@pytest.fixture
def challenge() -> Challenge:
    return ChallengeFactory(opened=True)


def test_organisers_list_what_teams_sent(challenge: Challenge, client: Client) -> None:
    assert "Aucune soumission" in listing_of(challenge, client)
    sent_by(challenge, "Sud", "a@sud.example", times=2)
    sent_by(challenge, "Nord", "b@nord.example")
    text = listing_of(challenge, client)
    assert (text.count('<th scope="row">Sud</th>'), text.count('<th scope="row">Nord</th>')) == (
        2,
        1,
    )
    assert text.index(">Nord</th>") < text.index(">Sud</th>")
    assert "CNRY" not in text


def test_many_teams_of_one_domain_are_told(challenge: Challenge, client: Client) -> None:
    for number in range(5):
        sent_by(challenge, f"Masque {number}", f"p{number}@Meme.example", times=3)
        sent_by(challenge, f"Passant {number}", f"p{number}@gmail.com")
    for number in range(4):
        sent_by(challenge, f"Collègue {number}", f"p{number}@bureau.example")
    text = listing_of(challenge, client)
    assert "5 équipes ont des adresses en @meme.example et ont déposé 15 soumissions" in text
    assert text.count("ont des adresses en @") == 1


STARTED = datetime(2026, 3, 2, 10, 41, 7, 345678, tzinfo=UTC)
FINISHED = datetime(2026, 3, 2, 10, 53, 29, 876543, tzinfo=UTC)
EXACT = ("53:29", "41:07", "876543", "345678", "742.53", "742,53", "713.9", "1234.5", "1 234,5")


@pytest.fixture
def timed() -> Entry:
    team: Team = TeamFactory()
    with_contract(team.challenge)
    made: Entry = EntryFactory(enrolment=EnrolmentFactory(team=team), status="scored")
    score(made)
    listed(team.challenge, "Alpha", 0.25, rank=1, entry=made)
    Evaluation.objects.filter(entry=made).update(
        started_at=STARTED,
        finished_at=FINISHED,
        seconds=742.53,
        cpu_seconds=713.9,
        peak_mb=1234.5,
    )
    Entry.objects.filter(pk=made.pk).update(status_since=FINISHED)
    Standing.objects.filter(entry=made).update(computed_at=FINISHED)
    board = Leaderboard.objects.get(challenge=team.challenge)
    board.facts = {Split.PUBLIC.value: {"computed_at": FINISHED.isoformat(), "digest": "d"}}
    board.save()
    return made


def test_nothing_is_told_to_the_second(client: Client, timed: Entry) -> None:
    """On everything that a team may read of its entry and of the board."""
    team = timed.enrolment.team
    client.force_login(captain_of(team))
    pages = ["entries", "entries_csv", "standings", "standings_csv", "standings_json"]
    of_the_entry = ["entry", "entry_state", "entry_receipt"]
    for place in (
        *(address(team, name) for name in [*pages, "presentation"]),
        *(address(team, name, timed.pk) for name in of_the_entry),
    ):
        shown = plain(client.get(place).text)
        for exact in EXACT:
            assert exact not in shown, (place, exact)
    board = client.get(address(team, "standings_json")).json()
    assert board["computed_at"] == "2026-03-02T10:53:00+00:00"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "de moins d’une minute"),
        (60, "de moins d’une minute"),
        (61, "de moins de 2 minutes"),
        (299, "de moins de 5 minutes"),
        (1_799, "de moins de 30 minutes"),
        (9_999, "de plus d’une heure"),
    ],
)
def test_an_expected_wait_is_a_class(seconds: float, told: str) -> None:
    assert duration(seconds) == told
