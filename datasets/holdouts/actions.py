"""Seal files away from teams, and keep what the worker compiled from them."""

from collections.abc import Collection, Mapping
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from datasets import gate
from datasets.holdouts import rules
from datasets.holdouts.enums import SealedKind
from datasets.holdouts.models import Holdout, HoldoutVersion, SealedFile, WrappedKey
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import canonical, clock, immutable
from portal.lib.refusals import Invalid
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

KEYS_MAX_BYTES = 1 << 30
FILES_MAX = 20


@transaction.atomic
def register(
    *, name: str, owner: Organisation, files: Mapping[str, bytes | Path], by: Actor
) -> HoldoutVersion:
    """Seal files under a holdout of this name, as its next version.

    In order: the organisation's holdout of this name, created if absent, locked; ciphertexts
    in the private store; version, sealed files and wrapped keys; event "holdout.registered"
    with the fingerprint of the ciphertexts. Raises NotAllowed, Invalid without file.
    """
    if not 0 < len(files) <= FILES_MAX or any(safe_name(one) != one for one in files):
        raise Invalid(_("Un jeu tenu à l’écart compte de 1 à 20 fichiers."), code="holdout_files")
    require(rules.may_register_holdout, by, owner)
    Holdout.objects.get_or_create(owner=owner, name=name, defaults={"created_at": clock.now()})
    holdout = Holdout.objects.select_for_update().get(owner=owner, name=name)
    return _next_version(holdout, files, kept=(), by=by)


@transaction.atomic
def correct(
    *, version: HoldoutVersion, files: Mapping[str, bytes | Path], by: Actor
) -> HoldoutVersion:
    """Seal corrected files as the next version; those not given are kept as they are sealed.

    Without files: the same bytes, to be compiled once more. Nothing is opened. In order:
    holdout locked; ciphertexts in the private store; version, files and keys; event
    "holdout.registered". Raises NotAllowed, Invalid for a name that the version does not hold.
    """
    holdout = Holdout.objects.select_for_update().get(pk=version.holdout_id)
    require(rules.may_register_holdout, by, holdout.owner)
    kept = list(version.files.filter(kind=SealedKind.SOURCE))
    unknown = sorted(set(files) - {one.name for one in kept})
    if unknown:
        raise Invalid(
            _("« %(name)s » n’est pas un fichier de ce jeu.") % {"name": unknown[0]},
            code="holdout_files",
        )
    return _next_version(holdout, files, kept=[one for one in kept if one.name not in files], by=by)


def _next_version(
    holdout: Holdout, files: Mapping[str, bytes | Path], *, kept: Collection[SealedFile], by: Actor
) -> HoldoutVersion:
    """Seal files as the next version of a locked holdout, beside those that stay as they are."""
    sealed = [gate.seal_file(name, content) for name, content in files.items()]
    digests = {one.name: one.ciphertext_sha256 for one in kept}
    digests |= {one.name: one.ciphertext_sha256 for one in sealed}
    last = holdout.versions.order_by("-number").values_list("number", flat=True).first() or 0
    with immutable.writes(HoldoutVersion, SealedFile, WrappedKey):
        version = HoldoutVersion.objects.create(
            holdout=holdout,
            number=last + 1,
            ciphertext_sha256=canonical.digest(digests),
            registered_by=by if isinstance(by, User) else None,
            registered_at=clock.now(),
        )
        for one in sealed:
            _keep(version, SealedKind.SOURCE, one)
        for file in kept:
            _keep_again(version, file)
    record(
        "holdout.registered",
        by=by,
        on=version,
        number=version.number,
        ciphertext_sha256=version.ciphertext_sha256,
        files=len(digests),
    )
    return version


def _keep_again(version: HoldoutVersion, file: SealedFile) -> None:
    """Name the same ciphertext in another version; its keys stay with the first one."""
    SealedFile.objects.create(
        version=version,
        kind=file.kind,
        name=file.name,
        ciphertext_sha256=file.ciphertext_sha256,
        ciphertext_size=file.ciphertext_size,
    )


@transaction.atomic
def add_compiled(
    *, version: HoldoutVersion, keys: bytes, labels: bytes, by: Actor
) -> HoldoutVersion:
    """Keep the compiled truth: identifiers in clear, labels sealed. For the worker, once.

    In order: version locked; identifiers and sealed labels in the private store; the version
    dated; event "holdout.compiled". A version already compiled is returned unchanged, so that
    a job may be repeated. Raises NotAllowed.
    """
    fresh = HoldoutVersion.objects.select_for_update().get(pk=version.pk)
    require(rules.is_worker, by)
    if fresh.is_compiled:
        return fresh
    stored = objects.put(keys, limit_bytes=KEYS_MAX_BYTES)
    with immutable.writes(HoldoutVersion, SealedFile, WrappedKey):
        _keep(fresh, SealedKind.LABELS, gate.seal_file("labels", labels))
        fresh.compiled_keys_sha256 = stored.sha256
        fresh.compiled_at = clock.now()
        fresh.save(update_fields=["compiled_keys_sha256", "compiled_at"])
    record("holdout.compiled", by=by, on=fresh, keys_sha256=stored.sha256)
    return fresh


def _keep(version: HoldoutVersion, kind: SealedKind, sealed: gate.SealedObject) -> None:
    """Write the rows of one sealed file; the caller holds the permission to write them."""
    file = SealedFile.objects.create(
        version=version,
        kind=kind,
        name=sealed.name,
        ciphertext_sha256=sealed.ciphertext_sha256,
        ciphertext_size=sealed.ciphertext_size,
    )
    WrappedKey.objects.bulk_create([WrappedKey(file=file, **key) for key in sealed.keys])
