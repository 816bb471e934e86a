"""The commands of `openemploi` that ask the portal: connect, read, submit, follow."""

import argparse
import base64
import csv
import getpass
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from challenges.client import receipts, remote
from challenges.client.remote import Access, Portal
from challenges.client.sentences import help_of
from challenges.scoring.contract import UsageFault

Json = dict[str, Any]
WAITS_SECONDS = (1, 1, 2, 2, 3, 5)
LEVELS = ("restricted_personal", "restricted_business", "registered", "open")
FILES_NAME = "fichiers.csv"  # of a kit
WAITING = frozenset({"waiting", "creating"})
Make = Callable[[str], argparse.ArgumentParser]


def add_commands(command: Make, spoken: str) -> None:
    """Accept the commands that ask the portal."""

    def said(name: str) -> str:
        return help_of(name, spoken)

    command("login").add_argument("server", metavar="URL", help=said("server"))
    command("list")
    rules = command("rules")
    rules.add_argument("--accept", action="store_true", help=said("accept"))
    download = command("download")
    download.add_argument("slug", metavar="CHALLENGE", nargs="?", help=said("slug-or-kit"))
    download.add_argument("--to", type=Path, default=Path(), help=said("to"))
    submit = command("submit")
    standings = command("standings")
    choose = command("choose")
    for each in (rules, submit, standings, choose):
        each.add_argument("slug", metavar="CHALLENGE", help=said("slug"))
    command("entries").add_argument("slug", metavar="CHALLENGE", nargs="?", default="")
    team = command("team")
    team.add_argument("act", choices=["create", "join"])
    team.add_argument("to", metavar="CHALLENGE|LINK|CODE", help=said("team-of"))
    team.add_argument("name", metavar="NAME", nargs="?", help=said("team-name"))
    submit.add_argument("file", metavar="FILE", help=said("file"))
    submit.add_argument("--phase", type=int, help=said("phase"))
    submit.add_argument("--note", default="", help=said("note"))
    submit.add_argument("--fact", action="append", default=[], metavar="K=V", help=said("fact"))
    submit.add_argument("--again", action="store_true", help=said("again"))
    submit.add_argument("--wait", action="store_true", help=said("wait"))
    submit.add_argument("--seconds", type=float, default=900, help=said("seconds"))
    standings.add_argument("--key", help=said("board"))
    standings.add_argument("--split", choices=("public", "private"), help=said("part"))
    choose.add_argument("number", type=int, help=said("number"))
    choose.add_argument("--phase", type=int, help=said("phase"))
    choose.add_argument("--no", action="store_true", help=said("no"))
    data = command("data")
    data.add_argument("act", choices=["list", "download", "publish"])
    data.add_argument("file", metavar="ID|FILE", nargs="?", default="", help=said("extract"))
    data.add_argument("--to", type=Path, default=Path(), help=said("to"))
    data.add_argument("--dataset", default="", help=said("dataset"))
    data.add_argument("--level", choices=LEVELS, default="", help=said("level"))
    data.add_argument("--dictionary", type=Path, default=None, help=said("dictionary"))
    data.add_argument("--notes", default="", help=said("notes"))
    data.add_argument("--directory", action="store_true", help=said("in-directory"))
    data.add_argument("--personal-origin", action="store_true", help=said("personal-origin"))
    data.add_argument("--personal-checked", action="store_true", help=said("personal-checked"))
    data.add_argument("--seconds", type=float, default=3600, help=said("published-within"))
    receipt = command("receipt")
    receipt.add_argument("act", choices=["verify"])
    receipt.add_argument("file", metavar="FILE", help=said("receipt-json"))
    receipt.add_argument("--key", metavar="PUBLIC.pem", help=said("key"))
    bring = command("import")
    bring.add_argument("file", metavar="FILE.zip", help=said("bundle"))
    bring.add_argument("--answer", action="append", default=[], metavar="K=V", help=said("answer"))
    bring.add_argument("--report", action="store_true", help=said("report"))
    bring.add_argument("--seconds", type=float, default=600, help=said("read-within"))
    take = command("export")
    take.add_argument("slug", metavar="CHALLENGE", help=said("exported"))
    take.add_argument("--to", type=Path, default=None, metavar="FILE.zip", help=said("zip"))


