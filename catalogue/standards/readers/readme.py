"""Read a plain README: what is not copied from it as it stands is a guess, and says so."""

import re

from catalogue.standards import licences
from catalogue.standards.readers import contacts
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Reading
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import bibtex_text
from catalogue.standards.readers.syntax import markdown_text as prose
from catalogue.standards.readers.syntax.text import (
    decoded,
    plain,
    summary_of,
    unreadable,
    without_html,
)

SOURCE = "README"
FORGE = re.compile(
    r"https?://(?:github\.com|gitlab\.com|codeberg\.org|git\.[\w.-]+)/[\w.-]+/[\w.-]+"
)
DATASET = re.compile(r"\b(?:dataset|jeux? de données|data ?set|corpus|colonnes?|columns?)\b", re.I)
MODEL = re.compile(
    r"\b(?:mod[eè]le? (?:pré-?entraîné|de langue)|pre-?trained model|fine-?tun)", re.I
)
# What a few words without a heading speak of: « mon modèle d’appariement ».
NAMED_MODEL = re.compile(
    r"(?<!data )\bmod(?:[èe]le|el)s?\b(?! de données| économique| conceptuel)"
    r"(?: (?:de|pour|for|of|to) [^\n.,;:!?]{3,60}| d[’'][^\n.,;:!?]{3,60})?",
    re.I,
)
LICENCE_LINE = re.compile(
    r"(?:licen[cs]ed? under|sous (?:la )?licence|licen[cs]e\s*:)\s*(?:the\s+)?\**"
    r"\[?([^\n.;\]]{2,80})",
    re.I,
)
DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>)\]]+")
LANGUAGES = {
    "python": "Python",
    "py": "Python",
    "r": "R",
    "javascript": "JavaScript",
    "js": "JavaScript",
    "java": "Java",
    "julia": "Julia",
    "rust": "Rust",
    "sql": "SQL",
}


def read(content: bytes, base_url: str) -> Reading:
    """Read one text, in Markdown or plain."""
    text = decoded(content)
    if not text.strip():
        raise unreadable("empty", _("Ce texte est vide."))
    _front, body, _line = prose.split(text)
    bare = without_html(body)
    found = prose.sections(bare)
    heading = next((each.title for each in found if each.title), "")
    first_line = next((line for line in bare.split("\n") if line.strip()), "")
    is_sentence = not heading and plain(bare) == plain(first_line)
    model = NAMED_MODEL.search(first_line) if is_sentence else None
    kind = "model" if model else _kind(bare)
    if model and DATASET.search(first_line, 0, model.start()):
        kind, model = "dataset", None  # « Un jeu de données pour entraîner un modèle de tri »
    into = Builder(kind, SOURCE, base=base_url)
    into.note("kind_guessed", _("Le type de ressource est deviné d’après le texte : vérifiez-le."))
    into.line("title", prose.filled(heading), "titre")
    named = plain(model[0]) if model and " " in model[0] else ""
    into.require_title(
        (named[:1].upper() + named[1:], "première ligne"), (plain(first_line), "première ligne")
    )
    into.whole = prose.joined(found) if heading else bare
    summary = plain(bare) if is_sentence else summary_of(into.whole)
    into.line("summary", summary, "texte", guessed=True)
    _addresses(bare, base_url, into)
    _licence(bare, found, into)
    _own(bare, found, into)
    contacts.read(found, prose.facts(bare), into)
    rest = prose.joined(found) if heading else bare
    if not is_sentence:  # it is the summary
        into.text("description", rest or into.whole, "texte")
    return Reading(records=(into.record(),))


def _kind(text: str) -> str:
    """Guess the kind: what the text speaks of most."""
    if MODEL.search(text):
        return "model"
    return "dataset" if len(DATASET.findall(text)) >= 3 and "```" not in text else "algorithm"


def _addresses(text: str, base_url: str, into: Builder) -> None:
    forge = FORGE.match(base_url) or FORGE.search(text)
    if forge:
        into.address("repository_url", forge[0].removesuffix(".git"), "texte", guessed=True)
    facts = prose.facts(text)
    for column, label in (
        ("homepage_url", "homepage"),
        ("documentation_url", "documentation"),
        ("repository_url", "repository"),
    ):
        into.address(column, prose.address(facts.get(label, "")), label)


def _licence(text: str, found: list[prose.Section], into: Builder) -> None:
    part = prose.section(found, "licence", "license")
    places = [part.body] if part is not None else []
    places += [match[1] for match in LICENCE_LINE.finditer(text)][:3]
    for place in places:
        first = plain(place.strip().split("\n")[0])[:120]
        for said in (first, *re.findall(r"[\w.+-]*\d[\w.+-]*|\b[A-Z][\w.+-]{2,}", first)):
            named = licences.normalise(said)
            if named.identifiers and "licences" not in into.fields:
                into.value("licences", list(named.identifiers), "texte", guessed=True)
                into.value("licence_status", "declared", "texte", guessed=True)
        if first and "licences" not in into.fields:
            into.line("licence_note", first, "texte", guessed=True)


def _own(text: str, found: list[prose.Section], into: Builder) -> None:
    limits = prose.section(found, "limit")
    if into.kind in ("algorithm", "model") and limits is not None:
        told, blocks = prose.apart(limits.body)
        into.list_of("limits", prose.bullets(told), limits.title)
        prose.leave(found, limits, told, blocks, into.said("limits"))
    if into.kind == "dataset":
        into.untold |= {"distributions"}
        return
    for part in found:
        told, blocks = prose.apart(part.body)
        fences = (each for each in blocks if each.startswith(("```", "~~~")))
        code = next((each for each in fences if not bibtex_text.ENTRY.search(each)), "")
        if code and len(code) < 4_000:
            blocks.remove(code)
            into.text("example", prose.code(code), part.title, guessed=True)
            prose.leave(found, part, told, blocks, "")
            break
    doi = DOI.search(text)
    if doi:
        into.line("paper", doi[0].rstrip("."), "texte", guessed=True)
    if into.kind == "algorithm":
        names = re.findall(r"^```(\w+)", text, re.M)
        known = [LANGUAGES[each] for each in names if each in LANGUAGES]
        into.list_of("programming_languages", known, "texte", guessed=True)
