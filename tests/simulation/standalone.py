"""The simulated servers by themselves, on a real loop and in fair weather.

So they can pass the same suites as the real ones (`tests/contracts`): what the simulator shows
is worth as much as its log and its store resemble Kafka and Postgres.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from tests.simulation.network import Link, Network, Weather
from tests.simulation.world import SimulatedCheckpoints, SimulatedLog


class RealTime:
    """The running loop, as far as the simulated network asks for one."""

    @property
    def now(self) -> float:
        """Seconds."""
        return asyncio.get_running_loop().time()

    def create_future(self) -> "asyncio.Future[Any]":
        """As asyncio."""
        return asyncio.get_running_loop().create_future()

    def later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Calls back after the delay."""
        asyncio.get_running_loop().call_later(delay_s, callback)


def fair_log() -> SimulatedLog:
    """A log on which nothing goes wrong."""
    return SimulatedLog(_fair_network(), lambda *about: None)


def fair_checkpoints() -> SimulatedCheckpoints:
    """A store on which nothing goes wrong."""
    return SimulatedCheckpoints(_fair_network(), lambda *about: None)


def _fair_network() -> Network:
    weather = {link: Weather() for link in Link}
    for each in weather.values():
        each.calm()
    return Network(RealTime(), random.Random(0), weather)
