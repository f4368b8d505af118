"""Questions about posts asked over a real connection."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from commands.post_policies import Leave, PostQuerySide
from infra.rpc.call import Call, Caller
from infra.rpc.client import Channel
from schemas.gen import internal_pb2 as pb
from schemas.refusals import Unavailable
from tests.commands.cast import ANA, BEN, CLO
from tests.commands.query_side import INTERNAL, POSITIONS, channel_to

POST = UUID("019cec37-8c00-7000-8000-0000000000f1")
COMMENT = UUID("019cec37-8c00-7000-8000-0000000000c1")


class Answering:
    """agora.internal.v1.PostPolicies that knows Ben, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, Call]] = []

    async def CheckPost(self, request: pb.CheckPostRequest, call: Call) -> pb.CheckPostAnswer:
        self.asked.append((request, call))
        return pb.CheckPostAnswer(visible=True, follows=not request.comment_id)

    async def ResolveHandles(
        self, request: pb.ResolveHandlesRequest, call: Call
    ) -> pb.ResolveHandlesAnswer:
        self.asked.append((request, call))
        held = {name: str(BEN) for name in request.names if name == "handle:ben"}
        return pb.ResolveHandlesAnswer(account_ids=held)

    async def FollowersAmong(
        self, request: pb.FollowersAmongRequest, call: Call
    ) -> pb.FollowersAmongAnswer:
        self.asked.append((request, call))
        followers = [each for each in request.candidate_ids if each == str(BEN)]
        return pb.FollowersAmongAnswer(follower_ids=followers)


@asynccontextmanager
async def query_side(answering: Answering) -> AsyncIterator[PostQuerySide]:
    """The query side that answers so."""
    async with channel_to("PostPolicies", answering) as channel:
        yield PostQuerySide(channel, POSITIONS)


def anas_call() -> Call:
    return Call(
        rpc="posts.PublishPost",
        correlation=UUID("019cec37-8c00-4000-8000-0000000000cc"),
        deadline_s=time.monotonic() + 5,
        caller=Caller(ANA, CLO),
        position={"posts-1": 7},
    )


async def test_each_question_is_about_the_caller_at_their_position() -> None:
    answering = Answering()
    async with query_side(answering) as policies:
        assert await policies.check_post(POST, None, anas_call()) == Leave(True, True)
        assert await policies.check_post(POST, COMMENT, anas_call()) == Leave(True, False)
        names = ["handle:ben", "handle:nobody"]
        assert await policies.resolve_handles(names, anas_call()) == {"handle:ben": BEN}
        assert await policies.followers_among([BEN, CLO], anas_call()) == {BEN}
    assert [request for request, _ in answering.asked] == [
        pb.CheckPostRequest(post_id=str(POST), viewer_id=str(ANA)),
        pb.CheckPostRequest(post_id=str(POST), viewer_id=str(ANA), comment_id=str(COMMENT)),
        pb.ResolveHandlesRequest(names=names, viewer_id=str(ANA)),
        pb.FollowersAmongRequest(account_id=str(ANA), candidate_ids=[str(BEN), str(CLO)]),
    ]
    assert {asked.position["posts-1"] for _, asked in answering.asked} == {7}


async def test_nobody_is_asked_about_nobody() -> None:
    answering = Answering()
    async with query_side(answering) as policies:
        assert await policies.resolve_handles([], anas_call()) == {}
    assert not answering.asked


async def test_a_query_side_that_is_away_is_unavailable() -> None:
    channel = Channel("127.0.0.1:1", INTERNAL)
    with pytest.raises(Unavailable, match="PEER_UNREACHABLE"):
        await PostQuerySide(channel, POSITIONS).check_post(POST, None, anas_call())
    await channel.close()
