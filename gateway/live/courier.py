"""The courier: takes news for pages, asks who may see it, and delivers it.

One request is in flight at a time, for as much as there is: the busier it is, the more pages and
matters share a round trip. What cannot be said yet is asked again until it can; meanwhile later
news goes on, up to a bound.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Final, TypeVar, TypeVarTuple

from google.protobuf.message import Message
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import Counter

from gateway.live.announcements import Announcement, announcements_of, looks_again
from gateway.live.events import Encode
from gateway.live.hub import Hub
from gateway.live.page import Page
from gateway.live.place import OWED_MAX
from gateway.live.questions import Questions
from gateway.live.ring import Entry
from infra.nats.items import ACCESS_NARROWED, Scope
from infra.positions import Positions
from infra.rpc.backend import RpcFailed
from infra.telemetry.metrics import REGISTRY
from schemas.gen import live_pb2 as pb
from schemas.refusals import Refusal, TooMany, Unavailable

PAIRS_MAX: Final = 5_000
UNITS_MAX: Final = 200
RETRY_S: Final = (0.02, 1.0)
"""How soon what could not be said is asked again, at first and at last."""
_LOGGED_EVERY_S: Final = 30.0

ITEMS: Final = Counter(
    "agora_live_items_total",
    "Events for open pages, by outcome (told, delayed, late, failed).",
    ["outcome"],
    registry=REGISTRY,
)
_TOLD: Final = ITEMS.labels("told")
_DELAYED: Final = ITEMS.labels("delayed")

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Asked = TypeVarTuple("Asked")


class Task(Struct, frozen=True, eq=False):
    """An announcement to be judged.

    One that was put off is `owed` since `since_s`, and tried again at `due_s`. Its sequence means
    something in its own incarnation of the stream only.
    """

    about: Announcement
    incarnation: int
    owed: bool = False
    since_s: float = 0.0
    due_s: float = 0.0
    pause_s: float = RETRY_S[0]


class Courier:
    """Runs for as long as the gateway does. What waits longer than `patience_s` is given up."""

    def __init__(
        self,
        hub: Hub,
        questions: Questions,
        positions: Positions,
        encode: Encode,
        patience_s: float,
    ) -> None:
        self._hub = hub
        self._questions = questions
        self._positions = positions
        self._encode = encode
        self._patience_s = patience_s
        self._work = asyncio.Event()
        self._delayed: list[Task] = []
        self._logged_at_s = -_LOGGED_EVERY_S
        hub.wake = self._work.set

    async def run(self) -> None:
        """Take, ask and tell for ever."""
        while True:
            self._work.clear()
            tasks = await self._taken()
            for part in _parts(tasks):
                try:
                    await self._deliver(part)
                except Exception:
                    _log.exception("news for open pages could not be told")
                    self._give_up_all(part)
            self._hub.settled()
            if not tasks and (self._is_full or not self._hub.has_more):
                await self._wait()

    @property
    def _is_full(self) -> bool:
        """Whether so much was put off that nothing new is taken: an id can name no more."""
        return len(self._delayed) >= OWED_MAX

    async def _wait(self) -> None:
        due_s = min((task.due_s for task in self._delayed), default=None)
        left_s = None if due_s is None else max(0.0, due_s - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await self._work.wait()
                if self._is_full:
                    await asyncio.sleep(RETRY_S[1])

    async def _taken(self) -> list[Task]:
        if due := self._due():
            return due
        if self._is_full:
            return []
        if self._hub.replays:
            return await self._replayed()
        return await self._live()

    def _due(self) -> list[Task]:
        """What was put off and is to be tried again, without what is given up."""
        now_s = time.monotonic()
        due = [task for task in self._delayed if task.due_s <= now_s]
        self._delayed = [task for task in self._delayed if task.due_s > now_s]
        late = [task for task in due if task.since_s + self._patience_s < now_s]
        for task in late:
            self._give_up(task, "late")
        return [task for task in due if task not in late]

    async def _live(self) -> list[Task]:
        tasks: list[Task] = []
        pairs = 0
        while len(tasks) < UNITS_MAX and pairs < PAIRS_MAX:
            taken = self._hub.next_live()
            if taken is None:
                break
            entry, pages = taken
            pairs += len(pages)
            if entry.lost:
                for page in pages:
                    self._hub.reset(page, "lost")
            else:
                tasks += await self._tasks(entry, pages)
        return tasks

    async def _replayed(self) -> list[Task]:
        pages: dict[tuple[Entry, bool], list[Page]] = {}
        for entry, page, owed in self._hub.next_replayed():
            pages.setdefault((entry, owed), []).append(page)
        tasks: list[Task] = []
        for entry, owed in sorted(pages, key=lambda key: key[0].sequence):
            tasks += await self._tasks(entry, pages[entry, owed], owed=owed)
        await asyncio.sleep(0)
        return tasks

    async def _tasks(self, entry: Entry, pages: list[Page], *, owed: bool = False) -> list[Task]:
        assert entry.news is not None
        address, item = entry.news
        if address.scope is Scope.AUTHOR and item.kind == ACCESS_NARROWED:
            posts = {post for page in pages for post in page.watch.posts}
            written = await self._patiently(self._questions.posts_among, address.id, posts)
            announcements = looks_again(entry, pages, written or ())
        else:
            announcements = announcements_of(entry, pages)
        tasks = [
            Task(announcement, self._hub.incarnation, owed, time.monotonic() if owed else 0.0)
            for announcement in announcements
        ]
        if owed:
            # The page's id named the news as a whole.
            for task in tasks:
                self._owe(task)
            for page in pages:
                page.settle(entry.sequence)
        return tasks

    async def _deliver(self, part: Sequence[Task]) -> None:
        generation = self._hub.generation
        request, pages = _request(part)
        answer = await self._patiently(self._questions.judge, request)
        if answer is None:
            self._give_up_all(part)
            return
        for number in answer.closed:
            self._hub.end(pages[number], "SESSION_CLOSED")
        told: dict[Page, list[tuple[Task, bytes]]] = {}
        for task, verdict in zip(part, answer.verdicts, strict=True):
            if task.owed or self._hub.generation == generation:
                # First what remains, so that the ids of what is told name it.
                self._settle(task)
                for left in task.about.left(verdict, pages):
                    self._put_off(task, left)
                for page, event in self._events(task, verdict, pages):
                    told.setdefault(page, []).append((task, event))
        for page, all_told in told.items():
            self._tell(page, all_told)

    def _events(
        self, task: Task, verdict: pb.Verdict, pages: Sequence[Page]
    ) -> Iterator[tuple[Page, bytes]]:
        entry = task.about.entry
        assert entry.news is not None
        item = entry.news[1]
        position = self._positions.seal({item.partition: item.offset})
        last: Message | None = None
        event = b""
        for page, message in task.about.told(verdict, pages, position):
            if page.over or not (task.owed or entry.sequence > page.void):
                continue
            if message is not last:  # The same for many pages.
                last, event = message, self._encode(message)
            yield page, event

    def _tell(self, page: Page, told: Sequence[tuple[Task, bytes]]) -> None:
        """Tell a page; only the last that comes from one piece of news says that it is told."""
        following = [task.about.entry for task, _ in told[1:]]
        for (task, event), next_entry in zip_longest(told, following):
            entry = task.about.entry
            complete = entry is not next_entry and task.incarnation == self._hub.incarnation
            self._hub.tell(page, entry.sequence if complete else 0, entry.stored_s, event)
        _TOLD.inc(len(told))

    def _put_off(self, task: Task, announcement: Announcement) -> None:
        now_s = time.monotonic()
        if task.owed:
            pause_s = min(2 * task.pause_s, RETRY_S[1])
            put_off = replace(task, about=announcement, pause_s=pause_s, due_s=now_s + pause_s)
        else:
            due_s = now_s + task.pause_s
            put_off = replace(task, about=announcement, owed=True, since_s=now_s, due_s=due_s)
            _DELAYED.inc()
        self._delayed.append(put_off)
        self._owe(put_off)

    def _give_up(self, task: Task, cause: str) -> None:
        self._settle(task)
        ITEMS.labels(cause).inc()
        for page in task.about.pages:
            if not page.over:
                self._hub.reset(page, cause)

    def _give_up_all(self, part: Sequence[Task]) -> None:
        for task in part:
            self._give_up(task, "failed")

    def _owe(self, task: Task) -> None:
        if task.incarnation == self._hub.incarnation:
            for page in task.about.pages:
                page.owe(task.about.entry.sequence)

    def _settle(self, task: Task) -> None:
        if task.owed and task.incarnation == self._hub.incarnation:
            for page in task.about.pages:
                page.settle(task.about.entry.sequence)

    async def _patiently(
        self, ask: Callable[[*Asked], Awaitable[Answer]], *asked: *Asked
    ) -> Answer | None:
        """The answer, however long the query side is away; None if the question is a bug."""
        pause_s = RETRY_S[0]
        while True:
            try:
                return await ask(*asked)
            except (Unavailable, TooMany) as refusal:
                self._note(refusal)
            except (Refusal, RpcFailed):
                _log.exception("a question about news for pages failed")
                return None
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_S[1])

    def _note(self, refusal: Refusal) -> None:
        now_s = time.monotonic()
        if now_s - self._logged_at_s >= _LOGGED_EVERY_S:
            self._logged_at_s = now_s
            _log.warning("news for open pages waits: %s", refusal)


def _parts(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Tasks in parts that each are one request; what comes of one piece of news stays together."""
    part: list[Task] = []
    pairs = 0
    for task, following in zip_longest(tasks, tasks[1:]):
        part.append(task)
        pairs += len(task.about.pages)
        is_large = pairs >= PAIRS_MAX or len(part) >= UNITS_MAX
        if following is None or (is_large and following.about.entry is not task.about.entry):
            yield part
            part, pairs = [], 0


def _request(part: Sequence[Task]) -> tuple[pb.JudgeRequest, list[Page]]:
    """What is asked about the tasks, and the pages by their places in it."""
    places: dict[Page, int] = {}

    def numbers(pages: Iterable[Page]) -> list[int]:
        return [places.setdefault(page, len(places)) for page in pages if not page.over]

    matters = [task.about.asked(numbers) for task in part]
    viewers = [page.viewer for page in places]
    return pb.JudgeRequest(viewers=viewers, matters=matters), list(places)
