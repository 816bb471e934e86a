"""From what a pupil likes to occupations of several domains, each with why it is there."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line, toned
from portal.demonstrator.engines.diversity import diverse
from portal.demonstrator.engines.evidence import TELLING, calling
from portal.demonstrator.engines.text import Reason
from portal.demonstrator.engines.words import Word, words
from portal.demonstrator.naming import labels
from portal.demonstrator.reading import Reading, read_likings
from portal.demonstrator.referential import Occupation
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.school_guidance.interests import DOMAINS, INTERESTS, Interest
from portal.demonstrator.wording import quoted

OCCUPATIONS, LEAST_DOMAINS = 8, 4
READ = 60  # occupations whose words are compared with the pupil's
COMMON = 15  # a word, or a piece of knowledge, that more of them have tells nothing
# Beside the interests that were ticked: one word that stands in no title, and more than that.
WEAK, STRONG = 0.4, 1.5
# Stems by which one says that one likes: they name nothing that is liked.
LIKING = frozenset(
    each.stem
    for each in words(
        "aime aimerai aimerais adore adorerai préfère préférerais voudrais veux rêve kiffe plaît "
        "bien beaucoup surtout aussi vraiment trop très plus faire être avoir travailler travail "
        "métier quand comme truc chose passion passionné intéresse occuper monde autre peu "
        "gagner argent école lycée vie gens jour temps"
    )
)
# Stems of the words by which a pupil says an interest: those of its box too.
BOX_STEMS = {
    one.key: frozenset(each.stem for each in words(f"{one.text} {one.words}")) - LIKING
    for one in INTERESTS
}
# Stems of the words by which a sheet says an interest, save those met everywhere.
INTEREST_STEMS = {
    one.key: frozenset(each.stem for each in words(one.words) if len(each.stem) >= TELLING)
    for one in INTERESTS
}
NAMED = 2  # interests in a reason
CALLED = 5  # occupations that words call, at most; the others are like one of them
ALIKE = 0.5  # what shares most with an occupation that was called, against one that was
SHARED, FAINT = 2, 0.2  # pieces from which an occupation is like another; what fewer weigh


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer what a pupil likes. inputs: text; interests, a list of keys."""
    text = str(inputs.get("text") or "")
    liked = [each for each in INTERESTS if each.key in (inputs.get("interests") or ())]
    understood = read_likings(text)
    called = _called(understood, served)
    offers = _boxes(understood, liked, called)
    if not liked and not called:
        return Answer(
            offers=offers,
            text=text,
            notes=understood.notes,
            silence=_(
                "Nous ne trouvons pas de métier dans ces mots. Dites en français ce que vous aimez "
                "faire (« dessiner », « les moteurs »), ou cochez des cases."
            ),
        )
    known = served.referential.occupations
    chosen = _chosen(liked, called, served)
    speaking = {word for code in chosen for word in called.get(code, ())}
    reasons = tuple(
        Reason(word.start, word.end, 1 / len(speaking))
        for word in sorted(speaking, key=lambda word: word.start)
    )
    tones = toned(reasons)
    lines = [
        replace(
            _line(known[code], liked, {k: called[k] for k in chosen if k in called}, text, served),
            tone=tones[called[code][0].start] if code in called else "",
        )
        for code in chosen
    ]
    note = _(
        "%(domains)s domaines différents. Ni sexe, ni notes, ni niveau n’ont compté : rien n’en "
        "est demandé."
    )
    return Answer(
        (
            Block(
                _("Des métiers à regarder, et pourquoi ceux-ci"),
                tuple(lines),
                note % {"domains": len({code[0] for code in chosen})},
                is_brief=True,
            ),
            Block(
                _("Pour vérifier par vous-même"),
                (
                    Line("", _("Demander à quelqu’un qui l’exerce de raconter sa journée d’hier")),
                    Line("", _("Y passer quelques jours : stage, immersion, journée ouverte")),
                    Line("", _("En parler à votre psychologue de l’Éducation nationale, au CIO")),
                ),
                is_to_do=True,
            ),
        ),
        text,
        reasons,
        notes=(*understood.notes, *_unread(understood, speaking, served)),
        offers=offers,
        limits=(_("Des idées pour élargir : un métier absent d’ici n’est pas déconseillé."),),
        title=_("Des métiers à regarder"),
    )


def _boxes(
    understood: Reading, liked: Sequence[Interest], called: Mapping[str, Sequence[Word]]
) -> tuple[tuple[str, str, str], ...]:
    """List the boxes that words say which call for no occupation."""
    speaking = {each.stem for found in called.values() for each in found}
    silent = {each.stem for each in understood.words()} - speaking
    return tuple(
        ("interests", one.key, str(one.text))
        for one in INTERESTS
        if one not in liked and not silent.isdisjoint(BOX_STEMS[one.key])
    )