def check(options: argparse.Namespace) -> Json:
    """Ask the portal for the verdict on a file."""
    return _portal(options.lang).check(options.challenge, Path(options.file), options.phase)


def _login(options: argparse.Namespace) -> Json:
    """Read the token, from a terminal without showing it, or from the standard input."""
    server = remote.portal_address(options.server)
    token = getpass.getpass("oe_… : ") if sys.stdin.isatty() else sys.stdin.readline()
    access = Access(server, token.strip())
    Portal(access, options.lang).get("entries", limit=1)
    return {"server": server, "file": str(remote.save_access(access))}


def _list(options: argparse.Namespace) -> Json:
    return {"challenges": list(_pages(_portal(options.lang), "challenges"))}


def _rules(options: argparse.Namespace) -> Json:
    portal = _portal(options.lang)
    access = portal.get(f"challenges/{options.slug}").get("access")
    terms = portal.get(f"challenges/{options.slug}/terms") | {"access": access}
    if not options.accept:
        return terms
    body = {"number": terms["number"]} | ({"access": access["number"]} if access else {})
    return terms | portal.post(f"challenges/{options.slug}/terms/acceptance", body)


def _team(options: argparse.Namespace) -> Json:
    """Create a team, or join that of a link or a code."""
    portal = _portal(options.lang)
    if options.act == "create":
        if not options.name:
            raise UsageFault("U_TEAM")
        return portal.post(f"challenges/{quote(options.to)}/teams", {"name": options.name})
    return portal.post("teams/join", {"link": options.to})


def _download(options: argparse.Namespace) -> Json:
    """Bring the public files of a challenge, or those of the kit that stands here, signed out."""
    if options.slug is None:
        return _completed(options)
    portal = _portal(options.lang)
    found = portal.get(f"challenges/{options.slug}")
    folder = options.to / options.slug
    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    for each in found["files"]:
        target = folder / _plain(each["name"])
        portal.fetch(each["address"], target, sha256=each["sha256"])
        kept.append(str(target))
    kit = folder / "kit.zip"
    portal.fetch(found["kit"], kit)
    return {"files": [*kept, str(kit)]}


def _data(options: argparse.Namespace) -> Json:
    """List the files that one's grants give to read, bring one, cut or not before; publish one."""
    portal = _portal(options.lang)
    if options.act == "publish":
        return _published(portal, options)
    extracts = portal.get("access/extracts")["extracts"]
    if options.act == "list":
        return {"extracts": extracts}
    found = next((each for each in extracts if each["id"] == options.file), None)
    if found is None:
        raise UsageFault("U_EXTRACT", options.file)
    options.to.mkdir(parents=True, exist_ok=True)
    target, size = options.to / _plain(found["name"]), int(found["size"])
    portal.resume(found["content"], target, name=_plain(found["id"]), size=size)
    return {"file": str(target), "size": size}


def _published(portal: Portal, options: argparse.Namespace) -> Json:
    """Send a file in parts, have it published as a release, wait until it is, or is refused."""
    if not options.dataset:
        raise UsageFault("U_DATASET")
    if not options.level:  # none is guessed: that of personal data is for good
        raise UsageFault("U_LEVEL")
    base = f"datasets/{quote(options.dataset)}"

    def tell(sent: int, length: int) -> None:
        if not options.json:
            sys.stderr.write(f"\r{options.file} : {sent * 100 // length} %")
            sys.stderr.write("\n" if sent == length else "")

    words = options.dictionary.read_text("utf-8-sig") if options.dictionary else ""
    file = Path(options.file)
    upload = portal.send_in_parts(f"{base}/uploads", "datasets/uploads", file, tell=tell)
    told = {"upload": upload, "level": options.level, "dictionary": words}
    body = {
        "files": [told],
        "notes": options.notes,
        "personal_checked": options.personal_checked,
        "in_directory": options.directory,
        "of_personal_origin": options.personal_origin,
    }
    asked = portal.post(f"{base}/releases", body)
    path = f"datasets/releases/{asked['id']}"
    done = _followed(
        portal, path, options.seconds, asked["id"], lambda each: each["state"] != "pending"
    )
    return done | {"accepted": done["state"] == "published"}


