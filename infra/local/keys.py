"""Secrets of the local stack, generated once, in files that only their owner can read."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.config import Settings

KEY_BYTES: Final = 32


def ensure_keys(settings: Settings) -> None:
    """Make every key file that is not there yet; those that are stay as they are."""
    crypto = settings.crypto
    for file in (crypto.master_key_file, crypto.id_key_file, crypto.digest_key_file):
        _ensure(file, secrets.token_bytes(KEY_BYTES))
    signing = Ed25519PrivateKey.generate()
    pem = signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _ensure(settings.auth.signing_key_file, pem)


def write_private(file: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read: whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _ensure(file: Path, content: bytes) -> None:
    if not file.exists():
        write_private(file, content)
