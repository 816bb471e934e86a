"""Bring the translation files up to date with the sentences of the code."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bench import messages


class Command(BaseCommand):
    """Refresh portal/locale/<locale>/LC_MESSAGES/django.po."""

    help = "Met à jour les fichiers de traduction."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("locales", nargs="*", default=["en", "fr"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Refresh each locale and tell what is left to translate."""
        for locale in options["locales"]:
            total, missing = messages.refresh(locale)
            self.stdout.write(f"{locale} : {total} phrases, {missing} à traduire")
