"""Whatever strangers send, the answer is an answer or a refusal: never INTERNAL, never UNKNOWN."""

import os
import random
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from infra.rpc.metadata import SINGLE
from schemas.gen import accounts_pb2, graph_pb2
from tests.infra.rpc.stage import SIGNED_IN, dispatcher, served

INPUTS = int(os.environ.get("FUZZ_INPUTS", "4000"))
HONEST = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.NOT_FOUND,
}
OTHERS = (
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
SEEDS = (
    accounts_pb2.RegisterRequest(email="ana@example.org", password="long enough", about="é\n👩‍🚀"),
    accounts_pb2.UpdateProfileRequest(first_name="Ana"),
    graph_pb2.FollowRequest(account_id="0190b2a0-0000-7000-8000-0000000000be"),
)


@pytest.mark.parametrize("seed", range(2))
async def test_no_bytes_and_no_metadata_break_a_method(seed: int) -> None:
    chance = random.Random(seed)
    paths = sorted(dispatcher().methods)
    seen = set()
    async with served() as channel, grpc.aio.insecure_channel(channel.endpoint) as plain:
        methods: dict[str, Any] = {path: plain.unary_unary(path) for path in paths}
        for _ in range(INPUTS // 2):
            data, told = _damaged(chance), _odd_metadata(chance)
            code = await _outcome(methods[chance.choice(paths)], data, told)
            assert code in HONEST, (seed, data, told)
            seen.add(code)
    assert {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT} <= seen


@pytest.mark.parametrize("path", OTHERS)
async def test_no_bytes_break_health_and_reflection(path: str) -> None:
    chance = random.Random(path)
    async with served() as channel, grpc.aio.insecure_channel(channel.endpoint) as plain:
        # A watch takes all of its time.
        for _ in range(INPUTS // (160 if path.endswith("Watch") else 40)):
            data = _damaged(chance)
            method: Any = plain.stream_stream(path)
            code = await method(iter([data]), timeout=0.05).code()
            # A watch goes on until its caller has enough.
            assert code in HONEST | {grpc.StatusCode.DEADLINE_EXCEEDED}, data


def _damaged(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(SEEDS).SerializeToString())
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(40))
        case 1:
            return bytes(data[: chance.randrange(len(data))])
        case 2:
            for _ in range(chance.randrange(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        case 3:
            place = chance.randrange(len(data))
            data[place:place] = chance.randbytes(chance.randrange(1, 8))
        case _:
            pass
    return bytes(data)


def _odd_metadata(chance: random.Random) -> list[tuple[str, str | bytes]]:
    told: list[tuple[str, str | bytes]] = [] if chance.random() < 0.1 else [*SIGNED_IN.items()]
    keys = chance.sample(sorted(SINGLE), chance.randrange(3))
    told.extend((key, "".join(map(chr, _printable(chance)))) for key in keys)
    if chance.random() < 0.2:
        told.append((f"x{chance.randrange(9)}-bin", chance.randbytes(9)))
    return told


def _printable(chance: random.Random) -> Iterator[int]:
    for _ in range(chance.choice((0, 1, 36, 300))):
        yield chance.randrange(0x20, 0x7F)


async def _outcome(
    method: Any, data: bytes, told: list[tuple[str, str | bytes]]
) -> grpc.StatusCode:
    code: grpc.StatusCode = await method(data, metadata=told, timeout=60).code()
    return code
