"""Read Hugging Face cards: a README with its front matter, or the JSON of the Hub’s lists.

An unreadable front matter is a fault; the body is read all the same.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from catalogue.standards import licences
from catalogue.standards.pipelines import PIPELINES
from catalogue.standards.readers import answers, contacts, files, measures
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Fault, Json, Reading, Record, fault, shorten
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import amounts, bibtex_text, json_text, yaml_text
from catalogue.standards.readers.syntax import markdown_text as prose
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping
from catalogue.standards.readers.syntax.text import (
    Unreadable,
    day,
    decoded,
    one_line,
    plain,
    summary_of,
    unreadable,
    without_html,
)

SOURCE = "Hugging Face"
# The origins that name no heading of the card, translated where they are shown.
ORIGINS = (
    _("Hugging Face › texte"),
    _("Hugging Face › titre"),
    _("Hugging Face › adresse"),
    _("README › texte"),
    _("README › titre"),
    _("README › première ligne"),
)
# The tasks of the Hub that are one of ours.
TASKS = {
    "fill-mask": ("language_modelling",),
    "text-generation": ("language_modelling",),
    "time-series-forecasting": ("forecasting",),
    "text2text-generation": ("language_modelling",),
}
# What the title and the summary of a card say where it does one of ours: a person is asked.
ESCO_SKILLS = r"\besco skills?\b|\bcomp[ée]tences? (?:(?:d[’'e]\W?|du )?(?:esco|rome)\b)"
SKILLS = r"comp[ée]tence|\bskills?\b|savoir-(?:faire|[êe]tre)"
OCCUPATIONS = (
    r"\b(?:rome|isco)\b|\bm[ée]tiers?\b|\boccupations?\b|\bintitul[ée]s? de postes?\b|"
    r"\bjob[ -]titles? (?:match|simil|normali|classif)"
)
# Both sides: an offer, and a person.
MATCHED = (
    r"\b(?:offres?|annonces?|jobs?|vacanc(?:y|ies)|postes?)\b.*\b(?:cvs?|profils?|profiles?|"
    r"candidat|applicant|resumes?)|\b(?:cvs?|profils?|profiles?|candidat|applicant|resumes?).*"
    r"\b(?:offres?|annonces?|jobs?|vacanc(?:y|ies)|postes?)\b"
)
FORECAST = r"\bforecast|\bpr[ée]voi[rt]|\bpr[ée]vision"
# By what a model does on the Hub; what sorts texts into classes does one thing.
LIKELY_TASKS = {
    "tabular-regression": {"forecasting": FORECAST},
    "tabular-classification": {"forecasting": FORECAST},
    "sentence-similarity": {
        "matching": MATCHED,
        "occupation_coding": OCCUPATIONS,
        "skill_extraction": ESCO_SKILLS,
    },
    "text-ranking": {"matching": MATCHED},
    "token-classification": {"skill_extraction": SKILLS},
    "text-classification": {"occupation_coding": OCCUPATIONS, "skill_extraction": SKILLS},
    "zero-shot-classification": {"occupation_coding": OCCUPATIONS, "skill_extraction": SKILLS},
}


def read_hub(found: Json, base_url: str) -> Reading:
    """Read what /api/models or /api/datasets answers."""
    if mapping(found).get("error"):
        raise unreadable(
            "hf_error",
            _("Hugging Face a refusé la demande : « %(message)s »."),
            message=first_text(mapping(found).get("error")) or "?",
        )
    if isinstance(found, list):
        return Reading(records=tuple(_hub_record(mapping(each), base_url) for each in found))
    return Reading(records=(_hub_record(mapping(found), base_url),))


def _hub_record(data: Mapping[str, Any], base_url: str) -> Record:
    name = first_text(data.get("id"), data.get("modelId"))
    is_dataset = "/datasets" in base_url or "dataset" in str(data.get("_type") or "").lower()
    is_dataset = is_dataset or any(
        str(tag).startswith(("task_categories:", "size_categories:"))
        for tag in items(data.get("tags"))
    )
    kind = "dataset" if is_dataset else "model"
    url = f"https://huggingface.co/{'datasets/' if is_dataset else ''}{name}" if name else ""
    into = Builder(kind, SOURCE, remote_id=name, source_url=url)
    written = mapping(data.get("cardData"))
    tags = [str(tag) for tag in items(data.get("tags")) if isinstance(tag, str)]
    into.line("title", written.get("pretty_name"), "cardData.pretty_name")
    into.line("title", name.rsplit("/", 1)[-1], "id")
    into.require_title()
    into.text("description", data.get("description"), "description")
    into.describe(data.get("description"), "description")
    into.address("homepage_url", url, "id")
    if is_dataset:
        into.address("repository_url", url, "id")
    into.line("producer_name", data.get("author") or _owner(name), "author")
    into.licence(items(written.get("license")) or _tagged(tags, "license"), "license")
    into.language(written.get("language") or _tagged(tags, "language"), "language")
    task = first_text(data.get("pipeline_tag"))
    into.tags(_keywords([task, *tags], data.get("library_name"), into), "tags")
    into.modified = day(data.get("lastModified"))
    into.count("downloads", data.get("downloads"))
    into.count("followers", data.get("likes"))
    if data.get("private") or data.get("gated"):
        into.value("access", "on_request", "gated")
    if is_dataset:
        into.date("last_update", data.get("lastModified"), "lastModified")
        into.untold |= {"update_frequency", "temporal_coverage", "territories", "distributions"}
    else:
        _hub_model(data, written, tags, into)
    return into.record()


def _keywords(words: list[Any], library: object, into: Builder) -> list[str]:
    """Keep the words that name nothing else: no other column, no library, no tool that wrote it.

    What the Hub names in English has its French word, but in a card that is in English alone.
    """
    texts = [word for word in words if isinstance(word, str) and ":" not in word]
    own = [word for word in texts if word != library and not word.startswith("generated_from_")]
    is_english = "languages" in into.fields and into.fields["languages"].value == ["en"]
    named = {_spelt(word): word for word in own[::-1]} | ({} if is_english else SPELT)
    return list(dict.fromkeys(named[_spelt(word)] for word in own))


def _spelt(word: str) -> str:
    """Bring the spellings of one key word together: classification-de-texte(s)."""
    return re.sub(r"s\b", "", re.sub(r"[-_\s]+", " ", word.casefold().replace("'", "’"))).strip()


SPELT = {_spelt(each): word for name, word in PIPELINES.items() for each in (name, word)}


def _hub_model(
    data: Mapping[str, Any], written: Mapping[str, Any], tags: list[str], into: Builder
) -> None:
    into.date("created", data.get("createdAt"), "createdAt")
    into.line("library", data.get("library_name"), "library_name")
    bases = items(written.get("base_model")) or _tagged(tags, "base_model")
    into.line("base_model", first_text(bases), "base_model")
    into.list_of("tasks", TASKS.get(str(data.get("pipeline_tag")), ()), "pipeline_tag")
    into.line("version", str(data.get("sha") or "")[:12], "sha")
    names = [str(each) for each in items(written.get("datasets")) or _tagged(tags, "dataset")]
    into.rows("trained_on", [{"title": name} for name in names], "datasets")
    for name in names:
        into.link("trained_on", title=name)
    files = [first_text(mapping(each).get("rfilename")) for each in items(data.get("siblings"))]
    weights = [
        {
            "title": name,
            "url": f"{into.source_url}/resolve/main/{name}",
            "format": name.rsplit(".", 1)[-1],
        }
        for name in files
        if name.endswith((".safetensors", ".onnx", ".bin", ".gguf", ".h5", ".pt", ".ckpt"))
    ]
    into.rows("files", weights, "siblings")
    if not weights:
        into.untold.add("files")


def _owner(name: str) -> str:
    return name.split("/")[0] if "/" in name else ""


def _tagged(tags: list[str], prefix: str) -> list[str]:
    return [tag.split(":", 1)[1] for tag in tags if tag.startswith(f"{prefix}:")]


LONGEST_LICENCE = 200
# Where the tools live that write a card: not the model.
OF_TOOLS = re.compile(r"https://(?:www\.)?(?:github\.com/(?:UKPLab|huggingface)/|sbert\.net)", re.I)
# « une issue sur https://github.com/… »
ISSUES = re.compile(
    r"\bissues?\b[^\n]{0,20}?(https://(?:github|gitlab)\.com/[\w.-]{1,80}/[\w.-]{1,80})", re.I
)
ARTICLE = re.compile(r"https?://(?:www\.)?(?:arxiv\.org/abs|doi\.org)/[^\s()<>\"]{1,200}")
HOLDERS = ("developed by", "curated by", "owned by", "développé par", "créé par", "produit par")
# « v1.2.0 (14 mai 2024) ».
VERSION = re.compile(
    r"\W*v?(?:ersion\s)?(\d[\w.+-]{0,30})(?:\W{1,5}(?:du |le |of )?(\w[\w /.,-]{0,30}))?\W{0,5}$",
    re.I,
)
# « This model is released under the MIT licence »: its name.
LICENSED = re.compile(
    r"^(?:(?:(?:this|the|ce|le) )?mod(?:el|[èe]le) (?:is|est) )?"
    r"(?:(?:released|distributed|licensed|available|publi[ée]|diffus[ée]|distribu[ée]) )?"
    r"(?:(?:under|sous) )?(?:the |la |l['’])?(?:licen[cs]e (?!ouverte))?(.+?)(?: licen[cs]e)?$",
    re.I,
)
# What heads the licence of the model, not the one of its data or of its code.
OF_LICENCE = re.compile(
    r"[\W\d_]*(?:model )?licen[cs](?:e|es|ing)(?: information)?"
    r"(?: (?:du|de ce|of the|of this) mod[eè]le?)?\W*(?:(?:\b(?:and|et)|&) .+)?",
    re.I,
)
# What the note of a BibTeX entry begins by, when it is a version.
NOTED = re.compile(r"\W*v(?:ersion\b|\d)", re.I)
OWN_VERSION = re.compile(r"^(?:current )?version(?: actuelle)?\W*$", re.I)
# Markdown begins with a bracket too: a badge, a link.
JSON = re.compile(rb"\s*(?:\[\s*[{\]]|\{\s*[\"}])")
# Headings of what a card says, which name no card.
USUAL = re.compile(
    r"^\W*(?:(?:model|dataset|the)\W+)?(?:descriptions?|id|details|overview|summary|introduction|"
    r"about|abstract|présentation|résumé|uses?|usages?|intended uses?|how to use|quick ?start|"
    r"installation|training|evaluation|results|citation|licen[cs]e|contents?|table (?:of|des) .+|"
    r"sommaire)"
    r"\b(?:\W+(?:and|et|&) .+|\W+(?:du|de la|of the) \w+)?\W*$",
    re.I,
)
CARD_OF = re.compile(
    r"^\W*(?:dataset|model)\s+card\s*(?:\b(?:for|of)\s+(?:the\s+)?|[-–:]\s)|"
    r"^(?:fiche|carte) d[eu]\s+",
    re.I,
)
DATASET_KEYS = frozenset(
    """task_categories task_ids size_categories annotations_creators language_creators
    multilinguality source_datasets dataset_info configs paperswithcode_id pretty_name""".split()
)
MODEL_KEYS = frozenset(
    """pipeline_tag base_model library_name model-index model_name co2_eq_emissions widget
    inference metrics datasets""".split()
)
HUB = re.compile(
    r"^https?://huggingface\.co/(datasets/)?([\w.-]+(?:/(?!(?:raw|resolve|blob|tree)/)[\w.-]+)?)"
)
ON_HUB = re.compile(r"^https?://(?:www\.)?(?:huggingface\.co|hf\.co)/")
RESERVED = frozenset({"api", "docs", "blog", "spaces", "models", "datasets", "papers"})
# What a template left where a value was to come.
LEFTOVER = re.compile(r"^([ \t]*(?:[\w-]+:|-)?)[ \t]*(?:\{\}|\{\{[^{}\n]*\}\})[ \t]*$", re.M)
BASES = ("base model", "modèle de base", "finetuned from model", "finetuned from model [optional]")
NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
# Where the code of a card loads a model of the Hub, not one of a folder; where files of one lie.
LOADED = re.compile(
    r"(?:\bmodel\w*\s?=\s?|\b(?:from_pretrained|SentenceTransformer)\(\s*)[\"']"
    r"((?!\.|(?:models|outputs?|checkpoints?|results|data|path)/|your|user)[\w.-]+/[\w.-]+)[\"']"
)
LIES = re.compile(
    r"https://huggingface\.co/([\w.-]+/[\w.-]+)/(?:resolve|blob|raw|tree|discussions)\b"
)


def read(content: bytes, base_url: str) -> Reading:
    """Read one card, or a list of the Hub's API."""
    if JSON.match(content):
        return read_hub(json_text.parse(content), base_url)
    text = decoded(content)
    front, body, line = prose.split(text)
    data: Mapping[str, Any] = {}
    faults: list[Fault] = []
    if front is None:
        faults.append(
            fault(
                "front_matter_missing",
                _("Cette fiche n’a pas d’en-tête YAML : seul son texte est lu."),
                line=1,
            )
        )
    else:
        try:
            data, _lines = yaml_text.parse(front, first_line=line)
        except Unreadable as refusal:
            said = ONLY_TEXT
            with suppress(Unreadable):
                data, _lines = yaml_text.parse(LEFTOVER.sub(r"\1", front), first_line=line)
                said = BUT_PLACES
            faults.append(_kept(refusal.fault, said, text))
    return Reading(records=(card(data, body, base_url, faults),))


