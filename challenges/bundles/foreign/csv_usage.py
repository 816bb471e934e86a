"""Read the CSV challenges of Kaggle and of Hugging Face: a solution parted by a column.

Sources: Kaggle, « solution file » with a Usage column; huggingface/competitions, conf.json and
solution.csv with a split column. Their scoring code is never run: a metric of ours is chosen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from challenges.bundles import characters
from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.foreign.blocks import Block, Document
from challenges.bundles.foreign.context import Reading
from challenges.bundles.foreign.dates import instant, stamp
from challenges.bundles.foreign.menu import BY_SKLEARN_NAME, MENU
from challenges.bundles.foreign.values import ForeignSpec, Format, Text, TruthTable
from challenges.bundles.report import counted

SOLUTION, CONF = "solution.csv", "conf.json"
TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"
SPLITS = ("usage", "split")
KAGGLE_PAGES = ("description.md", "overview.md", "README.md", "data.md", "evaluation.md")
HF_PAGES = ("COMPETITION_DESC.md", "DATASET_DESC.md", "SUBMISSION_DESC.md", "RULES.md")
MAX_CONF_BYTES, MAX_ANSWERS = 1_000_000, 1_000
DROPPED = ("TIME_LIMIT", "HARDWARE", "DATASET", "LOGO", "SUBMISSION_FILENAMES", "TEAMS", "SOLVED",
           "SHOW_LEADERBOARD")  # fmt: skip
TABLE, PARTS, IDS = "E_FILE_ROWS", "E_SPLIT", "E_IDS"


def kaggle(names: Sequence[str], reading: Reading) -> ForeignSpec | None:
    """Read a folder with solution.csv and its Usage column."""
    truth = _truth(names, reading, "", ())
    pages = _pages(names, reading, KAGGLE_PAGES)
    reading.ask("metric", f"Quelle mesure ? {', '.join(MENU)}")
    reading.ask("direction", "max ou min ?", "le sens naturel de la mesure")
    _ask_all(reading, "", "5/100")
    if truth is None:
        return None
    return ForeignSpec(
        format=Format.KAGGLE, title=_title(pages, reading), pages=pages, truth=truth,
        kept=reading.kept,
    )  # fmt: skip


def hugging_face(names: Sequence[str], reading: Reading) -> ForeignSpec | None:
    """Read conf.json and solution.csv."""
    conf = _conf(reading)
    if conf is None:
        return None
    columns = [
        one.strip() for one in ",".join(conf.texts("SUBMISSION_COLUMNS")).split(",") if one.strip()
    ]
    truth = _truth(names, reading, conf.text("SUBMISSION_ID_COLUMN"), columns)
    pages = _pages(names, reading, HF_PAGES)
    end = instant(conf, "END_DATE", ask=_asked_as_dates, codabench=False)
    metric, direction = _metric(conf, reading)
    per_day = _per_day(conf)
    if conf.text("COMPETITION_TYPE", "generic") == "script":
        conf.warn(
            "W_CODE_SUBMISSION",
            "ce challenge attend du code ; ici les équipes déposent leurs prédictions",
            key="COMPETITION_TYPE",
            value="script",
        )
    _rows(conf, truth)
    final = conf.whole("SELECTION_LIMIT", default=None)
    reading.close(conf, drop=DROPPED)
    _ask_all(
        reading, f"/{stamp(end.at)}" if end else "", f"{5 if per_day is None else per_day}/100"
    )
    if truth is None:
        return None
    return ForeignSpec(
        format=Format.HUGGING_FACE,
        title=_title(pages, reading),
        pages=pages,
        truth=truth,
        metric=metric,
        direction=direction,
        per_day=per_day,
        final_choices=final,
        end=end,
        kept=reading.kept,
    )


def _asked_as_dates(key: str, text: str, proposal: str | None) -> None:
    """Ask nothing more: the question of the dates covers this one."""


def _per_day(conf: Block) -> int | None:
    """Read the quota of a day; 0 is told, and the question of the quotas settles it."""
    found = conf.whole("SUBMISSION_LIMIT", default=None)
    if found == 0:
        conf.warn("W_QUOTA_ZERO", "0 veut dire aucune soumission", key="SUBMISSION_LIMIT", value=0)
    return found


def _ask_all(reading: Reading, dates: str, quotas: str) -> None:
    """Ask what these formats do not say."""
    reading.ask("dates", "Ouverture et clôture, « DÉBUT/FIN » en ISO 8601 ?", dates or "/")
    reading.ask("quotas", "Soumissions par jour et au total, « 5/100 » ?", quotas)
    reading.ask("licence", "Licence des données ?", "à confirmer avant la publication")


def _conf(reading: Reading) -> Block | None:
    findings = reading.findings
    try:
        raw = reading.payloads.folder.read(CONF, limit_bytes=MAX_CONF_BYTES)
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError, TableRefused, PathRefused, FileAbsent) as error:
        said = str(error) if isinstance(error, KeyTwice) else "JSON illisible"
        findings.refuse("E_JSON", said, file=CONF)
        return None
    if said := characters.in_json(found, raw):
        findings.refuse("E_JSON", said, file=CONF)
        return None
    if not isinstance(found, dict):
        findings.refuse("E_KEY_TYPE", "une liste de clés est attendue", file=CONF)
        return None
    return Block(Document(CONF, findings), found)


class KeyTwice(ValueError):
    """A key that a JSON map holds twice."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyTwice("une clé est en double")
    return found


