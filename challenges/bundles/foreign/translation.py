"""Write foreign challenges in our own portable form, with the organiser's answers.

Programs are not translated: they need the sandbox, not a metric of ours."""

import csv
import hashlib
import io
import keyword
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from challenges.bundles import spec as ours
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import documents, trec
from challenges.bundles.foreign.bundle import Reading
from challenges.bundles.foreign.documents import PARIS, Instant, Question, filled
from challenges.bundles.foreign.values import ForeignSpec, Judgements, Phase, Rows, TruthTable
from challenges.scoring import manual
from challenges.scoring.contract import Form, Layout, written_probabilities, written_shape
from challenges.scoring.fields import Problem
from challenges.scoring.registry import METRICS

# The metrics of the menu, by what they read in the answers.
READ = {
    "score": ("roc_auc", "average_precision"),
    "probability": ("log_loss", "brier"),
    "label": ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "mcc"),
    "number": ("mae", "rmse", "mse", "medae", "rmsle", "mape", "r2"),
    # All the columns of probabilities together.
    "classes": ("log_loss_multi", "brier_multi", "roc_auc_ovr"),
}
ANSWERS = {name: answer for answer, names in READ.items() for name in names}
ONE_COLUMN = ("score", "probability", "label", "number")
MENUS = {
    Rows.ONE: [name for answer in ONE_COLUMN for name in READ[answer]],
    # A label is read from one column alone.
    Rows.TARGETS: [name for answer in ONE_COLUMN if answer != "label" for name in READ[answer]],
    Rows.CLASSES: list(READ["classes"]),
}
# As in scikit-learn; f1_score is left out: its default counts one class only.
BY_SKLEARN_NAME = {
    "roc_auc_score": "roc_auc",
    "average_precision_score": "average_precision",
    "log_loss": "log_loss",
    "brier_score_loss": "brier",
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "matthews_corrcoef": "mcc",
    "mean_absolute_error": "mae",
    "root_mean_squared_error": "rmse",
    "mean_squared_error": "mse",
    "median_absolute_error": "medae",
    "root_mean_squared_log_error": "rmsle",
    "mean_absolute_percentage_error": "mape",
    "r2_score": "r2",
}


PAGE, TRUTH, TEST, SAMPLE, ITEMS = (
    "presentation.md", "verite.csv", "test.csv", "sample_submission.csv", "documents.csv",
)  # fmt: skip
MAX_BYTES, MAX_SLUG = 500 << 20, 60
PART, PUBLIC, PRIVATE, GAIN = "jeu", "public", "private", "gain"
TREC_METRICS: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("ndcg_10", "ndcg", "NDCG@10", {"k": 10, "gain": "linear"}),
    ("map", "map_r_at_k", "MAP", {"k": 1000}),
    ("rang_reciproque", "mrr_at_k", "Rang réciproque", {"k": 1000}),
    ("precision_5", "precision_at_k", "Précision@5", {"k": 5}),
    ("rappel_10", "recall_r_at_k", "Rappel@10", {"k": 10}),
)


def label_of(metric: str) -> str:
    """Name a metric of the menu."""
    return str(manual.notes()[metric]["title"])


@dataclass(frozen=True)
class Portable:
    """A challenge in our form: the document of challenge.yaml, and the files beside it."""

    document: dict[str, object]
    files: dict[str, bytes]


def slug_of(title: str) -> str:
    """Make a slug of a title: lower case, without accent, 60 characters."""
    parts = unicodedata.normalize("NFKD", title).lower()
    plain = "".join(one for one in parts if not unicodedata.combining(one))
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:MAX_SLUG].strip("-") or "challenge"


def entry(path: str, role: str) -> dict[str, object]:
    """Write one file of the document."""
    return {"path": path, "role": role}


