"""The text of a card, as its page shows it: what else the page says is not said twice."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import mark_safe

from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource
from catalogue.standards import languages, licences

Shown = tuple[str, str]  # what a page says, and where that leads
# A longer text comes after its uses, its limits and its figures.
LONG_TEXT_CHARACTERS = 3_000
FEWEST_HEADINGS = 3  # of a text that is a document by itself
# A text that begins by a heading, its bulleted facts aside, introduces nothing.
OF_A_TEMPLATE = re.compile(r"\s*(?:<ul>.*?</ul>\s*)?<h\d", re.S)
HEADING = re.compile(r"(<h\d[^>]*>)([^<]{1,40})(</h\d>)")
# The usual headings of the cards of models, said in the language of a French one.
HEADINGS = {
    "model details": "Le modèle",
    "model description": "Description",
    "uses": "Usages",
    "training details": "Apprentissage",
    "training data": "Données d’apprentissage",
    "training procedure": "Entraînement",
    "training hyperparameters": "Hyperparamètres",
    "evaluation": "Évaluation",
    "evaluation results": "Résultats de l’évaluation",
    "results": "Résultats",
    "metrics": "Mesures",
    "model sources": "Sources",
    "downstream use": "Usages en aval",
    "recommendations": "Recommandations",
    "limitations": "Limites",
    "bias, risks, and limitations": "Biais, risques et limites",
    "environmental impact": "Empreinte environnementale",
    "how to use": "Utilisation",
    "summary": "Synthèse",
    "testing data": "Données de test",
    "license": "Licence",
    "files": "Fichiers",
}
OF_TEMPLATES = {*HEADINGS, *(title.lower() for title in HEADINGS.values())}
FIRST = re.compile(r"\s*(<h\d[^>]*>[^<]*</h\d>\s*)?<p>(.*?)</p>", re.S)
INLINE = re.compile(r"</?(?:strong|em|code|a)(?: [^>]*)?>")
LINK = re.compile(r"\s*<a [^>]*>[^<]*</a>\s*")
ANY_HEADING = re.compile(r"<h([2-6])[^>]*>(.*?)</h\1>", re.S)
# Of two sections with a table, the one that says so best.
TELLS_RESULTS = (
    re.compile(r"(?:evaluation )?results?\b|résultats?\b|performances?\b", re.I),
    re.compile(r"[ée]valuation\b", re.I),
)
# What the labels of the results mean, when it stands before them.
DEFINES = re.compile(
    r"[ée]tiquettes?|labels?|classes|label (?:set|scheme)|sch[ée]ma d[’']annotation|"
    r"annotation sche(?:me|ma)",
    re.I,
)
NESTED = ("blockquote", "details", "div", "ol", "ul")
# What comes before the first heading of a text that comes last introduces the whole page.
INTRODUCTION_CHARACTERS = 2_500
LIST = re.compile(r"<ul>((?:(?!</?ul>).)*)</ul>\s*", re.S)
ITEM = re.compile(r"\s?<li>\s*<strong>([^<]{1,60})</strong>\s*:?\s*((?:(?!</?li>).)*?)</li>", re.S)
# The facts that cards of models list at their head, and that the page shows beside.
FACT_LABELS = re.compile(
    r"(?:developed|shared|owned) by|(?:développé|créé|produit|partagé) par|producteur|version|"
    r"contact|point of contact|licen[cs]e|langue(?:\(s\)|s)?|language(?:\(s\)|s)?(?: \(nlp\))?|"
    r"finetuned from(?: model)?|base model|modèle de base|library|bibliothèque|"
    r"repo(?:sitory)?|dépôt|code|paper|article|documentation|homepage|site",
    re.I,
)
# A section of one paragraph, up to the next that is not below it.
ONE_PARAGRAPH = re.compile(
    r"<h([2-6])[^>]*>([^<]{1,40})</h\1>\s*<p>((?:(?!</?p>).)*)</p>\s*(?=<h([2-6])|\Z)", re.S
)
# What is left where the citation itself went to its place on the page.
CITING = re.compile(r"citations?|bibtex|citing|citer|how to cite|comment citer", re.I)
NO_CITATION = re.compile(
    r"(?:todo|fixme)\b|(?:à (?:compléter|faire|venir)|to do|coming soon)\W*$|"
    r"(?:si vous utilisez|if you use|please cite|merci de citer)\b.*:$",
    re.I | re.S,
)
# What such a section says beside the fact itself.
NOTHING = frozenset(
    "a at by ce contact contactez cette des distributed distribué diffusé est for is issue it la "
    "le les licence license licensed model modèle nous on or ou par please publié question "
    "questions released sous sur the this un une under us à".split()
)
WHOLE = re.compile(r"(?:pour|for) (?:le |the )?code (?:et|and) (?:les |the )?(?:poids|weights)")
LINKED = re.compile(r"<a [^>]*>[^<]*</a>")
ADDRESS = re.compile(r'<a [^>]*href="([^"]*)"')
FIGURE = re.compile(r"<td[^>]*>(?:<strong>)?([\d.,]+)")


def readme(resource: Resource, *, has_uses: bool, facts: Iterable[Shown]) -> dict[str, Any]:
    """Give the text of a card in the parts of its page: introduction, results, the whole.

    facts: what the page says beside it, each with its address or "".
    """
    text = _without_facts(_without_summary(resource), resource, [*facts])
    is_last = len(resource.description) > LONG_TEXT_CHARACTERS
    is_last = is_last or text.count("<h") >= FEWEST_HEADINGS
    is_last = is_last or bool(has_uses and OF_A_TEMPLATE.match(text))
    introduction = results = ""
    if is_last:
        heading = text.find("<h")
        before = text[: max(heading, 0)]
        if before.strip() and heading <= INTRODUCTION_CHARACTERS and _is_whole(before):
            introduction, text = mark_safe(before), text[heading:]  # noqa: S308  as stored
        if resource.kind == ResourceKind.MODEL:
            results, text = _results(text)
    return {
        "introduction_html": introduction,
        "text_html": _raised(text),
        "text_begins": bool(re.match(r"\s*<h\d", text)),  # by a heading of its own
        "text_last": is_last,
        "results_html": results,
    }


def _raised(text: str) -> str:
    """Write the first headings of a text as those of the sections of its page."""
    raised = min((int(head[1]) for head in ANY_HEADING.finditer(text)), default=2) - 2
    if not raised:
        return text
    lifted = re.sub(r"(</?h)([3-6])(?=[ >])", lambda tag: f"{tag[1]}{int(tag[2]) - raised}", text)
    return mark_safe(lifted)  # noqa: S308  as stored


def tells(text: str, measures: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether the tables of a text hold the value of each measure."""
    values = {_figure(str(each.get("value") or "")) for each in measures}
    return bool(values) and values <= {_figure(each) for each in FIGURE.findall(text)}


