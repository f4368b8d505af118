"""Runs many tasks on a few threads, in order, until all are done or one fails."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

T = TypeVar("T")


def run_all(
    work: Callable[[T], object], items: Iterable[T], threads: int, stop: Callable[[], None]
) -> None:
    """Runs `work` on every item, `threads` at a time.

    Raises what `work` raises, and KeyboardInterrupt at Ctrl-C; either way no item is begun after
    it, and `stop` asks those begun to end soon.
    """
    waiting = deque(items)

    def thread() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            work(item)

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(thread) for _ in range(min(threads, len(waiting)))]
        try:
            for ended in as_completed(running):
                ended.result()
        except BaseException:
            waiting.clear()
            stop()
            raise
