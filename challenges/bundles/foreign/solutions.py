"""Read the table of answers of a CSV challenge: which columns, which parts, what its rows are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.foreign.context import Reading
from challenges.bundles.foreign.values import Rows, TruthTable
from challenges.bundles.report import counted
from challenges.scoring.answer import number_of as number

SOLUTION = "solution.csv"
TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"
SPLITS = ("usage", "split")
MAX_ANSWERS, MAX_TARGETS = 1_000, 30
TABLE, PARTS, IDS, TARGETS = "E_FILE_ROWS", "E_SPLIT", "E_IDS", "E_TARGETS"


def truth(
    names: Sequence[str], reading: Reading, id_: str, columns: Sequence[str]
) -> TruthTable | None:
    """Read the solution; None once its fault is noted.

    id_, columns: as declared, "" and () where the format does not say: the sample tells, else the
    header of the solution.
    """
    findings, folder = reading.findings, reading.payloads.folder
    before = len(findings.errors)
    try:
        header = folder.header(SOLUTION)
        folder.rows(SOLUTION)
        sample = folder.header(SAMPLE) if SAMPLE in names else []
        split = next((one for one in header if one.lower() in SPLITS), "")
        key = id_ or next((one for one in sample if one in header), header[0])
        said = [one for one in (columns or sample or header) if one not in {key, split}]
        classes = _classes(reading, header, {key, split}, said)
        found = _table(key, split, classes, header, said)
        _columns(reading, header, found)
        if len(findings.errors) > before:
            return None
        parted = _parted(reading, _shaped(reading, found))
        if parted is not None:
            _alike(names, reading, parted)
    except (TableRefused, PathRefused, FileAbsent) as refusal:
        findings.refuse(TABLE, str(refusal) or "table attendue", file=SOLUTION)
        return None
    if parted is None:
        return None
    return replace(
        parted,
        test=TEST if TEST in names else "",
        sample=SAMPLE if SAMPLE in names else "",
        train=TRAIN if TRAIN in names else "",
    )


def _table(
    key: str, split: str, classes: Sequence[str], header: Sequence[str], said: Sequence[str]
) -> TruthTable:
    targets = tuple(one for one in header if one not in {key, split}) if classes else tuple(said)
    return TruthTable(
        SOLUTION, key, targets[0] if targets else "", split, "", "", (0, 0), targets=targets,
        classes=tuple(classes), rows=Rows.CLASSES if classes else Rows.ONE,
    )  # fmt: skip


def _classes(
    reading: Reading, header: Sequence[str], known: set[str], said: Sequence[str]
) -> list[str]:
    """Give the columns of teams' files when each is one possible answer of the only target."""
    others = [one for one in header if one not in known]
    if len(others) != 1 or len(said) < 2 or set(said) & set(header):
        return []
    return (
        list(said) if set(reading.payloads.folder.column(SOLUTION, others[0])) <= set(said) else []
    )


def _columns(reading: Reading, header: Sequence[str], found: TruthTable) -> None:
    refuse = reading.findings.refuse
    if not found.column:
        refuse(PARTS, "colonne Usage ou split attendue", file=SOLUTION, value=", ".join(header))
    for name in (found.id, *found.targets):
        if name not in header:
            refuse("E_COLUMN_MISSING", "colonne absente", file=SOLUTION, key=name)
    if not found.targets:
        refuse(TARGETS, "aucune colonne à prédire", file=SOLUTION, value=", ".join(header))
    if len(found.targets) > MAX_TARGETS:
        said = f"{MAX_TARGETS} colonnes à prédire au plus : une mesure par colonne et leur moyenne"
        refuse(TARGETS, said, file=SOLUTION, value=len(found.targets))


def _shaped(reading: Reading, found: TruthTable) -> TruthTable:
    """Say what the rows are: one answer each, several numbers, candidates of one query."""
    ids = reading.payloads.folder.column(SOLUTION, found.id)
    if len(set(ids)) < len(ids):
        return _candidates(reading, found, ids)
    if len(found.targets) < 2:
        return found
    folder = reading.payloads.folder
    cells = {name: folder.column(SOLUTION, name) for name in found.targets}
    texts = [name for name, values in cells.items() if any(number(one) is None for one in values)]
    if texts:
        reading.findings.refuse(
            TARGETS,
            "plusieurs colonnes à prédire sont des nombres ; gardez une seule colonne de texte, "
            "ou faites-en des nombres",
            file=SOLUTION,
            key=texts[0],
            value=", ".join(texts),
        )
        return found
    rows = zip(*cells.values(), strict=True)
    one_hot = all({number(one) for one in row} <= {0, 1} and _ones(row) == 1 for row in rows)
    return replace(found, rows=Rows.TARGETS, one_hot=one_hot)


def _ones(row: Iterable[str]) -> int:
    return sum(number(one) == 1 for one in row)


