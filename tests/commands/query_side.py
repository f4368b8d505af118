"""A query side that answers as a test says, behind a real connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.crypto.sealed import Seals
from infra.positions import Positions
from infra.rpc.client import Channel
from infra.rpc.dispatch import Dispatcher, Service
from infra.rpc.internal import InternalTokens
from infra.rpc.server import start_server
from schemas.gen import internal_pb2
from tests.infra.rpc.stage import Sessions, Tokens

POSITIONS = Positions(Seals(bytes(32)))
INTERNAL = InternalTokens(bytes(32))


@asynccontextmanager
async def channel_to(name: str, answering: object) -> AsyncIterator[Channel]:
    """The way to a server in front of `answering`, which implements that internal service."""
    service = Service(internal_pb2.DESCRIPTOR.services_by_name[name], answering)
    dispatcher = Dispatcher([service], tokens=Tokens(), sessions=Sessions(), positions=POSITIONS)
    server = await start_server(dispatcher, "127.0.0.1", 0, internal=INTERNAL)
    channel = Channel(f"127.0.0.1:{server.port}", INTERNAL)
    try:
        yield channel
    finally:
        await channel.close()
        await server.stop(0)
