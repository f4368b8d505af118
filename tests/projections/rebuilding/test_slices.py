"""Slices: what is set apart by shard comes back as it was, in its order."""

import os
import random
import tempfile
import tracemalloc
from pathlib import Path
from typing import IO
from uuid import UUID

import pytest

from events.topics import Partition, partition_number
from projections.rebuilding.jobs import Trouble
from projections.rebuilding.slices import SLICE_RECORDS, Slices, slices_for
from projections.rebuilding.troubles import told
from tests.infra.worker.log_in_memory import MemoryLog
from tests.projections.folding import ANA, BEN
from tests.projections.models.test_graph import followed

PARTITION = Partition("people", 0)


def test_a_slice_comes_back_in_the_order_in_which_it_was_put() -> None:
    chance = random.Random(1)
    put: list[list[tuple[int, bytes]]] = [[] for _ in range(5)]
    with Slices(5) as slices:
        for offset in range(2000):
            number = chance.randrange(5)
            value = chance.randbytes(chance.randrange(300))
            slices.put(number, offset, value)
            put[number].append((offset, value))
        for number in (3, 0, 1, 2, 4, 3):
            assert list(slices.read(number)) == put[number]
        assert slices.records == [len(each) for each in put]


@pytest.mark.parametrize("kept", [False, True])
def test_decisions_are_the_same_for_everybody_who_folds_a_slice(kept: bool) -> None:
    log = MemoryLog()
    with Slices(2, kept=kept) as slices:
        for number in (0, 1, 0):
            offset = log.decide(PARTITION, followed(ANA, BEN))
            value = log.entries[PARTITION][offset].value
            assert value is not None
            slices.put(number, offset, value)
        for number, offsets in ((0, [0, 2]), (0, [0, 2]), (1, [1]), (0, [0, 2])):
            assert [one.offset for one in slices.decisions(number)] == offsets


def test_the_slice_before_is_let_go_of_first() -> None:
    log = MemoryLog()
    with Slices(2, kept=True) as slices:
        for number in range(1000):
            offset = log.decide(PARTITION, followed(ANA, BEN))
            value = log.entries[PARTITION][offset].value
            assert value is not None
            slices.put(number % 2, offset, value)
        tracemalloc.start()
        try:
            slices.decisions(0)
            one_bytes, _ = tracemalloc.get_traced_memory()
            slices.decisions(1)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 1.5 * one_bytes


def test_the_shards_of_one_partition_spread_over_all_slices() -> None:
    shards = [str(UUID(int=number * 7919)) for number in range(40_000)]
    of_partition = [shard for shard in shards if partition_number(shard, 4) == 3]
    with Slices(20) as slices:
        counts = [0] * 20
        for shard in of_partition:
            counts[slices.slice_of(shard)] += 1
    assert min(counts) > 0.7 * len(of_partition) / 20
    assert max(counts) < 1.3 * len(of_partition) / 20


def test_a_longer_log_has_more_slices_and_not_larger_ones() -> None:
    assert [slices_for(records) for records in (0, 1, SLICE_RECORDS)] == [0, 1, 1]
    assert slices_for(40 * SLICE_RECORDS) == 40


def test_nothing_is_left_behind_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Slices(3) as slices:
        slices.put(0, 0, b"x" * 100_000)
        open_files = len(os.listdir("/proc/self/fd"))
        assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == open_files - 3


def test_a_full_disk_is_an_error_and_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(buffering: int) -> IO[bytes]:
        return open("/dev/full", "w+b", buffering)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(OSError, match="No space left") as caught, Slices(1) as slices:
        slices.put(0, 0, b"x" * 100_000)
    failure = told(caught.value)
    assert failure.trouble is Trouble.NO_ROOM
    assert "TMPDIR" in str(failure)
