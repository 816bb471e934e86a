"""Read a prediction file from its bytes to an aligned answer, all rules in their order."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from challenges.scoring.answer import AnswerSpec, Layout, Limits
from challenges.scoring.predictions import align, candidates, formats, rows, several, spans, text
from challenges.scoring.predictions.faults import Refused, Reporter, refused
from challenges.scoring.truth import Keys
from challenges.scoring.verdict import Verdict

FAST_BYTES = 2**20


def read(
    data: bytes, name: str, spec: AnswerSpec, keys: Keys, limits: Limits | None = None
) -> tuple[Verdict, align.Answer | None]:
    """Check a file and align its answer with the keys.

    data: the bytes, at most limits.max_bytes + 1 of them are looked at. name: the file name
    its authors gave. Returns the verdict and the answer, None when refused.
    """
    limits = limits or Limits.of(spec, len(keys))
    report = Reporter(spec, len(keys))
    try:
        source = formats.open_source(data, name, report, limits)
        answer = _aligned(source, spec, keys, report, limits)
    except Refused as refusal:
        return refused(refusal, report.warnings), None
    if answer.is_constant:
        report.warn("W_CONSTANT")
    warnings = tuple(report.warnings.values())
    return Verdict(True, (), warnings, answer.digest, len(answer.p)), answer


def _aligned(
    source: formats.Source, spec: AnswerSpec, keys: Keys, report: Reporter, limits: Limits
) -> align.Answer:
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
        fast = _fast(len(source.data), spec)
        quick: align.Answer | None = fast.read_table(table, spec, keys) if fast else None
        if quick is not None:
            return quick
        return _checked(parquet.rows(table, spec), spec, keys, report)
    content = text.decode(source.data, report)
    header = text.read_header(content, spec, report, limits)
    fast = _fast(len(source.data), spec)
    if fast:
        del content
        answer: align.Answer | None = fast.read_csv(source.data, header, spec, keys, limits)
        if answer is not None:
            return answer
        content = text.decode(source.data, report)
    records = text.records(content, header, report, limits)
    return _checked(_picked(records, header, spec), spec, keys, report, header.delimiter)


def _fast(size: int, spec: AnswerSpec) -> ModuleType | None:
    """Return the fast reader for large files of one answer a row: it is slow to import."""
    if size < FAST_BYTES or spec.layout not in (Layout.ONE_ROW_PER_ID, Layout.RANKED_LIST):
        return None
    from challenges.scoring.predictions import fast  # noqa: PLC0415  # slow import

    return fast


def _picked(
    records: Iterator[tuple[int, list[str]]], header: text.Header, spec: AnswerSpec
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
) -> align.Answer:
    checker = rows.Checker(spec, keys.positions, report, delimiter)
    if spec.layout is Layout.SPANS:
        return spans.read(checker, records, len(keys))
    if spec.layout is Layout.CANDIDATE_SCORES:
        return candidates.read(checker, records, keys)
    if spec.is_ranked:
        lists = rows.check_lists(checker, records)
        rows.finish(checker)
        return align.from_lists(spec, lists, len(keys), checker.texts)
    if spec.is_several:
        table = several.check_numbers(checker, records)
        rows.finish(checker)
        return align.from_numbers(spec, table)
    values = rows.check_rows(checker, records)
    rows.finish(checker)
    return align.from_values(spec, values, checker.texts)
