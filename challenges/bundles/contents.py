"""Compare what challenge.yaml declares with what the tables hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from challenges.bundles import answers, groups, samples, shapes, spec
from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.report import counted
from challenges.bundles.tables import Tables, some


def check(
    tables: Tables,
    submission: shapes.Submission,
    truth: shapes.Truth,
    board: tuple[spec.Metric, ...],
    fairness: spec.Fairness,
) -> None:
    """Note every disagreement between the declarations and the tables."""
    _sample_columns(tables, submission)
    sound = _truth_columns(tables, submission, truth)
    _split(tables, truth)
    _ids(tables, submission, truth)
    for at, column in enumerate(submission.columns):
        _domain(tables, column, truth, f"submission.columns.{at}", sound)
    if tables.is_code:
        samples.check(tables, submission, truth)
    if sound:
        for target in submission.targets or [truth.target]:
            _told(tables, replace(truth, target=target))
        answers.check(tables, submission, truth)
    groups.check(tables, fairness, truth)
    for at, metric in enumerate((*board, *fairness.metrics)):
        groups.parameters(tables, metric, fairness, truth, at)
        groups.target(tables, metric, submission, at)


def _sample_columns(tables: Tables, submission: shapes.Submission) -> None:
    if tables.sample is None:
        return
    for at, column in enumerate(submission.columns):
        tables.has(
            tables.sample, column.name, f"submission.columns.{at}.name", code="E_COLUMN_MISSING"
        )


def _truth_columns(tables: Tables, submission: shapes.Submission, truth: shapes.Truth) -> bool:
    """Check that the truth holds its declared columns; returns whether all are there."""
    if tables.truth is None:
        return False
    there = [
        tables.has(tables.truth, getattr(truth, name), f"truth.{name}", code="E_COLUMN_MISSING")
        for name in submission.layout.held
    ]
    there += [
        tables.has(tables.truth, name, f"truth.{name}", code="E_COLUMN_MISSING")
        for name in submission.targets
    ]
    for name in ("cluster", "weight", "strata"):
        column = getattr(truth, name)
        if column is not None:
            tables.has(tables.truth, column, f"truth.{name}", code="E_COLUMN_MISSING")
    return all(there)


def _split(tables: Tables, truth: shapes.Truth) -> None:
    split = truth.split
    if tables.truth is None or not tables.has(
        tables.truth, split.column, "truth.split.column", code="E_SPLIT"
    ):
        return
    found = set(tables.folder.column(tables.truth, split.column))
    if split.public and split.private and found != {split.public, split.private}:
        tables.refuse(
            "E_SPLIT",
            f"valeurs attendues : {split.public} et {split.private}, et elles seules",
            file=tables.truth,
            key="truth.split",
            value=", ".join(sorted(found)[:4]),
        )
    elif truth.cluster and _silently(tables, tables.truth, truth.cluster):
        _clusters(tables, tables.truth, truth.cluster, split)


def _clusters(tables: Tables, path: str, cluster: str, split: shapes.Split) -> None:
    """Refuse clusters with rows in both parts: what is learnt in public tells the private part."""
    part = tables.folder.column(path, split.column)
    held = {name: set[str]() for name in (split.public, split.private)}
    for name, place in zip(tables.folder.column(path, cluster), part, strict=True):
        held.setdefault(place, set()).add(name)
    both = sorted(held[split.public] & held[split.private])
    if both:
        crossing = counted(len(both), "groupe a des lignes", "groupes ont des lignes")
        tables.refuse(
            "E_SPLIT",
            f"{crossing} dans les deux parties ; gardez chaque groupe de « {cluster} » entier",
            file=path,
            key="truth.cluster",
            value=", ".join(both[:4]),
        )


def _ids(tables: Tables, submission: shapes.Submission, truth: shapes.Truth) -> None:
    """Compare the ids of the test, the truth and the sample, each unique where it must be."""
    listed = submission.layout.is_listed
    scored = submission.layout is shapes.Layout.CANDIDATE_SCORES
    own = submission.column(submission.layout.roles[0])
    places = [
        (tables.test, truth.key),
        (tables.truth, truth.key),
        # The example of an answer is that of the public sample where teams send code.
        (None if tables.is_code else tables.sample, own.name if own else None),
    ]
    seen: dict[str, set[str]] = {}
    for path, column in places:
        if path is None or not column or not _silently(tables, path, column):
            if path is not None and path == tables.test:
                tables.has(path, column, "truth.id", code="E_COLUMN_MISSING")
            continue
        values = tables.folder.column(path, column)
        seen[path] = set(values)
        if not (scored or (listed and path != tables.test)):
            _unique(tables, path, column, values)
    if truth.query and tables.truth in seen:
        _pairs(tables, truth)
    if submission.policy == "complete":
        _candidates(tables, submission, truth)
    _alike(tables, seen)


def _silently(tables: Tables, path: str, column: str) -> bool:
    """Say whether a table holds a column without noting it a second time."""
    try:
        tables.folder.rows(path)
        return column in tables.folder.header(path)
    except TableRefused:
        return False


def _unique(tables: Tables, path: str, key: str, values: list[str]) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        tables.refuse(
            "E_IDS",
            f"{counted(len(twice), 'identifiant', 'identifiants')} en double",
            file=path,
            key=key,
            value=some(twice),
        )
    if "" in values:
        tables.refuse("E_IDS", "identifiant vide", file=path, key=key)


def _pairs(tables: Tables, truth: shapes.Truth) -> None:
    """Note an item given twice for one query."""
    path = str(tables.truth)
    if not (truth.query and truth.item and _silently(tables, path, truth.item)):
        return
    pairs = zip(
        tables.folder.column(path, truth.query), tables.folder.column(path, truth.item), strict=True
    )
    _unique(tables, path, truth.item, [f"{query} / {item}" for query, item in pairs])


def _candidates(tables: Tables, submission: shapes.Submission, truth: shapes.Truth) -> None:
    """Note a public table whose candidates are not those of the truth: it would tell answers."""
    query, item = submission.column("query"), submission.column("item")
    if tables.truth is None or query is None or item is None:
        return
    wanted = _pairs_of(tables, tables.truth, truth.query, truth.item)
    given = {
        tables.sample: (
            wanted if tables.is_code else _pairs_of(tables, tables.sample, query.name, item.name)
        ),
        tables.test: _pairs_of(tables, tables.test, truth.query, truth.item),
    }
    for path, pairs in given.items():
        if path is not None and wanted and pairs and pairs != wanted:
            tables.refuse(
                "E_IDS",
                f"{counted(len(wanted - pairs), 'candidat absent', 'candidats absents')}, "
                f"{len(pairs - wanted)} en trop",
                file=path,
                key="submission.policy",
                value=some(f"{q} / {i}" for q, i in wanted ^ pairs),
            )


def _pairs_of(
    tables: Tables, path: str | None, query: str | None, item: str | None
) -> set[tuple[str, str]]:
    """Read the pairs of a table, none when it lacks one of the columns."""
    if path is None or not query or not item:
        return set()
    if not (_silently(tables, path, query) and _silently(tables, path, item)):
        return set()
    columns = (tables.folder.column(path, name) for name in (query, item))
    return set(zip(*columns, strict=True))


def _alike(tables: Tables, seen: dict[str, set[str]]) -> None:
    """Note each table whose ids are not those of the test."""
    if tables.test not in seen:
        return
    wanted = seen[str(tables.test)]
    for path, ids in seen.items():
        missing, extra = wanted - ids, ids - wanted
        if missing or extra:
            tables.refuse(
                "E_IDS",
                f"{counted(len(missing), 'identifiant absent', 'identifiants absents')} "
                f"de ceux de {tables.test}, {len(extra)} en trop",
                file=path,
                key="id",
                value=some(missing or extra),
            )


def _domain(
    tables: Tables, column: shapes.Column, truth: shapes.Truth, place: str, sound: bool
) -> None:
    """Check that a column's domain can be read and holds the values of the truth."""
    if column.domain is None:
        return
    domain = column.domain
    try:
        tables.folder.locate(domain.file)
    except PathRefused:
        tables.refuse(
            "E_FILE_PATH",
            "chemin relatif attendu, dans le dossier, sans « .. » ni lien",
            file=domain.file,
            key=f"{place}.domain.file",
        )
        return
    except FileAbsent:
        tables.refuse(
            "E_FILE_MISSING",
            "fichier absent du dossier",
            file=domain.file,
            key=f"{place}.domain.file",
        )
        return
    if not tables.has(
        domain.file, domain.column, f"{place}.domain.column", code="E_COLUMN_MISSING"
    ):
        return
    named = {"target": truth.target, "item": truth.item}.get(column.role)
    if not sound or named is None or tables.truth is None:
        return
    allowed = set(tables.folder.column(domain.file, domain.column))
    outside = {
        value
        for cell in set(tables.folder.column(tables.truth, named))
        for value in answers.labels(cell, column)
        if value not in allowed
    }
    if outside:
        tables.refuse(
            "E_DOMAIN",
            f"{counted(len(outside), 'valeur', 'valeurs')} de la vérité hors de {domain.file}",
            file=tables.truth,
            key=f"{place}.domain",
            value=some(outside),
        )


def _told(tables: Tables, truth: shapes.Truth) -> None:
    """Note a test table that gives the answers away, in a column named as in the truth."""
    if tables.test is None or tables.truth is None or truth.id is None or not truth.target:
        return
    if not (
        _silently(tables, tables.test, truth.target) and _silently(tables, tables.test, truth.id)
    ):
        return
    told, kept = (
        set(
            zip(
                tables.folder.column(path, truth.id),
                tables.folder.column(path, truth.target),
                strict=True,
            )
        )
        for path in (tables.test, tables.truth)
    )
    if told & kept:
        tables.refuse(
            "E_TRUTH_PUBLIC",
            f"ce fichier donne {counted(len(told & kept), 'réponse', 'réponses')}",
            file=tables.test,
            key="truth.target",
            value=truth.target,
        )
