"""`rpc`: follows over gRPC and over HTTP, beside a gRPC call that does nothing.

Each side is a process of its own, as it is deployed, and the load another one: this. Every follow
is of a new pair of people, carries an idempotency key and an access token, and is durable before
it is answered.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from uuid import UUID

import aiohttp
import grpc
import uvloop
from msgspec.structs import replace

from events import codec
from events.codec import Blind
from events.graph import FollowEstablished
from events.record import Decision
from infra.config import Settings
from infra.crypto.public_ids import PublicIds
from infra.local.process import Process, Recipe, answers
from infra.log.kafka import open_log
from infra.log.scan import scan
from infra.log.topics import all_partitions
from infra.postgres.pool import open_pool
from infra.rpc.metadata import AUTHORIZATION, IDEMPOTENCY_KEY
from projections.builds import ensure_models
from projections.models.accounts import MODEL as ACCOUNTS
from schemas.gen import accounts_pb2, graph_pb2, options_pb2
from schemas.gen.graph_pb2_grpc import GraphCommandsStub
from tests.performance.bench import Run
from tests.performance.figures import Figure, Turn, WrongAnswers, beside
from tests.performance.loads.load import by_tasks
from tests.performance.loads.reed_town import public_ids
from tests.performance.loads.society import Person, pairs, registered, request_id
from tests.stack import Stack, free_ports

CALLERS: Final = (1, 16, 64)
PEOPLE: Final = 400
PEOPLE_QUICK: Final = 150
WARM_UP_S: Final = 1.0
TIMEOUT_S: Final = 10.0
NOOP: Final = "no-op grpc.aio call"
GOALS: Final = {(64, "grpc"): 0.5}
HEALTH: Final = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"


class Follows:
    """Follows of ever new pairs, and a plain set of those that were acknowledged."""

    def __init__(self, people: Sequence[Person], seed: int, ids: PublicIds) -> None:
        self._pairs: Iterator[tuple[Person, Person]] = pairs(people, seed)
        self._ids = ids
        self.acked: set[tuple[UUID, UUID]] = set()

    async def over_grpc(self, commands: GraphCommandsStub) -> None:
        """One follow; raises `WrongAnswers` when it is not established."""
        follower, target = next(self._pairs)
        answer = await commands.Follow(
            graph_pb2.FollowRequest(account_id=str(target.account)),
            metadata=[
                (AUTHORIZATION, f"Bearer {follower.token}"),
                (IDEMPOTENCY_KEY, request_id()),
            ],
            timeout=TIMEOUT_S,
        )
        if answer.following != accounts_pb2.FOLLOW_ESTABLISHED:
            raise WrongAnswers(f"gRPC answered {answer.following} to a follow.")
        self.acked.add((target.account, follower.account))

    async def over_http(self, session: aiohttp.ClientSession) -> None:
        """As `over_grpc`, by the gateway."""
        follower, target = next(self._pairs)
        public = self._ids.seal(options_pb2.ID_ACCOUNT, target.account)
        headers = {"Authorization": f"Bearer {follower.token}", "Idempotency-Key": request_id()}
        async with session.put(f"/v1/people/{public}/follow", headers=headers) as answer:
            told = await answer.json()
        if told.get("following") != "FOLLOW_ESTABLISHED":
            raise WrongAnswers(f"HTTP answered {told} to a follow.")
        self.acked.add((target.account, follower.account))


class Edges:
    """The ways in, each with its connection."""

    def __init__(
        self,
        follows: Follows,
        commands: GraphCommandsStub,
        nothing: GraphCommandsStub,
        session: aiohttp.ClientSession,
    ) -> None:
        self._follows = follows
        self._commands = commands
        self._nothing = nothing
        self._session = session

    async def turns(self, callers: int, seconds: float) -> dict[str, Turn]:
        """One turn of each: `grpc`, `http`, and the peer."""
        follows = self._follows
        return {
            "grpc": await by_tasks(callers, seconds, lambda: follows.over_grpc(self._commands)),
            NOOP: await by_tasks(callers, seconds, self._do_nothing),
            "http": await by_tasks(callers, seconds, lambda: follows.over_http(self._session)),
        }

    async def _do_nothing(self) -> None:
        await self._nothing.Follow(graph_pb2.FollowRequest(), timeout=TIMEOUT_S)


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    settings = run.servers.settings()
    settings = replace(settings, auth=replace(settings.auth, hash_effort="cheap"))
    (noop_port,) = free_ports(1)
    processes = _started(run.servers, settings, noop_port)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measured(run, settings, noop_port))
    finally:
        for process in processes:
            process.kill()


def _started(stack: Stack, settings: Settings, noop_port: int) -> list[Process]:
    """The command side, the gateway with the query side, and the peer, all serving."""
    commands, gateway = settings.commands.port, settings.gateway.port
    processes = [
        stack.agora(settings, "serve", "commands", ready=lambda: answers(commands, b"", b"")),
        stack.agora(
            *(settings, "serve", "gateway", "queries"),
            ready=lambda: answers(gateway, HEALTH, b" 200 "),
        ),
        Process(
            Recipe(
                name="noop",
                argv=(sys.executable, "-m", "tests.performance.peers.noop_server", str(noop_port)),
                ready=lambda: answers(noop_port, b"", b""),
            ),
            stack.kafka.log_file.parent / "noop.log",
            dies_with_parent=True,
        ),
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.wait_ready()
    return processes


async def _measured(run: Run, settings: Settings, noop_port: int) -> Sequence[Figure]:
    async with open_pool(settings.postgres, role="bench") as pool:
        await ensure_models(pool, settings, [ACCOUNTS])
    count = PEOPLE_QUICK if run.quick else PEOPLE
    run.tell(f"rpc: {count} people register")
    async with _edges(run, settings, noop_port, count) as (edges, follows):
        await edges.turns(CALLERS[-1], WARM_UP_S)
        figures: list[Figure] = []
        for callers in CALLERS:
            figures += await _rounds(run, edges, callers)
        run.tell("rpc: what was acknowledged is compared with the log")
        await _check(settings, follows)
        return figures


@asynccontextmanager
async def _edges(
    run: Run, settings: Settings, noop_port: int, people: int
) -> AsyncIterator[tuple[Edges, Follows]]:
    gateway = settings.gateway
    ids = public_ids(settings)
    async with AsyncExitStack() as opened:
        ours, noop = [
            await opened.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
            for port in (settings.commands.port, noop_port)
        ]
        session = await opened.enter_async_context(
            aiohttp.ClientSession(
                f"http://{gateway.host}:{gateway.port}",
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(TIMEOUT_S),
            )
        )
        follows = Follows(await registered(ours, people), run.seed, ids)
        stub = GraphCommandsStub
        yield Edges(follows, stub(ours), stub(noop), session), follows


async def _rounds(run: Run, edges: Edges, callers: int) -> list[Figure]:
    rounds = []
    for number in range(run.rounds):
        run.tell(f"rpc: {callers} callers, round {number + 1} of {run.rounds}")
        rounds.append(await edges.turns(callers, run.turn_s))
    noop = [turns[NOOP] for turns in rounds]
    return [
        beside(
            f"follow over {way}, {callers} callers",
            [turns[way] for turns in rounds],
            NOOP,
            noop,
            GOALS.get((callers, way)),
        )
        for way in ("grpc", "http")
    ]


async def _check(settings: Settings, follows: Follows) -> None:
    """Raises `WrongAnswers` unless the log holds each acknowledged follow once, and no other."""
    found: list[tuple[UUID, UUID]] = []
    async with open_log(settings) as log:
        for partition in all_partitions(settings):
            async for item in scan(log, partition):
                facts = item.record.facts if isinstance(item.record, Decision) else ()
                events = [codec.decode(fact, Blind()) for fact in facts if item.counts]
                found += [
                    (event.target_id, event.follower_id)
                    for event in events
                    if isinstance(event, FollowEstablished)
                ]
    if len(found) != len(follows.acked) or set(found) != follows.acked:
        raise WrongAnswers(f"{len(follows.acked)} follows were acked, the log has {len(found)}.")
