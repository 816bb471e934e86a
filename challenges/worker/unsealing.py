"""Open the sealed data of an export that comes back to the portal that made it."""

import hashlib
from pathlib import Path

from django.utils.translation import gettext as _

from challenges.bundles.exporting import Unseal
from challenges.queue.actions import WORKER
from datasets import gate
from datasets.models import SealedFile
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import User


def can_open() -> bool:
    """Say whether this process has the key; in embedded mode a command takes it."""
    gate.act_as_worker()
    return gate.can_open()


def unsealer(by: User) -> Unseal:
    """Give what opens the ciphertexts of an export, for this person, where the key is.

    A ciphertext that this portal already holds opens only for who organises challenges for its
    owner: others must not score against it. Any other portal takes the export with its reference.
    """

    def unseal(place: Path) -> bytes:
        with place.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        known = SealedFile.objects.filter(ciphertext_sha256=digest).order_by("pk")
        file = known.select_related("version__holdout__owner").prefetch_related("keys").first()
        if file is None:
            raise ValueError(_("aucune clé de ce portail n’ouvre ce fichier"))
        owner = file.version.holdout.owner
        if not has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=owner):
            raise ValueError(_("ces données tenues à l’écart sont à une autre organisation"))
        keys = gate.wrapped_keys(file)
        try:
            with place.open("rb") as stream:
                return gate.open_ciphertext(stream, keys, reason=f"import {digest}", by=WORKER)
        except (gate.VaultBroken, gate.VaultSealed) as error:
            raise ValueError(_("aucune clé de ce portail n’ouvre ce fichier")) from error

    return unseal
