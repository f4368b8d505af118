"""One seeded schedule: rivals, stalls, crashes and bad weather; then calm; then the checks."""

import asyncio
import random
from uuid import UUID

from tests.simulation.checks import Broken, check_halts, check_history, check_takeover
from tests.simulation.cluster import PROCESSES, Call, Cluster
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import drawn_weather
from tests.simulation.register import OTHERS, Mute, Order, Swap, Unmute
from tests.simulation.trouble import Trouble, drawn_mood
from tests.simulation.truth import Truth

CLIENTS = 3
ROUNDS = 3
BURST_MAX = 3
TRIES = 3
SERVED_WITHIN_S = 4.0
LATE_PACKETS_S = 2.0


def run(seed: int) -> Cluster:
    """Plays the schedule of `seed` and checks it; raises `Broken`, or what went wrong."""
    dice = random.Random(seed)
    cluster = Cluster(SimulatedLoop(), dice, drawn_weather(dice))  # type: ignore[abstract]
    play(cluster)
    return cluster


def play(cluster: Cluster) -> None:
    """As `run`, on a cluster at hand, so that its story can be told after a failure."""
    cluster.loop.run(_play(cluster))
    if cluster.loop.unhandled:
        raise Broken("An exception went unhandled.") from cluster.loop.unhandled[0]


async def _play(cluster: Cluster) -> None:
    for _ in range(PROCESSES):
        cluster.start()
    trouble = Trouble(cluster, drawn_mood(cluster.dice))
    troubling = asyncio.ensure_future(trouble.run())
    await asyncio.gather(*(_client(cluster) for _ in range(CLIENTS)))
    troubling.cancel()
    trouble.end()
    check_halts(cluster)
    await _must_recover(cluster)
    for node in list(cluster.nodes):
        cluster.kill(node)
    await asyncio.sleep(LATE_PACKETS_S)
    check_halts(cluster)
    truth = Truth(cluster)
    check_history(cluster, truth)
    await check_takeover(cluster, truth)


async def _client(cluster: Cluster) -> None:
    """Sends requests, now and then several at once, until it knows what became of them."""
    others = OTHERS[: cluster.dice.choice((1, 3, 6))]
    for _ in range(ROUNDS):
        burst = cluster.dice.choice((1, 1, BURST_MAX))
        await asyncio.gather(*(_request(cluster, others) for _ in range(burst)))


async def _request(cluster: Cluster, others: tuple[UUID, ...]) -> None:
    dice = cluster.dice
    command = _drawn(dice, others)
    key = UUID(int=dice.getrandbits(128), version=4)
    if dice.random() < 0.2:
        await cluster.call(key, command, None, dice.choice(cluster.nodes))
        return
    request = cluster.new_request()
    for _ in range(TRIES):
        call = await _tried(cluster, key, command, request)
        if call.outcome != "unknown" and dice.random() < 0.8:
            return
        await asyncio.sleep(dice.uniform(0, 0.05))


async def _tried(cluster: Cluster, key: UUID, command: Order, request: UUID) -> Call:
    """One try; an impatient client has the same request under way twice."""
    copies = cluster.dice.choice((1, 1, 1, 2))
    tries = (
        cluster.call(key, command, request, cluster.dice.choice(cluster.nodes))
        for _ in range(copies)
    )
    return (await asyncio.gather(*tries))[0]


def _drawn(dice: random.Random, others: tuple[UUID, ...]) -> Order:
    if len(others) > 1 and dice.random() < 0.2:
        muted, lifted = dice.sample(others, 2)
        return Swap(muted=muted, lifted=lifted)
    return dice.choice((Mute, Unmute))(other=dice.choice(others))


async def _must_recover(cluster: Cluster) -> None:
    """In calm weather requests are answered, also after each process was killed in turn."""
    await _must_serve(cluster)
    for node in list(cluster.nodes):
        cluster.kill(node)
        cluster.start()
        await _must_serve(cluster)


async def _must_serve(cluster: Cluster) -> None:
    began = cluster.loop.now
    key, request = UUID(int=cluster.dice.getrandbits(128), version=4), cluster.new_request()
    while cluster.loop.now - began < SERVED_WITHIN_S:
        node = cluster.dice.choice(cluster.nodes)
        call = await cluster.call(key, Unmute(other=OTHERS[0]), request, node)
        if call.outcome != "unknown":
            return
    check_halts(cluster)
    raise Broken(f"Nobody serves after {SERVED_WITHIN_S} s of calm weather.")
