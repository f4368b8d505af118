"""Where a subscriber stands, and what counts for it: nothing skipped, nothing twice."""

from uuid import UUID

import pytest

from events.record import Barrier
from events.topics import Partition
from infra.log.port import LogUnavailable
from infra.worker.progress import (
    Checkpoint,
    Halted,
    advanced,
    read,
    remaining,
    same_log,
)
from tests.infra.worker.log_in_memory import EPOCH, START, MemoryLog
from tests.projections.folding import ANA, BEN
from tests.projections.models.test_graph import followed

PEOPLE = Partition("people", 0)
ZOMBIE = UUID(int=0xDEAD)


def log_of_follows(count: int) -> MemoryLog:
    """A claim, then decisions at the offsets 1 to `count`."""
    log = MemoryLog()
    log.claim(PEOPLE)
    for _ in range(count):
        log.decide(PEOPLE, followed(ANA, BEN))
    return log


def test_what_was_consumed_is_dropped_and_the_rest_kept() -> None:
    reads = read(log_of_follows(3).entries[PEOPLE])
    assert [one.offset for one in remaining(Checkpoint(offset=1), reads)] == [2, 3]
    assert remaining(Checkpoint(offset=3), reads) == ()
    assert remaining(Checkpoint(), ()) == ()


def test_a_record_that_is_missing_halts() -> None:
    reads = read(log_of_follows(3).entries[PEOPLE])
    with pytest.raises(Halted, match="Offset 0 is missing: 1 came next"):
        remaining(Checkpoint(), reads[1:])
    with pytest.raises(Halted, match="Offset 2 is missing: 3 came next"):
        remaining(Checkpoint(offset=0), [reads[1], reads[3]])


def test_decisions_count_only_under_the_current_claim() -> None:
    log = MemoryLog()
    log.decide(PEOPLE, followed(ANA, BEN))
    log.claim(PEOPLE)
    log.decide(PEOPLE, followed(ANA, BEN), epoch=ZOMBIE)
    log.decide(PEOPLE, followed(ANA, BEN))
    after, accepted = advanced(Checkpoint(), read(log.entries[PEOPLE]))
    assert [one.offset for one in accepted] == [3]
    assert (after.offset, after.tenure.epoch) == (3, EPOCH)


def test_the_claim_is_carried_from_one_stretch_to_the_next() -> None:
    reads = read(log_of_follows(2).entries[PEOPLE])
    first, _ = advanced(Checkpoint(), reads[:1])
    assert [one.offset for one in advanced(first, reads[1:])[1]] == [1, 2]


def test_a_damaged_record_counts_for_nobody_and_leaves_no_id() -> None:
    log = log_of_follows(1)
    log.append_value(PEOPLE, b"foreign")
    after, accepted = advanced(Checkpoint(), read(log.entries[PEOPLE]))
    assert ([one.offset for one in accepted], after.offset, after.last_id) == ([1], 2, None)


def test_progress_ends_a_halt() -> None:
    reads = read(log_of_follows(1).entries[PEOPLE])
    assert advanced(Checkpoint(halted="because"), reads)[0].halted == ""


def test_the_same_log_is_recognised_by_its_last_record() -> None:
    log = log_of_follows(2)
    after, _ = advanced(Checkpoint(), read(log.entries[PEOPLE]))
    same_log(after, 3, read(log.entries[PEOPLE])[2])


def test_a_checkpoint_beyond_the_end_halts() -> None:
    with pytest.raises(Halted, match="at offset 7, but the log ends at 7"):
        same_log(Checkpoint(offset=7), 7)


def test_another_record_at_the_checkpoint_halts() -> None:
    log = log_of_follows(0)
    after, _ = advanced(Checkpoint(), read(log.entries[PEOPLE]))
    other = MemoryLog()
    other.append(PEOPLE, Barrier(id=UUID(int=5), epoch=EPOCH, at=START))
    with pytest.raises(Halted, match="this is another log"):
        same_log(after, 1, read(other.entries[PEOPLE])[0])


def test_a_record_that_does_not_show_yet_is_no_reason_to_halt() -> None:
    with pytest.raises(LogUnavailable):
        same_log(Checkpoint(offset=1, last_id=UUID(int=5)), 2)