ONLY_TEXT = _("L’en-tête YAML n’est pas lisible, seul le texte est repris. %(reason)s")
BUT_PLACES = _("Une place du modèle est restée dans l’en-tête YAML, le reste est lu. %(reason)s")


def _kept(found: Fault, said: str, text: str) -> Fault:
    """Say the fault of a front matter as one that keeps the body, with the line as written."""
    wrong = shorten(one_line(text.split("\n")[found.line - 1]), 80) if found.line else ""
    quoted = f" « {wrong} »" if wrong and wrong not in found.message else ""
    return fault(
        "front_matter_unreadable",
        said,
        line=found.line,
        column=found.column,
        reason=f"{found.message}{quoted}",
    )


def card(data: Mapping[str, Any], body: str, base_url: str, faults: list[Fault]) -> Record:
    """Build the record of one card from its front matter and its text."""
    on_hub, name = HUB.match(base_url), _on_hub(base_url)
    is_dataset = bool(on_hub and on_hub[1])
    kind, sure = _kind(data, body, is_dataset=is_dataset, named=bool(name))
    place = f"{'datasets/' if kind == 'dataset' else ''}{name}"
    url = f"https://huggingface.co/{place}" if name else ""
    into = Builder(kind, SOURCE, remote_id=name, source_url=url)
    into.faults.extend(faults)
    if not sure:
        into.note(
            "kind_guessed",
            _("Le type de ressource est deviné d’après le texte : vérifiez-le."),
        )
    found = prose.sections(without_html(body))
    _title(data, found, name, into)
    _vocabularies(data, body, into)
    facts = prose.facts(body)
    contacts.read(found, facts, into)
    _licensed(found, into)
    if any(str(key).startswith("extra_gated_") for key in data):
        _gated(data, name, into)
    into.address("homepage_url", url, "adresse")
    _addresses(facts, found, url, into)
    if kind == "model":
        _model(data, found, facts, into)
    else:
        _dataset(data, into)
    _cited(found, into)
    if kind == "model" and (own := _named_by(data, body, into)):
        into.address("homepage_url", f"https://huggingface.co/{own}", "texte", guessed=True)
    if kind == "model":
        files.read(found, into)
    _describe(body, found, into)
    if kind == "model":
        into.list_of("tasks", _likely(data, into), "texte", guessed=True)
    return into.record()


