"""The only door to restricted bytes: releases' files, held-out files, sealed results.

Everybody seals, with the public key. Opening needs the private key, which only the scoring
worker's process is given (settings.HOLDOUT_PRIVATE_KEY_FILE).
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from datasets.access.enums import GrantState
from datasets.access.models import Extract, ExtractQuerySet, Grant, NamedUser
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
from portal.lib.refusals import Hidden, Invalid, NotAllowed, OutOfRange, QuotaSpent, Unavailable
from portal.lib.storage import objects
from portal.lib.storage.folders import Readable

SPOOL_BYTES = 8 << 20
SEALED_MAX_BYTES = 6 << 30
# Keys that the web process and the worker derive from SECRET_KEY, and those of pseudonyms.
DEPOSIT, EXTRACT = b"openemploi/deposit/v1", b"openemploi/extract/v1"
PSEUDONYMS = b"openemploi/pseudonyms/v1/"
# A transfer of restricted bytes: how many at a time, how often its grant is looked at again.
PIECE_BYTES = 1 << 16
LOOK_AGAIN_SECONDS = 0.25


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


def seal_file(name: str, content: bytes | Path | BinaryIO) -> SealedObject:
    """Encrypt a file to the scoring worker and store the ciphertext.

    A path or a stream is read as it is encrypted: no clear copy is written. Refuses a link.
    """
    if isinstance(content, bytes):
        return _stored(name, io.BytesIO(content), _recipients())
    if not isinstance(content, Path):
        return _stored(name, content, _recipients())
    descriptor = os.open(content, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source:
        return _stored(name, source, _recipients())


def seal_deposit(source: BinaryIO) -> SealedObject:
    """Encrypt a file that waits for a decision, and store the ciphertext.

    To a key that the web process and the worker both derive from SECRET_KEY, since both must read
    it: what the store, the database or their backups hold of it is unreadable without the process.
    """
    return _stored("", source, [_shared_key(DEPOSIT).public_key()])


def seal_extract(source: BinaryIO) -> SealedObject:
    """Encrypt what a grant gives to read, as `seal_deposit`: the worker seals, the web opens."""
    return _stored("", source, [_shared_key(EXTRACT).public_key()])


def _stored(name: str, source: BinaryIO, recipients: Sequence[X25519PublicKey]) -> SealedObject:
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        target = cast(BinaryIO, spool)
        facts = seal.seal(source, target, recipients)
        target.seek(0)
        stored = objects.put(target, limit_bytes=SEALED_MAX_BYTES)
    keys = tuple(key.to_json() for key in facts.wrapped)
    return SealedObject(name, stored.sha256, stored.size, keys)


def open_deposit(sha256: str, keys: Iterable[dict[str, str]], target: BinaryIO) -> None:
    """Decrypt what `seal_deposit` kept into `target`; raises VaultBroken."""
    try:
        wrapped = [form.WrappedKey.from_json(row) for row in keys]
        with objects.open(sha256) as source:
            unseal.unseal(cast(BinaryIO, source), target, [_shared_key(DEPOSIT)], wrapped)
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


def open_original(*, data_file: DataFile, target: BinaryIO, reason: str, by: Actor) -> None:
    """Decrypt a restricted file of a release into `target`, which nobody else reads.

    For the scoring worker; event "original.opened" with the reason. Raises as `open_holdout`.
    """
    require(is_worker, by)
    privates = _privates()
    try:
        wrapped = [form.WrappedKey.from_json(row) for row in data_file.keys]
        with objects.open(data_file.sha256) as source:
            unseal.unseal(cast(BinaryIO, source), target, privates, wrapped)
    except (SealBroken, FileNotFoundError) as error:
        raise VaultBroken from error
    record("original.opened", by=by, on=data_file, reason=reason)


def open_lent(*, grant: int, data_file: int, target: BinaryIO, reason: str, by: Actor) -> None:
    """Decrypt what a grant lends of a file into `target`, for a program that nobody reads over.

    grant, data_file: keys. For the scoring worker. In order, before the first byte: the read of the
    grant, by nobody, which the bytes of the day leave out; event "extract.opened" with the reason.
    Raises NotAllowed; Hidden where the grant is not active at this instant, the release was taken
    back or no extract is built; VaultBroken.
    """
    require(is_worker, by)
    now = clock.now()
    found = Extract.objects.ready().filter(
        data_file=data_file,
        data_file__release__withdrawn_at=None,
        granted__grant__in=Grant.objects.active(now).filter(pk=grant),
    )
    extract = found.select_related("data_file").first()
    if extract is None:
        raise Hidden
    with transaction.atomic(), immutable.writes(Download):
        Download.objects.create(
            data_file_id=data_file, at=now, grant_id=grant, bytes=extract.clear_size or 0
        )
        record("extract.opened", by=by, on=extract, reason=reason)
    try:
        wrapped = [form.WrappedKey.from_json(row) for row in extract.keys]
        with objects.open(extract.sha256) as source:
            unseal.unseal(cast(BinaryIO, source), target, [_shared_key(EXTRACT)], wrapped)
    except (SealBroken, FileNotFoundError) as error:
        raise VaultBroken from error


def pseudonym_key(*, grant: UUID, by: Actor) -> bytes:
    """Derive the key of one grant's pseudonyms: no other grant has it, nor any other process."""
    require(is_worker, by)
    secret = HKDF(algorithm=SHA256(), length=32, salt=None, info=PSEUDONYMS + grant.bytes)
    return secret.derive(_privates()[0].private_bytes_raw())


