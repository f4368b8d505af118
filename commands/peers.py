"""The other command processes: which of them are alive, and how to reach them.

Liveness has its own pings, apart from command time-outs, so that a slow command never costs an
owner its partitions, and a stopped process is noticed within `silence_s`. Time in which this
process itself stood still (starved, suspended, or busy starting) says nothing about others.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from commands import wire
from commands.submission import Handled, Submission
from events.tenure import Tenure
from infra.rpc.client import Channel, PeerRefused
from schemas.gen import internal_pb2
from schemas.refusals import Refusal, Unavailable

log = logging.getLogger(__name__)

FORWARD = "/agora.internal.v1.Partitions/Forward"
PING = "/agora.internal.v1.Partitions/Ping"


class Peers(Protocol):
    """The way to other instances; the simulator has its own."""

    async def forward(self, tenure: Tenure, submission: Submission, timeout_s: float) -> Handled:
        """The owner's answer. Raises its Refusal, or `Unavailable`."""
        ...

    def silent(self, tenure: Tenure) -> bool:
        """Whether the owner of the tenure has gone: refused, replaced, or silent too long.

        One without an endpoint is a program that takes no commands, such as `agora generate`.
        """
        ...


class Heartbeat(Struct, frozen=True):
    """How often owners are pinged, and after how much silence they count as gone (seconds)."""

    interval_s: float = 0.1
    silence_s: float = 0.4


class _Peer:
    """One endpoint, and when the owner expected there last answered."""

    def __init__(self, channel: Channel, now: float) -> None:
        self.channel = channel
        self.heard_at = now
        self.owner = ""
        self.refused = False


class GrpcPeers:
    """Peers over gRPC. `watched` tells which tenures matter, asked anew for every round."""

    def __init__(
        self,
        connect: Callable[[str], Channel],
        heartbeat: Heartbeat,
        watched: Callable[[], Iterable[Tenure]],
    ) -> None:
        self._connect = connect
        self._heartbeat = heartbeat
        self._watched = watched
        self._peers: dict[str, _Peer] = {}
        self._rounds: set[asyncio.Task[None]] = set()
        self._round_due: float | None = None

    async def forward(self, tenure: Tenure, submission: Submission, timeout_s: float) -> Handled:
        """The owner's answer. Raises its Refusal, or `Unavailable`."""
        peer = self._peer(tenure.endpoint)
        request = internal_pb2.ForwardRequest(submission=wire.encode(submission), final=True)
        try:
            answer = await peer.channel.call(
                FORWARD, request, internal_pb2.ForwardAnswer, {}, timeout_s
            )
        except PeerRefused:
            peer.refused = True
            raise
        except Unavailable as refusal:
            if refusal.reason == "PEER_UNREACHABLE":
                # A connection that broke is the first sign of an owner that died.
                self._spawn_ping(peer)
            raise
        return wire.decode_handled(answer.handled)

    def silent(self, tenure: Tenure) -> bool:
        """Whether the owner of the tenure has gone: refused, replaced, or silent too long.

        One without an endpoint is a program that takes no commands, such as `agora generate`.
        """
        if not tenure.endpoint:
            return True
        peer = self._peer(tenure.endpoint)
        if peer.refused:
            return True
        if peer.owner and peer.owner != tenure.owner:
            return True
        now = asyncio.get_running_loop().time()
        return now - peer.heard_at > self._heartbeat.silence_s and not self._late(now)

    def _late(self, now: float) -> bool:
        """Whether the next round of pings is overdue, and so this process did not listen."""
        overdue_s = self._heartbeat.silence_s / 2
        return self._round_due is None or now - self._round_due > overdue_s

    async def run(self) -> None:
        """Pings the watched owners for ever; cancel it to stop."""
        loop = asyncio.get_running_loop()
        while True:
            self._round_due = loop.time() + self._heartbeat.interval_s
            await asyncio.sleep(self._heartbeat.interval_s)
            if self._late(loop.time()):
                for peer in self._peers.values():
                    peer.heard_at = max(peer.heard_at, loop.time() - self._heartbeat.interval_s)
            endpoints = {one.endpoint: one for one in self._watched() if one.endpoint}
            for endpoint in endpoints:
                self._spawn_ping(self._peer(endpoint))
            await self._forget(endpoints)

    def _spawn_ping(self, peer: _Peer) -> None:
        task = asyncio.create_task(self._ping(peer))
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)

    async def _ping(self, peer: _Peer) -> None:
        asked_at = asyncio.get_running_loop().time()
        try:
            answer = await peer.channel.call(
                PING,
                internal_pb2.PingRequest(),
                internal_pb2.PingAnswer,
                {},
                self._heartbeat.silence_s,
            )
        except PeerRefused:
            peer.refused = True
        except Unavailable:
            return
        except Refusal as refusal:
            log.warning("A ping was refused: %s", refusal)
        else:
            peer.refused = False
            peer.owner = answer.owner
            peer.heard_at = max(peer.heard_at, asked_at)

    def _peer(self, endpoint: str) -> _Peer:
        if endpoint not in self._peers:
            now = asyncio.get_running_loop().time()
            self._peers[endpoint] = _Peer(self._connect(endpoint), now)
        return self._peers[endpoint]

    async def _forget(self, watched: Mapping[str, Tenure]) -> None:
        """Closes the ways to endpoints that no longer own anything."""
        for endpoint in [known for known in self._peers if known not in watched]:
            await self._peers.pop(endpoint).channel.close()

    async def close(self) -> None:
        """Closes every way."""
        await self._forget({})
