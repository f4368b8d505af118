"""Topics by kind of shard, and which partition a shard lives in.

(docs/adr/0003-topics-by-shard-kind.md)
"""

import zlib
from typing import NamedTuple

from msgspec import Struct


class Topic(Struct, frozen=True):
    """A kind of shard: `name` without the deployment's prefix; the default partition count."""

    name: str
    partitions: int
    shard: str


PEOPLE = Topic("people", partitions=4, shard="a person, by account id")
NAMES = Topic("names", partitions=2, shard="a claimed name, by its keyed hash")
POSTS = Topic("posts", partitions=4, shard="a post, by post id")

TOPICS = (PEOPLE, NAMES, POSTS)


class Partition(NamedTuple):
    """One partition of one topic; written `people-3`."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.number}"


def partition_number(shard: str, partitions: int) -> int:
    """The partition of a shard: CRC-32 of its UTF-8 key (librdkafka's `consistent`)."""
    return zlib.crc32(shard.encode()) % partitions


def parse_partition(text: str) -> Partition:
    """The partition written as `people-3`; raises ValueError for anything else."""
    topic, dash, number = text.rpartition("-")
    if not dash or not topic or not (number.isascii() and number.isdigit()):
        raise ValueError(f"{text!r} is not a partition such as people-3.")
    return Partition(topic, int(number))
