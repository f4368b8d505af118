"""Who comes back is told exactly what was missed, once; or to read everything anew."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from infra.nats.items import Address, Scope
from tests.gateway.live.stage import BEN, CLO, POSTS, Event, Gateway, running

COMMENT = UUID("0197f1f0-0000-7000-8000-0000000000c1")


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that reads an empty stream."""
    async with running(Gateway()) as started:
        started.began()
        yield started


def told(events: list[Event]) -> list[tuple[str, object]]:
    """What events say, apart from their ids."""
    return [(event.name, event.data) for event in events]


def something_of_everything(gateway: Gateway) -> None:
    """News of all kinds, for the page of BEN that watches the first post and the home feed."""
    gateway.post(POSTS[1])
    gateway.touch(POSTS[0], COMMENT)
    gateway.post(POSTS[2])
    gateway.touch(POSTS[0])
    gateway.touch(POSTS[5])
    gateway.arrives(Address(Scope.ACCOUNT, BEN), "follow.requested", CLO)
    gateway.arrives(Address(Scope.ACCOUNT, CLO), "follow.requested", BEN)
    gateway.post(POSTS[3])


async def test_from_whichever_event_on_exactly_the_rest_is_told(gateway: Gateway) -> None:
    posts = frozenset({POSTS[0]})
    always = gateway.client(BEN, feed="home", posts=posts)
    something_of_everything(gateway)
    await always.until("post", 3)
    assert always.names == [
        "hello", "post", "comment", "counts", "post", "counts", "notification", "post",
    ]  # fmt: skip
    for number, event in enumerate(always.events):
        back = gateway.client(BEN, event.id, feed="home", posts=posts)
        rest = [one for one in always.events[number + 1 :] if one.id != event.id]
        await back.until("post", sum(one.name == "post" for one in rest))
        await asyncio.sleep(0)
        assert back.names[0] == "hello"
        assert back.events[0].id == event.id
        if event.name != "comment":  # Its counts have its id no more: both are told again.
            assert told(back.events[1:]) == told(always.events[number + 1 :])
        else:
            assert told(back.events[1:]) == told(always.events[number:])


async def test_who_was_not_away_for_anything_is_told_nothing(gateway: Gateway) -> None:
    gateway.post(POSTS[0])
    ben = gateway.client(BEN, "1-1")
    gateway.post(POSTS[1])
    await ben.until("post")
    assert ben.posts == [POSTS[1]]


async def test_what_was_missed_comes_before_what_happens_meanwhile(gateway: Gateway) -> None:
    for post in POSTS[:10]:
        gateway.post(post)
    gateway.queries.open.clear()
    ben = gateway.client(BEN, "1-2")
    for post in POSTS[10:15]:
        gateway.post(post)
        await asyncio.sleep(0)
    gateway.queries.open.set()
    await ben.until("post", 13)
    assert ben.posts == POSTS[2:15]
    assert [event.id for event in ben.events[1:]] == [f"1-{number}" for number in range(3, 16)]


