"""The key that signs: made once, read as it is, never guessed."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.lib import signing


def test_the_key_is_made_once_and_kept_to_its_owner(settings: Any) -> None:
    path = Path(settings.RECEIPT_KEY_FILE)
    public = signing.public_key()
    assert path.stat().st_mode & 0o777 == 0o400
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    signing._key.cache_clear()
    assert signing.public_key() == public
    signing._generate(path)  # as another process that starts at the same time
    signing._key.cache_clear()
    assert signing.public_key() == public


def test_a_signature_is_of_its_message_and_key() -> None:
    signature = signing.sign(b"message")
    public = signing.public_key()
    assert signing.check(public, b"message", signature)
    assert not signing.check(public, b"autre", signature)
    assert not signing.check(public, b"message", signature[:-1])
    assert not signing.check(b"court", b"message", signature)


def test_production_makes_no_key_and_takes_none_of_another_kind(settings: Any) -> None:
    settings.EMBEDDED = False
    with pytest.raises(FileNotFoundError):
        signing.sign(b"message")
    assert not Path(settings.RECEIPT_KEY_FILE).exists()
    path = Path(settings.RECEIPT_KEY_FILE)
    path.parent.mkdir(parents=True)
    path.write_bytes(
        X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with pytest.raises(TypeError, match="Ed25519"):
        signing.sign(b"message")
