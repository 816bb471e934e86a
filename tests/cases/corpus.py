"""Make challenges whose files get the verdicts of the hostile corpus."""

import json
from pathlib import Path
from typing import Any

from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge
from challenges.worker import drain
from tests.challenges.bundles.folders import change, document, write
from tests.challenges.world import owner, published


def folder(
    place: Path,
    ids: list[str],
    column: dict[str, Any],
    answers: list[str],
    *,
    slug: str = "verdicts",
) -> Path:
    """Write a challenge of one column; its public files name the same identifiers."""
    metric = "mae" if column["type"] == "float" else "accuracy"
    direction = "min" if metric == "mae" else "max"
    found: Any = document()
    for path, value in [
        ("slug", slug),
        ("submission.columns.1", column),
        ("submission.formats", ["csv", "parquet", "zip"]),
        ("submission.max_bytes", ...),
        ("metrics", [{"key": "m", "metric": metric, "direction": direction, "primary": True}]),
        ("fairness", ...),
        ("expected", ...),
        ("truth.target", column["name"]),
        ("truth.cluster", ...),
        ("files.organiser", []),
        ("files.public.1.rows", ...),
        ("files.public.2.rows", ...),
        ("files.held_out.0.rows", ...),
        ("quotas.per_day", 1_000),
        ("quotas.total", 1_000),
    ]:
        found = change(found, path, value)
    name = column["name"]
    pairs = list(zip(ids, answers, strict=True))
    truth = "".join(
        f"{i},{y},{'private' if at % 2 else 'public'}\n" for at, (i, y) in enumerate(pairs)
    )
    return write(
        place,
        found,
        train_csv="id,x,niveau\n" + "".join(f"E{at},1,{y}\n" for at, y in enumerate(answers[:3])),
        test_csv="id,x\n" + "".join(f"{i},1\n" for i in ids),
        sample_csv=f"id,{name}\n" + "".join(f"{i},{answers[0]}\n" for i in ids),
        truth_csv=f"id,{name},jeu\n{truth}",
    )


def opened(place: Path) -> Challenge:
    """Import and publish a folder; the worker compiles its truth."""
    by = owner()
    imported = import_folder(folder=place, by=by)
    assert imported.challenge is not None, imported.errors
    challenge = published(imported.challenge, by)
    challenge.phases.update(max_refused_per_day=1_000)
    assert drain()
    return challenge


def corpus_folder(corpus: Path, task: str, place: Path) -> Path:
    """Write the challenge of one task of the corpus: its identifiers, its column, its limits."""
    spec = json.loads((corpus / "ref" / "spec.json").read_text("utf-8"))[task]
    rows = [line.split(",") for line in (corpus / spec["truth"]).read_text("utf-8").split()]
    value = spec["value"]
    column = {k: value[k] for k in ("name", "type", "min", "max") if k in value}
    column |= {"role": "target"}
    if "categories" in value:
        column |= {"domain": {"file": "labels.csv", "column": "label"}}
    place.mkdir(parents=True)
    labels = "".join(f"{label}\n" for label in value.get("categories", ()))
    (place / "labels.csv").write_text(f"label\n{labels}")
    ids, answers = [row[0] for row in rows[1:]], [row[1] for row in rows[1:]]
    return folder(place, ids, column, answers, slug=f"verdicts-{task}")
