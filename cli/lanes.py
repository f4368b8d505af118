"""Runs many tasks on a few threads, in order, until all are done or one fails."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

T = TypeVar("T")


def spread(
    work: Callable[[T], object], items: Iterable[T], lanes: int, stop: Callable[[], None]
) -> None:
    """Runs `work` on every item, `lanes` at a time.

    Raises what `work` raises, and KeyboardInterrupt at Ctrl-C; either way no item is begun after
    it, and `stop` asks those begun to end soon.
    """
    waiting = deque(items)

    def lane() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            work(item)

    with ThreadPoolExecutor(lanes) as threads:
        running = [threads.submit(lane) for _ in range(min(lanes, len(waiting)))]
        try:
            for ended in as_completed(running):
                ended.result()
        except BaseException:
            waiting.clear()
            stop()
            raise
