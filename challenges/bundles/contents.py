"""Compare what challenge.yaml declares with what the tables hold."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from challenges.bundles.code import CODE, SAMPLE_ROWS
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.leaks import Answers, told
from challenges.scoring.contract import (
    AnswerSpec,
    Attribute,
    ColumnType,
    FileColumn,
    Form,
    Layout,
    MetricSpec,
    Policy,
    ScoringContract,
    TruthSpec,
    number_of,
)
from challenges.scoring.fields import Findings, counted
from challenges.scoring.predictions.reader import Checker
from challenges.scoring.verdict import Reporter

ABSENT, OUTSIDE = "E_COLUMN_MISSING", "E_DOMAIN"
TWICE = "W_SAMPLE_HIDDEN"
MISSING_IDS = ("identifiant absent", "identifiants absents")


@dataclass(frozen=True)
class Tables:
    """The tables at hand, and where to note what is wrong with them.

    test: the table to predict, held out where teams send code; they then see `inputs`, a sample
    of it, and perhaps its `answers`. public: every file that the teams will read.
    """

    folder: Folder
    findings: Findings
    test: str | None
    sample: str | None
    truth: str | None
    inputs: str | None = None
    answers: str | None = None
    is_code: bool = False
    public: tuple[str, ...] = ()
    train: str | None = None

    def refuse(self, code: str, message: str, *, file: str, key: str, value: object = "") -> None:
        """Note a fault in a table."""
        self.findings.refuse(code, message, file=file, key=key, value=value)

    def has(self, path: str, column: str | None, key: str, *, code: str = ABSENT) -> bool:
        """Say whether a table holds a column, and note it if not."""
        if column is None or column == "":
            return False
        try:
            if column in self.folder.header(path):
                self.folder.rows(path)
                return True
        except TableRefused as refusal:
            self.refuse("E_FILE_ROWS", str(refusal), file=path, key=key, value=column)
            return False
        except (PathRefused, FileAbsent):
            return False
        self.refuse(code, "colonne absente du fichier", file=path, key=key, value=column)
        return False

    def holds(self, path: str, *columns: str) -> bool:
        """Say whether a table holds columns without noting it a second time."""
        try:
            self.folder.rows(path)
            return set(columns) <= set(self.folder.header(path))
        except TableRefused:
            return False

    def reads(self, path: str) -> bool:
        """Say whether a table can be read, noting why not."""
        try:
            self.folder.rows(path)
        except TableRefused as refusal:
            self.refuse("E_FILE_ROWS", str(refusal), file=path, key="rows")
            return False
        except (PathRefused, FileAbsent):
            return False
        return True

    def locates(self, path: str, key: str) -> bool:
        """Say whether the folder has a file, and note it if not."""
        try:
            self.folder.locate(path)
        except PathRefused:
            said = "chemin relatif attendu, dans le dossier, sans « .. » ni lien"
            self.refuse("E_FILE_PATH", said, file=path, key=key)
            return False
        except FileAbsent:
            self.refuse("E_FILE_MISSING", "fichier absent du dossier", file=path, key=key)
            return False
        return True

    def rows(self, path: str, names: Sequence[str]) -> set[tuple[str, ...]]:
        """Return the different rows of some columns."""
        columns = [self.folder.column(path, name) for name in names]
        return set(zip(*columns, strict=True))


def some(values: Iterable[str]) -> str:
    """Show at most three values, sorted."""
    return ", ".join(sorted(values)[:3])


def check(tables: Tables, contract: ScoringContract) -> None:
    """Note every disagreement between the declarations and the tables."""
    answer, truth = contract.answer, contract.truth
    if tables.sample is not None:
        for at, column in enumerate(answer.columns):
            tables.has(tables.sample, column.name, f"submission.columns.{at}.name")
    sound = _truth_columns(tables, answer, truth)
    _split(tables, truth)
    _ids(tables, answer, truth)
    for at, column in enumerate(answer.columns):
        _domain(tables, column, truth, f"submission.columns.{at}", sound)
    if tables.is_code:
        _sample_of_inputs(tables, answer, truth)
    if sound:
        asked = answer.targets or (truth.target,)
        noted = [each for target in asked for each in _told(tables, truth.id, target)]
        _told_elsewhere(tables, answer, truth, noted)
        _answers(tables, answer, truth)
    for at, attribute in enumerate(contract.attributes):
        _attribute(tables, contract, attribute, f"fairness.attributes.{at}")
    for at, metric in enumerate(contract.figures):
        _parameters(tables, metric, contract, f"{metric.key or at}.params")


def _truth_columns(tables: Tables, answer: AnswerSpec, truth: TruthSpec) -> bool:
    """Check that the truth holds its declared columns; returns whether all are there."""
    if tables.truth is None:
        return False
    named = {name: getattr(truth, name) for name in answer.layout.held}
    named |= {name: name for name in answer.targets or ()}
    there = [tables.has(tables.truth, column, f"truth.{name}") for name, column in named.items()]
    for name in ("cluster", "weight", "strata"):
        column = getattr(truth, name)
        if column is not None:
            tables.has(tables.truth, column, f"truth.{name}")
    return all(there)


def _split(tables: Tables, truth: TruthSpec) -> None:
    column, path = truth.split_column, tables.truth
    if path is None or not tables.has(path, column, "truth.split.column", code="E_SPLIT"):
        return
    values = set(tables.folder.column(path, str(column)))
    if truth.public and truth.private and values != {truth.public, truth.private}:
        tables.refuse(
            "E_SPLIT",
            f"valeurs attendues : {truth.public} et {truth.private}, et elles seules",
            file=path,
            key="truth.split",
            value=", ".join(sorted(values)[:4]),
        )
    elif truth.cluster and tables.holds(path, truth.cluster):
        _clusters(tables, path, truth, truth.cluster)


def _clusters(tables: Tables, path: str, truth: TruthSpec, cluster: str) -> None:
    """Refuse clusters with rows in both parts: what is learnt in public tells the private part."""
    rows = tables.rows(path, (cluster, str(truth.split_column)))
    public, private = (
        {name for name, part in rows if part == wanted} for wanted in (truth.public, truth.private)
    )
    both = sorted(public & private)
    if both:
        crossing = counted(len(both), "groupe a des lignes", "groupes ont des lignes")
        tables.refuse(
            "E_SPLIT",
            f"{crossing} dans les deux parties ; gardez chaque groupe de « {cluster} » entier",
            file=path,
            key="truth.cluster",
            value=", ".join(both[:4]),
        )


def _ids(tables: Tables, answer: AnswerSpec, truth: TruthSpec) -> None:
    """Compare the ids of the test, the truth and the sample, each unique where it must be."""
    listed = answer.layout.is_listed
    scored = answer.layout is Layout.CANDIDATE_SCORES
    own = answer.find(answer.layout.roles[0])
    places = [
        (tables.test, truth.key),
        (tables.truth, truth.key),
        # The example of an answer is that of the public sample where teams send code.
        (None if tables.is_code else tables.sample, own.name if own else None),
    ]
    seen: dict[str, set[str]] = {}
    for path, column in places:
        if path is None or not column or not tables.holds(path, column):
            if path is not None and path == tables.test:
                tables.has(path, column, "truth.id")
            continue
        values = tables.folder.column(path, column)
        seen[path] = set(values)
        # The queries of a list may come with the items to choose from.
        proposes = path == tables.test and tables.holds(path, str(truth.item))
        if not (scored or (listed and (path != tables.test or proposes))):
            _unique(tables, path, column, values)
    path = str(tables.truth)
    if truth.query and truth.item and path in seen and tables.holds(path, truth.item):
        queries, items = (tables.folder.column(path, name) for name in (truth.query, truth.item))
        pairs = [f"{query} / {item}" for query, item in zip(queries, items, strict=True)]
        _unique(tables, path, truth.item, pairs)
    if answer.policy is Policy.COMPLETE:
        _candidates(tables, answer, truth)
    _alike(tables, seen)


def _unique(tables: Tables, path: str, key: str, values: list[str]) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        said = f"{counted(len(twice), 'identifiant', 'identifiants')} en double"
        tables.refuse("E_IDS", said, file=path, key=key, value=some(twice))
    if "" in values:
        tables.refuse("E_IDS", "identifiant vide", file=path, key=key)


def _candidates(tables: Tables, answer: AnswerSpec, truth: TruthSpec) -> None:
    """Note a public table whose candidates are not those of the truth: it would tell answers."""
    query, item = answer.find("query"), answer.find("item")
    if tables.truth is None or query is None or item is None:
        return
    wanted = _pairs(tables, tables.truth, truth.query, truth.item)
    sample = None if tables.is_code else tables.sample
    given = {
        sample: _pairs(tables, sample, query.name, item.name),
        tables.test: _pairs(tables, tables.test, truth.query, truth.item),
    }
    for path, pairs in given.items():
        if path is not None and wanted and pairs and pairs != wanted:
            tables.refuse(
                "E_IDS",
                f"{counted(len(wanted - pairs), 'candidat absent', 'candidats absents')}, "
                f"{len(pairs - wanted)} en trop",
                file=path,
                key="submission.policy",
                value=some(" / ".join(pair) for pair in wanted ^ pairs),
            )


def _pairs(
    tables: Tables, path: str | None, query: str | None, item: str | None
) -> set[tuple[str, ...]]:
    """Read the pairs of a table, none when it lacks one of the columns."""
    if path is None or not query or not item or not tables.holds(path, query, item):
        return set()
    return tables.rows(path, (query, item))


def _alike(tables: Tables, seen: dict[str, set[str]]) -> None:
    """Note each table whose ids are not those of the test."""
    wanted = seen.get(str(tables.test), set())
    for path, ids in seen.items() if tables.test in seen else ():
        missing, extra = wanted - ids, ids - wanted
        if missing or extra:
            tables.refuse(
                "E_IDS",
                f"{counted(len(missing), *MISSING_IDS)} de ceux de {tables.test}, "
                f"{len(extra)} en trop",
                file=path,
                key="id",
                value=some(missing or extra),
            )


def _domain(tables: Tables, column: FileColumn, truth: TruthSpec, place: str, sound: bool) -> None:
    """Check that a column's domain can be read and holds the values of the truth."""
    listing = column.listing
    if listing is None or not tables.locates(listing.file, f"{place}.domain.file"):
        return
    if not tables.has(listing.file, listing.column, f"{place}.domain.column"):
        return
    named = {"target": truth.target, "item": truth.item}.get(column.role)
    if not sound or named is None or tables.truth is None:
        return
    allowed = set(tables.folder.column(listing.file, listing.column))
    cells = set(tables.folder.column(tables.truth, named))
    outside = {value for cell in cells for value in column.labels_of(cell)} - allowed
    if outside:
        tables.refuse(
            OUTSIDE,
            f"{counted(len(outside), 'valeur', 'valeurs')} de la vérité hors de {listing.file}",
            file=tables.truth,
            key=f"{place}.domain",
            value=some(outside),
        )


