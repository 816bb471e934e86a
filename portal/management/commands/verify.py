"""Prove that what the portal promised holds: receipts, quotas, standings, chain, index."""

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.module_loading import module_has_submodule

from portal.lib import clock

Check = Callable[[], Iterable[str]]
BREACHES_SHOWN = 100
log = logging.getLogger("portal.verify")


def invariants() -> dict[str, tuple[str, Check]]:
    """Gather {identifier: (sentence, check)} from the `INVARIANTS` of each app."""
    found: dict[str, tuple[str, Check]] = {}
    for config in apps.get_app_configs():
        if config.name.split(".")[0] in {"portal", "catalogue", "datasets", "challenges"} and (
            module_has_submodule(config.module, "invariants")
        ):
            found.update(import_module(f"{config.name}.invariants").INVARIANTS)
    return dict(sorted(found.items()))


class Command(BaseCommand):
    """Check every invariant; exit 0 when all hold, 1 on a breach, 2 when one cannot be read.

    One that cannot be read stops no other, and hides no breach: with both, 1.
    """

    help = "Vérifie les invariants du portail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", default="", help="identifiants séparés par des virgules")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and report."""
        wanted = {name for name in options["only"].split(",") if name}
        unknown = wanted - set(invariants())
        if unknown:
            self.stderr.write(f"Invariant inconnu : {', '.join(sorted(unknown))}")
            sys.exit(2)
        results = []
        for name, (sentence, check) in invariants().items():
            if wanted and name not in wanted:
                continue
            breaches, unreadable = _checked(name, check)
            results.append(
                {
                    "id": name,
                    "sentence": str(sentence),
                    "ok": not breaches and not unreadable,
                    "breaches": breaches[:BREACHES_SHOWN],
                    "unreadable": unreadable,
                }
            )
        report = {
            "ok": all(result["ok"] for result in results),
            "at": clock.now().isoformat(),
            "invariants": results,
        }
        self._print(report, as_json=options["as_json"])
        if not report["ok"]:
            sys.exit(1 if any(result["breaches"] for result in results) else 2)

    def _print(self, report: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        for result in report["invariants"]:
            shown = result["breaches"][:10]
            mark = self.style.SUCCESS("✓") if result["ok"] else self.style.ERROR("✗")
            if result["unreadable"]:
                mark = mark if shown else self.style.WARNING("?")
                shown = [*shown, f"[illisible : {result['unreadable']}]"]
            said = f"{mark} {result['id']} {result['sentence']} {', '.join(shown)}"
            self.stdout.write(said.rstrip())


def _checked(name: str, check: Check) -> tuple[list[str], str]:
    """Return the breaches found, and why they could not all be looked for."""
    breaches: list[str] = []
    try:
        breaches.extend(str(breach) for breach in check())
    except Exception as error:  # the boundary of a check: one that fails stops no other
        log.exception("invariant %s cannot be read", name)
        return breaches, _reason(error)
    return breaches, ""


def _reason(error: Exception) -> str:
    """Name an error and its cause without their messages: the report is kept elsewhere."""
    code = str(getattr(error, "code", "") or type(error).__name__)
    cause = error.__cause__
    return code if cause is None else f"{code} ({type(cause).__name__})"
