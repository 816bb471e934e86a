"""Print the standings of a challenge."""

from argparse import ArgumentParser
from typing import Any

from challenges.evaluation.enums import Split
from challenges.management.speaking import SpeakingCommand, phase
from challenges.results.queries import boards
from portal.audit.actors import SystemActor


class Command(SpeakingCommand):
    """Print what the public page shows; exit 1 when it is not public yet."""

    help = "Affiche le classement d’un challenge."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        self.add_challenge(parser, phase=True)
        parser.add_argument("--split", choices=[each.value for each in Split], default="public")

    def empty(self, **options: Any) -> dict[str, Any]:
        return {"challenge": options["slug"], "split": options["split"], "rows": []}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Read the board as a visitor does."""
        found = boards.whole_board(
            phase(options["slug"], options["phase"]),
            Split(options["split"]),
            SystemActor("command"),
        )
        return {
            "challenge": options["slug"],
            "split": options["split"],
            "rows": boards.as_record(found),
        }, True

    def tell(self, answer: dict[str, Any]) -> None:
        for row in answer["rows"]:
            rank = "–" if row["rank"] is None else str(row["rank"])
            cells = " ".join(
                f"{key}={figure.get('value', figure.get('groups'))}"
                for key, figure in row["metrics"].items()
            )
            self.stdout.write(f"{rank:>4}  {row['team']}  {cells}")
