"""The deployment's secret keys, read from their files once at start."""

import os
import stat
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from infra.config import SettingError, Settings

_KEY_BYTES: Final = 32
_NOBODY_ELSE: Final = 0o600
_ALSO_THE_GROUP: Final = 0o640


class Hidden(Struct, frozen=True):
    """Fields that no log, error or traceback shows."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class KeyMaterial(Hidden, frozen=True):
    """Root keys of 32 bytes each. What uses them draws subkeys for its purpose.

    `master` wraps the keys of personal data, `ids` makes public ids and seals, `digests` the
    keyed digests and what processes show each other.
    """

    master: bytes
    ids: bytes
    digests: bytes


def load_keys(settings: Settings) -> KeyMaterial:
    """All three root keys. Raises SettingError, which names the file and what is wrong with it."""
    crypto = settings.crypto
    return KeyMaterial(
        master=load_key("crypto.master_key_file", crypto.master_key_file),
        ids=load_key("crypto.id_key_file", crypto.id_key_file),
        digests=load_key("crypto.digest_key_file", crypto.digest_key_file),
    )


def load_key(setting: str, file: Path) -> bytes:
    """One root key, for a process that is trusted with no other. Raises SettingError."""
    content = read_secret(setting, file)
    if len(content) != _KEY_BYTES:
        problem = f"must hold {_KEY_BYTES} raw bytes, not {len(content)}"
        raise SettingError(setting, problem, str(file))
    return content


def read_secret(setting: str, file: Path) -> bytes:
    """The content of a file that nobody else can read. Raises SettingError.

    A file of root's may be open to its group: that is how a cluster hands secrets to a process
    without root's rights.
    """
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):
            raise SettingError(setting, "is not a file", str(file))
        if not _is_private(state):
            raise SettingError(setting, "is open to other users; chmod 600 closes it", str(file))
        return file.read_bytes()
    except OSError as problem:
        reason = problem.strerror or "unknown reason"
        raise SettingError(setting, f"cannot be read: {reason}", str(file)) from problem


def _is_private(state: os.stat_result) -> bool:
    lent = state.st_uid == 0 and os.geteuid() != 0
    allowed = _ALSO_THE_GROUP if lent else _NOBODY_ELSE
    return not state.st_mode & 0o077 & ~allowed
