"""Give the sections of the card of a model to the questions that they answer."""

import re

from catalogue.standards.quality import COMPARED, FEWEST_GROUPS, METRICS, measures_groups
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.headings import DOWNSTREAM, QUESTIONS
from catalogue.standards.readers.measures import MEASURING
from catalogue.standards.readers.syntax import amounts
from catalogue.standards.readers.syntax import markdown_text as prose
from catalogue.standards.readers.syntax.text import plain

AGAINST = re.compile(
    r"\bne (?:doi(?:t|vent)|convien(?:t|nent)|peu(?:t|vent))\W+(?:pas|jamais)\b|"
    r"\bne (?:pas|jamais)\W+(?:l['’]|les? |la )?(?:utilis|emplo[iy]|se serv)|"
    r"\bn(?:e (?:l['’]|les? |la )|['’])(?:utilis|employ)ez\W+(?:pas|jamais)\b|"
    r"\bn['’](?:est|a) \W*pas\W+(?:été )?(?:destiné|conçu|fait pour|prévu|autorisé)|"
    r"\b(?:must|should|shall)\W+(?:not|never)\b|\bdo(?:es)? \W*not\W+(?:use|suit)|"
    r"^\W*(?:pas pour|not for)\b|"
    r"\b(?:not|never|cannot)\W+(?:(?:to )?be used|allowed|permitted|intended) |"
    r"\bnot\W+(?:meant|designed|suitable) |"
    r"\bnever use\b|\bavoid using\b|\b[ée]vite[rz] de l['’](?:utilis|employ)|\bunsuitable for|"
    r"(?:^\W*|\b(?:est|sont|reste|strictement|formellement) )(?:interdit|proscrit|exclu)e?s?\b|"
    r"\b(?:déconseill|inadapt)ée?s?\b|"
    r"(?:^\W*|\b(?:is|are|be|strictly|explicitly) )(?:prohibited|forbidden)\b|"
    r"^\W*misuses?\b",
    re.I,
)
# What tells, beside its uses, where a model stops.
LIMITING = re.compile(
    r"\b(?:mal|moins bien) \w+(?:é|ée|u|ue|is|ise)s?\b|\bambigu|\b(?:truncat|tronqu|manqu)|"
    r"\bmiss(?:es|ed)\b|"
    r"\b(?:drops?|falls?|degrades?|fails?|struggles?|underperforms?)\b|\b(?:baisse|chute|échoue)\b|"
    r"\bbiais|\bbias|\blimit|\berreurs?\b|\berrors?\b|\bless (?:well|accurate|reliable)|"
    r"\bmoins (?:fiable|précis|juste)|pas été (?:testé|évalué)|not (?:been )?(?:tested|evaluated)",
    re.I,
)
# What tells a table of results by group from one of examples.
GROUPS = re.compile(
    r"\bgro?up|\bgenre(?!s? (?:musica|litt[ée]ra))|\bgender|\bsexe?s?\b|\bfemmes?\b|\bhommes?\b|"
    r"\b(?:wo)?men\b|\b(?:fe)?males?\b|\b[aâ]ges?\b(?! d(?:u|es) (?:mod|corpus|jeu|donn))|"
    r"\borigin|\bethnic|\bhandicap|\bdisab|\bnationalit",
    re.I,
)

