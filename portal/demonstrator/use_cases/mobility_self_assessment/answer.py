"""From a present occupation to where a project stands, ten moves, and what to bring along."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.demonstrator.answers import Answer, Block, Line
from portal.demonstrator.engines.moves import Move
from portal.demonstrator.naming import labels, not_named, occupation_named, reading
from portal.demonstrator.referential import Occupation
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.mobility_self_assessment.criteria import (
    CRITERIA,
    STRAINS,
    WORN,
    Criterion,
)
from portal.demonstrator.use_cases.mobility_self_assessment.maturity import SIGNS, STAGES, stage_of
from portal.demonstrator.wording import near_mark, tension_mark

MOVES, OUTSIDE = 10, 3
TICKED = 3  # of the moves, the first: they are shown, and are the sheet until somebody chooses
FEW = 2  # pieces of knowledge under which a move comes after the others
WISHES = 0.25  # what meeting all the wishes weighs, beside score and shared knowledge


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer an occupation. inputs: occupation, zone; lists of keys: constraints, signs, steps."""
    text = str(inputs["occupation"]).strip()
    named = occupation_named(text, served)
    if not named.code:
        return not_named(text, named, "occupation", served)
    known = served.referential.occupations
    wanted = [each for each in CRITERIA if each.key in (inputs.get("constraints") or ())]
    is_typed = "body" not in (inputs.get("signs") or ()) and bool(WORN.search(text))
    is_worn = is_typed or "body" in (inputs.get("signs") or ())
    moves = _moves(named.code, wanted, served, is_worn=is_worn)
    zone = str(inputs.get("zone") or "")
    lines = [
        replace(_line(each, wanted, zone, served, is_worn=is_worn), is_kept=at < TICKED)
        for at, each in enumerate(moves)
    ]
    stands = _maturity(inputs.get("signs") or (), inputs.get("steps") or ())
    blocks = (
        Block(
            _("Où vous en êtes"),
            tuple(stands),
            _("La première étape dont une case reste à cocher. Ce repère ne vous note pas."),
        ),
        Block(
            _("Des pistes depuis votre métier"),
            tuple(lines),
            _leaving(named.code, moves),
            first=TICKED,
            share=_("Savoirs en commun"),
        ),
        Block(
            _("À apporter au conseiller"),
            tuple(_to_bring(named.code, wanted, served)),
            _("Cette fiche est à vous : imprimez-la, rayez, ajoutez. Rien n’est transmis."),
            is_to_do=True,
        ),
    )
    understood = reading(text, named, served)
    return Answer(
        tuple(each for each in blocks if each.lines),
        text,
        named.reasons,
        notes=(
            *([understood] if understood else []),
            *([_on_strain(moves, served)] if is_worn and moves else []),
            *(
                []
                if lines
                else [_("Aucune piste connue depuis ce métier : parlez-en à quelqu’un.")]
            ),
        ),
        offers=(("signs", "body", str(SIGNS[0].text)),) if is_typed else (),
        limits=(_("Un premier repère sur des métiers, pas un avis sur vous."),),
        title=_("Depuis le métier : %(title)s") % {"title": known[named.code].title},
    )


def _maturity(signs: Collection[str], done: Collection[str]) -> Iterable[Line]:
    """Say the stage with the steps that are left in it, then what helps with each sign."""
    at = stage_of(done)
    title, steps = STAGES[at]
    left = [str(each.lever) for each in steps if each.key not in done]
    yield Line(
        "",
        _("Étape %(at)s sur %(all)s : %(title)s")
        % {"at": at + 1, "all": len(STAGES), "title": title},
        reason=" ".join(left) or _("Fixez une date, et écrivez comment revenir en arrière."),
    )
    for sign in SIGNS:
        if sign.key in signs:
            yield Line("", str(sign.text), reason=str(sign.lever))


def _moves(
    code: str, wanted: Collection[Criterion], served: Served, *, is_worn: bool
) -> list[Move]:
    """Rank the moves by score and shared knowledge, then by the wishes; none is taken out.

    Those that share hardly anything come last, whatever their score; for a body that work wears,
    those whose conditions weigh on it come after the others.
    """
    known = served.referential.occupations
    try:
        ranked = served.moves.rank(code, count=MOVES, outside=OUTSIDE) if served.moves else ()
    except KeyError:
        return []

    def order(move: Move) -> tuple[int, bool, float]:
        met = sum(each.is_met(known[move.code].environment) for each in wanted)
        fits = WISHES * met / len(wanted) if wanted else 0.0
        strains = len(_strains(known[move.code])) if is_worn else 0
        return strains, len(move.shared) < FEW, -(move.score + 1 - move.distance) / 2 - fits

    return sorted((each for each in ranked if each.code in known), key=order)