def _told(tables: Tables, key: str | None, target: str | None) -> list[str]:
    """Note, and name, a test table that gives any answer in a column named as in the truth."""
    if tables.test is None or tables.truth is None or key is None or not target:
        return []
    if not tables.holds(tables.test, key, target):
        return []
    shared = tables.rows(tables.test, (key, target)) & tables.rows(tables.truth, (key, target))
    if shared:
        tables.refuse(
            "E_TRUTH_PUBLIC",
            f"ce fichier donne {counted(len(shared), 'réponse', 'réponses')}",
            file=tables.test,
            key="truth.target",
            value=target,
        )
    return [tables.test] if shared else []


TEXT_TABLES = (".csv", ".tsv", ".txt")


def _told_elsewhere(
    tables: Tables, answer: AnswerSpec, truth: TruthSpec, noted: Sequence[str]
) -> None:
    """Note each public CSV, TSV or TXT file that gives the answers, whatever its name.

    Other forms are not read. noted: files of which it is known already.
    """
    held, own = str(truth.gain or truth.target), str(tables.truth)
    keys = [str(truth.key)] if truth.item is None else [str(truth.query), truth.item]
    if not tables.holds(own, *keys):
        return
    targets = [each for each in answer.targets or (held,) if tables.holds(own, each)]
    with tables.folder.open(own) as content:
        answers = Answers(content, keys, targets)
    for path in tables.public:
        if path in noted or not path.lower().endswith(TEXT_TABLES):
            continue
        exact = path in {tables.sample, tables.train, tables.test, tables.answers}
        with tables.folder.open(path) as content:
            count = told(content, answers, exact=exact)
        if count:
            tables.refuse(
                "E_TRUTH_PUBLIC",
                f"ce fichier public donne {counted(count, 'réponse', 'réponses')} du test : "
                "donnez-lui un autre rôle, ou retirez-le",
                file=path,
                key="files.public",
            )


