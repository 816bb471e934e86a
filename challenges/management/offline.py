"""A command that judges a file without the database."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from challenges.client.sentences import UNREADABLE, told


class OfflineCommand(BaseCommand):
    """Judge a file without the database; exit 0 accepted, 1 refused, 2 badly called."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the machine form."""
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge, then print one JSON object, or sentences."""
        try:
            answer = self.judge(options)
        except UNREADABLE as fault:
            code, sentence = told(fault)
            if options["as_json"]:
                error = {"error": {"code": code, "message": sentence}}
                self.stdout.write(json.dumps(error, ensure_ascii=False))
            self.stderr.write(f"{self.__module__.rpartition('.')[2]} : {code} : {sentence}")
            sys.exit(2)
        accepted = answer["verdict"] == "accept"
        if options["as_json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif accepted:
            self.stdout.write(self.praise(answer))
        else:
            self.stdout.write("\n".join(str(error["message"]) for error in answer["errors"]))
        if not accepted:
            sys.exit(1)

    def judge(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the verdict, with its errors."""
        raise NotImplementedError

    def praise(self, answer: dict[str, Any]) -> str:
        """Say to a person what an accepted file is worth."""
        raise NotImplementedError
