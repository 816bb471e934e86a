"""Read the cells of a held-out file and of the files of attributes beside it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from challenges.scoring.contract import Attribute, ScoringContract
from challenges.scoring.truth.faults import TruthFault

Rows = list[dict[str, str]]
COLUMN_PARAMS = ("pair", "member", "event")


def read_rows(data: bytes) -> Rows:
    """Return the rows of a CSV file; raises TruthFault E_ENCODING, E_EMPTY."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise TruthFault("E_ENCODING", "") from error
    if not rows:
        raise TruthFault("E_EMPTY")
    return rows


def rows_of(attribute: Attribute, files: Mapping[str, bytes]) -> Rows:
    """Return the rows of the file of an attribute, none when the truth holds it."""
    if attribute.source == "truth":
        return []
    if attribute.source not in files:
        raise TruthFault("E_FILE_MISSING", attribute.source)
    rows = read_rows(files[attribute.source])
    for name in (attribute.column, attribute.id):
        if not name or name not in rows[0]:
            raise TruthFault("E_COLUMN_MISSING", str(name))
    return rows


def metric_columns(contract: ScoringContract) -> list[str]:
    """Return the columns of the truth that parameters of metrics name."""
    named = [s.params.get(k) for s in contract.figures for k in COLUMN_PARAMS]
    return sorted({str(n) for n in named if n is not None})


def nomenclature(
    domain: Sequence[str] | None, seen: Iterable[str]
) -> tuple[list[str], dict[str, int]]:
    """Return the labels, the declared ones or those seen, and their codes.

    Raises TruthFault E_DOMAIN for a label that is seen and not declared.
    """
    texts = list(domain) if domain is not None else sorted(set(seen))
    code = {t: i for i, t in enumerate(texts)}
    if domain is not None:
        for value in seen:
            if value not in code:
                raise TruthFault("E_DOMAIN", str(value))
    return texts, code