def _answers(tables: Tables, answer: AnswerSpec, truth: TruthSpec) -> None:
    """Check the answers of the truth against the type and bounds that teams are held to."""
    path = str(tables.truth)
    if truth.weight is not None and tables.holds(path, truth.weight):
        weights = tables.folder.column(path, truth.weight)
        _all(tables, "truth.weight", weights, lambda cell: (number_of(cell) or 0) > 0)
    if truth.gain is not None:
        gains = tables.folder.column(path, truth.gain)
        _all(tables, "truth.gain", gains, lambda cell: (_number(cell) or 0) >= 0)
        return
    if not answer.plays_every_role:
        return
    names = answer.classes if answer.form is Form.PROBABILITIES else None
    if names is not None:
        cells = tables.folder.column(path, str(truth.target))
        _all(tables, "truth.target", cells, lambda cell: cell in names)
        return
    for name, column in (answer.by_target or {str(truth.target): answer.answer}).items():
        key = f"truth.{name}" if answer.by_target else "truth.target"
        _target(tables, key, tables.folder.column(path, name), answer, column)


def _number(cell: str) -> float:
    """Read a number; one that is none is below any other."""
    number = number_of(cell)
    return -1.0 if number is None else number


def _target(
    tables: Tables, key: str, cells: list[str], answer: AnswerSpec, column: FileColumn
) -> None:
    """Check the answers of one target as those of a team are, each label of a set once."""
    checker = Checker(answer, {}, Reporter(answer))

    def is_answer(cell: str) -> bool:
        labels = column.labels_of(cell)
        once = column.type is not ColumnType.LABEL_SET or len(set(labels)) == len(labels)
        return once and checker.value(cell, column, 1) is not None

    _all(tables, key, cells, is_answer)
    if column.max_distinct is not None and len(set(cells)) > column.max_distinct:
        tables.refuse(
            OUTSIDE,
            f"plus de {column.max_distinct} valeurs distinctes dans la vérité",
            file=str(tables.truth),
            key=key,
            value=len(set(cells)),
        )


