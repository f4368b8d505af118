"""Reading with the accept rule, over a log that counts what is read of it."""

from collections.abc import AsyncGenerator, Mapping, Sequence

import pytest

from events.accounts import VisibilityChanged
from events.tenure import Tenure
from events.topics import Partition
from infra.checkpoints.port import Saved
from infra.log import scan as scanning
from infra.log.port import Appender, Entry, Known, nothing
from infra.log.scan import merged, scan, tenure_at
from tests.infra.log.journal import Journal, numbered

ANA = numbered(1)
PEOPLE = Partition("people", 0)
HIDES = VisibilityChanged(account_id=ANA, private=True)


class Written:
    """A log that holds one journal."""

    def __init__(self, journal: Journal) -> None:
        self.entries = [Entry(offset, *item) for offset, item in enumerate(journal.records)]
        self.read_count = 0

    async def appender(self, partition: Partition) -> Appender:
        raise AssertionError("Scans do not write.")

    async def end(self, partition: Partition) -> int:
        return len(self.entries)

    async def read(self, partition: Partition, start: int, stop: int) -> Sequence[Entry]:
        self.read_count += len(self.entries[start:stop])
        return self.entries[start:stop]

    async def tail(
        self, starts: Mapping[Partition, int], known: Known = nothing
    ) -> AsyncGenerator[tuple[Partition, Sequence[Entry]], None]:
        for partition in starts:
            yield partition, self.entries


@pytest.fixture
def journal() -> Journal:
    """0 claim, 1-4 decisions, 5 release, 6 claim, 7-9 decisions."""
    journal = Journal(str(ANA))
    journal.claim("one")
    for _ in range(4):
        journal.decide(HIDES)
    journal.release()
    journal.claim("two")
    for _ in range(3):
        journal.decide(HIDES)
    return journal


async def test_every_record_comes_once_in_order_over_pages(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "PAGE", 3)
    offsets = [item.entry.offset async for item in scan(Written(journal), PEOPLE)]
    assert offsets == list(range(10))


async def test_what_comes_between_a_release_and_a_claim_does_not_count(journal: Journal) -> None:
    stray = journal.records[4]
    journal.records.insert(6, stray)
    counts = [item.counts async for item in scan(Written(journal), PEOPLE)]
    assert counts == [True] * 6 + [False] + [True] * 4


async def test_a_part_is_judged_by_the_tenure_before_it(journal: Journal) -> None:
    log = Written(journal)
    tenure = await tenure_at(log, PEOPLE, 8, Saved())
    items = [item async for item in scan(log, PEOPLE, 8, 10, tenure)]
    assert [(item.entry.offset, item.counts) for item in items] == [(8, True), (9, True)]


@pytest.mark.parametrize(
    ("offset", "owner"), [(0, ""), (1, "one"), (5, "one"), (6, "one"), (7, "two"), (10, "two")]
)
@pytest.mark.parametrize("saved_at", [0, 1, 4, 6, 7, 8, 10])
async def test_the_tenure_is_the_same_whatever_checkpoint_is_near(
    journal: Journal, offset: int, owner: str, saved_at: int
) -> None:
    log = Written(journal)
    near = Saved(saved_at, tenure=await tenure_at(log, PEOPLE, saved_at, Saved()))
    tenure = await tenure_at(log, PEOPLE, offset, near)
    assert tenure == await tenure_at(log, PEOPLE, offset, Saved())
    assert (tenure.owner, tenure.held) == (owner, offset not in (0, 6))


async def test_a_checkpoint_spares_the_reading(journal: Journal) -> None:
    log = Written(journal)
    owned = Tenure(journal.epoch, True, "two", "127.0.0.1:7001", 6)
    assert await tenure_at(log, PEOPLE, 8, Saved(9, tenure=owned)) == owned
    assert log.read_count == 0
    assert await tenure_at(log, PEOPLE, 10, Saved(9, tenure=owned)) == owned
    assert log.read_count == 1


async def test_a_damaged_record_does_not_count_and_changes_no_owner(journal: Journal) -> None:
    journal.records[8] = (b"", b"\xc1")
    items = [item async for item in scan(Written(journal), PEOPLE)]
    assert items[8].damage
    assert not items[8].counts
    assert items[8].tenure == items[7].tenure
    assert items[9].counts


async def test_partitions_are_merged_by_time() -> None:
    early, late = Journal(str(ANA)), Journal(str(ANA))
    early.claim()
    late.claim()
    for _ in range(2):
        early.decide(HIDES)
        late.barrier()
        late.decide(HIDES)
    others = Partition("people", 1)
    scans = [scan(Written(early), PEOPLE), scan(Written(late), others)]
    items = [item async for item in merged(scans)]
    times = [item.record.at for item in items if item.record is not None]
    assert times == sorted(times)
    assert len(items) == 8
    for partition in (PEOPLE, others):
        offsets = [item.entry.offset for item in items if item.partition == partition]
        assert offsets == sorted(offsets)
