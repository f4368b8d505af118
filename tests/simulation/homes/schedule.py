"""One schedule: people live and read, trouble strikes, and at last everything is calm."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import Final
from unittest.mock import patch
from uuid import UUID

from msgspec import Struct

from queries.feeds import meters
from queries.feeds.freshness import Miss
from queries.paging import TOP, Edge
from tests.simulation.homes.checks import Broken, Judge
from tests.simulation.homes.links import Weather
from tests.simulation.homes.people import People
from tests.simulation.homes.town import LANES, PERSONS, Reading, Town
from tests.simulation.homes.trouble import Trouble
from tests.simulation.loop import SimulatedLoop

LIFE_S: Final = 4.0
CALM_S: Final = 1.5
SPENT_BELOW: Final = 2


class Outcome(Struct):
    """What a schedule came to."""

    events: int = 0
    pages: dict[str, int] = {}
    troubles: dict[str, int] = {}


def play(seed: int) -> Outcome:
    """Plays the schedule of a seed; raises `Broken`, or whatever a part of the product raised."""
    dice = random.Random(seed)
    loop = SimulatedLoop()  # type: ignore[abstract]
    town = Town(loop, dice, _weather(dice), _weather(dice), dice.choice((0.01, 0.05, 0.15)))
    schedule = _Schedule(town)
    # Timelines are small here.
    with patch("queries.feeds.skeleton.SPENT_BELOW", SPENT_BELOW):
        loop.run(schedule.run(), steps_max=3_000_000)
    for bug in loop.unhandled:
        raise bug
    return schedule.outcome


def _weather(dice: random.Random) -> Weather:
    return Weather(
        slow_s=dice.choice((0.002, 0.02, 0.05)),
        lost=dice.choice((0.0, 0.03)),
        late=dice.choice((0.0, 0.03)),
        late_s=dice.choice((0.05, 1.0)),
    )


def outcomes() -> Counter[str]:
    """How pages were answered so far, in this process."""
    return Counter({name: int(each._value.get()) for name, each in meters.OUTCOMES.items()})


class _Schedule:
    def __init__(self, town: Town) -> None:
        self._town = town
        self._dice = town.dice
        self._people = People(town.dice, PERSONS)
        self._judge = Judge(town.database)
        self.outcome = Outcome()

    async def run(self) -> None:
        """Everything, from the first follow to the last look."""
        town = self._town
        for event in self._people.follow_each_other():
            town.happens(event)
        for lanes in (LANES[::2], LANES[1::2]):
            worker = town.start_worker()
            for lane in lanes:
                worker.assign(lane)
        town.start_readers()
        town.start_readers()
        before = outcomes()
        await self._live()
        self.outcome.pages = dict(outcomes() - before)
        await self._settle()
        self._judge_all()
        self.outcome.events = sum(map(len, town.log.values()))

    async def _live(self) -> None:
        trouble = Trouble(self._town)
        striking = asyncio.create_task(self._strike(trouble))
        while self._town.loop.now < LIFE_S:
            for _ in range(self._dice.randint(0, 2)):
                self._town.happens(self._people.do())
            for _ in range(2):
                self._read(self._dice.choice(PERSONS))
            await asyncio.sleep(self._dice.expovariate(1 / 0.03))
        striking.cancel()
        with suppress(asyncio.CancelledError):
            await striking
        self.outcome.troubles = trouble.kinds

    async def _strike(self, trouble: Trouble) -> None:
        while True:
            await asyncio.sleep(self._dice.expovariate(1 / 1.0))
            # What has begun goes on to its end, so that nothing stays broken.
            await asyncio.shield(asyncio.create_task(trouble.strike()))

    def _read(self, viewer: UUID) -> None:
        town, dice = self._town, self._dice
        reached = {
            lane.partition("/")[2]: place.offset for lane, place in town.database.now.lanes.items()
        }
        names = dice.sample(sorted(reached), k=dice.choice((0, 0, 1, 4)))
        after = dice.choice((TOP, TOP, self._some_place()))
        position = {name: reached[name] for name in names}
        reading = Reading(viewer, position, after)
        readers = dice.choice(town.readers)
        town.loop.spawn(readers.name, readers.read(reading))

    def _some_place(self) -> Edge:
        """Where an earlier page ended."""
        earlier = [one for one in self._town.readings[-20:] if one.places]
        return self._dice.choice(earlier).places[-1] if earlier else TOP

    async def _settle(self) -> None:
        """All servers serve and every process runs: homes come from timelines again."""
        town = self._town
        for weather in (town.redis, town.postgres):
            weather.away, weather.lost, weather.late, weather.slow_s = False, 0.0, 0.0, 0.002
        await asyncio.sleep(CALM_S)
        for number, lane in enumerate(LANES):
            for worker in town.workers[: number % 2] + town.workers[number % 2 + 1 :]:
                worker.revoke(lane)
            town.workers[number % 2].assign(lane)
        await asyncio.sleep(CALM_S)
        for _ in range(2):
            await self._everybody_reads()
        last = await self._everybody_reads()
        if not set(last) <= {meters.HIT, Miss.FLOOR}:
            raise Broken(f"At the end pages did not come from timelines: {last}")

    async def _everybody_reads(self) -> Counter[str]:
        """The outcomes of a first page for everybody from every process."""
        before = outcomes()
        for viewer in PERSONS:
            for readers in self._town.readers:
                reading = readers.read(Reading(viewer, {}, TOP))
                self._town.loop.spawn(readers.name, reading)
        await asyncio.sleep(1.0)
        return outcomes() - before

    def _judge_all(self) -> None:
        for reading in self._town.readings:
            self._judge.judge(reading)
