"""Say why a declared audit cannot be run, or must not be."""

from collections.abc import Iterator

from challenges.scoring.audit.declared import AuditSpec, Measure, forbidden, nature_of
from challenges.scoring.contract import ScoringContract

NEED_AN_ANSWER = frozenset(
    {
        Measure.DEMOGRAPHIC_PARITY,
        Measure.EQUAL_OPPORTUNITY,
        Measure.EQUALISED_ODDS,
        Measure.PREDICTIVE_PARITY,
    }
)


def faults(contract: ScoringContract) -> Iterator[str]:
    """Yield, in English, what is wrong with the audit of a contract."""
    spec = contract.audit
    if spec is None:
        return
    known = {each.key: each for each in contract.attributes if each.type != "number"}
    used = [*spec.attributes, *(key for pair in spec.crossings for key in pair)]
    if spec.column is not None and spec.column.attribute is not None:
        used.append(spec.column.attribute)
    for key in sorted(set(used) - set(known)):
        yield f"{key} is no attribute that groups"
    for pair in spec.crossings:
        crossed = [known[key] for key in pair if key in known]
        if len(set(pair)) != 2 or any(each.of == "items" for each in crossed):
            yield f"{' × '.join(pair)} cannot be crossed"
        if forbidden(nature_of(a.nature, a.key, a.column, a.label) for a in crossed):
            yield f"{' × '.join(pair)} must not be crossed"
    yield from _answer_faults(contract, spec)


def _answer_faults(contract: ScoringContract, spec: AuditSpec) -> Iterator[str]:
    answer = contract.answer
    if answer.is_listed or (answer.is_several and answer.classes is None):
        return
    classes = answer.classes if answer.is_several else answer.answer.domain
    if spec.positive is not None:
        if classes is not None and spec.positive not in classes:
            yield f"{spec.positive} is no possible answer"
        if classes is None and not answer.is_several and answer.answer.is_number:
            yield from _number_faults(spec.positive)
        return
    if (answer.is_several or not answer.answer.is_number) and set(spec.measures) & NEED_AN_ANSWER:
        yield "the positive answer is missing"


def _number_faults(positive: str) -> Iterator[str]:
    try:
        float(positive)
    except ValueError:
        yield f"{positive} is no possible answer"
