"""Which occupation was typed: by its title, or by what the text engine is sure of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.demonstrator.answers import Answer
from portal.demonstrator.engines.text import LONGEST, Proposal, Reason
from portal.demonstrator.engines.words import words
from portal.demonstrator.reading import contacts_mark, ranked, title_meant
from portal.demonstrator.service import Served

NEAREST = 5
# The chances under which a title is not one to choose from: it would be noise.
LEAST = 0.01
# The share of what was typed that speaks for a title to choose from: one word of four is noise.
# Chosen on the titles of trial that their own folds leave unsure: it keeps 95 of the 105 right ones
# for which a word speaks, and drops a fifth of the wrong ones. More than half would lose two right
# ones in three; chances of 0.05 in place of LEAST, two in five.
SPEAKING = 0.5
_DAY = r"\d{1,2}(?:[/.-]\d{1,2}[/.-]|(?:er)? [a-zéû]{3,9} )\d{2,4}"
# A day, an age, and a name where a title of civility, an age or a wish says that it is one.
PERSON = re.compile(
    rf"\b(?:née?(?:\(e\))? (?:le|en) )?{_DAY}\b|\bnée?(?:\(e\))? en \d{{4}}\b"
    r"|\b[1-9]\d ans\b|\b(?:M\.|Mr|Mme|Mlle|Monsieur|Madame) [A-ZÀ-Ý][\w'’-]+"
    r"|^\s*[A-ZÀ-Ý][\w'’-]+ [A-ZÀ-Ý][\w'’-]+(?=,? \(?(?:[1-9]\d ans|née?\b|(?:ne )?ve?ut\b|"
    r"(?:voudr|aimer|souhait|cherch|rêv|désir)\w+|est\b|a [1-9]\d))"
)
RANKED = 60  # among which titles to choose from are sought


@dataclass(frozen=True)
class Named:
    """The occupation that was typed, or what to choose from.

    code: "" where it is not known. is_exact: one of its titles was typed. reasons: the words by
    which the engine knows it otherwise. nearest: titles to choose from where it is not known; each,
    typed, names its occupation. notes: how words were read.
    """

    code: str = ""
    is_exact: bool = False
    reasons: tuple[Reason, ...] = ()
    nearest: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def occupation_named(text: str, served: Served) -> Named:
    """Find the occupation that a person typed, whatever its gender, number, accents and case.

    A title of one occupation alone names it; one of several is theirs to choose from.
    """
    text = text[:LONGEST]
    known = served.referential.occupations
    titled = served.referential.titled(text)
    if len(titled) == 1:
        return Named(titled[0], is_exact=True, reasons=(Reason(0, len(text), 1.0),))
    if titled:
        return Named(nearest=tuple(known[code].title for code in titled))
    understood, found = ranked(text, served, count=RANKED, meant=title_meant)
    if found.proposals:
        best = found.proposals[0]
        return Named(best.code, reasons=understood.placed(best.reasons), notes=understood.notes)
    spoken = len(words(understood.text))
    near = (each for each in found.nearest if len(each.reasons) >= SPEAKING * spoken)
    return Named(nearest=nearest_titles(understood.text, near, served), notes=understood.notes)


def without_person(text: str) -> str:
    """Take the name, the age and the dates of somebody out of what names an occupation."""
    return PERSON.sub(contacts_mark(), text)


def nearest_titles(
    text: str, found: Iterable[Proposal], served: Served, *, least: float = LEAST
) -> tuple[str, ...]:
    """List the titles to choose from where nothing is sure: each has a word of what was typed."""
    known = served.referential.occupations
    titles = [known[each.code].title for each in found if each.confidence >= least]
    typed = {each.stem for each in words(text)}
    near = [each for each in titles if not typed.isdisjoint(one.stem for one in words(each))]
    return tuple(near[:NEAREST])


def reading(text: str, named: Named, served: Served) -> str:
    """Say what is understood where no title was typed, "" where one was."""
    if named.is_exact:
        return ""
    title = served.referential.occupations[named.code].title
    understood = _(
        "Vous écrivez « %(text)s » ; nous comprenons « %(title)s ». Si ce n’est pas ce métier, "
        "écrivez son intitulé."
    ) % {"text": text, "title": title}
    return " ".join((*named.notes, understood))


def unknown(label: str, served: Served, text: str = "") -> str:
    """Say that a field, by its label, names no occupation that is known, beside others that do."""
    count = len(served.referential.occupations)
    if text:
        return _("%(label)s : « %(text)s » n’est pas reconnu parmi les %(count)s métiers.") % {
            "label": label,
            "text": text,
            "count": count,
        }
    return _("%(label)s : non reconnu parmi les %(count)s métiers de nos fiches.") % {
        "label": label,
        "count": count,
    }


def not_named(text: str, named: Named, field: str, served: Served) -> Answer:
    """Answer that an occupation is not known; a title chosen fills the field of the form."""
    if named.nearest:
        silence = _(
            "Nous ne connaissons aucun métier sous ce nom. Choisissez un intitulé proche, ou "
            "écrivez-en un autre."
        )
    else:
        silence = _(
            "Nous ne reconnaissons aucun des %(count)s métiers de nos fiches dans ces mots. "
            "Essayez un autre intitulé en français, comme « aide à domicile » ou « maçon »."
        ) % {"count": len(served.referential.occupations)}
    return Answer(
        text=text,
        silence=silence,
        nearest=named.nearest,
        nearest_field=field,
        notes=named.notes,
    )


def labels(ids: Iterable[str], served: Served) -> list[str]:
    """Name pieces of knowledge as they stand within a sentence; acronyms keep their capitals."""
    return [served.referential.labels[each].text for each in ids]