def _figure(text: str) -> str:
    figure = text.replace(",", ".")
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def _without_summary(resource: Resource) -> str:
    """Give the text of a card, without a first paragraph that is its summary again."""
    text = resource.description_html
    found = FIRST.match(text)
    # One that is a link alone leads somewhere.
    words = (
        unescape(INLINE.sub("", found[2])).split() if found and not LINK.fullmatch(found[2]) else []
    )
    if found and words == resource.summary.split() != []:
        rest = text[found.end() :]
        # The heading of the summary alone goes with it.
        text = rest if not rest.strip() or re.match(r"\s*<h\d", rest) else f"{found[1] or ''}{rest}"
    if resource.written_in != "fr":
        return text
    return HEADING.sub(
        lambda found: f"{found[1]}{HEADINGS.get(found[2].lower(), found[2])}{found[3]}", text
    )


def _without_facts(text: str, resource: Resource, facts: Sequence[Shown]) -> str:
    """Leave out the items of lists that say a fact of the page again, and what they leave empty.

    An item that leads where the page does not is kept.
    """
    shown = _words(" ".join(text for text, _address in facts))
    cites = bool(resource.details.get("citation"))
    addresses = {each.rstrip("/") for fact in facts for each in fact}

    def item(found: re.Match[str]) -> str:
        label = re.sub(r"\s*(?:\[optional\])?[\s:]*$", "", unescape(found[1]), flags=re.I)
        value = unescape(strip_tags(found[2])).strip()
        links = {unescape(each).rstrip("/") for each in ADDRESS.findall(found[2])}
        codes, unknown = languages.normalise(value)
        repeats = (
            bool(links),
            bool(words := _words(value)) and words <= shown,
            bool(codes) and not unknown and {*codes} <= {*resource.languages},
            bool(names := licences.normalise(value).identifiers)
            and {*names} <= {*resource.licences},
        )
        is_repeated = FACT_LABELS.fullmatch(label) and links <= addresses and any(repeats)
        return "" if is_repeated else found[0]

    def listed(found: re.Match[str]) -> str:
        rest = ITEM.sub(item, found[1])
        return found[0].replace(found[1], rest) if rest.strip() else ""

    def section(found: re.Match[str]) -> str:
        links = {unescape(each).rstrip("/") for each in ADDRESS.findall(found[3])}
        words = _words(unescape(strip_tags(LINKED.sub("", WHOLE.sub("", found[3]))))) - NOTHING
        repeats = bool(words or links) and words <= shown
        is_alone = not found[4] or found[4] <= found[1]
        if is_alone and cites and CITING.fullmatch(found[2].strip()) and not links:
            return "" if NO_CITATION.match(strip_tags(found[3]).strip()) else found[0]
        is_repeated = FACT_LABELS.fullmatch(found[2].strip()) and links <= addresses
        return "" if is_alone and is_repeated and repeats else found[0]

    return _filled(ONE_PARAGRAPH.sub(section, LIST.sub(listed, text)))


