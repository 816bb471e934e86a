"""Refuse a fact sheet that does not answer exactly the organiser's questions, each as it asks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from portal.lib.refusals import Invalid

MOST_CHARACTERS = 2_000
BOOLEANS = {"true", "false"}
Question = Mapping[str, Any]


def refuse_wrong(questions: Sequence[Question], answers: Mapping[str, Any]) -> None:
    """Raise Invalid, code fact_sheet, whose faults are the keys of the wrong answers.

    A question: {"key", "label"}, and for those of an import "type" (text, select, radio,
    checkbox, boolean), "options", "required"; one without a type takes any answer. A checkbox
    with options of its own is answered by a list of them, or by one.
    """
    declared = {str(question["key"]): question for question in questions}
    faults = sorted(declared.keys() ^ answers.keys())
    faults += [
        key
        for key, question in declared.items()
        if key in answers and not fits(question, answers[key])
    ]
    if faults:
        raise Invalid(
            _("La fiche de la soumission doit répondre exactement aux questions posées."),
            code="fact_sheet",
            faults=faults,
        )


def fits(question: Question, answer: Any) -> bool:
    """Say whether an answer is one that its question takes."""
    kind, options = question.get("type"), choices(question)
    if not kind:
        return True
    if kind in {"checkbox", "boolean"} and not options:
        return isinstance(answer, bool) or (isinstance(answer, str) and answer in BOOLEANS)
    if options:
        given = answer if isinstance(answer, list) and kind == "checkbox" else [answer]
        if given in ([], [""]):
            return not question.get("required")
        return all(isinstance(one, str) and one in options for one in given)
    if not isinstance(answer, str) or len(answer) > MOST_CHARACTERS:
        return False
    return bool(answer.strip()) or not question.get("required")


def choices(question: Question) -> list[str]:
    """List the answers that a question offers; none for a text or for a yes or no."""
    offered = [str(one) for one in question.get("options") or ()]
    return [] if {one.lower() for one in offered} <= BOOLEANS else offered
