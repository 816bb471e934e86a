"""From a domain and a zone to needs by level, where they part, and what is not known."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.search.text import fold
from portal.demonstrator.answers import Answer, Block, Interval, Line
from portal.demonstrator.engines.ranking import TOGETHER, easier, places, together
from portal.demonstrator.engines.tension import LEVELS, Tension
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.training_procurement.form import DOMAINS
from portal.demonstrator.wording import tension_mark
from portal.lib.prose.numbers import number

SHOWN = 8
AT_ONCE = 4  # the others are opened
TENSE, MIDDLE = 4, 3  # from these levels


def answer(inputs: Mapping[str, Any], served: Served) -> Answer:
    """Answer a domain, by its letter, and a zone, "" for the whole region."""
    domain, zone = str(inputs["domain"]), str(inputs.get("zone") or "")
    if served.tension is None:
        return Answer(silence=_("Aucune donnée de tension n’est en service : rien à comparer."))
    known = served.referential.occupations
    codes = [code for code in known if code.startswith(domain)]
    codes.sort(key=lambda code: fold(known[code].title))
    read = served.tension if zone else together(served.tension, codes, list(served.zones))
    place = zone or TOGETHER
    levels = {code: each for code in codes if (each := read.level(code, place))}
    if not levels:
        return Answer(
            silence=_(
                "Aucun métier de ce domaine n’a de niveau de tension ici. Choisissez toute la "
                "région, ou un autre domaine."
            )
        )
    limits = [
        _("Ces niveaux disent une difficulté à recruter, ni un nombre d’emplois ni une cause."),
        _("À comparer beaucoup de métiers et de zones, quelques écarts nets tiennent au hasard."),
    ]
    if not zone:
        limits.append(_("Pour toute la région, l’intervalle est celui d’une zone prise au hasard."))
    if served.is_trial:
        limits.append(_("Tensions inventées pour l’essai : n’en tirez aucun achat."))
    return Answer(
        (
            _apart(levels, [zone] if zone else list(served.zones), served),
            _shared(levels, served),
            _unknown(levels, [known[code].title for code in codes if code not in levels]),
        ),
        notes=(_told_apart(levels),),
        limits=tuple(limits),
        intervals=tuple(_intervals(levels, served)),
        title=_("Tensions de recrutement : %(domain)s, %(zone)s")
        % {
            "domain": DOMAINS.get(domain, domain),
            "zone": served.zones[zone] if zone else _("toute la région"),
        },
    )


def _intervals(levels: Mapping[str, Tension], served: Served) -> Iterator[Interval]:
    """Give the rows of the table: the highest level first, then in the order of the alphabet."""
    placed = places(levels)
    for code, each in sorted(levels.items(), key=lambda pair: -pair[1].level):
        title = served.referential.occupations[code].title
        yield Interval(title, code, each.level, each.low, each.high, *placed[code], len(levels))


def _told_apart(levels: Mapping[str, Tension]) -> str:
    """Say how many occupations are surely above another."""
    count = len(levels)
    above = sum(last < count for _first, last in places(levels).values())
    if not above:
        return _(
            "Aucun des %(count)s métiers ne se distingue des autres : leurs intervalles se "
            "touchent."
        ) % {"count": count}
    return ngettext(
        "%(above)s métier sur %(count)s est nettement au-dessus d’un autre au moins ; pour le "
        "reste, les intervalles se touchent et rien ne dit qui est devant.",
        "%(above)s métiers sur %(count)s sont nettement au-dessus d’un autre au moins ; pour le "
        "reste, les intervalles se touchent et rien ne dit qui est devant.",
        above,
    ) % {"above": above, "count": count}


def _apart(codes: Mapping[str, Tension], asked: Sequence[str], served: Served) -> Block:
    """Name where an occupation is clearly harder to recruit for than elsewhere in the region."""
    ranked = []
    for code in codes:
        counts = easier(served.tension, code, served.zones) if served.tension else {}
        tense = [each for each in asked if _is_tense(served, code, each)]
        most = max((counts.get(each, 0) for each in tense), default=0)
        if not most:
            continue
        where = [each for each in tense if counts.get(each) == most]
        reason = ngettext(
            "%(zones)s : nettement plus tendu que dans l’autre zone connue",
            "%(zones)s : nettement plus tendu que dans %(most)s des %(others)s autres zones "
            "connues",
            len(counts) - 1,
        ) % {
            "zones": ", ".join(served.zones[each] for each in where),
            "most": most,
            "others": len(counts) - 1,
        }
        title = served.referential.occupations[code].title
        marks = tension_mark(served, code, where[0])
        ranked.append((most, Line("", title, code, reason, marks=marks)))
    note = _("Nettement : l’intervalle est tout entier au-dessus. À nombre égal, ex æquo.")
    if not ranked:
        note = _("Aucun écart net, pour ce domaine, avec une autre zone.")
    title = _("Où recruter est le plus difficile, par rapport aux autres zones")
    return Block(title, _first(ranked), note, first=AT_ONCE)


def _is_tense(served: Served, code: str, zone: str) -> bool:
    """Tell whether a level is no low one: to be above others that are lower still is no need."""
    level = served.tension.level(code, zone) if served.tension else None
    return level is not None and level.level >= MIDDLE


def _shared(levels: Mapping[str, Tension], served: Served) -> Block:
    """List the knowledge that several tense occupations ask: a training would serve them all."""
    known = served.referential.occupations
    tense = [known[code] for code, level in levels.items() if level.level >= TENSE]
    asking: dict[str, list[str]] = defaultdict(list)
    for each in tense:
        for one in each.knowledge:
            asking[one].append(each.title)
    ranked = []
    for one, titles in asking.items():
        if len(titles) > 1:
            label = served.referential.knowledge[one]
            reason = _(
                "demandé par %(count)s des %(tense)s métiers en tension forte ou très forte"
            ) % {"count": len(titles), "tense": len(tense)}
            ranked.append(
                (len(titles), Line("", label, reason=reason, details=tuple(titles), is_french=True))
            )
    note = _("À nombre égal, ex æquo.")
    if not ranked:
        note = _("Aucun savoir n’est commun à deux métiers en tension forte de ce domaine.")
    title = _("Savoirs communs : une formation utile à plusieurs")
    return Block(title, _first(ranked), note, True, AT_ONCE, is_brief=True)


def _unknown(levels: Mapping[str, Tension], without: Sequence[str]) -> Block:
    """Say what these data do not tell."""
    wide = sum(each.high - each.low + 1 for each in levels.values()) / len(levels)
    unknown = {
        _("L’effet d’une formation"): _(
            "Rien ne dit ici que former réduirait la tension : salaire, horaires, logement ou "
            "transport peuvent l’expliquer."
        ),
        _("L’offre en place"): _(
            "Ni places déjà achetées, ni inscrits, ni souhaits des personnes : à rapprocher avant "
            "de décider."
        ),
        _("Le niveau exact"): _("En moyenne, un intervalle couvre %(wide)s niveaux sur %(all)s.")
        % {"wide": number(wide, 1), "all": LEVELS},
    }
    if without:
        unknown[_("Les métiers sans niveau : %(count)s") % {"count": len(without)}] = _(
            "Sans rang ici, ce qui ne veut pas dire sans besoin : %(titles)s."
        ) % {"titles": ", ".join(without)}
    lines = tuple(Line("", title, reason=reason) for title, reason in unknown.items())
    return Block(_("Ce qu’on ne sait pas"), lines, is_dense=True)


def _first(counted: list[tuple[int, Line]]) -> tuple[Line, ...]:
    """Keep the lines of the highest counts, and all those that equal the last kept."""
    ranked = sorted(counted, key=lambda each: (-each[0], fold(each[1].title)))
    least = ranked[SHOWN - 1][0] if len(ranked) >= SHOWN else 0
    return tuple(line for count, line in ranked if count >= least)
