"""A reason of the engine is said in French inside a French sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from challenges.client.sentences import told
from challenges.scoring.contract import ContractFault
from challenges.scoring.verdict import french_reasons as french

ROOT = Path(__file__).resolve().parents[3] / "challenges/scoring"
# Not reasons: what a claim is for, a path of a folder, a reason inside another.
APART = {"{} numbers per row are needed", "{}, {} : {}", "{}/{}", "{}: {}"}


def texts(node: ast.expr | None) -> Iterator[str]:
    """Return a text as it is written, {} in the place of what is filled in."""
    match node:
        case ast.Constant(value=str(value)):
            yield value
        case ast.JoinedStr(values=parts):
            yield "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in parts)


def reasons() -> Iterator[str]:
    """Return the sentences of every fault of a contract or a metric."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Yield):
                yield from (t for t in texts(node.value) if " " in t)
            match node:
                case ast.Call(func=ast.Name(id="MetricFault" | "ContractFault"), args=[first, *_]):
                    yield from texts(first)


def test_every_reason_has_its_french_form() -> None:
    found = set(reasons()) - APART
    assert len(found) > 35
    for text in sorted(found):
        filled = [text.replace("{}", each) for each in ("wis", "2")]
        filled.append(text.replace("{}", "2", 1).replace("{}", "wis"))
        assert any(french(each) != each for each in filled), text


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (
            "recall, public : the metric has no value on this part",
            "recall, public : la mesure n’a pas de valeur sur cette partie",
        ),
        (
            "a: no attribute b; c: unknown metric d",
            "a : aucun attribut b ; c : mesure inconnue : d",
        ),
        ("what nobody wrote", "what nobody wrote"),
    ],
)
def test_reasons_stand_in_a_french_sentence(detail: str, said: str) -> None:
    wanted = f"Le contrat de notation ne peut pas être appliqué : {said}."
    assert told(ContractFault(detail)) == ("U_CONTRACT", wanted)
    assert (
        told(ContractFault(detail), "en")[1] == f"The scoring contract cannot be applied: {detail}."
    )
