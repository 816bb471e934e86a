"""How use cases say what several of them say: words quoted, a level of tension."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.demonstrator.answers import Answer
from portal.demonstrator.served import Served

Answering = Callable[[Mapping[str, Any], Served], Answer]
QUOTED = 3
LEVELS = (
    gettext_lazy("très faible"),
    gettext_lazy("faible"),
    gettext_lazy("moyenne"),
    gettext_lazy("forte"),
    gettext_lazy("très forte"),
)
TONES = ("ardoise", "ardoise", "calanque", "ocre", "garance")

# What no offer may ask for, save where it names who is served or an old title.
BARRED = re.compile(
    r"\b(?:jeunes?(?! enfants?| public)|hommes?(?! d.entretien| de ménage)"
    r"|(?<!sage.)femmes?(?! de (?:ménage|chambre))|célibataires?|sans enfants?|pas enceinte"
    r"|(?:(?:un|une|des|que|jeunes?|hommes?|femmes?|nationalité) )+françaises?"
    r"|(?:(?:un|une|des|que|jeunes?|hommes?|femmes?) )+français"
    r"|pas d.(?:étrang\w+|arabes?|noirs?)|moins de \d\d ans)\b",
    re.IGNORECASE,
)
DISTRESS = re.compile(
    r"\b(?:mourir|suicid\w*|me (?:tuer|pendre|supprimer|faire du mal)"
    r"|(?:veux|vais) en finir|en finir avec (?:la|ma) vie"
    r"|(?:plus|pas) envie de vivre|veux plus vivre)\b",
    re.IGNORECASE,
)


class Span(Protocol):
    """A part of a text: two places in it."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def quoted(text: str, spans: Iterable[Span]) -> str:
    """Quote the first parts of a text, in the order where they stand."""
    first = sorted(list(spans)[:QUOTED], key=lambda each: each.start)
    return ", ".join(f"« {text[each.start : each.end]} »" for each in first)


def tension_mark(served: Served, code: str, zone: str) -> tuple[tuple[str, str], ...]:
    """Say how hard it is to recruit for an occupation in a zone, with its doubt, where known."""
    found = served.tension.level(code, zone) if served.tension and zone else None
    if found is None:
        return ()
    said = _("tension %(level)s") % {"level": LEVELS[found.level - 1]}
    if found.low < found.high:
        low, high = LEVELS[found.low - 1], LEVELS[found.high - 1]
        said = _("%(said)s (de %(low)s à %(high)s)") % {"said": said, "low": low, "high": high}
    return ((TONES[found.level - 1], said),)


def without_barred(text: str) -> tuple[str, tuple[str, ...]]:
    """Blank the words of a text that no offer may ask for, and recall the law where there are some.

    Every other character stays where it stands.
    """
    found = list(BARRED.finditer(text))
    if not found:
        return text, ()
    recalled = _(
        "Nous n’avons pas compté %(words)s : pour choisir qui embaucher, l’âge, le sexe, l’origine "
        "ou la situation de famille sont des critères interdits (Code du travail, art. L1132-1)."
    )
    words = ", ".join(dict.fromkeys(f"« {each.group()} »" for each in found))
    return BARRED.sub(lambda each: " " * len(each.group()), text), (recalled % {"words": words},)


def careful(answer: Answering) -> Answering:
    """Answer words of distress, in any field, by who listens; anything else as it was."""

    def heard(said: Mapping[str, Any], served: Served) -> Answer:
        if not any(isinstance(each, str) and DISTRESS.search(each) for each in said.values()):
            return answer(said, served)
        return Answer(
            silence=_(
                "Si vous pensez à la mort ou au suicide, vous pouvez en parler tout de suite : le "
                "3114, numéro national de prévention du suicide, est gratuit, ouvert 24 h/24 et "
                "7 j/7. En cas de danger immédiat, appelez le 15 ou le 112."
            )
        )

    return heard