# The first column of a table of results whose rows are groups, never models or sets of data.
GROUPED = re.compile(
    rf"{GROUPS.pattern}|\b(?:sect(?:eu|o)r|domain|langu(?:e|age)|r[ée]gion|d[ée]partement|pays\b|"
    r"countr|territo|form(?:e|s)?\b|public\b|dipl[ôo]me|niveau|famil)",
    re.I,
)
# A heading, or what announces a table, that parts results, and what parts no persons or offers.
PARTED = re.compile(
    r"^\W*(?:(?:r[ée]sult(?:at)?|score|performance|[ée]cart|gap|breakdown)s? )?"
    r"(?:par|selon|by|per) \w[^\n]*",
    re.I,
)
NO_GROUPS = re.compile(
    r"\bmod[èe]le?s?\b|\b(?:jeux?|(?:data ?|test )?sets?|tests?|corpus|splits?|benchmarks?)\b|"
    r"\b[ée]tiquette|\blabels?\b|\bclass(?:e|es)?\b|\bentit|\bm[ée]tri[cq]|\bmeasures?\b|\bmesures?\b|"
    r"\bepochs?\b|\b[ée]poques?\b|\bversions?\b|\bsyst[èe]me?s?\b|\bm[ée]thod|\bseuils?\b|"
    r"\bthresholds?\b|\bsteps?\b|\b[ée]tapes?\b|\bfolds?\b|\bplis?\b|\bseeds?\b",
    re.I,
)
# « - Femmes : F1 0,78 (n = 412) »
MEASURED_GROUP = re.compile(
    r"^ {0,3}[-*+] +\**(?P<group>[^:\n*]{1,60}?)\**\s*:\W*"
    rf"(?:{COMPARED.pattern})[^\d\n]{{0,20}}"
    r"\d{1,9}(?:[.,]\d{1,9})?[^\n]{0,200}?\b(?:n|N|effectif)\s*[=:]\s*[1-9][^\n]*$",
    re.I,
)
LISTED = re.compile(
    r"(?:^[^\n|#*-][^\n|#]{0,199}:[ *]*\n\s*)?(?:^ {0,3}[-*+] [^\n]+(?:\n|\Z))+", re.M
)
COMPARING = re.compile(rf"{MEASURING.pattern}|\bbia[is]|\blimit", re.I)
FEWEST_ROWS = 4  # with its head and the line under it
# As many as there are: « 7 210 », « 1,100 ».
COUNT = re.compile(r"[1-9]\d{0,2}(?:[ ,.\u00a0\u202f]?\d{3})*")
# What excludes a use, anywhere in a text.
USE_BARRED = re.compile(
    r"\bne (?:doit|doivent|peut|peuvent)\W+(?:pas|jamais)\W+(?:servir|être (?:utilis|employ))|"
    r"\bne (?:pas|jamais)\W+(?:l['’]|les? |la )?(?:utilis|emplo[iy]|se servir)|"
    r"\bn['’]est\W+pas\W+(?:destiné|conçu|fait pour|prévu)|"
    r"\b(?:must|should|shall|may)\W+(?:not|never)\W+be used|"
    r"\bdo\W+not\W+use\W+(?:it|them|this|the model|to|for|on|in|as|with)\b|"
    r"\bnot\W+(?:to be used|meant|intended|designed) ",
    re.I,
)
QUOTED = re.compile(r"^ {0,3}>[^\n]*(?:\n {0,3}>[^\n]*)*", re.M)
MARKS = re.compile(r"^ {0,3}> ?(?:\[!\w+\])?[ *_⚠️]*", re.M)
WARNING = re.compile(
    r"\b(?:warnings?|avertissements?|important|disclaimer)\b|"
    r"^\W*attention\b(?! (?:mechanisms?|heads?|layers?|masks?|maps?)\b)",
    re.I,
)


def read(found: list[prose.Section], into: Builder) -> None:
    """Give each section to one question at most, and what it advises against to its own.

    What a field says leaves its section.
    """
    left, against, limiting, advised = list(found), list[str](), list[str](), "texte"
    own = list[str]()  # what a section of its own advises against
    answered: list[tuple[prose.Section, str, list[str]]] = []
    for name, words in QUESTIONS.items():
        among = left
        if name in ("example", "limits"):  # code is no limit: its section stays whole
            is_code = name == "example"
            among = [each for each in left if bool(prose.run(each.body)) == is_code]
        part = prose.section(among, *words)
        if part is None or name in into.details:
            continue
        left.remove(part)
        body = prose.said_of(part.body)
        if name == "limits":
            answered += _limits(part, against, limiting, into)
            continue
        if name == "example":
            into.value(name, prose.run(body), part.title)
            found[found.index(part)] = part._replace(body=prose.CODES.split(body)[-1].strip())
            continue
        text, blocks = prose.apart(body, prose.CODES)
        if name == "group_results" and not (
            measures_groups(text) or _lists_groups(text, part.title)
        ):
            left.append(part)
            continue
        if name == "excluded_uses":
            text, blocks = prose.apart(body, prose.LED)
            own, advised = prose.bullets(text), part.title
            against = list(own)
        else:
            asked, before = text, len(against) + len(limiting)
            if name == "intended_purpose":
                asked, more = _purpose(part, text, left, against, limiting)
                answered += more
            parted = len(against) + len(limiting) > before
            text = _said(name, asked, part.title, into, text, guessed=parted)
        answered.append((part, text, blocks))
    _grouped(found, into)
    against += _warned(found, " ".join(against))
    into.list_of("limits", limiting, "texte", guessed=True)
    into.list_of("excluded_uses", against, advised, guessed=against != own)
    for part, text, blocks in answered:
        prose.leave(found, part, text, blocks, into.said(*QUESTIONS))


def _grouped(found: list[prose.Section], into: Builder) -> None:
    """Read as results by group the tables of results that count the members of each group."""
    for at, part in enumerate(found):
        if "group_results" in into.details or not (
            COMPARING.search(part.title) or PARTED.search(part.title)
        ):
            continue
        told = [
            each[0].strip()
            for pattern, is_by_group in ((prose.LED, _by_group), (LISTED, _lists_groups))
            for each in pattern.finditer(part.body)
            if is_by_group(each[0].strip(), part.title)
        ]
        into.text("group_results", "\n\n".join(told), part.title, guessed=True)
        body = part.body
        for block in told:
            if prose.laid_out(block) in prose.laid_out(into.said("group_results")):
                body = body.replace(block, "").strip()
        found[at] = part._replace(body=body)


