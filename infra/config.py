"""Every setting of every Agora process, read once at start into one frozen Struct.

To add a setting, add one line to its section (`infra.config_servers`, `infra.config_services`): a
default that works on one machine, a unit in the name, and a sentence that becomes its line in the
reference. `AGORA_SECTION_NAME` then sets it from the environment, `name` under `[section]` in a
file does the same.
"""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from infra.config_servers import (
    AuthSettings,
    CryptoSettings,
    KafkaSettings,
    LocalSettings,
    LogSettings,
    NatsSettings,
    PostgresSettings,
    RedisSettings,
    TelemetrySettings,
)
from infra.config_services import (
    CommandsSettings,
    FeedsSettings,
    GatewaySettings,
    LimitsSettings,
    LiveSettings,
    ProjectionsSettings,
    QueriesSettings,
)
from infra.config_sources import SettingError, resolve

__all__ = ["SettingError", "Settings", "load", "load_with_sources"]


class Settings(Struct, frozen=True):
    """All sections. Handed to whatever needs it; nothing reads the environment by itself."""

    kafka: KafkaSettings = KafkaSettings()
    log: LogSettings = LogSettings()
    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    nats: NatsSettings = NatsSettings()
    commands: CommandsSettings = CommandsSettings()
    queries: QueriesSettings = QueriesSettings()
    feeds: FeedsSettings = FeedsSettings()
    gateway: GatewaySettings = GatewaySettings()
    live: LiveSettings = LiveSettings()
    limits: LimitsSettings = LimitsSettings()
    projections: ProjectionsSettings = ProjectionsSettings()
    auth: AuthSettings = AuthSettings()
    crypto: CryptoSettings = CryptoSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    local: LocalSettings = LocalSettings()


def load(environ: Mapping[str, str], path: Path | None = None) -> Settings:
    """Settings from defaults, then the file at `path`, then `environ`.

    Without `path` the file is the one that `AGORA_CONFIG` names, else `.agora/agora.toml` when it
    is there. Raises SettingError, which names the setting, the problem and the source.
    """
    return load_with_sources(environ, path)[0]


def load_with_sources(
    environ: Mapping[str, str], path: Path | None = None
) -> tuple[Settings, dict[str, str]]:
    """What `load` gives, and where each setting came from, by its path."""
    return resolve(Settings, environ, path)
