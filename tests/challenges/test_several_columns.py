"""Tables of several columns or several rows: imported as said, entered, scored, shown."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import EntryStatus
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Entry, Score
from challenges.worker import drain
from portal.lib import objects
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE, written
from tests.challenges.bundles.foreign.test_tables import ONE_HOT, TWO, queries
from tests.challenges.programs.cases import published

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ASKED = {
    "targets": (TWO, {"metric": "mae"}, {"moyenne": 10.0, "a": 19.5, "b": 0.5}),
    "classes": (ONE_HOT, {"columns": "classes", "metric": "brier_multi"}, {"brier_multi": 0.5}),
    "candidates": (queries(), {"rows": "candidats", "metric": "mrr_at_k"}, None),
}


@pytest.mark.parametrize("shape", sorted(ASKED))
def test_what_was_said_of_the_columns_is_scored(shape: str, tmp_path: Path, client: Client) -> None:
    changes, answers, wanted = ASKED[shape]
    by = world.owner()
    path = written(tmp_path / "k", KAGGLE, **changes)
    found = import_bundle(path=path, by=by, answers=answers)
    assert found.imported.challenge is not None, found.imported.errors
    challenge = published(found.imported.challenge, by)
    sample = challenge.files.get(role="sample_submission")

    entry = world.entered(challenge, content=objects.read(sample.sha256))

    assert drain()
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.SCORED
    scores = Score.objects.filter(evaluation__entry=entry, split="public")
    values = {one.metric: float(one.value) for one in scores}
    if wanted is None:  # four candidates of one score: the right one is at the mean of the ranks
        assert set(values) == {"mrr_at_k"}
        assert 0 < values["mrr_at_k"] < 1
    else:
        assert values == pytest.approx(wanted, abs=1)
        assert set(values) == set(wanted)
    for page in ("evaluation", "data", "standings"):
        assert client.get(reverse(f"challenges:{page}", args=[challenge.slug])).status_code == 200
