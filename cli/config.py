"""`agora config`: the settings in force, and where each comes from."""

import os
from urllib.parse import urlsplit, urlunsplit

import msgspec

from cli.group import group
from cli.output import Json, examples, result, table
from infra.config import Settings, load_with_sources
from infra.config_sources import Setting, file_in_use, settings_of


class Shown(msgspec.Struct, frozen=True):
    """One setting as people may see it."""

    setting: str
    value: str | int | bool
    source: str
    variable: str
    meaning: str


@examples("agora config show", "AGORA_KAFKA_PREFIX=try. agora config show --json")
def show(json: Json = False) -> None:
    """Show every setting, its value, and where it comes from.

    Secrets appear as ***.
    """
    settings, sources = load_with_sources(os.environ)
    shown = [_shown(settings, setting, sources) for setting in settings_of(Settings)]
    rows = [[entry.setting, _text(entry.value), entry.source] for entry in shown]
    file = file_in_use(os.environ, None)
    heading = f"File: {file or 'none'}\n\n"
    result(shown, heading + table(["SETTING", "VALUE", "SOURCE"], rows), json)


def _shown(settings: Settings, setting: Setting, sources: dict[str, str]) -> Shown:
    value = getattr(getattr(settings, setting.section), setting.name)
    visible = value if isinstance(value, int) else str(value)
    return Shown(
        setting=setting.path,
        value=masked(str(value)) if setting.secret else visible,
        source=sources[setting.path],
        variable=setting.variable,
        meaning=setting.meaning,
    )


def masked(secret: str) -> str:
    """A secret made fit to be seen: of an address only the password goes, else all of it.

    Parameters of an address are left out, since a password may be among them.
    """
    try:
        parts = urlsplit(secret)
        address = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return "***"
    if not parts.scheme or not address:
        return "***" if secret else ""
    user = f"{parts.username}:***@" if parts.password else f"{parts.username or ''}@"
    shown = parts._replace(netloc=f"{user.removeprefix('@')}{address}", query="", fragment="")
    return urlunsplit(shown)


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


app = group("Show the settings in force.", {"show": show})
