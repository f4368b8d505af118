"""One seeded schedule: rivals, pauses, crashes and bad weather; then calm; then the checks."""

import asyncio
import random
from uuid import UUID

from tests.simulation.checks import Broken, Truth, check_history, check_takeover
from tests.simulation.cluster import PEOPLE_IDS, START, Cluster, Mute, Unmute
from tests.simulation.loop import SimulatedLoop
from tests.simulation.world import Network, Weather

CLIENTS = 3
REQUESTS = 6
CALM_TRIES = 12


def run(seed: int) -> Cluster:
    """Plays the schedule of `seed` and checks it; raises `Broken`, or what went wrong."""
    dice = random.Random(seed)
    loop = SimulatedLoop()  # type: ignore[abstract]
    weather = Weather(*(chance * dice.choice((0.0, 1.0, 3.0)) for chance in (0.05, 0.02, 0.05)))
    cluster = Cluster(loop, dice, Network(loop, dice, weather))
    loop.run(_play(cluster, weather))
    if loop.unhandled:
        raise Broken("An exception went unhandled.") from loop.unhandled[0]["exception"]
    return cluster


async def _play(cluster: Cluster, weather: Weather) -> None:
    for _ in range(3):
        cluster.start()
    trouble = asyncio.ensure_future(_trouble(cluster))
    await asyncio.gather(*(_client(cluster) for _ in range(CLIENTS)))
    trouble.cancel()
    await asyncio.gather(trouble, return_exceptions=True)
    weather.calm()
    for node in cluster.nodes:
        cluster.loop.continue_process(node.name)
    await asyncio.sleep(2.0)
    await _must_serve(cluster)
    for node in list(cluster.nodes):
        cluster.kill(node)
    await asyncio.sleep(2.0)
    truth = Truth(cluster)
    check_history(cluster, truth)
    await check_takeover(cluster, truth)


async def _client(cluster: Cluster) -> None:
    """Sends requests one after another; repeats those whose outcome it does not know."""
    dice = cluster.dice
    for _ in range(REQUESTS):
        other = dice.choice(PEOPLE_IDS[: dice.choice((1, 4))])
        command = dice.choice((Mute, Unmute))(other=other)
        request = _request_id(cluster)
        for _ in range(4):
            call = await cluster.call(request, command)
            if call.outcome != "unknown" and dice.random() < 0.9:
                break
            await asyncio.sleep(dice.uniform(0, 0.05))


async def _trouble(cluster: Cluster) -> None:
    """Rival claims, pauses and crashes, until cancelled."""
    dice = cluster.dice
    pause_s = dice.choice((0.1, 0.3, 1.0))
    while True:
        await asyncio.sleep(dice.expovariate(1 / pause_s))
        node = dice.choice(cluster.nodes)
        match dice.choice(("want", "want", "pause", "kill", "release", "nothing")):
            case "want":
                node.writer.want()
            case "release":
                node.writer.release()
            case "kill":
                cluster.kill(node)
                cluster.start()
            case "pause":
                cluster.loop.stop_process(node.name)
                wake = lambda name=node.name: cluster.loop.continue_process(name)  # noqa: E731
                cluster.loop.later(dice.uniform(0.01, 1.5), wake)


async def _must_serve(cluster: Cluster) -> None:
    """In calm weather a request is answered."""
    request = _request_id(cluster)
    for _ in range(CALM_TRIES):
        call = await cluster.call(request, Unmute(other=PEOPLE_IDS[0]))
        if call.outcome != "unknown":
            return
    halted = [node.writer.halted for node in cluster.nodes if node.writer.halted]
    raise Broken(f"Nobody serves in calm weather. {' '.join(halted)}")


def _request_id(cluster: Cluster) -> UUID:
    """A UUIDv7 of the simulated time (RFC 9562)."""
    drawn_ms = int((START.timestamp() + cluster.loop.now) * 1000)
    number = (drawn_ms << 80) | (7 << 76) | cluster.dice.getrandbits(12) << 64
    return UUID(int=number | (2 << 62) | cluster.dice.getrandbits(62))