def _on_hub(address: str) -> str:
    """Give the name of the model or dataset whose page on the Hub an address is, else ""."""
    found = HUB.match(address)
    return found[2] if found and found[2].split("/")[0] not in RESERVED else ""


def _named_by(data: Mapping[str, Any], body: str, into: Builder) -> str:
    """Name the one model of the Hub that a card loads, gives the files of or cites, but its base.

    "" when there are several.
    """
    bases = {
        str(each).lower() for each in [*_flat(data.get("base_model")), into.said("base_model")]
    }
    code = "\n".join(prose.apart(body, prose.CODES)[1])
    entry, _rest = bibtex_text.first(into.said("citation"))
    for named in (LOADED.findall(code), LIES.findall(body), [_on_hub(entry.get("url", ""))]):
        own = {each for each in named if "/" in each and each.lower() not in bases}
        if len(own) == 1:
            return own.pop()
    return ""


def _gated(data: Mapping[str, Any], name: str, into: Builder) -> None:
    """Tell what a card asks before its files are had on the Hub.

    Files deposited here need not ask it: only a card read there is guessed to be on request.
    """
    if name:
        into.value("access", "on_request", "extra_gated", guessed=True)
        return
    asked = one_line(first_text(data.get("extra_gated_prompt")))
    into.line("licence_note", asked and f"{SOURCE} : {asked}", "extra_gated_prompt")
    into.note(
        "gated",
        _(
            "Sur Hugging Face, les fichiers de cette fiche sont donnés sur demande. L’accès d’ici "
            "n’en est pas déduit : choisissez « Sur demande » s’il doit l’être aussi."
        ),
        place="access",
    )


