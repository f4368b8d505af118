"""Positions: how far into which partitions. Merged by maximum, so they only ever grow.

A position maps a partition, written `people-3`, to the offset of the last record included
(docs/adr/0006-positions-and-after.md).
"""

from collections.abc import Mapping

Position = Mapping[str, int]

NOWHERE: Position = {}


def merged(*positions: Position) -> dict[str, int]:
    """The least position that includes every one of `positions`."""
    result: dict[str, int] = {}
    for position in positions:
        for partition, offset in position.items():
            if offset > result.get(partition, -1):
                result[partition] = offset
    return result


def includes(reached: Position, wanted: Position) -> bool:
    """Whether a reader that is at `reached` has seen all of `wanted`."""
    return all(reached.get(partition, -1) >= offset for partition, offset in wanted.items())


def missing(reached: Position, wanted: Position) -> dict[str, int]:
    """The part of `wanted` that a reader at `reached` has not seen."""
    return {
        partition: offset
        for partition, offset in wanted.items()
        if reached.get(partition, -1) < offset
    }
