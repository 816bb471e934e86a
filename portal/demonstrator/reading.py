"""What is read of a sentence: neither how to reach somebody, nor what it refuses; slips mended."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from django.utils.translation import gettext as _

from catalogue.search.text import allowed, distance
from portal.demonstrator.engines.text import LONGEST, Ranking, Reason
from portal.demonstrator.engines.words import Word, folded, stem, words
from portal.demonstrator.referential import DATA, Referential
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
_CLAUSE = r"[^,.;:!?()\n]"
# « Plus » refuses after « ne » alone; what is one's own, as « pas ses heures », is no task refused.
_NO = (
    r"(?:\b(?:ne |n['’])[^,.;:!?\n]{1,25}?\bplus\b|(?<!pourquoi )\bpas\b|"
    r"\b(?:jamais|ni|sauf|aucune?)\b|(?<!non )\bsans\b(?![ -](?:abri|domicile|emploi|papier)))"
    r"(?! (?:peur|mal|loin|que|seulement|uniquement|toujours|forcément|à pas|son|sa|ses)\b)"
)
_END = (
    r"(?=\s*(?:[,.;:!?()\n]|$|\b(?:mais|puis|ni|sauf)\b|\bpour \w+(?:er|ir|re)\b|"
    r"\bet (?:[jn]['’]|je|on|nous|il|elle|qui|une?%s)\b))"
)
# What is not wanted, to the end of its clause.
REFUSED = re.compile(
    _NO + r"(?! trop\b)" + _CLAUSE + "{3,}?" + _END % r"|\w+(?:er|ir|re)", re.IGNORECASE
)
# Nor liked: also behind a word of dislike, or before one of scorn.
DISLIKED = re.compile(
    rf"(?:{_NO}|\b(?:rien|déteste\w*|hais|horreur|marre|(?<!pas )peur)\b"
    rf"|(?:^|(?<=[,.;:!?\n])|(?<=\bmais )|(?<=\bet ))(?:(?!\b(?:mais|aime|adore)\b){_CLAUSE})*"
    r"\b(?:nul(?:le)?s?|ennuyeu\w+|ennuie\w*|moches?|chiante?s?|horribles?|pénibles?"
    r"|(?:aime|aiment|plaît|intéresse) pas)\b)" + _CLAUSE + "*?" + _END % "",
    re.IGNORECASE,
)
_IN_VAIN = r"(?:trouv|embauch|recrut(?!ement)|arriv|parv[ei]|réuss|manqu)\w*"
# Before what looks refused: a verb that says no to a fear or to a bother, or seeks in vain, or what
# a firm that speaks of itself has not. What follows is accepted, or needed.
ACCEPTED = re.compile(
    rf"\b(?:(?:hésit|crain|crai|dérang|gên|rechign)\w*|{_IN_VAIN}|n['’]ai|j['’]ai|(?:nous |n['’])"
    r"avons|on (?:n['’])?a)(?: (?:toujours|vraiment|encore|même))?\s*$",
    re.IGNORECASE,
)
# In what looks refused: what one had and has no more, who is sought in vain, or since when.
LACKED = re.compile(
    rf"^n['’](?:y )?a(?:i|vons)?\b|^(?:\S+\s){{0,3}}?\S*\b(?:{_IN_VAIN}|candidat|postulant"
    r"|(?<!de )personne\b(?! âgée))|\bdepuis\b",
    re.IGNORECASE,
)
UNNEEDED = re.compile(r"\w+ (?:besoin|envie)\b", re.IGNORECASE)
# After what looks refused: somebody does it already.
OWNED = re.compile(
    r"\b(?:en (?:ai|a|avons|ont)\b(?! (?:besoin|envie|marre|assez|pas|plus))"
    r"|déjà (?:une?|des|deux|trois|quelqu|là)\b)",
    re.IGNORECASE,
)
# What cannot be a lack.
WILLED = re.compile(
    r"\b(?:(?:suis|sommes) (?:pas|plus)|sans|sauf|ni|jamais|surtout|besoin|"
    r"veu(?:x|t|lent)|vou[ld]\w+|souhait\w*|cherch\w*)\b",
    re.IGNORECASE,
)
# A shorter word that is not known is too often another French word than a slip. In what names an
# occupation, one of SHORT letters is the one word of titles that is a letter away.
SHORTEST, SHORT = 7, 5
# Words of films' subtitles (pyspellchecker 0.9.1, MIT) that a slip or a cut would make titles of.
ORDINARY = frozenset(map(stem, (DATA / "ordinary.txt").read_text("utf-8").split()))
CLIPPED = 4  # letters of a word cut short, as « compta »
MOST_READ = 8  # unknown words
# From an unknown word, and whether the text begins with it, to the word that it was meant to be.
Meant = Callable[[str, Referential, bool], str]
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


def ranked(
    text: str,
    served: Served,
    *,
    count: int,
    left: str = "",
    meant: Meant | None = None,
) -> tuple[Reading, Ranking]:
    """Rank the occupations that a text may mean by what is read of it.

    As in the catalogue's search, words are read otherwise where nothing is sure as they stand, and
    something then is; so is what looked refused, where it may be lacking. left: what is left of the
    text, each character in its place. meant: finds the word that an unknown one was meant to be.
    """
    readings = _readings(text, _read(left or text), served.referential, meant or _trade_meant)
    tries = ((each, served.text.rank(each.text, count=count)) for each in readings)
    first = next(tries)
    return next((each for each in chain([first], tries) if each[1].proposals), first)


def _readings(text: str, left: str, known: Referential, meant: Meant) -> Iterator[Reading]:
    """Read a text without what it refuses, then with, if nothing else is said; each then mended."""
    refused = _refused(left)
    readings = [_without(text, left, refused)]
    is_all = known.stems.isdisjoint(each.stem for each in words(readings[0].text))
    if is_all and not any(WILLED.search(_clause(each)) or _is_owned(each) for each in refused):
        readings.append(Reading(text, left))
    for each in readings:
        yield each
        mended = _mended(each, known, meant)
        if mended.mended:
            yield mended


def read(text: str) -> Reading:
    """Read what is needed: what a text refuses is not counted, which is noted; a lack is a need."""
    return _without(text, _read(text), _refused(_read(text)))


def read_likings(text: str) -> Reading:
    """Read what is liked: what a text refuses, or scorns, is not counted, which is noted."""
    return _without(text, _read(text), [*DISLIKED.finditer(_read(text))])


def _read(text: str) -> str:
    return text[:LONGEST].replace(contacts_mark(), " " * len(contacts_mark()))


def _refused(text: str) -> list[re.Match[str]]:
    """Find what is refused. What is lacked is not, nor what « ni » adds to it."""
    refused: list[re.Match[str]] = []
    lacked_to = -1
    for each in REFUSED.finditer(text):
        is_lack = bool(ACCEPTED.search(text[: each.start()]) or LACKED.search(each.group()))
        is_lack |= each.group()[:3].lower() == "ni " and lacked_to == each.start()
        if UNNEEDED.match(each.group()) or not is_lack or _is_owned(each):
            refused.append(each)
        else:
            lacked_to = each.end() + len(text[each.end() :]) - len(text[each.end() :].lstrip())
    return refused


def _is_owned(refused: re.Match[str]) -> bool:
    """Say whether the sentence goes on that there is one already."""
    return bool(OWNED.search(re.split(r"[.;!?\n]", refused.string[refused.end() :])[0]))


def _clause(refused: re.Match[str]) -> str:
    """Give what looks refused with what its clause says before."""
    return re.split(r"[,.;:!?()\n]", refused.string[: refused.start()])[-1] + refused.group()


def _without(text: str, left: str, refused: Sequence[re.Match[str]]) -> Reading:
    """Blank parts of what is left of a text, and note them."""
    if not refused:
        return Reading(text, left)
    for each in refused:
        left = left[: each.start()] + " " * len(each.group()) + left[each.end() :]
    quoted = ", ".join(f"« {text[each.start() : each.end()].strip()} »" for each in refused)
    note = _("Compris comme refusé, donc pas compté : %(words)s.") % {"words": quoted}
    return Reading(text, left, notes=(note,))


def without_effect(reading: Reading, known: Referential) -> tuple[str, ...]:
    """Say which words that one asks for, as « un mécano », no sheet has."""
    absent = [
        each
        for each in reading.words()
        if each.stem not in known.stems | ORDINARY
        and re.search(r"(?:^|(?<!pas )\b(?:une?|des|du|deux) )$", reading.typed[: each.start], re.I)
    ]
    if not absent:
        return ()
    parts = dict.fromkeys(f"« {reading.typed[each.start : each.end]} »" for each in absent)
    sentence = _("Dans aucune de nos fiches, donc sans effet : %(list)s.")
    return (sentence % {"list": ", ".join(parts)},)


def _mended(reading: Reading, known: Referential, meant: Meant) -> Reading:
    """Read each unknown word as what it was meant to be, and note it."""
    text = reading.text
    unknown = [each for each in words(text) if each.stem not in known.stems | ORDINARY][:MOST_READ]
    places = [(each.start, each.end) for each in unknown]
    read = [(*at, meant(text[slice(*at)], known, not text[: at[0]].strip())) for at in places]
    mended = tuple(each for each in read if each[2])
    notes = tuple(
        _("« %(typed)s » lu comme « %(meant)s ».") % {"typed": text[first:last], "meant": other}
        for first, last, other in mended
    )
    for first, last, other in reversed(mended):
        text = text[:first] + other + text[last:]
    return replace(reading, text=text, mended=mended, notes=(*reading.notes, *notes))


def title_meant(typed: str, known: Referential, is_first: bool) -> str:
    """Find the word of titles that one is a slip of, or the trade that it begins, as « prof »."""
    near = _nearest(typed, known.title_words, known)
    if SHORT <= len(typed) < SHORTEST:
        word = folded(typed)
        one = [
            each for each in known.title_words if each[0] == word[0] and distance(word, each, 1) < 2
        ]
        near = known.title_words[one[0]] if len(one) == 1 else ""
    if near or not is_first or len(typed) < CLIPPED:
        return near
    begun = [each for each in known.title_heads if each.startswith(folded(typed))]
    return known.title_words[min(begun, key=len)] if begun else ""


def _trade_meant(typed: str, known: Referential, _is_first: bool) -> str:
    """Find the trade that a word of a sentence is a slip of: other words are too often others."""
    return _nearest(typed, known.title_heads, known)


def _nearest(typed: str, among: Iterable[str], known: Referential) -> str:
    """Find the word nearest to an unknown one, as the catalogue's search does, or ""."""
    word, most = folded(typed), allowed(folded(typed))
    if len(word) < SHORTEST:
        return ""
    near = ((distance(word, each, most), each) for each in among if each[0] == word[0])
    far, best = min(near, default=(most + 1, ""))
    return known.title_words[best] if far <= most else ""