def _all(tables: Tables, key: str, cells: Iterable[str], holds: Callable[[str], bool]) -> None:
    outside = [cell for cell in dict.fromkeys(cells) if not holds(cell)]
    if outside:
        tables.refuse(
            OUTSIDE,
            f"{counted(len(outside), 'valeur', 'valeurs')} de la vérité hors du type ou des bornes "
            "déclarés",
            file=str(tables.truth),
            key=key,
            value=some(outside),
        )


def _attribute(tables: Tables, contract: ScoringContract, attribute: Attribute, place: str) -> None:
    """Check the column of an attribute of fairness, its numbers and the groups that are named."""
    path = tables.truth if attribute.source == "truth" else attribute.source
    if not path or not attribute.column or not tables.locates(path, f"{place}.source"):
        return
    if attribute.source != "truth":
        tables.has(path, attribute.id, f"{place}.id")
    if not tables.has(path, attribute.column, f"{place}.column"):
        return
    cells = set(tables.folder.column(path, attribute.column))
    for metric in contract.fairness:
        if metric.by == attribute.key and metric.group is not None and metric.group not in cells:
            key = f"fairness.metrics.{metric.key}.group"
            said = "aucune ligne de ce groupe"
            tables.refuse(OUTSIDE, said, file=path, key=key, value=metric.group)
    wrong = [cell for cell in cells if cell != "" and number_of(cell) is None]
    if attribute.type == "number" and wrong:
        key = f"{place}.type"
        tables.refuse(OUTSIDE, "nombres attendus", file=path, key=key, value=some(wrong))


