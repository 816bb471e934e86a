"""Write CSV and TREC challenges in our own portable form, with the organiser's answers.

Programs are not translated: they need the sandbox, not a metric of ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from challenges.bundles import spec as ours
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import questions, tables, writing
from challenges.bundles.foreign.dates import PARIS
from challenges.bundles.foreign.menu import MENUS
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import ForeignSpec, Rows, TruthTable
from challenges.bundles.report import Problem

CODE = "E_ANSWER"


class AnswerRefused(ValueError):
    """Answers that do not make a challenge; the problems name their keys."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep them all."""
        super().__init__("; ".join(one.line for one in problems))
        self.problems = tuple(problems)


def portable(
    spec: ForeignSpec, folder: Folder, asked: Sequence[Question], answers: Mapping[str, str]
) -> writing.Portable:
    """Translate a CSV or TREC challenge read in `folder`.

    answers: by question key; what is not answered takes the question's proposal. Raises
    AnswerRefused, naming every wrong or missing answer; ValueError for a format of programs.
    """
    given = _Answers(spec, asked, answers)
    common = given.common()
    if spec.truth is not None:
        truth = given.truth(spec.truth)
        metric = given.metric(truth.rows)
        given.end()
        parts = tables.write(truth, folder, metric)
    elif spec.judgements is not None:
        share = given.share()
        given.end()
        parts = writing.lists(spec.judgements, folder, share)
    else:
        raise ValueError("scored by a program")
    page = "\n\n".join(one.text.strip() for one in spec.pages) or f"# {common['title']}"
    return writing.Portable(
        {**common, **parts.document}, {**parts.files, writing.PAGE: page.encode()}
    )


def unanswered(asked: Sequence[Question], answers: Mapping[str, str]) -> tuple[Problem, ...]:
    """List the questions without proposal that nobody answered."""
    return tuple(
        Problem(CODE, f"réponse attendue : {one.text}", key=one.key)
        for one in asked
        if not one.proposal and not answers.get(one.key)
    )


class _Answers:
    """Read the answers, noting each wrong one."""

    def __init__(
        self, spec: ForeignSpec, asked: Sequence[Question], answers: Mapping[str, str]
    ) -> None:
        proposed = {question.key: question.proposal for question in asked}
        self.spec = spec
        self.answers = {key: one for key, one in answers.items() if one != proposed.get(key, "")}
        self.problems: list[Problem] = []
        known = {question.key for question in asked} | {"slug", "title", "direction"}
        for key in sorted(set(answers) - known):
            said = f"questions de ce rapport : {', '.join(sorted(known))}"
            self.wrong(key, said)

    def wrong(self, key: str, said: str) -> None:
        """Note a wrong answer."""
        self.problems.append(Problem(CODE, said, key=key, value=self.answers.get(key, "")[:64]))

    def end(self) -> None:
        """Refuse all wrong answers at once."""
        if self.problems:
            raise AnswerRefused(self.problems)

    def common(self) -> dict[str, object]:
        """Write the keys that every challenge has."""
        title = self.answers.get("title", "").strip() or self.spec.title
        if not title:
            self.wrong("title", "un titre est attendu")
        slug = self.answers.get("slug", "") or writing.slug_of(title)
        licence = self.answers.get("licence", "")
        opens, closes = self._dates()
        per_day, total = self._quotas()
        return {
            "format": ours.FORMAT,
            "format_version": ours.FORMAT_VERSION,
            "slug": slug,
            "language": "fr",
            "title": title[:200],
            "summary": f"Repris d’un challenge au format {self.spec.format.value}.",
            "page": writing.PAGE,
            "quotas": {
                "timezone": "Europe/Paris",
                "per_day": per_day,
                "total": total,
                "final_selections": self.spec.final_choices or 2,
            },
            "schedule": {"opens": _iso(opens), "closes": _iso(closes)},
            "leaderboard": {"kept": "best"},
            **({"imported": dict(self.spec.kept)} if self.spec.kept else {}),
            "licence": {
                "data": {
                    "name": licence or "À confirmer",
                    "holder": "",
                    "status": "stated_by_producer" if licence else "to_confirm",
                }
            },
        }

    def _dates(self) -> tuple[datetime | None, datetime | None]:
        text = self.answers.get("dates")
        if text is None:
            return None, self.spec.end.at if self.spec.end else None
        try:
            first, last = text.split("/")
            opens, closes = _aware(first), _aware(last)
        except ValueError:
            self.wrong("dates", "« DÉBUT/FIN » en ISO 8601, l’un ou l’autre pouvant manquer")
            return None, None
        if opens and closes and closes <= opens:
            self.wrong("dates", "la clôture précède l’ouverture")
        return opens, closes

    def _quotas(self) -> tuple[int | None, int | None]:
        text = self.answers.get("quotas")
        if text is None:
            return (5 if self.spec.per_day is None else self.spec.per_day), 100
        found = re.fullmatch(r"(\d{1,6})?/(\d{1,6})?", text.strip())
        if found is None:
            self.wrong("quotas", "« PAR JOUR/TOTAL », par exemple 5/100 ; vide : sans limite")
            return None, None
        day, total = (int(one) if one else None for one in found.groups())
        return day, total

    def truth(self, found: TruthTable) -> TruthTable:
        """Read what several columns, or rows of one identifier, were said to be."""
        if found.rows is Rows.TARGETS:
            answer = self.answers.get("columns", questions.TARGETS)
            if answer not in {questions.TARGETS, questions.CLASSES} or (
                answer == questions.CLASSES and not found.one_hot
            ):
                self.wrong("columns", f"réponses : {questions.TARGETS}, {questions.CLASSES}")
            if answer == questions.CLASSES:
                return replace(found, rows=Rows.CLASSES, classes=found.targets)
        if found.rows is Rows.CANDIDATES:
            answer = self.answers.get("rows", "")
            if answer == questions.MISTAKE:
                self.wrong("rows", f"corrigez les identifiants en double de {found.file}")
            elif answer != questions.CANDIDATES:
                self.wrong("rows", f"réponses : {questions.CANDIDATES}, {questions.MISTAKE}")
        return found

    def metric(self, rows: Rows) -> str:
        """Read the metric; its direction only confirms the natural one."""
        name = self.answers.get("metric") or self.spec.metric
        menu = MENUS[rows]
        if name not in menu:
            self.wrong("metric", f"mesures proposées : {', '.join(menu)}")
            return next(iter(menu))
        natural = menu[name].direction
        if self.answers.get("direction", natural) not in {natural, questions.NATURAL}:
            self.wrong("direction", f"pour cette mesure le sens est {natural}")
        return name

    def share(self) -> float:
        """Read the public share of the queries."""
        try:
            share = float(self.answers.get("split", "0.3").replace(",", "."))
        except ValueError:
            share = math.nan
        if not 0.1 <= share <= 0.9:
            self.wrong("split", "un nombre de 0,1 à 0,9 est attendu")
            return 0.3
        return share


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(PARIS).isoformat() if at else None


def _aware(text: str) -> datetime | None:
    """Read an ISO date; without offset it is UTC, as everywhere in an import."""
    if not text.strip():
        return None
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)
