"""A process that is told to stop does so in order, whatever it waits for."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from infra.stopping import Stop


@pytest.fixture(autouse=True)
def kept_handlers() -> Iterator[None]:
    """Puts the handlers of the test run back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_is_told_to_whoever_waits(number: signal.Signals) -> None:
    stop = Stop()
    os.kill(os.getpid(), number)
    async with asyncio.timeout(20):
        await stop.told.wait()


async def test_a_start_that_waits_for_ever_is_left() -> None:
    stop = Stop()
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(20):
        with stop.while_starting():
            await asyncio.Event().wait()
    assert stop.told.is_set()


async def test_what_has_started_is_not_torn_away() -> None:
    stop = Stop()
    with stop.while_starting():
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(20):
        await stop.told.wait()


async def test_a_cancellation_by_others_goes_on() -> None:
    stop = Stop()

    async def start() -> None:
        with stop.while_starting():
            await asyncio.Event().wait()

    task = asyncio.create_task(start())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_second_signal_meets_no_handler_of_ours() -> None:
    stop = Stop()
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.told.wait()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
