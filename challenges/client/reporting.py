"""What the command line shows to a person, line by line."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from challenges.client import telling
from challenges.client.sentences import frame
from challenges.scoring.commands import offline
from challenges.scoring.contract import LEVEL

Json = dict[str, Any]


def text(options: argparse.Namespace, answer: Json) -> str:
    """Write the answer of a command; options.lang is the language."""
    spoken = options.lang
    match options.command:
        case "check":
            return "\n".join(_check_lines(answer, Path(options.file).name, spoken)) + "\n"
        case "score":
            return score_text(answer, spoken) + "\n"
        case "split":
            rows = {"kept": answer["rows"]["train"], "out": answer["rows"]["test"]}
            return frame("cut", spoken, folder=options.folder, **answer, **rows) + "\n"
        case "verify-receipt" | "receipt":
            lines = [frame(f"receipt.{answer['state']}", spoken)]
            alone = answer["valid"] and options.command == "verify-receipt"
            lines += [frame("receipt.alone", spoken)] if alone else []
            shown = (answer["payload"] or {}).items()
            lines += [f"{key} : {json.dumps(value, ensure_ascii=False)}" for key, value in shown]
            return "\n".join(lines) + "\n"
        case "version":
            facts = {"version": answer["version"], "digest": answer["engine_sha256"]}
            return frame("engine", spoken, **facts) + "\n"
        case _:
            return "\n".join(telling.lines(options, answer)) + "\n"


def score_text(answer: Json, spoken: str = "fr") -> str:
    """Write the answer of a scoring for a person."""
    if answer["verdict"] != "accept":
        return "\n".join(_faults(answer, spoken))
    lines = [frame("warning", spoken, message=told) for told in answer["notices"]]
    if "values" not in answer:
        parts = answer.get("splits") or {offline.WHOLE: answer}
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
    return [
        f"{fault['code']} : "
        + (frame("line", spoken, line=fault["line"]) if fault.get("line") else "")
        + fault["message"]
        for fault in answer["errors"]
    ]


def _part(part: str, n: int, spoken: str) -> str:
    name = "all" if part == offline.WHOLE else "part"
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
