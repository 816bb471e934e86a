"""rows.csv of a scoring program: intervals and tiers of its figure, or why there are none."""

from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from challenges.entries.enums import EntryStatus
from challenges.models import Challenge, Entry, ProgramReport, Score
from challenges.scoring.intervals import NotTheMean, contributed
from challenges.scoring.tiers import Listed, tiers
from tests.challenges.pages.scenes import url_of
from tests.challenges.programs.cases import Clock, bundle, entered, isolated, scored_by
from tests.challenges.world import worked

CANARY = "CNRY-ligne-77e0"
PROGRAM = f"""\
import json, sys
skill, what = open(sys.argv[1] + "/res/answer.md").read().split()
rows = [int(at < 970 * float(skill)) for at in range(970)]
score = sum(rows) / len(rows)
json.dump({{"a": score, "b": 0.5}}, open(sys.argv[2] + "/scores.json", "w"))
if what != "none":
    with open(sys.argv[2] + "/rows.csv", "w") as file:
        file.write("id,value\\n")
        for at, hit in enumerate(rows):
            file.write("{CANARY}%d,%d\\n" % (at, hit if what == "rows" else 1))
"""


@pytest.fixture
def challenge(tmp_path: Path, hour: Clock) -> Challenge:
    """Open a challenge whose program writes what each row contributed, if it is asked to."""
    board = "leaderboards.0.columns"
    changes = {f"{board}.0.sorting": "desc", "phases.0.max_submissions_per_day": 20}
    return scored_by(bundle(tmp_path / "d", PROGRAM, changes), hour)


def scored(challenge: Challenge, skill: float, what: str = "rows") -> Entry:
    made = entered(challenge, f"{skill} {what}\n")
    assert worked(made).status == EntryStatus.SCORED, (made.reason_code, made.verdict)
    return made


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_rows_make_intervals_and_tiers(challenge: Challenge, client: Client) -> None:
    isolated()
    made = [scored(challenge, skill) for skill in (0.9, 0.898, 0.5)]
    board = challenge.leaderboards.get(phase__index=0)
    rows = {row.entry_id: row for row in board.standings.filter(split="public")}
    assert [(rows[one.pk].rank, rows[one.pk].tier) for one in made] == [(1, 1), (1, 1), (3, 2)]
    first = rows[made[0].pk]
    assert first.interval_low < first.cells["a"]["value"] < first.interval_high
    page = client.get(url_of(challenge, "standings")).text
    assert CANARY not in page
    assert "Écart non significatif" in page
    assert CANARY not in "".join(map(str, Score.objects.values_list()))
    assert not ProgramReport.objects.exclude(detail="").exists()

    left = scored(challenge, 0.7, "none")  # one without rows: none can be compared with it
    assert board.standings.get(split="public", entry=left).interval_low is None
    ranks = board.standings.filter(split="public").order_by("position")
    assert list(ranks.values_list("rank", flat=True)) == [1, 1, 3, 4]  # equal values alone

    wrong = scored(challenge, 0.7, "wrong")
    report = ProgramReport.objects.get(evaluation__entry=wrong)
    assert "la moyenne de ses lignes, 1, n’est pas « a »" in report.detail
    assert CANARY not in report.detail


RNG = np.random.default_rng(3)
IDS = [f"r{at}" for at in range(300)]
VALUES = RNG.normal(size=300)


def test_the_interval_of_a_mean_has_the_width_of_its_error() -> None:
    found = contributed(IDS, VALUES.tolist(), [], figure=VALUES.mean(), contract="c")
    assert found.interval is not None
    low, high, method = found.interval
    error = VALUES.std(ddof=1) / np.sqrt(300)
    assert method == "bootstrap"
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.1)
    shuffled = RNG.permutation(300)
    again = contributed(
        [IDS[at] for at in shuffled], VALUES[shuffled].tolist(), [],
        figure=VALUES.mean(), contract="c",
    )  # fmt: skip
    assert again == found


def test_weights_count_and_pairs_are_compared() -> None:
    weights = RNG.integers(1, 4, 300).astype(float)
    mean = float((weights * VALUES).sum() / weights.sum())
    gains = np.where(np.arange(300) < 40, 0.01, 0.0)  # far below the spread of the rows
    pair = []
    for name, values in (("ahead", VALUES + gains), ("behind", VALUES)):
        figure = float((weights * values).sum() / weights.sum())
        found = contributed(IDS, values.tolist(), weights.tolist(), figure=figure, contract="c")
        assert found.interval[0] < mean < found.interval[1]
        pair.append(Listed(name, figure, found.sums))
    assert [(one.id, one.tier) for one in tiers(pair, "max")] == [("ahead", 1), ("behind", 2)]
    with pytest.raises(NotTheMean):
        contributed(IDS, VALUES.tolist(), weights.tolist(), figure=VALUES.mean(), contract="c")
    with pytest.raises(NotTheMean):  # weights that are all nought
        contributed(["a"], [1.0], [0.0], figure=1.0, contract="c")


@pytest.mark.parametrize(
    ("values", "weights", "interval"),
    [
        ([1.0], [], None),
        ([2.0, 2.0, 2.0], [], None),
        ([0.0, 0.0], [1.0, 0.0], None),
        ([1.0] * 16, [], (0.8064, 1.0, "wilson")),
    ],
)
def test_rows_that_bound_little(
    values: list[float], weights: list[float], interval: tuple[float, float, str] | None
) -> None:
    found = contributed(
        IDS[: len(values)], values, weights, figure=float(np.mean(values)), contract="c"
    )
    if interval is None:
        assert found.interval is None
    else:
        assert found.interval == pytest.approx(interval, abs=1e-4)
