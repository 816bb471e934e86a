"""Hugging Face cards: front matter in YAML, then the card in Markdown.

Source: Hugging Face Hub, model and dataset card specifications. The names of metrics, tasks and
formats are ours: nobody else has to know them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

import yaml

from catalogue.standards.pipelines import PIPELINES, told_by
from catalogue.standards.published import Measure, Published
from catalogue.standards.writers.mldcat import Training, sentence, trainings

# Identifiers of licences as the Hub names them: SPDX in lower case for most of them.
LICENCES = {
    "AGPL-3.0-only": "agpl-3.0", "AGPL-3.0-or-later": "agpl-3.0",
    "Apache-2.0": "apache-2.0", "BSD-2-Clause": "bsd-2-clause", "BSD-3-Clause": "bsd-3-clause",
    "CC-BY-4.0": "cc-by-4.0", "CC-BY-NC-4.0": "cc-by-nc-4.0", "CC-BY-SA-4.0": "cc-by-sa-4.0",
    "CC0-1.0": "cc0-1.0", "etalab-2.0": "etalab-2.0", "EUPL-1.2": "eupl-1.2",
    "GPL-3.0-only": "gpl-3.0", "GPL-3.0-or-later": "gpl-3.0", "LGPL-3.0-only": "lgpl-3.0",
    "LGPLLR": "lgpl-lr", "MIT": "mit", "MPL-2.0": "mpl-2.0", "ODbL-1.0": "odbl",
}  # fmt: skip
QUESTIONS = (
    ("intended_purpose", "Usages prévus"),
    ("users", "Personnes qui l’utilisent"),
    ("people_affected", "Personnes concernées"),
    ("excluded_uses", "Usages exclus"),
    ("ai_act_reason", "Statut au regard du règlement européen"),
    ("training_data", "Données d’apprentissage"),
    ("group_results", "Résultats par groupe"),
    ("limits", "Limites connues"),
    ("oversight", "Contrôle humain"),
    ("explanation", "Explication donnée"),
    ("logs", "Journaux, contact et recours"),
    ("footprint", "Empreinte"),
)
# Metrics by the identifiers of the Hub: other names of ours and of authors.
METRICS = {
    "exactitude": "accuracy", "précision": "precision", "rappel": "recall",
    "taux de rappel": "recall", "exact match": "exact_match", "r²": "r2", "auc": "roc_auc",
    "roc auc": "roc_auc", "auroc": "roc_auc",
    **{name: name for name in (
        "accuracy", "bleu", "cer", "chrf", "f1", "mae", "mape", "meteor", "mse", "perplexity",
        "precision", "r2", "recall", "rmse", "rouge", "wer",
    )},
}  # fmt: skip
AVERAGED = re.compile(r"\(.*?\)|\b(?:micro|macro|weighted|pondérée?|moyenn?e?|score)\b|[-_]")
PYTHON = re.compile(r"^(?:import|from) \w", re.M)
Json = dict[str, Any]


def card(resource: Published) -> str:
    """Write the card of a model or a dataset."""
    head = yaml.safe_dump(front_matter(resource), allow_unicode=True, sort_keys=False, width=1_000)
    return f"---\n{head}---\n\n{_body(resource)}"


def front_matter(resource: Published) -> Json:
    """Give the metadata of the card; empty values are left out."""
    found: Json = {
        "language": [code for code in resource.languages if len(code) == 2],
        **_licence(resource),
        "pretty_name": resource.title if resource.kind == "dataset" else "",
        "tags": [each for each in resource.tags if each != PIPELINES.get(told_by(resource.tags))],
    }
    if resource.kind == "model":
        found |= _model(resource)
    return {name: value for name, value in found.items() if value not in ("", [], None)}


def _licence(resource: Published) -> Json:
    if len(resource.licences) == 1:
        one = resource.licences[0]
        known = LICENCES.get(one.identifier)
        return {"license": known} if known else _other(one.identifier, one.url)
    if resource.licences:
        return _other(" AND ".join(each.identifier for each in resource.licences), resource.page)
    if resource.licence_note:
        return _other(resource.licence_note, resource.page)
    return {"license": "unknown"}


def _other(name: str, link: str) -> Json:
    return {"license": "other", "license_name": name, "license_link": link}


def _model(resource: Published) -> Json:
    return {
        "library_name": resource.text("library").lower(),
        "base_model": resource.text("base_model"),
        "pipeline_tag": told_by(resource.tags),
        "datasets": [_name_on_hub(each, resource) for each in trainings(resource)],
        "metrics": sorted({_metric(each.metric) for each in resource.measures}),
        "co2_eq_emissions": _emissions(resource),
        "model-index": _index(resource),
    }


def _name_on_hub(learnt: Training, resource: Published) -> str:
    """Name a dataset with its owner where its address says that it is on the Hub."""
    linked = {each.iri: each.url for each in resource.linked("trained_on")}
    address = linked.get(learnt.iri) or learnt.iri
    _before, on_hub, name = address.partition("huggingface.co/datasets/")
    return name.strip("/") if on_hub else learnt.title


def _emissions(resource: Published) -> Json | None:
    """Give the grams of CO₂ equivalent, and how they were counted."""
    grams = resource.details.get("co2_grams")
    if grams is None:
        return None
    source = resource.text("footprint")
    return {"emissions": grams, **({"source": source} if source else {})}


def _index(resource: Published) -> list[Json]:
    whole = [_result(each, resource) for each in resource.measures if not each.group]
    results = whole + [
        _declared(row, told_by(resource.tags))
        for row in resource.details.get("declared_measures", [])
        if row.get("dataset")  # without one, the Hub reads none of them
    ]
    return [{"name": resource.title, "results": results}] if results else []


def _declared(row: Mapping[str, Any], pipeline: str) -> Json:
    """Write what the producer declares as what nobody verified."""
    task, data = row.get("task") or pipeline or "other", row["dataset"]
    name, value = row.get("metric", ""), str(row.get("value", ""))
    result: Json = {
        "task": {"type": pipeline or task, "name": task},
        "dataset": {"type": data, "name": data},
        "metrics": [
            {"type": _metric(name), "value": _number(value), "name": name, "verified": False}
        ],
    }
    if row.get("url"):
        result["source"] = {"name": data, "url": row["url"]}
    return result


def _metric(name: str) -> str:
    """Name a metric as the Hub does where it is a usual one."""
    words = " ".join(AVERAGED.sub(" ", name.casefold()).split())
    return METRICS.get(words, name)


def _number(text: str) -> float | str:
    try:
        found = float(text)
    except ValueError:
        return text
    return found if isfinite(found) else text


def _result(measure: Measure, resource: Published) -> Json:
    task = measure.task or next(iter(resource.tasks.values()), "other")
    data = measure.dataset or measure.evaluated_on or resource.title
    metric: Json = {
        "type": _metric(measure.metric),
        "value": measure.value,
        "name": measure.metric,
    }
    if measure.low is not None:
        metric["args"] = {"low": measure.low, "high": measure.high, "n": measure.n}
    result: Json = {
        "task": {"type": task, "name": task},
        "dataset": {"type": data, "name": data},
        "metrics": [metric],
    }
    if measure.source_url.startswith(("http://", "https://")):
        result["source"] = {"name": "Open Emploi", "url": measure.source_url}
    return result


def _body(resource: Published) -> str:
    told = re.sub(r"[`*]|\s+", lambda each: " " if each[0].isspace() else "", resource.description)
    summary = "" if resource.summary.removesuffix("…") in told else resource.summary
    parts = [f"# {resource.title}", summary, resource.description]
    if resource.kind == "model":
        parts += [_question(resource, name, title) for name, title in QUESTIONS]
        parts.append(_section("Mesures", _measures(resource)))
    for title, name, language in (("Exemple", "example", ""), ("Citation", "citation", "bibtex")):
        if code := resource.text(name):
            is_python = not language and PYTHON.search(code)
            block = f"```{'python' if is_python else language}\n{code}\n```"
            _put(parts, title, block)
    _put(parts, "Contact", resource.contact)
    parts.append(_section("Source", f"Fiche du catalogue Open Emploi : <{resource.iri}>"))
    return "\n\n".join(part for part in parts if part) + "\n"


def _put(parts: list[str], title: str, text: str) -> None:
    """Add a section, or its text to the one that the description has under such a title."""
    head = re.search(rf"^#+ +{title} *$", parts[2], re.M | re.I)
    if head is None:
        parts.append(_section(title, text))
    elif text not in parts[2]:
        parts[2] = f"{parts[2][: head.end()]}\n\n{text}{parts[2][head.end() :]}"


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}" if text else ""


def _question(resource: Published, name: str, title: str) -> str:
    value = resource.details.get(name) or ""
    if isinstance(value, list):  # those that begin with a dash are of the one before
        value = "\n".join(("  " if each.startswith("- ") else "- ") + each for each in value)
    return _section(title, value)


def _measures(resource: Published) -> str:
    """List the figures measured here, then those that the producer declares."""
    lines = [sentence(each) for each in resource.measures]
    for row in resource.details.get("declared_measures", []):
        what = " – ".join(filter(None, (row.get("task"), row.get("metric"), row.get("dataset"))))
        lines.append(f"{what} : {row.get('value', '')} (déclarée par le producteur)")
    return "\n".join(f"- {each}" for each in lines)
