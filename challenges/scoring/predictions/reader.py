"""Read a prediction file from its bytes to an aligned answer, all rules in their order.

Within a file the earliest line decides; on one line the identifier comes before the value;
missing identifiers come last."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from challenges.scoring import truth, verdict
from challenges.scoring.contract import (
    COMMA_FLOAT,
    FLOAT,
    INTEGER,
    AnswerSpec,
    ColumnType,
    FileColumn,
    Form,
    Layout,
    Limits,
)
from challenges.scoring.predictions import fast, files
from challenges.scoring.truth import Answer, Keys, load_keys, sorted_texts
from challenges.scoring.verdict import MAX_PER_CODE, Refused, Reporter, Verdict, neutral, refused

NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)|1\.#(inf|qnan|ind)", re.IGNORECASE)
MISSING = frozenset({"null", "na", "n/a", "none", "nil", "#n/a", "<na>"})

Value = float | int | list[int]


class Checker:
    """Check rows against a specification and known identifiers, and keep what they say.

    texts: the labels met or declared; answers are codes into it.
    """

    def __init__(
        self, spec: AnswerSpec, known: Mapping[str, int], report: Reporter, delimiter: str = ","
    ) -> None:
        self.spec = spec
        self.known = known
        self.report = report
        self.delimiter = delimiter
        self.lines: dict[str, int] = {}
        labelled = spec.labelled
        self.texts: dict[str, int] = {t: i for i, t in enumerate(labelled.domain or ())}
        self._mark: str | None = None
        self._counts: dict[str, int] = {}
        self._pattern = re.compile(labelled.pattern) if labelled.pattern else None

    def identifier(self, cell: str | None, line: int, *, repeats: bool = False) -> int | None:
        """Return the position of an identifier, or note why it has none."""
        if not cell:
            self.report.add("E_ID_EMPTY", line)
            return None
        position = self.known.get(cell)
        if position is None:
            hint = self._hint("E_ID_UNKNOWN", verdict.hint_of_id, cell, self.known, self._stripped)
            self.report.add("E_ID_UNKNOWN", line, valeur=neutral(cell), **hint)
            return None
        if not repeats:
            earlier = self.lines.setdefault(cell, line)
            if earlier != line:
                facts = {"valeur": neutral(cell), "ligne2": earlier}
                self.report.add("E_ID_DUPLICATE", line, **facts)
                return None
        return position

    def value(self, cell: Any, column: FileColumn, line: int) -> Value | None:
        """Return the value of a cell, or note why it has none."""
        if column.type is ColumnType.LABEL_SET:
            return self._labels(cell or "", column, line)
        if cell is None or cell == "":
            self.report.add("E_VALUE_MISSING", line, colonne=column.name)
            return None
        if column.is_number:
            number = self._number(cell, column, line)
            return None if number is None else self._in_range(number, cell, column, line)
        return self._label(cell, column, line)

    def missing(self) -> list[str]:
        """Return the identifiers not met, in canonical order."""
        return [i for i in self.known if i not in self.lines]

    def _hint(self, code: str, guess: Any, *facts: Any) -> dict[str, Any]:
        """Guess a hint for the first faults of a code only: it may look at every id."""
        self._counts[code] = self._counts.get(code, 0) + 1
        found: dict[str, Any] = guess(*facts) if self._counts[code] <= MAX_PER_CODE else {}
        return found

    @cached_property
    def _stripped(self) -> Collection[str]:
        return {i.lstrip("0") for i in self.known if i.startswith("0")}

    def _number(self, cell: Any, column: FileColumn, line: int) -> float | None:
        if isinstance(cell, str):
            return self._parsed(cell, column, line)
        if not math.isfinite(cell):
            self.report.add("E_VALUE_NOT_FINITE", line, valeur=str(cell))
            return None
        if column.type is ColumnType.INTEGER and cell != int(cell):
            self._not_a_number(str(cell), column, line)
            return None
        return float(cell)

    def _parsed(self, cell: str, column: FileColumn, line: int) -> float | None:
        bare = cell.strip(" ")
        if not FLOAT.fullmatch(bare):
            if bare == "" or bare.casefold() in MISSING:
                self.report.add("E_VALUE_MISSING", line, colonne=column.name)
                return None
            if NOT_FINITE.fullmatch(bare):
                self.report.add("E_VALUE_NOT_FINITE", line, valeur=neutral(cell))
                return None
            if self.delimiter != ";" or not COMMA_FLOAT.fullmatch(bare):
                self._not_a_number(cell, column, line)
                return None
        if not self._one_mark(bare, line):
            return None
        bare = bare.replace(",", ".")
        if column.type is ColumnType.INTEGER and not INTEGER.fullmatch(bare):
            self._not_a_number(cell, column, line)
            return None
        number = float(bare)
        if not math.isfinite(number):
            self.report.add("E_VALUE_NOT_FINITE", line, valeur=neutral(cell))
            return None
        return number

    def _not_a_number(self, cell: str, column: FileColumn, line: int) -> None:
        hint = verdict.hint_of_number(cell)
        expected = "3" if column.type is ColumnType.INTEGER else "0.25"
        variant = {"variant": "rank"} if column.role == "rank" else {}
        facts = {"valeur": neutral(cell, number=True), "attendu": expected}
        self.report.add("E_VALUE_TYPE", line, colonne=column.name, **facts, **variant, **hint)

    def _one_mark(self, cell: str, line: int) -> bool:
        mark = "," if "," in cell else "." if "." in cell else None
        if mark is None:
            return True
        if self._mark is None:
            self._mark = mark
            if mark == ",":
                self.report.warn("W_DECIMAL_COMMA")
        if self._mark != mark:
            self.report.add("E_DECIMAL_MIXED", line, valeur=neutral(cell))
            return False
        return True

    def _in_range(self, number: float, cell: Any, column: FileColumn, line: int) -> float | None:
        low, high = column.low, column.high
        if low <= number <= high:
            return number + 0.0
        shown = neutral(cell if isinstance(cell, str) else f"{cell:.17g}", number=True)
        if column.role == "rank":
            self.report.add("E_RANK_RANGE", line, valeur=shown, max=int(high))
            return None
        facts = {"min": _plain(low), "max": _plain(high)}
        facts |= {"attendu": f"[{facts['min']} ; {facts['max']}]"}
        self.report.add("E_VALUE_RANGE", line, valeur=shown, **facts)
        return None

    def _label(self, cell: str, column: FileColumn, line: int) -> int | None:
        code = self.texts.get(cell)
        if code is not None and self._pattern is None:
            return code
        if column.domain is not None:
            if code is not None:
                return code
            hint = self._hint("E_LABEL_UNKNOWN", verdict.hint_of_text, cell, self.texts)
            self.report.add("E_LABEL_UNKNOWN", line, valeur=neutral(cell), **hint)
            return None
        if self._pattern is not None and not self._pattern.fullmatch(cell):
            facts = {"valeur": neutral(cell), "attendu": neutral(column.pattern or "")}
            self.report.add("E_VALUE_TYPE", line, variant="pattern", **facts)
            return None
        return self.texts.setdefault(cell, len(self.texts))

    def _labels(self, cell: str, column: FileColumn, line: int) -> list[int] | None:
        found = sorted(set(column.labels_of(cell)))
        if column.max_labels is not None and len(found) > column.max_labels:
            facts = {"trouve": len(found), "max": column.max_labels}
            self.report.add("E_LIST_TOO_LONG", line, valeur=neutral(cell), **facts)
            return None
        codes = [self._label(text, column, line) for text in found]
        return None if None in codes else [c for c in codes if c is not None]


def check_rows(checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]]) -> dict[int, Value]:
    """Check one row per identifier; rows: (line, (id, value)). Returns {position: value}.

    Raises Refused with every fault noted.
    """
    column = checker.spec.answer
    values: dict[int, Value] = {}
    for line, (key, cell) in rows:
        position = checker.identifier(key, line)
        value = checker.value(cell, column, line)
        if position is not None and value is not None:
            values[position] = value
    _require_few_groups(checker, column, values)
    return values


def check_lists(
    checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]]
) -> dict[int, dict[int, int]]:
    """Check ranked lists; rows: (line, (query, rank, item)). Returns {position: {rank: item}}.

    Raises Refused with every fault noted.
    """
    spec = checker.spec
    rank_column, item_column = _bounded_rank(spec), spec.answer
    lists: dict[int, dict[int, int]] = {}
    ranks: dict[tuple[int, int], int] = {}
    items: dict[tuple[int, int], int] = {}
    for line, (key, rank_cell, item_cell) in rows:
        query = checker.identifier(key, line, repeats=True)
        rank = checker.value(rank_cell, rank_column, line)
        item = checker.value(item_cell, item_column, line)
        if query is not None:
            checker.lines.setdefault(key, line)
        if query is None or rank is None or item is None:
            continue
        place, code = int(rank), int(item)  # type: ignore[arg-type]
        if _is_new(checker, line, ranks, "E_RANK_DUPLICATE", query, place, key, str(place)) and (
            _is_new(checker, line, items, "E_ITEM_DUPLICATE", query, code, key, str(item_cell))
        ):
            lists.setdefault(query, {})[place] = code
    return lists


def finish(checker: Checker) -> None:
    """Refuse when a fault was noted or an identifier is missing; raises Refused with both.

    Identifiers that no row could give are not told after a quote left open: all may be there.
    """
    report, spec = checker.report, checker.spec
    may_miss = spec.is_listed and not spec.all_queries_required
    missing = checker.missing() if report.reads_to_the_end and not may_miss else []
    if missing and spec.is_listed:
        facts: dict[str, Any] = {"trouve": len(missing), "id": neutral(min(missing))}
        raise report.refusal("E_QUERY_MISSING", **facts | _unread(report))
    if missing:
        facts = {"n": len(missing), "attendu": len(checker.known), "valeur": neutral(min(missing))}
        raise report.refusal("E_ID_MISSING", **facts | _unread(report))
    if not report.is_clean:
        raise report.refusal()


def _unread(report: Reporter) -> dict[str, str]:
    return {} if report.reads_every_row else {"variant": "unread"}


def _bounded_rank(spec: AnswerSpec) -> FileColumn:
    column = spec.column("rank")
    return FileColumn(
        name=column.name,
        role="rank",
        type=ColumnType.INTEGER,
        min=max(1, column.min or 1),
        max=spec.list_length,
    )


def _is_new(
    checker: Checker,
    line: int,
    seen: dict[tuple[int, int], int],
    code: str,
    query: int,
    what: int,
    key: str,
    shown: str,
) -> bool:
    earlier = seen.setdefault((query, what), line)
    if earlier == line:
        return True
    facts = {"valeur": neutral(shown, number=True), "id": neutral(key), "ligne2": earlier}
    checker.report.add(code, line, **facts)
    return False


def _require_few_groups(checker: Checker, column: FileColumn, values: Mapping[int, Value]) -> None:
    if column.max_distinct is None or not checker.report.is_clean:
        return
    found = len({v for v in values.values() if not isinstance(v, list)})
    if found > column.max_distinct:
        raise checker.report.refuse("E_GROUPS_TOO_MANY", trouve=found, max=column.max_distinct)


def _plain(bound: float) -> str:
    return f"{bound:g}".replace("e+", "e")


SUM_TOLERANCE = 1e-3


def check_numbers(
    checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]]
) -> dict[int, list[float]]:
    """Check one row per identifier; rows: (line, (id, value, value, …)).

    Returns {position: values}, those of a faulty row left out: the checker holds its faults.
    """
    columns = checker.spec.answers
    table: dict[int, list[float]] = {}
    for line, (key, *cells) in rows:
        position = checker.identifier(key, line)
        found = [
            checker.value(cell, column, line) for cell, column in zip(cells, columns, strict=True)
        ]
        numbers = [float(v) for v in found if isinstance(v, int | float)]
        if len(numbers) < len(columns) or not _is_coherent(checker, numbers, line):
            continue
        if position is not None:
            table[position] = numbers
    return table


def _is_coherent(checker: Checker, numbers: list[float], line: int) -> bool:
    if checker.spec.form is Form.PROBABILITIES and abs(sum(numbers) - 1) > SUM_TOLERANCE:
        checker.report.add("E_PROBA_SUM", line, valeur=f"{sum(numbers):.6g}")
        return False
    return True


Given = dict[tuple[int, int], int]  # {(position of the query, code of the candidate): line}
Scores = dict[int, dict[int, float]]  # {position of the query: {code of the candidate: score}}

ABSENT = -1


def read_candidates(
    checker: Checker, rows: Iterable[tuple[int, Sequence[Any]]], keys: Keys
) -> Answer:
    """Check rows (line, (query, candidate, score)) and lay them along the queries.

    Each candidate that the keys list must have its score; where they list none, any candidate
    of the nomenclature may have one. Returns p, the codes of the candidates in increasing
    order within each query, and their scores. Raises Refused.
    """
    given: Given = {}
    scores = _check_candidates(checker, rows, [set(row) for row in keys.candidates], given)
    if keys.listed is None:
        finish(checker)
    else:
        _require_every(checker, given, keys)
    names, order = sorted_texts(checker.spec, checker.texts)
    laid = [
        sorted((int(order[code]), score) for code, score in scores.get(unit, {}).items())
        for unit in range(len(keys))
    ]
    return Answer(
        np.array([code for row in laid for code, _ in row], np.int32),
        names,
        np.concatenate([[0], np.cumsum([len(row) for row in laid])]).astype(np.int64),
        scores=np.array([score for row in laid for _, score in row], np.float64),
    )


def _check_candidates(
    checker: Checker,
    rows: Iterable[tuple[int, Sequence[Any]]],
    allowed: Sequence[set[str]],
    given: Given,
) -> Scores:
    """Check rows and return their scores; given is filled with each candidate and its line."""
    spec = checker.spec
    scores: Scores = {}
    for line, (key, item, cell) in rows:
        query = checker.identifier(key, line, repeats=True)
        code = checker.value(item, spec.labelled, line)
        score = checker.value(cell, spec.answer, line)
        if query is not None:
            checker.lines.setdefault(key, line)
        if query is None or code is None:
            continue
        facts = {"valeur": neutral(item), "id": neutral(key)}
        if allowed and item not in allowed[query]:
            checker.report.add("E_LABEL_UNKNOWN", line, variant="candidate", **facts)
            continue
        earlier = given.setdefault((query, int(code)), line)  # type: ignore[arg-type]
        if earlier != line:
            checker.report.add("E_ITEM_DUPLICATE", line, ligne2=earlier, **facts)
            continue
        if score is None:
            continue
        found = scores.setdefault(query, {})
        if not allowed and len(found) >= spec.list_length:
            many = {"trouve": len(found) + 1, "max": spec.list_length}
            checker.report.add("E_LIST_TOO_LONG", line, **many)
            continue
        found[int(code)] = float(score)  # type: ignore[arg-type]
    return scores


def _require_every(checker: Checker, given: Given, keys: Keys) -> None:
    """Refuse when a fault was noted or a candidate has no row; raises Refused with both."""
    report, missing = checker.report, 0
    first: tuple[str, str] | None = None
    for unit, (query, row) in enumerate(zip(keys.ids, keys.candidates, strict=True)):
        lacking = [n for n in row if (unit, checker.texts.get(n, ABSENT)) not in given]
        if lacking:
            missing += len(lacking)
            first = min(first or (query, lacking[0]), (query, lacking[0]))
    if first is not None and report.reads_every_row:
        wanted = sum(len(row) for row in keys.candidates)
        facts: dict[str, Any] = {"n": missing, "attendu": wanted, "id": neutral(first[0])}
        facts |= {"valeur": neutral(first[1]), "variant": "candidate"}
        raise report.refusal("E_ID_MISSING", **facts)
    if not report.is_clean:
        raise report.refusal()


FAST_BYTES = 2**15


def read_predictions(
    data: bytes, name: str, spec: AnswerSpec, keys: Keys, limits: Limits | None = None
) -> tuple[Verdict, truth.Answer | None]:
    """Check a file and align its answer with the keys.

    data: the bytes, at most limits.max_bytes + 1 of them are looked at. name: the file name
    its authors gave. Returns the verdict and the answer, None when refused.
    """
    limits = limits or Limits.of(spec, len(keys))
    report = Reporter(spec, len(keys))
    try:
        source = files.open_source(data, name, report, limits)
        answer = _aligned(source, spec, keys, report, limits)
    except Refused as refusal:
        return refused(refusal, report.warnings), None
    if answer.is_constant:
        report.warn("W_CONSTANT")
    warnings = tuple(report.warnings.values())
    return Verdict(True, (), warnings, answer.digest, len(answer.p)), answer


def read_file(
    path: Path | str,
    spec: AnswerSpec,
    keys: bytes,
    limits: Limits | None = None,
    *,
    name: str | None = None,
) -> tuple[Verdict, truth.Answer | None]:
    """Read a file in this very process: on a team's own machine, whatever its system.

    The portal reads in a child under limits (child.read), as its files come from strangers.
    Raises OSError when the file cannot be read.
    """
    known = load_keys(keys)
    limits = limits or Limits.of(spec, len(known))
    with Path(path).open("rb") as file:
        data = file.read(limits.max_bytes + 1)
    return read_predictions(data, name or Path(path).name, spec, known, limits)


def _aligned(
    source: files.Source, spec: AnswerSpec, keys: Keys, report: Reporter, limits: Limits
) -> truth.Answer:
    if source.kind not in spec.formats:
        raise report.refuse("E_FORMAT")
    if source.kind == "parquet":
        from challenges.scoring.predictions import parquet  # noqa: PLC0415  # slow import

        table = parquet.read_table(source.data, spec, report, limits)
        for column in spec.columns:
            over = (
                None
                if column.is_number
                else parquet.longest_cell(table, column, limits.max_cell_bytes)
            )
            if over is not None:
                facts = {"colonne": column.name, "max": limits.max_cell_bytes}
                raise report.refuse("E_CELL_TOO_LONG", over, **facts)
        quick = _fast_table(table, len(source.data), spec, keys)
        if quick is not None:
            return quick
        return _checked(parquet.rows(table, spec), spec, keys, report)
    quick = _fast_csv(source.data, spec, keys, report, limits)
    if quick is not None:
        return quick
    content = files.decode(source.data, report)
    header = files.read_header(content, spec, report, limits)
    records = files.records(content, header, report, limits)
    return _checked(_picked(records, header, spec), spec, keys, report, header.delimiter)


def _fast_table(table: Any, size: int, spec: AnswerSpec, keys: Keys) -> truth.Answer | None:
    """Read a large table; None when the exact reader must."""
    if size < FAST_BYTES:
        return None
    from challenges.scoring.predictions import parquet  # noqa: PLC0415  # slow import

    return fast.read_table(parquet.pieces(table, spec), spec, keys)


def _fast_csv(
    data: bytes, spec: AnswerSpec, keys: Keys, report: Reporter, limits: Limits
) -> truth.Answer | None:
    """Read a large file whose bytes are plain; None when the exact reader must.

    Raises Refused for a header that the exact reader would refuse in the same way.
    """
    start = data.find(b"\n", 0, limits.max_line_bytes) + 1
    if len(data) < FAST_BYTES or not start or not fast.is_plain(data):
        return None
    head = data[:start]
    if head.startswith(files.BOM):
        report.warn("W_BOM")
        head = head[len(files.BOM) :]
    if not head.strip():
        return None
    header = files.read_header(head.decode(), spec, report, limits)
    read = fast.read_csv(data, start, header, spec, keys, limits)
    if read is None:
        return None
    answer, with_commas = read
    if with_commas:
        report.warn("W_DECIMAL_COMMA")
    return answer


def _picked(
    records: Iterator[tuple[int, list[str]]], header: files.Header, spec: AnswerSpec
) -> Iterator[tuple[int, tuple[str, ...]]]:
    at = [header.position(column.name) for column in spec.read_columns]
    for line, cells in records:
        yield line, tuple(cells[i] for i in at)


def _checked(
    records: Iterator[tuple[int, tuple[Any, ...]]],
    spec: AnswerSpec,
    keys: Keys,
    report: Reporter,
    delimiter: str = ",",
) -> truth.Answer:
    checker = Checker(spec, keys.positions, report, delimiter)
    if spec.layout is Layout.CANDIDATE_SCORES:
        return read_candidates(checker, records, keys)
    if spec.is_ranked:
        lists = check_lists(checker, records)
        finish(checker)
        return truth.from_lists(spec, lists, len(keys), checker.texts)
    if spec.is_several:
        table = check_numbers(checker, records)
        finish(checker)
        return truth.from_numbers(spec, table)
    values = check_rows(checker, records)
    finish(checker)
    return truth.from_values(spec, values, checker.texts)
