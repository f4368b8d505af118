"""How each kind of fault is done, and when what it did is over.

Each function strikes, holds, heals, and returns the moment (`time.monotonic`) from which everything
should be served again.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Final

import redis.asyncio

from infra.local.process import Process
from tests.faults import points
from tests.faults.armed import Armed
from tests.faults.brokers import controller
from tests.faults.future import arrive
from tests.faults.standby import connected, following
from tests.faults.whole import postgres_trouble
from tests.faults.whole.bursts import Bursts
from tests.faults.whole.schedule import Fault
from tests.faults.whole.stage import Stage
from tests.faults.whole.strangers import Strangers
from tests.relay import Way
from tests.stack import paused

PASSED_S: Final = 20.0
CHURN_S: Final = 2.0
HALTED_S: Final = 60.0
HOUR_S: Final = 3600.0


class NotPassed(Exception):
    """A point was not passed in time: nothing was done there just then."""


class Scene:
    """What a fault works on. `went_back_at` is when PostgreSQL lost what it had confirmed."""

    def __init__(
        self, stage: Stage, dice: random.Random, bursts: Bursts, strangers: Strangers
    ) -> None:
        self.stage = stage
        self.dice = dice
        self.bursts = bursts
        self.strangers = strangers
        self.went_back_at: float | None = None

    def one_of(self, side: str) -> Armed:
        """One process of a side, drawn."""
        sides: Mapping[str, list[Armed]] = {
            "commands": self.stage.commands,
            "workers": self.stage.workers,
            "queries": [self.stage.queries],
            "gateway": [self.stage.gateway],
        }
        return self.dice.choice(sides[side])

    def servers(self, where: str) -> Sequence[Process]:
        """The servers of that name: one but for brokers, of which it says which."""
        brokers = self.stage.brokers
        match where:
            case "kafka":
                return brokers
            case "one broker":
                return self.dice.sample(brokers, 1)
            case "two brokers":
                return self.dice.sample(brokers, 2)
            case "controller":
                return [controller(brokers)]
            case _:
                server: Process = getattr(self.stage, where)
                return [server]


async def kill(scene: Scene, fault: Fault) -> float:
    """Kill -9 at any moment; started again at once, as a supervisor does."""
    victim = scene.one_of(fault.where)
    victim.process.kill()
    killed_at = time.monotonic()
    victim.process.start()
    return killed_at


async def kill_at(scene: Scene, fault: Fault) -> float:
    """Kill -9 at a point; raises NotPassed."""
    side, point = fault.where.split()
    victim = scene.one_of(side)
    victim.arm(point)
    if side == "commands" and point in points.INHERITING:
        # Nobody inherits unless an owner dies.
        next(one for one in scene.stage.commands if one is not victim).process.kill()
    if side == "commands" and point in points.LEAVING:
        victim.process.signal(signal.SIGTERM)
    if side == "workers" and point in ("partitions-assigned", "lanes-resumed"):
        for other in scene.stage.workers:
            if other is not victim:
                other.process.kill()
    try:
        await victim.died(PASSED_S)
    except TimeoutError:
        raise NotPassed(f"{victim.name} did not pass {point}") from None
    finally:
        victim.disarm()
    return time.monotonic()


async def pause(scene: Scene, fault: Fault) -> float:
    """SIGSTOP for a while: it keeps its connections and answers nobody."""
    victims: Sequence[Process]
    match fault.where:
        case "owner":
            victims = [scene.one_of("commands").process]
        case "workers":
            victims = [scene.one_of("workers").process]
        case where:
            victims = scene.servers(where)
    with ExitStack() as stopped:
        for victim in victims:
            stopped.enter_context(paused(victim))
        await asyncio.sleep(fault.seconds)
    return time.monotonic()


async def restart(scene: Scene, fault: Fault) -> float:
    """A server, or several, is killed, away for a while, and started again."""
    servers = scene.servers(fault.where)
    for server in servers:
        server.kill()
    await asyncio.sleep(fault.seconds)
    for server in servers:
        server.start()
    for server in servers:
        await asyncio.to_thread(server.wait_ready)
    return time.monotonic()


async def flush(scene: Scene, fault: Fault) -> float:
    """Redis forgets everything."""
    client = redis.asyncio.Redis.from_url(scene.stage.settings.redis.url)
    try:
        await client.flushall()
    finally:
        await client.aclose()
    return time.monotonic()


async def redis_full(scene: Scene, fault: Fault) -> float:
    """Redis may take no more memory, and refuses whatever would need some."""
    client = redis.asyncio.Redis.from_url(scene.stage.settings.redis.url)
    try:
        await client.config_set("maxmemory", 1)
        await asyncio.sleep(fault.seconds)
    finally:
        await client.config_set("maxmemory", 0)
        await client.aclose()
    return time.monotonic()


async def postgres_full(scene: Scene, fault: Fault) -> float:
    """Nothing can be written for lack of room."""
    async with postgres_trouble.refusing(scene.stage, postgres_trouble.DISK_FULL, 1.0):
        await asyncio.sleep(fault.seconds)
    return time.monotonic()


async def not_serializable(scene: Scene, fault: Fault) -> float:
    """A third of all transactions that write are told to try again."""
    code = postgres_trouble.SERIALIZATION_FAILURE
    async with postgres_trouble.refusing(scene.stage, code, 0.3):
        await asyncio.sleep(fault.seconds)
    return time.monotonic()


async def postgres_read_only(scene: Scene, fault: Fault) -> float:
    """The server is a standby for a while, and promoted then."""
    async with postgres_trouble.read_only(scene.stage):
        await asyncio.sleep(fault.seconds)
    return time.monotonic()


async def fail_over(scene: Scene, fault: Fault) -> float:
    """A standby that has heard of nothing for a while takes over; raises NotPassed.

    What the primary confirmed meanwhile is gone.
    """
    stage = scene.stage
    async with following(stage.postgres, stage.settings.postgres.dsn) as standby:
        await standby.fall_behind()
        await asyncio.sleep(fault.seconds)
        heard, confirmed = await _consumed(stage, standby.dsn), await _consumed(stage)
        scene.went_back_at = time.monotonic()
        await standby.take_over()
    if heard == confirmed:
        raise NotPassed("the standby had heard of everything")
    return time.monotonic()


async def _consumed(stage: Stage, dsn: str = "") -> int:
    """How far the models are, together, in a server, by default the primary."""
    statement = f'select coalesce(sum("offset"), 0)::int from {stage.schema}.checkpoints'
    async with await connected(dsn or stage.settings.postgres.dsn) as connection:
        row = await (await connection.execute(statement.encode())).fetchone()
    assert row is not None
    return int(row[0])


async def churn(scene: Scene, fault: Fault) -> float:
    """A worker more, then one less, every two seconds."""
    until = time.monotonic() + fault.seconds
    while time.monotonic() < until:
        worker = scene.stage.add_worker()
        await asyncio.sleep(CHURN_S)
        scene.stage.remove_worker(worker)
    return time.monotonic()


async def rubbish(scene: Scene, fault: Fault) -> float:
    """What is no record stands in every partition."""
    await scene.strangers.rubbish()
    return time.monotonic()


async def deposed(scene: Scene, fault: Fault) -> float:
    """Damaged and unknown events of an epoch that is not in force, in every partition."""
    await scene.strangers.deposed()
    return time.monotonic()


async def hundredfold(scene: Scene, fault: Fault) -> float:
    """One request a hundred times at once; if need be while its owner is killed."""
    bursting = asyncio.create_task(scene.bursts.same())
    if fault.where:
        await asyncio.sleep(scene.dice.uniform(0.0, 0.05))
        scene.one_of("commands").process.kill()
    await bursting
    return time.monotonic()


async def two_bodies(scene: Scene, fault: Fault) -> float:
    """One request id for two different requests at once."""
    await scene.bursts.two_bodies()
    return time.monotonic()


async def unknown_type(scene: Scene, fault: Fault) -> float:
    """An event of a type that nobody knows: the models stand still, until a version knows it."""
    stage = scene.stage
    number = scene.dice.randrange(stage.settings.log.people_partitions)
    await scene.strangers.unknown(number)
    await _halted(stage, f"people-{number}")
    arrive(stage.folder)
    for armed in (*stage.commands, *stage.workers):
        armed.process.kill()
        armed.process.start()
    for armed in stage.commands:
        await armed.ready()
    return time.monotonic()


async def _halted(stage: Stage, partition: str) -> None:
    """Until every model that folds the partition says that it stands still."""
    query = (
        f"select count(*) from {stage.schema}.checkpoints "
        "where partition = %s and model not like 'reaction:%%' and halted = ''"
    )
    async with asyncio.timeout(HALTED_S), await stage.connect() as connection:
        while True:
            row = await (await connection.execute(query.encode(), (partition,))).fetchone()
            if row == (0,):
                return
            await asyncio.sleep(0.1)


async def cut(scene: Scene, fault: Fault) -> float:
    """Nothing passes between one process and a server, one way or both; nobody is told."""
    name, _, way = fault.where.partition(", ")
    scene.stage.cables.cut(name, Way(way))
    await asyncio.sleep(fault.seconds)
    scene.stage.cables.mend()
    return time.monotonic()


async def clock_off(scene: Scene, fault: Fault) -> float:
    """One command process goes on with a clock that is an hour off, and later with a right one."""
    victim = scene.one_of("commands")
    for off_s in ({"ahead": HOUR_S, "behind": -HOUR_S}[fault.where], 0.0):
        victim.set_clock(off_s)
        victim.process.kill()
        victim.process.start()
        await victim.ready()
        if off_s:
            await asyncio.sleep(fault.seconds)
    return time.monotonic()


KINDS: Final[Mapping[str, Callable[[Scene, Fault], Awaitable[float]]]] = {
    "kill": kill,
    "kill at": kill_at,
    "pause": pause,
    "restart": restart,
    "flush": flush,
    "redis full": redis_full,
    "postgres full": postgres_full,
    "postgres read only": postgres_read_only,
    "fail over": fail_over,
    "not serializable": not_serializable,
    "worker comes and goes": churn,
    "rubbish in the log": rubbish,
    "deposed owner writes": deposed,
    "request a hundred times": hundredfold,
    "request with two bodies": two_bodies,
    "cut": cut,
    "clock an hour off": clock_off,
    "unknown type": unknown_type,
}
"""Every kind of fault, by its name in a schedule."""
