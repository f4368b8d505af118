"""Lanes that commit together: in one transaction, and yet nobody is held up by another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from events.topics import Partition
from infra.log.port import Log
from infra.postgres.pool import Pool, open_pool
from infra.postgres.schema import ensure
from infra.worker import checkpoints
from infra.worker.checkpoints import Connection
from infra.worker.group_commit import GroupCommit, Work
from infra.worker.places import CONNECTIONS_EACH, Places
from infra.worker.progress import Checkpoint, Overtaken
from tests.infra.worker.log_in_memory import MemoryLog
from tests.stack import Stack

PARTITION = Partition("people", 0)
NAMES = ("accounts", "graph", "bookmarks")
NOTES = "create table if not exists notes (model text primary key, note text not null)"
SECONDS = 30.0


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    settings = stack.settings()
    async with open_pool(settings.postgres, role="tests") as opened:
        await ensure(opened, settings, (*checkpoints.DDL, NOTES))
        yield opened


class Worker:
    """Subscribers at the beginning of one partition."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._together = GroupCommit(pool)
        log = cast("Log", MemoryLog())
        self.places = {name: Places(name, pool, log, together=self._together) for name in NAMES}

    async def resumed(self, *partitions: Partition) -> "Worker":
        for places in self.places.values():
            for partition in partitions:
                await places.resume(partition)
        return self

    async def move(
        self, name: str, work: Work | None = None, partition: Partition = PARTITION
    ) -> None:
        """One record further."""
        places = self.places[name]
        after = Checkpoint(offset=places.reached(partition).offset + 1)
        await places.move(partition, after, work)

    async def stored(self) -> dict[str, tuple[int, str]]:
        """The offset of each subscriber, and the transaction that moved it there."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                'select model, "offset", xmin::text from build_checkpoints where partition = %s',
                (str(PARTITION),),
            )
            return {name: (offset, moved_by) for name, offset, moved_by in await cursor.fetchall()}

    async def notes(self) -> set[str]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute("select note from notes")
            return {note for (note,) in await cursor.fetchall()}


@pytest.fixture
async def worker(pool: Pool) -> Worker:
    return await Worker(pool).resumed(PARTITION)


async def note(connection: Connection, notes: Sequence[tuple[str, str | None]]) -> None:
    names, texts = zip(*notes, strict=True)
    await connection.execute(
        "insert into notes select * from unnest(%s::text[], %s::text[])", (list(names), list(texts))
    )


def noting(name: str, text: str) -> Work:
    return Work(note, (name, text))


REFUSED = Work(note, ("nobody", None))


async def test_what_is_ready_at_one_moment_is_one_transaction(worker: Worker) -> None:
    await asyncio.gather(*(worker.move(name, noting(name, name)) for name in NAMES))
    stored = await worker.stored()
    assert {offset for offset, _ in stored.values()} == {0}
    assert len({moved_by for _, moved_by in stored.values()}) == 1
    assert await worker.notes() == set(NAMES)


async def test_what_one_has_to_do_in_several_partitions_is_done_at_once(pool: Pool) -> None:
    partitions = [Partition("people", number) for number in range(3)]
    worker = await Worker(pool).resumed(*partitions)
    done: list[set[str]] = []

    async def doing(_connection: Connection, parts: Sequence[str]) -> None:
        done.append(set(parts))

    works = {partition: Work(doing, str(partition)) for partition in partitions}
    await asyncio.gather(*(worker.move("graph", work, at) for at, work in works.items()))
    assert done == [{"people-0", "people-1", "people-2"}]


async def test_one_that_postgres_refuses_takes_nobody_along(worker: Worker) -> None:
    works = {name: noting(name, name) for name in NAMES} | {"graph": REFUSED}
    outcomes = await asyncio.gather(
        *(worker.move(name, work) for name, work in works.items()), return_exceptions=True
    )
    assert [type(one).__name__ for one in outcomes] == ["NoneType", "NotNullViolation", "NoneType"]
    stored = await worker.stored()
    assert {name: offset for name, (offset, _) in stored.items()} == {
        "accounts": 0, "graph": -1, "bookmarks": 0,
    }  # fmt: skip
    assert await worker.notes() == {"accounts", "bookmarks"}


async def test_one_that_was_overtaken_changes_nothing_and_takes_nobody_along(
    pool: Pool, worker: Worker
) -> None:
    other = await Worker(pool).resumed(PARTITION)
    await other.move("graph", noting("graph", "first"))
    outcomes = await asyncio.gather(
        *(worker.move(name, noting(name, "late")) for name in NAMES), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [type(None), Overtaken, type(None)]
    stored = await worker.stored()
    assert {offset for offset, _ in stored.values()} == {0}
    assert stored["accounts"][1] == stored["bookmarks"][1] != stored["graph"][1]
    assert await worker.notes() == {"first", "late"}


async def test_one_that_hangs_holds_up_nobody(pool: Pool, worker: Worker) -> None:
    async with pool.connection() as somebody, somebody.transaction():
        await somebody.execute("insert into notes values ('graph', 'not yet')")
        hanging = asyncio.create_task(worker.move("graph", noting("graph", "twice")))
        async with asyncio.timeout(SECONDS):
            for _ in range(3):
                await asyncio.gather(worker.move("accounts"), worker.move("bookmarks"))
        assert not hanging.done()
        await somebody.execute("delete from notes")
    await hanging
    assert await worker.notes() == {"twice"}


async def test_one_that_hangs_in_all_its_partitions_takes_no_more_than_its_connections(
    pool: Pool,
) -> None:
    partitions = [Partition("people", number) for number in range(3 * CONNECTIONS_EACH)]
    worker = await Worker(pool).resumed(*partitions)
    async with pool.connection() as somebody, somebody.transaction():
        await somebody.execute("insert into notes values ('graph', 'not yet')")
        hanging = [
            asyncio.create_task(worker.move("graph", overwriting("graph"), partition))
            for partition in partitions
        ]
        async with asyncio.timeout(SECONDS):
            while await waiting_for_locks(pool) < CONNECTIONS_EACH:
                await worker.move("accounts")
            for _ in range(10):
                await worker.move("accounts")
            assert await waiting_for_locks(pool) == CONNECTIONS_EACH
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*hanging)


async def overwrite(connection: Connection, names: Sequence[str]) -> None:
    await connection.execute(
        "insert into notes select distinct n, '' from unnest(%s::text[]) n "
        "on conflict (model) do update set note = ''",
        (list(names),),
    )


def overwriting(name: str) -> Work:
    return Work(overwrite, name)


async def waiting_for_locks(pool: Pool) -> int:
    """How many transactions on the notes of this test wait for somebody."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select count(distinct pid) from pg_locks where not granted and locktype <> 'relation' "
            "and pid in (select pid from pg_locks where relation = 'notes'::regclass)"
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
