"""What the commands that ask the portal show to a person, line by line."""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from challenges.client import bundles, coding
from challenges.client.sentences import FRAMES, frame

Json = dict[str, Any]


def lines(options: argparse.Namespace, answer: Json) -> Iterator[str]:
    """Yield the lines of the answer of a command; options.lang is the language."""
    tell = TELL | dict(bundles.TELL)
    return tell[options.command](answer, options.lang)


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
    if "state" in answer:
        name = f"joined.{answer['state']}"
        name = name if name in FRAMES else "joined.other"
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
        where = frame("line", spoken, line=fault["line"]) if fault.get("line") else ""
        yield f"  {fault['code']} : {where}{fault['message']}"


def _standings(board: Json, spoken: str) -> Iterator[str]:
    yield f"{board['title']} ({board['split']})"
    for row in board["rows"]:
        shown = [
            f" {key} {each['value']}"
            for key, each in row["metrics"].items()
            if each.get("value") is not None
        ]
        rank = "–" if row["rank"] is None else row["rank"]
        yield f"{rank} {row['team']}{','.join(shown)}"
    if not board["rows"]:
        yield frame("none", spoken)


TELL: dict[str, Callable[[Json, str], Iterator[str]]] = {
    "login": _login,
    "list": _list,
    "rules": _rules,
    "download": _download,
    "submit": _submit,
    "run": coding.tell_run,
    "try": coding.tell_trial,
    "entries": _entries,
    "standings": _standings,
    "choose": _choose,
}
