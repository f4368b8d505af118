"""Several real command processes of one deployment, and people who have accounts there."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from infra.config import Settings
from infra.crypto.digests import new_uuid7
from infra.crypto.keys import load_key
from infra.local.process import answers
from infra.log.topics import all_partitions
from infra.postgres.pool import open_pool
from infra.rpc.client import Channel
from infra.rpc.internal import InternalTokens
from infra.rpc.metadata import IDEMPOTENCY_KEY
from projections.builds import ensure_models
from projections.models.accounts import MODEL as ACCOUNTS
from schemas.gen import accounts_pb2, internal_pb2
from schemas.refusals import Unavailable
from tests.faults.armed import HEALTHY_S, Armed
from tests.stack import free_ports

REGISTER: Final = "/agora.accounts.v1.AccountCommands/Register"
PING: Final = "/agora.internal.v1.Partitions/Ping"
GONE_S: Final = 0.05


class Person(Struct, frozen=True):
    """Somebody with an account and an access token."""

    account: UUID
    token: str


class Instance(Armed):
    """One command process."""

    def __init__(self, name: str, settings: Settings, folder: Path) -> None:
        port = settings.commands.port
        super().__init__(
            name, ("commands",), settings, folder, ready=lambda: answers(port, b"", b"")
        )
        self.endpoint = f"127.0.0.1:{port}"


class Fleet:
    """The instances of one deployment."""

    def __init__(self, settings: Settings, instances: Sequence[Instance]) -> None:
        self.settings = settings
        self.instances = instances
        self.people: Sequence[Person] = ()
        self.owners: set[str] = set()
        digest_key = load_key("crypto.digest_key_file", settings.crypto.digest_key_file)
        self._internal = InternalTokens(digest_key)

    def channel(self, instance: Instance) -> Channel:
        """A new connection to the instance, as one of Agora's own processes."""
        return Channel(instance.endpoint, self._internal)

    async def owned(self) -> Mapping[str, Instance]:
        """Which instance serves which partition, as the instances themselves say."""
        owned: dict[str, Instance] = {}
        for instance in self.instances:
            channel = self.channel(instance)
            try:
                answer = await channel.call(
                    PING, internal_pb2.PingRequest(), internal_pb2.PingAnswer, {}, 0.5
                )
            except Unavailable:
                continue
            finally:
                await channel.close()
            self.owners.add(answer.owner)
            owned.update(dict.fromkeys(answer.partitions, instance))
        return owned

    async def all_owned(self) -> Mapping[str, Instance]:
        """As `owned`, once every partition is, within `HEALTHY_S`."""
        wanted = {str(partition) for partition in all_partitions(self.settings)}
        deadline = time.monotonic() + HEALTHY_S
        while wanted - set(owned := await self.owned()):
            shown = {name: instance.name for name, instance in owned.items()}
            assert time.monotonic() < deadline, f"Nobody serves {wanted - set(owned)}: {shown}"
            await asyncio.sleep(0.05)
        return owned

    async def owner(self, topic: str = "people") -> Instance:
        """The instance that owns most partitions of the topic."""
        owned = await self.all_owned()
        counts = [instance for name, instance in owned.items() if name.startswith(topic)]
        return max(self.instances, key=counts.count)

    async def mended(self) -> None:
        """Starts what has died, and waits until all run and every partition is served."""
        for instance in self.instances:
            instance.disarm()
            instance.process.resume()
        # One that has just passed its point may need a moment to be gone.
        await asyncio.sleep(GONE_S)
        for instance in self.instances:
            instance.revive()
        for instance in self.instances:
            await instance.ready()
            assert not instance.crashes, instance.crashes
        await self.all_owned()

    async def prepare(self, people: int) -> None:
        """Accounts for so many people, all public."""
        await self.all_owned()
        async with open_pool(self.settings.postgres, role="tests") as pool:
            await ensure_models(pool, self.settings, [ACCOUNTS])
        channel = self.channel(self.instances[0])
        self.people = [await _registered(channel, number) for number in range(people)]
        await channel.close()


@contextmanager
def running_fleet(settings: Settings, folder: Path, size: int, people: int) -> Iterator[Fleet]:
    """`size` instances that serve, with so many people; killed at the end."""
    auth = replace(settings.auth, hash_effort="cheap", access_token_minutes=600)
    settings = replace(settings, auth=auth)
    instances = [
        Instance(f"commands-{number}", _on_port(settings, port), folder)
        for number, port in enumerate(free_ports(size))
    ]
    try:
        for instance in instances:
            instance.process.start()
        for instance in instances:
            instance.process.wait_ready()
        fleet = Fleet(settings, instances)
        asyncio.run(fleet.prepare(people))
        yield fleet
    finally:
        for instance in instances:
            instance.process.kill()


def _on_port(settings: Settings, port: int) -> Settings:
    return replace(settings, commands=replace(settings.commands, port=port))


async def _registered(channel: Channel, number: int) -> Person:
    request = accounts_pb2.RegisterRequest(
        email=f"person{number}@example.org",
        password="brass-owl-fog-9",
        first_name="Ana",
        last_name="Lima",
        birth_date="1990-12-31",
        handle=f"person_{number}",
    )
    metadata = {IDEMPOTENCY_KEY: str(new_uuid7(datetime.now(UTC)))}
    answer = await channel.call(REGISTER, request, accounts_pb2.SignedIn, metadata, HEALTHY_S)
    return Person(UUID(answer.account_id), answer.access_token)
