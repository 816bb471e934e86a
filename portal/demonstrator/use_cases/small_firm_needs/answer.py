"""From a sentence to occupations, to knowledge one can tick, to two questions."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line, Question
from portal.demonstrator.engines import match
from portal.demonstrator.engines.evidence import calling
from portal.demonstrator.engines.text import Proposal
from portal.demonstrator.engines.words import Word, words
from portal.demonstrator.served import Served
from portal.demonstrator.wording import quoted, tension_mark

OCCUPATIONS, KNOWLEDGE = 3, 8
# The chances of an occupation that one may choose by hand where nothing is proposed.
LEAST = 0.1
# How much more often a knowledge is needed where it is an occupation's than where it is not.
TOLD = 4.0


def answer(said: Mapping[str, Any], served: Served) -> Answer:
    """Answer a sentence. said: text, zone, size, and yes/no by `q-<knowledge>`."""
    text = str(said["text"])
    ranked = served.text.rank(text, count=OCCUPATIONS)
    known = served.referential.occupations
    if not ranked.proposals:
        return Answer(
            text=text,
            silence=_(
                "Rien d’assez sûr pour proposer un métier. Dites ce que la personne fera : "
                "des gestes, des outils, un lieu."
            ),
            nearest=tuple(
                known[each.code].title
                for each in ranked.nearest[:OCCUPATIONS]
                if each.confidence >= LEAST
            ),
            nearest_field="text",
        )
    told = {key.removeprefix("q-"): value for key, value in said.items() if key.startswith("q-")}
    proposals = _weighed(ranked.proposals, told, served)
    first = known[proposals[0].code]
    found = words(text)
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
                (known[each.code].definition,),
                is_kept=not at,
            )
        )
    skills = _skills(proposals, told, found, text, served)
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
            Block(_("Compétences proposées"), tuple(skills), is_dense=True),
        ),
        text,
        ranked.proposals[0].reasons,
        tuple(questions),
        need={"title": _("Recruter : %(title)s") % {"title": first.title}},
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
    found: list[Word],
    text: str,
    served: Served,
) -> list[Line]:
    """List what to know: what the sentence calls for first, then what the first occupation asks."""
    known, labels = served.referential.occupations, served.referential.knowledge
    first = known[proposals[0].code].knowledge
    asked = dict.fromkeys(
        [*first, *(k for each in proposals[1:] for k in known[each.code].knowledge)]
    )
    lines = []
    for one in asked:
        called = calling(labels[one], found)
        if called:
            reason = _("parce que vous dites %(words)s") % {
                "words": quoted(text, called),
            }
        elif told.get(one) == "yes":
            reason = _("parce que vous avez répondu oui")
        elif one in first:
            reason = _("parce que ce métier le demande")
        else:
            continue
        if told.get(one) != "no":
            lines.append(
                (
                    not called,
                    Line(
                        f"k-{one}",
                        labels[one],
                        reason=reason,
                        is_kept=bool(called) or told.get(one) == "yes",
                    ),
                )
            )
    return [line for _order, line in sorted(lines, key=lambda each: each[0])][:KNOWLEDGE]
