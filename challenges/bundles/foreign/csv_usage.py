"""Read the CSV challenges of Kaggle and of Hugging Face: a solution parted by a column.

Sources: Kaggle, « solution file » with a Usage column; huggingface/competitions, conf.json and
solution.csv with a split column. Their scoring code is never run: a metric of ours is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from challenges.bundles import characters
from challenges.bundles.folder import FileAbsent, PathRefused, TableRefused
from challenges.bundles.foreign import questions, solutions
from challenges.bundles.foreign.blocks import Block, Document
from challenges.bundles.foreign.context import Reading
from challenges.bundles.foreign.dates import instant, stamp
from challenges.bundles.foreign.menu import BY_SKLEARN_NAME, EVERY, MENU, MENUS, Offered
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.solutions import SOLUTION
from challenges.bundles.foreign.values import ForeignSpec, Format, Rows, Text, TruthTable
from challenges.bundles.report import counted, shown

CONF = "conf.json"
KAGGLE_PAGES = ("description.md", "overview.md", "README.md", "data.md", "evaluation.md")
HF_PAGES = ("COMPETITION_DESC.md", "DATASET_DESC.md", "SUBMISSION_DESC.md", "RULES.md")
MAX_CONF_BYTES, SHOWN_NAMES = 1_000_000, 300
DROPPED = ("TIME_LIMIT", "HARDWARE", "DATASET", "LOGO", "SUBMISSION_FILENAMES", "TEAMS", "SOLVED",
           "SHOW_LEADERBOARD")  # fmt: skip
# The metrics of one column that scikit-learn reads on several classes too.
OF_SEVERAL = {"log_loss": "log_loss_multi", "brier": "brier_multi", "roc_auc": "roc_auc_ovr"}


def kaggle(names: Sequence[str], reading: Reading) -> ForeignSpec | None:
    """Read a folder with solution.csv and its Usage column."""
    truth = solutions.truth(names, reading, "", ())
    pages = _pages(names, reading, KAGGLE_PAGES)
    _ask_rows(reading, truth)
    reading.ask(_metric_question(truth, questions.METRIC_HINT))
    reading.ask(
        Question(
            "direction",
            questions.DIRECTION,
            questions.NATURAL,
            questions.DIRECTION_HINT,
            questions.DIRECTIONS,
        )
    )
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
    truth = solutions.truth(names, reading, conf.text("SUBMISSION_ID_COLUMN"), columns)
    _ask_rows(reading, truth)
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
    reading.ask(Question("dates", questions.DATES, dates or "/", questions.DATES_HINT))
    reading.ask(Question("quotas", questions.QUOTAS, quotas, questions.QUOTAS_HINT))
    reading.ask(
        Question("licence", questions.LICENCE, questions.LICENCE_LATER, questions.LICENCE_HINT)
    )


def _ask_rows(reading: Reading, truth: TruthTable | None) -> None:
    """Ask what several columns, or several rows of one identifier, are."""
    if truth is None:
        return
    if truth.rows is Rows.TARGETS:
        choices = dict(questions.COLUMNS_CHOICES)
        if not truth.one_hot:  # a row that is of two classes, or of none, is of no class
            del choices[questions.CLASSES]
        names = ", ".join(truth.targets)
        facts = {"count": str(len(truth.targets)), "names": names[:SHOWN_NAMES]}
        proposal = "" if truth.one_hot else questions.TARGETS
        reading.ask(
            Question("columns", questions.COLUMNS, proposal, questions.COLUMNS_HINT, choices, facts)
        )
    if truth.rows is Rows.CANDIDATES:
        facts = {"id": truth.id, "item": truth.item, "gain": truth.target}
        reading.ask(
            Question("rows", questions.ROWS, "", questions.ROWS_HINT, questions.ROWS_CHOICES, facts)
        )


def _menu(truth: TruthTable | None) -> dict[str, Offered]:
    """Give the metrics that may be chosen, whatever the several columns are said to be."""
    if truth is None:
        return MENU
    more = MENUS[Rows.CLASSES] if truth.one_hot else {}
    return MENUS[truth.rows] | more


def _metric_question(
    truth: TruthTable | None, hint: str, facts: Mapping[str, str] = {}
) -> Question:
    choices = {name: one.choice.label for name, one in _menu(truth).items()}
    return Question("metric", questions.METRIC, "", hint, choices, facts)


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
        reading.ask(_metric_question(truth, questions.METRIC_UNREAD, {"written": shown(written)}))
        return "", direction
    if EVERY[name].direction != direction:
        conf.refuse(
            "E_DIRECTION",
            f"pour {name} le sens est {EVERY[name].direction}",
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
    reading.ask(Question("title", questions.TITLE, "", questions.TITLE_HINT))
    return ""
