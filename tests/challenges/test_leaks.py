"""How much public scores tell: said at the import, to the organisers, and counted per team."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.actions import examinations
from challenges.actions.imports import import_folder
from challenges.enums import EntryStatus
from challenges.models import Challenge, Entry, Phase, Team
from challenges.queries import leaks
from challenges.scoring import child
from challenges.scoring.leakage import Facts
from challenges.scoring.verdict import Evaluated, Fault, Verdict
from challenges.worker import drain
from tests.challenges.world import answer, entered, folder, imported, opened, owner, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
GREEDY = {"per_day": 5, "total": 100, "final_selections": 2}
MODEST = {"per_day": 1, "total": 1, "final_selections": 1}


def warnings(path: Path, by: Any, **changes: Any) -> dict[str, str]:
    found = import_folder(folder=folder(path, **changes), by=by)
    assert found.challenge is not None, found.errors
    return {each.code: each.message for each in found.warnings}


def test_the_import_warns_with_the_numbers_and_the_remedies(tmp_path: Path) -> None:
    """36 public rows of 3 classes: 56 bits; accuracy and MAE, 100 attempts."""
    by = owner()
    said = warnings(tmp_path, by, quotas=GREEDY)["W_LEAK_BUDGET"].replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("100 essais disent au plus ")
    assert "des 56 bits des réponses publiques (36 unités)" in said
    assert "10 % au plus sont conseillés" in said
    for remedy in ("afficher", "activer l’échelle", "porter la partie publique à"):
        assert remedy in said
    assert drain()
    again = warnings(tmp_path, by, quotas=GREEDY)["W_LEAK_BUDGET"]
    assert again.replace("\N{NO-BREAK SPACE}", " ") == said  # nothing changed: the same warning


def test_a_challenge_without_limit_is_warned_of(tmp_path: Path) -> None:
    said = warnings(tmp_path, owner(), quotas=GREEDY | {"total": None})["W_LEAK_BUDGET"]
    assert said.startswith("sans limite d’essais")


def test_the_organiser_reads_the_budget(tmp_path: Path, client: Client) -> None:
    challenge = opened(tmp_path)
    client.force_login(owner_of(challenge))
    url = reverse("challenges:organiser", args=[challenge.slug])
    page = client.get(url).text
    assert "Les scores publics en disent trop" in page
    assert "activer l’échelle" in page
    Phase.objects.update(max_total=0)
    page = client.get(url).text
    assert "Les scores publics en disent trop" not in page
    assert "Budget de fuite" in page
    Phase.objects.update(leak_facts={})
    assert "Budget de fuite" not in client.get(url).text


def test_no_answer_is_in_what_is_kept(tmp_path: Path) -> None:
    challenge = imported(tmp_path)
    assert challenge.phases.get().leak_facts == {}
    assert drain()
    facts = challenge.phases.get().leak_facts
    assert facts == {
        "units": 36,
        "label_bits": pytest.approx(57, abs=1),
        "columns": [
            {
                "key": "exactitude",
                "range_bits": 0.0,
                "decimals": 4,
                "most": 37,
                "delta": 1 / 36,
            },
            {"key": "mae", "range_bits": 1.0, "decimals": 2, "most": None},
        ],
    }


@pytest.mark.parametrize(
    ("total", "per_day", "closes", "found"),
    [
        (60, 3, None, 60),
        (None, 3, None, None),
        (None, 3, datetime(2027, 3, 10, 12, tzinfo=UTC), 30),
        (20, 3, datetime(2027, 3, 10, 12, tzinfo=UTC), 20),
        (None, 3, datetime(2027, 3, 1, 8, tzinfo=UTC), 3),
        (60, 0, None, 0),
        (None, None, None, None),
    ],
)
def test_the_attempts_of_a_team(
    total: int | None, per_day: int | None, closes: datetime | None, found: int | None
) -> None:
    opens = datetime(2027, 3, 1, 7, tzinfo=UTC)
    assert leaks.attempts(total, per_day, opens, closes) == found


def timed_out(*_args: Any, **_kwargs: Any) -> Evaluated:
    return Evaluated(Verdict(accepted=False, faults=(Fault("X_TIMEOUT", "Temps dépassé."),)))


def spent(challenge: Challenge) -> dict[str, int]:
    return {each.team.name: each.entries for each in leaks.spent(challenge.phases.get())}


def test_a_run_that_met_the_answers_counts_a_refused_file_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A free crash would be an oracle of one bit; a refusal only read the public identifiers."""
    challenge = opened(tmp_path)
    teams: list[Team] = [TeamFactory(challenge=challenge, name=name) for name in ("a", "b", "c")]
    scored = entered(challenge, team=teams[0])
    refused = entered(challenge, team=teams[1], content=answer(0.7).replace(b"A0003,", b"A0002,"))
    assert drain()
    with monkeypatch.context() as patch:
        patch.setattr(child, "examine", timed_out)
        patch.setattr("django.conf.settings.JOB_MAX_ATTEMPTS", 1)
        crashed = entered(challenge, team=teams[2])
        assert drain()
    slots = {each.pk: (each.status, each.day_slot, each.total_slot) for each in Entry.objects.all()}
    assert slots[scored.pk] == (EntryStatus.SCORED, 1, 1)
    assert slots[refused.pk] == (EntryStatus.REJECTED, None, None)
    assert slots[crashed.pk] == (EntryStatus.FAILED, 1, 1)
    assert spent(challenge) == {"a": 1, "c": 1}


def test_a_given_up_examination_keeps_its_slot_unless_it_is_our_fault(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    moderator = UserFactory(region="moderator")
    for our_fault, slot in ((False, 1), (True, None)):
        entry = entered(challenge, team=TeamFactory(challenge=challenge))
        Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.NEEDS_ATTENTION)
        entry = examinations.give_up(
            entry=Entry.objects.get(pk=entry.pk), our_fault=our_fault, by=moderator
        )
        assert (entry.day_slot, entry.total_slot) == (slot, slot)


def test_what_each_team_was_told(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    often, once = (TeamFactory(challenge=challenge, name=name) for name in ("often", "once"))
    for seed in range(3):
        entered(challenge, team=often, seed=seed)
    entered(challenge, team=once)
    assert drain()
    facts = Facts.from_json(challenge.phases.get().leak_facts)
    found = leaks.spent(challenge.phases.get())
    one = sum(column.bits for column in facts.columns)
    assert [(each.team.name, each.entries, each.bits) for each in found] == [
        ("often", 3, pytest.approx(3 * one)),
        ("once", 1, pytest.approx(one)),
    ]
    assert found[1].share == pytest.approx(one / facts.label_bits)
    assert found[1].text.endswith("%")
    Phase.objects.update(leak_facts={})
    assert leaks.spent(challenge.phases.get()) == []
