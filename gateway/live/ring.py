"""The latest live news, kept once for all pages of a gateway."""

from collections.abc import Iterator

from msgspec import Struct

from infra.nats.items import Address, Item


class Entry(Struct, frozen=True, eq=False):
    """One message of the stream; `stored_s` is when NATS took it, in Unix seconds.

    `news` is None for what is none. `lost` says that news may be missing.
    """

    sequence: int
    stored_s: float
    news: tuple[Address, Item] | None = None
    lost: bool = False


class Ring:
    """Entries with sequences from `first` to `last`, without a gap. Keeps at most `size`."""

    def __init__(self, size: int) -> None:
        self._slots: list[Entry | None] = [None] * size
        self.first = 1
        self.last = 0

    def restart(self, following: int) -> None:
        """Forget everything; the next entry has the sequence `following`."""
        self._slots = [None] * len(self._slots)
        self.first, self.last = following, following - 1

    def append(self, entry: Entry) -> None:
        """Add the next entry, in place of the oldest if there is no room."""
        assert entry.sequence == self.last + 1
        self._slots[entry.sequence % len(self._slots)] = entry
        self.last = entry.sequence
        self.first = max(self.first, self.last - len(self._slots) + 1)

    def holds_after(self, sequence: int) -> bool:
        """Whether everything after `sequence` is here, and `sequence` is none from the future."""
        return self.first - 1 <= sequence <= self.last

    def at(self, sequence: int) -> Entry | None:
        """The entry with that sequence, if it is here."""
        if not self.first <= sequence <= self.last:
            return None
        return self._slots[sequence % len(self._slots)]

    def between(self, after: int, upto: int) -> Iterator[Entry]:
        """Entries beyond `after`, up to and with `upto`, as far as they are here."""
        for sequence in range(max(after + 1, self.first), min(upto, self.last) + 1):
            entry = self._slots[sequence % len(self._slots)]
            assert entry is not None
            yield entry
