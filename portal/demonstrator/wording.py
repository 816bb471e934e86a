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
BARRED = re.compile(
    r"\b(?:(?:pas|ni|sans|sauf) (?:de |d['’])?)?"
    r"(?:jeunes?(?! enfants?| public)|hommes?(?! d.entretien| de ménage)"
    r"|(?<!sage.)femmes?(?! de (?:ménage|chambre))(?: enceintes?)?|pas enceintes?"
    rf"|jolies?(?=\s*(?:[,.;:!?)]|$|(?:et|qui|pour)\b|(?:jeunes? )?{_SOMEBODY}))"
    rf"|belles?(?= (?:jeunes? )?{_SOMEBODY})|célibataires?|sans enfants?"
    r"|(?:(?:un|une|des|que|jeunes?|hommes?|femmes?|nationalité) )+françaises?"
    r"|(?:(?:un|une|des|que|jeunes?|hommes?|femmes?) )+français"
    r"|pas d.(?:étrang\w+|arabes?|noirs?)|moins de \d\d ans)\b",
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
    barred = list(BARRED.finditer(text))
    if not barred:
        return text, ()
    recalled = _(
        "Nous n’avons pas compté %(words)s, et la fiche ne le reprend pas : pour choisir qui "
        "embaucher, l’âge, le sexe, l’origine, l’apparence, la grossesse ou la situation de "
        "famille sont des critères interdits (Code du travail, art. L1132-1)."
    )
    words = ", ".join(dict.fromkeys(f"« {each.group()} »" for each in barred))
    return BARRED.sub(lambda each: " " * len(each.group()), text), (recalled % {"words": words},)


def struck(text: str) -> str:
    """Write a text without the words that no offer may ask for, as it is taken away."""
    return BARRED.sub(_("(critère interdit, retiré)"), text)


def careful(answer: Answering) -> Answering:
    """Answer words of distress, in any field, by who listens; anything else as it was.

    Words that may be those of a job, as « prévenir le suicide », are answered beside that. What was
    taken out of a text is said so.
    """

    def answer_with_care(inputs: Mapping[str, Any], served: Served) -> Answer:
        texts = " \n".join(each for each in inputs.values() if isinstance(each, str))
        if not (DISTRESS.search(texts) or OF_DEATH.search(texts)):
            other = answer(inputs, served)
            if contacts_mark() in texts:
                return replace(other, notes=(_contacts_note(), *other.notes))
            return other
        listening = _(
            "Si vous pensez à la mort ou au suicide, vous pouvez en parler tout de suite : le "
            "3114, numéro national de prévention du suicide, est gratuit, ouvert 24 h/24 et "
            "7 j/7. En cas de danger immédiat, appelez le 15 ou le 112."
        )
        other = answer(inputs, served)
        if other.silence or DISTRESS.search(texts):
            return Answer(silence=listening)
        return replace(other, notes=(listening, *other.notes))

    return answer_with_care


def _contacts_note() -> str:
    return _(
        "Nous avons retiré les coordonnées (adresse, téléphone, courriel) de ce texte : elles "
        "n’ont pas été lues et ne sont sur aucune fiche."
    )
