"""The partitions of one process: their writers, the steward that keeps them owned, the router.

Everything here runs in the background until the block is left; then what is owned is released
in good order, so that others serve it at once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from msgspec import Struct

from commands.instance import Instance
from commands.meters import metered
from commands.peers import GrpcPeers, Heartbeat
from commands.router import Router
from commands.routes import ROUTE_OF
from commands.steward import Steward
from commands.tenures import Place, Tenures
from commands.writer.partition import PartitionWriter
from commands.writer.tools import Tools
from events.tenure import Tenure
from events.topics import TOPICS, Partition
from infra.checkpoints.port import Checkpoints
from infra.config import Settings
from infra.crypto.port import Keys
from infra.log.group import advised
from infra.log.topics import all_partitions, partition_count
from infra.rpc.client import Channel

RELEASE_S = 5.0


class Ownership(Struct, frozen=True):
    """The way in, and the instance behind it."""

    router: Router
    instance: Instance


@asynccontextmanager
async def owning(
    settings: Settings, tools: Tools, keys: Keys, connect: Callable[[str], Channel]
) -> AsyncIterator[Ownership]:
    """Follows, claims and serves partitions while the block runs.

    A fault in the background ends the block with an ExceptionGroup: nothing of this may be
    missing while commands are taken.
    """
    me = tools.identity.owner
    tenures = Tenures(tools.log)
    tenures.start(await _places(tools.checkpoints, all_partitions(settings)))
    writers = {
        partition: PartitionWriter(partition, tools, tenures) for partition in tenures.partitions
    }
    heartbeat = Heartbeat(
        settings.commands.ping_interval_ms / 1000, settings.commands.ping_silence_ms / 1000
    )
    peers = GrpcPeers(connect, heartbeat, lambda: _others(tenures, me))
    instance = Instance(me, writers, tenures, peers)
    steward = Steward(instance)
    counts = {topic.name: partition_count(settings, topic) for topic in TOPICS}
    router = Router(instance, steward, keys, ROUTE_OF, counts)
    async with AsyncExitStack() as ways, asyncio.TaskGroup() as background:
        ways.push_async_callback(peers.close)
        serving = [background.create_task(writer.run()) for writer in writers.values()]
        watching = [
            background.create_task(work)
            for work in (tenures.run(), peers.run(), steward.run(), _advise(settings, steward))
        ]
        try:
            with metered(writers):
                yield Ownership(router, instance)
        finally:
            await _leave(writers.values(), serving)
            for task in (*serving, *watching):
                task.cancel()


async def _places(
    checkpoints: Checkpoints, partitions: Sequence[Partition]
) -> dict[Partition, Place]:
    """Where to follow each partition from: its state checkpoint knows the tenure there."""
    places = {}
    for partition in partitions:
        saved = await checkpoints.peek(partition)
        places[partition] = Place(saved.offset, saved.tenure)
    return places


def _others(tenures: Tenures, me: str) -> list[Tenure]:
    held = [tenures.of(partition) for partition in tenures.partitions]
    return [tenure for tenure in held if tenure.held and tenure.owner != me]


async def _advise(settings: Settings, steward: Steward) -> None:
    async with aclosing(advised(settings, TOPICS)) as advice:
        async for partitions in advice:
            steward.advise(partitions)


async def _leave(
    writers: Iterable[PartitionWriter],
    serving: Sequence[asyncio.Task[None]],
) -> None:
    """Releases what is owned; brokers that are away must not hold the process."""
    for writer in writers:
        writer.stop()
    await asyncio.wait(serving, timeout=RELEASE_S)
