"""The query side asked over a real connection."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from commands.policies import Holder, QuerySide
from infra.rpc.call import Call
from infra.rpc.client import Channel
from schemas.gen import internal_pb2 as pb
from schemas.refusals import Unavailable
from tests.commands.cast import ANA
from tests.commands.query_side import INTERNAL, POSITIONS, channel_to

CORRELATION = UUID("019cec37-8c00-4000-8000-0000000000cc")


class Answering:
    """agora.internal.v1.Policies that knows Ana, and what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def ResolveName(self, request: pb.ResolveNameRequest, call: Call) -> pb.ResolveNameAnswer:
        self.calls.append(call)
        if request.name != "handle:ana":
            return pb.ResolveNameAnswer()
        return pb.ResolveNameAnswer(account_id=str(ANA), handle="ana")

    async def AwaitVisible(
        self, request: pb.AwaitVisibleRequest, call: Call
    ) -> pb.AwaitVisibleAnswer:
        self.calls.append(call)
        return pb.AwaitVisibleAnswer(applied=request.position["people-1"] <= request.wait_ms)


@asynccontextmanager
async def query_side(answering: Answering) -> AsyncIterator[QuerySide]:
    """The query side that answers so."""
    async with channel_to("Policies", answering) as channel:
        yield QuerySide(channel, POSITIONS)


def call(**position: int) -> Call:
    return Call(
        rpc="accounts.SignIn",
        correlation=CORRELATION,
        deadline_s=time.monotonic() + 5,
        position={f"people-{number[1:]}": offset for number, offset in position.items()},
    )


async def test_the_holder_of_a_name_is_asked_for_at_the_callers_position() -> None:
    answering = Answering()
    async with query_side(answering) as policies:
        assert await policies.resolve_name("handle:ana", call(p1=7)) == Holder(ANA, "ana")
        assert await policies.resolve_name("handle:ben", call()) is None
    assert [asked.position for asked in answering.calls] == [{"people-1": 7}, {}]
    assert {asked.correlation for asked in answering.calls} == {CORRELATION}


async def test_waiting_for_a_position_says_whether_it_came() -> None:
    async with query_side(Answering()) as policies:
        assert await policies.await_visible({"people-1": 500}, 0.5, call())
        assert not await policies.await_visible({"people-1": 501}, 0.5, call())


async def test_a_query_side_that_is_away_is_unavailable() -> None:
    channel = Channel("127.0.0.1:1", INTERNAL)
    with pytest.raises(Unavailable, match="PEER_UNREACHABLE"):
        await QuerySide(channel, POSITIONS).resolve_name("handle:ana", call())
    await channel.close()
