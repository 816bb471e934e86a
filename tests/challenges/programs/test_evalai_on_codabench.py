"""An EvalAI challenge taken away for Codabench runs there: our wrapper calls its evaluate()."""

import zipfile
from pathlib import Path

import pytest

from challenges.actions import exports
from challenges.actions.foreign_imports import import_bundle
from challenges.bundles import exporting
from challenges.enums import EntryStatus
from challenges.models import Challenge, Score
from tests.challenges import world
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, expected
from tests.challenges.programs.cases import Clock, enter, figures, isolated, published, worked
from tests.challenges.programs.test_runs import FACTS
from tests.challenges.test_exports import written

pytestmark = [NEEDED, pytest.mark.slow, pytest.mark.django_db]
CASE = BUNDLES / "evalai"


def on_codabench(place: Path) -> Challenge:
    """Export the case, keep what Codabench reads of it, and import that as its challenge."""
    given = import_bundle(path=CASE / "bundle", by=world.owner(), answers={})
    first = given.imported.challenge
    assert first is not None
    made = exports.export(challenge=first, by=world.owner_of(first), reference=CASE / "bundle")
    with zipfile.ZipFile(written(place / "e.zip", made)) as archive:
        for name in archive.namelist():
            if not name.startswith((exporting.DOCUMENT, exporting.SOURCE, exporting.SUMS)):
                archive.extract(name, place / "codabench")
    Challenge.objects.filter(pk=first.pk).update(slug="evalai-avant")
    by = world.owner()
    found = import_bundle(path=place / "codabench", by=by, answers={})
    assert found.report is not None
    assert (found.imported.errors, found.report.format) == ((), "codabench-v2")
    assert found.imported.challenge is not None
    return published(found.imported.challenge, by)


def test_the_recorded_runs_have_equal_figures(tmp_path: Path, hour: Clock) -> None:
    isolated()
    challenge = on_codabench(tmp_path)
    board = challenge.leaderboards.get(phase__index=0)
    shown = {one.key: one.hidden for one in board.columns.order_by("index")}
    assert shown == {"F1": False, "Exact": False, "reserve.F1": True, "reserve.Exact": True}
    for run in expected("evalai")["runs"]:
        phase = challenge.phases.get(index=["dev", "test"].index(run["phase"]))
        hour.inside(phase)

        entry = worked(enter(phase, CASE / run["submission"], **FACTS["evalai"]))

        if run["status"] == "failed":
            assert entry.status != EntryStatus.SCORED
            continue
        assert entry.status == EntryStatus.SCORED, (entry.reason_code, entry.verdict)
        public = run["scores"]["partie_publique"]
        sealed = run["scores"].get("partie_privee", public)
        wanted = public | {f"reserve.{key}": value for key, value in sealed.items()}
        (found,) = figures(entry)
        assert found["exact"] == pytest.approx(wanted, rel=0, abs=run["tolerance"])
        told = Score.objects.filter(evaluation__entry=entry).values_list("metric", flat=True)
        assert set(told) == set(public)
