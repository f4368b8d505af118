"""Rates are limited by class and by who asks, with Redis and without it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway import limits as limiting
from gateway.callers import client_address, limited_address
from gateway.limits import Allowance, Buckets, Limits
from gateway.refusals import RateExceeded
from infra.config import Settings
from infra.config_services import LimitsSettings
from infra.local.process import Process
from schemas.gen import options_pb2
from tests.gateway.stage import ANA, BEN, Scene, scene, without_redis
from tests.stack import Stack

SMALL = LimitsSettings(
    reads_per_10s=10,
    reads_burst=40,
    writes_per_10s=10,
    writes_burst=3,
    sensitive_per_minute=30,
    sensitive_burst=2,
)
SLOW = replace(SMALL, reads_per_10s=1, writes_per_10s=1, sensitive_per_minute=1)
"""Nothing is refilled while a test runs."""


class Clock:
    """Stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def admitted(limits: Limits, rate: int, caller: str, tries: int) -> int:
    """How many of so many requests pass."""
    count = 0
    for _ in range(tries):
        try:
            await limits.admit(rate, caller)
        except RateExceeded:
            continue
        count += 1
    return count


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    buckets, allowance = Buckets(clock), Allowance("a", burst=3, per_s=0.5)
    assert [buckets.take("x", allowance) for _ in range(4)] == [0, 0, 0, 2]
    clock.now += 2
    assert [buckets.take("x", allowance) for _ in range(2)] == [0, 2]
    assert buckets.take("another", allowance) == 0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, Redis is not taken to be away."""
    monkeypatch.setattr(limiting, "REDIS_WAIT_S", 10.0)


@pytest.fixture
async def shared(stack: Stack, patient: None) -> AsyncIterator[tuple[Limits, Limits]]:
    """Two gateways' limits over one Redis."""
    redis = stack.settings().redis
    two = (Limits(SLOW, redis, clock=Clock()), Limits(SLOW, redis, clock=Clock()))
    yield two
    for limits in two:
        await limits.close()


async def test_gateways_share_what_they_allow(shared: tuple[Limits, Limits]) -> None:
    one, other = shared
    assert await admitted(one, options_pb2.RATE_WRITE, "ana", 2) == 2
    assert await admitted(other, options_pb2.RATE_WRITE, "ana", 5) == 1
    assert await admitted(other, options_pb2.RATE_WRITE, "ben", 5) == 3
    assert await admitted(other, options_pb2.RATE_SENSITIVE, "ana", 5) == 2


async def test_drawing_several_at_once_allows_no_more(shared: tuple[Limits, Limits]) -> None:
    counts = await asyncio.gather(
        *(admitted(limits, options_pb2.RATE_READ, "ana", 60) for limits in shared)
    )
    assert 36 <= sum(counts) <= 40


async def test_who_asks_for_much_at_once_loses_nothing_of_what_is_allowed(
    stack: Stack, patient: None
) -> None:
    limits = Limits(SLOW, stack.settings().redis, clock=Clock())
    try:
        at_once = (admitted(limits, options_pb2.RATE_READ, "ana", 1) for _ in range(60))
        assert sum(await asyncio.gather(*at_once)) == 40
        at_once = (admitted(limits, options_pb2.RATE_READ, "ben", 1) for _ in range(10))
        assert sum(await asyncio.gather(*at_once)) == 10
        assert await admitted(limits, options_pb2.RATE_READ, "ben", 30) == 30
    finally:
        await limits.close()


async def test_a_caller_that_hangs_up_while_drawing_takes_nothing_from_the_others(
    stack: Stack, patient: None
) -> None:
    limits = Limits(SLOW, stack.settings().redis, clock=Clock())
    try:
        first, *others = (
            asyncio.create_task(admitted(limits, options_pb2.RATE_READ, "ana", 1))
            for _ in range(40)
        )
        await asyncio.sleep(0)
        first.cancel()
        assert sum(await asyncio.gather(*others)) == 39
        assert await admitted(limits, options_pb2.RATE_READ, "ana", 9) == 1
    finally:
        await limits.close()


async def test_a_refusal_says_when_the_next_one_passes(stack: Stack, patient: None) -> None:
    limits = Limits(SMALL, stack.settings().redis)
    try:
        with pytest.raises(RateExceeded) as refused:
            await asked_again_and_again(limits)
        assert refused.value.retry_after_s == 1
        await asyncio.sleep(refused.value.retry_after_s)
        await limits.admit(options_pb2.RATE_WRITE, "ana")
    finally:
        await limits.close()


