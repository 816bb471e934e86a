"""Dates of other platforms: ours, and what Codabench would have read."""

from __future__ import annotations

import pytest

from challenges.bundles import safe_yaml
from challenges.bundles.foreign.blocks import Block, Document
from challenges.bundles.foreign.dates import Instant, instant, stamp
from challenges.bundles.foreign.questions import Question
from challenges.bundles.report import Findings

READ = {
    "2027-01-04": ("2027-01-04T00:00:00Z", ""),
    '"2027-01-11 08:00:00"': ("2027-01-11T08:00:00Z", ""),
    "2027-01-11 08:00:00": ("2027-01-11T08:00:00Z", "W_DATE_TIME_KEPT"),
    '"2027-02-01T09:00:00+01:00"': ("2027-02-01T08:00:00Z", "W_DATE_OFFSET"),
    "2027-06-15T14:00:00+02:00": ("2027-06-15T12:00:00Z", "W_DATE_OFFSET"),
    '"2027-06-15T14:00:00-0930"': ("2027-06-15T23:30:00Z", "W_DATE_OFFSET"),
    '"2027-06-15T14:00Z"': ("2027-06-15T14:00:00Z", ""),
    "1-2-2027": ("2027-01-02T00:00:00Z", "W_DATE_AMBIGUOUS"),
    "3/4/2027 10:30": ("2027-03-04T10:30:00Z", "W_DATE_AMBIGUOUS"),
    "5-5-2027": ("2027-05-05T00:00:00Z", ""),
    "12-31-2027": ("2027-12-31T00:00:00Z", ""),
    "31-12-2027": ("2027-12-31T00:00:00Z", ""),
    "January 5, 2027": ("2027-01-05T00:00:00Z", ""),
    "2027-1-5": ("2027-01-05T00:00:00Z", ""),
}
REFUSED = ("demain", "31-31-2027", "2027-02-30 10:00", '"2027-01-01 25:00"', "[2027]", "true", "7",
           '"0001-01-01T00:00:00+23:00"')  # fmt: skip


def read(text: str, *, codabench: bool = True) -> tuple[Instant | None, Findings, list[str]]:
    findings, asked = Findings(), []

    def ask(question: Question) -> None:
        asked.append(f"{question.key} {question.proposal}")
        assert question.proposal in question.choices

    block = Block(Document("f.yaml", findings), safe_yaml.load(f"d: {text}".encode()))
    return instant(block, "d", ask=ask, codabench=codabench), findings, asked


@pytest.mark.parametrize("text", sorted(READ))
def test_a_date_is_read_and_another_reading_is_told(text: str) -> None:
    found, findings, asked = read(text)
    wanted, warning = READ[text]

    assert found is not None
    assert stamp(found.at) == wanted
    assert findings.errors == []
    assert [one.code for one in findings.warnings] == ([warning] if warning else [])
    assert asked == ([f"d {wanted}"] if warning == "W_DATE_AMBIGUOUS" else [])


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_is_refused(text: str) -> None:
    found, findings, _asked = read(text)

    assert found is None
    assert [(one.code, one.key) for one in findings.errors] == [("E_PHASE_DATES", "d")]


@pytest.mark.parametrize("text", ["", '""', "null", '"null"'])
def test_no_date_is_none(text: str) -> None:
    assert read(text)[:2] == (None, Findings())


def test_only_our_reading_counts_where_codabench_reads_nothing() -> None:
    assert read("2027-01-01 10:00:00", codabench=False)[1].warnings == []
