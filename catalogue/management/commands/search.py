"""Search the public catalogue from the command line."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from catalogue.resources.queries import lists
from catalogue.search import answer
from catalogue.search.query import MAX_Q, MAX_SIZE, ResourceQuery


def _count(text: str) -> int:
    """Read a number of results; raises ArgumentTypeError below 1."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise ArgumentTypeError(f"écrivez un nombre d’au moins 1, et non « {text[:64]} »")
    return count


class Command(BaseCommand):
    """Answer as the public page does."""

    help = "Cherche dans le catalogue public, comme la page /ressources/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("query", help="les mots, ou - pour une recherche par ligne d’entrée")
        parser.add_argument("--limit", type=_count, default=20, help="résultats au plus (1 à 100)")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Search and show; with `-`, one answer a line of standard input."""
        lines = sys.stdin if options["query"] == "-" else [options["query"]]
        for line in lines:
            answer = self._answer(line.strip(), options["limit"])
            if options["as_json"] or options["query"] == "-":
                self.stdout.write(json.dumps(answer, ensure_ascii=False))
            else:
                self._show(answer)

    def _answer(self, words: str, limit: int) -> dict[str, Any]:
        found = answer(ResourceQuery(q=words[:MAX_Q], size=min(limit, MAX_SIZE))).results
        rows = [
            {
                "slug": resource.slug,
                "title": resource.title,
                "kind": resource.kind,
                "source_id": resource.source_id,
            }
            for resource in lists.in_order(found.ids)
        ]
        return {"query": words, "total": found.total, "results": rows}

    def _show(self, answer: dict[str, Any]) -> None:
        self.stdout.write(f"{answer['total']} ressource(s)")
        for row in answer["results"]:
            self.stdout.write(f"  {row['slug']:<50} {row['title']}")
