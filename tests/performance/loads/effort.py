"""What is spent on events that come: transactions that write, and time of processors."""

import time
from typing import Final

import psycopg
from msgspec import Struct

from infra.local import procfs
from infra.local.process import Process
from tests.performance.figures import PERCENT

_NEXT: Final = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
"""Only a transaction that writes takes a number, so looks do not count."""


class Effort(Struct, frozen=True):
    """Of one turn: transactions for 1,000 events; percent of a core of the worker, of PostgreSQL.

    The processes of PostgreSQL serve whoever else asks meanwhile, too.
    """

    transactions: float
    worker: float
    postgres: float


class Meter:
    """Counts from when it is made."""

    def __init__(self, dsn: str, worker: Process, postgres: Process) -> None:
        self._dsn = dsn
        self._worker = worker
        self._postgres = postgres
        self._from = self._now()

    def effort(self, events: int) -> Effort:
        """What was spent since then on so many events."""
        transactions, worker_s, postgres_s, at = (
            now - before for now, before in zip(self._now(), self._from, strict=True)
        )
        return Effort(
            transactions=1000 * transactions / events,
            worker=PERCENT * worker_s / at,
            postgres=PERCENT * postgres_s / at,
        )

    def _now(self) -> tuple[float, float, float, float]:
        with psycopg.connect(self._dsn) as connection:
            [(number,)] = connection.execute(_NEXT.encode()).fetchall()
        usages = [procfs.usage(each.pid).cpu_seconds for each in (self._worker, self._postgres)]
        return number, usages[0], usages[1], time.perf_counter()
