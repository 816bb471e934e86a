"""Give the sealed data of a challenge to a successor, and open those that come back."""

import hashlib
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import export_programs
from challenges.actions.jobs import WORKER
from challenges.bundles.exporting import Row, Unseal
from challenges.models import Challenge
from datasets import gate
from datasets.models import HoldoutVersion, SealedFile
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import User
from portal.audit.record import record

KEY_FIELDS = {"key_id", "ephemeral", "wrapped"}


@transaction.atomic
def wrapped(
    *, challenge: Challenge, recipient: bytes, by: User, confirmed_by: User
) -> dict[int, dict[str, str]]:
    """Wrap every data key of a challenge for a successor's public key (PEM): {file: key}.

    Two people: an organiser asks, a person of the Region apart from the challenge confirms. In
    order: event "holdout.rewrapped" for each sealed version; event "challenge.rekeyed" with both.
    Raises NotAllowed, Invalid for another kind of key, gate.VaultSealed without the private key.
    """
    require(rules.may_export_challenge, by, challenge)
    require(rules.may_confirm_rekeying, confirmed_by, challenge)
    found: dict[int, dict[str, str]] = {}
    for version in versions(challenge):
        reason = f"rekey {challenge.slug}"
        found |= gate.rewrap(version=version, recipient=recipient, reason=reason, by=WORKER)
    record(
        "challenge.rekeyed",
        by=by,
        on=challenge,
        confirmed_by=str(confirmed_by.public_id),
        recipient=hashlib.sha256(recipient).hexdigest(),
        files=len(found),
    )
    return found


def versions(challenge: Challenge) -> list[HoldoutVersion]:
    """List the sealed versions that an export of the challenge carries."""
    return export_programs.versions(challenge)


def can_open() -> bool:
    """Say whether this process has the key; in embedded mode a command takes it."""
    gate.act_as_worker()
    return gate.can_open()


def unsealer(by: User) -> Unseal:
    """Give what opens the ciphertexts of an export, for this person, where the key is.

    A ciphertext that this portal already holds opens only for who organises challenges for its
    owner: others must not score against it. One that it does not know opens with the key that
    its export carries, wrapped for us by two people.
    """

    def unseal(place: Path, row: Row) -> bytes:
        with place.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        known = SealedFile.objects.filter(ciphertext_sha256=digest).order_by("pk")
        file = known.select_related("version__holdout__owner").prefetch_related("keys").first()
        if file is None:
            keys = [one for one in row.get("keys") or [] if _is_key(one)]
        elif has_permission(
            by, Permission.CHALLENGE_ORGANISE, organisation=file.version.holdout.owner
        ):
            keys = gate.wrapped_keys(file)
        else:
            raise ValueError(_("ces données tenues à l’écart sont à une autre organisation"))
        try:
            with place.open("rb") as stream:
                return gate.open_ciphertext(stream, keys, reason=f"import {digest}", by=WORKER)
        except (gate.VaultBroken, gate.VaultSealed) as error:
            raise ValueError(_("aucune clé de ce portail n’ouvre ce fichier")) from error

    return unseal


def _is_key(row: object) -> bool:
    return isinstance(row, dict) and set(row) >= KEY_FIELDS
