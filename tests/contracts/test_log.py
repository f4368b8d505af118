"""What writers and readers rely on, whatever the log is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from events.topics import Partition
from infra.log.port import AppendUnknown, Entry, Log, LogTruncated
from tests.contracts.implementations import LOGS, Opening

PEOPLE = Partition("people", 0)
OTHERS = Partition("people", 1)
NAMES = Partition("names", 0)


@pytest.fixture(params=sorted(LOGS))
async def log(request: Opening) -> AsyncIterator[Log]:
    async with LOGS[request.param](request) as opened:
        yield opened


async def appended(log: Log, partition: Partition, *values: bytes) -> int:
    appender = await log.appender(partition)
    try:
        return await appender.append([(b"key", value) for value in values])
    finally:
        await appender.close()


async def tailed(
    log: Log, starts: dict[Partition, int], count: int
) -> dict[Partition, list[Entry]]:
    seen: dict[Partition, list[Entry]] = {partition: [] for partition in starts}
    async with asyncio.timeout(60), aclosing(log.tail(starts)) as batches:
        async for partition, entries in batches:
            seen[partition] += entries
            if sum(map(len, seen.values())) >= count:
                break
    return seen


def values_of(entries: Sequence[Entry]) -> list[bytes | None]:
    return [entry.value for entry in entries]


async def test_an_empty_partition_ends_at_its_start(log: Log) -> None:
    assert await log.end(PEOPLE) == 0
    assert await log.read(PEOPLE, 0, 100) == []


async def test_records_stand_densely_from_their_base(log: Log) -> None:
    appender = await log.appender(PEOPLE)
    assert await appender.append([(b"ana", b"1"), (b"ben", b"2")]) == 0
    assert await appender.append([(b"clo", b"3")]) == 2
    await appender.close()

    assert await log.read(PEOPLE, 0, 3) == [
        Entry(0, b"ana", b"1"),
        Entry(1, b"ben", b"2"),
        Entry(2, b"clo", b"3"),
    ]


async def test_what_is_acked_is_below_the_end(log: Log) -> None:
    appender = await log.appender(PEOPLE)
    for number in range(20):
        base = await appender.append([(b"key", b"%d" % number)])
        assert await log.end(PEOPLE) == base + 1
    await appender.close()


async def test_a_read_has_its_start_and_not_its_stop(log: Log) -> None:
    await appended(log, PEOPLE, *(b"%d" % number for number in range(10)))
    assert values_of(await log.read(PEOPLE, 3, 6)) == [b"3", b"4", b"5"]
    assert await log.read(PEOPLE, 6, 6) == []


async def test_a_read_beyond_the_end_gives_what_there_is(log: Log) -> None:
    await appended(log, PEOPLE, b"0", b"1", b"2")
    assert values_of(await log.read(PEOPLE, 2, 1000)) == [b"2"]
    assert await log.read(PEOPLE, 3, 1000) == []
    assert await log.read(PEOPLE, 500, 1000) == []


async def test_the_same_stretch_can_be_read_again_and_backwards(log: Log) -> None:
    await appended(log, PEOPLE, *(b"%d" % number for number in range(100)))
    for start in (90, 50, 0, 50):
        entries = await log.read(PEOPLE, start, start + 10)
        assert [entry.offset for entry in entries] == list(range(start, start + 10))


async def test_many_read_at_once(log: Log) -> None:
    await appended(log, PEOPLE, *(b"%d" % number for number in range(100)))
    stretches = await asyncio.gather(*(log.read(PEOPLE, n * 10, n * 10 + 10) for n in range(10)))
    for number, entries in enumerate(stretches):
        assert [entry.offset for entry in entries] == list(range(number * 10, number * 10 + 10))


async def test_partitions_do_not_mix(log: Log) -> None:
    await appended(log, PEOPLE, b"person")
    await appended(log, NAMES, b"name", b"another")
    assert values_of(await log.read(PEOPLE, 0, 10)) == [b"person"]
    assert values_of(await log.read(NAMES, 0, 10)) == [b"name", b"another"]
    assert await log.end(OTHERS) == 0


async def test_rivals_learn_their_true_places(log: Log) -> None:
    ours, theirs = await log.appender(PEOPLE), await log.appender(PEOPLE)
    bases = {}
    for number in range(10):
        appender, name = (ours, b"ours") if number % 2 else (theirs, b"theirs")
        value = b"%s %d" % (name, number)
        bases[await appender.append([(b"key", value), (b"key", value)])] = value
    await asyncio.gather(ours.close(), theirs.close())

    assert sorted(bases) == list(range(0, 20, 2))
    for base, value in bases.items():
        assert values_of(await log.read(PEOPLE, base, base + 2)) == [value, value]


async def test_a_batch_of_a_mebibyte_lands_as_one(log: Log) -> None:
    appender = await log.appender(PEOPLE)
    base = await appender.append([(b"key", bytes(1024)) for _ in range(1024)])
    await appender.close()
    assert len(await log.read(PEOPLE, base, base + 2000)) == 1024


async def test_a_closed_appender_appends_no_more(log: Log) -> None:
    appender = await log.appender(PEOPLE)
    await appender.append([(b"key", b"before")])
    await appender.close()
    with pytest.raises(AppendUnknown):
        await appender.append([(b"key", b"after")])
    await appender.close()
    assert values_of(await log.read(PEOPLE, 0, 10)) == [b"before"]


async def test_closing_one_appender_leaves_the_next_alone(log: Log) -> None:
    first, second = await log.appender(PEOPLE), await log.appender(PEOPLE)
    await first.close()
    assert await second.append([(b"key", b"value")]) == 0
    await second.close()


async def test_appending_nothing_is_a_mistake(log: Log) -> None:
    appender = await log.appender(PEOPLE)
    with pytest.raises(ValueError, match="at least one record"):
        await appender.append([])
    assert await appender.append([(b"key", b"value")]) == 0
    await appender.close()


async def test_a_tail_begins_with_what_is_there(log: Log) -> None:
    await appended(log, PEOPLE, b"0", b"1", b"2")
    await appended(log, NAMES, b"0", b"1")
    seen = await tailed(log, {PEOPLE: 1, NAMES: 0, OTHERS: 0}, count=4)
    assert seen == {
        PEOPLE: [Entry(1, b"key", b"1"), Entry(2, b"key", b"2")],
        NAMES: [Entry(0, b"key", b"0"), Entry(1, b"key", b"1")],
        OTHERS: [],
    }


async def test_a_tail_goes_on_with_what_comes(log: Log) -> None:
    await appended(log, PEOPLE, b"0")
    tail = asyncio.create_task(tailed(log, {PEOPLE: 1, OTHERS: 0}, count=60))
    people, others = await log.appender(PEOPLE), await log.appender(OTHERS)
    for number in range(30):
        await people.append([(b"key", b"%d" % number)])
        await others.append([(b"key", b"%d" % number)])
    seen = await tail
    await asyncio.gather(people.close(), others.close())

    assert [entry.offset for entry in seen[PEOPLE]] == list(range(1, 31))
    assert values_of(seen[OTHERS]) == [b"%d" % number for number in range(30)]


async def test_a_tail_from_beyond_the_end_says_so(log: Log) -> None:
    await appended(log, PEOPLE, b"0")
    with pytest.raises(LogTruncated):
        await tailed(log, {PEOPLE: 2}, count=1)


async def test_a_tail_leaves_alone_what_is_known_and_goes_on_behind_it(log: Log) -> None:
    known = {PEOPLE: 3}
    await appended(log, PEOPLE, b"0", b"1", b"2", b"3")
    await appended(log, OTHERS, b"0", b"1")
    seen: list[tuple[Partition, int]] = []
    starts = {PEOPLE: 0, OTHERS: 0}
    async with asyncio.timeout(60), aclosing(log.tail(starts, lambda: known)) as batches:
        async for partition, entries in batches:
            seen += [(partition, entry.offset) for entry in entries]
            if seen == [(OTHERS, 0), (OTHERS, 1)]:
                known.clear()
            if seen[-1] == (PEOPLE, 3):
                known[PEOPLE] = 5
                await appended(log, PEOPLE, b"4", b"5", b"6")
                await appended(log, OTHERS, b"2")
            if seen[-1] == (OTHERS, 2):
                known.clear()
            if seen[-1] == (PEOPLE, 6):
                break
    places = [(OTHERS, 0), (OTHERS, 1), (PEOPLE, 3), (OTHERS, 2), (PEOPLE, 5), (PEOPLE, 6)]
    assert seen == places
