"""From an occupation to paths towards others, and to what may fund them."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.demonstrator.answers import Answer, Block, Line
from portal.demonstrator.engines.match import pieces
from portal.demonstrator.engines.paths import Path, Paths, Step
from portal.demonstrator.naming import Named, labels, not_named, occupation_named, unknown
from portal.demonstrator.referential import SCHOOLING
from portal.demonstrator.service import Served
from portal.demonstrator.wording import near_mark
from portal.lib.clock import day_words

if TYPE_CHECKING:
    from portal.demonstrator.models import FundingRule

FIRST_STEP = "premier pas"  # in the text of the rule that comes first


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer an occupation and a wish. inputs: occupation, wish, contract, long_training, rules."""
    text, wish = str(inputs["occupation"]), str(inputs.get("wish") or "").strip()
    contract, length = str(inputs.get("contract") or ""), str(inputs.get("long_training") or "")
    start = occupation_named(text, served)
    if not start.code:
        return not_named(text, start, "occupation", served)
    known = served.referential.occupations
    understood = [_("Métier de départ : %(title)s") % {"title": known[start.code].title}]
    notes, wished = [*_doubt(start)], Named()
    if wish:
        wished = occupation_named(wish, served)
        notes += _doubt(wished)
        if wished.code:
            title = known[wished.code].title
            understood.append(_("Métier souhaité : %(title)s") % {"title": title})
        else:
            notes.append(unknown(_("Métier souhaité"), served, wish))
    paths: tuple[Path, ...] = ()
    if served.moves is None:
        notes.append(_("Aucune mobilité entre métiers n’est en service : pas de parcours ici."))
    else:
        levels, barred = _levels(served), frozenset[str]()
        if length == "no":
            most = levels.get(start.code, len(SCHOOLING)) + 1
            barred = frozenset(code for code, level in levels.items() if level > most)
        followed = Paths(served.moves, near_only=length == "no", levels=levels, barred=barred)
        if length == "no":
            notes.append(_without_long(followed.left_out(start.code)))
        paths, remark = _paths(followed, start.code, wished.code, served, barred)
        notes.append(remark)
    limits = (
        _("Ces savoirs sont ceux du métier en général : un conseiller regarde les vôtres."),
        _("Un métier réglementé demande un diplôme, même si peu de savoirs semblent manquer."),
    )
    return Answer(
        (
            *(_block(number, path, served) for number, path in enumerate(paths, 1)),
            _funding(inputs.get("rules") or (), contract, length),
        ),
        notes=tuple(filter(None, notes)),
        nearest=wished.nearest,
        nearest_field="wish" if wish and not wished.code else "",
        limits=limits,
        title=_("Changer de métier : %(title)s") % {"title": known[start.code].title},
        understood=" · ".join(understood),
    )


def _doubt(named: Named) -> tuple[str, ...]:
    """Say how words were read, and what to do where no title was typed."""
    if named.is_exact or not named.code:
        return named.notes
    return (*named.notes, _("Si ce n’est pas ce métier, écrivez son intitulé."))


def _without_long(left_out: int) -> str:
    """Say which occupations are followed without a long training, and how many are not."""
    followed = _(
        "Sans formation longue, seuls les métiers proches sont suivis : ceux dont vous avez un "
        "tiers des savoirs au moins, et dont le niveau habituel dépasse d’un degré au plus celui "
        "de votre métier."
    )
    if not left_out:
        return followed
    counted = ngettext(
        "%(count)s métier proche est laissé de côté : il demande plus d’études.",
        "%(count)s métiers proches sont laissés de côté : ils demandent plus d’études.",
        left_out,
    )
    return f"{followed} {counted % {'count': left_out}}"


def _paths(
    paths: Paths, start: str, goal: str, served: Served, barred: Collection[str]
) -> tuple[tuple[Path, ...], str]:
    """Find the paths to a wish, or the best moves, with what must be said of them."""
    known = served.referential.occupations
    remark = ""
    if goal and goal != start:
        missing = pieces(known[goal].knowledge, known[start].knowledge).missing
        if towards := paths.towards(start, goal):
            if not paths.is_known(start, goal):
                remark = ngettext(
                    "Aucune mobilité directe n’est suivie vers « %(title)s » ; d’un seul pas, il y "
                    "manquerait %(missing)s savoir.",
                    "Aucune mobilité directe n’est suivie vers « %(title)s » ; d’un seul pas, il y "
                    "manquerait %(missing)s savoirs.",
                    len(missing),
                ) % {"title": known[goal].title, "missing": len(missing)}
            return towards, remark
        remark = ngettext(
            "« %(title)s » n’est pas un métier proche : d’un seul pas, il y manquerait %(missing)s "
            "savoir (niveau habituel : %(level)s), et aucun détour n’y mène de proche en proche.",
            "« %(title)s » n’est pas un métier proche : d’un seul pas, il y manquerait %(missing)s "
            "savoirs (niveau habituel : %(level)s), et aucun détour n’y mène de proche en proche.",
            len(missing),
        ) % {
            "title": known[goal].title,
            "missing": len(missing),
            "level": known[goal].level or _("non renseigné"),
        }
        if goal in barred:
            remark = _(
                "« %(title)s » demande d’habitude un niveau %(level)s : des études longues, que "
                "vous avez écartées en répondant « Non ». Répondez « Oui, s’il le faut » pour voir "
                "ce parcours."
            ) % {"title": known[goal].title, "level": known[goal].level}
        remark += " " + _("Voici vos métiers proches.")
    elif goal:
        remark = _("Le métier souhaité est déjà le vôtre : voici où il peut mener.")
    onwards = paths.onwards(start)
    return onwards, remark if onwards else _("Aucune mobilité n’est suivie depuis ce métier.")


