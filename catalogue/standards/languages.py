"""Read languages: codes of two or three letters, names, addresses of the EU's list.

Codes are ISO 639-1 where there is one, else ISO 639-3. « mul » stands for several languages that
are not named.
"""

import re
from collections.abc import Iterable, Mapping

# ISO 639-1 code: ISO 639-2 and 639-3 codes, then names in French, English and the language.
NAMED = """\
ar ara arabe arabic|bg bul bulgare bulgarian|br bre breton|ca cat catalan|co cos corse corsican
cs ces cze tchèque czech|cy cym wel gallois welsh|da dan danois danish
de deu ger allemand german deutsch|el ell gre grec greek|en eng anglais english|eo epo espéranto
es spa espagnol spanish español castillan|et est estonien estonian|eu eus baq basque
fa fas per persan persian|fi fin finnois finnish|fr fra fre français francais french
ga gle irlandais irish|he heb hébreu hebrew|hi hin hindi|hr hrv croate croatian
hu hun hongrois hungarian|hy hye arm arménien armenian|id ind indonésien indonesian
it ita italien italian italiano|ja jpn japonais japanese|ko kor coréen korean
la lat latin|lt lit lituanien lithuanian|lv lav letton latvian|mt mlt maltais maltese
nl nld dut néerlandais dutch|no nor norvégien norwegian|oc oci occitan|pl pol polonais polish
pt por portugais portuguese português|ro ron rum roumain romanian|ru rus russe russian
sk slk slo slovaque slovak|sl slv slovène slovenian|sq sqi alb albanais albanian
sr srp serbe serbian|sv swe suédois swedish|sw swa swahili|th tha thaï thai|tr tur turc turkish
uk ukr ukrainien ukrainian|vi vie vietnamien vietnamese|wo wol wolof|zh zho chi chinois chinese"""
# The ISO 639-1 codes not named above.
OTHERS = frozenset(
    """aa ab ae af ak am an as av ay az ba be bh bi bm bn bo bs ce ch cr cu cv dv dz ee ff fj fo fy
    gd gl gn gu gv ha ho ht hz ia ie ig ii ik io is iu jv ka kg ki kj kk kl km kn kr ks ku kv kw ky
    lb lg li ln lo lu mg mh mi mk ml mn mr ms my na nb nd ne ng nn nr nv ny oj om or os pa pi ps qu
    rm rn rw sa sc sd se sg sh si sm sn so ss st su ta te tg ti tk tl tn to ts tt tw ty ug ur uz ve
    vo wa xh yi yo za zu""".split()
)
SEVERAL = frozenset({"mul", "multilingual", "multilingue", "multilanguage"})
# Said in place of a language: nothing is known, or it is none.
NONE_TOLD = frozenset(
    {"", "unknown", "und", "other", "none", "null", "n/a", "na", "zxx", "code", "mis"}
)
TAG = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*$")
AUTHORITY = re.compile(r"(?:authority/language|iso639-[123]|lexvo\.org/id/iso639-\d)/(\w{2,3})/?$")
MOST = 200


def _table() -> dict[str, str]:
    found = {code: code for code in OTHERS}
    for words in NAMED.replace("\n", "|").split("|"):
        names = words.split()
        found |= dict.fromkeys(names, names[0])
    return found


CODES = _table()


def normalise(values: object) -> tuple[list[str], list[str]]:
    """Read languages given as a text, a list, or a map of lists.

    Returns the codes, once each in order, and the texts that name no language.
    """
    codes: list[str] = []
    unknown: list[str] = []
    for text in _texts(values):
        code = code_of(text)
        if code:
            codes.append(code)
        elif text.strip().lower() not in NONE_TOLD:
            unknown.append(text)
    return list(dict.fromkeys(codes)), list(dict.fromkeys(unknown))


def code_of(text: str) -> str:
    """Give the code of one language, "" when the text names none."""
    word = text.strip().lower()
    if word in NONE_TOLD:
        return ""
    if word in SEVERAL:
        return "mul"
    if word in CODES:
        return CODES[word]
    address = AUTHORITY.search(word)
    word = address[1] if address else word
    tag = TAG.match(word)
    if tag is None or tag[1] in NONE_TOLD:
        return ""
    # A code of three letters is one of ISO 639-3; two letters must be one of ours.
    return CODES.get(tag[1]) or ("mul" if tag[1] == "mul" else tag[1] if len(tag[1]) == 3 else "")


def _texts(values: object) -> Iterable[str]:
    if isinstance(values, bool):  # YAML 1.1 reads « no », Norwegian, as false
        return [] if values else ["no"]
    if isinstance(values, str):
        return [piece for piece in re.split(r"[,;]", values) if piece.strip()]
    if isinstance(values, Mapping):
        values = [each for value in values.values() for each in _texts(value)]
    if isinstance(values, list | tuple):
        return [text for value in values[:MOST] for text in _texts(value)]
    return []
