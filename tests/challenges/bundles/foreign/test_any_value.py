"""Whatever stands at a key, the reader reports and never breaks."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from challenges.bundles.foreign import reading
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.tables import KAGGLE, written

STRANGE: tuple[object, ...] = (
    None, "", " ", "x", "../x", "/etc", ".", "null", -1, 0, 10**12, 1.5, float("nan"), True, [],
    [[1]], [None], {}, {"a": {"b": 1}}, [{"a": 1}], {1: 2}, datetime.date(2027, 1, 1),
    datetime.datetime(1, 1, 1, tzinfo=datetime.UTC), "9999-12-31T23:59:59-23:00", "notation",
)  # fmt: skip


def places(value: object, way: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """List the way to every value below a document."""
    below: Iterator[tuple[object, object]]
    if isinstance(value, dict):
        below = iter(value.items())
    elif isinstance(value, list):
        below = iter(enumerate(value))
    else:
        return
    for key, one in below:
        yield (*way, key)
        yield from places(one, (*way, key))


def put(document: object, way: tuple[object, ...], value: object) -> object:
    changed = copy.deepcopy(document)
    at = changed
    for part in way[:-1]:
        at = at[part]  # type: ignore[index] # a list or a mapping
    at[way[-1]] = value  # type: ignore[index] # a list or a mapping
    return changed


FULL = {
    "codabench": {
        "fact_sheet": {"A": {"key": "A", "type": "select", "selection": ["a"], "title": "a"}},
        "solutions": [{"index": 0, "path": "notation", "tasks": [0]}],
        "queue": "x", "docker_image": "y", "make_input_data_available": True,
    },
    "codalab": {"competition_docker_image": "y", "has_registration": True},
    "evalai": {"tags": ["a"], "allowed_email_domains": ["a.fr"]},
}  # fmt: skip


# make test tries every strange value at one key in five, .ci/run at all.
every = pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.ci)])


@every
@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(own.FORMS))
def test_no_value_breaks_a_reader(form: str, step: int, tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, form)
    file = folder / ("challenge_config.yaml" if form == "evalai" else "competition.yaml")
    sound = {**copy.deepcopy(own.FORMS[form]), **FULL[form]}
    tried = 0
    for way in [*places(sound)][::step]:
        for strange in STRANGE:
            file.write_text(
                yaml.dump(put(sound, way, strange), Dumper=yaml.CSafeDumper), encoding="utf-8"
            )
            report = reading.read(folder)
            json.dumps(report.to_json())
            assert (report.spec is None) == bool(report.errors), (way, strange)
            tried += 1
    assert tried > 700 / step


@every
@pytest.mark.slow
def test_no_value_breaks_conf_json(step: int, tmp_path: Path) -> None:
    conf = {
        "EVAL_METRIC": "accuracy_score", "EVAL_HIGHER_IS_BETTER": 1, "SUBMISSION_ROWS": 40,
        "SUBMISSION_COLUMNS": "id,y", "SUBMISSION_ID_COLUMN": "id", "END_DATE": "2027-12-31",
        "SUBMISSION_LIMIT": 5, "SELECTION_LIMIT": 2, "COMPETITION_TYPE": "generic",
    }  # fmt: skip
    folder = written(tmp_path / "h", KAGGLE)
    for way in [*places(conf)][::step]:
        for strange in STRANGE:
            text = json.dumps(put(conf, way, strange), default=str)
            (folder / "conf.json").write_text(text, encoding="utf-8")
            report = reading.read(folder)
            assert (report.spec is None) == bool(report.errors), (way, strange)
