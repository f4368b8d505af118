"""Simulated time and simulated processes behave as the real ones would."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine

import pytest

from tests.simulation.loop import SimulatedLoop, Stuck

Story = list[str]


def run(play: Callable[[SimulatedLoop], Coroutine[None, None, None]]) -> SimulatedLoop:
    loop = SimulatedLoop()  # type: ignore[abstract]
    loop.run(play(loop))
    return loop


async def ticking(story: Story, name: str, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(1)
        story.append(name)


def test_hours_pass_at_once() -> None:
    async def play(loop: SimulatedLoop) -> None:
        await asyncio.sleep(3600)

    assert run(play).now == 3600


def test_a_killed_process_never_runs_again() -> None:
    story: Story = []

    async def play(loop: SimulatedLoop) -> None:
        loop.spawn("ana", ticking(story, "ana", 5))
        loop.spawn("ben", ticking(story, "ben", 5))
        await asyncio.sleep(2.5)
        loop.kill_process("ana")
        await asyncio.sleep(10)

    run(play)
    assert (story.count("ana"), story.count("ben")) == (2, 5)


def test_a_stopped_process_waits_and_goes_on() -> None:
    story: Story = []

    async def play(loop: SimulatedLoop) -> None:
        loop.spawn("ana", ticking(story, "ana", 2))
        loop.stop_process("ana")
        await asyncio.sleep(10)
        assert story == []
        assert loop.stopped_s("ana") == 10
        loop.continue_process("ana")
        assert loop.stopped_s("ana") == 0
        await asyncio.sleep(3)

    run(play)
    assert story == ["ana", "ana"]


def test_what_a_killed_process_has_sent_still_arrives() -> None:
    story: Story = []

    async def sending(loop: SimulatedLoop) -> None:
        loop.later(5, lambda: story.append("arrived"))

    async def play(loop: SimulatedLoop) -> None:
        loop.spawn("ana", sending(loop))
        await asyncio.sleep(1)
        loop.kill_process("ana")
        await asyncio.sleep(10)

    run(play)
    assert story == ["arrived"]


def test_waiting_for_nothing_is_told() -> None:
    async def play(loop: SimulatedLoop) -> None:
        await loop.create_future()

    with pytest.raises(Stuck):
        run(play)


def test_running_for_ever_is_told() -> None:
    async def forever() -> None:
        for _ in itertools.count():
            await asyncio.sleep(0)

    loop = SimulatedLoop()  # type: ignore[abstract]
    with pytest.raises(Stuck):
        loop.run(forever(), steps_max=1000)
