"""What somebody else may leave in the place of a timeline that holds one entry or more."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from infra.redis.entries import ENTRY_BYTES

Damage = Callable[[Any, bytes], Awaitable[object]]
"""Done to a key of a Redis."""


async def seal_lost(redis: Any, key: bytes) -> None:
    await redis.rpop(key)


async def end_overwritten(redis: Any, key: bytes) -> None:
    await redis.rpush(key, b"x")


async def entry_cut_off(redis: Any, key: bytes) -> None:
    await redis.lset(key, 0, (await redis.lindex(key, 0))[:-1])


async def entry_of_no_time(redis: Any, key: bytes) -> None:
    await redis.lset(key, 0, b"\xff" * ENTRY_BYTES)


async def floor_of_no_time(redis: Any, key: bytes) -> None:
    await redis.lset(key, -1, (await redis.lindex(key, -1))[:-8] + b"\xff" * 8)


async def no_list(redis: Any, key: bytes) -> None:
    await redis.set(key, "not a list")


DAMAGES: Final[Mapping[str, Damage]] = {
    made.__name__: made
    for made in (
        seal_lost,
        end_overwritten,
        entry_cut_off,
        entry_of_no_time,
        floor_of_no_time,
        no_list,
    )
}
