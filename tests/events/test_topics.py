"""Which partition a shard lives in is part of the log's format: it never changes."""

import pytest

from events.topics import Partition, parse_partition, partition_number


def test_a_shard_stays_where_it_was_first_written() -> None:
    shards = ["0", "ana", "01a20ab9-915f-7e41-9f89-d9877fd4ab18"]
    assert [partition_number(shard, 4) for shard in shards] == [1, 2, 2]


def test_a_partition_is_read_as_it_is_written() -> None:
    assert parse_partition(str(Partition("people", 3))) == Partition("people", 3)


@pytest.mark.parametrize("text", ["", "people", "people-", "-3", "people-x", "people-٣"])
def test_anything_else_is_no_partition(text: str) -> None:
    with pytest.raises(ValueError, match="people-3"):
        parse_partition(text)
