"""Read Hugging Face cards: a README with its front matter, or the JSON of the Hub’s lists.

An unreadable front matter is a fault; the body is read all the same.
"""

import re
from collections.abc import Collection, Mapping, Set
from typing import Any

from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Fault, Json, Reading, Record, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.syntax import bibtex_text, json_text, yaml_text
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
    web_address,
    without_html,
)

SOURCE = "Hugging Face"
# The tasks of the Hub that are one of ours.
TASKS = {
    "fill-mask": ("language_modelling",),
    "text-generation": ("language_modelling",),
    "time-series-forecasting": ("forecasting",),
}
# Those that are often one of ours, for employment: a person who pastes a card is asked.
GUESSED_TASKS = {
    "sentence-similarity": ("matching",),
    "text-ranking": ("matching",),
    "text-classification": ("occupation_coding",),
    "zero-shot-classification": ("occupation_coding",),
    "token-classification": ("skill_extraction",),
    "text2text-generation": ("language_modelling",),
    "summarization": ("language_modelling",),
    "translation": ("language_modelling",),
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
    into.address("repository_url", url, "id")
    into.line("producer_name", data.get("author") or _owner(name), "author")
    licences = items(written.get("license")) or _tagged(tags, "license")
    into.licence(licences, "license")
    into.language(written.get("language") or _tagged(tags, "language"), "language")
    task = first_text(data.get("pipeline_tag"))
    into.tags(_keywords([*tags, task], task, () if is_dataset else TASKS), "tags")
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


def _keywords(words: list[Any], task: str, telling: Collection[str]) -> list[str]:
    """Keep the words that name nothing else, but a task that is told as one of ours."""
    told = {task} & set(telling)
    texts = [word for word in words if isinstance(word, str) and ":" not in word]
    return [word for word in texts if word not in told]


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


LONGEST_CONTACT = 200
WORDS = 120  # characters of a name of a measure
# Markdown begins with a bracket too: a badge, a link.
JSON = re.compile(rb"\s*(?:\[\s*[{\]]|\{\s*[\"}])")
CARD_OF = re.compile(
    r"^\W*(?:dataset|model)\s+card\s+(?:for|of)\s+(?:the\s+)?|^(?:fiche|carte) d[eu]\s+", re.I
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
RESERVED = frozenset({"api", "docs", "blog", "spaces", "models", "datasets", "papers"})


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
            faults.append(_kept(refusal.fault))
    return Reading(records=(card(data, body, base_url, faults),))


def _kept(found: Fault) -> Fault:
    """Say the fault of a front matter as one that keeps the body."""
    return fault(
        "front_matter_unreadable",
        _("L’en-tête YAML n’est pas lisible, seul le texte est repris. %(reason)s"),
        line=found.line,
        column=found.column,
        reason=found.message,
    )


def card(data: Mapping[str, Any], body: str, base_url: str, faults: list[Fault]) -> Record:
    """Build the record of one card from its front matter and its text."""
    on_hub = HUB.match(base_url)
    name = on_hub[2] if on_hub and on_hub[2].split("/")[0] not in RESERVED else ""
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
    into.address("homepage_url", url, "adresse")
    facts = prose.facts(body)
    _addresses(facts, found, url, into)
    if kind == "model":
        _model(data, found, into)
    else:
        _dataset(data, into)
    _cited(found, into)
    _describe(body, found, into)
    return into.record()


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
    heading = next((each.title for each in found if each.level == 1 or each.title), "")
    said = CARD_OF.sub("", prose.written(prose.filled(heading))).strip(" \"'“”«»`:")
    indexed = first_text(mapping(next(iter(items(data.get("model-index"))), {})).get("name"))
    into.require_title(
        (said, "titre"),
        (data.get("model_name"), "model_name"),
        (indexed, "model-index"),
        (name.rsplit("/", 1)[-1], "adresse"),
        (data.get("paperswithcode_id"), "paperswithcode_id"),
    )
    if said and into.fields.get("title") and said != into.fields["title"].value:
        into.list_of("alternate_titles", [said], "titre", guessed=True)


def _cited(found: list[prose.Section], into: Builder) -> None:
    """Read how the card asks to be cited: the portal writes its own citation from it."""
    part = prose.section(found, "citation", "bibtex", "citing", "citer", "cite")
    told, rest = bibtex_text.first(part.body) if part else ({}, "")
    if part is None or not told:
        return
    into.list_of("authors", bibtex_text.persons(told["author"]), part.title, guessed=True)
    if into.kind == "model":
        into.date("created", told.get("year"), part.title, guessed=True)
        if told.keys() & {"doi", "journal", "booktitle", "eprint", "url"}:
            names = ("title", "journal", "booktitle", "doi", "url")
            paper = ", ".join(told[name] for name in names if told.get(name))
            into.line("paper", paper, part.title, guessed=True)
    text, blocks = prose.apart(rest)
    prose.leave(found, part, text, blocks, "")


def _describe(body: str, found: list[prose.Section], into: Builder) -> None:
    # What stands right under the title says it best.
    into.line("summary", summary_of(found[0].body) if found else "", "texte", guessed=True)
    about = prose.section(found, "summary", "résumé", "description", "overview")
    if about is not None:
        into.line("summary", summary_of(about.body), about.title, guessed=True)
    into.whole = prose.joined(prose.sections(without_html(body)))
    into.line("summary", summary_of(into.whole), "texte", guessed=True)
    into.text("description", prose.joined(found) or into.whole, "texte")
    waiting = prose.unfilled(body)
    if waiting:
        into.note(
            "unfilled",
            _("Passages de ce modèle de fiche qui attendent encore leur texte : %(count)s."),
            count=waiting,
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
    if "license" in said:
        into.licence([prose.address(said["license"]) or plain(said["license"])], "texte")
    into.language(data.get("language", data.get("languages")), "language")
    if "languages" not in into.fields:
        spoken = said.get("language(s) (nlp)") or said.get("languages") or said.get("language")
        if spoken:
            into.language(plain(spoken), "texte", guessed=True)
    words = [*_flat(data.get("tags")), *_flat(data.get("task_categories"))]
    words += _flat(data.get("pipeline_tag"))
    telling = {**TASKS, **GUESSED_TASKS} if into.kind == "model" else ()
    into.tags(_keywords(words, str(data.get("pipeline_tag")), telling), "tags")


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
        ("homepage_url", ("homepage", "page", "website")),
        ("repository_url", ("repository", "dépôt", "code")),
        ("documentation_url", ("paper", "paper [optional]", "article", "documentation")),
    ):
        for label in labels:
            into.address(column, prose.address(facts.get(label, "")), label, guessed=True)
    for column, name in (("repository_url", "dépôt"), ("repository_url", "repository")):
        if part := prose.section(found, name):
            into.address(column, prose.address(part.body), part.title, guessed=True)
    part = prose.section(found, "contact")
    asked = part.body if part and len(part.body) <= LONGEST_CONTACT else ""
    contact = facts.get("point of contact") or facts.get("contact") or asked
    reached = prose.address(contact) or prose.written(plain(contact))
    into.line("contact", reached, "texte", guessed=True)
    holder = facts.get("developed by") or facts.get("curated by") or facts.get("owned by") or ""
    into.line("producer_name", prose.written(plain(holder)), "texte", guessed=True)
    if url:
        into.address("repository_url", url, "adresse")


def _dataset(data: Mapping[str, Any], into: Builder) -> None:
    into.untold |= {"update_frequency", "temporal_coverage", "territories", "last_update"}
    into.untold |= {"distributions"}
    for each in _flat(data.get("source_datasets")):
        name = str(each).removeprefix("extended|")
        if name not in ("original", "extended"):
            into.link("derived_from", title=name)


def _model(data: Mapping[str, Any], found: list[prose.Section], into: Builder) -> None:
    into.line("library", data.get("library_name"), "library_name")
    into.line("base_model", first_text(data.get("base_model")), "base_model")
    task = str(data.get("pipeline_tag"))
    into.list_of("tasks", TASKS.get(task, ()), "pipeline_tag")
    into.list_of("tasks", GUESSED_TASKS.get(task, ()), "pipeline_tag", guessed=True)
    into.untold |= {"files", "created"}
    names = [str(each) for each in _flat(data.get("datasets")) if isinstance(each, str)]
    into.rows("trained_on", [{"title": name} for name in names], "datasets")
    for name in names:
        into.link("trained_on", title=name)
    emitted = data.get("co2_eq_emissions")
    grams = mapping(emitted).get("emissions", emitted if isinstance(emitted, int | float) else None)
    if isinstance(grams, int | float) and not isinstance(grams, bool) and 0 <= grams < 10**15:
        into.value("co2_grams", grams, "co2_eq_emissions")
        into.line("footprint", _counted(mapping(emitted)), "co2_eq_emissions")
    _answers(found, into)
    _measures(data, into)
    if "declared_measures" in into.details:
        _leave_measured(found, into.details["declared_measures"].value)


# The headings that answer each question, what is advised against first: a text goes to one field.
QUESTIONS = {
    "excluded_uses": (
        "out-of-scope",
        "misuse",
        "hors périmètre",
        "hors du périmètre",
        "déconseillé",
        "usages exclus",
        "pas faire",
        "not to do",
        "not be used",
    ),
    "intended_purpose": (
        "direct use",
        "intended use",
        "usage direct",
        "usages directs",
        "utilisation directe",
        "uses",
        "usage prévu",
        "usages prévus",
        "utilisation prévue",
        "utilisations prévues",
        "à quoi",
        "purpose",
        "finalité",
    ),
    "training_data": (
        "training data",
        "training dataset",
        "données d’apprentissage",
        "données d’entraînement",
        "données d’entrainement",
        "training and evaluation data",
        "sur quoi il a appris",
        "données",
    ),
    "limits": ("limitation", "limites", "bias, risks", "biais"),
    "explanation": ("comment il explique", "explicabilité", "explainability", "interpretability"),
    "oversight": ("qui garde la main", "contrôle humain", "human oversight"),
    "group_results": ("résultats par groupe", "fairness"),
    "users": ("qui l’utilise",),
    "people_affected": ("personnes concernées",),
    "example": (
        "how to use",
        "get started",
        "comment l’utiliser",
        "comment utiliser",
        "prise en main",
        "usage",
        "utilisation",
    ),
    "footprint": ("environmental impact", "carbon", "empreinte", "impact environnemental"),
}
AGAINST = re.compile(
    r"\bne (?:doi(?:t|vent)|convien(?:t|nent))\W+(?:pas|jamais)\b|"
    r"\bne (?:pas|jamais)\W+(?:l['’]|les? |la )?(?:utilis|emplo[iy]|se serv)|"
    r"\bn['’](?:est|a) \W*pas\W+(?:été )?(?:destiné|conçu|fait pour|prévu)|"
    r"\b(?:must|should|shall)\W+(?:not|never)\b|\bdo(?:es)? \W*not\W+(?:use|suit)|"
    r"\bnot\W+(?:be used|allowed|intended|meant|designed|suitable) |\bunsuitable for|"
    r"\b(?:interdite?s?|proscrite?s?|déconseillée?s?|inadaptée?s?|prohibited|forbidden)\b|"
    r"\bmisuse\b",
    re.I,
)
EMITTED = re.compile(
    r"(?<![\d.,])(?<!\d\s)(\d+(?:[.,]\d+)?)\s*(kg|g|t)(?=\W|CO)[^\n]{0,20}?CO[2₂]", re.I
)
GRAMS = {"g": 1, "kg": 1_000, "t": 1_000_000}


def _answers(found: list[prose.Section], into: Builder) -> None:
    """Give each section to one question at most, and what it advises against to its own.

    What a field says leaves its section.
    """
    left, against, advised = list(found), list[str](), "texte"
    answered: list[tuple[prose.Section, str, str, list[str]]] = []
    for name, words in QUESTIONS.items():
        part = prose.section(left, *words)
        if part is None or name in into.details:
            continue
        left.remove(part)
        text, blocks = prose.apart(prose.written(part.body))
        if name == "excluded_uses":
            against, advised = prose.bullets(text), part.title
        elif name == "example":
            into.value(name, prose.code(blocks.pop(0)) if blocks else "", part.title, guessed=True)
        else:
            asked, taken = prose.taken_out(prose.spelt(text), AGAINST)
            against += taken
            text = _said(name, asked, part.title, into, text)
        answered.append((part, name, text, blocks))
    into.list_of("excluded_uses", against, advised, guessed=True)
    for part, name, text, blocks in answered:
        prose.leave(found, part, text, blocks, into.said(name, "excluded_uses"))


def _said(name: str, text: str, title: str, into: Builder, whole: str) -> str:
    """Give a text to its question; returns whole, what the section says, "" once it is a figure."""
    if name == "footprint" and (emitted := EMITTED.search(text)):
        grams = float(emitted[1].replace(",", ".")) * GRAMS[emitted[2].lower()]
        into.value("co2_grams", grams, title, guessed=True)
        if not re.search(r"\w{4}", EMITTED.sub("", text)):
            return ""
    if name == "limits":
        into.list_of(name, prose.bullets(text), title, guessed=True)
    else:
        into.text(name, prose.unmarked(text), title, guessed=True)
    return whole


def _counted(emitted: Mapping[str, Any]) -> str:
    """Say how emissions were counted: for what, where, on what, by which method."""
    told = ("training_type", "geographical_location", "hardware_used", "source")
    return ", ".join(str(emitted[name]) for name in told if isinstance(emitted.get(name), str))


def _measures(data: Mapping[str, Any], into: Builder) -> None:
    """Take the measures of the card as what its producer declares, with their source."""
    rows = [
        _measure(mapping(result), mapping(metric))
        for each in items(data.get("model-index"))
        for result in items(mapping(each).get("results"))
        for metric in items(mapping(result).get("metrics"))
    ]
    into.rows("declared_measures", [row for row in rows if row["metric"]], "model-index")


def _leave_measured(found: list[prose.Section], rows: list[dict[str, str]]) -> None:
    """Leave out of the text the tables whose figures are all measures that the card declares."""
    told = {(_name(row["metric"]), _figure(row["value"])) for row in rows}
    for at, part in enumerate(found):
        for block in prose.apart(part.body)[1]:
            if block.startswith("|") and _is_told(block, told):
                found[at] = part = part._replace(body=part.body.replace(block, ""))


def _is_told(table: str, told: Set[tuple[str, str]]) -> bool:
    """Say whether each row of a table names a measure and holds its value alone."""
    rows = [line.strip().strip("|").split("|") for line in table.strip().splitlines()[2:]]
    pairs = [(_name(name), _figure(cell.strip(" *"))) for name, *cells in rows for cell in cells]
    return bool(pairs) and told >= set(pairs)


def _name(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _figure(text: str) -> str:
    plain = text.replace(",", ".")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _measure(result: Mapping[str, Any], metric: Mapping[str, Any]) -> dict[str, Json]:
    task, data, source = (mapping(result.get(name)) for name in ("task", "dataset", "source"))
    value = metric.get("value")
    known = isinstance(value, str | int | float) and not isinstance(value, bool)
    return {
        "task": one_line(first_text(task.get("name"), task.get("type")))[:WORDS],
        "metric": one_line(first_text(metric.get("name"), metric.get("type")))[:WORDS],
        "value": one_line(str(value))[:WORDS] if known else "",
        "dataset": one_line(first_text(data.get("name"), data.get("type")))[:WORDS],
        "url": web_address(first_text(source.get("url")), ""),
    }
