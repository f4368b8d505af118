"""Processes that want the same partition, and clients who send them commands."""

import asyncio
import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from commands.instance import Instance
from commands.router import Patience, Router
from commands.steward import Rhythm, Steward
from commands.submission import Handled, Submission
from commands.tenures import Place, Tenures
from commands.writer.partition import PartitionWriter
from commands.writer.saving import Pace
from commands.writer.tools import Identity, Tools
from events.codec import Blind
from events.tenure import Tenure
from events.topics import Partition
from infra.crypto.uuid7 import uuid7
from schemas.refusals import Refusal, Unavailable
from tests.simulation.loop import PROCESS, SimulatedLoop
from tests.simulation.network import Link, Network, Weather
from tests.simulation.register import ANA, PARTITION, ROUTES, START, Order
from tests.simulation.world import SimulatedCheckpoints, SimulatedLog

ELSEWHERE = Partition("people", 1)
ANSWER_WAIT_S = 1.5
SILENCE_S = 0.4
WRONGLY_SILENT = 0.005
PROCESSES = 3


class Call(Struct):
    """One try of one request, from the client's side. Times are simulated seconds.

    `key` is the same for every try, whether or not the client gave a request id. `outcome` is
    `ok`, `refused`, `nothing`, or `unknown`, which covers every Unavailable.
    """

    key: UUID
    command: Order
    began: float
    ended: float = -1.0
    outcome: str = "unknown"
    reason: str = ""
    handled: Handled | None = None