async def asked_again_and_again(limits: Limits) -> None:
    """Until one is refused: meanwhile some may have been refilled."""
    while True:
        await limits.admit(options_pb2.RATE_WRITE, "ana")


async def test_without_redis_each_gateway_still_limits() -> None:
    limits = Limits(SLOW, without_redis(Settings()).redis)
    assert await admitted(limits, options_pb2.RATE_WRITE, "ana", 9) == 3
    await limits.close()


async def test_a_redis_that_says_nothing_delays_one_request_and_not_the_others(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(SLOW, stack.settings().redis, clock=Clock())
    redis: Process = stack.redis
    redis.pause()
    try:
        assert await admitted(limits, options_pb2.RATE_WRITE, "ana", 9) == 3
        assert caplog.text.count("Redis is away") == 1
    finally:
        redis.resume()
        await limits.close()


def limited(folder: Path) -> Scene:
    """A gateway with small limits and no Redis."""
    return scene(folder, base=replace(without_redis(Settings()), limits=SLOW))


async def test_too_many_requests_are_answered_with_when_to_come_back(tmp_path: Path) -> None:
    async with limited(tmp_path).served() as serving:
        path = f"/v1/people/{serving.account(BEN)}/mute"
        headers = serving.signed_in(ANA)
        answers = [await serving.http.put(path, headers=headers) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["reason"] == "RATE_LIMITED"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
        other = await serving.http.put(path, headers=serving.signed_in(BEN))
        assert other.status_code == 200


async def test_whoever_tries_tokens_is_limited_by_address(tmp_path: Path) -> None:
    async with limited(tmp_path).served() as serving:
        path = f"/v1/people/{serving.account(BEN)}/mute"
        statuses = [
            (await serving.http.put(path, headers={"Authorization": f"Bearer {n}"})).status_code
            for n in range(5)
        ]
    assert statuses == [401, 401, 401, 429, 429]


async def test_limits_are_lifted_on_loopback_but_not_for_what_was_forwarded(
    tmp_path: Path,
) -> None:
    lifted = replace(SLOW, lifted_on_loopback=True)
    settings = replace(without_redis(Settings()), limits=lifted)
    async with scene(tmp_path, base=settings).served() as serving:
        path = f"/v1/people/{serving.account(BEN)}/mute"
        headers = serving.signed_in()
        statuses = [(await serving.http.put(path, headers=headers)).status_code for _ in range(9)]
        assert statuses == [200] * 9
        headers["X-Forwarded-For"] = "127.0.0.1"
        statuses = [(await serving.http.put(path, headers=headers)).status_code for _ in range(5)]
        assert statuses == [200] * 3 + [429] * 2


@pytest.mark.parametrize(
    ("told", "proxies", "address"),
    [
        ("203.0.113.9", 0, "192.0.2.1"),
        ("203.0.113.9", 1, "203.0.113.9"),
        ("198.51.100.7, 203.0.113.9", 1, "203.0.113.9"),
        ("198.51.100.7, 203.0.113.9", 2, "198.51.100.7"),
        ("203.0.113.9", 2, "192.0.2.1"),
        ("nonsense", 1, ""),
        ("::ffff:203.0.113.9", 1, "203.0.113.9"),
    ],
)
def test_only_what_our_proxies_wrote_tells_an_address(
    told: str, proxies: int, address: str
) -> None:
    scope = {"client": ("192.0.2.1", 5000)}
    assert client_address(scope, {"x-forwarded-for": told}, proxies) == address


async def test_proxies_may_write_on_lines_of_their_own(tmp_path: Path) -> None:
    base = Settings()
    two = replace(base, gateway=replace(base.gateway, proxies_in_front=2))
    async with scene(tmp_path, base=without_redis(two)).served() as serving:
        told = [("X-Forwarded-For", one) for one in ("198.51.100.7", "203.0.113.9")]
        headers = [*serving.signed_in().items(), *told]
        path = f"/v1/people/{serving.account(BEN)}/mute"
        assert (await serving.http.put(path, headers=headers)).status_code == 200
        assert serving.asked[-1][1].address == "198.51.100.7"


def test_one_household_counts_once() -> None:
    assert limited_address("2001:db8::1:2:3:4") == limited_address("2001:db8::ffff")
    assert limited_address("203.0.113.9") != limited_address("203.0.113.10")
