"""A figure computed from others by a declared formula.

A formula knows + − × ÷, min, max, parentheses, numbers and keys. Nothing of Python is run: the
text is parsed, and each node is one of a closed list."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from challenges.scoring.fields import is_finite
from challenges.scoring.metric import (
    Floats,
    Metric,
    MetricFault,
    Params,
    Part,
    Shape,
    Stats,
    divide,
    parameter,
)

MAX_CHARACTERS = 300
MAX_NODES = 240
OPERATIONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: divide,
}
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {"min": np.minimum, "max": np.maximum}
TYPOGRAPHY = str.maketrans({"−": "-", "×": "*", "÷": "/"})


@dataclass(frozen=True)
class Formula:
    """Hold a formula that has been read; names: the keys it uses."""

    body: ast.expr
    names: frozenset[str]

    def value(self, figures: Mapping[str, Any]) -> Floats:
        """Compute the formula on numbers or arrays of one shape; NaN where it divides by 0."""
        return np.asarray(_value(self.body, figures), np.float64)


def read_formula(text: str) -> Formula:
    """Read a formula; raises MetricFault, saying why, when it is not one."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARACTERS:
        raise MetricFault(f"a formula has 1 to {MAX_CHARACTERS} characters")
    try:
        body = ast.parse(text.translate(TYPOGRAPHY).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise MetricFault("the formula cannot be read") from error
    nodes = sum(1 for _ in ast.walk(body))
    if nodes > MAX_NODES:
        raise MetricFault("the formula is too long")
    names: set[str] = set()
    _check(body, names)
    if not names:
        raise MetricFault("the formula uses no figure")
    return Formula(body, frozenset(names))


def _check(node: ast.expr, names: set[str]) -> None:
    if isinstance(node, ast.Constant):
        if not is_finite(node.value):
            raise MetricFault("a constant of the formula is not a finite number")
    elif isinstance(node, ast.Name):
        names.add(node.id)
    else:
        for operand in _operands(node):
            _check(operand, names)


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [node.operand]
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in FUNCTIONS
        and len(node.args) >= 2
        and not node.keywords
    ):
        return list(node.args)
    raise MetricFault("only + − × ÷ min max, numbers and keys are known")


def _value(node: ast.expr, figures: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return figures[node.id]
    values = [_value(operand, figures) for operand in _operands(node)]
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](*values)
    if isinstance(node, ast.UnaryOp):
        return -values[0]
    function = FUNCTIONS[node.func.id]  # type: ignore[attr-defined]
    found = values[0]
    for value in values[1:]:
        found = function(found, value)
    return found


def _stats(part: Part, params: Params) -> Stats:
    raise MetricFault("a formula is computed from the other figures")


def _of_sums(sums: Floats, context: Mapping[str, object]) -> Floats:
    raise MetricFault("a formula is computed from the other figures")


METRICS = (
    Metric(
        name="formula",
        shape=Shape.FORMULA,
        direction="none",
        low=-np.inf,
        high=np.inf,
        stats=_stats,
        value=_of_sums,
        formula="+ − × ÷ min max over the keys of other figures",
        oracle="own vectors",
        parameters=(parameter("formula", is_needed=True),),
    ),
)
