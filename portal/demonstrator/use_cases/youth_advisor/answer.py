"""From the occupations evoked in an interview to what to know, to ask and to try."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer, Block, Line
from portal.demonstrator.engines.match import pieces
from portal.demonstrator.naming import Named, labels, not_named, occupation_named, unknown
from portal.demonstrator.referential import Occupation
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.youth_advisor.form import EVOKED, InterviewForm
from portal.demonstrator.wording import tension_mark

TRIED = 3  # neighbours where one may try, over all the occupations evoked
NAMED = 3  # pieces of knowledge in a line
ASKED = 2  # tasks of an occupation in a question
SEEN = 4  # pieces of knowledge of one of several occupations, before the others are opened
MOVES = 10  # among which they are sought


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer one to three occupations. inputs: first, second, third; zone."""
    typed = {field: str(inputs.get(field) or "").strip() for field in EVOKED}
    unnamed: dict[str, Named] = {}
    occupations: dict[str, Occupation] = {}
    notes = []
    for field, text in typed.items():
        named = occupation_named(text, served)
        if named.code:
            occupations[named.code] = served.referential.occupations[named.code]
            if not named.is_exact:
                notes.append(_("Si ce n’est pas ce métier, écrivez son intitulé."))
        elif text or field == EVOKED[0]:
            unnamed[field] = named
    # The titles to choose from are those of one field: the first that has some.
    asked = next((each for each in unnamed if unnamed[each].nearest), "")
    if not occupations:
        field = asked or next(iter(unnamed))
        return replace(not_named(typed[field], unnamed[field], field, served), text="")
    fields = InterviewForm.base_fields
    notes += [unknown(str(fields[each].label), served) for each in unnamed]
    zone = str(inputs.get("zone") or "")
    evoked = list(occupations.values())
    blocks = (
        _together(evoked, served),
        *(_about(one, evoked, served) for one in evoked),
        _questions(evoked),
        _trials(evoked, zone, served),
    )
    return Answer(
        tuple(each for each in blocks if each.lines),
        notes=tuple(dict.fromkeys(notes)),
        nearest=unnamed[asked].nearest if asked else (),
        nearest_field=asked,
        understood=" · ".join(one.title for one in evoked),
        title=_("Entretien : %(titles)s")
        % {"titles": ", ".join(one.title for one in occupations.values())},
        limits=(_("Des repères sur des métiers ; rien ici ne parle de la personne reçue."),),
    )


def _about(one: Occupation, evoked: list[Occupation], served: Served) -> Block:
    """Say what an occupation asks to know, beside what all of them ask."""
    common = _common(evoked) if len(evoked) > 1 else ()
    return Block(
        _("%(title)s : à savoir faire") % {"title": one.title},
        tuple(
            Line("", served.referential.knowledge[each], is_french=True)
            for each in one.knowledge
            if each not in common
        ),
        one.definition,
        is_dense=True,
        first=SEEN if len(evoked) > 1 else None,
        is_french=True,
    )


def _questions(evoked: list[Occupation]) -> Block:
    """Ask what is asked of any occupation, then of the conditions and the tasks of these.

    Each question comes once, with what it bears on: a condition, and of which of several it is. Way
    and hours are asked of any occupation: not ticked. What tells an occupation from another is an
    employer's to answer: it is not asked.
    """
    conditions = list(dict.fromkeys(each for one in evoked for each in one.environment))
    borne = [
        f"{each} ({', '.join(of)})" if (of := _bearers(each, evoked)) else each
        for each in conditions
    ]
    tasks = [each for one in evoked for each in one.tasks[:ASKED]]
    lines = [Line("q-origin", _("D’où vient l’idée : une personne, un stage, une vidéo ?"))]
    if borne:
        asked = _("Dans ces conditions fréquentes, qu’est-ce qui irait, ou pèserait ?")
        lines.append(Line("q-conditions", asked, reason=" ; ".join(borne)))
    if tasks:
        asked = _("Lesquels de ces gestes : déjà faits, ou vus ?")
        lines.append(Line("q-tasks", asked, reason=" ; ".join(tasks)))
    way = _("Comment aller là où ce métier s’exerce, et à ses heures ?")
    lines.append(Line("q-way", way, is_kept=False))
    return Block(_("Questions pour l’entretien"), tuple(lines), is_to_do=True)


def _bearers(condition: str, evoked: list[Occupation]) -> list[str]:
    """Name the occupations that have a condition, where not all of them do."""
    having = [one.title for one in evoked if condition in one.environment]
    return having if len(having) < len(evoked) else []


def _trials(evoked: list[Occupation], zone: str, served: Served) -> Block:
    """Propose the occupations themselves, ticked, then their neighbours that ask most of the same.

    A neighbour comes once, beside the occupation that it shares most with.
    """
    known = served.referential.occupations
    lines = [_trial(one, _("le métier lui-même"), zone, served) for one in evoked]
    shared: dict[str, tuple[str, ...]] = {}
    for one in evoked:
        for code in {*_neighbours(one, served)} & {*known} - {each.code for each in evoked}:
            both = pieces(one.knowledge, known[code].knowledge).shared
            shared[code] = max(shared.get(code, ()), both, key=len)
    for code in sorted(shared, key=lambda each: (-len(shared[each]), each))[:TRIED]:
        if shared[code]:
            tried = ", ".join(labels(shared[code][:NAMED], served))
            reason = _("parce qu’on y essaie aussi : %(list)s") % {"list": tried}
            lines.append(replace(_trial(known[code], reason, zone, served), is_kept=False))
    note = _("L’employeur reste à trouver.")
    return Block(_("Immersions à proposer"), tuple(lines), note, is_brief=True, is_to_do=True)


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


def _common(evoked: list[Occupation]) -> tuple[str, ...]:
    first, *others = evoked
    return tuple(each for each in first.knowledge if all(each in one.knowledge for one in others))


def _together(evoked: list[Occupation], served: Served) -> Block:
    """List what all the occupations ask, where there are several."""
    common = labels(_common(evoked), served) if len(evoked) > 1 else ()
    lines = tuple(Line("", each, is_french=True) for each in common)
    return Block(_("Ce que ces métiers ont en commun"), lines, is_dense=True)
