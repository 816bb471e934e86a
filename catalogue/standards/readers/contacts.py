"""Read whom a card says to write to: a person or a service, and where."""

import re
from collections.abc import Mapping

from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.syntax import markdown_text as prose
from catalogue.standards.readers.syntax.text import plain

LONGEST = 200
MAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
MAILTO = re.compile(r"\[([^\[\]\n]{0,200})\]\(mailto:([^()\s?]{3,200})[^()\n]{0,200}\)")
# The labels of a line, what they hold being a contact whatever it is; then those of one if it has
# an e-mail.
LABELS = ("point of contact", "contact", "contacts")
LIKELY_LABELS = (
    "maintainer", "maintainers", "maintained by", "mainteneur", "mainteneuse", "maintenu par",
    "responsable", "questions", "e-mail", "email", "courriel",
)  # fmt: skip
LIKELY_TITLES = ("question", "maintain", "mainten", "support", "auteur", "author")
SENTENCES = re.compile(r"(?:(?<=[?!…])|(?<=[\w.)»/]{3}\.))\s+(?=[A-ZÀ-ÖØ-Þ])|\n+")
ASKING = (
    r"(?:contact\w*|questions?|maint(?:ain|en)\w*|[ée]cri(?:re|vez|vez-nous|s)|write|reach|mail|"
    r"e-?mails?|courriels?|adressez-vous|get in touch|responsable)"
)
LABEL = re.compile(rf"^\W*(?:[^\W\d_]+ ){{0,3}}{ASKING}(?: [^\W\d_]+){{0,2}}\s*[:?]\W*", re.I)
# « Do not write to »: not « n’hésitez pas à écrire à ».
BARRED = re.compile(
    rf"\b(?:do not|don['’]t|never|no longer|ne (?:pas|plus|jamais)) (?:use|utiliser|{ASKING})\b|"
    rf"\bn(?:e |['’])(?:utilisez|{ASKING})\W+(?:pas|plus|jamais)\b",
    re.I,
)
# « Abuse: a@b.example »: what an address is for, not whose it is.
FOR_WHAT = re.compile(r"\W*[\w-]+\s?:\W*")
LEAD = re.compile(rf"^.*\b{ASKING}\b\W*(?:(?:à|to|by|par|out|us|me|nous|aux?|an?|un)\b\W*)*", re.I)
BEFORE_MAIL = re.compile(r"(?:\W*\b(?:e-?mail|mail|courriel|at|à|via|by|par|on|sur))*\W*$", re.I)
AFTER_MAIL = re.compile(r"\W{0,2}[(–—-]\s*([^()\n]{3,60}?)\)?\W*$")
CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w’'.-]*"
PARTICLE = r"(?:d[eu]|des|d[’']\w+|l[’']\w+|la|les?|et|and|&|of|the|for|pour|en|von|van)"
NAMED = re.compile(rf"{CAPITAL}(?:,? (?:{PARTICLE} )*{CAPITAL})*")
SERVICE = re.compile(
    r"\b(?:[ée]quipe|team|atelier|service|p[ôo]le|groupe?|lab(?:o|oratoire|oratory)?|observatoire|"
    r"observatory|collectif|coop[ée]rative|association|mission|direction|d[ée]partement|"
    r"department|bureau|office|cellule|unit[ée]?|centre|center|chaire?|institute?|agence|agency)\b",
    re.I,
)
MOST_WORDS = 8
# What no name holds: words of a sentence.
SAYING = re.compile(
    rf"\b(?:{ASKING}|or|ou|if|si|open|ouvr\w+|please|merci|you|vous|nous|we|issues?|discussions?|"
    r"any|toutes?|use|utilise[rz]|send|envoy\w+|is|est|are|sont|qui|que|see|voir|licen[cs]e|"
    r"model|mod[èe]le)\b",
    re.I,
)
MIXED = re.compile(r"[&/,+]|\b(?:et|and|ou|or)\b", re.I)


