"""What a team reads of its file comes from one closed list, filled with its own file's facts."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from challenges.enums import ReasonCode
from challenges.models.words import REASON_SENTENCES
from challenges.scoring.answer import Limits
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions import reader
from challenges.scoring.predictions.faults import CHOICE, MAX_MESSAGE, PLACEHOLDER, messages
from challenges.scoring.truth import keys_of, load_keys
from challenges.scoring.verdict import Verdict
from tests.properties import given
from tests.properties import strategies as st

ROOT = Path(__file__).resolve().parents[3] / "challenges"
CODE = re.compile(r"[EWHX]_[A-Z0-9_]+")
PLACE = "\N{NULL}"
CODES = {key.partition(".")[0] for key in messages()}


def expression(sentence: str) -> str:
    """Turn a sentence of the list into what it may be filled to."""
    parts, at = [], 0
    for found in CHOICE.finditer(sentence):
        parts.append(plain(sentence[at : found.start()]))
        parts.append(f"(?:{plain(found[2])}|{plain(found[3])})")
        at = found.end()
    return "".join([*parts, plain(sentence[at:])])


def plain(text: str) -> str:
    """Turn a text without choices into an expression: any fact at each named place."""
    parts = PLACEHOLDER.sub(PLACE, text).split(PLACE)
    return ".*".join(re.escape(part) for part in parts)


KNOWN = tuple(re.compile(expression(one), re.DOTALL) for one in messages().values())


def is_known(message: str) -> bool:
    """Say whether a message is a sentence of the list, with a hint of it or not."""
    if any(pattern.fullmatch(message) for pattern in KNOWN):
        return True
    cuts = [at for at in range(len(message)) if message[at] == " "]
    return any(
        any(pattern.fullmatch(message[:at]) for pattern in KNOWN)
        and any(pattern.fullmatch(message[at + 1 :]) for pattern in KNOWN)
        for at in cuts
    )


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)


def made_in(path: Path) -> set[str]:
    """Return the calls that make a fault or a notice of a prediction file.

    The faults of an organiser's program have the same name, in the sandbox: a code and a key,
    no sentence, told to organisers and moderators.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "challenges.sandbox.scores"
        for name in node.names
    }
    if path == ROOT / "sandbox" / "scores.py":
        others = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Fault", "Notice"} - others
    }


def test_faults_and_notices_are_made_in_one_place() -> None:
    """A message written elsewhere would be out of the list."""
    makers = {(str(path.relative_to(ROOT)), call) for path in modules() for call in made_in(path)}
    assert {place for place, _call in makers} == {
        "scoring/predictions/faults.py",
        "scoring/verdict.py",
    }
    assert {call for place, call in makers if place == "scoring/verdict.py"} == {
        "Fault(**_said(f))",
        "Notice(**_said(w))",
    }


def test_every_code_that_the_reader_names_has_its_sentence() -> None:
    named = {
        node.value
        for path in (ROOT / "scoring/predictions").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }
    starts = {code for code in named if code.endswith("_")}  # completed by the kind of file
    assert named - starts - CODES == set()
    assert all(any(code.startswith(start) for code in messages()) for start in starts)


def test_every_reason_of_a_failure_has_its_sentence() -> None:
    assert set(REASON_SENTENCES) == set(ReasonCode)
    for sentence in REASON_SENTENCES.values():
        assert "%" not in str(sentence)  # nothing is filled in


def contract() -> ScoringContract:
    return ScoringContract.from_json(
        {
            "submission": {
                "layout": "one_row_per_id",
                "formats": ["csv", "zip"],
                "columns": [
                    {"name": "id", "role": "id", "type": "string"},
                    {"name": "p", "role": "target", "type": "float", "min": 0, "max": 1},
                ],
            },
            "truth": {"id": "id", "target": "y"},
            "metrics": [{"key": "score", "metric": "mae", "primary": True}],
        }
    )


IDS = [f"0{number}" for number in range(8)]
GOOD = ("id,p\n" + "".join(f"{one},0.{at}\n" for at, one in enumerate(IDS))).encode()


def verdict_of(data: bytes, name: str = "reponse.csv") -> Verdict:
    spec = contract().answer
    keys = load_keys(keys_of(IDS))
    verdict, _answer = reader.read(data, name, spec, keys, Limits.of(spec, len(IDS)))
    return verdict


def told(verdict: Verdict) -> list[str]:
    return [each.message for each in (*verdict.faults, *verdict.warnings)]


def test_a_good_file_is_told_nothing() -> None:
    assert (verdict_of(GOOD).accepted, told(verdict_of(GOOD))) == (True, [])


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GOOD)),
            st.integers(0, 6),
            st.binary(max_size=6) | st.sampled_from([b"\n", b";", b'"', b"1e400", b"nan", b"{n}"]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["reponse.csv", "reponse.zip", "reponse.parquet", "reponse.xlsx", "réponse"]),
)
def test_whatever_is_wrong_the_list_says_it(edits: Any, name: str) -> None:
    data = GOOD
    for at, cut, piece in edits:
        data = data[:at] + piece + data[at + cut :]
    verdict = verdict_of(data, name)
    for message in told(verdict):
        assert is_known(message), message
        assert len(message) <= MAX_MESSAGE
        assert "Traceback" not in message
        assert "/" not in message or b"/" in data or "/" in name
    assert {each.code for each in (*verdict.faults, *verdict.warnings)} <= CODES


@pytest.mark.parametrize("message", ["ValueError: secret", "division by zero", "", "Ligne"])
def test_what_is_not_of_the_list_is_recognised(message: str) -> None:
    assert not is_known(message)
