"""When an owner elsewhere counts as gone. Rules of time alone: the clock is a test's own."""

import asyncio
from typing import Any

from commands.peers import GrpcPeers, Heartbeat
from events.tenure import Tenure
from infra.rpc.client import Channel, PeerRefused
from schemas.gen import internal_pb2
from schemas.refusals import Unavailable
from tests.simulated import in_simulated_time
from tests.simulation.loop import SimulatedLoop

ELSEWHERE = Tenure(held=True, owner="ana", endpoint="ana:7001", claimed_at=3)
HEARTBEAT = Heartbeat(interval_s=0.02, silence_s=0.1)


class Line(Channel):
    """A connection whose other end answers as `said` says."""

    def __init__(self) -> None:
        self.said: str | Exception = "ana"

    async def call(self, *asked: Any) -> Any:
        await asyncio.sleep(0)
        if isinstance(self.said, Exception):
            raise self.said
        return internal_pb2.PingAnswer(owner=self.said)

    async def close(self) -> None:
        return


def peers_over(line: Line) -> GrpcPeers:
    return GrpcPeers(lambda _: line, HEARTBEAT, lambda: [ELSEWHERE])


@in_simulated_time
async def test_an_owner_that_answers_is_there() -> None:
    peers = peers_over(Line())
    pinging = asyncio.create_task(peers.run())
    await asyncio.sleep(3 * HEARTBEAT.silence_s)
    assert not peers.silent(ELSEWHERE)
    pinging.cancel()


@in_simulated_time
async def test_an_owner_that_answers_no_more_is_gone_after_the_silence() -> None:
    line = Line()
    peers = peers_over(line)
    pinging = asyncio.create_task(peers.run())
    await asyncio.sleep(2 * HEARTBEAT.interval_s)
    line.said = Unavailable("DEADLINE_PASSED", "")
    assert not peers.silent(ELSEWHERE)
    await eventually_silent(peers)
    pinging.cancel()


@in_simulated_time
async def test_an_owner_whose_door_is_shut_is_gone_at_once() -> None:
    line = Line()
    line.said = PeerRefused("PEER_UNREACHABLE", "")
    peers = peers_over(line)
    pinging = asyncio.create_task(peers.run())
    await eventually_silent(peers)
    pinging.cancel()


@in_simulated_time
async def test_another_process_at_the_same_door_is_not_the_owner() -> None:
    line = Line()
    line.said = "ben"
    peers = peers_over(line)
    pinging = asyncio.create_task(peers.run())
    await eventually_silent(peers)
    pinging.cancel()


@in_simulated_time
async def test_an_owner_without_an_endpoint_takes_no_commands_and_is_not_called() -> None:
    called: list[str] = []
    nowhere = Tenure(held=True, owner="generate", endpoint="", claimed_at=3)

    def connect(endpoint: str) -> Channel:
        called.append(endpoint)
        return Line()

    peers = GrpcPeers(connect, HEARTBEAT, lambda: [nowhere, ELSEWHERE])
    pinging = asyncio.create_task(peers.run())
    async with asyncio.timeout(10):
        while not called:  # noqa: ASYNC110  It is seen, as the steward sees it.
            await asyncio.sleep(HEARTBEAT.interval_s)
    assert peers.silent(nowhere)
    assert set(called) == {ELSEWHERE.endpoint}
    pinging.cancel()


@in_simulated_time
async def test_a_process_that_stood_still_itself_judges_nobody() -> None:
    peers = peers_over(Line())
    pinging = asyncio.create_task(peers.run())
    await asyncio.sleep(2 * HEARTBEAT.interval_s)
    stand_still(3 * HEARTBEAT.silence_s)
    assert not peers.silent(ELSEWHERE)
    await asyncio.sleep(0)
    assert not peers.silent(ELSEWHERE)
    pinging.cancel()


async def eventually_silent(peers: GrpcPeers) -> None:
    async with asyncio.timeout(10):
        while not peers.silent(ELSEWHERE):  # noqa: ASYNC110  It is asked, as the steward asks.
            await asyncio.sleep(HEARTBEAT.interval_s)


def stand_still(seconds: float) -> None:
    """Blocks the loop, as a suspended machine would."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    loop.stand_still(seconds)
