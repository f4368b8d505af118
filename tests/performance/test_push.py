"""Pages are believed only if each was told of every post; stages are the time between places."""

from uuid import UUID

import pytest

from tests.performance import push
from tests.performance.figures import WrongAnswers
from tests.performance.loads.lags import Ack, Seen
from tests.performance.loads.watching import Watcher
from tests.performance.peers.push_nats import subscriptions
from tests.performance.push_stages import Passing, Sent
from tests.performance.push_tabs import Tab
from tests.stack import Stack

POST = UUID(int=1)
FIRST = b'id: 7\nevent: post\ndata: {"author":{"handle":"a"},"postId":"p1"}\n\n'


def test_each_stage_lasts_from_one_place_to_the_next() -> None:
    watcher = Watcher("", "")
    watcher.seen += [Seen(1.0, {}), Seen(2.0, {"posts-0": 5})]
    seen = Passing({POST: Ack(1.5, "posts-0", 5, 1)}, {POST: 2.25})
    stages = seen.stages(Sent(POST, 1.0), watcher, [4.0, 3.0])
    assert list(stages) == [0.5, 0.5, 0.25, 0.75, 1.0]


def test_a_post_that_was_not_seen_on_its_way_gives_no_figures() -> None:
    with pytest.raises(WrongAnswers, match="was not seen"):
        Passing().committed(POST, Watcher("", ""))


def test_a_page_notes_events_however_they_are_cut() -> None:
    tab = Tab(b"", lambda: None)
    for byte in b"HTTP/1.1 200 OK\r\n\r\nevent: hello\ndata: {}\n\n" + FIRST:
        tab.data_received(bytes([byte]))
    tab.data_received(FIRST.replace(b"p1", b"p2") + FIRST.replace(b"p1", b"p3"))
    assert [post for post, _ in tab.told] == ["p1", "p2", "p3"]
    assert tab.greeted
    assert not tab.reset


async def test_pages_that_were_not_told_give_no_figures(stack: Stack) -> None:
    async with push.pushes(stack, seed=1, tabs=20) as subject:
        turn = await subject.turn(posts=2)
        assert turn.p99_ms is not None
        assert len(subject.stages) == 2
        subject.check()
        subject.tabs.tabs[7].told.pop()
        with pytest.raises(WrongAnswers, match="every post once"):
            subject.check()


async def test_subscriptions_that_were_not_called_give_no_figures(stack: Stack) -> None:
    async with subscriptions(stack.settings().nats.url, "bench.push.test", 20) as peer:
        assert (await peer.turn(3, pause_s=0)).p99_ms is not None
        peer.check()
        peer.told[next(iter(peer.told))].pop()
        with pytest.raises(WrongAnswers):
            peer.check()
