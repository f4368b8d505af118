"""State checkpoints in Postgres: one row for each partition, one for each stream head.

The checkpoint's row is the fence: taking and saving lock it first, so that once a new owner has
taken it, a late save of an older one finds a newer claim and changes nothing. What one statement
cannot take, after a long outage, is saved by several in one transaction.
(docs/adr/0004-state-checkpoints.md)
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from typing import Any, Final

import msgspec
from psycopg import AsyncConnection, errors

from events.tenure import Tenure
from events.topics import Partition
from infra.checkpoints.port import Fenced, Lapsed, Saved
from infra.coalescing import Coalesced
from infra.config import Settings
from infra.postgres.pool import STORE_UNAVAILABLE, Pool, open_pool, translated
from infra.postgres.schema import ensure
from schemas.refusals import Unavailable

STATEMENT_HEADS_MAX: Final = 10_000
STATEMENT_BYTES_MAX: Final = 16 << 20
"""So much travels in one statement, each of which has to end within the statement timeout."""

TABLES: Final = (
    """
    create table if not exists writer_checkpoints (
        partition text primary key,
        next_offset bigint not null,
        last_id uuid,
        tenure jsonb not null,
        claimed_at bigint not null,
        at timestamptz)""",
    """
    create table if not exists writer_heads (
        partition text not null,
        stream text not null,
        head bytea not null,
        primary key (partition, stream))""",
)

_TAKE: Final = """
    insert into writer_checkpoints as stored
        (partition, next_offset, last_id, tenure, claimed_at, at)
    values (%(partition)s, %(offset)s, %(last_id)s, %(tenure)s::jsonb, %(claimed_at)s, %(at)s)
    on conflict (partition) do update set claimed_at = excluded.claimed_at
    where stored.claimed_at <= excluded.claimed_at
    returning next_offset, last_id, tenure::text, at"""

_SAVE: Final = """
    with fence as (
        insert into writer_checkpoints as stored
            (partition, next_offset, last_id, tenure, claimed_at, at)
        select %(partition)s::text, %(offset)s::bigint, %(last_id)s::uuid, %(tenure)s::jsonb,
            %(claimed_at)s::bigint, %(at)s::timestamptz
        where %(since)s = 0
            or exists (select from writer_checkpoints where partition = %(partition)s)
        on conflict (partition) do update set
            next_offset = excluded.next_offset, last_id = excluded.last_id,
            tenure = excluded.tenure, claimed_at = excluded.claimed_at, at = excluded.at
        where stored.claimed_at <= excluded.claimed_at
            and stored.next_offset between %(since)s and excluded.next_offset
        returning partition),
    moved as (
        insert into writer_heads (partition, stream, head)
        select fence.partition, given.stream, given.head
        from fence, unnest(%(streams)s::text[], %(heads)s::bytea[]) as given (stream, head)
        on conflict (partition, stream) do update set head = excluded.head)
    select partition from fence"""

_SAVE_MORE: Final = """
    insert into writer_heads (partition, stream, head)
    select %(partition)s::text, given.stream, given.head
    from unnest(%(streams)s::text[], %(heads)s::bytea[]) as given (stream, head)
    on conflict (partition, stream) do update set head = excluded.head"""

_NO_STANDING_STILL: Final = "set local idle_in_transaction_session_timeout = '1s'"

# One look into the index for each: a plain join may be planned as a scan of the whole table.
_LOAD: Final = """
    select asked.partition, asked.stream, found.head, reached.next_offset
    from unnest(%s::text[], %s::text[]) as asked (partition, stream)
    left join writer_checkpoints reached on reached.partition = asked.partition
    left join lateral (
        select head from writer_heads stored
        where stored.partition = asked.partition and stored.stream = asked.stream limit 1) found
        on true"""

_PEEK: Final = """
    select next_offset, last_id, tenure::text, at from writer_checkpoints where partition = %s"""

Load = tuple[Partition, tuple[str, ...], int]
"""A partition, the streams wanted of it, and where its checkpoint must be at least."""

_tenures: Final = msgspec.json.Decoder(Tenure)


class PostgresCheckpoints:
    """`Checkpoints` in the deployment's schema. Raises `Unavailable` while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._loads = Coalesced(self._loaded)

    async def peek(self, partition: Partition) -> Saved:
        """The partition's checkpoint as it is, for readers; nothing is fenced."""
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_PEEK, (str(partition),), binary=True)
                row = await cursor.fetchone()
        return Saved() if row is None else _saved(row)

    async def take(self, partition: Partition, claimed_at: int) -> Saved:
        """The partition's checkpoint, from now on closed to older claims; raises `Fenced`."""
        with translated():
            async with self._pool.connection() as connection:
                values = _values(partition, claimed_at, Saved())
                cursor = await connection.execute(_TAKE, values, binary=True)
                row = await cursor.fetchone()
        if row is None:
            raise Fenced(f"{partition}: a newer claim than that of offset {claimed_at} took it.")
        return _saved(row)

    async def load(
        self, partition: Partition, streams: Sequence[str], since: int = 0
    ) -> Mapping[str, bytes]:
        """The stored heads of those streams; absent streams are left out. Raises `Lapsed`."""
        if not streams:
            return {}
        found = await self._loads.answer((partition, tuple(streams), since))
        if found is None:
            raise Lapsed(partition)
        return found

    async def _loaded(self, loads: Sequence[Load]) -> Mapping[Load, Mapping[str, bytes] | None]:
        """What several loads ask for, in whatever partitions, in one round trip."""
        asked = [(str(partition), stream) for partition, streams, _ in loads for stream in streams]
        partitions, names = (list(column) for column in zip(*asked, strict=True))
        with translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_LOAD, (partitions, names), binary=True)
                rows = await cursor.fetchall()
        heads = {(partition, stream): head for partition, stream, head, _ in rows}
        reached = {partition: next_offset or 0 for partition, _, _, next_offset in rows}
        return {
            load: _of(load, heads) if reached[str(load[0])] >= load[2] else None for load in loads
        }

    async def save(
        self,
        partition: Partition,
        claimed_at: int,
        saved: Saved,
        heads: Mapping[str, bytes],
        since: int = 0,
    ) -> None:
        """Upserts heads and checkpoint in one transaction; raises `Fenced`.

        In one statement, too, if they fit: an owner that is paused between two holds the fence's
        lock, and nobody can take over until the server ends its session a second later. A save of
        the same owner that lost its connection may be finished by the server after a later one: it
        must not move the checkpoint back, and so it is fenced as well.
        """
        parts = portions(heads)
        first, second = next(parts), next(parts, None)
        values = {**_values(partition, claimed_at, saved), "since": since, **_columns(first)}
        with _translated():
            async with self._pool.connection() as connection:
                if second is None:
                    await _save_fenced(connection, values)
                    return
                async with connection.transaction():
                    await connection.execute(_NO_STANDING_STILL)
                    await _save_fenced(connection, values)
                    for part in chain((second,), parts):
                        more = {"partition": str(partition), **_columns(part)}
                        await connection.execute(_SAVE_MORE, more, binary=True)


