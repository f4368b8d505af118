"""Clients who send commands to instances at random, and repeat what they do not know.

A request is sent again, with the same id and to any instance, until its outcome is known. Only
what the product itself calls a refusal for good counts as refused.
"""

import asyncio
import random
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from msgspec import Struct

from infra.crypto.digests import new_uuid7
from infra.crypto.keys import load_key
from infra.crypto.sealed import Seals
from infra.positions import Positions
from infra.rpc.client import Channel
from infra.rpc.metadata import AUTHORIZATION, IDEMPOTENCY_KEY
from schemas.gen import accounts_pb2, graph_pb2
from schemas.refusals import Refusal, Unavailable
from tests.faults.armed import HEALTHY_S
from tests.faults.fleet import Fleet, Instance, Person
from tests.faults.history import Answer, Asked, History

CALL_S: Final = 2.0
AGAIN_S: Final = 0.02


class Kind(Struct, frozen=True):
    """A command: its request, its answer, and whether the actor's own shard decides it."""

    service: str
    request: Callable[..., Message]
    answer: type[Any]
    at_home: bool = False
    often: int = 1


def _about(request: type[Any]) -> Callable[[Person, str], Message]:
    return lambda other, _: request(account_id=str(other.account))


def _profile(_: Person, text: str) -> Message:
    mask = FieldMask(paths=["about"])
    return accounts_pb2.UpdateProfileRequest(update_mask=mask, about=text)


GRAPH: Final = "agora.graph.v1.GraphCommands"
ACCOUNTS: Final = "agora.accounts.v1.AccountCommands"
KINDS: Final[Mapping[str, Kind]] = {
    "Follow": Kind(GRAPH, _about(graph_pb2.FollowRequest), graph_pb2.Followed, often=4),
    "Unfollow": Kind(GRAPH, _about(graph_pb2.UnfollowRequest), graph_pb2.Changed, often=3),
    "CancelRequest": Kind(GRAPH, _about(graph_pb2.CancelRequestRequest), graph_pb2.Changed),
    "RemoveFollower": Kind(
        GRAPH, _about(graph_pb2.RemoveFollowerRequest), graph_pb2.Changed, at_home=True
    ),
    "Mute": Kind(GRAPH, _about(graph_pb2.MuteRequest), graph_pb2.Changed, at_home=True),
    "Unmute": Kind(GRAPH, _about(graph_pb2.UnmuteRequest), graph_pb2.Changed, at_home=True),
    "UpdateProfile": Kind(ACCOUNTS, _profile, accounts_pb2.ProfileUpdated, at_home=True),
}
TWICE: Final = ("Follow", "Unfollow", "Mute", "Unmute", "UpdateProfile")
"""What may be sent twice at once: never refused, so both must be told the same."""


class Load:
    """Clients at work inside the block; leaving it waits until every outcome is known."""

    def __init__(
        self,
        fleet: Fleet,
        seed: int,
        clients: int = 8,
        pause_s: float = 0.02,
        copies: int = 2,
        kinds: Sequence[str] = tuple(KINDS),
        call_s: float = CALL_S,
    ) -> None:
        """`copies` is how many times at once a tenth of the requests is sent.

        After `call_s` without an answer a request is sent again.
        """
        self.history = History()
        self._fleet = fleet
        self._dice = random.Random(seed)
        self._clients = clients
        self._pause_s = pause_s
        self._copies = copies
        self._call_s = call_s
        self._names = [name for name in kinds for _ in range(KINDS[name].often)]
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._channels: dict[str, Channel] = {}
        self._open = [instance.name for instance in fleet.instances]
        id_key = load_key("crypto.id_key_file", fleet.settings.crypto.id_key_file)
        self._positions = Positions(Seals(id_key))

    async def __aenter__(self) -> Self:
        self._channels = {each.name: self._fleet.channel(each) for each in self._fleet.instances}
        self._tasks = [asyncio.create_task(self._client()) for _ in range(self._clients)]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        if error is not None:
            for task in self._tasks:
                task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()
        faults = [each for each in ended if isinstance(each, Exception)]
        if faults and error is None:
            raise faults[0]

    def avoid(self, instance: Instance) -> None:
        """Sends nothing more to the instance, as a balancer does with one that is gone."""
        self._open.remove(instance.name)

    async def flows(self) -> None:
        """Until every partition of people has taken something that was sent from now on.

        Raises TimeoutError, and what a client stumbled over.
        """
        began, seen = time.monotonic(), len(self.history.answers)
        wanted = {f"people-{number}" for number in range(self._partitions)}
        async with asyncio.timeout(HEALTHY_S):
            while True:
                for task in self._tasks:
                    if task.done():
                        task.result()
                news = self.history.answers[seen:]
                served = {each.partition for each in news if each.first_sent_at >= began}
                if wanted <= served:
                    return
                await asyncio.sleep(0.01)

    @property
    def _partitions(self) -> int:
        return self._fleet.settings.log.people_partitions

    async def _client(self) -> None:
        while not self._stopping:
            name = self._dice.choice(self._names)
            actor, other = self._dice.sample(self._fleet.people, 2)
            await self._ask(name, actor, other)
            await asyncio.sleep(self._dice.expovariate(1 / self._pause_s))

    async def _ask(self, name: str, actor: Person, other: Person) -> None:
        """Sends one request until its outcome is known; raises TimeoutError."""
        kind = KINDS[name]
        shard, stranger = (actor, other) if kind.at_home else (other, actor)
        request = new_uuid7(datetime.now(UTC))
        asked = Asked(name, request, actor.account, shard.account, stranger.account)
        partition = f"people-{zlib.crc32(str(shard.account).encode()) % self._partitions}"
        since, sent_at = self.history.durable.get(partition, -1), time.monotonic()
        message = kind.request(other, str(request))
        times = self._copies if name in TWICE and self._dice.random() < 0.1 else 1
        async with asyncio.timeout(HEALTHY_S):
            while times:
                tries = (self._try(kind, asked, message, actor.token) for _ in range(times))
                for offset, reason in await asyncio.gather(*tries):
                    if offset < 0 and not reason:
                        continue
                    now = time.monotonic()
                    answer = Answer(asked, partition, since, sent_at, now, offset, reason)
                    self.history.add(answer)
                    times = 0
                if times:
                    await asyncio.sleep(AGAIN_S)

    async def _try(self, kind: Kind, asked: Asked, message: Message, token: str) -> tuple[int, str]:
        """Where the command stands, or why it was refused; neither if that is not known."""
        metadata = {AUTHORIZATION: f"Bearer {token}", IDEMPOTENCY_KEY: str(asked.request)}
        channel = self._channels[self._dice.choice(self._open)]
        path = f"/{kind.service}/{asked.rpc}"
        try:
            answer = await channel.call(path, message, kind.answer, metadata, self._call_s)
        except Unavailable as unavailable:
            self.history.unavailable[unavailable.reason] += 1
            return -1, ""
        except Refusal as refusal:
            return -1, refusal.reason
        [offset] = self._positions.open(answer.receipt.position).values()
        return offset, ""
