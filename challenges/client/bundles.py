"""The commands of an organiser: bring a challenge, take one away."""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from challenges.client import remote
from challenges.client.remote import Portal
from challenges.client.sentences import LANGUAGES, frame
from challenges.scoring.answer import UsageFault

Json = dict[str, Any]
WAITS_SECONDS = (1, 1, 2, 2, 3, 5)
HELP: dict[str, tuple[str, str]] = {
    "import": (
        "importer un challenge : lire l’archive, répondre, créer le brouillon",
        "import a challenge: read the archive, answer, create the draft",
    ),
    "export": ("emporter un challenge que l’on organise", "take away a challenge one organises"),
    "bundle": ("archive zip du challenge", "zip archive of the challenge"),
    "answer": (
        "réponse à une question du rapport, plusieurs fois au besoin",
        "answer to a question of the report, several times if needed",
    ),
    "report": ("lire le rapport, ne rien créer", "read the report, create nothing"),
    "read-within": ("attendre la lecture au plus ce temps", "wait for the reading so long at most"),
    "zip": ("fichier à écrire", "file to write"),
    "exported": ("nom du challenge dans son adresse", "name of the challenge in its address"),
}


def add_commands(command: Callable[[str], argparse.ArgumentParser], spoken: str) -> None:
    """Accept the commands of an organiser."""

    def said(name: str) -> str:
        return HELP[name][LANGUAGES.index(spoken)]

    bring = command("import")
    bring.add_argument("file", metavar="FILE.zip", help=said("bundle"))
    bring.add_argument("--answer", action="append", default=[], metavar="K=V", help=said("answer"))
    bring.add_argument("--report", action="store_true", help=said("report"))
    bring.add_argument("--seconds", type=float, default=600, help=said("read-within"))
    take = command("export")
    take.add_argument("slug", metavar="CHALLENGE", help=said("exported"))
    take.add_argument("--to", type=Path, default=None, metavar="FILE.zip", help=said("zip"))


def _import(options: argparse.Namespace) -> Json:
    """Deposit, wait for the report, then create the draft unless something is missing."""
    answers = dict(_pair(each) for each in options.answer)
    portal = Portal(remote.load_access(), options.lang)
    told = portal.deposit(Path(options.file))
    told = _settled(portal, told, options.seconds)
    missing = [
        each["key"]
        for each in told["questions"]
        if not each["proposal"] and not answers.get(each["key"])
    ]
    if told["state"] == "read" and not missing and not options.report:
        told = portal.post(f"challenges/imports/{told['id']}/accept", {"answers": answers})
        told = _settled(portal, told, options.seconds)
    done = told["challenge"] is not None or (options.report and told["state"] == "read")
    return told | {"accepted": done}


def _settled(portal: Portal, told: Json, seconds: float) -> Json:
    """Wait until the worker has read the archive, or made its draft."""
    deadline = time.monotonic() + seconds
    for attempt in range(10**6):
        if told["state"] not in {"waiting", "creating"}:
            return told
        if time.monotonic() > deadline:
            break
        time.sleep(WAITS_SECONDS[min(attempt, len(WAITS_SECONDS) - 1)])
        told = portal.get(f"challenges/imports/{told['id']}")
    raise UsageFault("U_WAIT", str(told["id"]))


def _export(options: argparse.Namespace) -> Json:
    target = options.to or Path(f"{options.slug}.zip")
    if target.exists():
        raise UsageFault("U_EXISTS", str(target))
    size = Portal(remote.load_access(), options.lang).take(
        f"challenges/{options.slug}/export.zip", target
    )
    return {"file": str(target), "size": size}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageFault("U_ANSWER", text)
    return key.strip(), value.strip()


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


RUN: Mapping[str, Callable[[argparse.Namespace], Json]] = {"import": _import, "export": _export}
TELL: Mapping[str, Callable[[Json, str], Iterator[str]]] = {
    "import": _tell_import,
    "export": _tell_export,
}