def _kind(data: Mapping[str, Any], body: str, *, is_dataset: bool, named: bool) -> tuple[str, bool]:
    if is_dataset:
        return "dataset", True
    keys = set(data)
    if named:
        return "model", True
    if keys & DATASET_KEYS and not keys & {"pipeline_tag", "base_model", "model-index"}:
        return "dataset", True
    if keys & MODEL_KEYS:
        return "model", True
    if re.search(r"^#\s*dataset\b|dataset card", body[:4_000], re.I | re.M):
        return "dataset", True
    return "model", bool(re.search(r"model card", body[:4_000], re.I))


def _title(data: Mapping[str, Any], found: list[prose.Section], name: str, into: Builder) -> None:
    pretty = data.get("pretty_name")
    if isinstance(pretty, Mapping):
        pretty = next((value for value in pretty.values() if isinstance(value, str)), "")
    into.line("title", pretty, "pretty_name")
    heading = next((each.title for each in found if each.level == 1), "")
    first = next((each.title for each in found if each.title), "")
    said = CARD_OF.sub("", prose.written(prose.filled(heading))).strip(" \"'“”«»`:")
    said = "" if USUAL.match(said) else said
    into.line("title", said, "titre")
    indexed = first_text(mapping(next(iter(items(data.get("model-index"))), {})).get("name"))
    into.require_title(
        (data.get("model_name"), "model_name"),
        (indexed, "model-index"),
        (name.rsplit("/", 1)[-1], "adresse"),
        (data.get("paperswithcode_id"), "paperswithcode_id"),
        (prose.written(prose.filled(first)), "titre"),
    )
    if said and into.fields.get("title") and said != into.fields["title"].value:
        into.list_of("alternate_titles", [said], "titre")


