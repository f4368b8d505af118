"""The simulated network: delays, losses, late packets, cut links. Weather differs by link."""

import asyncio
import random
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from msgspec import Struct

from tests.simulation.loop import PROCESS, SimulatedLoop

T = TypeVar("T")

LATE_S = (0.01, 1.0)
PROMPT_S = (0.0002, 0.003)


class Link(Enum):
    """What a message travels between: a process and the log, the store or its peers."""

    LOG = "log"
    STORE = "store"
    PEERS = "peers"


class Weather(Struct):
    """Chances for each message on one link. `odd` is that of a strange base offset."""

    slow: float = 0.05
    lost: float = 0.03
    answer_lost: float = 0.05
    odd: float = 0.01

    def calm(self) -> None:
        """No more trouble from now on."""
        self.slow = self.lost = self.answer_lost = self.odd = 0.0


def drawn_weather(dice: random.Random) -> Mapping[Link, Weather]:
    """Fair, usual or foul, for each link by itself."""
    return {link: _drawn(dice) for link in Link}


def _drawn(dice: random.Random) -> Weather:
    foul = dice.choice((0.0, 0.5, 1.0, 3.0))
    return Weather(0.05 * foul, 0.02 * foul, 0.04 * foul, 0.02 * foul)


class Network:
    """Carries calls between processes and servers, each at the mercy of its link's weather."""

    def __init__(
        self, loop: SimulatedLoop, dice: random.Random, weather: Mapping[Link, Weather]
    ) -> None:
        self.loop = loop
        self.dice = dice
        self.weather = weather
        self._cut_at: dict[tuple[str, Link], float] = {}

    def calm(self) -> None:
        """Fair weather on every link, and no link cut, from now on."""
        for weather in self.weather.values():
            weather.calm()
        self._cut_at.clear()

    def cut(self, process: str, link: Link) -> None:
        """Nothing passes between the process and what is behind the link."""
        self._cut_at.setdefault((process, link), self.loop.now)

    def mend(self, process: str, link: Link) -> None:
        """Ends a `cut`."""
        self._cut_at.pop((process, link), None)

    def is_cut(self, process: str, link: Link) -> bool:
        """Whether a `cut` is in force."""
        return (process, link) in self._cut_at

    def cut_s(self, process: str, link: Link) -> float:
        """For how long the link has been cut; 0 if it is not."""
        return self.loop.now - self._cut_at.get((process, link), self.loop.now)

    def delay_s(self, link: Link) -> float:
        """How long one message takes."""
        slow = self.dice.random() < self.weather[link].slow
        return self.dice.uniform(*(LATE_S if slow else PROMPT_S))

    async def call(self, link: Link, effect: Callable[[], T], timeout_s: float) -> T:
        """Runs `effect` at the server and brings its result or exception back.

        Raises TimeoutError when either way is lost or too slow; the effect may happen all the
        same, even later.
        """
        process = PROCESS.get()
        answer: asyncio.Future[T] = self.loop.create_future()
        lost = self.dice.random() < self.weather[link].lost
        if not lost and not self.is_cut(process, link):
            self.loop.later(
                self.delay_s(link), lambda: self._arrive(process, link, effect, answer)
            )
        async with asyncio.timeout(timeout_s):
            return await answer

    def _arrive(
        self, process: str, link: Link, effect: Callable[[], T], answer: "asyncio.Future[T]"
    ) -> None:
        try:
            result = effect()
        except Exception as error:
            failure = error
            self.reply(process, link, lambda: answer.set_exception(failure), answer)
        else:
            self.reply(process, link, lambda: answer.set_result(result), answer)

    def reply(
        self, process: str, link: Link, settle: Callable[[], None], answer: "asyncio.Future[T]"
    ) -> None:
        """Lets an answer travel to `process`, if it gets through."""
        if self.dice.random() < self.weather[link].answer_lost or self.is_cut(process, link):
            return

        def deliver() -> None:
            if not answer.done():
                settle()

        self.loop.later(self.delay_s(link), deliver)
