"""Read models built anew while people write and read: nobody notices, and nothing is lost."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from infra.local.process import Process
from tests.flows.town import Someone, Town
from tests.stack import Stack

pytestmark = pytest.mark.flows

SECONDS = 180.0


class Life:
    """Somebody who posts, follows and reads, and counts on seeing what they just did."""

    def __init__(self, town: Town) -> None:
        self.me = town.newcomer()
        self.others = [town.newcomer() for _ in range(3)]
        self.posts: list[str] = []

    def round(self) -> None:
        """One of each; raises AssertionError at any answer but the right one."""
        me = self.me
        body = f"Post {len(self.posts)}."
        answer = me.do("POST", "/v1/posts", json={"body": body}, position=me.position)
        self.posts.append(answer["postId"])
        shown = me.see(f"/v1/people/{me.id}/posts", pageSize=5)["posts"]
        assert [one["postId"] for one in shown] == self.posts[::-1][:5]
        other = self.others[len(self.posts) % 3]
        following = me.handles(f"/v1/people/{me.id}/following")
        if other.handle in following:
            me.do("DELETE", f"/v1/people/{other.id}/follow")
            assert other.handle not in me.handles(f"/v1/people/{me.id}/following")
        else:
            assert me.follow(other) == "FOLLOW_ESTABLISHED"
            assert other.handle in me.handles(f"/v1/people/{me.id}/following")


@contextmanager
def living(lives: list[Life]) -> Iterator[Callable[[], int]]:
    """Everybody lives on until the end of the block; gives how many rounds there were."""
    ended = threading.Event()
    rounds = [0] * len(lives)

    def live(number: int) -> None:
        while not ended.is_set():
            lives[number].round()
            rounds[number] += 1

    with ThreadPoolExecutor(len(lives)) as threads:
        running = [threads.submit(live, number) for number in range(len(lives))]
        try:
            yield lambda: sum(rounds)
        finally:
            ended.set()
        for one in running:
            one.result()


def run(stack: Stack, town: Town, *arguments: str) -> Process:
    """One command to its end, which must be a good one."""
    process = stack.agora(town.settings, "projections", *arguments)
    process.start()
    assert process.wait(SECONDS), "the command takes too long"
    assert process.exit_status == 0, process.failure()
    return process


def test_everything_is_rebuilt_and_exchanged_while_people_write_and_read(
    town: Town, stack: Stack
) -> None:
    lives = [Life(town) for _ in range(3)]
    with living(lives) as rounds:
        run(stack, town, "rebuild", "--all", "--yes")
        for model in ("posts", "graph"):
            run(stack, town, "rollback", model, "--yes")
        run(stack, town, "drop-old", "--yes")
        run(stack, town, "verify", "--all")
    assert rounds() >= 6, "a rebuild that nobody lived through proves nothing"
    run(stack, town, "verify", "--all")
    visitor: Someone = town.newcomer()
    for life in lives:
        shown = visitor.see(f"/v1/people/{life.me.id}/posts", after=life.me, pageSize=100)["posts"]
        assert [one["postId"] for one in shown] == life.posts[::-1][:100]
