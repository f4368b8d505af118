"""Clients of Redis end, whatever becomes of their connections."""

import pytest
from redis.exceptions import TimeoutError as RedisTimeout

from infra.redis.client import close, connect
from tests.stack import Stack


async def test_a_connection_that_does_not_close_in_time_is_no_trouble(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = connect(stack.settings().redis, wait_s=10, connections_max=1)
    assert await redis.ping()

    async def hangs() -> None:
        raise RedisTimeout("Timed out closing connection")

    monkeypatch.setattr(redis, "aclose", hangs)
    await close(redis)
    monkeypatch.undo()
    await close(redis)
