"""The hub of a gateway: the ring of live news, the open pages, and how far each has read.

It is fed by the reader and asked by the courier, all on one event loop and without waiting. Live
news is taken once for all pages; a page that comes back is told from the ring what it missed.
"""

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct
from prometheus_client import Counter, Gauge

from gateway.live.events import Encode, identified
from gateway.live.page import Page
from gateway.live.place import Place, parsed
from gateway.live.ring import Entry, Ring
from gateway.live.watches import Watches, concerns
from infra.config_servers import NatsSettings
from infra.nats.items import SESSION_CLOSED, MalformedItem, opened
from infra.nats.reader import Began, Message
from infra.telemetry.metrics import REGISTRY
from schemas.gen import live_pb2 as pb

SCANNED_MAX: Final = 5_000
"""So many entries of the ring are looked at for a replay before others get their turn."""

PAGES: Final = Gauge("agora_live_streams", "Open streams of live updates.", registry=REGISTRY)
RESETS: Final = Counter(
    "agora_live_resets_total",
    "Pages that were told to reload everything, by cause.",
    ["cause"],
    registry=REGISTRY,
)
MALFORMED: Final = Counter(
    "agora_live_malformed_total", "Messages on the bus that are not live news.", registry=REGISTRY
)

_log = logging.getLogger(__name__)


class Replay(Struct):
    """What a page that came back has missed: some that was `owed`, then all beyond `after`."""

    page: Page
    owed: list[int]
    after: int
    upto: int


