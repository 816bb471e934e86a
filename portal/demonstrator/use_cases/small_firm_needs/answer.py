"""From a sentence to occupations, to knowledge one can tick, to two questions."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line, Question, toned
from portal.demonstrator.engines import match
from portal.demonstrator.engines.evidence import calling
from portal.demonstrator.engines.text import Proposal, Reason
from portal.demonstrator.engines.words import Word
from portal.demonstrator.naming import NEAREST, SPEAKING, nearest_titles
from portal.demonstrator.reading import Reading, ranked, without_effect
from portal.demonstrator.service import Served
from portal.demonstrator.wording import quoted, struck, tension_mark, without_barred

OCCUPATIONS, KNOWLEDGE = 3, 8
TICKED = 3  # skills of the first occupation, the rarest, where words call for none
# What is said of hours, contract and licences, as typed.
CONDITIONS = re.compile(
    r"\b(?:(?:pas|sans|ni|sauf|jamais) )?(?:(?:de|la|le|les|en|à|d['’]) ?)?"
    r"(?:nuits?|week-?ends?|dimanches?|samedis?|mi-temps|temps (?:partiel|plein|complet)"
    r"|\d{1,2} ?h(?:eures?)?(?: par (?:semaine|jour|mois))?|horaires? (?:décalés?|coupés?)"
    r"|coupures?|permis(?: [A-E]{1,2}\d?\b)?|CACES(?: \d\w?)?|habilit\w+(?: élec\w*)?"
    r"|CDI|CDD|intérim|déplacements|télétravail)\b",
    re.IGNORECASE,
)
LONGEST_PART = 40  # characters of a sentence that are underlined together
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
    notes += understood.notes + without_effect(understood, served.referential)
    known = served.referential.occupations
    if not found.proposals:
        spoken = len(understood.words())
        near = [each for each in found.nearest if len(each.reasons) >= SPEAKING * spoken]
        return Answer(
            text=text,
            notes=notes,
            silence=_(
                "Rien d’assez sûr pour proposer un métier : une qualité, comme « débrouillard », "
                "n’en désigne aucun. Dites ce que la personne fera : des gestes, des outils, un "
                "lieu."
            ),
            nearest=nearest_titles(understood.text, near, served, least=LEAST),
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
    skills = _skills(proposals, replies, understood, served)
    reasons = _with_skills(first.reasons, (called for _line, called in skills))
    tones = toned(reasons)
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
                tone=next((tones[one.start] for one in each.reasons if one.start in tones), ""),
            )
        )
    conditions = tuple(Line("", each) for each in _conditions(left))
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
                share=_("Confiance"),
            ),
            Block(
                _("Compétences proposées"),
                tuple(
                    replace(line, tone=_tone(called[0], reasons, tones)) if called else line
                    for line, called in skills
                ),
                is_dense=True,
            ),
            *([Block(_("Conditions dites"), conditions, is_dense=True)] if conditions else []),
        ),
        text,
        reasons,
        tuple(questions),
        notes,
        need={"title": wanted},
        title=wanted,
        printed=struck(text),
    )


def _conditions(text: str) -> list[str]:
    """List the conditions of work that a text says, each once, as they are typed."""
    return list(dict.fromkeys(each.group() for each in CONDITIONS.finditer(text)))


def _with_skills(
    reasons: Iterable[Reason], skills: Iterable[tuple[Word, ...]]
) -> tuple[Reason, ...]:
    """Add to the words of an occupation those that call for a skill: one part, if they are near."""
    parts = list(reasons)
    for called in skills:
        spans = [(each.start, each.end) for each in called]
        if called and called[-1].end - called[0].start <= LONGEST_PART:
            spans.insert(0, (called[0].start, called[-1].end))
        for start, end in spans:
            if not any(start < each.end and each.start < end for each in parts):
                parts.append(Reason(start, end, 0.0))
    return tuple(sorted(parts, key=lambda each: each.start))


def _tone(word: Word, reasons: Iterable[Reason], tones: Mapping[int, str]) -> str:
    return next(tones[each.start] for each in reasons if each.start <= word.start < each.end)


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
) -> list[tuple[Line, tuple[Word, ...]]]:
    """List what to know, each with the words that call for it.

    First what was answered yes, then what the sentence calls for.
    Then what the first occupation asks; some of it is ticked if nothing else is. What was answered
    no is left out. What none of the occupations asks is called for by all its words.
    """
    known, labels = served.referential.occupations, served.referential.knowledge
    first = known[proposals[0].code].knowledge
    spoken = understood.words()
    pieces, often = served.referential.labels, served.referential.label_counts
    yes = [one for one, value in replies.items() if value == "yes" and one in labels]
    asked = dict.fromkeys([*yes, *(k for each in proposals for k in known[each.code].knowledge)])
    typed = {each.stem for each in spoken}
    whole = {one for one, piece in pieces.items() if piece.stems and piece.stems <= typed}
    asked |= dict.fromkeys(one for one in labels if one in whole)
    lines: list[tuple[int, Line, tuple[Word, ...]]] = []
    for one in (one for one in asked if replies.get(one) != "no"):
        called = calling(pieces[one].stems, spoken)
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
        is_kept = order != DEMANDED
        line = Line(f"k-{one}", labels[one], reason=reason, is_kept=is_kept, is_french=True)
        lines.append((order, line, called if order == CALLED else ()))
    lines.sort(key=lambda each: each[0])
    shown = [(line, called) for _order, line, called in lines][: max(KNOWLEDGE, len(yes))]
    if any(line.is_kept for line, _words in shown):
        return shown
    asking = Counter(one for each in known.values() for one in each.knowledge)
    rarest = sorted((line.key for line, _w in shown), key=lambda key: asking[key[2:]])[:TICKED]
    return [(replace(line, is_kept=line.key in rarest), called) for line, called in shown]
