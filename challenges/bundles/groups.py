"""Check the attributes of fairness, and the parameters that name a column or an attribute."""

from __future__ import annotations

from challenges.bundles import shapes, spec
from challenges.bundles.answers import number
from challenges.bundles.document import TARGET
from challenges.bundles.folder import FileAbsent, PathRefused
from challenges.bundles.tables import Tables, some


def check(tables: Tables, fairness: spec.Fairness, truth: shapes.Truth) -> None:
    for at, attribute in enumerate(fairness.attributes):
        place = f"fairness.attributes.{at}"
        path = tables.truth if attribute.source == "truth" else attribute.source
        if not path or not attribute.column or not _located(tables, path, place):
            continue
        if attribute.source != "truth":
            tables.has(path, attribute.id, f"{place}.id", code="E_COLUMN_MISSING")
        if tables.has(path, attribute.column, f"{place}.column", code="E_COLUMN_MISSING"):
            _groups(tables, fairness, attribute, path)
            if attribute.type == "number":
                _numbers(tables, attribute, path, place)


def _located(tables: Tables, path: str, place: str) -> bool:
    try:
        tables.folder.locate(path)
    except (PathRefused, FileAbsent) as refusal:
        absent = isinstance(refusal, FileAbsent)
        tables.refuse(
            "E_FILE_MISSING" if absent else "E_FILE_PATH",
            "fichier absent du dossier" if absent else "chemin refusé",
            file=path,
            key=f"{place}.source",
        )
        return False
    return True


def _groups(tables: Tables, fairness: spec.Fairness, attribute: spec.Attribute, path: str) -> None:
    """Note a figure about a group that no row belongs to."""
    there = set(tables.folder.column(path, attribute.column))
    for metric in fairness.metrics:
        if metric.by == attribute.key and metric.group is not None and metric.group not in there:
            tables.refuse(
                "E_DOMAIN",
                "aucune ligne de ce groupe",
                file=path,
                key=f"fairness.metrics.{metric.key}.group",
                value=metric.group,
            )


def _numbers(tables: Tables, attribute: spec.Attribute, path: str, place: str) -> None:
    cells = set(tables.folder.column(path, attribute.column))
    wrong = [cell for cell in cells if cell != "" and number(cell) is None]
    if wrong:
        tables.refuse(
            "E_DOMAIN", "nombres attendus", file=path, key=f"{place}.type", value=some(wrong)
        )


def parameters(
    tables: Tables, metric: spec.Metric, fairness: spec.Fairness, truth: shapes.Truth, at: int
) -> None:
    """Check the parameters that name a column or an attribute."""
    keys = {attribute.key for attribute in fairness.attributes}
    place = f"{metric.key or at}.params"
    if metric.metric == "attribute_distance":
        named = metric.params.get("attribute")
        if named not in keys:
            tables.refuse(
                "E_COLUMN_MISSING",
                "attribut non déclaré",
                file="",
                key=f"{place}.attribute",
                value=named,
            )
    if metric.metric == "pair_consistency" and tables.truth is not None:
        for name in ("pair", "member"):
            column = metric.params.get(name)
            if column is not None:
                tables.has(tables.truth, str(column), f"{place}.{name}", code="E_COLUMN_MISSING")


def target(tables: Tables, metric: spec.Metric, submission: shapes.Submission, at: int) -> None:
    """Check that each figure of several targets says which it is of, and no other figure does."""
    named, place = metric.params.get(TARGET), f"{metric.key or at}.params.{TARGET}"
    if not submission.targets or metric.metric == "formula":
        if named is not None:
            tables.refuse("E_METRIC_UNKNOWN", "paramètre inconnu", file="", key=place, value=named)
    elif named not in submission.targets:
        said = f"la cible de cette mesure est attendue : {', '.join(submission.targets)}"
        tables.refuse("E_METRIC_UNKNOWN", said, file="", key=place, value=named or "")
