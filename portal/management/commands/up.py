"""Start the portal on this machine: database, opening content, web, worker, scheduler."""

import socket
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from challenges.scoring.child import SETTINGS
from portal.accounts.models import User
from portal.management import structure
from portal.management.supervisor import Child, Sources, Supervisor

START_SECONDS = 60
PARTS = ("portal", "catalogue", "datasets", "challenges")
# Celery warns of root, which on a personal machine or in a container is what there is.
QUIET_ABOUT_ROOT = "ignore:You're running the worker with superuser"
CELERY = (
    "celery --quiet -A portal worker --beat --pool solo -Q default --loglevel warning "
    "--without-gossip --without-mingle --without-heartbeat"
)


class Command(BaseCommand):
    """Bring everything up, with a progress display; Ctrl-C stops it all."""

    help = "Démarre le portail sur cette machine (mode embarqué)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the form for those who work on it; PORT and VAR_DIR come from the environment."""
        parser.add_argument(
            "--dev",
            action="store_true",
            help="montrer le détail des erreurs, repartir à chaque changement du code",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, fill, start, wait for the first page, tell where."""
        if not settings.EMBEDDED:
            raise CommandError(
                "`up` démarre le mode embarqué. En production, lancez gunicorn, "
                "`manage.py work` et celery (docs/operations.md)."
            )
        self._require_port()
        self.began = time.monotonic()
        Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
        self._step("Base de données", self._migrate)
        self._step("Fichiers statiques", self._static)
        web, *others = self._children(dev=options["dev"])
        web.start()  # it loads while the content is written; its parent's end is its own
        if not User.objects.exists():
            self._step("Contenu d’ouverture", self._seed)
        supervisor = Supervisor([web, *others])
        supervisor.start()
        self._step("Service web, notation, planification", lambda: self._wait(supervisor))
        self._say_where()
        if options["dev"]:
            supervisor.watch(Sources(settings.BASE_DIR / part for part in PARTS).have_changed)
        else:
            supervisor.watch()

    def _require_port(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", settings.PORT))
            except OSError as error:  # another portal would answer in the place of this one
                raise CommandError(
                    f"Un autre programme occupe le port {settings.PORT} : PORT=8001 make up."
                ) from error

    def _step(self, label: str, work: Any) -> None:
        self.stdout.write(f"  … {label}", ending="\n")
        self.stdout.flush()
        started = time.monotonic()
        work()
        self.stdout.write(
            self.style.SUCCESS(f"  ✓ {label}") + f" ({time.monotonic() - started:.1f} s)"
        )
        self.stdout.flush()

    def _migrate(self) -> None:
        structure.build()

    def _static(self) -> None:
        call_command("collectstatic", verbosity=0, interactive=False)

    def _seed(self) -> None:
        call_command("seed", stdout=self.stdout)

    def _children(self, *, dev: bool) -> list[Child]:
        python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
        address = f"127.0.0.1:{settings.PORT}"
        gunicorn = [python, "-m", "gunicorn", "portal.wsgi", "--bind", address]
        gunicorn += ["--limit-request-line", "0"]  # the portal says itself what is too long
        web = Child("web", [*gunicorn, "--threads", "4", "--log-level", "warning"])
        if dev:
            web = Child("web", [python, manage, "runserver", address], {"DEBUG": "1"}, reloads=True)
        return [
            web,
            Child(
                "worker",
                [python, manage, "work"],
                {
                    "HOLDOUT_PRIVATE_KEY_FILE": settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE,
                    **SETTINGS,
                },
            ),
            Child(
                "scheduler",
                [python, "-W", QUIET_ABOUT_ROOT, "-m", *CELERY.split()],
            ),
        ]

    def _wait(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + START_SECONDS
        web = supervisor.children[0]
        while time.monotonic() < deadline:
            if web.failures:
                supervisor.end()
                raise CommandError("Le service web ne démarre pas : la raison est dite plus haut.")
            try:
                with urllib.request.urlopen(f"{settings.SITE_URL}/robots.txt", timeout=2):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                web.tend()
                time.sleep(0.1)
        supervisor.end()
        raise CommandError(f"Le service web n’a pas répondu en {START_SECONDS} s.")

    def _say_where(self) -> None:
        elapsed = time.monotonic() - self.began
        self.stdout.write(
            f"\n  Open Emploi : {self.style.HTTP_INFO(settings.SITE_URL)}  ({elapsed:.0f} s)\n"
            f"  Lettres envoyées : {settings.VAR_DIR / 'mail'}\n"
            "  Ctrl-C pour arrêter.\n"
        )
        self.stdout.flush()