def read(found: list[prose.Section], facts: Mapping[str, str], into: Builder) -> None:
    """Put the contact that a card names, a guess when it comes from running text.

    What the field says leaves its section.
    """
    for label in [*LABELS, *LIKELY_LABELS]:
        told = facts.get(label, "")
        if told and (label in LABELS or MAIL.search(told)):
            _put(told, into, guessed=label not in LABELS)
    if part := prose.section(found, "contact"):
        _of(part, found, into, is_mixed=bool(MIXED.search(part.title)))
    if "contact" in into.fields:
        return
    likely = [prose.section(found, name) for name in LIKELY_TITLES]
    for part in [*filter(None, likely), *found]:
        is_titled = any(part is each for each in likely)
        body = prose.apart(part.body)[0]
        lines = SENTENCES.split(_mailed(body))
        if any(MAIL.search(each) and (is_titled or LABEL.search(each)) for each in lines):
            _of(part, found, into, is_mixed=True)
            return


def _of(part: prose.Section, found: list[prose.Section], into: Builder, *, is_mixed: bool) -> None:
    """Read the contact of a section; one that speaks of something else too is read by sentences."""
    text, blocks = prose.apart(_mailed(part.body))
    pieces = [each for each in SENTENCES.split(text) if each.strip() and not BARRED.search(each)]
    asking = [each for each in pieces if MAIL.search(each)]
    if is_mixed:
        asking = [each for each in asking if LABEL.search(each)] or asking
        asking = asking or [each for each in pieces if LABEL.search(each)]
    elif not asking and not MAIL.search(text):
        asking = [text]
    if not asking:
        return
    asked = asking[0]
    reached = _reached(asked)
    read, at = [asked], pieces.index(asked) if asked in pieces else 0
    # A name on the lines before.
    alone = bool(MAIL.fullmatch(reached))
    while at and alone and _is_name(before := plain(pieces[at - 1]).strip(" ,:")):
        at -= 1
        reached, read = f"{before}, {reached}", [pieces[at], *read]
    is_whole = not prose.words(LABEL.sub("", plain(text))) - prose.words(reached)
    _put(reached, into, guessed=is_mixed or not is_whole or not MAIL.search(reached))
    if "contact" not in into.fields or into.fields["contact"].value != reached:
        return
    if not prose.words(LABEL.sub("", plain(asked))) - prose.words(reached):
        for each in read:
            text = text.replace(each, "", 1)
        prose.leave(found, part, text.strip(), blocks, "")


def _put(text: str, into: Builder, *, guessed: bool) -> None:
    told = _reached(_mailed(text))
    guessed = guessed or bool(MAIL.search(told) and prose.words(_mailed(text)) - prose.words(told))
    into.line("contact", told, "texte", guessed=guessed)


def _mailed(text: str) -> str:
    """Write an e-mail that a link hides behind its words, and out of its marks."""
    return MAILTO.sub(
        lambda link: link[2] if MAIL.search(link[1]) else f"{link[1]} ({link[2]})",
        re.sub(r"<(?:mailto:)?([^<>\s@]+@[^<>\s]+)>", r"(\1)", text),
    )


def _reached(text: str) -> str:
    """Give a name and an e-mail, or the e-mail alone; else an address, or a few words as they are.

    "" for a long text that holds none.
    """
    said = plain(text)
    mail = MAIL.search(said)
    if mail is None:
        return prose.address(text) or (prose.written(said) if len(text) <= LONGEST else "")
    before = said[max(0, mail.start() - LONGEST) : mail.start()]
    last = SENTENCES.split(before)[-1]
    name = LEAD.sub("", BEFORE_MAIL.sub("", last)).strip(" ,:;([<")
    if FOR_WHAT.fullmatch(last) or not _is_name(name):
        after = AFTER_MAIL.match(SENTENCES.split(said[mail.end() :])[0])
        name = after[1].strip() if after and NAMED.fullmatch(after[1].strip()) else ""
    mark = " — " if re.search(r"[–—]\s*$", before) else ", "
    return f"{name}{mark}{mail[0]}" if name and _is_name(name) else mail[0]


def _is_name(text: str) -> bool:
    """Say whether words are clearly the name of a person or of a service."""
    words = re.sub(r"^(?:l[’']|(?:the|la|le|our|notre) )", "", text, flags=re.I).split()
    if not 0 < len(words) <= MOST_WORDS or SAYING.search(text) or words[-1].endswith("."):
        return False
    return bool(NAMED.fullmatch(text) or (len(words) > 1 and SERVICE.search(text)))