def _cited(found: list[prose.Section], into: Builder) -> None:
    """Read how the card asks to be cited, as it is written and as facts, and its article."""
    part = prose.section(found, "citation", "bibtex", "citing", "citer", "cite")
    entry, rest = bibtex_text.first(part.body) if part else ({}, "")
    paper = list[str]()
    # A card quotes the articles of its tools too: who wrote those did not make it.
    if part is not None and entry and _is_own(entry, into):
        into.text("citation", entry["entry"], part.title)
        into.list_of("authors", bibtex_text.persons(entry["author"]), part.title, guessed=True)
        if into.kind == "model":
            into.date("created", entry.get("year"), part.title, guessed=True)
            note = entry.get("note", "")
            version = entry.get("version") or (note if NOTED.match(note) else "")
            _version(version, part.title, into)
        names = ("title", "journal", "booktitle", "doi", "url")
        told = {name: entry[name] for name in names if entry.get(name)}
        if told.get("url", "").rstrip("/") in _pages(into) or ON_HUB.match(told.get("url", "")):
            del told["url"]  # the page of the model is no article on it
        if told.keys() - {"title"} or "eprint" in entry:
            paper = list(told.values())
        text, blocks = prose.apart(re.sub(r"^\W*bibtex\W*$", "", rest, flags=re.I | re.M))
        prose.leave(found, part, text, blocks, "")
    if into.kind == "model":
        head = " ".join(each.body for each in found[:2])
        badges = (ARTICLE.search(badge[0]) for badge in prose.BADGE.finditer(head))
        paper += [badge[0] for badge in badges if badge][:1]
        into.line("paper", ", ".join(paper), "citation")


def _pages(into: Builder) -> list[str]:
    columns = ("homepage_url", "repository_url")
    return [into.fields[name].value.rstrip("/") for name in columns if name in into.fields]


