"""Settings with fresh key files of their own."""

from pathlib import Path

from msgspec.structs import replace

from infra.config import Settings
from infra.local.keys import ensure_keys


def settings_in(folder: Path) -> Settings:
    """Settings whose key files are all there, in `folder`."""
    defaults = Settings()
    crypto = replace(
        defaults.crypto,
        master_key_file=folder / "master.key",
        id_key_file=folder / "id.key",
        digest_key_file=folder / "digest.key",
    )
    auth = replace(defaults.auth, signing_key_file=folder / "signing.pem")
    settings = replace(defaults, auth=auth, crypto=crypto)
    ensure_keys(settings)
    return settings