def _strains(one: Occupation) -> list[str]:
    """List what weighs on a body in the conditions of an occupation."""
    return [each for each in one.environment if each in STRAINS]


def _on_strain(moves: Collection[Move], served: Served) -> str:
    """Say what a worn body changed; or that the référentiel does not know what weighs on it."""
    known = served.referential.occupations
    if not any(known[each.code].environment for each in moves):
        return _(
            "Votre corps est usé par le travail : nos fiches ne disent pas l’effort physique de "
            "ces métiers. Demandez-le, et voyez le médecin du travail."
        )
    return _(
        "Votre corps est usé par le travail : les métiers avec port de charges ou station debout "
        "passent après les autres, et le disent. Voyez aussi le médecin du travail."
    )


def _line(
    move: Move, wanted: Collection[Criterion], zone: str, served: Served, *, is_worn: bool
) -> Line:
    one = served.referential.occupations[move.code]
    stated = [each for each in wanted if each.trait in one.environment]
    met = [str(each.text) for each in stated if each.is_wanted]
    against = [str(each.text) for each in stated if not each.is_wanted]
    unsaid = [str(each.text) for each in wanted if each not in stated]
    marks = [near_mark(move.shared, move.missing)]
    if is_worn:
        marks += [("garance", each) for each in _strains(one)]
    if one.level:
        marks.append(("ardoise", _("niveau : %(level)s") % {"level": one.level}))
    marks += tension_mark(served, move.code, zone)
    details = [
        one.definition,
        _listed(_("Vous savez déjà : %(list)s."), labels(move.shared, served)),
        _listed(_("À apprendre : %(list)s."), labels(move.missing, served)),
    ]
    if wanted and one.environment:
        counts = (
            (_("%(n)s contre"), against),
            (_("%(n)s selon"), met),
            (_("%(n)s non dit"), unsaid),
        )
        counted = ", ".join(text % {"n": len(each)} for text, each in counts if each)
        tone = "ocre" if against else "ardoise" if unsaid else "calanque"
        marks.append((tone, _("critères : %(list)s") % {"list": counted}))
        details.append(_listed(_("Selon vos critères : %(list)s."), met))
        details.append(_listed(_("Contre vos critères : %(list)s."), against))
        details.append(_listed(_("Non dit, à demander : %(list)s."), unsaid))
    elif wanted:
        details.append(_("Conditions de travail non renseignées : demandez-les."))
    return Line(
        f"m-{move.code}",
        one.title,
        move.code,
        _reason(move),
        share=1 - move.distance,
        marks=tuple(marks),
        details=tuple(each for each in details if each),
    )


def _reason(move: Move) -> str:
    count, asked = len(move.shared), len(move.shared) + len(move.missing)
    if not count:
        return _("parce qu’on y passe parfois ; nos fiches n’y voient pas de savoir commun")
    counted = ngettext(
        "parce que vous avez déjà %(count)s savoir sur %(asked)s",
        "parce que vous avez déjà %(count)s savoirs sur %(asked)s",
        count,
    )
    return counted % {"count": count, "asked": asked}


def _leaving(code: str, moves: Collection[Move]) -> str:
    """Say how many leave the domain, which is the first letter of a code."""
    away = sum(each.code[0] != code[0] for each in moves)
    counted = ngettext(
        "%(away)s piste sur %(all)s quitte votre domaine. Cochez celles à garder sur la fiche.",
        "%(away)s pistes sur %(all)s quittent votre domaine. Cochez celles à garder sur la fiche.",
        away,
    ) % {"away": away, "all": len(moves)}
    order = _(
        "Le pourcentage est la part des savoirs demandés que vous avez déjà ; proche : un tiers au "
        "moins. L’ordre tient pour moitié à ces savoirs, pour moitié au lien que le référentiel "
        "fait entre les deux métiers, puis à vos critères ; moins de deux savoirs : à la fin."
    )
    return f"{order} {counted}"


def _to_bring(code: str, wanted: Collection[Criterion], served: Served) -> Iterable[Line]:
    one = served.referential.occupations[code]
    crossed = _("votre métier : rayez ce que vous n’y faites pas, ajoutez ce qui manque")
    known = ", ".join(labels(one.knowledge, served))
    yield Line("", one.title, code, crossed, details=(known,) if known else ())
    if wanted:
        yield Line("", _("Vos critères"), reason=", ".join(str(each.text) for each in wanted))
    yield Line("", _("Qui peut me faire rencontrer ce métier, ou m’y accueillir quelques jours ?"))
    yield Line("", _("Quelle formation mène à ce qui me manque, et en combien de temps ?"))
    yield Line("", _("Qui paie, et de quoi vivrai-je pendant ce temps ?"))


def _listed(sentence: str, words: Collection[str]) -> str:
    return sentence % {"list": ", ".join(words)} if words else ""
