"""Read a prediction file from its bytes to an aligned answer, all rules in their order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from challenges.scoring.answer import AnswerSpec, Layout, Limits
from challenges.scoring.predictions import align, fast, formats, rows, scan, text
from challenges.scoring.predictions.faults import Refused, Reporter, refused
from challenges.scoring.truth.keys import Keys, load_keys
from challenges.scoring.verdict import Verdict

FAST_BYTES = 2**15


def read_predictions(
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


def read_file(
    path: Path | str,
    spec: AnswerSpec,
    keys: bytes,
    limits: Limits | None = None,
    *,
    name: str | None = None,
) -> tuple[Verdict, align.Answer | None]:
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
        quick = _fast_table(table, len(source.data), spec, keys)
        if quick is not None:
            return quick
        return _checked(parquet.rows(table, spec), spec, keys, report)
    quick = _fast_csv(source.data, spec, keys, report, limits)
    if quick is not None:
        return quick
    content = text.decode(source.data, report)
    header = text.read_header(content, spec, report, limits)
    records = text.records(content, header, report, limits)
    return _checked(_picked(records, header, spec), spec, keys, report, header.delimiter)


def _fast_table(table: Any, size: int, spec: AnswerSpec, keys: Keys) -> align.Answer | None:
    """Read a large table; None when the exact reader must."""
    if size < FAST_BYTES:
        return None
    from challenges.scoring.predictions import parquet  # noqa: PLC0415  # slow import

    return fast.read_table(parquet.pieces(table, spec), spec, keys)


def _fast_csv(
    data: bytes, spec: AnswerSpec, keys: Keys, report: Reporter, limits: Limits
) -> align.Answer | None:
    """Read a large file whose bytes are plain; None when the exact reader must.

    Raises Refused for a header that the exact reader would refuse in the same way.
    """
    start = data.find(b"\n", 0, limits.max_line_bytes) + 1
    if len(data) < FAST_BYTES or not start or not scan.is_plain(data):
        return None
    head = data[:start]
    if head.startswith(text.BOM):
        report.warn("W_BOM")
        head = head[len(text.BOM) :]
    if not head.strip():
        return None
    header = text.read_header(head.decode(), spec, report, limits)
    read = fast.read_csv(data, start, header, spec, keys, limits)
    if read is None:
        return None
    answer, with_commas = read
    if with_commas:
        report.warn("W_DECIMAL_COMMA")
    return answer


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
    if spec.layout is Layout.CANDIDATE_SCORES:
        return rows.read_candidates(checker, records, keys)
    if spec.is_ranked:
        lists = rows.check_lists(checker, records)
        rows.finish(checker)
        return align.from_lists(spec, lists, len(keys), checker.texts)
    if spec.is_several:
        table = rows.check_numbers(checker, records)
        rows.finish(checker)
        return align.from_numbers(spec, table)
    values = rows.check_rows(checker, records)
    rows.finish(checker)
    return align.from_values(spec, values, checker.texts)