def _is_own(told: Mapping[str, str], into: Builder) -> bool:
    """Say whether a BibTeX entry names the card, or who makes it; its key may name the card too."""
    title = into.fields["title"].value.lower() if "title" in into.fields else ""
    holder = into.fields["producer_name"].value if "producer_name" in into.fields else ""
    base = into.details["base_model"].value.lower() if "base_model" in into.details else ""
    first, *others = re.findall(r"[^\W\d_]+", title) or [""]
    in_key = (each for each in [first, *others] if len(each) > 3 and each not in base)
    named = len(first) > 2 and first in told.get("title", "").lower()
    named = named or any(each in told["key"].lower() for each in in_key)
    return named or bool(holder and holder.lower() in told["author"].lower())


def _describe(body: str, found: list[prose.Section], into: Builder) -> None:
    # What stands right under the title says it best.
    for each in found[: 1 if found and found[0].title else 2]:
        into.line("summary", summary_of(each.body), "texte", guessed=True)
    about = prose.section(found, "summary", "résumé", "description", "overview")
    if about is not None:
        into.line("summary", summary_of(about.body), about.title, guessed=True)
        told = into.fields["summary"].value if "summary" in into.fields else ""
        if told == plain(about.body) and not about.title.lower().endswith("description"):
            found[found.index(about)] = about._replace(body="")
    purpose = into.said("intended_purpose").split("\n")[0].removeprefix("- ")
    into.line("summary", summary_of(purpose), "texte", guessed=True)
    into.whole = prose.joined(prose.sections(without_html(body)))
    into.line("summary", summary_of(into.whole), "texte", guessed=True)
    into.text("description", prose.joined(found) or into.whole, "texte")
    waiting = prose.unfilled(body)
    if waiting:
        into.note(
            "unfilled",
            _("Passages de ce modèle de fiche qui attendent encore leur texte : %(which)s."),
            place="description",
            which=", ".join(waiting),
        )


def _vocabularies(data: Mapping[str, Any], body: str, into: Builder) -> None:
    told = data.get("license", data.get("licenses"))
    texts = [each for each in _flat(told) if isinstance(each, str)]
    more = [data.get(key) for key in ("license_name", "license_link") if data.get(key)]
    if texts and texts != ["other"]:
        into.licence(texts, "license")
    elif more:
        into.licence(more, "license_name")
    else:
        into.licence(texts, "license")
    said = prose.facts(body)
    for licence in [said[name] for name in ("license", "licence") if name in said][:1]:
        into.licence([prose.address(licence) or plain(licence)], "texte")
    into.language(data.get("language", data.get("languages")), "language")
    if "languages" not in into.fields:
        labels = (
            "language(s) (nlp)",
            "language(s)",
            "languages",
            "language",
            "langue(s)",
            "langue",
        )
        for spoken in [said[name] for name in (*labels, "langues") if name in said][:1]:
            into.language(plain(spoken), "texte")
    names = ("pipeline_tag", "tags", "task_categories")
    words = [word for name in names for word in _flat(data.get(name))]
    into.tags(_keywords(words, data.get("library_name"), into), "tags")


def _licensed(found: list[prose.Section], into: Builder) -> None:
    """Read the licence that a section names; a section that does nothing else leaves the text."""
    named_so = [each for each in found if OF_LICENCE.fullmatch(each.title)]
    part = prose.section(named_so, "licence", "license", "licensing")
    said = plain(part.body).rstrip(".") if part else ""
    if part is None or not 0 < len(said) <= LONGEST_LICENCE:
        return
    texts = [said, *LICENSED.findall(said)]
    named = [each for each in texts if licences.normalise(each).identifiers]
    if not named:
        return
    into.licence(named[:1], part.title)
    own = into.fields.get("licences")
    if own and list(licences.normalise(named[0]).identifiers) == own.value:
        found[found.index(part)] = part._replace(title="", body="")


def _likely(data: Mapping[str, Any], into: Builder) -> list[str]:
    """Guess the task that the title and the summary of a model speak of, but to advise against."""
    columns = [into.fields[name].value for name in ("title", "summary") if name in into.fields]
    told = prose.taken_out("\n\n".join(columns), answers.AGAINST)[0].replace("\n", " ")
    likely = LIKELY_TASKS.get(str(data.get("pipeline_tag")), {})
    return [task for task, words in likely.items() if re.search(words, told, re.I)][:1]


def _flat(value: Json) -> list[Any]:
    """Give the values of a text, a list, or a map of lists."""
    if isinstance(value, Mapping):
        return [each for part in value.values() for each in _flat(part)]
    if isinstance(value, list):
        return [each for part in value[:200] for each in _flat(part)]
    return [] if value in (None, "") else [value]