def _levels(served: Served) -> dict[str, int]:
    """Number the usual schooling of the occupations where it is known."""
    known = served.referential.occupations.values()
    return {each.code: SCHOOLING.index(each.level) for each in known if each.level in SCHOOLING}


def _block(number: int, path: Path, served: Served) -> Block:
    """Number a path, and say how much it asks to learn in all and at once."""
    count = len(path.steps)
    title = ngettext(
        "Parcours %(number)s : une étape", "Parcours %(number)s : %(count)s étapes", count
    )
    note = ""
    if count > 1:
        note = _("%(total)s à apprendre en tout, %(largest)s au plus à une étape.") % {
            "total": _pieces(path.total),
            "largest": path.largest,
        }
    if path.equals:
        note += " " + ngettext(
            "%(equals)s autre parcours de même longueur en demande autant.",
            "%(equals)s autres parcours de même longueur en demandent autant.",
            path.equals,
        ) % {"equals": path.equals}
    lines = tuple(_line(each, served) for each in path.steps)
    title %= {"number": number, "count": count}
    return Block(title, lines, note, is_brief=True, is_path=True)


def _pieces(count: int) -> str:
    return ngettext("%(count)s savoir", "%(count)s savoirs", count) % {"count": count}


def _line(step: Step, served: Served) -> Line:
    one = served.referential.occupations[step.code]
    marks = [near_mark(step.known, step.missing)]
    if one.level:
        marks.append(("ardoise", _("niveau : %(level)s") % {"level": one.level}))
    missing, shared = (labels(each, served) for each in (step.missing, step.known))
    reason = _("Rien de plus à apprendre, d’après les savoirs décrits.")
    if missing:
        reason = _("%(pieces)s à apprendre") % {"pieces": _pieces(len(missing))}
    elif not shared:
        reason = _("Les savoirs de ce métier ne sont pas décrits.")
    learnt_before = _("Déjà su à cette étape : %(labels)s.") % {"labels": ", ".join(shared)}
    return Line(
        "",
        one.title,
        step.code,
        reason,
        marks=tuple(marks),
        details=(learnt_before,) if shared else (),
        learnt=tuple(missing),
    )


def _funding(rules: "Iterable[FundingRule]", contract: str, length: str) -> Block:
    """Part the rules by contract and length of training; what was not said leaves nothing out.

    The first step comes first; where no contract is said, what only one gives is folded.
    """
    lines: list[Line] = []
    folded: list[Line] = []
    left_out = []
    for rule in sorted(rules, key=lambda each: FIRST_STEP not in each.text):
        only = []
        if rule.for_contract:
            only.append(_("en %(contract)s") % {"contract": rule.get_for_contract_display()})
        if rule.needs_longer_training:
            only.append(_("pour une formation longue"))
        why = _("seulement %(only)s") % {"only": ", ".join(only)} if only else ""
        if (rule.for_contract and contract not in ("", rule.for_contract)) or (
            rule.needs_longer_training and length == "no"
        ):
            left_out.append(f"{rule.title} ({why})")
            continue
        mark = ("ocre", _("à vérifier"))
        if rule.verified_on:
            mark = ("pin", _("vérifié le %(day)s") % {"day": day_words(rule.verified_on)})
        why = why or _("tous contrats")
        (folded if rule.for_contract and not contract else lines).append(
            Line("", rule.title, reason=why, marks=(mark,), details=(rule.text,), href=rule.source)
        )
    note = _(
        "À étudier avec un conseiller : être dans cette liste n’ouvre aucun droit. Un licenciement "
        "a ses propres règles, absentes d’ici : demandez au conseil en évolution professionnelle "
        "ou à France Travail."
    )
    if left_out:
        note += " " + _("Laissés de côté : %(rules)s.") % {"rules": ", ".join(left_out)}
    elif not (lines or folded):
        note = _("La Région n’a encore décrit aucun dispositif.")
    return Block(
        _("Financements à étudier"),
        (*lines, *folded),
        note,
        first=len(lines) if lines and folded else None,
        is_brief=True,
    )
