"""The stream heads that an owner keeps in memory.

A head is *ahead* while a decision that moved it is not yet durable, and *dirty* until a state
checkpoint holds it. Only a head that is neither may leave memory: reloading an older one from
the checkpoint would fork the stream (docs/adr/0004-state-checkpoints.md).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from events.catalog import FOLDS
from events.stream import Head, Seen, kind_of, restored, stored
from events.topics import Partition
from infra.checkpoints.port import Checkpoints, Lapsed, Saved


class Heads:
    """Heads of one partition during one tenure; loads absent ones from the checkpoint.

    `since` is the offset that the checkpoint was confirmed to be at; `lapsed` says that it was
    found behind that, so that what left memory is lost to this tenure.
    """

    def __init__(self, partition: Partition, checkpoints: Checkpoints, since: int = 0) -> None:
        self.since = since
        self.lapsed = False
        self._partition = partition
        self._checkpoints = checkpoints
        self._heads: OrderedDict[str, Head] = OrderedDict()
        self._ahead: dict[str, int] = {}
        self._pinned: dict[str, int] = {}
        self._dirty: dict[str, Head] = {}
        self._wanted: dict[str, asyncio.Future[None]] = {}
        self._loading: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._heads)

    def __getitem__(self, stream: str) -> Head:
        return self._heads[stream]

    @property
    def dirty(self) -> Mapping[str, Head]:
        """Durable heads that no checkpoint holds yet."""
        return self._dirty

    def hold_present(self, streams: Sequence[str]) -> bool:
        """As `hold`, if all the streams are in memory already; else nothing, and False."""
        heads = self._heads
        for stream in streams:
            if stream not in heads:
                return False
        for stream in streams:
            heads.move_to_end(stream)
        _add(self._pinned, streams)
        return True

    async def hold(self, streams: Sequence[str]) -> None:
        """Brings the streams into memory and keeps them there until `let_go`."""
        _add(self._pinned, streams)
        try:
            await self.bring(streams)
        except BaseException:
            self.let_go(streams)
            raise

    def let_go(self, streams: Sequence[str]) -> None:
        """Ends a `hold`."""
        _subtract(self._pinned, streams)

    async def bring(self, streams: Sequence[str]) -> None:
        """Brings the streams into memory, unheld: only while nothing evicts."""
        absent = [self._load(stream) for stream in streams if stream not in self._heads]
        await asyncio.gather(*(asyncio.shield(future) for future in absent))

    def _load(self, stream: str) -> asyncio.Future[None]:
        """One load for each stream at a time: a second, later one could bring an older head."""
        if stream not in self._wanted:
            self._wanted[stream] = asyncio.get_running_loop().create_future()
            if self._loading is None:
                self._loading = asyncio.create_task(self._load_wanted())
        return self._wanted[stream]

    async def _load_wanted(self) -> None:
        """Loads what is wanted, in rounds: what is asked for during one joins the next."""
        done: set[str] = set()
        while streams := [stream for stream in self._wanted if stream not in done]:
            done.update(streams)
            try:
                found = await self._checkpoints.load(self._partition, streams, self.since)
            except Exception as error:
                self.lapsed = self.lapsed or isinstance(error, Lapsed)
                for stream in streams:
                    self._settle(stream, error)
            else:
                for stream in streams:
                    self._settle(stream, self._kept(stream, found.get(stream)))
            done.difference_update(streams)
        self._loading = None

    def _kept(self, stream: str, value: bytes | None) -> Exception | None:
        """Keeps what was found; else why that is not possible, which concerns this stream alone."""
        try:
            self._keep(stream, value)
        except Exception as error:
            return error
        return None

    def _keep(self, stream: str, value: bytes | None) -> None:
        if value is None:
            self._heads[stream] = Head(FOLDS[kind_of(stream)].initial)
        else:
            self._heads[stream] = restored(stream, value, FOLDS)

    def _settle(self, stream: str, error: Exception | None) -> None:
        future = self._wanted.pop(stream)
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
            future.exception()

    def advance(self, moved: Mapping[str, Head]) -> None:
        """A decision moved these heads; it is not durable yet."""
        self._heads.update(moved)
        _add(self._ahead, moved)

    def confirm(self, moved: Mapping[str, Head]) -> None:
        """The decision that moved these heads is durable."""
        _subtract(self._ahead, moved)
        self._dirty.update(moved)

    def replayed(self, moved: Mapping[str, Head]) -> None:
        """A decision read from the log moved these heads."""
        self._heads.update(moved)
        self._dirty.update(moved)

    def shift(self, from_offset: int, by: int) -> None:
        """Requests remembered at `from_offset` or later stand `by` further: a gap came between."""
        for stream in self._ahead:
            self._heads[stream] = shifted(self._heads[stream], from_offset, by)

    async def save(self, claimed_at: int, upto: Saved) -> None:
        """Saves what is dirty, all of which is folded up to `upto`, under the claim there.

        Raises `Fenced` or `Unavailable`. What moves meanwhile stays dirty.
        """
        heads = dict(self.dirty)
        await self._checkpoints.save(self._partition, claimed_at, upto, Stored(heads), self.since)
        self.saved(heads, upto.offset)

    def saved(self, heads: Mapping[str, Head], since: int) -> None:
        """A checkpoint at the offset `since` holds these heads now."""
        self.since = since
        for stream, head in heads.items():
            if self._dirty.get(stream) is head:
                del self._dirty[stream]

    def evict(self, keep_max: int) -> int:
        """Lets the longest unused heads go that may; returns how many went."""
        surplus = len(self._heads) - keep_max
        if surplus <= 0:
            return 0
        leaving: list[str] = []
        for stream in self._heads:
            if len(leaving) == surplus:
                break
            if self._may_leave(stream):
                leaving.append(stream)
        for stream in leaving:
            del self._heads[stream]
        return len(leaving)

    def _may_leave(self, stream: str) -> bool:
        return not (stream in self._dirty or stream in self._ahead or stream in self._pinned)


class Stored(Mapping[str, bytes]):
    """Heads as they are stored, each encoded when it is asked for.

    After a long outage of the store they are too many to encode in one go: nobody would be served
    meanwhile.
    """

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self._heads = heads

    def __getitem__(self, stream: str) -> bytes:
        return stored(self._heads[stream])

    def __iter__(self) -> Iterator[str]:
        return iter(self._heads)

    def __len__(self) -> int:
        return len(self._heads)


def shifted(head: Head, from_offset: int, by: int) -> Head:
    """The head with the requests remembered from `from_offset` on moved `by` further."""
    seen = tuple(entry if entry.offset < from_offset else _moved(entry, by) for entry in head.seen)
    return Head(head.state, head.version, seen)


def _moved(entry: Seen, by: int) -> Seen:
    return replace(entry, offset=entry.offset + by)


def _add(counts: dict[str, int], streams: Iterable[str]) -> None:
    for stream in streams:
        counts[stream] = counts.get(stream, 0) + 1


def _subtract(counts: dict[str, int], streams: Iterable[str]) -> None:
    """Leaves out what comes down to nothing. A `Counter` is far slower at all this."""
    for stream in streams:
        left = counts[stream] - 1
        if left:
            counts[stream] = left
        else:
            del counts[stream]
