"""What a team reads of its file comes from one closed list, filled with its own file's facts.

French plurals agree, one stop stands at the end, nothing is left unfilled; English has it all too.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from challenges.entries.enums import REASON_SENTENCES
from challenges.scoring.contract import AnswerSpec, Limits
from challenges.scoring.verdict import (
    CHOICE,
    MAX_MESSAGE,
    PLACEHOLDER,
    ReasonCode,
    Verdict,
    fill,
    has_sentence,
    messages,
    sentence_of,
)
from tests.challenges.scoring.answers import keys, one_row, spec, verdict
from tests.properties import example, given
from tests.properties import strategies as st

ROOT = Path(__file__).resolve().parents[3] / "challenges"
CODES = {key.partition(".")[0] for key in messages()}
FACTS = {"ligne": 7, "ligne2": 5, "valeur": "x", "id": "q", "min": "0", "max": "9"}
COUNTED = [code for code, text in messages().items() if CHOICE.search(text)]


@pytest.mark.parametrize("code", COUNTED)
def test_what_is_counted_agrees(code: str) -> None:
    one, two = (fill(messages()[code], FACTS | {"n": n, "trouve": n, "attendu": n}) for n in (1, 2))
    assert re.search(r"\b1 \w+s\b", one) is None, one
    assert all(word.endswith("s") for word in re.findall(r"\b2 (?!sur\b)(\w+)", two)), two


def test_a_sentence_is_filled_once() -> None:
    assert fill("{n:cheval|chevaux}", {"n": 0}) == "cheval"  # none is singular in French
    assert fill("{n:horse|horses}", {"n": 0}, "en") == "horses"
    assert fill("{n:cheval|chevaux}", {}) == "chevaux"
    assert fill("« {valeur} »", {"valeur": "{n:a|b}", "n": 1}) == "« {n:a|b} »"
    assert fill("{n:« {valeur} »|rien}", {"valeur": "{n}", "n": 1}) == "« {n} »"


def names(sentence: str) -> set[str]:
    return {*PLACEHOLDER.findall(sentence), *(found[0] for found in CHOICE.findall(sentence))}


def test_each_language_has_every_sentence_and_no_place_of_its_own() -> None:
    french, english = messages("fr"), messages("en")
    assert list(french) == list(english)
    for code, text in french.items():
        assert re.search(r"\([a-z]{1,3}\)", text) is None, code  # no number is hedged
        assert re.search(r"\{\w", fill(text, {})) is None, code
        assert text.endswith((".", "?", "».")), code
        assert english[code].endswith((".", "?", "”.")), code
        places = {re.sub("_en$", "", name) for name in names(english[code])}
        assert places <= names(text) | {"max", "limite"}, code


def test_a_stored_fault_is_said_in_the_language_of_who_reads_it() -> None:
    found, _ = verdict("Id,p,x,y\na,0.5,1,1\n", spec(), keys("a", "b"))
    stored = json.loads(json.dumps(found.to_json()))["faults"][0]
    assert sentence_of(stored, "en").startswith(
        "Column “id” was not found. Columns read: “Id”, “p”"
    )
    assert "Hint: a column “Id” exists" in sentence_of(stored, "en")
    assert sentence_of(stored, "fr") == found.faults[0].message
    assert Verdict.from_json(json.loads(json.dumps(found.to_json()))) == found
    old = {"code": "E_ID_MISSING", "message": "Il manque 2 identifiants."}
    assert (sentence_of(old, "en"), has_sentence(old, "en")) == ("Il manque 2 identifiants.", False)


# --- the list is closed


PLACES = [ROOT / "scoring/child.py", *(ROOT / "scoring/predictions").glob("*.py")]


def test_every_code_that_the_reader_names_has_its_sentence() -> None:
    code = re.compile(r'"([EWHX]_[A-Z0-9_]+)"')
    texts = [path.read_text("utf-8") for path in PLACES]
    named = {found for text in texts for found in code.findall(text)}
    starts = {each for each in named if each.endswith("_")}  # completed by the kind of file
    assert named - starts - CODES == set()
    assert all(any(key.startswith(start) for key in messages()) for start in starts)


def test_every_reason_of_a_failure_has_its_sentence() -> None:
    assert set(REASON_SENTENCES) == set(ReasonCode)
    assert not any("%" in str(sentence) for sentence in REASON_SENTENCES.values())  # nothing filled


SHARE = AnswerSpec.from_json(one_row(min=0, max=1) | {"formats": ["csv", "zip"]})
IDS = [f"0{number}" for number in range(8)]
GOOD = ("id,p\n" + "".join(f"{one},0.{at}\n" for at, one in enumerate(IDS))).encode()


def told(data: bytes, name: str) -> list[Any]:
    found, _ = verdict(data, SHARE, keys(*IDS), name, Limits.of(SHARE, len(IDS)))
    return [*found.faults, *found.warnings]


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
@example([(5, 0, b"}")], "reponse.csv")
@example([(19, 1, b"")], "reponse.csv")
def test_whatever_is_wrong_the_list_says_it(edits: Any, name: str) -> None:
    data = GOOD
    for at, cut, piece in edits:
        data = data[:at] + piece + data[at + cut :]
    for each in told(data, name):
        assert each.code in CODES
        # A place left unfilled; a lone brace may be of the file, or of the Python of a hint.
        assert re.search(r"\{\w", each.message) is None or b"{" in data, each.message
        assert len(each.message) <= MAX_MESSAGE
        assert "Traceback" not in each.message
        assert "/" not in each.message or b"/" in data or "/" in name
