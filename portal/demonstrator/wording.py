"""How use cases say what several of them say: words quoted, a level of tension."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.demonstrator.answers import Answer
from portal.demonstrator.engines.moves import is_near
from portal.demonstrator.reading import contacts_mark
from portal.demonstrator.service import Served

Answering = Callable[[Mapping[str, Any], Served], Answer]
QUOTED = 3
LEVEL_NAMES = (
    gettext_lazy("très faible"),
    gettext_lazy("faible"),
    gettext_lazy("moyenne"),
    gettext_lazy("forte"),
    gettext_lazy("très forte"),
)
TONES = ("ardoise", "ardoise", "calanque", "ocre", "garance")

# What no offer may ask for, save where it names who is served or an old title.
_SOMEBODY = r"(?:\w+(?:euse|ière|trice)s?|filles?|femmes?|hôtesses?|secrétaires?|personnes?)\b"
# Where a word of colour, as « un noir », is somebody: no thing follows it.
_ALONE = (
    r"(?=\s*(?:[,.;:!?)»\n]|$|(?:et|ou|ni|mais|qui|pour|de préférence|si possible|"
    r"costauds?|motivée?s?|sérieu\w+)\b))"
)
_ORIGIN = (
    r"(?:noire?s?|blanc(?:he)?s?|arabes?|beurs?|maghrébin\w*|africain\w*|asiatiques?|européen\w*"
    r"|étrang\w+|gitan\w*|roms?|musulman\w*|jui(?:f|ve)s?|chrétien\w*|catholiques?)"
)
_NOT = r"(?:pas|ni|sans|sauf|non)[ -](?:de |d['’]|(?:une?|trop|être) )*"
BARRED = re.compile(
    r"\b(?:(?:pas|ni|sans|sauf) (?:de |d['’])?)?"
    r"(?:jeunes?(?! enfants?| public)|hommes?(?! d.entretien| de ménage)"
    r"|(?<!sage.)femmes?(?! de (?:ménage|chambre))(?: enceintes?)?"
    rf"|jolies?(?=\s*(?:[,.;:!?)]|$|(?:et|qui|pour)\b|(?:jeunes? )?{_SOMEBODY}))"
    rf"|belles?(?= (?:jeunes? )?{_SOMEBODY})|célibataires?|sans enfants?"
    r"|(?:(?:un|une|des|que|jeunes?|hommes?|femmes?|nationalité) )+françaises?"
    r"|(?:(?:un|une|des|que|jeunes?|hommes?|femmes?) )+français"
    r"(?! (?:correct|courant|parfait|écrit|oral))"
    r"|français(?:es?)? de souche"
    rf"|(?:(?:une?|des|que|deux|plutôt|quelqu['’]un de|qqn de|personnes?|"
    rf"hommes?|femmes?|gars|gens) )+{_ORIGIN}{_ALONE}"
    rf"|{_NOT}(?:{_ORIGIN}{_ALONE}|voilée?s?|(?:voiles?|foulards?){_ALONE}|croyante?s?|pratiquante?s?"
    r"|vieux|vieilles?|âgée?s?|seniors?|enceintes?|projets? de grossesse|grossesses?"
    r"|handicapée?s?|syndiquée?s?|homosexuel\w*)"
    r"|tomb\w+ enceinte|(?<!roue )(?<!roues )(?<!jante )(?<!jantes )voilée?s?"
    rf"|(?:trop|une?|des) (?:vieux|vieilles?){_ALONE}"
    r"|(?:plus|moins) de (?:1[89]|[2-6]\d) ans(?! d(?:e |['’])(?:exp|méti|prati|ancien|exist|mais))"
    r"|entre (?:1[89]|[2-6]\d) et [2-6]\d ans|[2-6]\d ans max\w*)\b",
    re.IGNORECASE,
)
# What stands before those who are served or dressed, not sought.
_AMONG = (
    r"(?:[\s/&]*\b(?:de|des|du|les?|la|une?|aux?|à|et|ou|[dl]['’]|deux|trois|plusieurs|[mts]es|nos|"
    r"[mts]on|[mts]a|ce(?:tte|s)?|(?:jeunes?|vieux|vieilles?|hommes?|femmes?|enfants?),?)(?!(?<=\w)\w))"
)
SERVED = re.compile(
    rf"(?:(?<!poste )(?<!travail )(?<!emploi )(?<!place )\bpour|\b(?:auprès|chez|avec)"
    r"|\b(?:coiff\w+|barbier|coupes?|rayons?|mode|porter|vêtements?|chaussures?|salons?)"
    rf"|\b(?:foyers?|maison|centre|public|clientèle|groupes?|(?:aid|accompagn|gard|encadr|form|anim|"
    r"conseill|habill|soign|lav|visit|transport|surveill|éduqu|orient|occup|mass|peign)er?"
    rf"|accueillir|servir|peindre|suivre)(?=\s+(?:d|l|u|à|au|[mts][eoa]|nos|ce|plu|tr)|(?:(?<=r)|(?<=re))\s+$)){_AMONG}*\s*$",
    re.IGNORECASE,
)
DISTRESS = re.compile(
    r"\b(?:(?:je|vais|veux|voudrais|aimerais|envie|préfère)(?: \w+)?(?: de)? mourir"
    r"|me suicider|me (?:tuer|pendre|supprimer|faire du mal)"
    r"|(?:veux|vais) en finir|en finir avec (?:la|ma) vie"
    r"|(?:plus|pas) envie de vivre|veux plus vivre)\b",
    re.IGNORECASE,
)
OF_DEATH = re.compile(r"\b(?:mourir|suicid\w*)\b", re.IGNORECASE)


# Said of oneself, harassment is answered alone; as « prévenir le harcèlement », beside a job.
HARASSED = re.compile(
    r"\b(?:(?:me|m['’]|suis|fais|été|être|nous|on)\s*(?:\w+ )?har[cç][eèé]l\w*"
    r"|subis \w+ harcèlement)",
    re.IGNORECASE,
)
OF_HARASSMENT = re.compile(r"\bharc[eèé]l\w*", re.IGNORECASE)


class Span(Protocol):
    """A part of a text: two places in it."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def quoted(text: str, spans: Iterable[Span], *, most: int = QUOTED) -> str:
    """Quote the first parts of a text, each once, in the order where they stand."""
    first = sorted(list(spans)[:most], key=lambda each: each.start)
    return ", ".join(dict.fromkeys(f"« {text[each.start : each.end]} »" for each in first))


