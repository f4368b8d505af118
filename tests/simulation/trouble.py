"""What goes wrong during a schedule: at random moments, and right where it hurts.

The second kind strikes at the moment when an append has become durable and its answer has not
left yet: then the sender dies, stalls or is cut off, or a rival claims.
"""

import asyncio
import random
from collections.abc import Sequence

from msgspec import Struct

from events.topics import Partition
from tests.simulation.cluster import ELSEWHERE, Cluster, Node
from tests.simulation.network import Link
from tests.simulation.register import PARTITION
from tests.simulation.world import ANSWER_TIMEOUT_S, Landing

STALLS_S = (0.05, 0.5, 2.0)
CUTS_S = (0.05, 0.3, 1.5)


class Mood(Struct, frozen=True):
    """How troubled a schedule is: seconds between troubles, and the chance of a strike."""

    pause_s: float
    strike: float


def drawn_mood(dice: random.Random) -> Mood:
    """From nearly quiet to hectic."""
    return Mood(dice.choice((0.2, 0.6, 1.5)), dice.choice((0.0, 0.05, 0.2)))


class Trouble:
    """Troubles a cluster until it is told to stop."""

    def __init__(self, cluster: Cluster, mood: Mood) -> None:
        self._cluster = cluster
        self._mood = mood
        self._dice = cluster.dice
        self._over = False

    async def run(self) -> None:
        """Trouble at random moments, until cancelled."""
        self._cluster.log.on_landing = self._strike_sender
        self._cluster.checkpoints.on_take = self._strike_taker
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
                self._fail_over,
            )
        )
        happening(node)

    def _strike_sender(self, landing: Landing) -> None:
        """Now and then something happens between an append and its answer."""
        sender = self._struck(landing.sender)
        if sender is not None:
            strikes = (
                self._kill,
                self._stall,
                self._stall_and_replace,
                self._hold_and_replace,
                self._cut,
                self._replace,
            )
            self._dice.choice(strikes)(sender)

    def _strike_taker(self, process: str) -> None:
        """Now and then a takeover is overtaken by another."""
        taker = self._struck(process)
        if taker is not None:
            self._dice.choice((self._kill, self._stall_and_replace, self._replace))(taker)

    def _struck(self, process: str) -> Node | None:
        if self._over or self._dice.random() >= self._mood.strike:
            return None
        return self._cluster.named(process)

    def _want(self, node: Node) -> None:
        """A process believes, rightly or not, that it should claim."""
        self._cluster.note("want", node.name)
        node.writer.want()

    def _release(self, node: Node) -> None:
        self._cluster.note("release", node.name)
        node.writer.release()

    def _fail_over(self, node: Node) -> None:
        """The store goes on from an older copy."""
        self._cluster.note("fail over", node.name)
        self._cluster.checkpoints.fall_back(self._dice)

    def _kill(self, node: Node) -> None:
        self._cluster.kill(node)
        self._cluster.start()

    def _stall(self, node: Node) -> None:
        """SIGSTOP for a while, often longer than pings may be missed."""
        cluster, stall_s = self._cluster, self._a_while(STALLS_S)
        cluster.note("stall", node.name, stall_s)
        cluster.loop.stop_process(node.name)
        cluster.loop.later(stall_s, lambda: cluster.loop.continue_process(node.name))

    def _stall_and_replace(self, node: Node) -> None:
        """A stalled process is replaced at once, and wakes as a zombie that is asked things."""
        self._stall(node)
        self._replace(node)

    def _hold_and_replace(self, node: Node) -> None:
        """A process that is replaced learns nothing from the log for a while, but works on."""
        hold_s = self._dice.uniform(0.05, ANSWER_TIMEOUT_S)
        self._cluster.note("hold", node.name, hold_s)
        self._cluster.network.hold(node.name, hold_s)
        self._replace(node)

    def _replace(self, node: Node) -> None:
        """All others claim."""
        for rival in self._cluster.nodes:
            if rival is not node:
                self._want(rival)

    def _a_while(self, longest_s: Sequence[float]) -> float:
        return self._dice.uniform(0.01, self._dice.choice(longest_s))

    def _cut(self, node: Node) -> None:
        """A process and something that it needs do not reach each other for a while."""
        cluster, link = self._cluster, self._dice.choice(tuple(Link))
        cut_s = self._a_while(CUTS_S)
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
