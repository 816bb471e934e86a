"""From what a pupil likes to occupations of several domains, each with why it is there."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line
from portal.demonstrator.engines.diversity import diverse
from portal.demonstrator.engines.evidence import calling
from portal.demonstrator.engines.text import Reason
from portal.demonstrator.engines.words import Word, words
from portal.demonstrator.naming import labels
from portal.demonstrator.referential import Occupation
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.school_guidance.interests import DOMAINS, INTERESTS, Interest
from portal.demonstrator.wording import quoted

OCCUPATIONS, LEAST_DOMAINS = 8, 4
READ = 60  # occupations whose words are compared with the pupil's
COMMON = 15  # a word that more of them have tells nothing
# Beside the interests that were ticked: one word that stands in no title, and more than that.
WEAK, STRONG = 0.4, 1.5
# What is not wanted, to the end of its clause.
REFUSED = re.compile(
    r"(?:\bn['’]|\b(?:ne|jamais|aucune?|sauf|(?<!pourquoi )pas)\b)[^,.;:!?\n]*?"
    r"(?=\bmais\b|\bet j|[,.;:!?\n]|$)",
    re.IGNORECASE,
)
NAMED = 2  # interests in a reason
KIN = 0.5  # what shares most with an occupation that was called, against one that was


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer what a pupil likes. inputs: text; interests, a list of keys."""
    text = str(inputs.get("text") or "")
    liked = [each for each in INTERESTS if each.key in (inputs.get("interests") or ())]
    called = _called(text, served)
    if not liked and not called:
        return Answer(
            text=text,
            silence=_(
                "Nous ne trouvons pas de métier dans ces mots. Dites en français ce que vous aimez "
                "faire (« dessiner », « les moteurs »), ou cochez des cases."
            ),
        )
    known = served.referential.occupations
    chosen = diverse(
        _relevance(liked, called, served),
        lambda one, other: (_likeness(known[one], known[other]) + (one[0] == other[0])) / 2,
        lambda code: code[0],
        count=OCCUPATIONS,
        domains=LEAST_DOMAINS,
    )
    lines = [_line(known[code], liked, called, text, served) for code in chosen]
    speaking = {word for code in chosen for word in called.get(code, ())}
    note = _(
        "%(domains)s domaines différents. Ni sexe, ni notes, ni niveau n’ont compté : rien n’en "
        "est demandé."
    )
    unread = _("Vos mots ne nous disent rien de plus : seules vos cases ont compté.")
    return Answer(
        (
            Block(
                _("Des métiers à regarder, et pourquoi ceux-ci"),
                tuple(lines),
                note % {"domains": len({code[0] for code in chosen})},
            ),
            Block(
                _("Pour vérifier par vous-même"),
                (
                    Line("", _("Demander à quelqu’un qui l’exerce de raconter sa journée d’hier")),
                    Line("", _("Y passer quelques jours : stage, immersion, journée ouverte")),
                    Line("", _("En parler à votre psychologue de l’Éducation nationale, au CIO")),
                ),
            ),
        ),
        text,
        tuple(
            Reason(word.start, word.end, 1 / len(speaking))
            for word in sorted(speaking, key=lambda word: word.start)
        ),
        notes=(unread,) if text.strip() and not called else (),
        limits=(_("Des idées pour élargir : un métier absent d’ici n’est pas déconseillé."),),
        title=_("Des métiers à regarder"),
    )


def _called(text: str, served: Served) -> dict[str, tuple[Word, ...]]:
    """List, by occupation, the words of a text that stand in what is said of it; nearest first."""
    known = served.referential.occupations
    text = REFUSED.sub(lambda each: " " * len(each.group()), text)
    spoken, nearest = words(text), served.text.rank(text, count=READ).nearest
    called = {each.code: calling(_described(known[each.code], served), spoken) for each in nearest}
    often = Counter(word for each in called.values() for word in each)
    telling = {
        code: tuple(word for word in each if often[word] <= COMMON) for code, each in called.items()
    }
    return {code: each for code, each in telling.items() if each}


def _described(one: Occupation, served: Served) -> str:
    known = labels(one.knowledge, served)
    return " ".join((one.title, *one.titles, one.definition, *one.tasks, *known))


def _relevance(
    liked: Sequence[Interest], called: Mapping[str, Sequence[Word]], served: Served
) -> dict[str, float]:
    """Weigh, in [0, 1], the occupations that something speaks for.

    The nearest that a word calls has the whole of its weight: no word is lost to another. Where
    interests were ticked, one word of a task does not outweigh them.
    """
    known = served.referential.occupations
    letters = Counter(each.letter for each in liked)
    weights, met = dict.fromkeys(known, 0.0), Counter[Word]()
    for code, found in called.items():
        weights[code] = max(1 / (1 + met[word]) for word in found)
        if liked:
            is_strong = len(found) > 1 or _is_titled(known[code], found)
            weights[code] *= STRONG if is_strong else WEAK
        met.update(found)
    fits = {code: _fit(one, letters) for code, one in known.items()}
    kin = {
        code: max((_likeness(one, known[other]) for other in called), default=0.0)
        for code, one in known.items()
        if code not in called
    }
    for each, share in ((fits, 1.0), (kin, KIN)):
        best = max(each.values(), default=0) or 1
        for code, value in each.items():
            weights[code] += share * value / best
    most = max(weights.values())
    return {code: weight / most for code, weight in weights.items() if weight}


def _is_titled(one: Occupation, found: Sequence[Word]) -> bool:
    return bool(calling(" ".join((one.title, *one.titles)), found))


def _fit(one: Occupation, letters: Mapping[str, int]) -> float:
    """Count the interests that an occupation answers; those of its first letter twice."""
    return sum(letters.get(letter, 0) * (2.0 - at) for at, letter in enumerate(one.riasec[:2]))


def _likeness(one: Occupation, other: Occupation) -> float:
    """Compare two occupations, in [0, 1], by what they ask to know."""
    shared = len(one.asked & other.asked)
    return shared / (len(one.asked) + len(other.asked) - shared or 1)


def _line(
    one: Occupation,
    liked: Sequence[Interest],
    called: Mapping[str, Sequence[Word]],
    text: str,
    served: Served,
) -> Line:
    """Show an occupation: why it is there, by a word, interests, or what it shares with one."""
    why = []
    if one.code in called:
        why.append(
            _("parce que vous écrivez %(words)s") % {"words": quoted(text, called[one.code])}
        )
    met = [f"« {each.text} »" for each in liked if each.letter in one.riasec[:2]][:NAMED]
    if met:
        why.append(_("parce que vous aimez %(list)s") % {"list": ", ".join(met)})
    if not why:
        known = served.referential.occupations
        other = known[max(called, key=lambda code: _likeness(one, known[code]))]
        shared = labels([each for each in one.knowledge if each in other.knowledge], served)
        alike = _("comme « %(title)s », ce métier demande : %(list)s")
        why.append(alike % {"title": other.title, "list": ", ".join(shared)})
    marks = [("lavande", str(DOMAINS[one.code[0]]))] if one.code[0] in DOMAINS else []
    if one.level:
        marks.append(("ardoise", _("formation courante : %(level)s") % {"level": one.level}))
    return Line(
        f"m-{one.code}",
        one.title,
        one.code,
        " ; ".join(why),
        marks=tuple(marks),
        details=(one.definition, _("On y fait : %(tasks)s.") % {"tasks": " ; ".join(one.tasks)}),
    )
