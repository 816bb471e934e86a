"""Say whose a pseudonym found elsewhere is."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from datasets.access.actions.extracts import grants_of
from portal.lib.refusals import Unavailable


class Command(BaseCommand):
    """Exit 0 when a grant is found, 1 when none is, 2 without the private key or a file read."""

    help = "Nomme l’habilitation dont un pseudonyme vient ; avec la clé privée du worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("token", metavar="TOKEN", help="pseudonyme lu dans un fichier")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look in what each grant was given to read."""
        try:
            found = list(grants_of(options["token"].strip()))
        except Unavailable as refusal:
            self.stderr.write(f"whose_token : {refusal}")
            sys.exit(2)
        for grant, fault in found:
            address = settings.SITE_URL + reverse("datasets:grant", args=(grant,))
            if fault:
                self.stderr.write(f"whose_token : {address} : fichier non lu : {fault}")
            else:
                self.stdout.write(address)
        faults = [fault for _grant, fault in found]
        sys.exit(0 if "" in faults else 2 if faults else 1)