def _candidates(reading: Reading, found: TruthTable, ids: Sequence[str]) -> TruthTable:
    """Take rows that share an identifier for the candidates of one query, if they can be."""
    folder, refuse = reading.payloads.folder, reading.findings.refuse
    twice = [one for one, count in Counter(ids).items() if count > 1]
    texts = [name for name in found.targets if any(map(_is_text, folder.column(SOLUTION, name)))]
    item, gains = next(iter(texts), ""), [name for name in found.targets if name not in texts]
    if not item:  # an item may stand in the solution alone, or be a number
        others = set(folder.header(SOLUTION)) - {found.id, found.column, *found.targets}
        names = [one for one in folder.header(SOLUTION) if one in others]
        item = next(iter([*names, *found.targets[:-1]]), "")
        gains = [name for name in found.targets if name != item]
    pairs = list(zip(ids, folder.column(SOLUTION, item), strict=True)) if item else []
    if len(gains) != 1 or len(set(pairs)) < len(pairs) or not pairs:
        said = counted(len(twice), "identifiant en double", "identifiants en double")
        refuse(
            IDS,
            f"{said} ; des lignes de même identifiant se lisent comme les candidats d’une "
            "requête : une colonne qui les nomme, une autre qui dit leur pertinence",
            file=SOLUTION,
            key=found.id,
            value=", ".join(twice[:3]),
        )
        return found
    gain = folder.column(SOLUTION, gains[0])
    if any((number(one) or 0) < 0 or number(one) is None for one in gain):
        said = "la pertinence d’un candidat est un nombre, 0 ou plus"
        refuse(TARGETS, said, file=SOLUTION, key=gains[0])
        return found
    crossing = {one for one, parts in _parts_of(reading, found, ids).items() if len(parts) > 1}
    if crossing:
        said = counted(len(crossing), "requête a des lignes", "requêtes ont des lignes")
        refuse(
            PARTS, f"{said} dans les deux parties", file=SOLUTION, key=found.column,
            value=", ".join(sorted(crossing)[:3]),
        )  # fmt: skip
    return replace(found, rows=Rows.CANDIDATES, target=gains[0], targets=(gains[0],), item=item)


def _is_text(cell: str) -> bool:
    return number(cell) is None


def _parts_of(reading: Reading, found: TruthTable, ids: Sequence[str]) -> dict[str, set[str]]:
    parts: dict[str, set[str]] = {}
    cells = reading.payloads.folder.column(SOLUTION, found.column)
    for one, part in zip(ids, cells, strict=True):
        if part.strip().lower() != "ignored":
            parts.setdefault(one, set()).add(part)
    return parts


def _parted(reading: Reading, table: TruthTable) -> TruthTable | None:
    """Count the rows of each part: Public and Private, Ignored being in neither."""
    findings, folder = reading.findings, reading.payloads.folder
    cells = folder.column(SOLUTION, table.column)
    answers = folder.column(SOLUTION, table.target)
    written = {one.strip().lower(): one for one in dict.fromkeys(cells)}
    unknown = sorted(set(written) - {"public", "private", "ignored"})
    if unknown or not {"public", "private"} <= set(written) or len(written) != len(set(cells)):
        findings.refuse(
            PARTS,
            "valeurs attendues : Public et Private, toutes deux (Ignored : ligne écartée)",
            file=SOLUTION,
            key=table.column,
            value=", ".join(list(dict.fromkeys(cells))[:4]),
        )
        return None
    ignored = cells.count(written["ignored"]) if "ignored" in written else 0
    if ignored:
        said = counted(ignored, "ligne écartée", "lignes écartées")
        findings.warn(
            "W_ROWS_IGNORED", f"{said} de la notation et des fichiers publics", file=SOLUTION,
            key=table.column, value=written["ignored"],
        )  # fmt: skip
    public, private = (written[part] for part in ("public", "private"))
    return replace(
        table,
        public=public,
        private=private,
        counts=(cells.count(public), cells.count(private)),
        positives=_positives(cells, answers, (public, private)),
        ignored=ignored,
        answers=tuple(sorted(set(answers))[:MAX_ANSWERS]),
    )


def _positives(
    cells: Sequence[str], answers: Sequence[str], parts: tuple[str, str]
) -> tuple[int, int] | None:
    """Count the rows answered by 1 in each part, when answers are 0 and 1."""
    if not set(answers) <= {"0", "1"}:
        return None
    found = Counter(cell for cell, answer in zip(cells, answers, strict=True) if answer == "1")
    return found[parts[0]], found[parts[1]]


def _alike(names: Sequence[str], reading: Reading, table: TruthTable) -> None:
    """Check that the public tables have the ids of the solution, and not its answers."""
    findings, folder = reading.findings, reading.payloads.folder
    wanted = set(folder.column(SOLUTION, table.id))
    for name in (TEST, SAMPLE):
        if name not in names:
            continue
        header = folder.header(name)
        if table.id not in header:
            findings.refuse("E_COLUMN_MISSING", "colonne absente", file=name, key=table.id)
            continue
        missing = wanted ^ set(folder.column(name, table.id))
        if missing:
            said = counted(len(missing), "identifiant diffère", "identifiants diffèrent")
            findings.refuse(
                IDS, f"{said} de ceux de {SOLUTION}", file=name, key=table.id,
                value=", ".join(sorted(missing)[:3]),
            )  # fmt: skip
        for target in table.targets:
            if name == TEST and target in header:
                findings.refuse(
                    "E_TRUTH_PUBLIC", "ce fichier public donne la réponse", file=name, key=target
                )
