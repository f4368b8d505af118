"""A projector as Faust's documentation has one written: an agent, and an upsert for each event.

`python -m tests.performance.peers.faust_upserts worker --without-web`, as the peer of `rebuild`.
What is special to this run comes in by the environment; the rest are Faust's defaults.
"""

import os
from typing import Any

import faust
import psycopg

from tests.performance.peers.upserts import statements

TOPIC = os.environ["PROJECTOR_TOPIC"]
STATEMENTS = statements(os.environ["PROJECTOR_SCHEMA"])

app = faust.App(
    TOPIC, broker=f"kafka://{os.environ['PROJECTOR_BROKER']}", datadir=os.environ["PROJECTOR_DATA"]
)
happenings = app.topic(TOPIC, value_serializer="json")


@app.agent(happenings)
async def project(stream: Any) -> None:
    """Writes the row of each event; autocommit, since each statement is one transaction."""
    async with await psycopg.AsyncConnection.connect(
        os.environ["PROJECTOR_DSN"],
        autocommit=True,
        prepare_threshold=1,
    ) as connection:
        async for event in stream:
            await connection.execute(STATEMENTS[event["type"]], event)


if __name__ == "__main__":
    app.main()
