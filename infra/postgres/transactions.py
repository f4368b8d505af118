"""Transactions whose statements travel together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus


@asynccontextmanager
async def pipelined(connection: AsyncConnection[Any]) -> AsyncIterator[None]:
    """A transaction in which a round trip is made only for results that the block fetches.

    `connection.transaction()` makes one for its beginning and one for its end. What a statement
    raises may be raised later in the block, or at its end; then nothing was done. The block must
    not open another pipeline or transaction.
    """
    try:
        async with connection.pipeline():
            await connection.execute("begin")
            yield
            await connection.execute("commit")
    except BaseException:
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            await connection.rollback()
        raise