def _parameters(tables: Tables, metric: MetricSpec, contract: ScoringContract, place: str) -> None:
    """Check the parameters that name a column or an attribute."""
    if metric.metric == "attribute_distance":
        named = metric.params.get("attribute")
        if named not in {attribute.key for attribute in contract.attributes}:
            key = f"{place}.attribute"
            tables.refuse(ABSENT, "attribut non déclaré", file="", key=key, value=named)
    if metric.metric == "pair_consistency" and tables.truth is not None:
        for name in ("pair", "member"):
            column = metric.params.get(name)
            if column is not None:
                tables.has(tables.truth, str(column), f"{place}.{name}")


def _sample_of_inputs(tables: Tables, answer: AnswerSpec, truth: TruthSpec) -> None:
    """Note where the sample, its example of an answer and its answers do not go together.

    No message of a comparison with the held-out inputs shows a value of theirs.
    """
    inputs = tables.inputs
    if inputs is None or not tables.reads(inputs) or not tables.has(inputs, truth.key, "truth.id"):
        return
    rows = tables.folder.rows(inputs)
    if not SAMPLE_ROWS[0] <= rows <= SAMPLE_ROWS[1]:
        tables.refuse(
            CODE,
            f"de {SAMPLE_ROWS[0]} à {SAMPLE_ROWS[1]} lignes sont attendues : assez pour essayer un "
            "programme, sans attendre",
            file=inputs,
            key="files.public",
            value=rows,
        )
    wanted = set(tables.folder.column(inputs, str(truth.key)))
    own = answer.find(answer.layout.roles[0])
    for path, column in ((tables.sample, own.name if own else None), (tables.answers, truth.key)):
        if path is not None and column and tables.reads(path):
            _same_ids(tables, path, column, wanted)
    if tables.test is not None and tables.reads(tables.test):
        _beside_the_hidden(tables, inputs, tables.test)


def _same_ids(tables: Tables, path: str, column: str, wanted: set[str]) -> None:
    if not tables.has(path, column, "files.public"):
        return
    ids = set(tables.folder.column(path, column))
    if ids != wanted:
        tables.refuse(
            "E_IDS",
            f"{counted(len(wanted - ids), *MISSING_IDS)} de ceux de {tables.inputs}, "
            f"{len(ids - wanted)} en trop",
            file=path,
            key="id",
        )


def _beside_the_hidden(tables: Tables, inputs: str, hidden: str) -> None:
    """Compare columns and rows; a program must meet the same table in both."""
    ours, theirs = tables.folder.header(inputs), tables.folder.header(hidden)
    if set(ours) != set(theirs):
        lacking = [name for name in theirs if name not in ours]
        tables.refuse(
            ABSENT,
            f"l’échantillon public et {hidden} n’ont pas les mêmes colonnes : "
            f"{counted(len(lacking), 'manque', 'manquent')}, "
            f"{len(set(ours) - set(theirs))} en trop",
            file=inputs,
            key="files.public",
            value=", ".join(lacking[:4]),
        )
        return
    shared = len(tables.rows(inputs, ours) & tables.rows(hidden, ours))
    if shared:
        tables.findings.warn(
            TWICE,
            f"{counted(shared, 'ligne est', 'lignes sont')} aussi dans les entrées réservées : ce "
            "que l’échantillon en dit est public",
            file=inputs,
        )
