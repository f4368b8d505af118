"""A relay in front of Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.relay import Relay, relaying


class RedisWire(Relay):
    """One relay. `url` leads through it."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""


@asynccontextmanager
async def relayed_redis(url: str) -> AsyncIterator[RedisWire]:
    """A relay to the server of `url`, on a free port."""
    target = urlsplit(url)
    wire = RedisWire()
    async with relaying(wire, str(target.hostname), int(target.port or 0)) as port:
        wire.url = target._replace(netloc=f"127.0.0.1:{port}").geturl()
        yield wire
