"""The only door to restricted bytes: releases' files, held-out files, sealed results.

Everybody seals, with the public key. Opening needs the private key, which only the scoring
worker's process is given (settings.HOLDOUT_PRIVATE_KEY_FILE).
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from datasets.holdouts.enums import SealedKind
from datasets.holdouts.models import HoldoutVersion, SealedFile, WrappedKey
from datasets.holdouts.rules import is_worker
from datasets.releases import rules
from datasets.releases.models import DataFile, Download
from datasets.vault import form, seal, unseal
from datasets.vault.form import SealBroken
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Hidden, Invalid, NotAllowed, Unavailable
from portal.lib.storage import objects

SPOOL_BYTES = 8 << 20
SEALED_MAX_BYTES = 6 << 30


class VaultSealed(Unavailable):
    """This process has no private key: it seals and cannot open."""

    code = "vault_sealed"
    message = _("Ce service ne peut pas lire les fichiers tenus à l’écart.")


class VaultBroken(Unavailable):
    """A sealed file was altered, or its keys are gone: nothing was opened."""

    code = "vault_broken"
    message = _("Un fichier tenu à l’écart est illisible.")


@dataclass(frozen=True)
class Sealed:
    """A sealed block that carries its own wrapped keys, and the key meant for the worker."""

    ciphertext: bytes
    key_id: str


@dataclass(frozen=True)
class SealedObject:
    """A sealed file put in the private store; `keys` are rows to keep beside it."""

    name: str
    ciphertext_sha256: str
    ciphertext_size: int
    keys: tuple[dict[str, str], ...]


def seal_file(name: str, content: bytes | Path) -> SealedObject:
    """Encrypt a file to the scoring worker and store the ciphertext.

    A path is read as it is encrypted: no clear copy is written. Refuses a link.
    """
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        target = cast(BinaryIO, spool)
        if isinstance(content, bytes):
            ciphertext, facts = seal.seal_bytes(content, _recipients())
            target.write(ciphertext)
        else:
            descriptor = os.open(content, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as source:
                facts = seal.seal(source, target, _recipients())
        target.seek(0)
        stored = objects.put(target, limit_bytes=SEALED_MAX_BYTES)
    return SealedObject(
        name=name,
        ciphertext_sha256=stored.sha256,
        ciphertext_size=stored.size,
        keys=tuple(key.to_json() for key in facts.wrapped),
    )


def seal_deposit(source: BinaryIO) -> SealedObject:
    """Encrypt a file that waits for a decision, and store the ciphertext.

    To a key that the web process and the worker both derive from SECRET_KEY, since both must read
    it: what the store, the database or their backups hold of it is unreadable without the process.
    """
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        target = cast(BinaryIO, spool)
        facts = seal.seal(source, target, [_deposit_key().public_key()])
        target.seek(0)
        stored = objects.put(target, limit_bytes=SEALED_MAX_BYTES)
    keys = tuple(key.to_json() for key in facts.wrapped)
    return SealedObject("", stored.sha256, stored.size, keys)


def open_deposit(sha256: str, keys: Iterable[dict[str, str]], target: BinaryIO) -> None:
    """Decrypt what `seal_deposit` kept into `target`; raises VaultBroken."""
    try:
        wrapped = [form.WrappedKey.from_json(row) for row in keys]
        with objects.open(sha256) as source:
            unseal.unseal(cast(BinaryIO, source), target, [_deposit_key()], wrapped)
    except (SealBroken, FileNotFoundError) as error:
        raise VaultBroken from error


def seal_result(payload: bytes) -> Sealed:
    """Encrypt a scoring result; any process may."""
    recipients = _recipients()
    return Sealed(seal.envelope(payload, recipients), form.key_id(recipients[0]))


def open_result(ciphertext: bytes) -> bytes:
    """Decrypt a scoring result; raises VaultSealed without the private key, VaultBroken."""
    try:
        return unseal.open_envelope(bytes(ciphertext), _privates())
    except SealBroken as error:
        raise VaultBroken from error


def can_open() -> bool:
    """Say whether this process was given the private key."""
    return bool(settings.HOLDOUT_PRIVATE_KEY_FILE)


def act_as_worker() -> None:
    """Give this process the embedded private key: for commands that do the worker's job.

    Embedded mode only, where all processes run under one uid; elsewhere nothing changes.
    """
    if not settings.HOLDOUT_PRIVATE_KEY_FILE and settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE:
        settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE


def open_holdout(*, version: HoldoutVersion, reason: str, by: Actor) -> dict[str, bytes]:
    """Decrypt the deposited files of a version into memory: {name: content}.

    For the scoring worker; event "holdout.opened" with the reason. Raises NotAllowed,
    VaultSealed in a process without the private key, VaultBroken.
    """
    return _open(version, SealedKind.SOURCE, reason=reason, by=by)


def open_labels(*, version: HoldoutVersion, reason: str, by: Actor) -> bytes:
    """Decrypt the compiled labels of a version; raises as `open_holdout`, Invalid before."""
    if not version.is_compiled:
        raise Invalid(_("Ce jeu n’est pas encore compilé."), code="holdout_not_compiled")
    return _open(version, SealedKind.LABELS, reason=reason, by=by)["labels"]


def read_keys(version: HoldoutVersion) -> bytes:
    """Read the compiled public identifiers of a version, which hold no label."""
    if version.compiled_keys_sha256 is None:
        raise Invalid(_("Ce jeu n’est pas encore compilé."), code="holdout_not_compiled")
    return objects.read(version.compiled_keys_sha256)


def announce_file(*, data_file: DataFile, by: Actor | object) -> None:
    """Let this reader know of a released file, none of its bytes: nothing is counted.

    Raises Hidden where the file's existence is no secret but its content is; NotAllowed where
    an account would do.
    """
    resource = data_file.release.dataset.resource
    if not rules.may_read_file(by, data_file.level_enum, resource.organisation):
        raise Hidden(denied=data_file) if data_file.level_enum.is_restricted else NotAllowed


def open_file(*, data_file: DataFile, by: Actor | object, licences: str = "") -> IO[bytes]:
    """Open a released file for this reader, after writing the Download row.

    licences: what the reader accepted. The card must be readable. Raises as `announce_file`.
    """
    announce_file(data_file=data_file, by=by)
    content = objects.open(data_file.sha256)
    user = by if isinstance(by, User) else None
    with transaction.atomic(), immutable.writes(Download):
        Download.objects.create(
            data_file=data_file, user=user, at=clock.now(), licences=licences[:200]
        )
        if data_file.level_enum.is_restricted:
            record("data_file.read", by=cast(Actor, by), on=data_file)
    return content


def open_ciphertext(
    source: BinaryIO, keys: Iterable[dict[str, str]], *, reason: str, by: Actor
) -> bytes:
    """Decrypt a ciphertext that came back from an export, with these wrapped keys.

    For the scoring worker; event "ciphertext.opened". Raises as `open_holdout`.
    """
    require(is_worker, by)
    target = io.BytesIO()
    try:
        wrapped = [form.WrappedKey.from_json(row) for row in keys]
        unseal.unseal(source, target, _privates(), wrapped)
    except SealBroken as error:
        raise VaultBroken from error
    record("ciphertext.opened", by=by, reason=reason)
    return target.getvalue()


def _open(version: HoldoutVersion, kind: SealedKind, *, reason: str, by: Actor) -> dict[str, bytes]:
    require(is_worker, by)
    privates = _privates()
    found = {
        file.name: _unsealed(file, privates)
        for file in version.files.filter(kind=kind).prefetch_related("keys")
    }
    record("holdout.opened", by=by, on=version, kind=str(kind), reason=reason)
    return found


def _unsealed(file: SealedFile, privates: list[X25519PrivateKey]) -> bytes:
    try:
        wrapped = _wrapped(file)
        return unseal.unseal_bytes(objects.read(file.ciphertext_sha256), privates, wrapped)
    except (SealBroken, FileNotFoundError) as error:
        raise VaultBroken from error


def wrapped_keys(file: SealedFile) -> list[dict[str, str]]:
    """List the wrapped keys of a sealed file, as rows."""
    # A file that a corrected version keeps has its keys where it was sealed first.
    keys = list(file.keys.all()) or WrappedKey.objects.filter(
        file__ciphertext_sha256=file.ciphertext_sha256,
        file__version__holdout_id=file.version.holdout_id,
    )
    return [
        {"key_id": key.key_id, "ephemeral": key.ephemeral, "wrapped": key.wrapped} for key in keys
    ]


def _wrapped(file: SealedFile) -> list[form.WrappedKey]:
    return [form.WrappedKey.from_json(row) for row in wrapped_keys(file)]


def _deposit_key() -> X25519PrivateKey:
    secret = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"openemploi/deposit/v1")
    return X25519PrivateKey.from_private_bytes(secret.derive(settings.SECRET_KEY.encode()))


def _recipients() -> list[X25519PublicKey]:
    """Read the scoring worker's public key, then the escrow key where there is one."""
    public = Path(settings.HOLDOUT_PUBLIC_KEY_FILE)
    if not public.exists() and settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE:
        _generate(public, Path(settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE))
    files = [public]
    if settings.HOLDOUT_ESCROW_PUBLIC_KEY_FILE:
        files.append(Path(settings.HOLDOUT_ESCROW_PUBLIC_KEY_FILE))
    try:
        return [form.read_public(path.read_bytes()) for path in files]
    except (OSError, SealBroken) as error:
        raise VaultSealed(_("La clé publique des fichiers tenus à l’écart manque.")) from error


def _privates() -> list[X25519PrivateKey]:
    """Read the private key in force, and after it the former ones, for what they sealed."""
    if not settings.HOLDOUT_PRIVATE_KEY_FILE:
        raise VaultSealed
    try:
        return form.read_privates(Path(settings.HOLDOUT_PRIVATE_KEY_FILE).read_bytes())
    except (OSError, SealBroken) as error:
        raise VaultSealed from error


def _generate(public: Path, private: Path) -> None:
    """Draw the embedded key pair once; two processes starting together keep one pair."""
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    public.parent.mkdir(parents=True, exist_ok=True)
    private_pem, _public_pem = form.new_pair()
    draft = private.with_name(f"{private.name}.{os.getpid()}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(private_pem)
    try:
        os.link(draft, private)  # fails where another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    half = public.with_name(f"{public.name}.{os.getpid()}.part")
    half.write_bytes(form.public_of(private.read_bytes()))
    half.rename(public)