def _addresses(
    facts: Mapping[str, str], found: list[prose.Section], url: str, into: Builder
) -> None:
    for column, labels in (
        ("homepage_url", ("homepage", "page", "website", "site")),
        ("repository_url", ("repository", "dépôt", "depot", "repo", "code")),
        ("documentation_url", ("paper", "paper [optional]", "article", "documentation")),
    ):
        for label in labels:
            told = prose.address(facts.get(label, ""))
            _put(column, "" if OF_TOOLS.match(told) else told, label, into)
    for name in ("dépôt", "repository"):
        if part := prose.section(found, name):
            _put("repository_url", prose.address(part.body), part.title, into)
    issues = ISSUES.search("\n".join(each.body for each in found))
    own = issues[1].rstrip(".") if issues and not OF_TOOLS.match(issues[1]) else ""
    into.address("repository_url", own, "texte", guessed=True)
    for holder in [facts[name] for name in HOLDERS if name in facts][:1]:
        into.line("producer_name", prose.written(plain(holder)), "texte")
    if url and into.kind == "dataset":
        into.address("repository_url", url, "adresse")


def _put(name: str, address: str, key: str, into: Builder) -> None:
    """Put an address where it is: on the Hub, what a card calls its repository is its page."""
    if name == "repository_url" and ON_HUB.match(address):
        if page := _on_hub(address):
            own = "" if into.kind == "model" else "datasets/"
            into.address("homepage_url", f"https://huggingface.co/{own}{page}", key)
        return
    into.address(name, address, key)


def _dataset(data: Mapping[str, Any], into: Builder) -> None:
    into.untold |= {"update_frequency", "temporal_coverage", "territories", "last_update"}
    into.untold |= {"distributions"}
    for each in _flat(data.get("source_datasets")):
        name = str(each).removeprefix("extended|")
        if name not in ("original", "extended"):
            into.link("derived_from", title=name)


def _model(
    data: Mapping[str, Any], found: list[prose.Section], facts: Mapping[str, str], into: Builder
) -> None:
    into.line("version", data.get("version"), "version")
    for label in ("version", "version actuelle", "current version"):
        _version(facts.get(label, ""), label, into)
    for part in [each for each in found if OWN_VERSION.match(each.title)]:
        if _version(part.body, part.title, into):
            found[found.index(part)] = part._replace(title="", body="")
    into.line("library", data.get("library_name"), "library_name")
    into.line("base_model", first_text(data.get("base_model")), "base_model")
    base = next((facts[label] for label in BASES if label in facts), "")
    base = _on_hub(prose.address(base)) or prose.written(plain(base))
    into.line("base_model", base if NAME.fullmatch(base) else "", "texte")
    task = str(data.get("pipeline_tag"))
    into.list_of("tasks", TASKS.get(task, ()), "pipeline_tag")
    into.untold |= {"files", "created"}
    names = [str(each) for each in _flat(data.get("datasets")) if isinstance(each, str)]
    into.rows("trained_on", [{"title": name} for name in names], "datasets")
    for name in names:
        into.link("trained_on", title=name)
    count = amounts.parameters("\n".join(each.body for each in found))
    into.value("parameters", count, "texte", guessed=True)
    emitted = data.get("co2_eq_emissions")
    grams = mapping(emitted).get("emissions", emitted if isinstance(emitted, int | float) else None)
    if isinstance(grams, int | float) and not isinstance(grams, bool) and 0 <= grams < 10**15:
        into.value("co2_grams", grams, "co2_eq_emissions")
    measures.read(data, found, into)
    answers.read(found, into)
    measures.leave_names(found, into)
    into.line("footprint", _counted(mapping(emitted)), "co2_eq_emissions")


def _version(text: str, key: str, into: Builder) -> bool:
    """Put the version that a text is, and its day; False when it is none."""
    version = VERSION.match(plain(text))
    if version:
        into.line("version", version[1].rstrip("."), key)
        into.value("created", day(version[2] or ""), key)
    return bool(version)


def _counted(emitted: Mapping[str, Any]) -> str:
    """Say how emissions were counted: for what, where, on what, by which method."""
    told = ("training_type", "geographical_location", "hardware_used", "source")
    return ", ".join(str(emitted[name]) for name in told if isinstance(emitted.get(name), str))