async def test_what_was_missed_is_judged_as_things_are_now(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    gateway.post(POSTS[0])
    gateway.post(POSTS[1])
    await ben.until("post", 2)
    gateway.queries.hidden = {(BEN, POSTS[0])}
    back = gateway.client(BEN, ben.events[0].id)
    await back.until("post")
    assert back.posts == [POSTS[1]]


async def test_what_was_owed_when_a_page_was_cut_off_is_told_to_it_once(
    gateway: Gateway,
) -> None:
    gateway.queries.undecided = {(BEN, POSTS[0])}
    ben = gateway.client(BEN)
    gateway.post(POSTS[0])
    gateway.post(POSTS[1])
    await ben.until("post")
    await gateway.closed(ben)
    back = gateway.client(BEN, ben.last_id)
    gateway.post(POSTS[2])
    await back.until("post")
    assert back.posts == [POSTS[2]]
    assert back.events[-1].id == "1-3.1"
    await gateway.closed(back)
    gateway.queries.undecided.clear()
    again = gateway.client(BEN, back.last_id)
    await again.until("post")
    gateway.post(POSTS[3])
    await again.until("post", 2)
    assert again.posts == [POSTS[0], POSTS[3]]
    assert again.events[-1].id == "1-4"


async def test_a_silent_page_learns_by_heartbeats_how_far_it_is() -> None:
    async with running(Gateway(ring=10)) as gateway:
        gateway.began()
        ben, clo = gateway.client(BEN, feed=""), gateway.client(CLO)
        for number in range(25):
            gateway.post(POSTS[number])
            await clo.until("post", number + 1)
        gateway.upkeep.show_life(ben.page.sent_s + 15)
        await ben.until_alive()
        assert ben.last_id == "1-25"
        await gateway.closed(ben)
        back = gateway.client(BEN, ben.last_id, feed="")
        await back.until("hello")
        assert back.names == ["hello"]


@pytest.mark.parametrize(
    "last_id",
    ["2-3", "1-6", "1-999999999999", "1-1", "1-4.1", "garbage", "x" * 5000, "1-4, 1-5"],
)
async def test_whoever_cannot_be_told_what_was_missed_reads_anew(last_id: str) -> None:
    async with running(Gateway(ring=3)) as gateway:
        gateway.began()
        clo = gateway.client(CLO)
        for number in range(5):
            gateway.post(POSTS[number])
            await clo.until("post", number + 1)
        ben = gateway.client(BEN, last_id)
        await ben.until("reset")
        assert (ben.names, ben.last_id) == (["hello", "reset"], "1-5")
        gateway.post(POSTS[5])
        await ben.until("post")
        assert ben.posts == [POSTS[5]]


async def test_a_loss_that_was_missed_makes_the_page_read_anew(gateway: Gateway) -> None:
    clo = gateway.client(CLO)
    gateway.post(POSTS[0])
    gateway.lost()
    gateway.post(POSTS[1])
    await clo.until("post")
    ben = gateway.client(BEN, "1-0")
    await ben.until("reset")
    gateway.post(POSTS[2])
    await ben.until("post")
    assert (ben.names, ben.posts) == (["hello", "reset", "post"], [POSTS[2]])


async def test_another_incarnation_of_the_stream_makes_all_read_anew(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    for post in POSTS[:3]:
        gateway.post(post)
    await ben.until("post", 3)
    gateway.sequence = 0
    gateway.began(incarnation=2)
    await ben.until("reset")
    assert ben.last_id == "2-0"
    gateway.post(POSTS[4])
    await ben.until("post", 4)
    assert (ben.posts[-1], ben.last_id) == (POSTS[4], "2-1")
    back = gateway.client(BEN, "1-3")
    await back.until("reset")
    assert back.last_id == "2-1"


async def test_a_stream_that_begins_again_below_what_was_read_is_another(
    gateway: Gateway,
) -> None:
    ben = gateway.client(BEN)
    for post in POSTS[:3]:
        gateway.post(post)
    await ben.until("post", 3)
    gateway.sequence = 1
    gateway.began(first=1)
    await ben.until("reset")
    assert ben.last_id == "1-1"


async def test_reading_that_goes_on_where_it_was_is_no_loss(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    gateway.post(POSTS[0])
    await ben.until("post")
    gateway.began(first=2, last=3)
    gateway.post(POSTS[1])
    gateway.post(POSTS[2])
    await ben.until("post", 3)
    assert ben.names == ["hello", "post", "post", "post"]


async def test_a_step_in_the_stream_makes_all_read_anew(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    gateway.post(POSTS[0])
    await ben.until("post")
    gateway.sequence += 5
    gateway.post(POSTS[1])
    await ben.until("post", 2)
    assert ben.names == ["hello", "post", "reset", "post"]
    gateway.began(first=50, last=49)
    await ben.until("reset", 2)
    assert ben.last_id == "1-49"


async def test_when_nobody_could_be_asked_for_too_long_all_read_anew() -> None:
    async with running(Gateway(ring=5)) as gateway:
        gateway.began()
        ben = gateway.client(BEN)
        await ben.until("hello")
        gateway.queries.open.clear()
        gateway.post(POSTS[0])
        await asyncio.sleep(0.02)
        for post in POSTS[1:20]:
            gateway.post(post)
        gateway.queries.open.set()
        await ben.until("reset")
        gateway.post(POSTS[20])
        await ben.until_told(POSTS[20])
        # From where it read anew it missed nothing.
        [reset] = [event.id for event in ben.events if event.name == "reset"]
        assert ben.posts == POSTS[int(reset.partition("-")[2]) : 21]


async def test_pages_are_greeted_once_it_is_known_what_there_was() -> None:
    gateway = Gateway()
    async with running(gateway):
        early, back = gateway.client(CLO), gateway.client(BEN, "1-7")
        gateway.sequence = 4
        gateway.began(first=5, last=9)
        for post in POSTS[5:9]:
            gateway.post(post)
        await asyncio.sleep(0.02)
        assert early.names == back.names == []
        gateway.post(POSTS[9])
        await back.until("post", 2)
        assert back.posts == POSTS[8:10]
        assert early.names == ["hello"]
        assert early.last_id == "1-9"


async def test_many_who_come_back_together_share_questions(gateway: Gateway) -> None:
    clo = gateway.client(CLO)
    for post in POSTS[:20]:
        gateway.post(post)
    await clo.until("post", 20)
    gateway.queries.judged.clear()
    backs = [gateway.client(BEN, "1-0") for _ in range(50)]
    for back in backs:
        await back.until("post", 20)
        assert back.posts == POSTS[:20]
    assert len(gateway.queries.judged) <= 3