def _by_group(block: str, title: str = "") -> bool:
    """Say whether a table gives a measure of groups, and how many they are.

    Its first column tells groups, or the heading or the lead says by what it parts.
    """
    rows = [line.strip().strip("|").split("|") for line in block.splitlines() if "|" in line]
    if len(rows) < FEWEST_ROWS or not measures_groups(block):
        return False
    first = rows[0][0]
    if NO_GROUPS.search(first) or not (GROUPED.search(first) or _parts(block, title)):
        return False
    columns = zip(*([cell.strip(" *") for cell in row] for row in rows[2:]), strict=False)
    return any(
        all(COUNT.fullmatch(cell) for cell in column) and not METRICS.search(name)
        for name, column in zip(rows[0], columns, strict=False)
    )


def _parts(block: str, title: str) -> bool:
    said = (PARTED.search(each) for each in (title, block.split("\n")[0]))
    return any(each and not NO_GROUPS.search(each[0]) for each in said)


def _lists_groups(block: str, title: str = "") -> bool:
    """Say whether a list gives in each of its items a measure of a group, and how many it is."""
    rows = [line for line in block.splitlines() if re.match(r" {0,3}[-*+] ", line)]
    named = [found["group"] for row in rows if (found := MEASURED_GROUP.match(row))]
    if len(rows) < FEWEST_GROUPS or len(named) < len(rows):
        return False
    return all(GROUPS.search(each) for each in named) or _parts(block, title)


def _warned(found: list[prose.Section], known: str) -> list[str]:
    """List what a warning, or the head of a card, excludes, and the list of its own does not."""
    told = list[str]()
    for at, part in enumerate(found):
        is_whole = (at < 2 and part.level < 2) or WARNING.search(part.title)
        body = prose.apart(part.body, prose.CODES)[0]
        texts = [body] if is_whole else QUOTED.findall(body)
        for text in texts:
            _rest, barred = prose.taken_out(MARKS.sub("", text), USE_BARRED)
            told += [each for each in barred if prose.words(each) - prose.words(known)]
    return told


def _purpose(
    part: prose.Section,
    text: str,
    left: list[prose.Section],
    against: list[str],
    limiting: list[str],
) -> tuple[str, list[tuple[prose.Section, str, list[str]]]]:
    """Gather the uses of a section, then further ones under their title, taken from what is left.

    What the first advises against or limits is added to its list. Returns the text, and the
    section on further uses with its prose and its blocks, if any.
    """
    asked, taken = prose.taken_out(text, AGAINST)
    against += taken
    if "limit" in part.title.lower():
        asked, taken = prose.taken_out(asked, LIMITING)
        limiting += taken
    further = prose.section(left, *DOWNSTREAM)
    if further is None:
        return asked, []
    left.remove(further)
    words, blocks = prose.apart(prose.said_of(further.body), prose.CODES)
    more, taken = prose.taken_out(words, AGAINST)
    against += taken
    if more:
        mark = " :" if "aval" in further.title.lower() else ":"
        asked = f"{asked}\n\n{prose.written(further.title)}{mark}\n\n{more}"
    return asked, [(further, words, blocks)]


def _limits(
    part: prose.Section, against: list[str], limiting: list[str], into: Builder
) -> list[tuple[prose.Section, str, list[str]]]:
    """Answer by the limits of a section; its tables by group have a field.

    against: what it advises against is added; limiting: the limits read elsewhere. Returns what
    the fields are to say of each section, and its blocks that they do not.
    """
    body = prose.said_of(part.body)
    blocks = prose.apart(body, prose.LED)[1]
    told = "group_results" in into.details
    by_group = [each for each in blocks if (GROUPS.search(each) or _by_group(each)) and not told]
    into.text("group_results", "\n\n".join(by_group), part.title, guessed=True)
    text = prose.LED.sub(
        lambda block: "" if block[0].strip() in by_group else _lead(block[0]), body
    )
    kept = [each for each in blocks if each not in by_group]
    asked, taken = prose.taken_out(text, AGAINST)
    against += taken
    lines = [*prose.bullets(asked), *limiting]
    into.list_of("limits", lines, part.title, guessed=bool(limiting))
    return [(part, "\n\n".join([text, *by_group]), kept)]


def _lead(block: str) -> str:
    """Say by itself what announces a table that stays where it is."""
    lead = plain(prose.apart(block)[0]).rstrip(" :")
    return f"{lead}.\n" if lead else ""


def _said(name: str, text: str, title: str, into: Builder, whole: str, *, guessed: bool) -> str:
    """Give a text to its question; returns whole, what the section says, "" once it is a figure."""
    if name == "footprint" and (emitted := amounts.EMITTED.search(text)):
        into.value("co2_grams", amounts.grams(emitted), title, guessed=True)
        if not re.search(r"\w{4}", amounts.EMITTED.sub("", text)):
            return ""
    into.text(name, prose.laid_out(text), title, guessed=guessed)
    return whole
