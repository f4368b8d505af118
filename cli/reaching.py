"""Opens the log and the database for a command; if one cannot be reached, says which."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from psycopg import errors

from cli.other_tables import other_tables
from cli.output import UNUSABLE, Failure, say
from events.topics import Partition
from infra.checkpoints.port import Checkpoints, Saved
from infra.checkpoints.postgres import open_checkpoints
from infra.config import Settings
from infra.log.kafka import KafkaLog, open_log
from infra.log.port import LogUnavailable
from infra.log.topics import all_partitions, missing
from infra.postgres.pool import Pool, open_pool, translated
from infra.postgres.schema import OTHER_SHAPE
from schemas.refusals import Unavailable

PATIENCE_MS: Final = 5000


class Opened(Struct, frozen=True):
    """The log, and the state checkpoints that shorten the way to a tenure."""

    settings: Settings
    log: KafkaLog
    checkpoints: Checkpoints | None

    async def near(self, partition: Partition) -> Saved:
        """The partition's checkpoint; the very start while PostgreSQL is away."""
        return Saved() if self.checkpoints is None else await self.checkpoints.peek(partition)


@contextmanager
def reaching() -> Iterator[None]:
    """Turns a server that is away into a failure with exit code 2."""
    # Clients retry and say so each time; one sentence at the end is enough here.
    for client in ("aiokafka", "psycopg.pool"):
        logging.getLogger(client).setLevel(logging.CRITICAL)
    try:
        yield
    except LogUnavailable as error:
        raise Failure(f"The log cannot be reached. {error}", "agora status", UNUSABLE) from error
    except Unavailable as error:
        raise Failure(error.detail, "agora status", UNUSABLE) from error


def patient(settings: Settings) -> Settings:
    """The same settings, with brokers that may take longer to answer, as busy ones do.

    Nobody's commands wait for what an operator does: an error would come too soon.
    """
    longer = max(settings.kafka.request_timeout_ms, PATIENCE_MS)
    return replace(settings, kafka=replace(settings.kafka, request_timeout_ms=longer))


def patient_log(settings: Settings) -> AbstractAsyncContextManager[KafkaLog]:
    """The log, for an operator's command."""
    return open_log(patient(settings))


@asynccontextmanager
async def opened_log(settings: Settings) -> AsyncIterator[Opened]:
    """The log, whose topics are there, with checkpoints if PostgreSQL is.

    Raises Failure when topics are missing, `LogUnavailable`.
    """
    await require_topics(settings)
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(patient_log(settings))
        checkpoints: Checkpoints | None = None
        try:
            checkpoints = await stack.enter_async_context(open_checkpoints(settings))
        except Unavailable:
            say("agora: PostgreSQL cannot be reached, so partitions are read from their start.")
        yield Opened(settings, log, checkpoints)


async def require_topics(settings: Settings) -> None:
    """Raises Failure for topics that are not there, as in another cluster, and `LogUnavailable`."""
    if absent := await missing(settings):
        names = ", ".join(absent)
        advice = f"agora topics ensure, if {settings.kafka.bootstrap} is the right cluster"
        raise Failure(f"There is no topic {names} yet.", advice, UNUSABLE)


@asynccontextmanager
async def opened_store(settings: Settings, *, read_only: bool = True) -> AsyncIterator[Pool]:
    """The database; raises Failure while it is away or has no tables of the read models yet."""
    with reaching(), translated():
        async with open_pool(settings.postgres, role="cli", read_only=read_only) as pool:
            try:
                yield pool
            except errors.UndefinedTable as missing_table:
                problem = "The read models have no tables yet."
                raise Failure(problem, "agora serve projections", UNUSABLE) from missing_table
            except OTHER_SHAPE as changed:
                raise other_tables(changed) from changed


def partition_named(settings: Settings, text: str) -> Partition:
    """The deployment's partition of that name; raises Failure, which names all of them."""
    known = all_partitions(settings)
    for partition in known:
        if str(partition) == text:
            return partition
    names = ", ".join(map(str, known))
    raise Failure(f"There is no partition {text!r}.", f"one of {names}", UNUSABLE)