def announce_file(
    *, data_file: DataFile, by: Actor | object, extract: UUID | None = None
) -> Extract | None:
    """Let this reader know of a released file, none of its bytes: nothing is counted.

    Returns what would be read in the place of a restricted file, None of another. extract: which,
    to who reads the same file under several grants. Raises Hidden where the file's existence is no
    secret but its content is; NotAllowed where an account would do.
    """
    if data_file.release.withdrawn_at is not None:
        raise Hidden(denied=data_file)
    if not data_file.level_enum.is_restricted:
        if not rules.may_read_file(by, data_file.level_enum):
            raise NotAllowed
        return None
    found = _readable(by).filter(data_file=data_file).select_related("granted")
    if extract is not None:
        found = found.filter(public_id=extract)
    first = found.order_by("-built_at", "-pk").first()
    if first is None:
        raise _refused(data_file, by)
    return first


def _refused(data_file: DataFile, by: Actor | object) -> Hidden:
    """Refuse with its reason who signed and whose grant is suspended; of others, say nothing.

    The ledger is told under which grant who signed one would have read.
    """
    if not isinstance(by, User):
        return Hidden(denied=data_file)
    signed = NamedUser.objects.filter(user=by, signed_at__isnull=False, removed_at=None)
    signed = signed.filter(request__grant__datasets__dataset__releases=data_file.release_id)
    grants = Grant.objects.filter(request__in=signed.values("request"))
    under = grants.order_by(F("suspended_at").desc(nulls_last=True), "-approved_at").first()
    held = Extract.objects.filter(data_file=data_file, granted__grant=under).signed_by(by)
    suspended = under is not None and under.state(clock.now()) is GrantState.SUSPENDED
    if under is None or not suspended or not held.exists():
        return Hidden(denied=data_file, under=under)
    said = _("Cet accès est suspendu. La page de l’habilitation dit pourquoi.")
    page = reverse("datasets:grant", args=(under.public_id,))
    return Hidden(said, code="grant_suspended", denied=data_file, under=under, page=page)


def _readable(by: Actor | object) -> ExtractQuerySet:
    readers = Extract.objects.readable_by(by, clock.now()) if isinstance(by, User) else None
    return Extract.objects.none() if readers is None else readers


