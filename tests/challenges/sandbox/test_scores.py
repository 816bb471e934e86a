"""Written scores are read as hostile text; every fault has its closed name."""

from pathlib import Path

import pytest

from challenges.sandbox.scores import Declared, Fault, ScoreFault, Scores, read_scores

F1 = Declared("f1", 0.0, 1.0, (-1.0, 0.999))
ERROR = Declared("error")


def written(folder: Path, name: str, content: str | bytes) -> Scores:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(raw)
    return read_scores(folder, (F1, ERROR))


@pytest.mark.parametrize(
    "text",
    [
        "f1:0.5\nerror:2\n",
        "f1: 0.5\nerror: 2.0\n",
        "\ufefff1 : 5e-1\r\n\r\n error:+2.\r\n",
        "error:2\nf1:.5",
    ],
)
def test_both_dialects_of_scores_txt(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, "scores.txt", text) == Scores({"f1": 0.5, "error": 2.0})


def test_json_comes_before_text(tmp_path: Path) -> None:
    (tmp_path / "scores.txt").write_text("f1:0.1\nerror:1\n")
    found = written(tmp_path, "scores.json", '{"f1": 0.5, "error": 2}')
    assert found == Scores({"f1": 0.5, "error": 2.0})


def test_undeclared_keys_are_named_without_their_values(tmp_path: Path) -> None:
    text = '{"f1": 0, "error": -0.0, "truth": ["a"], "all": {"x": {"y": 1}}, "b\\nr": null}'
    found = written(tmp_path, "scores.json", text)
    assert found == Scores({"f1": 0.0, "error": 0.0}, ("truth", "all", "b�r"))
    assert str(found.values["error"]) == "0.0"


def test_undeclared_lines_may_hold_text(tmp_path: Path) -> None:
    found = written(tmp_path, "scores.txt", "f1:0.5\nerror:1\nset1_score: n/a\n")
    assert found == Scores({"f1": 0.5, "error": 1.0}, ("set1_score",))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("NaN", ScoreFault.NOT_FINITE),
        ("Infinity", ScoreFault.NOT_FINITE),
        ("-Infinity", ScoreFault.NOT_FINITE),
        ("1e999", ScoreFault.NOT_FINITE),
        ("1" + "0" * 400, ScoreFault.NOT_FINITE),
        ("true", ScoreFault.NOT_A_NUMBER),
        ("null", ScoreFault.NOT_A_NUMBER),
        ('"0.5"', ScoreFault.NOT_A_NUMBER),
        ("[0.5]", ScoreFault.NOT_A_NUMBER),
        ('{"value": 0.5}', ScoreFault.NOT_A_NUMBER),
        ("1.0000001", ScoreFault.OUT_OF_RANGE),
        ("-0.5", ScoreFault.OUT_OF_RANGE),
        ("-1", ScoreFault.SENTINEL),
        ("0.999", ScoreFault.SENTINEL),
    ],
)
def test_a_value_that_is_no_score_has_its_name(
    tmp_path: Path, value: str, kind: ScoreFault
) -> None:
    found = written(tmp_path, "scores.json", f'{{"f1": {value}, "error": 1}}')
    assert found == Scores({"error": 1.0}, (), (Fault(kind, "f1"),))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("nan", ScoreFault.NOT_FINITE),
        ("-inf", ScoreFault.NOT_FINITE),
        ("0,5", ScoreFault.NOT_A_NUMBER),
        ("1_0", ScoreFault.NOT_A_NUMBER),
        ("", ScoreFault.NOT_A_NUMBER),
        ("٣", ScoreFault.NOT_A_NUMBER),
        ("!!python/object:os.system", ScoreFault.NOT_A_NUMBER),
    ],
)
def test_a_line_that_is_no_score_has_its_name(tmp_path: Path, value: str, kind: ScoreFault) -> None:
    found = written(tmp_path, "scores.txt", f"error:1\nf1:{value}\n")
    assert found == Scores({"error": 1.0}, (), (Fault(kind, "f1"),))


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("scores.json", '{"f1": 1, "f1": 0, "error": 1}', Fault(ScoreFault.KEY_DUPLICATE, "f1")),
        ("scores.txt", "f1:1\nf1:0\nerror:1", Fault(ScoreFault.KEY_DUPLICATE, "f1")),
        ("scores.json", '{"error": 1, "F1": 1}', Fault(ScoreFault.KEY_MISSING, "f1")),
        ("other.json", "{}", Fault(ScoreFault.ABSENT)),
        ("scores.json", "", Fault(ScoreFault.UNREADABLE)),
        ("scores.json", "[1]", Fault(ScoreFault.UNREADABLE)),
        ("scores.json", "0.5", Fault(ScoreFault.UNREADABLE)),
        ("scores.json", b"\xff", Fault(ScoreFault.UNREADABLE)),
        ("scores.json", "[" * 10_000, Fault(ScoreFault.UNREADABLE)),
        ("scores.json", '{"x":' * 5 + "1" + "}" * 5, Fault(ScoreFault.UNREADABLE)),
        ("scores.json", '{"f1": ' + "1" * 5000 + "}", Fault(ScoreFault.UNREADABLE)),
        ("scores.json", '{"f1": "' + "x" * 2**20 + '"}', Fault(ScoreFault.UNREADABLE)),
        ("scores.txt", "f1:1\nerror 1\n", Fault(ScoreFault.UNREADABLE, line=2)),
    ],
)
def test_scores_that_cannot_be_read_have_their_name(
    tmp_path: Path, name: str, content: str | bytes, fault: Fault
) -> None:
    assert written(tmp_path, name, content).faults == (fault,)


def test_names_are_bounded(tmp_path: Path) -> None:
    keys = ", ".join(f'"{n:0100d}": 1' for n in range(300))
    found = written(tmp_path, "scores.json", f'{{"f1": 1, "error": 1, {keys}, "last": 1}}')
    assert found.undeclared == ("0" * 64, "last")
    keys = ", ".join(f'"{n}": 1' for n in range(300))
    found = written(tmp_path, "scores.json", f'{{"f1": 1, "error": 1, {keys}}}')
    assert len(found.undeclared) == 100