def _metric(conf: Block, reading: Reading) -> tuple[str, str]:
    """Translate the metric of scikit-learn; an unknown one is asked about."""
    written = conf.text("EVAL_METRIC") or conf.text("SCORING_METRIC")
    conf.raw("SCORING_METRIC")
    name = BY_SKLEARN_NAME.get(written, "")
    higher = conf.flag("EVAL_HIGHER_IS_BETTER", default=True)
    direction = "max" if higher else "min"
    if not name:
        reading.ask("metric", f"« {written} » n’est pas lue. Quelle mesure ? {', '.join(MENU)}")
    elif MENU[name].direction != direction:
        conf.refuse(
            "E_DIRECTION",
            f"pour {name} le sens est {MENU[name].direction}",
            key="EVAL_HIGHER_IS_BETTER",
            value=conf.raw("EVAL_HIGHER_IS_BETTER"),
        )
    return name, direction


def _rows(conf: Block, truth: TruthTable | None) -> None:
    declared = conf.whole("SUBMISSION_ROWS", default=None)
    found = sum(truth.counts) + truth.ignored if truth else None
    if declared is not None and found is not None and declared != found:
        conf.warn(
            "W_ROW_COUNT",
            f"{SOLUTION} compte {counted(found, 'ligne', 'lignes')} : ce nombre est retenu",
            key="SUBMISSION_ROWS",
            value=declared,
        )


def _pages(names: Sequence[str], reading: Reading, known: Sequence[str]) -> tuple[Text, ...]:
    found = []
    block = Block(Document("", reading.findings), {name: name for name in known})
    for name in known:
        page = reading.payloads.page(block, name, name=name) if name in names else None
        found += [page] if page else []
    return tuple(found)


def _title(pages: Sequence[Text], reading: Reading) -> str:
    """Take the first heading of the pages; without one it is asked."""
    for page in pages:
        for line in page.text.splitlines():
            if line.startswith("# ") and line[2:].strip():
                return line[2:].strip()[:200]
    reading.ask("title", "Titre du challenge ?")
    return ""


def _truth(
    names: Sequence[str], reading: Reading, id_: str, columns: Sequence[str]
) -> TruthTable | None:
    """Read the solution; None once its fault is noted."""
    findings, folder = reading.findings, reading.payloads.folder
    before = len(findings.errors)
    try:
        header = folder.header(SOLUTION)
        folder.rows(SOLUTION)
        sample = folder.header(SAMPLE) if SAMPLE in names else []
        split = next((one for one in header if one.lower() in SPLITS), "")
        key = id_ or next((one for one in sample if one in header), header[0])
        others = columns or [one for one in sample if one != key]
        if not sample and not columns:
            others = [one for one in header if one not in {key, split}]
        targets = [one for one in others if one != key]
        _columns(reading, header, key, split, targets)
        if len(findings.errors) > before:
            return None
        found = _counted(reading, key, targets[0], split)
        _alike(names, reading, key, targets[0])
    except (TableRefused, PathRefused, FileAbsent) as refusal:
        findings.refuse(TABLE, str(refusal) or "table attendue", file=SOLUTION)
        return None
    if found is None:
        return None
    return TruthTable(
        SOLUTION, key, targets[0], split, *found,
        test=TEST if TEST in names else "",
        sample=SAMPLE if SAMPLE in names else "",
        train=TRAIN if TRAIN in names else "",
    )  # fmt: skip