def open_file(
    *,
    data_file: DataFile,
    by: Actor | object,
    first: int = 0,
    extract: UUID | None = None,
    licences: str = "",
) -> Readable:
    """Open a released file for this reader from its byte `first` on, once its Download is written.

    Of a restricted file, the extract of the reader's grant: its bytes are counted in the day of
    Paris, event "data_file.read", and what was begun is cut within the second when the grant ends
    or the reader is no signatory any more (AccessEnded while it is read). licences: what the reader
    accepted. The card must be readable. Raises as `announce_file`, OutOfRange, and QuotaSpent once
    settings.ACCESS_DAILY_BYTES are spent.
    """
    lent = announce_file(data_file=data_file, by=by, extract=extract)
    size = data_file.size if lent is None else lent.clear_size or 0
    if not 0 <= first <= max(0, size - 1):
        raise OutOfRange(size_bytes=size)
    user = by if isinstance(by, User) else None
    if lent is not None and user is not None:
        return _lent(lent, user, first)
    content = objects.open_span(data_file.sha256, first=first, size=size - first)
    with transaction.atomic(), immutable.writes(Download):
        Download.objects.create(
            data_file=data_file, user=user, at=clock.now(), licences=licences[:200]
        )
    return content


def _lent(extract: Extract, by: User, first: int) -> Readable:
    """Count what is asked of an extract, then open it; the grant is held meanwhile."""
    size = (extract.clear_size or 0) - first
    lending = _Lending(extract, by, first)
    try:
        with transaction.atomic(), immutable.writes(Download):
            grant = Grant.objects.locked(extract.granted.grant)
            if not lending.still():  # it ended while we waited
                raise Hidden(denied=extract.data_file)
            now = clock.now()
            _keep_to_the_day(grant, now, size)
            Download.objects.create(
                data_file_id=extract.data_file_id, user=by, at=now, grant=grant, bytes=size
            )
            record("data_file.read", by=by, on=extract.data_file, grant=grant, bytes=size)
    except BaseException:
        lending.close()
        raise
    return lending


def _keep_to_the_day(grant: Grant, now: datetime, size: int) -> None:
    """Refuse what would pass the bytes of the day; the grant is locked."""
    begins = clock.paris_day_ends(clock.paris_day(now) - timedelta(days=1))
    read = grant.downloads.filter(at__gte=begins, user__isnull=False)
    spent = read.aggregate(spent=Sum("bytes"))["spent"] or 0
    if spent + size > settings.ACCESS_DAILY_BYTES:
        opening = clock.next_paris_midnight(now)
        raise QuotaSpent(
            _("Cette habilitation a lu ce qu’elle pouvait pour aujourd’hui. Revenez le %(when)s.")
            % {"when": clock.paris_text(opening)},
            next_opening=opening,
            left_bytes=max(0, settings.ACCESS_DAILY_BYTES - spent),
        )


class AccessEnded(Exception):
    """A transfer is cut: what it reads under has ended. The connection breaks, as it must."""


class _Lending:
    """The clear bytes of an extract, for as long as its reader may have them."""

    def __init__(self, extract: Extract, by: User, first: int) -> None:
        self._extract, self._by = extract, by
        size, place = extract.clear_size or 0, form.chunk_at(first)[1]
        rest = form.sealed_size(size) - place
        try:
            with closing(objects.open_span(extract.sha256, first=0, size=form.HEADER_BYTES)) as top:
                head = top.read(form.HEADER_BYTES)
            self._source = objects.open_span(extract.sha256, first=place, size=rest)
        except FileNotFoundError as error:
            raise VaultBroken from error
        try:
            wrapped = [form.WrappedKey.from_json(row) for row in extract.keys]
            source, keys = cast(BinaryIO, self._source), [_shared_key(EXTRACT)]
            self._pieces = unseal.unseal_from(first, head, source, keys, wrapped, size=size)
        except SealBroken as error:
            self.close()
            raise VaultBroken from error
        self._left, self._looked = memoryview(b""), time.monotonic()

    def still(self) -> bool:
        """Say whether the reader may go on, at this instant."""
        return _readable(self._by).filter(pk=self._extract.pk).exists()

    def look(self) -> None:
        """Raise AccessEnded once the reader may not go on."""
        if time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
            if not self.still():
                raise AccessEnded
            self._looked = time.monotonic()

    def read(self, size: int, /) -> bytes:
        """Read on, a small piece at most; raises AccessEnded."""
        self.look()
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
        piece, self._left = self._left[:PIECE_BYTES], self._left[PIECE_BYTES:]
        return bytes(piece)

    def close(self) -> None:
        """Leave it, read or not."""
        self._source.close()


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


def _shared_key(info: bytes) -> X25519PrivateKey:
    secret = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
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
