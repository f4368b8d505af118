"""A cast and the rows that the read models would hold of it, written straight into the tables."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection, sql
from psycopg.types.json import Jsonb

from events.position import NOWHERE, Position
from infra.rpc.call import Call, Caller
from infra.worker import pauses
from infra.worker.checkpoints import DDL
from projections.builds import ensure_live
from projections.models import MODELS

ANA = UUID("0197f1f0-0000-7000-8000-00000000000a")
BEN = UUID("0197f1f0-0000-7000-8000-00000000000b")
CLO = UUID("0197f1f0-0000-7000-8000-00000000000c")
DAN = UUID("0197f1f0-0000-7000-8000-00000000000d")
NOBODY = UUID("0197f1f0-0000-7000-8000-0000000000ff")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class World:
    """Writes rows. Times are minutes after START, so that order is plain to see."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def person(
        self,
        account: UUID,
        handle: str,
        *,
        private: bool = False,
        name: str = "",
        email_name: str = "",
        written: tuple[str, int] = ("people-0", -1),
    ) -> None:
        """Somebody who registered; `written` is where they last said something of themselves."""
        await self.insert(
            "accounts",
            account_id=account,
            email=f"{handle}@example.org",
            email_hash=email_name or f"email:{handle}",
            first_name=handle.capitalize(),
            last_name="Okri",
            birth_date="1990-05-06",
            handle=handle,
            handle_hash=name or f"handle:{handle}",
            about="Hello.",
            registered_at=START,
            written_in=written[0],
            written_offset=written[1],
        )
        if private:
            await self.insert("private_accounts", account_id=account, since=START)

    async def follow(
        self, follower: UUID, target: UUID, minute: int = 0, state: str = "established"
    ) -> None:
        """A follow, or a request to."""
        since = minute_of(minute)
        await self.insert(
            "follows", target_id=target, follower_id=follower, state=state, since=since
        )

    async def block(self, blocker: UUID, blocked: UUID, minute: int = 0) -> None:
        """A block."""
        since = minute_of(minute)
        await self.insert("blocks", blocker_id=blocker, blocked_id=blocked, since=since)

    async def mute(self, muter: UUID, muted: UUID, minute: int = 0) -> None:
        """A mute."""
        since = minute_of(minute)
        await self.insert("mutes", muter_id=muter, muted_id=muted, since=since)

    async def post(
        self,
        author: UUID,
        minute: int = 0,
        *,
        post: UUID | None = None,
        audience: str = "public",
        chosen: Sequence[UUID] = (),
        replies: str = "everybody",
        body: str = "Hello.",
        mentions: Sequence[tuple[int, int, UUID]] = (),
        after: Position = NOWHERE,
    ) -> UUID:
        """A post; which one."""
        post = post or uuid4()
        await self.insert(
            "posts",
            post_id=post,
            author_id=author,
            body=body,
            mentions=_mentions(mentions),
            audience=audience,
            chosen=list(chosen),
            replies=replies,
            published_at=minute_of(minute),
            edited_at=None,
            after=Jsonb(after),
        )
        return post

    async def edit(
        self,
        post: UUID,
        edit: int,
        body: str,
        minute: int = 0,
        *,
        audience: str = "public",
        chosen: Sequence[UUID] = (),
    ) -> None:
        """What a post said until `minute`, and for whom."""
        await self.insert(
            "post_edits",
            post_id=post,
            edit=edit,
            body=body,
            until=START + timedelta(minutes=minute),
            audience=audience,
            chosen=list(chosen),
        )

    async def comment(
        self,
        author: UUID,
        post: UUID,
        minute: int = 0,
        *,
        parent: UUID | None = None,
        comment: UUID | None = None,
        body: str = "Indeed.",
        mentions: Sequence[tuple[int, int, UUID]] = (),
        after: Position = NOWHERE,
    ) -> UUID:
        """A comment, or a reply to one; which one."""
        comment = comment or uuid4()
        await self.insert(
            "comments",
            comment_id=comment,
            post_id=post,
            parent_id=parent,
            author_id=author,
            body=body,
            mentions=_mentions(mentions),
            published_at=minute_of(minute),
            edited_at=None,
            after=Jsonb(after),
        )
        return comment

    async def reaction(
        self,
        person: UUID,
        post: UUID,
        thing: UUID | None = None,
        minute: int = 0,
        after: Position = NOWHERE,
    ) -> None:
        """A reaction to a post, or to the thing under it."""
        await self.insert(
            "reactions",
            thing_id=thing or post,
            person_id=person,
            post_id=post,
            since=minute_of(minute),
            after=Jsonb(after),
        )

    async def bookmark(self, person: UUID, post: UUID, minute: int = 0) -> None:
        """A bookmark."""
        since = minute_of(minute)
        await self.insert("bookmarks", person_id=person, post_id=post, since=since)

    async def checkpoint(self, model: str, partition: str, offset: int) -> None:
        """How far a model has come, ahead of where it was."""
        await self._connection.execute(
            """insert into build_checkpoints (model, build, partition, "offset")
               values (%s, 1, %s, %s)
               on conflict (model, build, partition) do update set "offset" = excluded."offset" """,
            (model, partition, offset),
        )

    async def halt(self, model: str, partition: str, reason: str) -> None:
        """Let a model stand still where it is."""
        await self._connection.execute(
            "update build_checkpoints set halted = %s where model = %s and partition = %s",
            (reason, model, partition),
        )

    async def pause(self, model: str) -> None:
        """Let operators pause a model."""
        assert await pauses.pause(self._connection, model, "ana", "")

    async def park(self, model: str, partition: str, offset: int) -> None:
        """Let a model have set a record aside."""
        await self._connection.execute(
            """insert into parked (model, build, partition, "offset", shard, reason)
               values (%s, 1, %s, %s, 'shard', 'ZeroDivisionError')""",
            (model, partition, offset),
        )

    async def execute(
        self, query: sql.SQL | sql.Composed, params: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Any statement, and the rows that it gives."""
        cursor = await self._connection.execute(query, params)
        return await cursor.fetchall() if cursor.description else []

    async def insert(self, table: str, **row: object) -> None:
        """One row."""
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        )
        await self._connection.execute(statement, list(row.values()))


def minute_of(minute: int) -> datetime:
    """The time that the world's rows give to a minute."""
    return START + timedelta(minutes=minute)


def _mentions(mentions: Sequence[tuple[int, int, UUID]]) -> Jsonb:
    return Jsonb([[start, length, str(account)] for start, length, account in mentions])


@asynccontextmanager
async def made_world(dsn: str, schema: str) -> AsyncIterator[World]:
    """Empty tables in a schema of their own."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        name = sql.Identifier(schema)
        async with connection.transaction():
            await connection.execute(sql.SQL("create schema {}").format(name))
            await connection.execute(sql.SQL("set search_path to {}").format(name))
            for statement in DDL:
                await connection.execute(statement.encode())
            for model in MODELS:
                await ensure_live(connection, model)
        yield World(connection)


def call(viewer: UUID | None, within_s: float = 60.0) -> Call:
    """A call by `viewer`, who waits for `within_s`."""
    return Call(
        rpc="test",
        correlation=uuid4(),
        deadline_s=time.monotonic() + within_s,
        caller=None if viewer is None else Caller(viewer, uuid4()),
    )


def ids(profiles: Sequence[Any]) -> list[UUID]:
    """Whose profiles these are."""
    return [UUID(profile.account_id) for profile in profiles]
