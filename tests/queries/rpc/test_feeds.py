"""Feeds as ANA sees them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from infra.rpc.call import Call
from schemas.gen import feeds_pb2 as pb
from schemas.refusals import Forbidden, Invalid, NotFound
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, call

REQUESTS: dict[str, type[Any]] = {
    "ReadHome": pb.ReadHomeRequest,
    "ReadExplore": pb.ReadExploreRequest,
    "ListPostsOf": pb.ListPostsOfRequest,
    "ListBookmarks": pb.ListBookmarksRequest,
}


@pytest.fixture
async def cast(side: Side) -> Side:
    """ANA follows BEN and CLO; DAN is a stranger."""
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(account, handle)
    await side.world.follow(ANA, BEN)
    await side.world.follow(ANA, CLO)
    return side


async def feed(side: Side, rpc: str, viewer: UUID = ANA, **asked: Any) -> pb.Feed:
    answer: Callable[[Any, Call], Awaitable[pb.Feed]] = getattr(side.feeds, rpc)
    return await answer(REQUESTS[rpc](**asked), call(viewer))


def which(page: pb.Feed) -> list[UUID]:
    return [UUID(post.post_id) for post in page.posts]


async def walked(side: Side, rpc: str, page_size: int, **asked: Any) -> list[UUID]:
    """All pages one after the other."""
    found: list[UUID] = []
    cursor = ""
    for _ in range(50):
        page = await feed(side, rpc, page_size=page_size, cursor=cursor, **asked)
        found += which(page)
        cursor = page.next_cursor
        if not cursor:
            break
    return found


async def written(side: Side, authors: Sequence[UUID], size: int) -> list[UUID]:
    """Posts of each in turn, newest first; pairs share a minute."""
    posts = [UUID(int=DAN.int + 0x100 + number) for number in range(size)]
    for number, post in enumerate(posts):
        await side.world.post(authors[number % len(authors)], number // 2, post=post)
    return posts[::-1]


async def test_home_has_those_whom_one_follows_and_oneself(cast: Side) -> None:
    ben = await cast.world.post(BEN, 1)
    own = await cast.world.post(ANA, 2, audience="selected", chosen=[DAN])
    clo = await cast.world.post(CLO, 3, audience="followers")
    await cast.world.post(DAN, 4)
    assert which(await feed(cast, "ReadHome")) == [clo, own, ben]


async def test_explore_has_what_is_public_of_everybody(cast: Side) -> None:
    own = await cast.world.post(ANA, 1)
    dan = await cast.world.post(DAN, 2)
    await cast.world.post(BEN, 3, audience="followers")
    await cast.world.post(ANA, 4, audience="followers")
    assert which(await feed(cast, "ReadExplore")) == [dan, own]


async def test_muted_people_are_on_their_own_page_and_in_no_other_feed(cast: Side) -> None:
    post = await cast.world.post(BEN)
    await cast.world.bookmark(ANA, post)
    await cast.world.mute(ANA, BEN)
    assert which(await feed(cast, "ReadHome")) == []
    assert which(await feed(cast, "ReadExplore")) == []
    assert which(await feed(cast, "ListPostsOf", account_id=str(BEN))) == [post]
    assert which(await feed(cast, "ListBookmarks")) == [post]


async def test_a_request_to_follow_fills_no_home(side: Side) -> None:
    await side.world.person(ANA, "ana")
    await side.world.person(BEN, "ben")
    await side.world.follow(ANA, BEN, state="requested")
    await side.world.post(BEN)
    assert which(await feed(side, "ReadHome")) == []


async def test_bookmarks_come_by_when_they_were_set_and_only_what_is_still_seen(
    cast: Side,
) -> None:
    older, newer = await cast.world.post(DAN, 1), await cast.world.post(BEN, 2)
    hidden = await cast.world.post(DAN, 3, audience="followers")
    for minute, post in enumerate((newer, hidden, NOBODY, older)):
        await cast.world.bookmark(ANA, post, minute)
    await cast.world.bookmark(BEN, hidden, 9)
    assert which(await feed(cast, "ListBookmarks")) == [older, newer]
    assert which(await feed(cast, "ListBookmarks", page_size=2)) == [older, newer]


@pytest.mark.parametrize("page_size", [1, 2, 3, 12])
async def test_pages_follow_each_other_without_gap_or_repeat(cast: Side, page_size: int) -> None:
    posts = await written(cast, (BEN, CLO, ANA), 12)
    for minute, post in enumerate(reversed(posts)):
        await cast.world.bookmark(ANA, post, minute // 2)
    for rpc in ("ReadHome", "ReadExplore", "ListBookmarks"):
        assert await walked(cast, rpc, page_size) == posts
    assert await walked(cast, "ListPostsOf", page_size, account_id=str(BEN)) == posts[2::3]


async def test_hidden_posts_cost_no_place(cast: Side) -> None:
    posts = await written(cast, (BEN, CLO), 6)
    for minute in (7, 8):
        hidden = await cast.world.post(CLO, minute, audience="selected", chosen=[DAN])
        await cast.world.bookmark(ANA, hidden, minute)
        private = await cast.world.post(DAN, minute)
        await cast.world.bookmark(ANA, private, minute)
    await cast.world.block(DAN, ANA)
    for minute, post in enumerate(posts):
        await cast.world.bookmark(ANA, post, -minute)
    for rpc in ("ReadHome", "ReadExplore", "ListBookmarks"):
        assert which(await feed(cast, rpc, page_size=3)) == posts[:3]


async def test_one_who_writes_a_lot_leaves_room_for_others_by_time_alone(cast: Side) -> None:
    loud = [await cast.world.post(BEN, minute) for minute in range(10, 40)]
    quiet = await cast.world.post(CLO, 20)
    expected = sorted([*enumerate(loud, 10), (20, quiet)], key=lambda one: (-one[0], -one[1].int))
    assert await walked(cast, "ReadHome", 4) == [post for _, post in expected]


async def test_the_posts_of_a_private_person_are_refused_to_strangers(cast: Side) -> None:
    private = UUID(int=DAN.int + 1)
    await cast.world.person(private, "eve", private=True)
    await cast.world.post(private)
    with pytest.raises(Forbidden, match="PRIVATE_ACCOUNT"):
        await feed(cast, "ListPostsOf", account_id=str(private))
    assert which(await feed(cast, "ReadExplore")) == []
    await cast.world.follow(ANA, private)
    assert len(which(await feed(cast, "ListPostsOf", account_id=str(private)))) == 1
    assert len(which(await feed(cast, "ReadExplore"))) == 1


@pytest.mark.parametrize(("blocker", "blocked"), [(ANA, BEN), (BEN, ANA)])
async def test_the_posts_of_a_hidden_person_are_those_of_nobody(
    cast: Side, blocker: UUID, blocked: UUID
) -> None:
    await cast.world.post(BEN)
    await cast.world.block(blocker, blocked)
    answers = []
    for account in (NOBODY, BEN, NOBODY):
        cast.wire.reset()
        with pytest.raises(NotFound) as refused:
            await feed(cast, "ListPostsOf", account_id=str(account))
        answers.append((str(refused.value), cast.wire.round_trips))
    assert answers[1] == answers[2]
    for rpc in ("ReadHome", "ReadExplore"):
        assert which(await feed(cast, rpc)) == []


async def test_a_post_waits_in_no_feed_for_what_its_author_had_done(cast: Side) -> None:
    post = await cast.world.post(BEN, after={"people-1": 3})
    assert which(await feed(cast, "ReadHome")) == []
    assert which(await feed(cast, "ReadHome", viewer=BEN)) == [post]
    await cast.world.checkpoint("graph", "people-1", 3)
    assert which(await feed(cast, "ReadHome")) == [post]


async def test_a_cursor_is_worth_nothing_in_another_feed(cast: Side) -> None:
    await written(cast, (BEN,), 3)
    cursor = (await feed(cast, "ReadHome", page_size=1)).next_cursor
    for page in (
        feed(cast, "ReadExplore", cursor=cursor),
        feed(cast, "ListPostsOf", account_id=str(BEN), cursor=cursor),
        feed(cast, "ReadHome", viewer=BEN, cursor=cursor),
    ):
        with pytest.raises(Invalid, match="CURSOR_INVALID"):
            await page


async def test_the_round_trips_of_a_feed_do_not_grow_with_it(cast: Side) -> None:
    for post in await written(cast, (BEN, CLO), 30):
        await cast.world.bookmark(ANA, post)
    expected = {"ReadHome": 2, "ReadExplore": 2, "ListPostsOf": 3, "ListBookmarks": 2}
    for rpc, trips in expected.items():
        asked: dict[str, Any] = {"account_id": str(BEN)} if rpc == "ListPostsOf" else {}
        # The first time prepares the statements.
        await feed(cast, rpc, **asked)
        for size in (1, 30):
            cast.wire.reset()
            await feed(cast, rpc, page_size=size, **asked)
            assert cast.wire.round_trips == trips
