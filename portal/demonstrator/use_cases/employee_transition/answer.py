"""From an occupation to paths towards others, and to what may fund them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.demonstrator.answers import Answer, Block, Line
from portal.demonstrator.engines.match import pieces
from portal.demonstrator.engines.paths import Path, Paths, Step
from portal.demonstrator.naming import labels, not_named, occupation_named, reading
from portal.demonstrator.referential import SCHOOLING
from portal.demonstrator.service import Served
from portal.demonstrator.wording import near_mark
from portal.lib.clock import day_words

if TYPE_CHECKING:
    from portal.demonstrator.models import FundingRule

LONG_LEVELS = SCHOOLING[3:]


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer an occupation and a wish. inputs: occupation, wish, contract, long_training, rules."""
    text, wish = str(inputs["occupation"]), str(inputs.get("wish") or "").strip()
    contract, length = str(inputs.get("contract") or ""), str(inputs.get("long_training") or "")
    start = occupation_named(text, served)
    if not start.code:
        return not_named(text, start, "occupation", served)
    goal, notes = "", [reading(text, start, served)]
    if wish:
        wished = occupation_named(wish, served)
        if not wished.code:
            return not_named(wish, wished, "wish", served)
        goal = wished.code
        notes.append(reading(wish, wished, served))
    paths: tuple[Path, ...] = ()
    if served.moves is None:
        notes.append(_("Aucune mobilité entre métiers n’est en service : pas de parcours ici."))
    else:
        if length == "no":
            notes.append(
                _(
                    "Sans formation longue, seuls les métiers proches sont suivis : ceux dont vous "
                    "avez un tiers des savoirs au moins."
                )
            )
        paths, remark = _paths(
            Paths(served.moves, near_only=length == "no", levels=_levels(served)),
            start.code,
            goal,
            served,
        )
        notes.append(remark)
    limits = (
        _("Ces savoirs sont ceux du métier en général : un conseiller regarde les vôtres."),
        _("Un métier réglementé demande un diplôme, même si peu de savoirs semblent manquer."),
    )
    return Answer(
        (
            *(_block(path, served) for path in paths),
            _funding(inputs.get("rules") or (), contract, length),
        ),
        text,
        start.reasons,
        notes=tuple(filter(None, notes)),
        limits=limits,
        title=_("Changer de métier : %(title)s")
        % {"title": served.referential.occupations[start.code].title},
    )


def _paths(paths: Paths, start: str, goal: str, served: Served) -> tuple[tuple[Path, ...], str]:
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
        level = known[goal].level
        if level in LONG_LEVELS and known[start].level not in SCHOOLING[SCHOOLING.index(level) :]:
            remark = _(
                "« %(title)s » demande d’habitude un niveau %(level)s : des études longues, que "
                "vous avez écartées en répondant « Non ». Répondez « Oui, s’il le faut » pour voir "
                "ce parcours."
            ) % {"title": known[goal].title, "level": level}
        remark += " " + _("Voici vos métiers proches.")
    elif goal:
        remark = _("Le métier souhaité est déjà le vôtre : voici où il peut mener.")
    onwards = paths.onwards(start)
    return onwards, remark if onwards else _("Aucune mobilité n’est suivie depuis ce métier.")


def _levels(served: Served) -> dict[str, int]:
    """Number the usual schooling of the occupations where it is known."""
    known = served.referential.occupations.values()
    return {each.code: SCHOOLING.index(each.level) for each in known if each.level in SCHOOLING}


def _block(path: Path, served: Served) -> Block:
    known = served.referential.occupations
    names = [known[step.code].title for step in path.steps]
    note = _("À apprendre en tout : %(total)s ; à une étape, au plus : %(largest)s.")
    if path.equals:
        note += " " + ngettext(
            "%(equals)s autre parcours de même longueur en demande autant.",
            "%(equals)s autres parcours de même longueur en demandent autant.",
            path.equals,
        )
    lines = tuple(_line(each, served) for each in path.steps)
    return Block(" → ".join(names), lines, note % path._asdict(), is_brief=True)


def _line(step: Step, served: Served) -> Line:
    one = served.referential.occupations[step.code]
    marks = [near_mark(step.known, step.missing)]
    if one.level:
        marks.append(("ardoise", _("niveau : %(level)s") % {"level": one.level}))
    missing, shared = (", ".join(labels(each, served)) for each in (step.missing, step.known))
    reason = _("Rien de plus à apprendre, d’après les savoirs décrits.")
    if missing:
        reason = _("à apprendre : %(labels)s") % {"labels": missing}
    elif not shared:
        reason = _("Les savoirs de ce métier ne sont pas décrits.")
    details = (_("Déjà su à cette étape : %(labels)s.") % {"labels": shared},) if shared else ()
    return Line("", one.title, step.code, reason, marks=tuple(marks), details=details)


def _funding(rules: "Iterable[FundingRule]", contract: str, length: str) -> Block:
    """Part the rules by contract and length of training; what was not said leaves nothing out."""
    lines, left_out = [], []
    for rule in rules:
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
        lines.append(
            Line("", rule.title, reason=why, marks=(mark,), details=(rule.text,), href=rule.source)
        )
    note = _("À étudier avec un conseiller : être dans cette liste n’ouvre aucun droit.")
    if left_out:
        note += " " + _("Laissés de côté : %(rules)s.") % {"rules": ", ".join(left_out)}
    elif not lines:
        note = _("La Région n’a encore décrit aucun dispositif.")
    return Block(_("Financements à étudier"), tuple(lines), note, is_brief=True)
