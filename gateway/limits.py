"""Rate limits: token buckets per class and caller, shared by all gateways through Redis.

A bucket holds `burst` tokens and fills at `per_s`. A gateway draws a few tokens at once and spends
them itself for up to a second, so that most requests cost no round trip; a caller's requests that
come together share one draw. While Redis is away each gateway limits by buckets of its own: callers
are never let through unlimited.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.refusals import RateExceeded
from infra.config_servers import RedisSettings
from infra.config_services import LimitsSettings
from infra.redis.client import close
from schemas.gen import options_pb2

DRAWN_SHARE: Final = 20
"""A twentieth of the burst is drawn at once."""
DRAWN_LIFE_S: Final = 1.0
REDIS_WAIT_S: Final = 0.1
REDIS_CONNECTIONS_MAX: Final = 16
RECONSIDERED_S: Final = 1.0
CALLERS_MAX: Final = 100_000

# The server's clock counts, as gateways' clocks differ. Times are milliseconds.
TAKE: Final = """
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(held[1]) or burst)
  + math.max(0, now - (tonumber(held[2]) or now)) * rate)
local taken = math.min(wanted, math.floor(tokens))
tokens = tokens - taken
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate) + 1000)
return {taken, math.ceil((1 - tokens) / rate)}
"""

_log = logging.getLogger(__name__)


class Allowance(Struct, frozen=True):
    """What one class of rate allows one caller."""

    name: str
    burst: int
    per_s: float


class Buckets:
    """Token buckets in this process. `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, allowance: Allowance) -> float:
        """Takes one token: 0.0, or the seconds until there is one."""
        now = self._clock()
        tokens, at = self._held.pop(key, (float(allowance.burst), now))
        tokens = min(float(allowance.burst), tokens + (now - at) * allowance.per_s)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) / allowance.per_s
        self._held[key] = (tokens if wait_s else tokens - 1, now)
        if len(self._held) > CALLERS_MAX:
            self._held.popitem(last=False)
        return wait_s


class Limits:
    """Admits requests or raises RateExceeded."""

    def __init__(
        self,
        settings: LimitsSettings,
        redis: RedisSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowances = allowances(settings)
        self._prefix = f"{redis.prefix}rate:"
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                redis.url,
                max_connections=REDIS_CONNECTIONS_MAX,
                timeout=REDIS_WAIT_S,
                socket_timeout=REDIS_WAIT_S,
                socket_connect_timeout=REDIS_WAIT_S,
                retry=Retry(NoBackoff(), 0),
            )
        )
        self._take = self._redis.register_script(TAKE)
        self._clock = clock
        self._own = Buckets(clock)
        self._drawn: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._draws: dict[str, asyncio.Task[float]] = {}
        self._away_until = -math.inf

    async def admit(self, rate: int, caller: str) -> None:
        """Counts one request of class `rate` (`agora.options.v1.Rate`) by `caller`.

        Raises RateExceeded, which says how long to wait.
        """
        allowance = self._allowances[rate]
        key = f"{self._prefix}{allowance.name}:{caller}"
        while not self._spend(key):
            wait_s = await self._draw(key, allowance)
            if wait_s > 0:
                raise RateExceeded(max(1, math.ceil(wait_s)))

    async def close(self) -> None:
        """Closes the connections."""
        await close(self._redis)

    def _spend(self, key: str) -> bool:
        left, until = self._drawn.pop(key, (0, 0.0))
        if left == 0 or self._clock() >= until:
            return False
        self._keep(key, left - 1, until)
        return True

    def _keep(self, key: str, left: int, until: float) -> None:
        if left:
            self._drawn[key] = (left, until)
        if len(self._drawn) > CALLERS_MAX:
            self._drawn.popitem(last=False)

    async def _draw(self, key: str, allowance: Allowance) -> float:
        """Joins the draw that is under way, or begins one; seconds to wait, or 0.

        Drawing once each, requests that come together would empty the bucket and spend little.
        A caller that hangs up ends no draw: others wait for it, and Redis still owes the reply.
        """
        draw = self._draws.get(key)
        if draw is None:
            draw = asyncio.create_task(self._drawing(key, allowance))
            self._draws[key] = draw
            draw.add_done_callback(lambda _: self._draws.pop(key))
        return await asyncio.shield(draw)

    async def _drawing(self, key: str, allowance: Allowance) -> float:
        """Holds tokens from Redis, or one of this process's own, ready; seconds to wait, or 0."""
        taken, wait_s = await self._taken(key, allowance)
        self._keep(key, taken, self._clock() + DRAWN_LIFE_S)
        return 0.0 if taken else wait_s

    async def _taken(self, key: str, allowance: Allowance) -> tuple[int, float]:
        if self._clock() >= self._away_until:
            arguments = [
                allowance.per_s / 1000,
                allowance.burst,
                max(1, allowance.burst // DRAWN_SHARE),
            ]
            try:
                taken, wait_ms = await self._take(keys=[key], args=arguments)
                return int(taken), float(wait_ms) / 1000
            except (RedisError, OSError) as problem:
                _log.warning("limiting by this process alone: Redis is away (%s)", problem)
                self._away_until = self._clock() + RECONSIDERED_S
        wait_s = self._own.take(key, allowance)
        return (0, wait_s) if wait_s else (1, 0.0)


def allowances(settings: LimitsSettings) -> Mapping[int, Allowance]:
    """What each class of rate allows."""
    ten_s, minute_s = 10, 60
    return {
        options_pb2.RATE_READ: Allowance(
            "read", settings.reads_burst, settings.reads_per_10s / ten_s
        ),
        options_pb2.RATE_WRITE: Allowance(
            "write", settings.writes_burst, settings.writes_per_10s / ten_s
        ),
        options_pb2.RATE_SENSITIVE: Allowance(
            "sensitive", settings.sensitive_burst, settings.sensitive_per_minute / minute_s
        ),
    }
