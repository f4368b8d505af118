"""The simulated network: delays, losses, late packets, cut links. Weather differs by link."""

import asyncio
import random
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from tests.simulation.loop import PROCESS

T = TypeVar("T")

PROMPT_S_MIN = 0.0002
LATE_S_MIN = 0.01
RECONNECT_S = 0.05


class Time(Protocol):
    """What the network needs of an event loop."""

    @property
    def now(self) -> float:
        """Seconds since some beginning."""
        ...

    def create_future(self) -> "asyncio.Future[Any]":
        """As asyncio."""
        ...

    def later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Calls back after the delay, whatever happens to the process that asked."""
        ...


class Link(Enum):
    """What a message travels between: a process and the log, the store or its peers."""

    LOG = "log"
    STORE = "store"
    PEERS = "peers"


class Weather(Struct):
    """Chances for each message on one link, and seconds that it takes at most.

    `late` is the chance to take up to `late_s`; `odd` is that of a strange base offset.
    """

    late: float = 0.05
    lost: float = 0.02
    answer_lost: float = 0.04
    odd: float = 0.02
    prompt_s: float = 0.003
    late_s: float = 1.0

    def calm(self) -> None:
        """No more trouble from now on."""
        self.late = self.lost = self.answer_lost = self.odd = 0.0


def drawn_weather(dice: random.Random) -> Mapping[Link, Weather]:
    """From fair to foul, for each link by itself; the store may be slow all the time."""
    weather = {link: _drawn(dice.choice((0.0, 0.5, 1.0, 3.0))) for link in Link}
    weather[Link.STORE].prompt_s = dice.choice((0.003, 0.003, 0.08))
    weather[Link.STORE].late_s = 2.0
    return weather


def _drawn(foul: float) -> Weather:
    fair = Weather()
    return Weather(fair.late * foul, fair.lost * foul, fair.answer_lost * foul, fair.odd * foul)


class Network:
    """Carries calls between processes and servers, each at the mercy of its link's weather."""

    def __init__(self, loop: Time, dice: random.Random, weather: Mapping[Link, Weather]) -> None:
        self.loop = loop
        self.dice = dice
        self.weather = weather
        self._cut_at: dict[tuple[str, Link], float] = {}
        self._held_until: dict[str, float] = {}

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

    async def mended(self, process: str, link: Link) -> None:
        """Until no `cut` is in force."""
        while self.is_cut(process, link):  # noqa: ASYNC110  # As reconnecting clients poll.
            await asyncio.sleep(RECONNECT_S)

    def cut_s(self, process: str, link: Link) -> float:
        """For how long the link has been cut; 0 if it is not."""
        return self.loop.now - self._cut_at.get((process, link), self.loop.now)

    def hold(self, process: str, hold_s: float) -> None:
        """What the log says reaches the process only after a while; the rest goes on."""
        self._held_until[process] = self.loop.now + hold_s

    def held_s(self, process: str, link: Link) -> float:
        """For how long a `hold` goes on."""
        until = self._held_until.get(process, 0.0) if link is Link.LOG else 0.0
        return max(0.0, until - self.loop.now)

    def delay_s(self, link: Link) -> float:
        """How long one message takes."""
        weather = self.weather[link]
        if self.dice.random() < weather.late:
            return self.dice.uniform(LATE_S_MIN, weather.late_s)
        return self.dice.uniform(PROMPT_S_MIN, weather.prompt_s)

    async def call(self, link: Link, effect: Callable[[], T], timeout_s: float) -> T:
        """Runs `effect` at the server and brings its result or exception back.

        Raises TimeoutError when either way is lost or too slow; the effect may happen all the
        same, even later.
        """
        process = PROCESS.get()
        answer: asyncio.Future[T] = self.loop.create_future()
        lost = self.dice.random() < self.weather[link].lost
        if not lost and not self.is_cut(process, link):
            self.loop.later(self.delay_s(link), lambda: self._arrive(process, link, effect, answer))
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

        self.loop.later(self.held_s(process, link) + self.delay_s(link), deliver)
