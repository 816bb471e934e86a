"""What is read of a sentence: neither how to reach somebody, nor what it refuses; slips mended."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from catalogue.search.text import allowed, distance
from portal.demonstrator.engines.text import LONGEST, Ranking, Reason
from portal.demonstrator.engines.words import Word, folded, words
from portal.demonstrator.referential import Referential
from portal.demonstrator.service import Served
from portal.lib.prose import personal_data

# A number and a street with its name, its town or none. What one may count, as « 3 cours », is a
# street where its name has a capital.
STREET = re.compile(
    r"(?<!\d)\d{1,4}(?: ?(?:bis|ter|quater))?,? (?i:(?:rue|avenue|av\.|boulevard|bd|impasse)(?= )|"
    r"(?:allées?|chemin|cours|montée|place|quai|route|traverse)"
    r"(?= (?:(?:de|du|des|la|le|les) )*(?:[dl]['’])?(?-i:[A-ZÀ-Ý])))"
    r"(?: (?:de|du|des|la|le|les)\b)*(?: [dl]['’]| )[\w-]+"
    r"(?: [A-ZÀ-Ý][\w-]*)*(?:,? \d{5}\b(?: [A-ZÀ-Ý][\w-]*)*)?"
)
# What is not wanted, to the end of its clause. « Plus » refuses after « ne » alone.
REFUSED = re.compile(
    r"(?:\b(?:ne |n['’])[^,.;:!?\n]{1,25}?\bplus\b|(?<!pourquoi )\bpas\b|"
    r"\b(?:jamais|ni|sauf|aucune?)\b|(?<!non )\bsans\b(?![ -](?:abri|domicile|emploi|papier)))"
    r"(?! (?:peur|mal|loin|que|seulement|uniquement|trop|toujours|forcément|à pas)\b)"
    r"[^,.;:!?()\n]{3,}?(?=\s*(?:[,.;:!?()\n]|$|\b(?:mais|puis|ni|sauf)\b|"
    r"\bpour \w+(?:er|ir|re)\b|\bet (?:[jn]['’]|je|on|nous|il|elle|qui|une?|\w+(?:er|ir|re))\b))",
    re.IGNORECASE,
)
# A verb that says no to a fear or to a bother: what follows is accepted.
ACCEPTED = re.compile(r"\b(?:hésit|crain|crai|dérang|gên|rechign)\w*\s*$", re.IGNORECASE)
# A shorter word that is not known is too often another French word than a slip.
SHORTEST = 7
CLIPPED = 4  # letters of a word cut short, as « compta »
MOST_READ = 8  # unknown words
SITE = re.compile(r"\b(?:https?://|www\.)\S*\w")


def contacts_mark() -> str:
    """Give what stands where contact details were."""
    return _("(coordonnées retirées)")


def without_contacts(text: str) -> str:
    """Take e-mail addresses, telephone numbers, sites and streets with their number out of a text.

    So are the numbers of a person or of a bank account.
    """
    mark = contacts_mark()
    return personal_data.strike(STREET.sub(mark, SITE.sub(mark, text)), kept="", by=mark)


@dataclass(frozen=True)
class Reading:
    """What the engines read of a text, and what must be said of it.

    mended: the words read otherwise, each by its place in what was typed and by what is read.
    """

    typed: str
    text: str
    mended: tuple[tuple[int, int, str], ...] = ()
    notes: tuple[str, ...] = ()

    def words(self) -> list[Word]:
        """List the words that are read, each where it was typed."""
        return [Word(each.stem, *self._place(each.start, each.end)) for each in words(self.text)]

    def placed(self, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
        """Put reasons where they were typed."""
        return tuple(
            replace(each, start=start, end=end)
            for each in reasons
            for start, end in [self._place(each.start, each.end)]
        )

    def _place(self, start: int, end: int) -> tuple[int, int]:
        moved = 0
        for first, last, word in self.mended:
            if first + moved == start:
                return first, last
            if first + moved < start:
                moved += len(word) - (last - first)
        return start - moved, end - moved


def ranked(text: str, served: Served, *, count: int, left: str = "") -> tuple[Reading, Ranking]:
    """Rank the occupations that a text may mean by what is read of it.

    As in the catalogue's search, words are read otherwise where nothing is sure as they stand, and
    something then is. left: what is left of the text, each character in its place.
    """
    reading = read(text, left=left)
    found = served.text.rank(reading.text, count=count)
    if not found.proposals:
        mended = _mended(reading, served.referential)
        again = served.text.rank(mended.text, count=count) if mended.mended else found
        if again.proposals:
            return mended, again
    return reading, found


def read(text: str, *, left: str = "") -> Reading:
    """Read a text: what it refuses is not counted, which is noted. left: as for `ranked`."""
    kept = (left or text)[:LONGEST].replace(contacts_mark(), " " * len(contacts_mark()))
    refused = [each for each in REFUSED.finditer(kept) if not ACCEPTED.search(kept[: each.start()])]
    for each in refused:
        kept = kept[: each.start()] + " " * len(each.group()) + kept[each.end() :]
    if not refused:
        return Reading(text, kept)
    quoted = ", ".join(f"« {text[each.start() : each.end()]} »" for each in refused)
    note = _("Compris comme refusé, donc pas compté : %(words)s.") % {"words": quoted}
    return Reading(text, kept, notes=(note,))


def _mended(reading: Reading, known: Referential) -> Reading:
    """Read each unknown word as the nearest of those of titles, and note it."""
    text = reading.text
    typed = words(text)
    unknown = [each for each in typed if each.stem not in known.stems][:MOST_READ]
    meant = [(each, _meant(text[each.start : each.end], known)) for each in unknown]
    if meant and typed[0] == unknown[0] and not meant[0][1]:
        meant[0] = (typed[0], _cut_short(text[typed[0].start : typed[0].end], known))
    mended = tuple((word.start, word.end, other) for word, other in meant if other)
    notes = tuple(
        _("« %(typed)s » lu comme « %(meant)s ».") % {"typed": text[first:last], "meant": other}
        for first, last, other in mended
    )
    for first, last, other in reversed(mended):
        text = text[:first] + other + text[last:]
    return replace(reading, text=text, mended=mended, notes=(*reading.notes, *notes))


def _meant(typed: str, known: Referential) -> str:
    """Find the word of titles nearest to an unknown one, as the catalogue's search does, or ""."""
    word, most = folded(typed), allowed(folded(typed))
    if len(word) < SHORTEST:
        return ""
    near = ((distance(word, each, most), each) for each in known.title_words if each[0] == word[0])
    far, best = min(near, default=(most + 1, ""))
    return known.title_words[best] if far <= most else ""


def _cut_short(typed: str, known: Referential) -> str:
    """Find the trade that a text begins with the beginning of, as « prof », or ""."""
    begun = [each for each in known.title_heads if each.startswith(folded(typed))]
    return known.title_words[min(begun, key=len)] if begun and len(typed) >= CLIPPED else ""
