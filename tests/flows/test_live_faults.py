"""Open pages while something fails: nothing hidden is told, nothing is lost in silence."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from msgspec.structs import replace

from cli.supervise import HEALTH_REQUEST
from infra.local.process import answers
from tests.flows.awkward.scene import NARROWER, OTHER, READER, Places
from tests.flows.streams import watching
from tests.flows.test_live import besides_notices, caught_up, friends, posts
from tests.flows.test_posts import act, publish
from tests.flows.town import START_S, Town, eventually
from tests.stack import Stack, paused

pytestmark = pytest.mark.flows

BACK_S = 90.0
KEPT = 100
ELSEWHERE = 3
"""A partition of people besides those."""


@contextmanager
def resting(town: Town, stack: Stack, model: str) -> Iterator[None]:
    """A read model stands still."""
    _projections(town, stack, "pause", model, "--yes")
    try:
        yield
    finally:
        _projections(town, stack, "resume", model)


def _projections(town: Town, stack: Stack, *arguments: str) -> None:
    process = stack.agora(town.settings, "projections", *arguments)
    process.start()
    assert process.wait(START_S), process.failure()
    assert process.exit_status == 0, process.failure()


def test_while_a_block_is_not_known_everywhere_nobody_is_told_what_came_after_it(
    mended: Town, stack: Stack
) -> None:
    # DAN is where nothing is decided meanwhile: what he says waits for nobody's block.
    places = Places(mended)
    ana, ben, clo, dan = (places.newcomer(where) for where in (NARROWER, READER, OTHER, ELSEWHERE))
    for follower in (ben, clo):
        act(follower, "PUT", f"/v1/people/{ana.id}/follow", after=ana)
        act(follower, "PUT", f"/v1/people/{dan.id}/follow", after=dan)
    with watching(ben, feed="home") as of_ben, watching(clo, feed="home") as of_clo:
        caught_up(of_ben, of_clo, by=dan)
        with resting(mended, stack, "graph"):
            blocked = ana.do("PUT", f"/v1/people/{ben.id}/block")
            assert not blocked["receipt"].get("everywhere", False)
            hidden = publish(ana)
            # Later posts of others are told meanwhile.
            meanwhile = caught_up(of_ben, of_clo, by=dan)
            assert hidden not in posts(of_ben) + posts(of_clo)
            last_id = of_clo.last_id
            with watching(clo, last_id=last_id, feed="home") as back:
                caught_up(back, by=dan)
                assert hidden not in posts(back)
                cut_off_at = back.last_id
        of_clo.until(lambda: hidden in posts(of_clo), "the post after the block", BACK_S)
        with watching(clo, last_id=cut_off_at, feed="home") as again:
            again.until(lambda: hidden in posts(again), "the post that was owed")
            caught_up(again, by=dan)
            assert posts(again).count(hidden) == 1
        caught_up(of_ben, of_clo, by=dan)
        assert meanwhile in posts(of_ben)
        assert hidden not in posts(of_ben)
        assert posts(of_clo).count(hidden) == 1


def test_pages_come_back_to_a_restarted_gateway_and_miss_nothing(mended: Town) -> None:
    ana, ben = friends(mended)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        gateway = mended.processes["gateway"]
        os.kill(gateway.pid, signal.SIGTERM)
        stream.wait_end()
        assert gateway.wait(START_S)
        assert gateway.exit_status == 0
        assert besides_notices(stream) == ["hello", "post"]
    mended.mend()
    missed = publish(ana)
    with watching(ben, last_id=stream.last_id, feed="home") as back:
        marker = caught_up(back, by=ana)
        assert (back.names[0], posts(back)) == ("hello", [missed, marker])


def test_a_killed_gateway_comes_back_with_what_it_had(mended: Town) -> None:
    ana, ben = friends(mended)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        mended.processes["gateway"].kill()
        stream.wait_end()
    mended.mend()
    with watching(ben, last_id=stream.last_id, feed="home") as back:
        marker = caught_up(back, by=ana)
        assert posts(back) == [marker]


def test_while_nats_is_away_streams_stay_and_then_all_is_read_anew(
    mended: Town, stack: Stack
) -> None:
    ana, ben = friends(mended)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        stack.nats.kill()
        try:
            missed = publish(ana)
            with watching(ben, feed="home", greeted=False) as late:
                time.sleep(1.0)
                assert not stream.over
                assert not late.over
                assert missed not in posts(late)
        finally:
            stack.nats.start()
            stack.nats.wait_ready()
        stream.wait("reset", within_s=BACK_S)
        caught_up(stream, by=ana)
        assert "closed" not in stream.names


def test_while_nats_is_silent_streams_stay_and_nothing_is_lost(mended: Town, stack: Stack) -> None:
    ana, ben = friends(mended)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        with paused(stack.nats):
            missed = publish(ana)
            time.sleep(4.0)
        stream.until(
            lambda: missed in posts(stream) or "reset" in stream.names, "what was missed", BACK_S
        )
        caught_up(stream, by=ana)


def test_a_worker_that_died_may_not_have_told_so_all_is_read_anew(mended: Town) -> None:
    ana, ben = friends(mended)
    with watching(ben, feed="home") as stream:
        caught_up(stream, by=ana)
        mended.processes["projections"].kill()
        publish(ana)
        mended.mend()
        stream.wait("reset", within_s=BACK_S)
        caught_up(stream, by=ana)


def test_while_the_store_is_silent_nothing_is_told_and_then_everything(
    mended: Town, stack: Stack
) -> None:
    ana, ben = friends(mended)
    with watching(ben, feed="home") as stream:
        first = caught_up(stream, by=ana)
        with paused(stack.postgres):
            answer = ana.ask("POST", "/v1/posts", json={"body": "While it is silent."}, once=True)
            time.sleep(2.0)
            assert not stream.over
            assert posts(stream) == [first]
        eventually(mended.serves, BACK_S)
        caught_up(stream, by=ana)
        if answer.status_code == 200:
            assert answer.json()["postId"] in posts(stream)


def test_who_was_away_for_longer_than_news_is_kept_reads_anew(mended: Town, stack: Stack) -> None:
    ana, ben = friends(mended)
    settings = mended.settings
    forgetful = replace(
        settings,
        gateway=replace(settings.gateway, port=stack.settings().gateway.port),
        live=replace(settings.live, replayed_items_max=KEPT),
    )
    other = stack.agora(forgetful, "serve", "gateway")
    other.start()
    try:
        eventually(lambda: answers(forgetful.gateway.port, HEALTH_REQUEST, b" 200 "), BACK_S)
        with watching(ben, port=forgetful.gateway.port, feed="home") as stream:
            first = stream.events[0].id
            for _ in range(KEPT + 1):
                last = publish(ana)
            stream.until(lambda: last in posts(stream), "the last of many")
        with watching(ben, port=forgetful.gateway.port, last_id=first, feed="home") as back:
            back.wait("reset")
            marker = caught_up(back, by=ana)
            assert posts(back) == [marker]
    finally:
        other.stop()


def test_tabs_of_one_account_are_limited(mended: Town) -> None:
    ben = mended.newcomer()
    most = mended.settings.live.streams_per_account
    with ExitStack() as tabs:
        for _ in range(most):
            tabs.enter_context(watching(ben))
        refused = ben.ask("GET", "/v1/live")
        assert refused.status_code == 429
        assert refused.json()["reason"] == "LIVE_STREAMS_TOO_MANY"
        assert refused.headers["retry-after"].isdecimal()
    eventually(lambda: _opens(mended, ben.token))


def _opens(town: Town, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", f"{town.http.base_url}/v1/live", headers=headers) as answer:
        return answer.status_code == 200
