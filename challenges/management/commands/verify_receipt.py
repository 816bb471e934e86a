"""Say what a receipt is worth."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from challenges.client import receipts
from challenges.client.receipts import ReceiptFault, ReceiptState
from challenges.receipts.queries import Judgement, judge_alone
from challenges.verification.queries import judge

REFUSED = 1
USAGE = 2
SENTENCES = {
    ReceiptState.VALID: "Récépissé authentique.",
    ReceiptState.SUPERSEDED: "Récépissé authentique, remplacé depuis.",
    ReceiptState.REVOKED: "Certificat authentique, dont le résultat ne tient plus.",
    ReceiptState.UNREGISTERED: "Signature d’une clé du portail, mais récépissé absent du registre.",
    ReceiptState.ALTERED: "Récépissé modifié, incomplet, ou qui n’en est pas un.",
    ReceiptState.UNKNOWN_KEY: "Clé inconnue : récépissé d’une autre installation, ou faux.",
}
ALONE = "Vérifié par la seule clé donnée : un récépissé plus récent peut le remplacer."


class Command(BaseCommand):
    """Exit 0 when it is valid, 1 when it is not or no longer, 2 when badly called."""

    help = "Vérifie un récépissé ou un certificat : signature, puis registre du portail."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the receipt and, to do without the database, a public key."""
        parser.add_argument("file", metavar="FILE", type=Path, help="récépissé (JSON)")
        parser.add_argument(
            "--key",
            metavar="PUBLIC.pem",
            type=Path,
            help="clé publique ; le registre du portail n’est alors pas consulté",
        )
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="un objet JSON sur une ligne"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report."""
        try:
            data = options["file"].read_bytes()
            if options["key"]:
                public = receipts.from_pem(options["key"].read_text("utf-8"))
                judgement = judge_alone(data, public)
            else:
                judgement = judge(data)
        except (OSError, UnicodeDecodeError) as error:
            self._misused(f"fichier illisible : {getattr(error, 'filename', options['key'])}")
        except ReceiptFault:
            self._misused(f"ce n’est pas une clé publique Ed25519 en PEM : {options['key']}")
        else:
            self._tell(judgement, options)

    def _misused(self, sentence: str) -> None:
        self.stderr.write(f"verify_receipt : {sentence}")
        sys.exit(USAGE)

    def _tell(self, judgement: Judgement, options: dict[str, Any]) -> None:
        answer = _answer(judgement, alone=bool(options["key"]))
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


def _answer(judgement: Judgement, *, alone: bool) -> dict[str, Any]:
    """Return the machine form; the payload is told only when its signature holds."""
    state, receipt, successor = judgement.state, judgement.receipt, judgement.successor
    genuine = state in {ReceiptState.VALID, ReceiptState.SUPERSEDED, ReceiptState.REVOKED}
    message = SENTENCES[state]
    return {
        "state": state.value,
        "valid": state is ReceiptState.VALID,
        "message": f"{message} {ALONE}" if alone and genuine else message,
        "key_id": receipt.key_id if receipt else None,
        "sha256": receipt.sha256 if receipt else None,
        "payload": receipt.payload if receipt and genuine else None,
        "registered": None if alone else genuine,
        "replaced_by": {
            "serial": successor.serial,
            "sha256": successor.sha256,
            "issued_at": successor.issued_at.isoformat(timespec="seconds"),
        }
        if successor
        else None,
    }
