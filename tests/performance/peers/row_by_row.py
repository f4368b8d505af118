"""A projector of the plainest kind: for each event one transaction, of its row and its place.

`python -m tests.performance.peers.row_by_row`, as the peer of `live-lag`.
"""

import json
import os
from typing import Final

import psycopg
import uvloop
from aiokafka import AIOKafkaConsumer

from tests.performance.peers.upserts import statements

TOPIC: Final = os.environ["PROJECTOR_TOPIC"]
SCHEMA: Final = os.environ["PROJECTOR_SCHEMA"]
STATEMENTS: Final = statements(SCHEMA)
PLACE: Final = f"""
    insert into {SCHEMA}.places as p values (%s, %s)
    on conflict ("partition") do update set "offset" = excluded."offset" """.encode()


async def project() -> None:
    """Projects until it is killed."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=os.environ["PROJECTOR_BROKER"],
        group_id=TOPIC,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    connection = await psycopg.AsyncConnection.connect(
        os.environ["PROJECTOR_DSN"], autocommit=True, prepare_threshold=1
    )
    async with connection:
        async for message in consumer:
            event = json.loads(message.value)
            async with connection.transaction():
                await connection.execute(STATEMENTS[event["type"]], event)
                await connection.execute(PLACE, (str(message.partition), message.offset))


if __name__ == "__main__":
    uvloop.run(project())
