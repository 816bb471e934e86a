"""From a sentence to occupations, to knowledge one can tick, to two questions."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line, Question
from portal.demonstrator.engines import match
from portal.demonstrator.engines.evidence import calling
from portal.demonstrator.engines.text import Proposal
from portal.demonstrator.engines.words import words
from portal.demonstrator.naming import NEAREST, nearest_titles
from portal.demonstrator.served import Served
from portal.demonstrator.wording import quoted, tension_mark, without_barred

OCCUPATIONS, KNOWLEDGE = 3, 8
# The chances under which an occupation is not shown after the first, asked about nor offered.
LEAST = 0.05
# How much more often a knowledge is needed where it is an occupation's than where it is not.
TOLD = 4.0
ANSWERED, CALLED, DEMANDED = range(3)  # why a knowledge is listed, in this order


def answer(said: Mapping[str, Any], served: Served) -> Answer:
    """Answer a sentence. said: text, zone, and yes/no by `q-<knowledge>`."""
    text = str(said["text"])
    read, notes = without_barred(text)
    ranked = served.text.rank(read, count=NEAREST)
    known = served.referential.occupations
    if not ranked.proposals:
        return Answer(
            text=text,
            notes=notes,
            silence=_(
                "Rien d’assez sûr pour proposer un métier. Dites ce que la personne fera : "
                "des gestes, des outils, un lieu."
            ),
            nearest=nearest_titles(ranked.nearest, served, least=LEAST),
            nearest_field="text",
        )
    told = {key.removeprefix("q-"): value for key, value in said.items() if key.startswith("q-")}
    first, *others = _weighed(ranked.proposals[:OCCUPATIONS], told, served)
    proposals = [first, *(each for each in others if each.confidence >= LEAST)]
    lines = []
    for at, each in enumerate(proposals):
        marks = tension_mark(served, each.code, str(said.get("zone") or ""))
        lines.append(
            Line(
                f"m-{each.code}",
                known[each.code].title,
                each.code,
                _("parce que vous dites %(words)s") % {"words": quoted(text, each.reasons)}
                if each.reasons
                else "",
                each.confidence,
                marks,
                (
                    known[each.code].definition,
                    *(
                        _("Pour vérifier : %(question)s") % {"question": asked}
                        for asked in known[each.code].questions
                    ),
                ),
                is_kept=not at,
            )
        )
    asked = match.questions(
        {each.code: each.confidence for each in proposals},
        {each.code: known[each.code].knowledge for each in proposals},
        answered=told,
    )
    labels = served.referential.knowledge
    questions = [
        Question(f"q-{each}", _("Faut-il savoir : %(label)s ?") % {"label": labels[each].lower()})
        for each in asked
    ]
    return Answer(
        (
            Block(_("Métiers proches"), tuple(lines)),
            Block(
                _("Compétences proposées"),
                tuple(_skills(proposals, told, read, served)),
                is_dense=True,
            ),
        ),
        text,
        first.reasons,
        tuple(questions),
        notes,
        need={"title": _("Recruter : %(title)s") % {"title": known[first.code].title}},
    )


def _weighed(
    proposals: Iterable[Proposal], told: Mapping[str, Any], served: Served
) -> list[Proposal]:
    """Weigh the occupations anew by what was answered; the whole confidence stays the same."""
    known = served.referential.occupations
    weights = {
        each.code: each.confidence
        * math.prod(
            TOLD if (key in known[each.code].knowledge) is (value == "yes") else 1 / TOLD
            for key, value in told.items()
        )
        for each in proposals
    }
    if told:
        whole = sum(each.confidence for each in proposals) / (sum(weights.values()) or 1)
        weights = {code: min(weight * whole, 1.0) for code, weight in weights.items()}
    made = [Proposal(each.code, weights[each.code], each.reasons) for each in proposals]
    return sorted(made, key=lambda each: -each.confidence)


def _skills(
    proposals: list[Proposal],
    told: Mapping[str, Any],
    text: str,
    served: Served,
) -> list[Line]:
    """List what to know: what was answered yes, then what the sentence calls for.

    Then what the first occupation asks. What was answered no is left out.
    """
    known, labels = served.referential.occupations, served.referential.knowledge
    first = known[proposals[0].code].knowledge
    found = words(text)
    yes = [one for one, value in told.items() if value == "yes" and one in labels]
    asked = dict.fromkeys([*yes, *(k for each in proposals for k in known[each.code].knowledge)])
    lines: list[tuple[int, Line]] = []
    for one in (one for one in asked if told.get(one) != "no"):
        called = calling(labels[one], found)
        if one in yes:
            order, reason = ANSWERED, _("parce que vous avez répondu oui")
        elif called:
            order, reason = (
                CALLED,
                _("parce que vous dites %(words)s") % {"words": quoted(text, called)},
            )
        elif one in first:
            order, reason = DEMANDED, _("parce que ce métier le demande")
        else:
            continue
        line = Line(f"k-{one}", labels[one], reason=reason, is_kept=order != DEMANDED)
        lines.append((order, line))
    lines.sort(key=lambda each: each[0])
    return [line for _order, line in lines][: max(KNOWLEDGE, len(yes))]
