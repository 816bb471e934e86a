"""Read the CSV challenges of Kaggle and of Hugging Face: a solution parted by a column.

Sources: Kaggle, « solution file » with a Usage column; huggingface/competitions, conf.json and
solution.csv with a split column. Their scoring code is never run: a metric of ours is chosen."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from challenges.bundles import safe_yaml
from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.foreign import documents
from challenges.bundles.foreign.bundle import Reading
from challenges.bundles.foreign.documents import Block, Document, Question, instant, stamp
from challenges.bundles.foreign.translation import BY_SKLEARN_NAME, MENUS, label_of
from challenges.bundles.foreign.values import ForeignSpec, Format, Rows, Text, TruthTable
from challenges.scoring.contract import number_of as number
from challenges.scoring.fields import counted, shown
from challenges.scoring.registry import METRICS

SOLUTION = "solution.csv"
TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"
SPLITS = ("usage", "split")
MAX_ANSWERS, MAX_TARGETS = 1_000, 30
TABLE, PARTS, IDS, TARGETS = "E_FILE_ROWS", "E_SPLIT", "E_IDS", "E_TARGETS"


def read_solution(
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
    """Say what the rows are: one answer each, or several numbers."""
    ids = Counter(reading.payloads.folder.column(SOLUTION, found.id))
    if twice := [one for one, count in ids.items() if count > 1]:
        said = counted(len(twice), "identifiant en double", "identifiants en double")
        shown_ids = ", ".join(twice[:3])
        reading.findings.refuse(IDS, said, file=SOLUTION, key=found.id, value=shown_ids)
        return found
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


CONF = "conf.json"
KAGGLE_PAGES = ("description.md", "overview.md", "README.md", "data.md", "evaluation.md")
HF_PAGES = ("COMPETITION_DESC.md", "DATASET_DESC.md", "SUBMISSION_DESC.md", "RULES.md")
MAX_CONF_BYTES, SHOWN_NAMES = 1_000_000, 300
DROPPED = ("TIME_LIMIT", "HARDWARE", "DATASET", "LOGO", "SUBMISSION_FILENAMES", "TEAMS", "SOLVED",
           "SHOW_LEADERBOARD")  # fmt: skip
# The metrics of one column that scikit-learn reads on several classes too.
OF_SEVERAL = {"log_loss": "log_loss_multi", "brier": "brier_multi", "roc_auc": "roc_auc_ovr"}


def read_kaggle(names: Sequence[str], reading: Reading) -> ForeignSpec | None:
    """Read a folder with solution.csv and its Usage column."""
    truth = read_solution(names, reading, "", ())
    pages = _pages(names, reading, KAGGLE_PAGES)
    _ask_columns(reading, truth)
    reading.ask(_metric_question(truth, documents.METRIC_HINT))
    reading.ask(
        Question(
            "direction",
            documents.DIRECTION,
            documents.NATURAL,
            documents.DIRECTION_HINT,
            documents.DIRECTIONS,
        )
    )
    _ask_all(reading, "", "5/100")
    if truth is None:
        return None
    return ForeignSpec(
        format=Format.KAGGLE, title=_title(pages, reading), pages=pages, truth=truth,
        kept=reading.kept,
    )  # fmt: skip


def read_hugging_face(names: Sequence[str], reading: Reading) -> ForeignSpec | None:
    """Read conf.json and solution.csv."""
    conf = _conf(reading)
    if conf is None:
        return None
    columns = [
        one.strip() for one in ",".join(conf.texts("SUBMISSION_COLUMNS")).split(",") if one.strip()
    ]
    truth = read_solution(names, reading, conf.text("SUBMISSION_ID_COLUMN"), columns)
    _ask_columns(reading, truth)
    pages = _pages(names, reading, HF_PAGES)
    end = instant(conf, "END_DATE", ask=_asked_as_dates, codabench=False)
    metric, direction = _metric(conf, reading, truth)
    per_day = _per_day(conf)
    if conf.text("COMPETITION_TYPE", "generic") == "script":
        conf.warn(
            "W_CODE_SUBMISSION",
            "ce challenge attend du code ; importé ainsi, les équipes y déposent des prédictions. "
            "Pour qu’elles envoient leur programme, choisissez-le à la page « Code » du brouillon, "
            "et déposez un échantillon public : cette archive n’en a pas",
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


def _asked_as_dates(_question: Question) -> None:
    """Ask nothing more: the question of the dates covers this one."""


def _per_day(conf: Block) -> int | None:
    """Read the quota of a day; 0 is told, and the question of the quotas settles it."""
    found = conf.whole("SUBMISSION_LIMIT", default=None)
    if found == 0:
        conf.warn("W_QUOTA_ZERO", "0 veut dire aucune soumission", key="SUBMISSION_LIMIT", value=0)
    return found


def _ask_all(reading: Reading, dates: str, quotas: str) -> None:
    """Ask what these formats do not say."""
    reading.ask(Question("dates", documents.DATES, dates or "/", documents.DATES_HINT))
    reading.ask(Question("quotas", documents.QUOTAS, quotas, documents.QUOTAS_HINT))
    reading.ask(
        Question("licence", documents.LICENCE, documents.LICENCE_LATER, documents.LICENCE_HINT)
    )


def _ask_columns(reading: Reading, truth: TruthTable | None) -> None:
    """Ask what several columns are."""
    if truth is not None and truth.rows is Rows.TARGETS:
        choices = dict(documents.COLUMNS_CHOICES)
        if not truth.one_hot:  # a row that is of two classes, or of none, is of no class
            del choices[documents.CLASSES]
        names = ", ".join(truth.targets)
        facts = {"count": str(len(truth.targets)), "names": names[:SHOWN_NAMES]}
        proposal = "" if truth.one_hot else documents.TARGETS
        reading.ask(
            Question("columns", documents.COLUMNS, proposal, documents.COLUMNS_HINT, choices, facts)
        )


def _menu(truth: TruthTable | None) -> list[str]:
    """Give the metrics that may be chosen, whatever the several columns are said to be."""
    if truth is None:
        return MENUS[Rows.ONE]
    return [*MENUS[truth.rows], *(MENUS[Rows.CLASSES] if truth.one_hot else ())]


def _metric_question(
    truth: TruthTable | None, hint: str, facts: Mapping[str, str] = {}
) -> Question:
    choices = {name: label_of(name) for name in _menu(truth)}
    return Question("metric", documents.METRIC, "", hint, choices, facts)


def _conf(reading: Reading) -> Block | None:
    findings = reading.findings
    try:
        raw = reading.payloads.folder.read(CONF, limit_bytes=MAX_CONF_BYTES)
        found = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError, TableRefused, PathRefused, FileAbsent) as error:
        said = str(error) if isinstance(error, KeyTwice) else "JSON illisible"
        findings.refuse("E_JSON", said, file=CONF)
        return None
    if said := safe_yaml.fault_in_json(found, raw):
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


def _metric(conf: Block, reading: Reading, truth: TruthTable | None) -> tuple[str, str]:
    """Translate the metric of scikit-learn; an unknown one is asked about."""
    written = conf.text("EVAL_METRIC") or conf.text("SCORING_METRIC")
    conf.raw("SCORING_METRIC")
    name = BY_SKLEARN_NAME.get(written, "")
    if truth is not None and truth.rows is Rows.CLASSES:
        name = OF_SEVERAL.get(name, "")
    higher = conf.flag("EVAL_HIGHER_IS_BETTER", default=True)
    direction = "max" if higher else "min"
    if name not in _menu(truth):
        reading.ask(_metric_question(truth, documents.METRIC_UNREAD, {"written": shown(written)}))
        return "", direction
    if METRICS[name].direction != direction:
        conf.refuse(
            "E_DIRECTION",
            f"pour {name} le sens est {METRICS[name].direction}",
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
    reading.ask(Question("title", documents.TITLE, "", documents.TITLE_HINT))
    return ""
