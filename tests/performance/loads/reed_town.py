"""The demo's network as a running Agora: three processes, and tokens of everybody."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from cli.generated_history import Happening
from cli.supervise import HEALTH_REQUEST
from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.digests import new_uuid7
from infra.crypto.keys import load_key
from infra.crypto.public_ids import PublicIds
from infra.local.process import Process, answers
from tests.performance.live_lag import committed
from tests.performance.loads.mix_log import open_mix_log
from tests.performance.loads.reed import Reed
from tests.performance.loads.watching import watching
from tests.stack import Stack

START_S: Final = 60.0
TOKEN_MINUTES: Final = 240


class ReedTown(Struct, frozen=True):
    """Where it is served, and what its people sign their requests with."""

    settings: Settings
    reed: Reed
    processes: Mapping[str, Process]
    tokens: Mapping[UUID, str]
    ids: PublicIds

    @property
    def address(self) -> str:
        """Of its HTTP API."""
        return f"http://127.0.0.1:{self.settings.gateway.port}"


@asynccontextmanager
async def reed_town(
    stack: Stack, reed: Reed, happenings: list[Happening]
) -> AsyncIterator[ReedTown]:
    """Everybody is there and follows, `happenings` happened, and all of it is in the tables."""
    settings = stack.settings()
    with served(stack, settings, ("projections",)) as processes:
        async with (
            open_mix_log(settings) as log,
            watching(settings.postgres.dsn, committed(settings)) as watcher,
        ):
            await log.append(await log.made(list(reed.beginnings())))
            await log.append(await log.made(happenings, now=False))
            await log.release()
            await watcher.reached(log.ends)
        with served(stack, settings, ("commands",), ("gateway", "queries")) as others:
            tokens, ids = tokens_of(settings, reed.people), public_ids(settings)
            yield ReedTown(settings, reed, {**processes, **others}, tokens, ids)


@contextmanager
def served(
    stack: Stack, settings: Settings, *sides: tuple[str, ...], within_s: float = START_S
) -> Iterator[dict[str, Process]]:
    """Agora's own processes, by the first side that each serves; killed at the end.

    Raises `TimeoutError` when one is not ready `within_s`.
    """
    ports = {"commands": settings.commands.port, "gateway": settings.gateway.port}
    asked = {"commands": (b"", b""), "gateway": (HEALTH_REQUEST, b" 200 ")}
    processes = {}
    for side in sides:
        name = side[0]

        def ready(name: str = name) -> bool:
            return name not in ports or answers(ports[name], *asked[name])

        processes[name] = stack.agora(settings, "serve", *side, ready=ready)
    try:
        for process in processes.values():
            process.start()
        for process in processes.values():
            process.wait_ready(within_s)
        yield processes
    finally:
        for process in processes.values():
            process.kill()


def tokens_of(settings: Settings, people: Iterable[UUID]) -> dict[UUID, str]:
    """What these people sign their requests with, however long a benchmark takes."""
    lasting = replace(settings.auth, access_token_minutes=TOKEN_MINUTES)
    tokens, now = open_tokens(replace(settings, auth=lasting)), datetime.now(UTC)
    return {person: tokens.issue(person, new_uuid7(now), now)[0] for person in people}


def public_ids(settings: Settings) -> PublicIds:
    """Ids as the deployment shows them."""
    return PublicIds(load_key("crypto.id_key_file", settings.crypto.id_key_file))
