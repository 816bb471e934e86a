"""Put the organiser's answers into a challenge that was read: quotas and dates of its phases."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from challenges.bundles.foreign.dates import Instant
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import ForeignSpec, Phase
from challenges.scoring.fields import Problem

CODE = "E_ANSWER"
QUOTAS = {"max_submissions_per_day": "max_per_day", "max_submissions": "max_total"}
DATES = {"start": "start", "end": "end", "start_date": "start", "end_date": "end"}
NO_LIMIT = ("", "null", "sans limite")


def settle(
    spec: ForeignSpec, questions: Sequence[Question], answers: Mapping[str, str]
) -> tuple[ForeignSpec, tuple[Problem, ...]]:
    """Replace what the questions about phases asked, and list the answers that are not read.

    Answers: a quota is a whole number, or « sans limite »; a date is ISO 8601, UTC without
    offset. A question without answer keeps what was read, or takes its proposal when nothing was.
    """
    problems: list[Problem] = []
    phases = {phase.place: phase for phase in spec.phases}
    for question in questions:
        place, _dot, field = question.key.rpartition(".")
        if place not in phases:
            continue
        try:
            phases[place] = _settled(phases[place], field, question, answers)
        except ValueError as refusal:
            given = answers.get(question.key, "")[:64]
            problems.append(Problem(CODE, str(refusal), key=question.key, value=given))
    known = {question.key for question in questions}
    said = f"questions de ce rapport : {', '.join(sorted(known)) or 'aucune'}"
    problems += [Problem(CODE, said, key=key) for key in sorted(set(answers) - known)]
    return replace(spec, phases=tuple(phases.values())), tuple(problems)


def _settled(phase: Phase, field: str, question: Question, answers: Mapping[str, str]) -> Phase:
    answer = answers.get(question.key)
    if field in QUOTAS:
        return _quota(phase, QUOTAS[field], question.proposal if answer is None else answer)
    if field in DATES and answer is not None:
        return _date(phase, DATES[field], answer.strip())
    return phase


def _quota(phase: Phase, name: str, text: str) -> Phase:
    if text.strip() not in NO_LIMIT and not re.fullmatch(r"\d{1,6}", text.strip()):
        raise ValueError("un nombre entier, ou « sans limite », est attendu")
    value = None if text.strip() in NO_LIMIT else int(text)
    return replace(phase, **{name: value})  # type: ignore[arg-type] # both are whole numbers


def _date(phase: Phase, name: str, text: str) -> Phase:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("une date ISO 8601 est attendue") from error
    at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    settled = replace(phase, **{name: Instant(text, at, at)})  # type: ignore[arg-type] # a date
    if settled.start and settled.end and settled.end.at <= settled.start.at:
        raise ValueError("la fin précède le début, ou lui est égale")
    return settled
