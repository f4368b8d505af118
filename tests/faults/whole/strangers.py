"""What others may write into the log: rubbish, the words of a deposed owner, an unknown type."""

import zlib
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from infra.config import Settings
from tests.faults.future import TYPE

RPC: Final = "tests.Planted"
RUBBISH: Final = (b"", b"\xc1\xc1", b"{}", msgspec.msgpack.encode({"kind": "decree"}))
READ_MS: Final = 2000


class Strangers:
    """Writes to the log as nobody of Agora's would. `planted` are the places written to."""

    def __init__(self, settings: Settings) -> None:
        self._bootstrap = settings.kafka.bootstrap
        self._prefix = settings.kafka.prefix
        self._counts = {
            "people": settings.log.people_partitions,
            "posts": settings.log.posts_partitions,
        }
        self.planted: list[tuple[str, int]] = []

    async def rubbish(self) -> None:
        """What is no record, into every partition."""
        for topic, count in self._counts.items():
            for number in range(count):
                values = [(b"anything", value) for value in RUBBISH]
                await self._append(topic, number, values)

    async def deposed(self) -> None:
        """Decisions of an epoch that is not in force, damaged and of unknown types, everywhere."""
        for topic, count in self._counts.items():
            for number in range(count):
                shard = self._shard(topic, number)
                values = [
                    (shard.encode(), self._decision(shard, str(uuid4()), type_, {}))
                    for type_ in (TYPE, "account.profile_updated")
                ]
                await self._append(topic, number, values)

    async def unknown(self, number: int) -> None:
        """A decision that counts, of a type that no process knows, in a partition of people.

        Tried again whenever the owner changes just then: the record must carry the epoch in force.
        """
        shard = self._shard("people", number)
        while True:
            epoch = await self._epoch("people", number)
            if not epoch:
                continue
            value = self._decision(shard, epoch, TYPE, {"account_id": shard})
            await self._append("people", number, [(shard.encode(), value)])
            if await self._epoch("people", number) == epoch:
                return

    def _shard(self, topic: str, number: int) -> str:
        """A shard that nobody has, in the partition."""
        while True:
            shard = str(uuid4())
            if zlib.crc32(shard.encode()) % self._counts[topic] == number:
                return shard

    def _decision(self, shard: str, epoch: str, type_: str, data: dict[str, Any]) -> bytes:
        stream = f"account-{shard}"
        fact = {"type": type_, "stream": stream, "version": 1, "data": data}
        decision = {
            "kind": "decision",
            "id": str(uuid4()),
            "epoch": epoch,
            "shard": shard,
            "stream": stream,
            "rpc": RPC,
            "at": datetime.now(UTC),
            "facts": [fact],
        }
        return msgspec.msgpack.encode(decision)

    async def _append(self, topic: str, number: int, values: list[tuple[bytes, bytes]]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all")
        await producer.start()
        try:
            for key, value in values:
                sent = await producer.send_and_wait(
                    f"{self._prefix}{topic}", value, key, partition=number
                )
                self.planted.append((f"{topic}-{number}", sent.offset))
        finally:
            await producer.stop()

    async def _epoch(self, topic: str, number: int) -> str:
        """The epoch in force at the end of the partition; empty if none is."""
        epoch: str | None = None
        held = False
        for _, value in await records(self._bootstrap, f"{self._prefix}{topic}", number):
            record = _decoded(value)
            if record.get("kind") == "claim" and record.get("previous") == epoch:
                epoch, held = record["id"], True
            elif record.get("kind") == "release" and record["epoch"] == epoch:
                held = False
        return epoch if epoch is not None and held else ""


async def records(bootstrap: str, topic: str, number: int) -> list[tuple[bytes, bytes | None]]:
    """Key and value of all records of a partition, the offset being the place."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        place = TopicPartition(topic, number)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        [end] = (await consumer.end_offsets([place])).values()
        found: list[tuple[bytes, bytes | None]] = []
        while len(found) < end:
            for batch in (await consumer.getmany(place, timeout_ms=READ_MS)).values():
                for record in batch:
                    assert record.offset == len(found), f"{topic}/{number} lacks {len(found)}"
                    found.append((record.key, record.value))
        return found[:end]
    finally:
        await consumer.stop()


def _decoded(value: bytes | None) -> dict[str, Any]:
    try:
        record = msgspec.msgpack.decode(value or b"")
    except msgspec.DecodeError:
        return {}
    return record if isinstance(record, dict) else {}
