"""Processes that want the same partition, and clients who send them commands.

The command is a register on one pair of people, so that every answer can be checked against the
log: muting who is muted is refused, and lifting a mute that is not set is nothing to do.
"""

import asyncio
import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from commands.router import Patience, Router
from commands.submission import Command, Handled, Route, Submission
from commands.tenures import Place, Tenures
from commands.writer.partition import Identity, PartitionWriter, Tools
from commands.writer.saving import Pace
from events.codec import Blind
from events.event import Event
from events.graph import MuteLifted, MuteSet, Tie, tie_stream
from events.tenure import Tenure
from events.topics import PEOPLE, Partition
from schemas.refusals import Conflict, Refusal, Unavailable
from tests.simulation.loop import SimulatedLoop
from tests.simulation.world import Network, SimulatedCheckpoints, SimulatedLog

PARTITION = Partition("people", 0)
START = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE_IDS = [UUID(int=number + 1) for number in range(4)]
ANA = UUID(int=1000)
ANSWER_WAIT_S = 1.5
WRONGLY_SILENT = 0.01


class Mute(Command, frozen=True, kw_only=True, tag="simulation.mute"):
    """Refused when muted already."""

    other: UUID


class Unmute(Command, frozen=True, kw_only=True, tag="simulation.unmute"):
    """Nothing to do when not muted."""

    other: UUID


def decide(states: Sequence[Tie], command: Mute | Unmute, at: datetime) -> list[Event]:
    """The register's rules."""
    [tie] = states
    if isinstance(command, Mute):
        if tie.mutes:
            raise Conflict("ALREADY_MUTED", "They are muted already.")
        return [MuteSet(muter_id=ANA, muted_id=command.other)]
    return [MuteLifted(muter_id=ANA, muted_id=command.other)] if tie.mutes else []


ROUTE = Route(
    topic=PEOPLE,
    commands=(Mute, Unmute),
    shard=lambda command: str(ANA),
    streams=lambda command: (tie_stream(ANA, command.other),),
    decide=decide,
)


class Call(Struct):
    """One try of one request, from the client's side. Times are simulated seconds.

    `outcome` is `ok`, `refused`, `nothing`, or `unknown`, which covers every Unavailable.
    """

    request: UUID
    command: Mute | Unmute
    began: float
    ended: float = -1.0
    outcome: str = "unknown"
    handled: Handled | None = None


class Node:
    """One process: a tail, a writer, and what clients call."""

    def __init__(self, name: str, cluster: "Cluster") -> None:
        self.name = name
        self.alive = True
        loop, dice = cluster.loop, cluster.dice
        tools = Tools(
            identity=Identity(name, name),
            log=cluster.log,
            checkpoints=cluster.checkpoints,
            cipher=Blind(),
            digest=lambda body: hashlib.blake2b(body, digest_size=16).digest(),
            routes={Mute: ROUTE, Unmute: ROUTE},
            clock=lambda: START + timedelta(seconds=loop.now + cluster.skews[name]),
            draw=lambda: UUID(int=dice.getrandbits(128), version=4),
            dice=dice,
            pace=Pace(interval_s=dice.choice((0.1, 1.0)), heads=3, keep_heads=1),
        )
        self.tenures = Tenures(cluster.log)
        self.writer = PartitionWriter(PARTITION, tools, self.tenures)
        self.router = Router(
            {PARTITION: self.writer},
            self.tenures,
            SimulatedPeers(cluster),
            NoKeys(),
            tools.routes,
            {PARTITION.topic: 1},
            name,
            Patience(total_s=ANSWER_WAIT_S, forward_s=0.5, news_s=0.1),
        )
        self._cluster = cluster

    async def main(self) -> None:
        """The life of the process."""
        while True:
            try:
                saved = await self._cluster.checkpoints.peek(PARTITION)
                break
            except Unavailable:
                continue
        self.tenures.start({PARTITION: Place(saved.offset, saved.tenure)})
        await asyncio.gather(self.tenures.run(), self.writer.run())


class NoKeys:
    """Nothing in these events is personal."""

    async def ensure(self, persons: Sequence[UUID]) -> None:
        """Nothing to do."""


class SimulatedPeers:
    """The way to other processes, and a liveness check that is now and then wrong."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster

    async def forward(self, tenure: Tenure, submission: Submission, timeout_s: float) -> Handled:
        """As the port says."""
        node = self._node(tenure)
        if node is None:
            raise Unavailable("PEER_REFUSED", "Nobody listens there.")
        try:
            return await self._cluster.ask(node, submission, timeout_s, final=True)
        except TimeoutError:
            raise Unavailable("PEER_UNREACHABLE", "No answer.") from None

    def silent(self, tenure: Tenure) -> bool:
        """As the port says; wrong in one case of a hundred."""
        node = self._node(tenure)
        if node is None or self._cluster.dice.random() < WRONGLY_SILENT:
            return True
        return self._cluster.loop.is_stopped(node.name)

    def _node(self, tenure: Tenure) -> Node | None:
        return next((node for node in self._cluster.nodes if node.name == tenure.owner), None)


class Cluster:
    """Three processes, one log, one checkpoint store."""

    def __init__(self, loop: SimulatedLoop, dice: random.Random, network: Network) -> None:
        self.loop = loop
        self.dice = dice
        self.network = network
        self.log = SimulatedLog(network)
        self.checkpoints = SimulatedCheckpoints(network)
        self.skews: dict[str, float] = {}
        self.nodes: list[Node] = []
        self.calls: list[Call] = []
        self._born = 0

    def start(self) -> Node:
        """A new process; its clock is up to 50 ms off."""
        self._born += 1
        name = f"node{self._born}"
        self.skews[name] = self.dice.uniform(-0.05, 0.05)
        node = Node(name, self)
        self.nodes.append(node)
        self.loop.spawn(name, node.main())
        return node

    def kill(self, node: Node) -> None:
        """Kill -9."""
        node.alive = False
        self.nodes.remove(node)
        self.loop.kill_process(node.name)

    async def call(self, request: UUID, command: Mute | Unmute) -> Call:
        """Sends one request to some process, over the network; waits a while for the answer."""
        call = Call(request, command, self.loop.now)
        self.calls.append(call)
        submission = Submission(command=command, rpc="simulation", actor=ANA, request=request)
        try:
            handled = await self.ask(self.dice.choice(self.nodes), submission, ANSWER_WAIT_S)
        except (Unavailable, TimeoutError):
            call.outcome = "unknown"
        except Refusal:
            call.outcome = "refused"
        else:
            call.handled = handled
            call.outcome = "ok" if handled.events else "nothing"
        call.ended = self.loop.now
        return call

    async def ask(
        self, node: Node, submission: Submission, timeout_s: float, *, final: bool = False
    ) -> Handled:
        """Sends a submission to a process; raises its Refusal, or TimeoutError."""
        answer: asyncio.Future[Handled] = self.loop.create_future()

        def arrive() -> None:
            if node.alive:
                self.loop.spawn(node.name, _serve(node, submission, answer, final))

        self.loop.later(self.network.delay_s(), arrive)
        async with asyncio.timeout(timeout_s):
            return await answer


async def _serve(
    node: Node, submission: Submission, answer: "asyncio.Future[Handled]", final: bool
) -> None:
    """In the process: takes the submission and lets the answer travel back."""
    try:
        handled = await node.router.submit(submission, final=final)
    except Refusal as refusal:
        if not answer.done():
            answer.set_exception(refusal)
            answer.exception()
    else:
        if not answer.done():
            answer.set_result(handled)
