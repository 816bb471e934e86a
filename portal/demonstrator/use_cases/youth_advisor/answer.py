"""From the occupations evoked in an interview to what to know, to ask and to try."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line
from portal.demonstrator.engines.match import pieces
from portal.demonstrator.naming import labels, not_named, occupation_named, reading
from portal.demonstrator.referential import Occupation
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.youth_advisor.form import EVOKED
from portal.demonstrator.wording import tension_mark

TRIED = 3  # neighbours where one may try
NAMED = 3  # pieces of knowledge in a line
MOVES = 10  # among which they are sought


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer one to three occupations. inputs: first, second, third; zone."""
    typed = {field: str(inputs.get(field) or "").strip() for field in EVOKED}
    unknown: dict[str, Answer] = {}
    occupations: dict[str, Occupation] = {}
    notes = []
    for field, text in typed.items():
        named = occupation_named(text, served)
        if named.code:
            occupations[named.code] = served.referential.occupations[named.code]
            notes.append(reading(text, named, served))
        elif text or field == EVOKED[0]:
            unknown.setdefault(text, not_named(text, named, field, served))
    # The titles to choose from are those of one word: the first that has some.
    asked = next((each for each in unknown.values() if each.nearest), None)
    if not occupations:
        return asked or next(iter(unknown.values()))
    others = [f"« {text} »" for text, each in unknown.items() if each is not asked]
    if others:
        notes.append(_("Inconnu de nos fiches : %(list)s.") % {"list": ", ".join(others)})
    if asked:
        notes.append(asked.silence)
    zone = str(inputs.get("zone") or "")
    blocks = [block for one in occupations.values() for block in _about(one, zone, served)]
    together = _together(list(occupations.values()), served)
    return Answer(
        tuple(each for each in (together, _opening(), *blocks) if each.lines),
        " · ".join(text for text in typed.values() if text),
        notes=tuple(each for each in notes if each),
        nearest=asked.nearest if asked else (),
        nearest_field=asked.nearest_field if asked else "",
        title=_("Entretien : %(titles)s")
        % {"titles": ", ".join(one.title for one in occupations.values())},
        limits=(_("Des repères sur des métiers ; rien ici ne parle de la personne reçue."),),
    )


def _about(one: Occupation, zone: str, served: Served) -> tuple[Block, ...]:
    """Say what an occupation asks to know, what to ask about it, and where to try it."""
    code, title = one.code, {"title": one.title}
    return (
        Block(
            _("%(title)s : à savoir faire") % title,
            tuple(Line("", served.referential.knowledge[each]) for each in one.knowledge),
            one.definition,
            is_dense=True,
        ),
        Block(
            _("%(title)s : questions pour l’entretien") % title,
            tuple(Line(f"q-{code}-{at}", each) for at, each in enumerate(_questions(one))),
        ),
        Block(
            _("%(title)s : immersions à proposer") % title,
            tuple(_trials(one, zone, served)),
            _("Les mêmes savoirs s’essaient dans ces métiers ; l’employeur reste à trouver."),
        ),
    )


def _opening() -> Block:
    """Ask what is asked of any occupation."""
    questions = (
        _("D’où vient l’idée de ce métier : une personne, un stage, une vidéo ?"),
        _("Comment aller là où ce métier s’exerce, et à ses heures ?"),
    )
    lines = (Line(f"q-{at}", each) for at, each in enumerate(questions))
    return Block(_("Pour commencer l’entretien"), tuple(lines))


def _questions(one: Occupation) -> Iterable[str]:
    """Ask of the conditions and of the tasks.

    What tells the occupation from another is an employer's to answer: it is not asked.
    """
    if one.environment:
        yield _(
            "Souvent dans ce métier : %(list)s. Qu’est-ce qui irait, qu’est-ce qui pèserait ?"
        ) % {"list": ", ".join(one.environment)}
    for task in one.tasks[:2]:
        yield _("« %(task)s » : déjà fait, ou vu faire ? Qu’est-ce qui a plu ?") % {"task": task}


def _trials(one: Occupation, zone: str, served: Served) -> Iterable[Line]:
    """Propose the occupation itself, then its neighbours that ask most of the same."""
    known = served.referential.occupations
    yield _trial(one, _("le métier lui-même"), zone, served)
    shared = {
        code: pieces(one.knowledge, known[code].knowledge).shared
        for code in _neighbours(one, served)
        if code in known
    }
    for code in sorted(shared, key=lambda each: -len(shared[each]))[:TRIED]:
        if shared[code]:
            tried = ", ".join(labels(shared[code][:NAMED], served))
            reason = _("parce qu’on y essaie aussi : %(list)s") % {"list": tried}
            yield _trial(known[code], reason, zone, served)


def _neighbours(one: Occupation, served: Served) -> tuple[str, ...]:
    """List the occupations one may move to, by what was learnt or else by the référentiel."""
    try:
        ranked = served.moves.rank(one.code, count=MOVES) if served.moves else ()
    except KeyError:
        ranked = ()
    return tuple(each.code for each in ranked) or (*one.near, *one.further)


def _trial(one: Occupation, reason: str, zone: str, served: Served) -> Line:
    marks = tension_mark(served, one.code, zone)
    done = _("On y fait : %(tasks)s.") % {"tasks": " ; ".join(one.tasks)}
    return Line(f"i-{one.code}", one.title, one.code, reason, marks=marks, details=(done,))


def _together(occupations: list[Occupation], served: Served) -> Block:
    """List what all the occupations ask, where there are several."""
    if len(occupations) < 2:
        return Block("", ())
    first, *others = occupations
    common = [each for each in first.knowledge if all(each in one.knowledge for one in others)]
    lines = tuple(Line("", each) for each in labels(common, served))
    return Block(_("Ce que ces métiers ont en commun"), lines, is_dense=True)