def _completed(options: argparse.Namespace) -> Json:
    """Bring what the table of a kit names and is not beside it yet."""
    listed = options.kit / FILES_NAME if options.kit else None
    if listed is None or not listed.is_file():
        raise UsageFault("U_SLUG")
    with listed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    portal, kept = Portal(Access("", "")), []
    for row in rows:
        target = options.kit / _plain(row["fichier"])
        if not target.exists():
            portal.fetch(row["adresse"], target, sha256=row["sha256"])
            kept.append(str(target))
    return {"files": kept}


def _submit(options: argparse.Namespace) -> Json:
    portal = _portal(options.lang)
    phase = _phase(portal, options)
    fields = {"note": options.note, "fact_sheet": json.dumps(_facts(options.fact))}
    fields["again"] = "true" if options.again else "false"
    receipt = portal.submit(options.slug, phase, Path(options.file), fields)
    entry = receipt["payload"]["entry"]
    if not options.wait:
        return {"receipt": receipt, "entry": portal.get(f"entries/{entry}"), "accepted": True}
    told = _followed(
        portal,
        f"entries/{entry}",
        options.seconds,
        entry,
        lambda each: each["finished"] or each["status"] == "needs_attention",
    )
    return {"receipt": receipt, "entry": told, "accepted": told["status"] == "scored"}


def _facts(given: list[str]) -> dict[str, str | list[str]]:
    """Read the answers to the questions; a key that comes again makes a list of its answers."""
    found: dict[str, list[str]] = {}
    for key, answer in (_pair(each, "U_FACT") for each in given):
        found.setdefault(key, []).append(answer)
    return {key: answers if len(answers) > 1 else answers[0] for key, answers in found.items()}


def _try(options: argparse.Namespace) -> Json:
    """Try a package on the public sample; with --wait, until it has ended."""
    portal = _portal(options.lang)
    phase = _phase(portal, options)
    told = portal.start_trial(options.slug, phase, Path(options.file))
    if options.wait and not told["finished"]:
        path = f"trials/{told['id']}"
        told = _followed(portal, path, options.seconds, told["id"], lambda each: each["finished"])
    return told | {"accepted": told["state"] != "failed"}


def _entries(options: argparse.Namespace) -> Json:
    pages = _pages(_portal(options.lang), "entries", challenge=options.slug)
    return {"entries": list(pages)}


def _standings(options: argparse.Namespace) -> Json:
    portal = _portal(options.lang)
    key = options.key
    if key is None:
        found = portal.get(f"challenges/{options.slug}")
        boards = found["leaderboards"]
        key = next((b["key"] for b in boards if b["phase"] == found["phase"]), None)
    if key is None:
        raise UsageFault("U_BOARD", options.slug)
    return portal.get(f"challenges/{options.slug}/leaderboards/{key}", split=options.split)


def _choose(options: argparse.Namespace) -> Json:
    portal = _portal(options.lang)
    phase = _phase(portal, options)
    for each in _pages(portal, "entries", challenge=options.slug):
        if (each["phase"], each["number"]) == (phase, options.number):
            body = {"chosen": not options.no}
            return portal.post(f"entries/{each['id']}/choose", body)
    raise UsageFault("U_ENTRY", str(options.number))


