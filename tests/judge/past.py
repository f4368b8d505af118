"""Rows through time, so that one fold answers for every offset."""

import bisect
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


class Past:
    """One row through time, all of it in one partition: its states by the offset they came at."""

    def __init__(self, partition: str) -> None:
        self.partition = partition
        self.offsets: list[int] = []
        self.rows: list[Row | None] = []

    def put(self, offset: int, row: Row | None) -> None:
        """The row is this from `offset` on; None is gone."""
        if self.offsets and self.offsets[-1] == offset:
            self.rows[-1] = row
            return
        self.offsets.append(offset)
        self.rows.append(row)

    @property
    def now(self) -> Row | None:
        """The row as it was left."""
        return self.rows[-1] if self.rows else None

    def at(self, offset: int) -> Row | None:
        """The row at an offset, that one included; None if there was none."""
        place = bisect.bisect_right(self.offsets, offset)
        return self.rows[place - 1] if place else None

    def within(self, low: int, high: int) -> list[Row | None]:
        """Every state that it had at some moment between two offsets, both included."""
        first = bisect.bisect_right(self.offsets, low)
        last = bisect.bisect_right(self.offsets, high)
        return [self.at(low), *self.rows[first:last]]
