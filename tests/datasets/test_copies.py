"""Rows of a lent table that a public one would give, and what refuses them."""

import io

import pytest

from datasets.standards.copies import copied

LENT = "jeton,zone,age\nab12,Nord,31\ncd34,Sud,31\nef56,Sud,42\nef57,Sud,42\n"


@pytest.mark.parametrize(
    ("public", "lines", "said"),
    [
        ("zone,age\nNord,31\nEst,31\n", [2], {}),
        ("age;note;zone\n31;;Nord\n", [2], {}),  # in another order, beside others
        ("zone,age\nSud,42\n", [], {}),  # two persons are so
        ("zone,age\nNord,31\nNord,31\n", [], {}),  # alone in one of both only
        ("zone\nNord\n", [], {}),  # one column joins nothing
        ("autre,x\nab12,1\n", [], {}),
        ("autre,x\nef57,1\n", [2], {"tokens": {"jeton"}}),
        ("jeton,zone,age\nef57,Sud,42\nxx,Sud,42\n", [2], {}),
        ("jeton,zone,age\nef57,Sud,42\nef57,Sud,42\n", [], {}),
        ("jeton,zone,age\nef57,Sud,42\nef57,Sud,42\n", [2, 3], {"every": True}),
        ("zone,age\nSud,42\n", [], {"every": True}),  # a part of its columns
        ("", [], {"every": True}),
        ("zone,age\n" + "x" * 140_000 + ",1\nNord,31\n", [3], {}),  # past a cell too long
    ],
)
def test_a_public_row_that_is_a_lent_one_is_found(
    public: str, lines: list[int], said: dict[str, object]
) -> None:
    tables = io.BytesIO(public.encode()), io.BytesIO(LENT.encode())
    assert copied(*tables, **said) == lines  # type: ignore[arg-type]
    assert [each.tell() for each in tables] == [0, 0]


def test_decimal_commas_hide_nothing() -> None:
    public, lent = io.BytesIO(b"a;b\n0,5;x\n"), io.BytesIO(b"a,b\n0.5,x\n")
    assert copied(public, lent) == [2]