def _receipt(options: argparse.Namespace) -> Json:
    """Verify a receipt, with a key that stands here or with those that the portal publishes."""
    if options.key:
        try:
            public = receipts.from_pem(Path(options.key).read_text("utf-8"))
        except receipts.ReceiptFault as fault:
            raise UsageFault("U_PUBLIC_KEY", options.key) from fault
        keys = {receipts.key_id(public): public}
    else:
        published = _portal(options.lang).get("keys")["keys"]
        keys = {each["key_id"]: base64.b64decode(each["public_key"]) for each in published}
    return verified_receipt(Path(options.file).read_bytes(), keys)


def verified_receipt(data: bytes, keys: Mapping[str, bytes]) -> Json:
    """Say what a receipt is worth, by known public keys; its content only where it is valid."""
    try:
        receipt = receipts.read_receipt(data)
    except receipts.ReceiptFault:
        return {"state": receipts.ReceiptState.ALTERED.value, "valid": False, "payload": None}
    state = receipts.state_of(receipt, keys)
    valid = state is receipts.ReceiptState.VALID
    payload = dict(receipt.payload) if valid else None
    return {"state": state.value, "valid": valid, "key_id": receipt.key_id, "payload": payload}


def _import(options: argparse.Namespace) -> Json:
    """Deposit, wait for the report, then create the draft unless something is missing."""
    pairs = [_pair(each, "U_ANSWER") for each in options.answer]
    answers = {key.strip(): value.strip() for key, value in pairs}
    portal = _portal(options.lang)
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
    if told["state"] not in WAITING:
        return told
    path, name = f"challenges/imports/{told['id']}", str(told["id"])
    return _followed(portal, path, seconds, name, lambda each: each["state"] not in WAITING)


def _export(options: argparse.Namespace) -> Json:
    target = options.to or Path(f"{options.slug}.zip")
    if target.exists():
        raise UsageFault("U_EXISTS", str(target))
    size = _portal(options.lang).take(f"challenges/{options.slug}/export.zip", target)
    return {"file": str(target), "size": size}


RUN: Mapping[str, Callable[[argparse.Namespace], Json]] = {
    "login": _login,
    "list": _list,
    "rules": _rules,
    "team": _team,
    "download": _download,
    "submit": _submit,
    "try": _try,
    "entries": _entries,
    "standings": _standings,
    "choose": _choose,
    "data": _data,
    "receipt": _receipt,
    "import": _import,
    "export": _export,
}


def _portal(language: str) -> Portal:
    return Portal(remote.load_access(), language)


def _pages(portal: Portal, path: str, **query: str) -> Iterator[Json]:
    cursor: str | None = ""
    while cursor is not None:
        told = portal.get(path, limit=50, cursor=cursor, **query)
        yield from told[path]
        cursor = told["next_cursor"]


def _phase(portal: Portal, options: argparse.Namespace) -> int:
    """Return the phase that was named, by default the one in view."""
    named = options.phase is not None
    phase = options.phase if named else portal.get(f"challenges/{options.slug}")["phase"]
    if phase is None:
        raise UsageFault("U_PHASE", options.slug)
    return int(phase)


def _pair(text: str, code: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageFault(code, text)
    return key, value


def _followed(
    portal: Portal, path: str, seconds: float, name: str, is_over: Callable[[Json], bool]
) -> Json:
    """Read a document until it is over; raises UsageFault when that takes too long."""
    deadline = time.monotonic() + seconds
    waits = itertools.chain(WAITS_SECONDS, itertools.repeat(WAITS_SECONDS[-1]))
    while not is_over(answer := portal.get(path)):
        if time.monotonic() > deadline:
            raise UsageFault("U_WAIT", name)
        time.sleep(next(waits))
    return answer


def _plain(name: str) -> str:
    """Return the name of a file in our folder, whatever the portal calls it."""
    plain = Path(name.replace("\\", "/")).name
    if plain in {"", ".", ".."}:
        raise UsageFault("U_PORTAL", name)
    return plain
