"""Projecting with the library `eventsourcing`, as its documentation shows it: a `ProjectionRunner`.

The events are saved before a turn, which measures nothing but the projection: the same rows as
the other peer's, each committed with the position that it comes from.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import singledispatchmethod
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from cli.generated_history import Happening
from tests.performance.figures import Turn, at_rate
from tests.performance.loads.mix import Plain, said
from tests.performance.peers.append_eventsourcing import environment
from tests.performance.peers.upserts import statements, tables

SCHEMA: Final = "bench_eventsourcing"
APPLIED_S: Final = 120.0
STATEMENTS: Final = statements(SCHEMA)


class Shard(Aggregate):
    """A person, or a post: whatever happens to it is one of its events."""

    class Happened(Aggregate.Event):
        """Something of the mix, with what is to be known about it."""

        said: dict[str, Any]

    @event("Created")
    def __init__(self, shard_id: UUID) -> None:
        self.happened = 0

    @staticmethod
    def create_id(shard_id: UUID) -> UUID:
        """The shard's own id."""
        return shard_id

    @event(Happened)
    def happen(self, said: dict[str, Any]) -> None:
        """One more thing happens."""
        self.happened += 1


class Town(Application[UUID]):
    """Everybody and everything."""

    name = "town"


class Rows(PostgresTrackingRecorder):
    """The tables, written in one transaction with the position."""

    def write(self, said: Mapping[str, Any], tracking: Tracking) -> None:
        """The row of one event."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(STATEMENTS[said["type"]], said, prepare=True)
            self._insert_tracking(cursor, tracking)


class RowByRow(Projection[Rows]):
    """Hands each event to the tables."""

    name = "rows"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """What is not of the mix changes no row."""

    @process_event.register
    def happened(self, domain_event: Shard.Happened, tracking: Tracking) -> None:
        """Writes its row."""
        self.view.write(domain_event.said, tracking)


class Runner:
    """A town whose events are saved, then projected."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._env = environment(dsn) | {"POSTGRES_SCHEMA": SCHEMA}
        self._town = Town(self._env)
        self._shards: dict[UUID, Shard] = {}
        self.plain = Plain()

    def turn(self, happenings: Sequence[Happening]) -> Turn:
        """From the start of the runner to the row of the last event; raises its time-out."""
        for one in happenings:
            shard = self._shards.get(one.shard) or Shard(one.shard)
            self._shards[one.shard] = shard
            shard.happen(said(one))
        recordings = self._town.save(
            *{one.shard: self._shards[one.shard] for one in happenings}.values()
        )
        began = time.perf_counter()
        with ProjectionRunner(
            application_class=Town, projection_class=RowByRow, view_class=Rows, env=self._env
        ) as runner:
            runner.wait(recordings[-1].notification.id, timeout=APPLIED_S)
            elapsed_s = time.perf_counter() - began
        self.plain.take(one.event for one in happenings)
        return at_rate(len(happenings), elapsed_s)

    def check(self) -> None:
        """Raises `WrongAnswers` unless its rows are what happened."""
        self.plain.check("eventsourcing", self._dsn, SCHEMA)

    def close(self) -> None:
        """Let the connections go."""
        self._town.close()


@contextmanager
def runner(dsn: str) -> Iterator[Runner]:
    """The library on the database of `dsn`, in a schema of its own."""
    with psycopg.connect(dsn) as connection:
        connection.execute(tables(SCHEMA))
    opened = Runner(dsn)
    try:
        yield opened
    finally:
        opened.close()
