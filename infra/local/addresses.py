"""Ports of the local servers, read from and written to the settings that clients connect with.

There is one truth for each address, the client's setting; a server listens where clients look.
"""

from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import msgspec

from infra.config import SettingError, Settings

LOOPBACK: Final = ("127.0.0.1", "localhost")


class PortSetting(msgspec.Struct, frozen=True):
    """A port of the local stack, and the setting that holds it."""

    server: str
    section: str
    name: str
    port: int

    @property
    def path(self) -> str:
        """The setting's path, such as `redis.url`."""
        return f"{self.section}.{self.name}"


def port_settings(settings: Settings) -> list[PortSetting]:
    """Every port that the local stack listens on, in the order in which servers start.

    Raises SettingError when an address is not one of this machine's.
    """
    return [
        PortSetting("kafka", "kafka", "bootstrap", broker_port(settings)),
        PortSetting(
            "kafka's controller",
            "local",
            "kafka_controller_port",
            settings.local.kafka_controller_port,
        ),
        PortSetting("postgres", "postgres", "dsn", local_url("postgres.dsn", settings)[1]),
        PortSetting("redis", "redis", "url", local_url("redis.url", settings)[1]),
        PortSetting("nats", "nats", "url", local_url("nats.url", settings)[1]),
        PortSetting("commands", "commands", "port", settings.commands.port),
        PortSetting("queries", "queries", "port", settings.queries.port),
        PortSetting("gateway", "gateway", "port", settings.gateway.port),
    ]


def value_with_port(settings: Settings, wanted: PortSetting, port: int) -> str | int:
    """The value that moves `wanted` to `port` and leaves the rest of it as it is."""
    value = _value(settings, wanted.path)
    if isinstance(value, int):
        return port
    if wanted.path == "kafka.bootstrap":
        return f"{value.rpartition(':')[0]}:{port}"
    return urlunsplit(with_port(urlsplit(value), port))


def broker_port(settings: Settings) -> int:
    """The port of the one local broker. Raises SettingError for several, or one elsewhere."""
    host, _, port = settings.kafka.bootstrap.rpartition(":")
    if host not in LOOPBACK or not port.isdigit():
        problem = f"the local stack needs 127.0.0.1:PORT, not {settings.kafka.bootstrap!r}"
        raise SettingError("kafka.bootstrap", problem, "the settings in force")
    return int(port)


def local_url(path: str, settings: Settings) -> tuple[SplitResult, int]:
    """The parts of an address in URL form, and its port. Raises SettingError if not local."""
    try:
        parts = urlsplit(str(_value(settings, path)))
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, SplitResult("", "", "", "", "")
    if host not in LOOPBACK or port is None:
        problem = "the local stack needs a URL with the host 127.0.0.1 and a port"
        raise SettingError(path, problem, "the settings in force")
    return parts, port


def with_port(parts: SplitResult, port: int) -> SplitResult:
    """The same URL with another port."""
    before, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{before}{at}{parts.hostname}:{port}")


def _value(settings: Settings, path: str) -> str | int:
    section, _, name = path.partition(".")
    value = getattr(getattr(settings, section), name)
    return value if isinstance(value, int) else str(value)
