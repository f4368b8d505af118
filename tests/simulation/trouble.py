"""What goes wrong during a schedule: at random moments, and right where it hurts.

The second kind strikes at the moment when an append has become durable and its answer has not
left yet: then the sender dies, stalls or is cut off, or a rival claims.
"""

import asyncio
import random
from collections.abc import Callable

from msgspec import Struct

from events.topics import Partition
from tests.simulation.cluster import ELSEWHERE, Cluster, Node
from tests.simulation.network import Link
from tests.simulation.register import PARTITION
from tests.simulation.world import Landing

STALLS_S = (0.02, 2.0)
CUTS_S = (0.05, 1.5)


class Mood(Struct, frozen=True):
    """How troubled a schedule is: seconds between troubles, and the chance of a strike."""

    pause_s: float
    strike: float


def drawn_mood(dice: random.Random) -> Mood:
    """From nearly quiet to hectic."""
    return Mood(dice.choice((0.05, 0.2, 0.6)), dice.choice((0.0, 0.05, 0.25)))


class Trouble:
    """Troubles a cluster until it is told to stop."""

    def __init__(self, cluster: Cluster, mood: Mood) -> None:
        self._cluster = cluster
        self._mood = mood
        self._dice = cluster.dice
        self._over = False

    async def run(self) -> None:
        """Trouble at random moments, until cancelled."""
        self._cluster.log.on_landing = self._strike
        while True:
            await asyncio.sleep(self._dice.expovariate(1 / self._mood.pause_s))
            self._befall(self._dice.choice(self._cluster.nodes))

    def end(self) -> None:
        """No more of it, and what is stopped or cut goes on."""
        self._over = True
        self._cluster.network.calm()
        self._cluster.wrongly_silent = 0.0
        for node in self._cluster.nodes:
            self._cluster.loop.continue_process(node.name)

    def _befall(self, node: Node) -> None:
        happening = self._dice.choice(
            (
                self._want,
                self._want,
                self._stall,
                self._stall_and_replace,
                self._cut,
                self._kill,
                self._advise,
                self._release,
            )
        )
        happening(node)

    def _strike(self, landing: Landing) -> None:
        """Now and then something happens between an append and its answer."""
        sender = self._cluster.named(landing.sender)
        if self._over or sender is None or self._dice.random() >= self._mood.strike:
            return
        rivals = [node for node in self._cluster.nodes if node is not sender]
        strikes: tuple[Callable[[], None], ...] = (
            lambda: self._kill(sender),
            lambda: self._stall(sender),
            lambda: self._stall_and_replace(sender),
            lambda: self._cut(sender),
            lambda: self._want(self._dice.choice(rivals)),
        )
        self._dice.choice(strikes)()

    def _want(self, node: Node) -> None:
        """A process believes, rightly or not, that it should claim."""
        self._cluster.note("want", node.name)
        node.writer.want()

    def _release(self, node: Node) -> None:
        self._cluster.note("release", node.name)
        node.writer.release()

    def _kill(self, node: Node) -> None:
        self._cluster.kill(node)
        self._cluster.start()

    def _stall(self, node: Node) -> None:
        """SIGSTOP for a while, often longer than pings may be missed."""
        cluster, stall_s = self._cluster, self._dice.uniform(*STALLS_S)
        cluster.note("stall", node.name, stall_s)
        cluster.loop.stop_process(node.name)
        cluster.loop.later(stall_s, lambda: cluster.loop.continue_process(node.name))

    def _stall_and_replace(self, node: Node) -> None:
        """A stalled process is replaced at once, and wakes as a zombie that is asked things."""
        rivals = [other for other in self._cluster.nodes if other is not node]
        self._stall(node)
        for rival in rivals:
            self._want(rival)

    def _cut(self, node: Node) -> None:
        """A process and something that it needs do not reach each other for a while."""
        cluster, link = self._cluster, self._dice.choice(tuple(Link))
        cut_s = self._dice.uniform(*CUTS_S)
        cluster.note("cut", node.name, link, cut_s)
        cluster.network.cut(node.name, link)
        cluster.loop.later(cut_s, lambda: cluster.network.mend(node.name, link))

    def _advise(self, chosen: Node) -> None:
        """The consumer group moves the partition; each process hears of it when it hears of it."""
        cluster = self._cluster
        cluster.note("advise", chosen.name)
        for node in cluster.nodes:
            advice = frozenset({PARTITION if node is chosen else ELSEWHERE})
            cluster.loop.spawn(node.name, _advise_later(cluster, node, advice))


async def _advise_later(cluster: Cluster, node: Node, advice: frozenset[Partition]) -> None:
    await asyncio.sleep(cluster.dice.uniform(0.0, 0.3))
    node.steward.advise(advice)
