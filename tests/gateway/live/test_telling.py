"""What pages are told, in which order, and how far each may fall behind. BEN looks, ANA writes."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from gateway.live import courier
from gateway.live.hub import MALFORMED
from infra.nats.items import ACCESS_NARROWED, SESSION_CLOSED, Address, Scope
from infra.rpc.backend import RpcFailed
from schemas.refusals import Unavailable
from tests.gateway.live.stage import ANA, BEN, CLO, POSTS, Gateway, running

COMMENT = UUID("0197f1f0-0000-7000-8000-0000000000c1")
TO_BEN = Address(Scope.ACCOUNT, BEN)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that reads an empty stream."""
    async with running(Gateway()) as started:
        started.began()
        yield started


async def test_news_is_told_in_order_to_those_whom_it_is_for(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    clo = gateway.client(CLO, feed="", posts=frozenset({POSTS[0]}))
    gateway.post(POSTS[0])
    gateway.touch(POSTS[0], COMMENT)
    gateway.arrives(TO_BEN, "follow.requested", CLO)
    gateway.post(POSTS[1])
    await ben.until("post", 2)
    await clo.until("counts")
    assert ben.names == ["hello", "post", "notification", "post"]
    assert clo.names == ["hello", "comment", "counts"]
    assert [event.id for event in ben.events] == ["1-0", "1-1", "1-3", "1-4"]


async def test_whom_the_verdict_does_not_name_is_told_nothing(gateway: Gateway) -> None:
    gateway.queries.hidden = {(BEN, POSTS[0]), (BEN, CLO), (BEN, COMMENT)}
    ben = gateway.client(BEN, feed="home", posts=frozenset({POSTS[2]}))
    gateway.post(POSTS[0])
    gateway.arrives(TO_BEN, "follow.requested", CLO)
    gateway.touch(POSTS[2], COMMENT)
    gateway.post(POSTS[1])
    await ben.until("post")
    assert ben.names == ["hello", "counts", "post"]
    assert ben.posts == [POSTS[1]]


async def test_only_the_last_event_of_one_piece_of_news_says_that_it_is_told(
    gateway: Gateway,
) -> None:
    ben = gateway.client(BEN, posts=frozenset({POSTS[0]}))
    gateway.post(POSTS[1])
    gateway.touch(POSTS[0], COMMENT)
    await ben.until("counts")
    assert [(event.name, event.id) for event in ben.events] == [
        ("hello", "1-0"),
        ("comment", "1-0"),
        ("counts", "1-2"),
    ]


async def test_an_edited_post_is_told_to_who_looks_at_it_and_still_sees_it(
    gateway: Gateway,
) -> None:
    posts = frozenset({POSTS[0]})
    ben, clo, dan = (gateway.client(one, posts=posts) for one in (BEN, CLO, ANA))
    gateway.queries.hidden = {(CLO, POSTS[0])}
    gateway.queries.undecided = {(ANA, POSTS[0])}
    gateway.edit(POSTS[0])
    await ben.until("edited")
    await clo.until("gone")
    assert (ben.names, clo.names, dan.names) == (["hello", "edited"], ["hello", "gone"], ["hello"])
    gateway.queries.undecided = set()
    await dan.until("edited")


async def test_a_post_that_may_no_longer_be_seen_is_gone(gateway: Gateway) -> None:
    ben = gateway.client(BEN, posts=frozenset({POSTS[0]}))
    gateway.queries.hidden = {(BEN, POSTS[0])}
    gateway.touch(POSTS[0], COMMENT)
    await ben.until("gone")
    assert ben.names == ["hello", "gone"]


async def test_a_post_is_gone_once_until_it_is_back(gateway: Gateway) -> None:
    ben = gateway.client(BEN, feed="home", posts=frozenset({POSTS[0]}))
    for hidden in (True, True, False, True):
        gateway.queries.hidden = {(BEN, POSTS[0])} if hidden else set()
        gateway.touch(POSTS[0])
        gateway.post(POSTS[1])
        await ben.until("post", ben.names.count("post") + 1)
    assert [name for name in ben.names if name != "post"] == ["hello", "gone", "counts", "gone"]


async def test_a_post_that_is_gone_stays_so_while_nothing_can_be_said_of_it(
    gateway: Gateway,
) -> None:
    ben = gateway.client(BEN, feed="home", posts=frozenset({POSTS[0]}))
    gateway.queries.hidden = {(BEN, POSTS[0])}
    gateway.touch(POSTS[0])
    await ben.until("gone")
    gateway.queries.undecided = {(BEN, POSTS[0])}
    gateway.edit(POSTS[0])
    gateway.post(POSTS[1])
    await ben.until("post")
    gateway.queries.undecided = set()
    gateway.touch(POSTS[0])
    gateway.post(POSTS[2])
    await ben.until("post", 2)
    assert ben.names == ["hello", "gone", "post", "post"]


async def test_who_may_see_less_of_somebody_loses_that_from_all_pages(gateway: Gateway) -> None:
    ben = gateway.client(BEN, posts=frozenset(POSTS[:3]))
    home = gateway.client(BEN)
    clo = gateway.client(CLO, posts=frozenset(POSTS[:3]))
    gateway.queries.hidden = {(BEN, POSTS[1]), (CLO, POSTS[1])}
    gateway.arrives(TO_BEN, ACCESS_NARROWED, ANA)
    gateway.post(POSTS[5])
    await ben.until("gone")
    await home.until("post")
    assert (ben.names, home.names, clo.names) == (["hello", "gone"], ["hello", "post"], ["hello"])


async def test_who_goes_private_is_looked_at_again_on_all_pages(gateway: Gateway) -> None:
    gateway.queries.written = {ANA: {POSTS[0], POSTS[1]}}
    gateway.queries.hidden = {(BEN, POSTS[0]), (BEN, POSTS[2])}
    ben = gateway.client(BEN, posts=frozenset(POSTS[:3]))
    clo = gateway.client(CLO, posts=frozenset(POSTS[:3]))
    gateway.arrives(Address(Scope.AUTHOR, ANA), ACCESS_NARROWED)
    await ben.until("gone")
    [asked] = gateway.queries.judged
    assert {matter.touch.post_id for matter in asked.matters} == {str(POSTS[0]), str(POSTS[1])}
    assert (ben.names, clo.names) == (["hello", "gone"], ["hello"])


async def test_what_cannot_be_said_yet_is_told_later_and_holds_up_nothing(
    gateway: Gateway,
) -> None:
    gateway.queries.undecided = {(BEN, POSTS[0])}
    ben, clo = gateway.client(BEN), gateway.client(CLO)
    for post in POSTS[:3]:
        gateway.post(post)
    await ben.until("post", 2)
    await clo.until("post", 3)
    assert (ben.posts, clo.posts) == (POSTS[1:3], POSTS[:3])
    assert [event.id for event in ben.events] == ["1-0", "1-2.1", "1-3.1"]
    assert [event.id for event in clo.events] == ["1-0", "1-1", "1-2", "1-3"]
    gateway.queries.undecided.clear()
    await ben.until("post", 3)
    assert ben.posts == [POSTS[1], POSTS[2], POSTS[0]]
    assert ben.events[-1].id == "1-3"


async def test_what_turns_out_to_be_hidden_is_never_told(gateway: Gateway) -> None:
    gateway.queries.undecided = {(BEN, POSTS[0])}
    ben = gateway.client(BEN)
    gateway.post(POSTS[0])
    gateway.post(POSTS[1])
    await ben.until("post")
    gateway.queries.hidden, gateway.queries.undecided = {(BEN, POSTS[0])}, set()
    await asyncio.sleep(0.1)
    gateway.post(POSTS[2])
    await ben.until("post", 2)
    assert ben.posts == POSTS[1:3]
    assert ben.events[-1].id == "1-3"


async def test_single_comments_wait_apart_from_their_post(gateway: Gateway) -> None:
    gateway.queries.undecided = {(BEN, COMMENT)}
    ben = gateway.client(BEN, posts=frozenset({POSTS[0]}))
    gateway.touch(POSTS[0], COMMENT)
    await ben.until("counts")
    assert ben.events[-1].id == "1-1.1"
    gateway.queries.undecided.clear()
    await ben.until("comment")
    assert ben.names == ["hello", "counts", "comment"]
    assert ben.events[-1].id == "1-1"


async def test_what_waits_too_long_is_given_up_and_everything_read_anew() -> None:
    async with running(Gateway(patience_s=0.1)) as gateway:
        gateway.began()
        gateway.queries.undecided = {(BEN, POSTS[0])}
        ben, clo = gateway.client(BEN), gateway.client(CLO)
        gateway.post(POSTS[0])
        await ben.until("reset")
        assert (ben.names, clo.names) == (["hello", "reset"], ["hello", "post"])
        assert ben.events[-1].id == "1-1"


async def test_when_too_much_waits_nothing_new_is_taken(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "OWED_MAX", 3)
    gateway.queries.undecided = {(BEN, post) for post in POSTS[:3]}
    ben, clo = gateway.client(BEN), gateway.client(CLO)
    for post in POSTS[:3]:
        gateway.post(post)
    await clo.until("post", 3)
    gateway.post(POSTS[3])
    await asyncio.sleep(0.1)
    assert clo.posts == POSTS[:3]
    gateway.queries.undecided.clear()
    await clo.until("post", 4)
    await ben.until("post", 4)
    assert sorted(ben.posts) == POSTS[:4]


async def test_while_the_query_side_is_away_everything_waits_and_nothing_is_lost(
    gateway: Gateway,
) -> None:
    ben = gateway.client(BEN, posts=frozenset({POSTS[0]}))
    gateway.queries.failing = Unavailable("PEER_UNREACHABLE", "Away.")
    gateway.touch(POSTS[0])
    gateway.arrives(Address(Scope.AUTHOR, ANA), ACCESS_NARROWED)
    gateway.touch(POSTS[0])
    await asyncio.sleep(0.1)
    assert ben.names == ["hello"]
    gateway.queries.failing = None
    await ben.until("counts", 2)
    assert ben.names == ["hello", "counts", "counts"]


async def test_a_fault_on_the_other_side_makes_pages_read_anew(gateway: Gateway) -> None:
    ben, clo = gateway.client(BEN), gateway.client(CLO, feed="", posts=frozenset({POSTS[0]}))
    gateway.queries.failing = RpcFailed("a bug")
    gateway.post(POSTS[0])
    await ben.until("reset")
    gateway.queries.failing = None
    gateway.post(POSTS[1])
    await ben.until("post")
    assert (ben.names, ben.posts, clo.names) == (["hello", "reset", "post"], [POSTS[1]], ["hello"])


async def test_the_busier_it_is_the_more_share_one_question(gateway: Gateway) -> None:
    clients = [gateway.client(BEN) for _ in range(10)]
    gateway.queries.open.clear()
    for post in POSTS:
        gateway.post(post)
    await asyncio.sleep(0.05)
    gateway.queries.open.set()
    for client in clients:
        await client.until("post", len(POSTS))
        assert client.posts == POSTS
    assert len(gateway.queries.judged) <= 2
    assert len(gateway.queries.judged[-1].viewers) == 10


async def test_a_slow_page_starts_anew_and_stays_bounded() -> None:
    async with running(Gateway(waiting_max=10)) as gateway:
        gateway.began()
        ben, clo = gateway.client(BEN), gateway.client(CLO)
        await ben.until("hello")
        ben.reading.clear()
        for number in range(200):
            gateway.post(POSTS[number % len(POSTS)])
            if number % 5 == 0:
                await clo.until("post", number + 1)
            assert len(ben.page._waiting) <= 10
        await clo.until("post", 200)
        ben.reading.set()
        await ben.until("reset")
        gateway.post(POSTS[7])
        await clo.until("post", 201)
        await asyncio.sleep(0)
        assert ben.posts[-1] == POSTS[7]
        assert ben.events[-1].id == "1-201"
        after_reset = ben.names[len(ben.names) - ben.names[::-1].index("reset") :]
        assert set(after_reset) == {"post"}
        assert "reset" not in clo.names


async def test_a_mark_of_a_loss_reaches_everybody_in_its_place(gateway: Gateway) -> None:
    ben, clo = gateway.client(BEN), gateway.client(CLO, feed="")
    gateway.post(POSTS[0])
    await ben.until("post")
    gateway.lost()
    gateway.post(POSTS[1])
    await ben.until("post", 2)
    assert (ben.names, clo.names) == (["hello", "post", "reset", "post"], ["hello", "reset"])


async def test_what_no_projection_sent_is_passed_over(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    before = MALFORMED._value.get()
    gateway.arrives_raw("live.account.>", b"{}")
    gateway.arrives_raw(f"live.account.{BEN}", b"\xff")
    gateway.arrives(TO_BEN, "unknown.kind")
    gateway.arrives(Address(Scope.POST, POSTS[0]), "unknown.kind")
    gateway.post(POSTS[0])
    await ben.until("post")
    assert ben.names == ["hello", "post"]
    assert MALFORMED._value.get() - before == 2


async def test_a_closed_session_ends_at_once_even_while_nobody_can_be_asked(
    gateway: Gateway,
) -> None:
    laptop, phone = UUID(int=1), UUID(int=2)
    closed, still_open = (gateway.client(BEN, session=one) for one in (laptop, phone))
    gateway.queries.open.clear()
    gateway.post(POSTS[0])
    gateway.arrives(TO_BEN, SESSION_CLOSED, laptop)
    await closed.until_over()
    assert closed.names == ["hello", "closed"]
    assert closed.events[-1].data == {"reason": "SESSION_CLOSED"}
    gateway.queries.open.set()
    await still_open.until("post")
    assert still_open.names == ["hello", "post"]


async def test_whose_session_is_closed_is_told_nothing_however_news_got_here(
    gateway: Gateway,
) -> None:
    ben = gateway.client(BEN)
    gateway.queries.closed = {BEN}
    gateway.post(POSTS[0])
    await ben.until_over()
    assert ben.names == ["hello", "closed"]


async def test_upkeep_ends_closed_and_expired_pages_and_shows_life_to_the_rest(
    gateway: Gateway,
) -> None:
    closed, expired, silent = (
        gateway.client(BEN),
        gateway.client(CLO, expires_at=1000.0),
        gateway.client(ANA),
    )
    for client in gateway.clients:
        await client.until("hello")
    gateway.queries.closed = {BEN}
    gateway.upkeep.end_expired(999.0)
    assert not expired.page.over
    gateway.upkeep.end_expired(1000.0)
    await gateway.upkeep.end_closed()
    await closed.until_over()
    await expired.until_over()
    assert [event.data for event in (closed.events[-1], expired.events[-1])] == [
        {"reason": "SESSION_CLOSED"},
        {"reason": "TOKEN_EXPIRED"},
    ]
    gateway.post(POSTS[0], author=CLO)
    gateway.arrives(Address(Scope.ACCOUNT, CLO), "follow.requested", BEN)
    await silent.until("post")
    gateway.upkeep.show_life(silent.page.sent_s + 14)
    assert silent.heartbeats == 0
    gateway.upkeep.show_life(silent.page.sent_s + 15)
    await silent.until_alive()
    assert silent.heartbeats == 1
    assert silent.last_id == "1-2"
    assert silent.names == ["hello", "post"]


async def test_upkeep_outlives_a_query_side_that_is_away(gateway: Gateway) -> None:
    ben = gateway.client(BEN)
    gateway.queries.failing = Unavailable("PEER_UNREACHABLE", "Away.")
    await gateway.upkeep.end_closed()
    assert not ben.page.over
