"""The reference page of all settings, generated from their declarations."""

from typing import Final

import msgspec

from infra.config import Settings
from infra.config_sources import CONFIG_VARIABLE, DEFAULT_FILE, settings_of

INTRODUCTION: Final = f"""\
# Settings

Every process reads its settings once, at start: first defaults, then one TOML file, then the
environment. The file is the one that `{CONFIG_VARIABLE}` names, else `{DEFAULT_FILE}` when it is
there. A setting that does not exist or cannot be used stops the process with exit code 2 and a
message that names it. `agora config show` prints the values in force and where each comes from.
"""


def settings_page() -> str:
    """The page as Markdown: a section for each section, a line for each setting."""
    parts = [INTRODUCTION]
    for section in msgspec.structs.fields(Settings):
        meaning = (section.type.__doc__ or "").strip().partition("\n")[0]
        lines = [
            f"| `{setting.name}` | `{setting.variable}` | {_default(setting.default)} "
            f"| {setting.meaning} |"
            for setting in settings_of(Settings)
            if setting.section == section.name
        ]
        heading = ["| Setting | Variable | Default | Meaning |", "|---|---|---|---|"]
        parts.append("\n".join([f"## [{section.name}]", "", meaning, "", *heading, *lines, ""]))
    return "\n".join(parts)


def _default(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if str(value) else "empty"
