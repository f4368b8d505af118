"""Group commit: what the lanes of a worker have ready at one moment goes into one transaction.

A delivery concerns every lane of its partition, and most of them have nothing to do but to move
their checkpoints; a transaction for each would cost more than all rows. What one subscriber has to
write in several partitions is written at once. Nobody is held up by another, though: a transaction
that fails, or waits for anybody's lock, is given up at once, and whoever was in it commits alone
(docs/adr/0021-lanes-commit-together.md).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from msgspec import Struct

from infra.coalescing import Coalesced
from infra.postgres.pool import Pool
from infra.postgres.transactions import pipelined
from infra.worker import checkpoints
from infra.worker.checkpoints import Connection, Step

APART_S: Final = 0.006
LOCK_MS_MAX: Final = 100
STATEMENT_MS_MAX: Final = 2_000
_IMPATIENT: Final = (
    f"select set_config('lock_timeout', '{LOCK_MS_MAX}', true), "
    f"set_config('statement_timeout', '{STATEMENT_MS_MAX}', true)"
)

_log = logging.getLogger(__name__)


class Work(NamedTuple):
    """What a move has to do in its transaction, for which `do` gets its `part`.

    Moves of one transaction that have the same `do` share a call, with the parts of all of them. It
    must be safe to do again in another transaction, with other parts.
    """

    do: Callable[[Connection, Sequence[Any]], Awaitable[None]]
    part: object


class Move(Struct, frozen=True, eq=False):
    """A checkpoint's step, and the work that has to be in its transaction, if there is any."""

    step: Step
    work: Work | None = None


class GroupCommit:
    """Commits small moves of all lanes of a worker; two transactions begin `apart_s` apart."""

    def __init__(self, pool: Pool, apart_s: float = APART_S) -> None:
        self._pool = pool
        self._rounds = Coalesced(self._committed, apart_s)

    async def commit(self, move: Move) -> datetime | None:
        """When the transaction began that made the move; None where it has to be tried alone.

        Raises PoolTimeout, and OperationalError where there is no connection.
        """
        return await self._rounds.answer(move)

    async def _committed(self, moves: Sequence[Move]) -> Mapping[Move, datetime | None]:
        async with self._pool.connection() as connection:
            try:
                async with pipelined(connection):
                    await connection.execute(_IMPATIENT.encode(), prepare=True)
                    began = await committing(connection, moves)
            except Exception as problem:
                # Whose fault it is shows when each is tried alone.
                _log.debug("%d moves are tried alone after %r", len(moves), problem)
                return dict.fromkeys(moves)
        return dict(zip(moves, began, strict=True))


async def committing(connection: Connection, moves: Sequence[Move]) -> list[datetime | None]:
    """Make the moves in the transaction of the connection, but for those that were overtaken.

    When the transaction began, for each; None for those left out.
    """
    began = await checkpoints.move_all(connection, [move.step for move in moves])
    shared: dict[Callable[..., Awaitable[None]], list[object]] = {}
    for move, at in zip(moves, began, strict=True):
        if at is not None and move.work is not None:
            shared.setdefault(move.work.do, []).append(move.work.part)
    for do, parts in shared.items():
        await do(connection, parts)
    return began
