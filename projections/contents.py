"""What a table holds, told by a few thousand numbers: by hashes of its rows, bucket by bucket.

A row's key says which bucket it is in, and a bucket is told by how many rows it has and by the sum
of their hashes, so that rows may come in any order, from any part of the log. Two tables with the
same contents hold the same rows; where they differ, the bucket says where to look. A tally is told
by its keys, each as often as it counts: so what several partitions add to one count adds up.
"""

# ruff: noqa: S608  The names in these statements are those of our own tables and columns.

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct, field

from projections.encoding import sent
from projections.tables import Table, Tally, column_names, stored_name

BUCKETS: Final = 4096
_MODULUS: Final = 1 << 64


def _zeros() -> list[int]:
    return [0] * BUCKETS


class Contents(Struct):
    """How much each bucket holds, and the sum of the hashes, modulo 2^64."""

    counts: list[int] = field(default_factory=_zeros)
    sums: list[int] = field(default_factory=_zeros)

    def add(self, key: bytes, told: bytes, times: int = 1) -> None:
        """Take in a row by the bytes of its key, and those that it is told by."""
        bucket = bucket_of(key)
        self.counts[bucket] += times
        hashed = int.from_bytes(sha256(told).digest()[:8])
        self.sums[bucket] = (self.sums[bucket] + hashed * times) % _MODULUS

    def include(self, other: "Contents") -> None:
        """Take in everything that another one has."""
        for bucket in range(BUCKETS):
            self.counts[bucket] += other.counts[bucket]
            self.sums[bucket] = (self.sums[bucket] + other.sums[bucket]) % _MODULUS

    def differing(self, other: "Contents") -> list[int]:
        """The buckets that do not hold the same in both."""
        return [
            bucket
            for bucket in range(BUCKETS)
            if self.counts[bucket] != other.counts[bucket]
            or self.sums[bucket] != other.sums[bucket]
        ]


def bucket_of(key: bytes) -> int:
    """The bucket of a row, from the bytes of its key."""
    digest = sha256(key).digest()
    return digest[0] << 4 | digest[1] >> 4


def contents_query(table: Table, build: int, tally: Tally | None) -> str:
    """The contents of a stored table as rows of bucket, count and sum; `tally` if it is one's."""
    key = sent(table, table.key)
    told = "key" if tally else sent(table, column_names(table))
    count = tally.count if tally else "1"
    return f"""
        select {_BUCKET.format("digest")}, sum({count}), sum(hash * {count}) from (
            select sha256(key) as digest, {count}, {_HASH.format(told)}::numeric as hash
            from (select *, {key} as key from {stored_name(table, build)}) rows
        ) hashed group by 1
    """


def rows_query(table: Table, build: int, tally: Tally | None) -> str:
    """The rows of the stored table in the buckets `%(buckets)s`, all columns in order."""
    bucket = _BUCKET.format("digest")
    counting = f" and {tally.count} <> 0" if tally else ""
    return f"""
        select {", ".join(column_names(table))} from (
            select *, sha256({sent(table, table.key)}) as digest from {stored_name(table, build)}
        ) keyed where {bucket} = any(%(buckets)s){counting}
    """


_BUCKET: Final = "((get_byte({0}, 0) << 4) | (get_byte({0}, 1) >> 4))"
_HASH: Final = "('x' || encode(sha256({0}), 'hex'))::bit(64)::bigint"


def told_by(rows: Iterable[Sequence[int]]) -> Contents:
    """The contents that `contents_query` gave."""
    found = Contents()
    for bucket, count, hashes in rows:
        found.counts[bucket] = int(count)
        found.sums[bucket] = int(hashes) % _MODULUS
    return found
