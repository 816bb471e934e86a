"""From a sentence to occupations, to knowledge one can tick, to two questions."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line, Question
from portal.demonstrator.engines import match
from portal.demonstrator.engines.evidence import calling
from portal.demonstrator.engines.text import Proposal
from portal.demonstrator.engines.words import words
from portal.demonstrator.naming import NEAREST, nearest_titles
from portal.demonstrator.reading import Reading, ranked
from portal.demonstrator.service import Served
from portal.demonstrator.wording import quoted, tension_mark, without_barred

OCCUPATIONS, KNOWLEDGE = 3, 8
# The chances under which an occupation is not shown after the first, asked about nor offered.
LEAST = 0.05
# How much more often a knowledge is needed where it is an occupation's than where it is not.
LIKELIER = 4.0
ANSWERED, CALLED, DEMANDED = range(3)  # why a knowledge is listed, in this order


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer a sentence. inputs: text, zone, and yes/no by `q-<knowledge>`."""
    text = str(inputs["text"])
    left, notes = without_barred(text)
    understood, found = ranked(text, served, count=NEAREST, left=left)
    notes += understood.notes
    known = served.referential.occupations
    if not found.proposals:
        return Answer(
            text=text,
            notes=notes,
            silence=_(
                "Rien d’assez sûr pour proposer un métier. Dites ce que la personne fera : "
                "des gestes, des outils, un lieu."
            ),
            nearest=nearest_titles(found.nearest, served, least=LEAST),
            nearest_field="text",
        )
    replies = {
        key.removeprefix("q-"): value for key, value in inputs.items() if key.startswith("q-")
    }
    best = [
        replace(each, reasons=understood.placed(each.reasons))
        for each in found.proposals[:OCCUPATIONS]
    ]
    first, *others = _weighed(best, replies, served)
    proposals = [first, *(each for each in others if each.confidence >= LEAST)]
    lines = []
    for at, each in enumerate(proposals):
        marks = tension_mark(served, each.code, str(inputs.get("zone") or ""))
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
    wanted = _("Recruter : %(title)s") % {"title": known[first.code].title}
    asked = match.questions(
        {each.code: each.confidence for each in proposals},
        {each.code: known[each.code].knowledge for each in proposals},
        answered=replies,
    )
    labels = served.referential.knowledge
    questions = [
        Question(f"q-{each}", _("Faut-il savoir : %(label)s ?") % {"label": labels[each].lower()})
        for each in asked
    ]
    return Answer(
        (
            Block(
                _("Métiers proches"),
                tuple(lines),
                _("Le pourcentage est la confiance de l’outil ; le reste va à d’autres métiers."),
            ),
            Block(
                _("Compétences proposées"),
                tuple(_skills(proposals, replies, understood, served)),
                is_dense=True,
            ),
        ),
        text,
        first.reasons,
        tuple(questions),
        notes,
        need={"title": wanted},
        title=wanted,
    )


def _weighed(
    proposals: Iterable[Proposal], replies: Mapping[str, Any], served: Served
) -> list[Proposal]:
    """Weigh the occupations anew by what was answered; the whole confidence stays the same."""
    known = served.referential.occupations
    weights = {
        each.code: each.confidence
        * math.prod(
            LIKELIER if (key in known[each.code].knowledge) is (value == "yes") else 1 / LIKELIER
            for key, value in replies.items()
        )
        for each in proposals
    }
    if replies:
        whole = sum(each.confidence for each in proposals) / (sum(weights.values()) or 1)
        weights = {code: min(weight * whole, 1.0) for code, weight in weights.items()}
    weighed = [Proposal(each.code, weights[each.code], each.reasons) for each in proposals]
    return sorted(weighed, key=lambda each: -each.confidence)


def _skills(
    proposals: list[Proposal],
    replies: Mapping[str, Any],
    understood: Reading,
    served: Served,
) -> list[Line]:
    """List what to know: what was answered yes, then what the sentence calls for.

    Then what the first occupation asks. What was answered no is left out. What none of the
    occupations asks is called for by all its words.
    """
    known, labels = served.referential.occupations, served.referential.knowledge
    first = known[proposals[0].code].knowledge
    spoken = understood.words()
    stems = {one: {each.stem for each in words(label)} for one, label in labels.items()}
    often = Counter(each for own in stems.values() for each in own)
    yes = [one for one, value in replies.items() if value == "yes" and one in labels]
    asked = dict.fromkeys([*yes, *(k for each in proposals for k in known[each.code].knowledge)])
    whole = {one for one, own in stems.items() if own and own <= {each.stem for each in spoken}}
    asked |= dict.fromkeys(one for one in labels if one in whole)
    lines: list[tuple[int, Line]] = []
    for one in (one for one in asked if replies.get(one) != "no"):
        called = calling(labels[one], spoken)
        if one not in whole and all(often[each.stem] > 1 for each in called):
            called = ()  # « gérer » alone says little of « gérer un stock »
        if one in yes:
            order, reason = ANSWERED, _("parce que vous avez répondu oui")
        elif called:
            order, reason = (
                CALLED,
                _("parce que vous dites %(words)s") % {"words": quoted(understood.typed, called)},
            )
        elif one in first:
            order, reason = DEMANDED, _("parce que ce métier le demande")
        else:
            continue
        line = Line(f"k-{one}", labels[one], reason=reason, is_kept=order != DEMANDED)
        lines.append((order, line))
    lines.sort(key=lambda each: each[0])
    return [line for _order, line in lines][: max(KNOWLEDGE, len(yes))]
