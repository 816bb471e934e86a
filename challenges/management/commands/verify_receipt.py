"""Say what a receipt is worth."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from challenges.client.receipts import ReceiptState
from challenges.receipts.queries import Judgement
from challenges.verification.queries import judge

REFUSED, USAGE = 1, 2
SENTENCES = {
    ReceiptState.VALID: "Récépissé authentique.",
    ReceiptState.SUPERSEDED: "Récépissé authentique, remplacé depuis.",
    ReceiptState.REVOKED: "Certificat authentique, dont le résultat ne tient plus.",
    ReceiptState.UNREGISTERED: "Signature d’une clé du portail, mais récépissé absent du registre.",
    ReceiptState.ALTERED: "Récépissé modifié, incomplet, ou qui n’en est pas un.",
    ReceiptState.UNKNOWN_KEY: "Clé inconnue : récépissé d’une autre installation, ou faux.",
}


class Command(BaseCommand):
    """Exit 0 when it is valid, 1 when it is not or no longer, 2 when badly called."""

    help = "Vérifie un récépissé ou un certificat : signature, puis registre du portail."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="récépissé (JSON)")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="un objet JSON sur une ligne"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report."""
        try:
            judgement = judge(options["file"].read_bytes())
        except OSError as error:
            self.stderr.write(f"verify_receipt : fichier illisible : {error.filename}")
            sys.exit(USAGE)
        answer = _answer(judgement)
        if options["as_json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write(answer["message"])
            for key, value in (answer["payload"] or {}).items():
                self.stdout.write(f"{key} : {json.dumps(value, ensure_ascii=False)}")
            if answer["replaced_by"]:
                self.stdout.write(
                    "remplacé par : {serial}, {issued_at}".format_map(answer["replaced_by"])
                )
        if judgement.state is not ReceiptState.VALID:
            sys.exit(REFUSED)


def _answer(judgement: Judgement) -> dict[str, Any]:
    """Return the machine form; the payload is told only when its signature holds."""
    state, receipt, successor = judgement.state, judgement.receipt, judgement.successor
    genuine = state in {ReceiptState.VALID, ReceiptState.SUPERSEDED, ReceiptState.REVOKED}
    return {
        "state": state.value,
        "valid": state is ReceiptState.VALID,
        "message": SENTENCES[state],
        "key_id": receipt.key_id if receipt else None,
        "sha256": receipt.sha256 if receipt else None,
        "payload": receipt.payload if receipt and genuine else None,
        "registered": genuine,
        "replaced_by": {
            "serial": successor.serial,
            "sha256": successor.sha256,
            "issued_at": successor.issued_at.isoformat(timespec="seconds"),
        }
        if successor
        else None,
    }