def _chosen(
    liked: Sequence[Interest], called: Mapping[str, Sequence[Word]], served: Served
) -> tuple[str, ...]:
    """Choose the occupations: what is like one that was called stands beside it, or not at all."""
    known = served.referential.occupations

    def choose(
        relevance: Mapping[str, float], count: int, first: Sequence[str] = ()
    ) -> tuple[str, ...]:
        return diverse(
            relevance,
            lambda one, other: (_likeness(known[one], known[other]) + (one[0] == other[0])) / 2,
            lambda code: code[0],
            count=count,
            domains=LEAST_DOMAINS,
            first=first,
        )

    relevance = _relevance(liked, called, served)
    chosen: tuple[str, ...] = ()
    # What bears fewer of the same words than another is called where domains would lack.
    for is_wide in (False, True):
        weighed = {
            code: relevance[code]
            for code, found in called.items()
            if is_wide or not any({*found} < {*others} for others in called.values())
        }
        if liked:
            shown = [code for code in choose(relevance, OCCUPATIONS) if code in called]
        else:
            shown = [*choose(weighed, CALLED)]
        beside = {code: called[code] for code in shown}
        chosen = choose(_relevance(liked, beside, served), OCCUPATIONS, shown)
        if len({code[0] for code in chosen}) >= LEAST_DOMAINS:
            break
    return chosen


def _unread(understood: Reading, speaking: Collection[Word], served: Served) -> Iterator[str]:
    """Say which words changed nothing: those that no sheet has, and the others."""
    text, read = understood.typed, {each.stem for each in speaking} | LIKING
    if text.strip() and not speaking:
        yield _("Vos mots ne nous disent rien de plus : seules vos cases ont compté.")
    absent: list[Word] = []
    outweighed: list[Word] = []
    for each in understood.words():
        if each.stem not in read:
            (outweighed if each.stem in served.referential.stems else absent).append(each)
    for spans, sentence in (
        (absent, _("Dans aucune de nos fiches, donc sans effet : %(list)s.")),
        (outweighed, _("Lus, mais d’autres mots ou vos cases ont pesé plus : %(list)s.")),
    ):
        if spans:
            yield sentence % {"list": quoted(text, spans, most=len(spans))}


def _called(understood: Reading, served: Served) -> dict[str, tuple[Word, ...]]:
    """List, by occupation, the words of a text that stand in what is said of it; nearest first."""
    spoken, nearest = understood.words(), served.text.rank(understood.text, count=READ).nearest
    sheets = served.referential.sheets
    called = {each.code: calling(sheets[each.code].stems, spoken) for each in nearest}
    often = Counter(word for each in called.values() for word in each)
    telling = {
        code: tuple(word for word in each if often[word] <= COMMON and word.stem not in LIKING)
        for code, each in called.items()
    }
    return {code: each for code, each in telling.items() if each}


def _relevance(
    liked: Sequence[Interest], called: Mapping[str, Sequence[Word]], served: Served
) -> dict[str, float]:
    """Weigh, in [0, 1], the occupations that something speaks for.

    The nearest that a word calls has the whole of its weight: no word is lost to another. Where
    interests were ticked, one word of a task does not outweigh them.
    """
    known, sheets = served.referential.occupations, served.referential.sheets
    weights, met = dict.fromkeys(known, 0.0), Counter[Word]()
    for code, found in called.items():
        weights[code] = max(1 / (1 + met[word]) for word in found)
        if liked:
            is_strong = len(found) > 1 or calling(sheets[code].naming, found)
            weights[code] *= STRONG if is_strong else WEAK
        met.update(found)
    fits = {code: _fit(one, liked, served) for code, one in known.items()}
    asking = Counter(each for one in known.values() for each in one.knowledge)
    usual = {each for each, count in asking.items() if count > COMMON}
    # What bears more of the words stands for what bears fewer of the same.
    weighed = {
        code: FAINT if any({*found} < {*others} for others in called.values()) else 1
        for code, found in called.items()
    }
    akin = {
        code: max((_closeness(one, known[k], usual) * w for k, w in weighed.items()), default=0.0)
        for code, one in known.items()
        if code not in called
    }
    for each, share in ((fits, 1.0), (akin, ALIKE)):
        best = max(each.values(), default=0) or 1
        for code, value in each.items():
            weights[code] += share * value / best
    most = max(weights.values())
    return {code: weight / most for code, weight in weights.items() if weight}


def _fit(one: Occupation, liked: Sequence[Interest], served: Served) -> float:
    """Count the interests that an occupation bears; those of its first letter twice."""
    return sum(2.0 - one.riasec.index(each.letter) for each in liked if _bearing(one, each, served))


def _bearing(one: Occupation, interest: Interest, served: Served) -> str:
    """Quote what an occupation has of an interest: a task, knowledge or place; "" for none."""
    if interest.letter not in one.riasec[:2]:
        return ""
    stems, pieces = INTEREST_STEMS[interest.key], served.referential.sheets[one.code].pieces
    return next((each.text for each in pieces if not stems.isdisjoint(each.stems)), "")


def _likeness(one: Occupation, other: Occupation) -> float:
    """Compare two occupations, in [0, 1], by what they ask to know."""
    shared = len(one.asked & other.asked)
    return shared / (len(one.asked) + len(other.asked) - shared or 1)


def _closeness(one: Occupation, called: Occupation, usual: set[str]) -> float:
    """Compare an occupation to one that was called: by what many ask, or one piece, it is faint."""
    is_akin = len((one.asked & called.asked) - usual) >= SHARED
    return _likeness(one, called) * (1 if is_akin else FAINT)


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
    quotes = ((each, _bearing(one, each, served)) for each in liked)
    met = [f"« {each.text} » ({quote})" for each, quote in quotes if quote][:NAMED]
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
