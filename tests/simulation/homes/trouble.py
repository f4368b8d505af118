"""What happens to processes and servers while people live on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tests.simulation.homes.town import LANES, Town, Worker

PAUSES_S: Final = (0.05, 0.8)
NOTICED_S: Final = 0.1


class Trouble:
    """Strikes now and then, until `calm`."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._dice = town.dice
        self._replica = town.cache.copy()
        self._standby = town.database.now
        self.kinds: dict[str, int] = {}

    async def strike(self) -> None:
        """One thing happens."""
        kinds: list[Callable[[], Awaitable[None]]] = [
            self._kill,
            self._pause,
            self._pause_readers,
            self._restart_readers,
            self._overlap,
            self._empty,
            self._evict,
            self._copy,
            self._fail_over_cache,
            self._lose_cache,
            self._copy_database,
            self._fail_over_database,
            self._exchange,
        ]
        [kind] = self._dice.choices(kinds, (3, 3, 2, 3, 3, 2, 4, 3, 1, 2, 2, 1, 1))
        name = kind.__name__.removeprefix("_")
        self.kinds[name] = self.kinds.get(name, 0) + 1
        await kind()

    async def _kill(self) -> None:
        """Kill -9; after a while the lanes are another worker's."""
        victim = self._dice.choice(self._town.workers)
        lanes = victim.lanes
        self._town.loop.kill_process(victim.name)
        self._town.workers.remove(victim)
        await asyncio.sleep(NOTICED_S)
        successor = self._town.start_worker()
        for lane in lanes:
            successor.assign(lane)

    async def _pause(self) -> None:
        """SIGSTOP. Meanwhile another has the lanes; woken up, it goes on as if nothing were."""
        victim = self._dice.choice(self._town.workers)
        self._town.loop.stop_process(victim.name)
        await asyncio.sleep(self._dice.uniform(*PAUSES_S))
        for lane in victim.lanes:
            self._another(victim).assign(lane)
        self._town.loop.continue_process(victim.name)
        await asyncio.sleep(self._dice.random() * NOTICED_S)
        for lane in victim.lanes:
            if any(lane in other.lanes for other in self._town.workers if other is not victim):
                victim.revoke(lane)

    async def _restart_readers(self) -> None:
        """Kill -9; the next one remembers nothing of what was merged."""
        victim = self._dice.choice(self._town.readers)
        self._town.loop.kill_process(victim.name)
        self._town.readers.remove(victim)
        self._town.start_readers()

    async def _pause_readers(self) -> None:
        victim = self._dice.choice(self._town.readers)
        self._town.loop.stop_process(victim.name)
        await asyncio.sleep(self._dice.uniform(*PAUSES_S))
        self._town.loop.continue_process(victim.name)

    async def _overlap(self) -> None:
        """A lane moves, and for a moment two workers have it."""
        lane = self._dice.choice(LANES)
        owners = [worker for worker in self._town.workers if lane in worker.lanes]
        self._another(owners[0]).assign(lane)
        await asyncio.sleep(self._dice.random() * NOTICED_S)
        for owner in owners:
            owner.revoke(lane)

    def _another(self, worker: Worker) -> Worker:
        return next(one for one in self._town.workers if one is not worker)

    async def _empty(self) -> None:
        self._town.cache.flush()

    async def _evict(self) -> None:
        """Redis needs room, and drops a key. Of timelines every other one is damaged instead."""
        cache = self._town.cache
        key = self._dice.choice(["state", "authors", "authors", *map(str, cache.timelines)])
        if key == "state":
            cache.evict_state()
        elif key == "authors":
            cache.authors.clear()
        elif self.kinds["evict"] % 2:
            cache.damaged |= {viewer for viewer in cache.timelines if str(viewer) == key}
        else:
            cache.timelines = {k: v for k, v in cache.timelines.items() if str(k) != key}

    async def _copy(self) -> None:
        """The replica has caught up."""
        self._replica = self._town.cache.copy()

    async def _fail_over_cache(self) -> None:
        self._town.cache = self._replica.copy()

    async def _lose_cache(self) -> None:
        """Redis is away for a while, and comes back empty or as it was."""
        self._town.redis.away = True
        await asyncio.sleep(self._dice.uniform(*PAUSES_S))
        if self._dice.random() < 0.5:
            self._town.cache.flush()
        self._town.redis.away = False

    async def _copy_database(self) -> None:
        """The standby has caught up."""
        self._standby = self._town.database.now

    async def _fail_over_database(self) -> None:
        """Commits since the last copy are lost, unless another build has gone live.

        Lanes that write notice at once, others by their connections, sooner or later.
        """
        if self._standby.whole != self._town.database.now.whole:
            return
        self._town.database.become(self._standby, self._town.loop.now)
        for lane in LANES:
            await asyncio.sleep(self._dice.random() * NOTICED_S)
            for worker in self._town.workers:
                if lane in worker.lanes:
                    worker.revoke(lane)
                    worker.assign(lane)

    async def _exchange(self) -> None:
        if not self._town.database.now.whole:
            self._town.exchange_posts()
