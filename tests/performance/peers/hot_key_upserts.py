"""The projector that most would write first: a transaction for each event."""

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Final

import psycopg

from events import codec
from events.codec import Blind
from events.posts import ReactionSet
from events.record import Decision
from infra.log.port import Entry
from infra.worker import progress
from tests.performance.figures import Turn, WrongAnswers, at_rate

_TABLES: Final = """
    create table if not exists bench_likes (
        thing_id uuid not null, person_id uuid not null, since timestamptz not null,
        primary key (thing_id, person_id));
    create table if not exists bench_like_counts (
        thing_id uuid primary key, likes bigint not null);
    create table if not exists bench_place (
        one boolean primary key default true, "offset" bigint not null);
    insert into bench_place ("offset") values (-1) on conflict do nothing"""
_LIKE: Final = """
    insert into bench_likes (thing_id, person_id, since) values (%s, %s, %s)
    on conflict (thing_id, person_id) do nothing"""
_COUNT: Final = """
    insert into bench_like_counts as c (thing_id, likes) values (%s, %s)
    on conflict (thing_id) do update set likes = c.likes + excluded.likes"""
_PLACE: Final = 'update bench_place set "offset" = %s'


class Upserts:
    """A table of likes and a table of counts, written event by event."""

    def __init__(self, dsn: str, entries: Sequence[Entry]) -> None:
        self._dsn = dsn
        self._entries = cycle(entries)
        self._liked: set[tuple[object, object]] = set()
        with psycopg.connect(dsn) as connection:
            connection.execute(_TABLES)

    def turn(self, seconds: float) -> Turn:
        """As many likes as the time allows."""
        done = 0
        with psycopg.connect(self._dsn, autocommit=True, prepare_threshold=1) as connection:
            began = time.perf_counter()
            while time.perf_counter() - began < seconds:
                done += self._apply(connection, next(self._entries))
            return at_rate(done, time.perf_counter() - began)

    def _apply(self, connection: "psycopg.Connection[tuple[object, ...]]", entry: Entry) -> int:
        """The likes that the record holds, committed with its place."""
        [(offset, found)] = progress.read([entry])
        facts = found.facts if isinstance(found, Decision) else ()
        events = [codec.decode(fact, Blind()) for fact in facts]
        likes = [event for event in events if isinstance(event, ReactionSet)]
        with connection.transaction():
            for like in likes:
                assert isinstance(found, Decision)
                cursor = connection.execute(_LIKE, (like.thing_id, like.person_id, found.at))
                connection.execute(_COUNT, (like.thing_id, cursor.rowcount))
            connection.execute(_PLACE, (offset,))
        self._liked.update((like.thing_id, like.person_id) for like in likes)
        return len(likes)

    def check(self) -> None:
        """Raises `WrongAnswers` unless each like was counted once."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("select sum(likes) from bench_like_counts").fetchone()
        if row is None or row[0] != len(self._liked):
            raise WrongAnswers(f"{len(self._liked)} likes were upserted, the count is {row}.")
