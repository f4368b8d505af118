"""The monolith in a process of its own, with the same people and posts."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import jwt
from msgspec import Struct
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from cli.generated_history import Happening
from events.posts import PostPublished
from infra.local.process import Process, Recipe, answers
from tests.performance.loads.reed import Reed
from tests.performance.peers.monolith_tables import Base, Follow, Post, User
from tests.stack import ROOT, Stack, free_ports

SCHEMA: Final = "bench_monolith"
WORKERS: Final = 2
START_S: Final = 60.0
HEALTH: Final = b"GET /openapi.json HTTP/1.0\r\nHost: localhost\r\n\r\n"


class ServedMonolith(Struct, frozen=True):
    """Where it is, and what its people sign their requests with."""

    address: str
    tokens: Mapping[UUID, str]


@asynccontextmanager
async def monolith(
    stack: Stack, reed: Reed, happenings: Sequence[Happening]
) -> AsyncIterator[ServedMonolith]:
    """Two workers of uvicorn, one for each core; killed at the end."""
    dsn = stack.settings().postgres.dsn.replace("postgresql:", "postgresql+psycopg:")
    await _fill(dsn, reed, happenings)
    (port,) = free_ports(1)
    secret = secrets.token_hex(32)
    recipe = Recipe(
        name="monolith",
        argv=(
            *(sys.executable, "-m", "uvicorn", "tests.performance.peers.monolith:app"),
            *(f"--port={port}", f"--workers={WORKERS}", "--no-access-log"),
        ),
        ready=lambda: answers(port, HEALTH, b" 200 "),
        environ={
            "PYTHONPATH": str(ROOT),
            "MONOLITH_DSN": dsn,
            "MONOLITH_SCHEMA": SCHEMA,
            "MONOLITH_SECRET": secret,
        },
    )
    log_file = stack.kafka.log_file.parent / "monolith.log"
    process = Process(recipe, log_file, dies_with_parent=True)
    process.start()
    try:
        await asyncio.to_thread(process.wait_ready, START_S)
        tokens = {one: jwt.encode({"sub": str(one)}, secret, "HS256") for one in reed.people}
        yield ServedMonolith(f"http://127.0.0.1:{port}", tokens)
    finally:
        process.stop()


async def _fill(dsn: str, reed: Reed, happenings: Sequence[Happening]) -> None:
    engine = create_async_engine(dsn, connect_args={"options": f"-c search_path={SCHEMA}"})
    async with engine.begin() as connection:
        await connection.execute(text(f"drop schema if exists {SCHEMA} cascade"))
        await connection.execute(text(f"create schema {SCHEMA}"))
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(User), [_user(*each) for each in enumerate(reed.people)])
        follows = [
            {"follower_id": one, "target_id": target}
            for target, followers in reed.followers.items()
            for one in followers
        ]
        await connection.execute(insert(Follow), follows)
        await connection.execute(insert(Post), [_post(one) for one in happenings])
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("analyze"))
    await engine.dispose()


def _user(number: int, person: UUID) -> dict[str, object]:
    names = {"first_name": "Ana", "last_name": "Lima"}
    return {"id": person, "handle": f"person_{number}", **names}


def _post(one: Happening) -> dict[str, object]:
    assert isinstance(one.event, PostPublished)
    return {
        "id": one.event.post_id,
        "author_id": one.event.author_id,
        "body": one.event.body,
        "published_at": one.at,
    }