class Node:
    """One process: a tail, a writer, a steward, and what clients call."""

    def __init__(self, name: str, cluster: "Cluster", skew_s: float) -> None:
        self.name = name
        self.alive = True
        loop, dice = cluster.loop, cluster.dice
        clock = lambda: START + timedelta(seconds=loop.now + skew_s)  # noqa: E731
        self.pace = Pace(dice.choice((0.04, 0.2, 1.0)), heads=3, keep_heads=dice.choice((0, 1, 4)))
        tools = Tools(
            identity=Identity(name, name),
            log=cluster.log,
            checkpoints=cluster.checkpoints,
            cipher=Blind(),
            digest=lambda body: hashlib.blake2b(body, digest_size=16).digest(),
            clock=clock,
            draw=lambda: UUID(int=dice.getrandbits(128), version=4),
            dice=dice,
            pace=self.pace,
            batch_bytes=dice.choice((1, 600, 1 << 20)),
        )
        self.tenures = Tenures(cluster.log)
        self.writer = PartitionWriter(PARTITION, tools, self.tenures)
        writers = {PARTITION: self.writer}
        instance = Instance(name, writers, self.tenures, SimulatedPeers(cluster))
        rhythm = Rhythm(0.2, unadvised_s=0.4, passed_on_s=0.1, hand_over_s=dice.choice((0.3, 2.0)))
        self.steward = Steward(instance, rhythm)
        self.router = Router(
            instance,
            self.steward,
            NoKeys(),
            ROUTES,
            {PARTITION.topic: 1},
            Patience(total_s=ANSWER_WAIT_S, forward_s=0.5, news_s=0.2),
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
        await asyncio.gather(self.tenures.run(), self.writer.run(), self.steward.run())


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
        node = self._cluster.named(tenure.owner)
        if node is None:
            raise Unavailable("PEER_REFUSED", "Nobody listens there.")
        try:
            return await self._cluster.ask(node, submission, timeout_s, final=True)
        except TimeoutError:
            raise Unavailable("PEER_UNREACHABLE", "No answer.") from None

    def silent(self, tenure: Tenure) -> bool:
        """As the port says: gone, or out of reach for as long as pings may be missed."""
        cluster = self._cluster
        if cluster.named(tenure.owner) is None or cluster.dice.random() < cluster.wrongly_silent:
            return True
        unreached_s = max(
            cluster.loop.stopped_s(tenure.owner),
            cluster.network.cut_s(tenure.owner, Link.PEERS),
            cluster.network.cut_s(PROCESS.get(), Link.PEERS),
        )
        return unreached_s > SILENCE_S


class Cluster:
    """Three processes, one log, one checkpoint store.

    `story` is what happened in order, kept cheaply; `tests.simulation.story` tells it.
    """

    def __init__(
        self, loop: SimulatedLoop, dice: random.Random, weather: Mapping[Link, Weather]
    ) -> None:
        self.loop = loop
        self.dice = dice
        self.network = Network(loop, dice, weather)
        self.story: list[tuple[float, str, tuple[object, ...]]] = []
        self.log = SimulatedLog(self.network, self.note)
        self.checkpoints = SimulatedCheckpoints(self.network, self.note)
        self.nodes: list[Node] = []
        self.born: list[Node] = []
        self.calls: list[Call] = []
        self.skew_s = dice.choice((0.02, 0.02, 0.5, 60.0))
        self.wrongly_silent = WRONGLY_SILENT

    def note(self, what: str, *about: object) -> None:
        """A line of the story, at this moment."""
        self.story.append((self.loop.now, what, about))

    def named(self, name: str) -> Node | None:
        """The living process of that name."""
        return next((node for node in self.nodes if node.name == name), None)

    def start(self) -> Node:
        """A new process; its clock is off by up to the schedule's skew."""
        name = f"node{len(self.born) + 1}"
        node = Node(name, self, self.dice.uniform(-self.skew_s, self.skew_s))
        self.nodes.append(node)
        self.born.append(node)
        self.note("start", name, node.pace)
        self.loop.spawn(name, node.main())
        return node

    def kill(self, node: Node) -> None:
        """Kill -9."""
        self.note("kill", node.name)
        node.alive = False
        self.nodes.remove(node)
        self.loop.kill_process(node.name)

    def new_request(self) -> UUID:
        """A request id of this moment."""
        drawn_ms = int((START.timestamp() + self.loop.now) * 1000)
        return uuid7(drawn_ms, self.dice.randbytes(10))

    async def call(self, key: UUID, command: Order, request: UUID | None, node: Node) -> Call:
        """Sends one request to a process, over the network; waits a while for the answer."""
        call = Call(key, command, self.loop.now)
        self.calls.append(call)
        self.note("call", call, node.name)
        submission = Submission(
            command=command, rpc="simulation", actor=ANA, request=request, correlation=key
        )
        try:
            handled = await self.ask(node, submission, ANSWER_WAIT_S)
        except TimeoutError:
            call.reason = "TIMEOUT"
        except Refusal as refusal:
            call.outcome = "unknown" if isinstance(refusal, Unavailable) else "refused"
            call.reason = refusal.reason
        else:
            call.handled = handled
            call.outcome = "ok" if handled.events else "nothing"
        call.ended = self.loop.now
        self.note("answer", call)
        return call

    async def ask(
        self, node: Node, submission: Submission, timeout_s: float, *, final: bool = False
    ) -> Handled:
        """Sends a submission to a process; raises its Refusal, or TimeoutError."""
        answer: asyncio.Future[Handled] = self.loop.create_future()
        asking = PROCESS.get()

        def arrive() -> None:
            if node.alive and not self.network.is_cut(node.name, Link.PEERS):
                self.loop.spawn(node.name, self._serve(asking, node, submission, answer, final))

        lost = self.dice.random() < self.network.weather[Link.PEERS].lost
        if not lost and not self.network.is_cut(asking, Link.PEERS):
            self.loop.later(self.network.delay_s(Link.PEERS), arrive)
        async with asyncio.timeout(timeout_s):
            return await answer

    async def _serve(
        self,
        asking: str,
        node: Node,
        submission: Submission,
        answer: "asyncio.Future[Handled]",
        final: bool,
    ) -> None:
        """In the process: takes the submission and lets the answer travel back."""
        try:
            handled = await node.router.submit(submission, final=final)
        except Refusal as error:
            refusal = error
            self.network.reply(asking, Link.PEERS, lambda: _refuse(answer, refusal), answer)
        except Exception as bug:
            self.loop.unhandled.append(bug)
        else:
            self.network.reply(asking, Link.PEERS, lambda: answer.set_result(handled), answer)


def _refuse(answer: "asyncio.Future[Handled]", refusal: Refusal) -> None:
    answer.set_exception(refusal)
    answer.exception()
