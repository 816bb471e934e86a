"""Read the measures that the card of a model declares: its list, its sentences, its tables."""

import re
from collections.abc import Mapping, Set
from typing import Any

from catalogue.standards.quality import FIGURE, METRICS
from catalogue.standards.readers.builder import Builder
from catalogue.standards.readers.record import Json
from catalogue.standards.readers.syntax import markdown_text as prose
from catalogue.standards.readers.syntax.json_text import first_text, items, mapping
from catalogue.standards.readers.syntax.text import one_line, plain, web_address

WORDS = 120  # characters of a name of a measure
# « It achieves the following results on the evaluation set: », and its list.
ACHIEVED = re.compile(
    r"^(?:[^\n]{0,200}\.)?([^\n.]{0,80}\b(?:results|résultats)\b[^\n]{0,80}"
    r"\b(?:evaluation|test|évaluation)\b[^\n]{0,40}:[ *]*\n\s*"
    r"((?:[ \t]*[-*] [^\n:]{1,40}:[ *]*[\d.,]+[ %]*(?:\n|\Z))+))",
    re.I | re.M,
)
MEASURED = re.compile(r"[-*] +\**([^\n:*]{1,40}?)\**:[ *]*([\d.,]+)")
MEASURING = re.compile(r"\b(?:r[ée]sult|[ée]valu|perform|scores?\b|mesures?\b|metrics?\b)", re.I)
NAMES = re.compile(r"^(?:metrics?|m[ée]triques?|mesures?)\W*$", re.I)
WHOLE = re.compile(
    r"ensemble|global(?:e|ement)?|total|tous|toutes|overall|all|this model|ce modèle", re.I
)


def read(data: Mapping[str, Any], found: list[prose.Section], into: Builder) -> None:
    """Take the measures of the card as what its producer declares, with their source.

    The list that a trainer writes of them leaves the text, as do the tables that repeat them.
    """
    rows = [
        _measure(mapping(result), mapping(metric))
        for each in items(data.get("model-index"))
        for result in items(mapping(each).get("results"))
        for metric in items(mapping(result).get("metrics"))
    ]
    told = {(_name(row["metric"]), _figure(row["value"])) for row in rows}
    for at, part in enumerate(found):
        if listed := ACHIEVED.search(part.body):
            pairs = MEASURED.findall(listed[2])
            rows += [
                {"task": "", "metric": name, "value": value, "dataset": "", "url": ""}
                for name, value in pairs
                if (_name(name), _figure(value)) not in told
            ]
            found[at] = part._replace(body=part.body.replace(listed[1], "").strip())
    into.rows("declared_measures", [row for row in rows if row["metric"]], "model-index")
    if rows:
        _leave_measured(found, rows)
        return
    for part in found:
        if MEASURING.search(part.title) and (rows := _of_whole(part.body, into)):
            into.value("declared_measures", rows, part.title, guessed=True)


def _of_whole(body: str, into: Builder) -> list[dict[str, str]]:
    """Read the measures of the one row of a table that is of the whole, or of this model."""
    own = {_name(into.fields["title"].value)} if "title" in into.fields else set()
    for block in prose.apart(body)[1]:
        lines = block.splitlines() if block.startswith("|") else []
        bare = [line.strip().removeprefix("|").removesuffix("|") for line in lines]
        cells = [[plain(cell) for cell in line.split("|")] for line in bare]
        head, *rows = cells or [[]]
        whole = [row for row in rows[1:] if WHOLE.fullmatch(row[0]) or _name(row[0]) in own]
        if len(whole) == 1:
            pairs = zip(head[1:], whole[0][1:], strict=False)
            told = [pair for pair in pairs if METRICS.search(pair[0]) and FIGURE.fullmatch(pair[1])]
            return [
                {"task": "", "metric": name, "value": value, "dataset": "", "url": ""}
                for name, value in told
            ]
    return []


def _leave_measured(found: list[prose.Section], rows: list[dict[str, str]]) -> None:
    """Leave out of the text the tables whose figures are all measures that the card declares."""
    told = {(_name(row["metric"]), _figure(row["value"])) for row in rows}
    for at, part in enumerate(found):
        for block in prose.apart(part.body)[1]:
            if block.startswith("|") and _is_told(block, told):
                found[at] = part = part._replace(body=part.body.replace(block, ""))


def leave_names(found: list[prose.Section], into: Builder) -> None:
    """Leave out of the text a section that only names the measures whose figures are given."""
    rows = into.details["declared_measures"].value if "declared_measures" in into.details else []
    given = prose.words(" ".join([*(row["metric"] for row in rows), into.said("group_results")]))
    for at, part in enumerate(found):
        named = prose.words(re.sub(r"\b(?:and|et)\b", " ", part.body))
        if rows and NAMES.match(part.title) and not named.keys() - given.keys():
            found[at] = part._replace(title="", body="")


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
    named = first_text(data.get("name"), data.get("type"))
    return {
        "task": one_line(first_text(task.get("name"), task.get("type")))[:WORDS],
        "metric": one_line(first_text(metric.get("name"), metric.get("type")))[:WORDS],
        "value": one_line(str(value))[:WORDS] if known else "",
        # « Unknown » is what tools write of a set without a name.
        "dataset": re.sub(r"^unknown$", "", one_line(named)[:WORDS], flags=re.I),
        "url": web_address(first_text(source.get("url")), ""),
    }
