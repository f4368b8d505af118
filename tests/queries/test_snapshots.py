"""A list that lets ANA in shows nothing that was written after she was shut out.

The query side is stopped before each of its round trips in turn. Meanwhile BEN blocks ANA, and he
and others go on writing.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message

from infra.rpc.call import Call
from queries.reads import accounts
from schemas.gen import comments_pb2, graph_pb2, posts_pb2
from schemas.refusals import NotFound, Unavailable
from tests.queries.conftest import Side
from tests.queries.world import ANA, CLO, DAN, World, call

LATE = "After the block."
Ask = Callable[[Any, Call], Awaitable[Message]]


class Thread:
    """A post of BEN's, with a comment of CLO's; BEN is somebody else each time."""

    def __init__(self) -> None:
        self.ben, self.post, self.comment = uuid4(), uuid4(), uuid4()

    async def begin(self, world: World) -> None:
        """What ANA may see."""
        await world.person(self.ben, f"ben_{self.ben.hex[:8]}")
        await world.post(self.ben, post=self.post)
        await world.comment(CLO, self.post, comment=self.comment)

    async def go_on(self, world: World) -> None:
        """BEN shuts ANA out, and goes on with the others."""
        await world.block(self.ben, ANA)
        await world.edit(self.post, 1, LATE)
        await world.comment(CLO, self.post, minute=1, body=LATE)
        await world.comment(DAN, self.post, minute=1, parent=self.comment, body=LATE)
        await world.reaction(DAN, self.post)
        await world.reaction(DAN, self.post, self.comment)
        await world.follow(DAN, self.ben)
        await world.follow(self.ben, DAN)


def asking(side: Side, thread: Thread) -> dict[str, tuple[Ask, Message]]:
    """Every list behind a gate, and how to ask for it."""
    post, ben = str(thread.post), str(thread.ben)
    comment = str(thread.comment)
    replies = comments_pb2.ListRepliesRequest(post_id=post, comment_id=comment)
    liked = comments_pb2.ListCommentReactionsRequest(post_id=post, comment_id=comment)
    return {
        "edits": (side.posts.ListEdits, posts_pb2.ListEditsRequest(post_id=post)),
        "reactions": (side.posts.ListReactions, posts_pb2.ListReactionsRequest(post_id=post)),
        "comments": (side.comments.ListComments, comments_pb2.ListCommentsRequest(post_id=post)),
        "replies": (side.comments.ListReplies, replies),
        "comment reactions": (side.comments.ListCommentReactions, liked),
        "followers": (side.graph.ListFollowers, graph_pb2.ListFollowersRequest(account_id=ben)),
        "following": (side.graph.ListFollowing, graph_pb2.ListFollowingRequest(account_id=ben)),
    }


LISTS = (
    "edits", "reactions", "comments", "replies", "comment reactions", "followers", "following"
)  # fmt: skip


async def asked_in_pieces(side: Side, name: str, passing: int) -> tuple[Message | None, bool]:
    """The answer, None if refused, and whether it was stopped after `passing` round trips."""
    thread = Thread()
    await thread.begin(side.world)
    answer, request = asking(side, thread)[name]
    side.wire.stop_after(passing)
    asked = asyncio.ensure_future(answer(request, call(ANA)))
    stopped = asyncio.create_task(side.wire.stopped.wait())
    await asyncio.wait([asked, stopped], return_when=asyncio.FIRST_COMPLETED)
    was_stopped = side.wire.stopped.is_set()
    await thread.go_on(side.world)
    side.wire.resume()
    stopped.cancel()
    try:
        return await asked, was_stopped
    except NotFound:
        return None, was_stopped


@pytest.mark.parametrize("name", LISTS)
async def test_nothing_written_after_a_block_is_shown_however_slowly_it_is_read(
    side: Side, name: str
) -> None:
    for person, handle in ((ANA, "ana"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(person, handle)
    assert set(asking(side, Thread())) == set(LISTS)
    refused = shown = 0
    for passing in range(10):
        answer, was_stopped = await asked_in_pieces(side, name, passing)
        if answer is None:
            refused += 1
        else:
            shown += 1
            assert LATE not in str(answer)
            assert str(DAN) not in str(answer)
        if not was_stopped:
            break
    else:
        pytest.fail("it never ended")
    # Shut out before it began to read, and let in once it had.
    assert refused >= 1
    assert shown >= 3


async def test_a_snapshot_sees_one_moment(side: Side) -> None:
    await side.world.person(CLO, "clo")
    async with side.store.snapshot(math.inf) as reader:
        before = await accounts.person(reader, ANA, CLO)
        await side.world.follow(ANA, CLO)
        await side.world.person(DAN, "dan")
        assert await accounts.person(reader, ANA, CLO) == before
        assert await accounts.person(reader, ANA, DAN) is None
    assert await accounts.person(side.store.until(math.inf), ANA, CLO) != before


async def test_a_refusal_leaves_the_connection_as_it_was(side: Side) -> None:
    request = posts_pb2.ListEditsRequest(post_id=str(UUID(int=1)))
    for _ in range(5):
        with pytest.raises(NotFound):
            await side.posts.ListEdits(request, call(ANA))
    await side.world.person(CLO, "clo")
    assert await accounts.person(side.store.until(math.inf), ANA, CLO) is not None


@pytest.mark.parametrize("passing", range(4))
async def test_a_server_that_falls_silent_in_between_is_unavailable_in_time(
    side: Side, passing: int
) -> None:
    started = time.monotonic()

    async def read_twice() -> None:
        # As the dispatcher bounds a call: the end of a snapshot is a round trip, too.
        async with asyncio.timeout(0.6), side.store.snapshot(started + 0.3) as reader:
            for _ in range(2):
                await accounts.person(reader, ANA, CLO)

    side.wire.stop_after(passing)
    # Long before the deadline of the store itself.
    async with asyncio.timeout(20):
        with pytest.raises((Unavailable, TimeoutError)):
            await read_twice()
    side.wire.resume()
    assert await accounts.person(side.store.until(math.inf), ANA, CLO) is None