def tension_mark(served: Served, code: str, zone: str) -> tuple[tuple[str, str], ...]:
    """Say how hard it is to recruit for an occupation in a zone, with its doubt, where known."""
    tension = served.tension.level(code, zone) if served.tension and zone else None
    if tension is None:
        return ()
    names = {
        "level": LEVEL_NAMES[tension.level - 1],
        "low": LEVEL_NAMES[tension.low - 1],
        "high": LEVEL_NAMES[tension.high - 1],
    }
    text = _("tension %(level)s")
    if tension.low < tension.high:
        text = _("tension %(level)s (de %(low)s à %(high)s)")
    return ((TONES[tension.level - 1], text % names),)


def near_mark(known: Collection[str], missing: Collection[str]) -> tuple[str, str]:
    """Say whether enough of what an occupation asks is known."""
    if is_near(known, missing):
        return "calanque", _("métier proche")
    return "ardoise", _("plus éloigné")


def without_barred(text: str) -> tuple[str, tuple[str, ...]]:
    """Blank the words of a text that no offer may ask for, and recall the law where there are some.

    Every other character stays where it stands.
    """
    barred = _barred(text)
    if not barred:
        return text, ()
    recalled = _(
        "Nous n’avons pas compté %(words)s, et la fiche ne le reprend pas : pour choisir qui "
        "embaucher, l’âge, le sexe, l’origine, la religion, l’apparence, la santé, la grossesse "
        "ou la situation de famille sont des critères interdits (Code du travail, art. L1132-1)."
    )
    words = ", ".join(dict.fromkeys(f"« {each.group()} »" for each in barred))
    return _by(text, barred, " "), (recalled % {"words": words},)


def struck(text: str) -> str:
    """Write a text without the words that no offer may ask for, as it is taken away."""
    return _by(text, _barred(text), _("(critère interdit, retiré)"))


def _barred(text: str) -> list[re.Match[str]]:
    """Find what no offer may ask for of who is sought: not of whom one serves."""
    return [each for each in BARRED.finditer(text) if not SERVED.search(text[: each.start()])]


def _by(text: str, parts: Iterable[re.Match[str]], other: str) -> str:
    """Write something else for parts of a text: a space as often as they have characters."""
    for each in reversed([*parts]):
        instead = other * len(each.group()) if other == " " else other
        text = text[: each.start()] + instead + text[each.end() :]
    return text


def careful(answer: Answering) -> Answering:
    """Answer words of distress or harassment, in any field, by who listens; else as it was.

    Words that may be those of a job, as « prévenir le suicide », are answered beside that. What was
    taken out of a text is said so.
    """

    def answer_with_care(inputs: Mapping[str, Any], served: Served) -> Answer:
        texts = " \n".join(each for each in inputs.values() if isinstance(each, str))
        other = answer(inputs, served)
        listening = [
            (said_of_oneself, who)
            for said_of_oneself, of_others, who in (
                (DISTRESS, OF_DEATH, _who_listens),
                (HARASSED, OF_HARASSMENT, _who_helps),
            )
            if said_of_oneself.search(texts) or of_others.search(texts)
        ]
        if any(other.silence or each.search(texts) for each, _who in listening):
            return Answer(silence=" ".join(who() for _each, who in listening))
        notes = [who() for _each, who in listening]
        if contacts_mark() in texts and not notes:
            notes.append(_contacts_note())
        return replace(other, notes=(*notes, *other.notes))

    return answer_with_care


def _who_listens() -> str:
    return _(
        "Si vous pensez à la mort ou au suicide, vous pouvez en parler tout de suite : le "
        "3114, numéro national de prévention du suicide, est gratuit, ouvert 24 h/24 et "
        "7 j/7. En cas de danger immédiat, appelez le 15 ou le 112."
    )


def _who_helps() -> str:
    return _(
        "Si vous êtes harcelé à l’école ou en ligne, le 3018, gratuit et confidentiel, écoute les "
        "jeunes et leurs parents. Au travail, parlez-en au médecin du travail ou à l’inspection du "
        "travail. En cas de danger immédiat, appelez le 17 ou le 112."
    )


def _contacts_note() -> str:
    return _(
        "Nous avons retiré les coordonnées (adresse, téléphone, courriel) et, d’un métier, nom, "
        "âge et date : ils n’ont pas été lus et ne sont sur aucune fiche."
    )