def _columns(
    reading: Reading, header: Sequence[str], key: str, split: str, targets: Sequence[str]
) -> None:
    refuse = reading.findings.refuse
    if not split:
        refuse(PARTS, "colonne Usage ou split attendue", file=SOLUTION, value=", ".join(header))
    for name in (key, *targets):
        if name not in header:
            refuse("E_COLUMN_MISSING", "colonne absente", file=SOLUTION, key=name)
    if len(targets) != 1:
        refuse(
            "E_TARGETS",
            "une seule colonne à prédire est reprise",
            file=SOLUTION,
            value=", ".join(targets) or "aucune",
        )


Counts = tuple[str, str, tuple[int, int], tuple[int, int] | None, int, tuple[str, ...]]


def _counted(reading: Reading, key: str, target: str, split: str) -> Counts | None:
    """Count the rows of each part: Public and Private, Ignored being in neither."""
    findings, folder = reading.findings, reading.payloads.folder
    cells, answers = folder.column(SOLUTION, split), folder.column(SOLUTION, target)
    ids = Counter(folder.column(SOLUTION, key))
    twice = [one for one, count in ids.items() if count > 1]
    if twice:
        said = counted(len(twice), "identifiant en double", "identifiants en double")
        findings.refuse(IDS, said, file=SOLUTION, key=key, value=", ".join(twice[:3]))
    written = {one.strip().lower(): one for one in dict.fromkeys(cells)}
    unknown = sorted(set(written) - {"public", "private", "ignored"})
    if unknown or not {"public", "private"} <= set(written) or len(written) != len(set(cells)):
        findings.refuse(
            PARTS,
            "valeurs attendues : Public et Private, toutes deux (Ignored : ligne écartée)",
            file=SOLUTION,
            key=split,
            value=", ".join(list(dict.fromkeys(cells))[:4]),
        )
        return None
    ignored = cells.count(written["ignored"]) if "ignored" in written else 0
    if ignored:
        said = counted(ignored, "ligne écartée", "lignes écartées")
        findings.warn(
            "W_ROWS_IGNORED", f"{said} de la notation et des fichiers publics", file=SOLUTION,
            key=split, value=written["ignored"],
        )  # fmt: skip
    public, private = (written[part] for part in ("public", "private"))
    return (
        public,
        private,
        (cells.count(public), cells.count(private)),
        _positives(cells, answers, (public, private)),
        ignored,
        tuple(sorted(set(answers))[:MAX_ANSWERS]),
    )


def _positives(
    cells: Sequence[str], answers: Sequence[str], parts: tuple[str, str]
) -> tuple[int, int] | None:
    """Count the rows answered by 1 in each part, when answers are 0 and 1."""
    if not set(answers) <= {"0", "1"}:
        return None
    found = Counter(cell for cell, answer in zip(cells, answers, strict=True) if answer == "1")
    return found[parts[0]], found[parts[1]]


def _alike(names: Sequence[str], reading: Reading, key: str, target: str) -> None:
    """Check that the public tables have the ids of the solution, and not its answers."""
    findings, folder = reading.findings, reading.payloads.folder
    wanted = set(folder.column(SOLUTION, key))
    for name in (TEST, SAMPLE):
        if name not in names:
            continue
        header = folder.header(name)
        if key not in header:
            findings.refuse("E_COLUMN_MISSING", "colonne absente", file=name, key=key)
            continue
        missing = wanted ^ set(folder.column(name, key))
        if missing:
            said = counted(len(missing), "identifiant diffère", "identifiants diffèrent")
            findings.refuse(
                IDS, f"{said} de ceux de {SOLUTION}", file=name, key=key,
                value=", ".join(sorted(missing)[:3]),
            )  # fmt: skip
        if name == TEST and target in header:
            findings.refuse("E_TRUTH_PUBLIC", "ce fichier public donne la réponse", file=name,
                            key=target)  # fmt: skip