def written_figure(
    key: str, metric: str, label: str, direction: str, params: dict[str, object], *, primary: bool
) -> dict[str, object]:
    """Write one figure of the document, to four decimals."""
    return {
        "key": key,
        "metric": metric,
        "label": label,
        "direction": direction,
        "decimals": 4,
        **({"primary": True} if primary else {}),
        **({"params": params} if params else {}),
    }


def written_table(rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def written_lists(found: Judgements, folder: Folder, share: float) -> "Portable":
    """Write a TREC challenge: ranked lists, topics parted by their digests."""
    rows = trec.judged(Reading(folder.root), found.file)
    public = _public_topics(found, share)
    truth = [
        [topic, item, gain, PUBLIC if topic in public else PRIVATE]
        for (topic, item), gain in sorted(rows.items())
    ]
    query, rank, item_ = trec.QUERY, trec.RANK, trec.ITEM
    files = {
        TRUTH: written_table([[query, item_, GAIN, PART], *truth]),
        TEST: written_table([[query], *([topic] for topic in found.topics)]),
        SAMPLE: written_table(
            [[query, rank, item_], *([topic, 1, found.documents[0]] for topic in found.topics)]
        ),
    }
    held = [entry(TRUTH, "truth")]
    fairness: dict[str, object] = {}
    if found.attributes_file:
        files["attributs.csv"] = folder.read(found.attributes_file, limit_bytes=MAX_BYTES)
        held.append(entry("attributs.csv", "attributes"))
        fairness = {"fairness": {"attributes": _item_attributes(found)}}
    document: dict[str, object] = {
        "task": "ranking",
        "files": {
            "public": [
                entry(TEST, "test"), entry(SAMPLE, "sample_submission"),
            ],
            "held_out": held,
        },
        "submission": {
            "layout": "ranked_list",
            "formats": ["csv", "parquet", "zip"],
            "columns": [
                {"name": query, "role": "query", "type": "string"},
                {"name": rank, "role": "rank", "type": "integer", "min": 1, "max": 1000},
                # No domain: runs rank documents that nobody judged, which are not relevant.
                {"name": item_, "role": "item", "type": "string"},
            ],
            "max_items_per_query": 1000,
            "all_queries_required": True,
        },
        "truth": {
            "file": TRUTH,
            "query": query,
            "item": item_,
            "gain": GAIN,
            "split": {"column": PART, "public": PUBLIC, "private": PRIVATE},
            "cluster": query,
        },
        "metrics": [
            written_figure(key, name, label, "max", params, primary=at == 0)
            for at, (key, name, label, params) in enumerate(TREC_METRICS)
        ],
        **fairness,
    }  # fmt: skip
    return Portable(document, files)


def _public_topics(found: Judgements, share: float) -> set[str]:
    """Draw the public topics by digest, so that each part has some with a relevant document."""

    def drawn(topics: Sequence[str], least: int) -> set[str]:
        order = sorted(topics, key=lambda one: hashlib.sha256(one.encode()).hexdigest())
        return set(order[: min(max(least, round(share * len(order))), len(order) - least)])

    others = [topic for topic in found.topics if topic not in found.supported]
    return drawn(found.supported, 1) | drawn(others, 0)


def _item_attributes(found: Judgements) -> list[dict[str, object]]:
    return [
        {
            "key": slug_of(column).replace("-", "_"),
            "source": "attributs.csv",
            "id": found.attributes_id,
            "column": column,
            "label": column,
            "of": "items",
        }
        for column in found.attributes
    ]


TRAIN, LABEL, MEAN = "train.csv", "reponse", "moyenne"
MAX_KEY = 24
FORMULA_CHARACTERS = 280


def written_csv(truth: TruthTable, folder: Folder, name: str) -> "Portable":
    """Write the challenge; name: a metric of the menu of its rows."""
    kept = _kept_ids(truth, folder)
    files = {
        TRUTH: _truth(truth, folder, kept),
        TEST: _test(truth, folder, kept),
        SAMPLE: _sample(truth, folder, kept),
    }
    public = [entry(TEST, "test"), entry(SAMPLE, "sample_submission")]
    if truth.train:
        files[TRAIN] = folder.read(truth.train, limit_bytes=MAX_BYTES)
        public.append(entry(TRAIN, "train"))
    document: dict[str, object] = {
        "task": "regression" if ANSWERS[name] == "number" else "classification",
        "files": {"public": public, "held_out": [entry(TRUTH, "truth")]},
        "submission": {"formats": ["csv", "parquet", "zip"], **_submission(truth, ANSWERS[name])},
        "truth": {
            "file": TRUTH,
            "split": {"column": truth.column, "public": truth.public, "private": truth.private},
            "id": truth.id,
            "target": _label(truth),
        },
        "metrics": _figures(truth, name),
    }
    return Portable(document, files)


def _submission(truth: TruthTable, answer: str) -> dict[str, object]:
    if truth.rows is Rows.CLASSES:
        return written_probabilities(truth.id, dict.fromkeys(truth.classes, ""))
    one = truth.rows is Rows.ONE
    layout = Layout.ONE_ROW_PER_ID if one else Layout.NUMBERS_PER_ID
    shape = written_shape(layout, {"id": truth.id}, **({} if one else {"form": Form.TARGETS.value}))
    for name in (truth.target,) if one else truth.targets:
        shape["columns"].append({"name": name, "role": "target", **_type(answer)})
    return shape


def _type(answer: str) -> dict[str, object]:
    if answer == "probability":
        return {"type": "float", "min": 0, "max": 1}
    return {"type": "category" if answer == "label" else "float"}


def _label(truth: TruthTable) -> str:
    """Name the column of right answers: one is added where columns are one class each."""
    return LABEL if truth.rows is Rows.CLASSES and len(truth.targets) > 1 else truth.target


def _figures(truth: TruthTable, name: str) -> list[dict[str, object]]:
    """Write the figure that ranks; of several targets, one each, then their mean, which ranks."""
    label, direction = label_of(name), METRICS[name].direction
    if truth.rows is not Rows.TARGETS:
        return [written_figure(name, name, label, direction, {}, primary=True)]
    keys = _keys(truth.targets)
    each = [
        written_figure(
            key, name, f"{label}, {target}", direction, {"target": target},
            primary=False,
        )
        for key, target in zip(keys, truth.targets, strict=True)
    ]  # fmt: skip
    formula = f"({' + '.join(keys)}) / {len(keys)}"
    label = f"{label}, moyenne des {len(keys)} cibles"
    mean = written_figure(MEAN, "formula", label, direction, {"formula": formula}, primary=True)
    return [mean, *each]


def _keys(targets: Sequence[str]) -> list[str]:
    """Name the figures after their targets, or by their numbers where a formula could not."""
    names = [re.sub(r"[^A-Za-z0-9]+", "_", one).strip("_").lower() for one in targets]
    reserved = {MEAN, "min", "max", *keyword.kwlist}
    plain = all(
        one.isidentifier() and one.isascii() and len(one) <= MAX_KEY and one not in reserved
        for one in names
    )
    if (
        plain
        and len(set(names)) == len(names)
        and sum(map(len, names)) <= FORMULA_CHARACTERS - 3 * len(names)
    ):
        return names
    return [f"c{at}" for at in range(1, len(names) + 1)]


def _kept_ids(truth: TruthTable, folder: Folder) -> set[str] | None:
    """Give the ids of the two parts; None when no row is ignored."""
    if not truth.ignored:
        return None
    pairs = zip(
        folder.column(truth.file, truth.id), folder.column(truth.file, truth.column), strict=True
    )
    return {one for one, part in pairs if part in {truth.public, truth.private}}


def _truth(truth: TruthTable, folder: Folder, kept: set[str] | None) -> bytes:
    if _label(truth) == truth.target:
        return _without(folder, truth.file, truth.id, kept)
    columns = [folder.column(truth.file, name) for name in (truth.id, truth.column)]
    cells = zip(*(folder.column(truth.file, name) for name in truth.targets), strict=True)
    rows = (
        [key, part, truth.targets[[float(one) for one in row].index(1)]]
        for key, part, row in zip(*columns, cells, strict=True)
        if kept is None or key in kept
    )
    return written_table([[truth.id, truth.column, LABEL], *rows])


def _test(truth: TruthTable, folder: Folder, kept: set[str] | None) -> bytes:
    if truth.test:
        return _without(folder, truth.test, truth.id, kept)
    return written_table([[truth.id], *([one] for one in sorted(_ids(truth, folder, kept)))])


def _sample(truth: TruthTable, folder: Folder, kept: set[str] | None) -> bytes:
    """Copy the sample; of classes it is written, since probabilities must add up to 1."""
    if truth.sample and truth.rows is not Rows.CLASSES:
        return _without(folder, truth.sample, truth.id, kept)
    columns = truth.classes or truth.targets
    cell: object = truth.answers[0]
    if truth.rows is not Rows.ONE:
        cell = f"{1 / len(columns):.6f}" if truth.rows is Rows.CLASSES else 0
    ids = sorted(_ids(truth, folder, kept))
    return written_table([[truth.id, *columns], *([one, *([cell] * len(columns))] for one in ids)])


def _ids(truth: TruthTable, folder: Folder, kept: set[str] | None) -> Iterator[str]:
    for one in folder.column(truth.file, truth.id):
        if kept is None or one in kept:
            yield one


def _without(folder: Folder, path: str, key: str, kept: set[str] | None) -> bytes:
    """Copy a table, or its kept rows."""
    if kept is None:
        return folder.read(path, limit_bytes=MAX_BYTES)
    header = folder.header(path)
    columns = [folder.column(path, name) for name in header]
    at = header.index(key)
    rows = (list(row) for row in zip(*columns, strict=True) if row[at] in kept)
    return written_table([header, *rows])


CODE = "E_ANSWER"


class AnswerRefused(ValueError):
    """Answers that do not make a challenge; the problems name their keys."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(one.line for one in problems))
        self.problems = tuple(problems)


def portable(
    spec: ForeignSpec, folder: Folder, asked: Sequence[Question], answers: Mapping[str, str]
) -> "Portable":
    """Translate a CSV or TREC challenge read in `folder`.

    answers: by question key; what is not answered takes the question's proposal. Raises
    AnswerRefused, naming every wrong or missing answer; ValueError for a format of programs.
    """
    given = _Answers(spec, asked, answers)
    common = given.common()
    if spec.truth is not None:
        truth = given.truth(spec.truth)
        metric = given.metric(truth.rows)
        given.end()
        parts = written_csv(truth, folder, metric)
    elif spec.judgements is not None:
        share = given.share()
        given.end()
        parts = written_lists(spec.judgements, folder, share)
    else:
        raise ValueError("scored by a program")
    page = "\n\n".join(one.text.strip() for one in spec.pages) or f"# {common['title']}"
    return Portable({**common, **parts.document}, {**parts.files, PAGE: page.encode()})


def unanswered(asked: Sequence[Question], answers: Mapping[str, str]) -> tuple[Problem, ...]:
    """List the questions without proposal that nobody answered."""
    return tuple(
        Problem(CODE, f"réponse attendue : {filled(one.sentence, one.facts)}", key=one.key)
        for one in asked
        if not one.proposal and not answers.get(one.key)
    )


class _Answers:
    """Read the answers, noting each wrong one."""

    def __init__(
        self, spec: ForeignSpec, asked: Sequence[Question], answers: Mapping[str, str]
    ) -> None:
        proposed = {question.key: question.proposal for question in asked}
        self.spec = spec
        self.answers = {key: one for key, one in answers.items() if one != proposed.get(key, "")}
        self.problems: list[Problem] = []
        known = {question.key for question in asked} | {"slug", "title", "direction"}
        for key in sorted(set(answers) - known):
            said = f"questions de ce rapport : {', '.join(sorted(known))}"
            self.wrong(key, said)

    def wrong(self, key: str, said: str) -> None:
        """Note a wrong answer."""
        self.problems.append(Problem(CODE, said, key=key, value=self.answers.get(key, "")[:64]))

    def end(self) -> None:
        """Refuse all wrong answers at once."""
        if self.problems:
            raise AnswerRefused(self.problems)

    def common(self) -> dict[str, object]:
        """Write the keys that every challenge has."""
        title = self.answers.get("title", "").strip() or self.spec.title
        if not title:
            self.wrong("title", "un titre est attendu")
        slug = self.answers.get("slug", "") or slug_of(title)
        licence = self.answers.get("licence", "")
        opens, closes = self._dates()
        per_day, total = self._quotas()
        return {
            "format": ours.FORMAT,
            "format_version": ours.FORMAT_VERSION,
            "slug": slug,
            "language": "fr",
            "title": title[:200],
            "summary": f"Repris d’un challenge au format {self.spec.format.value}.",
            "page": PAGE,
            "quotas": {
                "timezone": "Europe/Paris",
                "per_day": per_day,
                "total": total,
                "final_selections": self.spec.final_choices or 2,
            },
            "schedule": {"opens": _iso(opens), "closes": _iso(closes)},
            "leaderboard": {"kept": "best"},
            "imported": {
                "format": self.spec.format.value,
                "answers": dict(self.answers),
                "kept": dict(self.spec.kept),
            },
            "licence": {
                "data": {
                    "name": licence or "À confirmer",
                    "holder": "",
                    "status": "stated_by_producer" if licence else "to_confirm",
                }
            },
        }

    def _dates(self) -> tuple[datetime | None, datetime | None]:
        text = self.answers.get("dates")
        if text is None:
            return None, self.spec.end.at if self.spec.end else None
        try:
            opens, closes = _two_dates(text)
        except ValueError:
            self.wrong("dates", "deux dates, par exemple 01/03/2027 09:00 – 31/05/2027 18:00")
            return None, None
        if opens and closes and closes <= opens:
            self.wrong("dates", "la clôture précède l’ouverture")
        return opens, closes

    def _quotas(self) -> tuple[int | None, int | None]:
        text = self.answers.get("quotas")
        if text is None:
            return (5 if self.spec.per_day is None else self.spec.per_day), 100
        found = re.fullmatch(r"(\d{1,6})?/(\d{1,6})?", text.strip())
        if found is None:
            self.wrong("quotas", "« PAR JOUR/TOTAL », par exemple 5/100 ; vide : sans limite")
            return None, None
        day, total = (int(one) if one else None for one in found.groups())
        return day, total

    def truth(self, found: TruthTable) -> TruthTable:
        """Read what several columns were said to be."""
        if found.rows is Rows.TARGETS:
            answer = self.answers.get("columns", documents.TARGETS)
            if answer not in {documents.TARGETS, documents.CLASSES} or (
                answer == documents.CLASSES and not found.one_hot
            ):
                self.wrong("columns", f"réponses : {documents.TARGETS}, {documents.CLASSES}")
            if answer == documents.CLASSES:
                return replace(found, rows=Rows.CLASSES, classes=found.targets)
        return found

    def metric(self, rows: Rows) -> str:
        """Read the metric; its direction only confirms the natural one."""
        name = self.answers.get("metric") or self.spec.metric
        menu = MENUS[rows]
        if name not in menu:
            self.wrong("metric", f"mesures proposées : {', '.join(menu)}")
            return menu[0]
        natural = METRICS[name].direction
        if self.answers.get("direction", natural) not in {natural, documents.NATURAL}:
            self.wrong("direction", f"pour cette mesure le sens est {natural}")
        return name

    def share(self) -> float:
        """Read the public share of the queries."""
        try:
            share = float(self.answers.get("split", "0.3").replace(",", "."))
        except ValueError:
            share = math.nan
        if not 0.1 <= share <= 0.9:
            self.wrong("split", "un nombre de 0,1 à 0,9 est attendu")
            return 0.3
        return share


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(PARIS).isoformat() if at else None


def _two_dates(text: str) -> tuple[datetime | None, datetime | None]:
    """Read an opening and a close, as one types them, of Paris, or ISO dates with a slash between.

    One of them alone is the opening, or the close after a dash. Raises ValueError.
    """
    typed = [
        datetime.strptime(each, "%d/%m/%Y %H:%M").replace(tzinfo=PARIS)
        for each in TYPED.findall(text)
    ]
    if not typed:
        first, last = text.split("/")
        return _aware(first), _aware(last)
    if len(typed) > 2:
        raise ValueError(text)
    if len(typed) == 2:
        return typed[0], typed[1]
    return (None, typed[0]) if text.lstrip()[0] in "-–/" else (typed[0], None)


def _aware(text: str) -> datetime | None:
    """Read an ISO date; without offset it is UTC, as everywhere in an import."""
    if not text.strip():
        return None
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)


TYPED = re.compile(r"\d{2}/\d{2}/\d{4} \d{1,2}:\d{2}", re.ASCII)
QUOTAS = {"max_submissions_per_day": "max_per_day", "max_submissions": "max_total"}
DATES = {"start": "start", "end": "end", "start_date": "start", "end_date": "end"}
NO_LIMIT = ("", "null", "sans limite")


def settle(
    spec: ForeignSpec, questions: Sequence[Question], answers: Mapping[str, str]
) -> tuple[ForeignSpec, tuple[Problem, ...]]:
    """Replace what the questions about phases asked, and list the answers that are not read.

    Answers: a quota is a whole number, or « sans limite »; a date is ISO 8601, UTC without
    offset. A question without answer keeps what was read, or takes its proposal when nothing was.
    """
    problems: list[Problem] = []
    phases = {phase.place: phase for phase in spec.phases}
    for question in questions:
        place, _dot, field = question.key.rpartition(".")
        if place not in phases:
            continue
        try:
            phases[place] = _settled(phases[place], field, question, answers)
        except ValueError as refusal:
            given = answers.get(question.key, "")[:64]
            problems.append(Problem(CODE, str(refusal), key=question.key, value=given))
    known = {question.key for question in questions}
    said = f"questions de ce rapport : {', '.join(sorted(known)) or 'aucune'}"
    problems += [Problem(CODE, said, key=key) for key in sorted(set(answers) - known)]
    return replace(spec, phases=tuple(phases.values())), tuple(problems)


def _settled(phase: Phase, field: str, question: Question, answers: Mapping[str, str]) -> Phase:
    answer = answers.get(question.key)
    if field in QUOTAS:
        return _quota(phase, QUOTAS[field], question.proposal if answer is None else answer)
    if field in DATES and answer is not None:
        return _date(phase, DATES[field], answer.strip())
    return phase


def _quota(phase: Phase, name: str, text: str) -> Phase:
    if text.strip() not in NO_LIMIT and not re.fullmatch(r"\d{1,6}", text.strip()):
        raise ValueError("un nombre entier, ou « sans limite », est attendu")
    value = None if text.strip() in NO_LIMIT else int(text)
    return replace(phase, **{name: value})  # type: ignore[arg-type] # both are whole numbers


def _date(phase: Phase, name: str, text: str) -> Phase:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("une date ISO 8601 est attendue") from error
    at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    settled = replace(phase, **{name: Instant(text, at, at)})  # type: ignore[arg-type] # a date
    if settled.start and settled.end and settled.end.at <= settled.start.at:
        raise ValueError("la fin précède le début, ou lui est égale")
    return settled
