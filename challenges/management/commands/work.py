"""Run the scoring worker."""

import signal
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, SystemCheckError

from challenges.evaluation.worker import take_key
from challenges.worker import drain, run


class Command(BaseCommand):
    """Work until SIGTERM or SIGINT; with --once until nothing is left."""

    help = "Lance le service de notation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="vider la file puis s’arrêter")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse an unsafe start, take the key, then poll the queue."""
        self._refuse_unsafe_start()
        if not take_key():
            self.stderr.write("HOLDOUT_PRIVATE_KEY_FILE manque : le service ne peut rien noter.")
            sys.exit(3)
        if options["once"]:
            drain()
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(
            f"Service de notation : {settings.WORKER_POLL_SECONDS:g} s entre deux regards."
        )
        run(stop)

    def _refuse_unsafe_start(self) -> None:
        """Run the portal's own checks, which stand above this app, by their tag."""
        if settings.EMBEDDED:
            return
        try:
            self.check(tags=["portal"], include_deployment_checks=True, databases=["default"])
        except SystemCheckError as unsafe:
            self.stderr.write(str(unsafe))
            sys.exit(3)
