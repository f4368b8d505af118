"""Whether the log bears out what clients were told: written apart from the product.

Records are read as plain maps, owners and versions are counted anew, and a small model of
follows and mutes says which answers were true when. Nothing of `events` or `commands` is asked.
"""

import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from infra.log.port import Entry
from tests.faults.history import Answer, History

Pair = tuple[str, str, str]
"""`follow` with target and follower, or `mute` with muter and muted."""

TURNS: Mapping[str, tuple[str, str, str, bool]] = {
    "follow.established": ("follow", "target_id", "follower_id", True),
    "follow.ended": ("follow", "target_id", "follower_id", False),
    "mute.set": ("mute", "muter_id", "muted_id", True),
    "mute.lifted": ("mute", "muter_id", "muted_id", False),
}
NOTHING_TO_DO: Mapping[str, tuple[str, bool]] = {
    "Follow": ("follow", True),
    "Unfollow": ("follow", False),
    "CancelRequest": ("follow", False),
    "RemoveFollower": ("follow", False),
    "Mute": ("mute", True),
    "Unmute": ("mute", False),
}
"""What must have been so when a command had nothing to do."""


class Broken(AssertionError):
    """Something that must never be."""


class Shards:
    """One partition, read by hand."""

    def __init__(self, name: str, entries: Sequence[Entry]) -> None:
        self.name = name
        self.end = len(entries)
        self.owners: list[str] = []
        self.requests: dict[str, int] = {}
        self.versions: defaultdict[str, list[int]] = defaultdict(list)
        self._turns: defaultdict[Pair, list[tuple[int, bool]]] = defaultdict(list)
        self._epoch: str | None = None
        self._held = False
        for place, entry in enumerate(entries):
            if entry.offset != place or entry.value is None:
                raise Broken(f"{name}: offset {entry.offset} stands at place {place}.")
            self._read(place, msgspec.msgpack.decode(entry.value))

    def _read(self, offset: int, record: Mapping[str, Any]) -> None:
        match record["kind"]:
            case "claim":
                if record["previous"] == self._epoch:
                    self._epoch, self._held = record["id"], True
                    self.owners.append(record["owner"])
            case "release":
                self._held = self._held and record["epoch"] != self._epoch
            case "decision":
                if self._held and record["epoch"] == self._epoch:
                    self._count(offset, record)

    def _count(self, offset: int, decision: Mapping[str, Any]) -> None:
        request = decision.get("request")
        if request is not None:
            if request in self.requests:
                first = self.requests[request]
                raise Broken(f"{self.name}: request {request} stands at {first} and {offset}.")
            self.requests[request] = offset
        if not decision["facts"]:
            raise Broken(f"{self.name}: the decision at {offset} has no events.")
        for fact in decision["facts"]:
            known = self.versions[fact["stream"]]
            if fact["version"] != len(known) + 1:
                raise Broken(
                    f"{self.name}: {fact['stream']} goes from version {len(known)} to "
                    f"{fact['version']} at {offset}."
                )
            known.append(offset)
            self._turn(offset, fact)

    def _turn(self, offset: int, fact: Mapping[str, Any]) -> None:
        if fact["type"] in TURNS:
            edge, one, other, value = TURNS[fact["type"]]
            self._turns[edge, fact["data"][one], fact["data"][other]].append((offset, value))

    def version_at(self, stream: str, end: int) -> int:
        """The stream's version before the offset `end`."""
        return bisect.bisect_left(self.versions[stream], end)

    def was(self, pair: Pair, value: bool, low: int, high: int) -> bool:
        """Whether the pair had that value at some moment between two offsets, both included."""
        since, current = -1, False
        for offset, later in (*self._turns[pair], (self.end + 1, False)):
            if current is value and since <= high and offset > low:
                return True
            since, current = offset, later
        return False


def check(history: History, shards: Mapping[str, Shards]) -> None:
    """Raises `Broken` for the first answer that the log does not bear out."""
    ends = _refusals_held_until(history)
    for answer in history.answers:
        if answer.reason:
            _check_refused(answer, shards[answer.partition], ends[id(answer)])
        else:
            _check_done(answer, shards[answer.partition])


def _check_done(answer: Answer, shards: Shards) -> None:
    at = shards.requests.get(str(answer.asked.request))
    if at == answer.offset:
        return
    if answer.offset >= shards.end:
        raise Broken(f"{answer} stands beyond the log's end {shards.end}: it was lost.")
    if at is not None and at < answer.offset:
        raise Broken(f"{answer}, but its one effect stands at {at}.")
    if answer.asked.rpc not in NOTHING_TO_DO:
        raise Broken(f"{answer} is not in the log.")
    edge, value = NOTHING_TO_DO[answer.asked.rpc]
    if not shards.was(_pair(edge, answer), value, answer.since, answer.offset):
        raise Broken(f"{answer} is not in the log, and there was something to do.")


def _check_refused(answer: Answer, shards: Shards, high: int) -> None:
    if str(answer.asked.request) in shards.requests:
        raise Broken(f"{answer}, but it took effect.")
    if (answer.asked.rpc, answer.reason) != ("CancelRequest", "REQUEST_NOT_PENDING"):
        raise Broken(f"{answer}: nothing here is refused so.")
    if not shards.was(_pair("follow", answer), True, answer.since, high):
        raise Broken(f"{answer}, which was true at no moment up to {high}.")


def _pair(edge: str, answer: Answer) -> Pair:
    return edge, str(answer.asked.shard), str(answer.asked.other)


def _refusals_held_until(history: History) -> Mapping[int, int]:
    """For each refusal the last offset that it can speak of.

    Whatever was sent after the refusal had come stands behind everything that it saw.
    """
    ends: dict[int, int] = {}
    for refusal in history.answers:
        if refusal.reason:
            later = (
                answer.offset
                for answer in history.answers
                if answer.offset >= 0
                and answer.partition == refusal.partition
                and answer.first_sent_at > refusal.at
            )
            ends[id(refusal)] = min(later, default=1 << 62) - 1
    return ends
