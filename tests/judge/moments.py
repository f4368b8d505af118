"""Which moments an answer can speak of: for each partition, between which offsets.

Nobody's clock is in the log, but the history says what was certain when. What was acknowledged
before a request was sent stands before everything that its answer saw; what was first sent after
the answer came stands behind it. So an answer is wrong only if it is true at no moment between.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tests.judge.history import Try
from tests.judge.ledger import Ledger, partition_of
from tests.judge.seals import Public


class Span(NamedTuple):
    """Offsets of one partition, both included. `low` is -1 before its first record."""

    low: int
    high: int


class _Rising:
    """How far a partition was known to go, by time."""

    def __init__(self) -> None:
        self._notes: list[tuple[float, int]] = []
        self._times: list[float] = []
        self._offsets: list[int] = []

    def note(self, at: float, offset: int) -> None:
        self._notes.append((at, offset))

    def settle(self) -> None:
        """Makes the notes ready to be asked."""
        reached = -1
        for at, offset in sorted(self._notes):
            if offset > reached:
                reached = offset
                self._times.append(at)
                self._offsets.append(offset)

    def before(self, at: float) -> int:
        """The furthest offset known by then; -1 for none."""
        place = bisect.bisect_right(self._times, at)
        return self._offsets[place - 1] if place else -1


class _Falling:
    """Where the first record stands of all that was sent after a time."""

    def __init__(self) -> None:
        self._notes: list[tuple[float, int]] = []
        self._times: list[float] = []
        self._least: list[int] = []

    def note(self, at: float, offset: int) -> None:
        self._notes.append((at, offset))

    def settle(self) -> None:
        """Makes the notes ready to be asked."""
        self._notes.sort()
        self._times = [at for at, _ in self._notes]
        least = 1 << 62
        for _, offset in reversed(self._notes):
            least = min(least, offset)
            self._least.append(least)
        self._least.reverse()

    def after(self, at: float) -> int:
        """The least offset of what was sent later than that; a great number for nothing."""
        place = bisect.bisect_right(self._times, at)
        return self._least[place] if place < len(self._least) else 1 << 62


class Moments:
    """The spans of a history, from what was known when."""

    def __init__(self, ledger: Ledger, history: Iterable[Try], public: Public) -> None:
        self._public = public
        self._counts = _counts(ledger.ends)
        self._ends = ledger.ends
        self._durable: defaultdict[str, _Rising] = defaultdict(_Rising)
        self._applied: defaultdict[str, _Rising] = defaultdict(_Rising)
        self._sent: defaultdict[str, _Falling] = defaultdict(_Falling)
        self.first_sent = _first_sent(history)
        for request, decision in ledger.by_request.items():
            if request in self.first_sent:
                self._sent[decision.partition].note(self.first_sent[request], decision.offset)
        for one in history:
            if one.ok:
                self._note(one, ledger)
        for notes in (self._durable, self._applied, self._sent):
            for each in notes.values():
                each.settle()

    def _note(self, one: Try, ledger: Ledger) -> None:
        if not one.request:
            for partition, offset in self._public.position(one.position).items():
                self._applied[partition].note(one.answered_at, offset)
            return
        receipt: Mapping[str, Any] = one.answer.get("receipt", {})
        for partition, offset in self._public.position(receipt.get("position", "")).items():
            self._durable[partition].note(one.answered_at, offset)
        landed = ledger.by_request.get(one.request)
        if receipt.get("everywhere") and landed is not None:
            self._applied[landed.partition].note(one.answered_at, landed.offset)

    def person(self, account: str) -> str:
        """The partition of a person's shard."""
        return partition_of(account, "people", self._counts)

    def post(self, post: str) -> str:
        """The partition of a post's shard."""
        return partition_of(post, "posts", self._counts)

    def decided(self, one: Try) -> Callable[[str], Span]:
        """What an owner that judged the request could know of a partition."""
        sent_at = self.first_sent.get(one.request, one.sent_at)
        return lambda partition: Span(
            self._durable[partition].before(sent_at), self._high(partition, one)
        )

    def read(self, one: Try) -> Callable[[str], Span]:
        """What the read models could hold of a partition when they answered."""
        sent_at = self.first_sent.get(one.request, one.sent_at)
        wanted = self._public.position(one.position)

        def span(partition: str) -> Span:
            low = max(self._applied[partition].before(sent_at), wanted.get(partition, -1))
            return Span(low, max(low, self._high(partition, one)))

        return span

    def _high(self, partition: str, one: Try) -> int:
        later = self._sent[partition].after(one.answered_at)
        return min(later, self._ends.get(partition, 0)) - 1


def _first_sent(history: Iterable[Try]) -> dict[str, float]:
    first: dict[str, float] = {}
    for one in history:
        if one.request:
            first[one.request] = min(one.sent_at, first.get(one.request, one.sent_at))
    return first


def _counts(ends: Mapping[str, int]) -> Mapping[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for partition in ends:
        counts[partition.rpartition("-")[0]] += 1
    return counts
