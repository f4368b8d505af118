"""The forms of addresses in settings, so that a slip is told at start.

A client that is given an address of which it can make nothing mostly tries again for ever, or
ends with a traceback that shows the address, and with it the password.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

SECRET: Final[Mapping[str, Any]] = {"secret": True}
"""For `Meta.extra`: the value is never shown."""

_HOST: Final = r"(\[[0-9A-Fa-f:.%a-z]+\]|[^\s:,/@\[\]]+)"
_PORT: Final = (
    r":([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"  # 1 to 65535
)
_ENDPOINT: Final = _HOST + _PORT
_LOGIN: Final = r"([^\s@/]*@)?"
_PLACE: Final = rf"{_LOGIN}{_HOST}({_PORT})?"


class Form(Struct, frozen=True):
    """What a text must match as a whole, and how that is said to people after `must be`."""

    pattern: str
    words: str

    @property
    def extra(self) -> dict[str, Any]:
        """For `Meta.extra`, beside `pattern` for `Meta.pattern`."""
        return {"form": self.words}


def _form(pattern: str, words: str) -> Form:
    return Form(rf"^({pattern})\Z", words)


BROKERS: Final = _form(rf"{_ENDPOINT}(,\s*{_ENDPOINT})*", "host:port, with commas between several")
ENDPOINT: Final = _form(rf"({_ENDPOINT})?", "host:port, or empty")
GRPC: Final = _form(
    rf"{_ENDPOINT}|(dns|ipv4|ipv6|unix):\S+", "host:port, or a name that gRPC resolves (dns:...)"
)
POSTGRES: Final = _form(
    rf"postgres(ql)?://({_PLACE}(,{_HOST}({_PORT})?)*)?([/?]\S*)?|\s*\w+\s*=.*",
    "postgresql://user:password@host:port/database, or name=value pairs",
)
REDIS: Final = _form(
    rf"rediss?://{_PLACE}(/\d*)?(\?\S*)?|unix://\S+", "redis://:password@host:port/database"
)
NATS: Final = _form(rf"((nats|tls|ws|wss)://)?{_PLACE}/?", "nats://user:password@host:port")
WEB: Final = _form(r"(https?://\S+)?", "http://host:port/path, or empty")
TOPIC: Final = _form(r"[A-Za-z0-9._-]*", "up to 64 letters, digits, dots, dashes and underscores")
