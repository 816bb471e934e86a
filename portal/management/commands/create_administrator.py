"""Make the first administrators of a portal in production."""

import getpass
import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from portal.accounts.actions import accounts, appointments
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.actors import SystemActor

BY = SystemActor("create_administrator")


class Command(BaseCommand):
    """Give the administrator's role to an address; the account is made when there is none.

    Run it twice, for two people: roles are given by two. The password is asked on the
    terminal; without one the account waits for a reset by letter.
    """

    help = "Donne le rôle d’administration à une adresse (à exécuter pour deux personnes)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="ADRESSE")
        parser.add_argument("--name", default="", help="nom public du compte à créer")
        parser.add_argument(
            "--no-password", action="store_true", help="laisser choisir le mot de passe par lettre"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing; a second run changes nothing."""
        email = self._address(options["email"])
        user = User.objects.filter(email__iexact=email).first()
        made = user is None
        with transaction.atomic():
            if user is None:
                user = accounts.install(
                    username=f"a{secrets.token_hex(8)}",
                    email=email,
                    display_name=options["name"] or "Administration du portail",
                    password=None if options["no_password"] else self._password(email),
                    by=BY,
                )
            if not user.is_active:
                raise CommandError("Ce compte est fermé.")
            appointments.install(user=user, role=RegionRole.ADMINISTRATOR, by=BY)
        answer = {"user": user.username, "email": user.email, "account_made": made}
        self.stdout.write(
            json.dumps(answer, ensure_ascii=False)
            if options["as_json"]
            else f"« {user.email} » administre le portail."
        )

    def _address(self, raw: str) -> str:
        email = raw.strip().casefold()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"« {raw[:64]} » n’est pas une adresse électronique.") from error
        return email

    def _password(self, email: str) -> str:
        first = getpass.getpass("Mot de passe : ")
        if first != getpass.getpass("Encore une fois : "):
            raise CommandError("Les deux saisies diffèrent.")
        try:
            validate_password(first, User(email=email))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return first