@asynccontextmanager
async def open_checkpoints(settings: Settings) -> AsyncIterator[PostgresCheckpoints]:
    """The deployment's checkpoints, their tables made if need be; raises `Unavailable`."""
    async with open_pool(settings.postgres, role="commands", by_key=True) as pool:
        await ensure(pool, settings, TABLES)
        yield PostgresCheckpoints(pool)


def portions(heads: Mapping[str, bytes]) -> Iterator[Mapping[str, bytes]]:
    """The heads in portions that one statement takes, at least one; each is read once."""
    portion: dict[str, bytes] = {}
    room = STATEMENT_BYTES_MAX
    for stream, head in heads.items():
        if portion and (len(portion) == STATEMENT_HEADS_MAX or len(head) > room):
            yield portion
            portion, room = {}, STATEMENT_BYTES_MAX
        portion[stream] = head
        room -= len(head)
    yield portion


async def _save_fenced(connection: AsyncConnection[Any], values: Mapping[str, Any]) -> None:
    cursor = await connection.execute(_SAVE, values, binary=True)
    if await cursor.fetchone() is None:
        raise Fenced(
            f"{values['partition']}: a newer claim or save stands there, or an older save."
        )


@contextmanager
def _translated() -> Iterator[None]:
    """As `translated`, also where the session has ended because its owner had stood still."""
    try:
        with translated():
            yield
    except errors.IdleInTransactionSessionTimeout as problem:
        raise Unavailable(STORE_UNAVAILABLE, "The save took too long; try again.") from problem


def _of(load: Load, heads: Mapping[tuple[str, str], bytes | None]) -> Mapping[str, bytes]:
    partition, streams, _ = load
    found = {stream: heads[str(partition), stream] for stream in streams}
    return {stream: head for stream, head in found.items() if head is not None}


def _values(partition: Partition, claimed_at: int, saved: Saved) -> dict[str, Any]:
    return {
        "partition": str(partition),
        "offset": saved.offset,
        "last_id": saved.last_id,
        "tenure": msgspec.json.encode(saved.tenure).decode(),
        "claimed_at": claimed_at,
        "at": saved.at,
    }


def _columns(heads: Mapping[str, bytes]) -> dict[str, list[Any]]:
    ordered = sorted(heads)
    return {"streams": ordered, "heads": [heads[stream] for stream in ordered]}


def _saved(row: Sequence[Any]) -> Saved:
    offset, last_id, tenure, at = row
    return Saved(offset=offset, last_id=last_id, tenure=_tenures.decode(tenure), at=at)