def _filled(text: str) -> str:
    """Leave out the headings of a text with nothing under them, those of a template over one."""
    start, parts = text, list[tuple[int, str, str]]()
    for head in reversed(list(ANY_HEADING.finditer(text))):
        level, body, start = int(head[1]), start[head.end() :], start[: head.start()]
        size = next((at for at, each in enumerate(parts) if each[0] <= level), len(parts))
        below = parts[:size]
        several = sum(each[0] <= below[0][0] for each in below) > 1
        of_author = bool(below) and strip_tags(head[2]).strip().lower() not in OF_TEMPLATES
        if body.strip() or several or of_author:
            parts.insert(0, (level, head[2], body))
        elif below:
            raised = below[0][0] - level
            parts[:size] = [(each[0] - raised, *each[1:]) for each in below]
    written = (f"<h{level}>{title}</h{level}>{body}" for level, title, body in parts)
    return mark_safe(start + "".join(written))  # noqa: S308  as stored


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))


def _results(text: str) -> tuple[str, str]:
    """Take out of a text the section whose table holds results, without its heading."""
    heads = list(ANY_HEADING.finditer(text))
    for at, head in _by_title(heads):
        end = next((each.start() for each in heads[at + 1 :] if each[1] <= head[1]), len(text))
        body, before = text[head.end() : end], text[: head.start()]
        if _is_whole(body) and "<table" in body:
            top = int(head[1])
            for level in range(top + 1, 7):  # its title is one of the page
                body = re.sub(rf"(</?h){level}(?=[ >])", rf"\g<1>{level - top + 2}", body)
            labels, before = _labels(before)
            rest = _filled(before + text[end:])
            return mark_safe(labels + body), rest  # noqa: S308  sanitised when stored
    return "", text


def _labels(text: str) -> tuple[str, str]:
    """Take out of what stands before results the section that defines their labels."""
    heads = list(ANY_HEADING.finditer(text))
    for at, head in enumerate(heads):
        end = next((each.start() for each in heads[at + 1 :] if each[1] <= head[1]), len(text))
        body = text[head.end() : end]
        if DEFINES.fullmatch(strip_tags(head[2]).strip()) and _is_whole(body):
            return f"<h3>{head[2]}</h3>{body}", text[: head.start()] + text[end:]
    return "", text


def _is_whole(html: str) -> bool:
    return all(html.count(f"<{name}") == html.count(f"</{name}>") for name in NESTED)


def _by_title(heads: list[re.Match[str]]) -> Iterator[tuple[int, re.Match[str]]]:
    for title in TELLS_RESULTS:
        yield from (
            (at, head) for at, head in enumerate(heads) if title.match(strip_tags(head[2]).strip())
        )
