"""Connections to Redis that fail fast: whoever asks a cache can get the answer elsewhere."""

from contextlib import suppress
from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from infra.config_servers import RedisSettings

AWAY: Final = (RedisError, OSError, TimeoutError)
"""What is raised while Redis does not serve, or not what it was asked for."""


def connect(settings: RedisSettings, *, wait_s: float, connections_max: int) -> Redis:
    """A client that connects when first asked, and waits `wait_s` at most for each answer.

    Nothing is tried twice. A connection whose command was cancelled or timed out is closed, so
    that nobody gets the answer to another question. Close it with `close`.
    """
    return Redis.from_pool(
        BlockingConnectionPool.from_url(
            settings.url,
            max_connections=connections_max,
            timeout=wait_s,
            socket_timeout=wait_s,
            socket_connect_timeout=wait_s,
            retry=Retry(NoBackoff(), 0),
        )
    )


async def close(redis: Redis) -> None:
    """Lets the connections go. One that does not close in time is no trouble of whoever ends."""
    with suppress(*AWAY):
        await redis.aclose()
