"""People with accounts and access tokens, and pairs of them who do not follow each other yet."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import grpc
from msgspec import Struct

from infra.crypto.digests import new_uuid7
from infra.rpc.metadata import IDEMPOTENCY_KEY
from schemas.gen import accounts_pb2, accounts_pb2_grpc

READY_S: Final = 30.0


class Person(Struct, frozen=True):
    """Somebody with an account."""

    account: UUID
    token: str


async def registered(channel: grpc.aio.Channel, count: int) -> Sequence[Person]:
    """So many new people, through the public API."""
    commands = accounts_pb2_grpc.AccountCommandsStub(channel)
    together = asyncio.Semaphore(8)

    async def register(number: int) -> Person:
        request = accounts_pb2.RegisterRequest(
            email=f"person{number}@example.org",
            password="brass-owl-fog-9",
            first_name="Ana",
            last_name="Lima",
            birth_date="1990-12-31",
            handle=f"person_{number}",
        )
        async with together:
            answer = await commands.Register(
                request, metadata=[(IDEMPOTENCY_KEY, request_id())], timeout=READY_S
            )
        return Person(UUID(answer.account_id), answer.access_token)

    return await asyncio.gather(*(register(number) for number in range(count)))


def pairs(people: Sequence[Person], seed: int) -> Iterator[tuple[Person, Person]]:
    """Every ordered pair of two different people once, in an order that the seed gives."""
    count = len(people)
    numbers = list(range(count * (count - 1)))
    random.Random(seed).shuffle(numbers)
    for number in numbers:
        one, other = divmod(number, count - 1)
        yield people[one], people[other if other < one else other + 1]


def request_id() -> str:
    """A fresh idempotency key."""
    return str(new_uuid7(datetime.now(UTC)))