class Hub:
    """Pages, and the news for them. `wake` is called whenever there is something to be told."""

    def __init__(self, settings: NatsSettings, ring: Ring, encode: Encode) -> None:
        self._settings = settings
        self._ring = ring
        self._hello, self._reset = encode(pb.LiveHello()), encode(pb.LiveReset())
        self._encode = encode
        self._arriving: list[tuple[Page, str]] = []
        self._replayed: list[Page] = []
        self._filled_at = 0
        self.watches: Watches[Page] = Watches()
        self.replays: deque[Replay] = deque()
        self.incarnation = 0
        self.generation = 0
        self.cursor = 0
        self.done = 0
        self.wake: Callable[[], None] = lambda: None

    @property
    def ready(self) -> bool:
        """Whether it is known what there is: pages are greeted from then on."""
        return self.incarnation != 0 and self._ring.last >= self._filled_at

    @property
    def has_more(self) -> bool:
        """Whether there is anything to be taken, live or for a replay."""
        return bool(self.replays) or self._has_news

    @property
    def _has_news(self) -> bool:
        return self.ready and self.cursor < self._ring.last

    def began(self, began: Began) -> None:
        """The stream is being read, for the first time or again."""
        if began.incarnation == self.incarnation and began.last >= self._ring.last:
            if began.first > self._ring.last + 1:
                self._begin_anew(began.first, began.last, "gap")
        else:
            self.incarnation = began.incarnation
            for page in self.watches:
                page.told = 0
            self._begin_anew(began.first, began.last, "lost")
        self._greet()

    def arrived(self, message: Message) -> None:
        """The next message, or one beyond it if the stream has dropped some."""
        if message.sequence <= self._ring.last:
            return
        if message.sequence > self._ring.last + 1:
            last = max(self._filled_at, message.sequence - 1)
            self._begin_anew(message.sequence, last, "gap")
        entry = self._entry(message)
        self._ring.append(entry)
        if self._ring.first > self.cursor + 1:
            # Nobody could be asked for so long that what is to be told is gone.
            self._begin_anew(self._ring.last + 1, self._ring.last, "behind")
        self._end_closed(entry)
        self._greet()
        self.wake()

    def open(self, page: Page, last_event_id: str) -> None:
        """A page was opened, which was told everything up to an event of that id, if any."""
        PAGES.inc()
        self.watches.add(page)
        self._arriving.append((page, last_event_id))
        self._greet()

    def close(self, page: Page) -> None:
        """A page was closed."""
        PAGES.dec()
        self.watches.discard(page)
        self._arriving = [each for each in self._arriving if each[0] is not page]

    def tell(self, page: Page, sequence: int, stored_s: float, event: bytes) -> None:
        """Let the page be told, which then knows everything up to `sequence`, 0 if no more.

        One that is too slow starts anew instead.
        """
        if page.has_room:
            page.put(identified(page.place(self.incarnation, sequence), event), stored_s)
        else:
            self.reset(page, "slow")

    def reset(self, page: Page, cause: str) -> None:
        """Let the page read everything anew, as of now. What it is owed stays owed."""
        RESETS.labels(cause).inc()
        page.clear()
        page.void = self.cursor
        page.put(identified(page.place(self.incarnation, self.cursor), self._reset))

    def end(self, page: Page, reason: str) -> None:
        """End the page and say why, in place of whatever it was to be told.

        Without an id: whoever comes back with a new token goes on from what arrived.
        """
        page.end(self._encode(pb.LiveClosed(reason=reason)))

    def settled_place(self, page: Page) -> Place | None:
        """Up to where the page has been told everything; None while it is being told more."""
        if page.replaying or not self.ready or page.floor == sys.maxsize:
            return None
        return page.place(self.incarnation, self.done)

    def next_live(self) -> tuple[Entry, list[Page]] | None:
        """The next live news that is for anybody, and for whom; None when there is none."""
        while self._has_news:
            self.cursor += 1
            entry = self._ring.at(self.cursor)
            assert entry is not None
            pages = [page for page in self._concerned(entry) if page.floor < entry.sequence]
            if pages:
                return entry, pages
        return None

    def next_replayed(self) -> Iterator[tuple[Entry, Page, bool]]:
        """Some of what pages that came back have missed, and whether it was owed to them.

        To be taken whole. A page whose news is no longer kept, or may be missing, starts anew.
        """
        budget = SCANNED_MAX
        while self.replays and budget > 0:
            replay = self.replays[0]
            page = replay.page
            if page.over or page.void >= replay.upto:
                self._finish(self.replays.popleft())
            elif not self._ring.holds_after(replay.after):
                self._finish(self.replays.popleft())
                self.reset(page, "behind")
            else:
                stop = min(replay.upto, replay.after + budget)
                budget -= 1 + stop - replay.after
                yield from self._missed(replay, stop)
                if stop == replay.upto:
                    self._finish(self.replays.popleft())

    def settled(self) -> None:
        """All that was taken so far was told, or is owed."""
        self.done = self.cursor
        for page in self._replayed:
            page.replaying = False
        self._replayed.clear()

    def _missed(self, replay: Replay, upto: int) -> Iterator[tuple[Entry, Page, bool]]:
        page, owed, after = replay.page, replay.owed, replay.after
        replay.owed, replay.after = [], upto
        for sequence in owed:
            entry = self._ring.at(sequence)
            if entry is None or entry.news is None or not concerns(page.watch, *entry.news):
                page.settle(sequence)
            else:
                yield entry, page, True
        for entry in self._ring.between(after, upto):
            if entry.lost:
                self.reset(page, "lost")
                return
            if entry.news is not None and concerns(page.watch, *entry.news):
                yield entry, page, False

    def _finish(self, replay: Replay) -> None:
        for sequence in replay.owed:
            replay.page.settle(sequence)
        self._replayed.append(replay.page)

    def _concerned(self, entry: Entry) -> Iterable[Page]:
        if entry.lost:
            return list(self.watches)
        return self.watches.concerned(*entry.news) if entry.news is not None else ()

    def _entry(self, message: Message) -> Entry:
        sequence, stored_s = message.sequence, message.stored_s
        try:
            news = opened(self._settings, message.subject, message.payload)
        except MalformedItem:
            MALFORMED.inc()
            return Entry(sequence, stored_s)
        return Entry(sequence, stored_s, news, lost=news is None)

    def _end_closed(self, entry: Entry) -> None:
        """Ends the pages of a session that was closed, before they are told anything more."""
        if entry.news is None or entry.news[1].kind != SESSION_CLOSED:
            return
        address, item = entry.news
        for page in list(self.watches.of_account(address.id)):
            if page.watch.session in item.ids:
                self.end(page, "SESSION_CLOSED")

    def _begin_anew(self, following: int, upto: int, cause: str) -> None:
        """Keep news from `following` on, and tell whoever is here that something may be missing."""
        greeted = [page for page in self.watches if page.floor < sys.maxsize]
        if greeted:
            _log.warning("%d pages read everything anew: %s", len(greeted), cause)
        self.generation += 1
        self.replays.clear()
        self._ring.restart(following)
        self.cursor = self.done = self._filled_at = upto
        for page in greeted:
            page.owed.clear()
            page.replaying = False
            page.floor = upto
            self.reset(page, cause)

    def _greet(self) -> None:
        if not self.ready:
            return
        arriving, self._arriving = self._arriving, []
        for page, last_event_id in arriving:
            if not page.over:
                self._welcome(page, last_event_id)

    def _welcome(self, page: Page, last_event_id: str) -> None:
        page.floor = self.cursor
        place = parsed(last_event_id)
        if place is None or not self._can_replay(place):
            page.greet(identified(page.place(self.incarnation, self.cursor), self._hello))
            if last_event_id:
                self.reset(page, "unknown")
            return
        page.floor = max(self.cursor, place.sequence)
        for sequence in place.owed:
            page.owe(sequence)
        page.greet(identified(page.place(self.incarnation, place.sequence), self._hello))
        page.replaying = True
        self.replays.append(Replay(page, list(place.owed), place.sequence, page.floor))
        self.wake()

    def _can_replay(self, place: Place) -> bool:
        return (
            place.incarnation == self.incarnation
            and self._ring.holds_after(place.sequence)
            and all(self._ring.at(sequence) is not None for sequence in place.owed)
        )
