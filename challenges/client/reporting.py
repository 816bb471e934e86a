"""What the command line shows to a person, line by line."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from challenges.client import coding
from challenges.client.sentences import fault_line, frame, sentences
from challenges.scoring.commands import WHOLE
from challenges.scoring.contract import LEVEL

Json = dict[str, Any]


def told_lines(options: argparse.Namespace, answer: Json) -> Iterator[str]:
    """Yield the lines of the answer of a command; options.lang is the language."""
    return TELL[options.command](answer, options.lang)


def _login(answer: Json, spoken: str) -> Iterator[str]:
    yield frame("login", spoken, server=answer["server"])


def _download(answer: Json, spoken: str) -> Iterator[str]:
    for name in answer["files"]:
        yield frame("kept", spoken, name=name)


def _submit(answer: Json, spoken: str) -> Iterator[str]:
    told = answer["receipt"]["payload"]
    facts = {"number": told["number"], "at": told["received_at"], "sha256": told["sha256"]}
    yield frame("received", spoken, **facts)
    yield from _entry(answer["entry"], spoken)


def _entries(answer: Json, spoken: str) -> Iterator[str]:
    for each in answer["entries"]:
        yield from _entry(each, spoken)
    if not answer["entries"]:
        yield frame("none", spoken)


def _choose(answer: Json, spoken: str) -> Iterator[str]:
    name = "choice.yes" if answer["final_choice"] else "choice.no"
    yield frame(name, spoken, number=answer["number"])


def _list(answer: Json, spoken: str) -> Iterator[str]:
    for each in answer["challenges"]:
        moment = frame(f"moment.{each['moment']}", spoken)
        if each["closes_at"] and each["moment"] == "open":
            moment += frame("closes", spoken, at=each["closes_at"])
        yield frame("challenge", spoken, slug=each["slug"], title=each["title"], moment=moment)
    if not answer["challenges"]:
        yield frame("none", spoken)


def _rules(answer: Json, spoken: str) -> Iterator[str]:
    yield frame("terms", spoken, number=answer["number"])
    yield str(answer["text"])
    if answer["access"]:
        uses = " ; ".join(answer["access"]["forbidden_uses"])
        yield frame("access", spoken, **answer["access"] | {"forbidden_uses": uses})
    if "state" in answer:
        name = f"joined.{answer['state']}"
        name = name if name in sentences("fr")["frames"] else "joined.other"
        yield frame(name, spoken, state=answer["state"])


def _entry(entry: Json, spoken: str) -> Iterator[str]:
    facts = {"number": entry["number"], "phase": entry["phase"], "word": entry["status_word"]}
    text = frame("entry", spoken, **facts)
    for split, figures in sorted(entry["scores"].items(), reverse=True):
        shown = ", ".join(f"{key} {each['text']}" for key, each in sorted(figures.items()))
        text += f", {split} {shown}"
    yield text + (frame("chosen", spoken) if entry["final_choice"] else "")
    for sentence in (entry["reason_sentence"], entry["message"]):
        if sentence:
            yield f"  {sentence}"
    for fault in entry["errors"]:
        yield f"  {fault_line(fault, spoken)}"


def _team(team: Json, spoken: str) -> Iterator[str]:
    members = ", ".join(each["name"] for each in team["members"])
    yield frame("team", spoken, name=team["name"], challenge=team["challenge"], members=members)


def _standings(board: Json, spoken: str) -> Iterator[str]:
    """Yield the rows with the decimals of the board, each figure between its bounds."""
    yield f"{board['title']} ({board['split']})"
    decimals = {each["key"]: each["decimals"] for each in board["columns"]}
    for row in board["rows"]:
        shown = []
        for key, each in row["metrics"].items():
            if each.get("value") is None:
                continue
            figures = (each["value"], each.get("low"), each.get("high"))
            value, low, high = (
                None if one is None else f"{one:.{decimals[key]}f}" for one in figures
            )
            shown.append(f" {key} {value}" + (f" [{low} ; {high}]" if low and high else ""))
        rank = "–" if row["rank"] is None else row["rank"]
        yield f"{rank} {row['team']}{','.join(shown)}"
    if not board["rows"]:
        yield frame("none", spoken)


def _tell_import(answer: Json, spoken: str) -> Iterator[str]:
    for kind in ("errors", "warnings"):
        for each in answer[kind]:
            yield " · ".join(part for part in each.values() if part)
    if answer["challenge"] is None:
        for each in answer["questions"]:
            proposal = each["proposal"] or frame("awaited", spoken)
            yield f"--answer {each['key']}=… : {each['text']} [{proposal}]"
            yield from (f"    {one['value']} : {one['label']}" for one in each["choices"])
    yield from answer["dry_run"]
    name = "drafted" if answer["challenge"] else f"import.{answer['state']}"
    yield frame(name, spoken, slug=answer["challenge"] or "", page=answer["page"])


def _tell_export(answer: Json, spoken: str) -> Iterator[str]:
    yield frame("kept", spoken, name=answer["file"])


def _tell_data(answer: Json, spoken: str) -> Iterator[str]:
    if "faults" in answer:
        yield from (f"{each['file']} {each['message']}".strip() for each in answer["faults"])
        yield frame(f"release.{answer['state']}", spoken, **answer)
        return
    if "file" in answer:
        yield frame("kept", spoken, name=answer["file"])
        return
    for each in answer["extracts"]:
        yield f"{each['id']}  {each['name']}  {each['size']}  {each['dataset']} ({each['grant']})"
    if not answer["extracts"]:
        yield frame("none", spoken)


TELL: dict[str, Callable[[Json, str], Iterator[str]]] = {
    "login": _login,
    "list": _list,
    "rules": _rules,
    "team": _team,
    "download": _download,
    "submit": _submit,
    "try": coding.tell_trial,
    "entries": _entries,
    "standings": _standings,
    "choose": _choose,
    "data": _tell_data,
    "import": _tell_import,
    "export": _tell_export,
}


def written_answer(options: argparse.Namespace, answer: Json) -> str:
    """Write the answer of a command; options.lang is the language."""
    spoken = options.lang
    match options.command:
        case "check":
            return "\n".join(_check_lines(answer, Path(options.file).name, spoken)) + "\n"
        case "score":
            return score_text(answer, spoken) + "\n"
        case "receipt":
            lines = [frame(f"receipt.{answer['state']}", spoken)]
            lines += [frame("receipt.alone", spoken)] if answer["valid"] and options.key else []
            shown = (answer["payload"] or {}).items()
            lines += [f"{key} : {json.dumps(value, ensure_ascii=False)}" for key, value in shown]
            return "\n".join(lines) + "\n"
        case "version":
            facts = {"version": answer["version"], "digest": answer["engine_sha256"]}
            return frame("engine", spoken, **facts) + "\n"
        case _:
            return "\n".join(told_lines(options, answer)) + "\n"


def score_text(answer: Json, spoken: str = "fr") -> str:
    """Write the answer of a scoring for a person."""
    if answer["verdict"] != "accept":
        return "\n".join(_faults(answer, spoken))
    lines = [frame("warning", spoken, message=told) for told in answer["notices"]]
    if "values" not in answer:
        parts = answer.get("splits") or {WHOLE: answer}
        for part, found in parts.items():
            lines.append(_part(part, found["n"], spoken))
            lines.append(_figure(answer["metric"], found["score"], _bounds(found), spoken))
    for part, values in answer.get("values", {}).items():
        lines.append(_part(part, values["n"], spoken))
        for key, value in values.items():
            if key != "n":
                bounds = answer["intervals"].get(part, {}).get(key)
                lines.append(_figure(key, value, bounds, spoken))
    if answer.get("absent"):
        lines.append(frame("absent", spoken, names=", ".join(answer["absent"])))
    if answer.get("left_out"):
        lines.append(frame("left_out", spoken, names=", ".join(answer["left_out"])))
    if "contract_sha256" in answer:
        lines.append(frame("contract", spoken, digest=answer["contract_sha256"]))
    return "\n".join(lines)


def _check_lines(answer: Json, name: str, spoken: str) -> list[str]:
    lines = [frame("warning", spoken, message=told) for told in answer["notices"]]
    if answer["verdict"] == "accept":
        return [*lines, frame("accepted", spoken, name=name, rows=answer["rows"])]
    return [*lines, *_faults(answer, spoken), frame("refused", spoken, name=name)]


def _faults(answer: Json, spoken: str) -> list[str]:
    return [fault_line(fault, spoken) for fault in answer["errors"]]


def _part(part: str, n: int, spoken: str) -> str:
    name = "all" if part == WHOLE else "part"
    return frame(name, spoken, part=part, n=n)


def _figure(key: str, value: Any, bounds: Any, spoken: str) -> str:
    if isinstance(value, Mapping):
        cells = ", ".join(f"{group} {_number(each, spoken)}" for group, each in value.items())
        return f"  {key} : {cells}"
    text = f"  {key} : {_number(value, spoken)}"
    if bounds and bounds[0] is not None:
        low, high = (_number(bound, spoken) for bound in bounds[:2])
        facts = {"low": low, "high": high, "method": bounds[2], "level": f"{100 * LEVEL:g}"}
        text += frame("interval", spoken, **facts)
    return text


def _bounds(found: Json) -> list[Any] | None:
    return [*found["interval"], found["interval_method"]] if found["interval"] else None


def _number(value: Any, spoken: str) -> str:
    if value is None:
        return frame("undefined", spoken)
    return repr(value) if isinstance(value, int) else f"{value:.6g}"
