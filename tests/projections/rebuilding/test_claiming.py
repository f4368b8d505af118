"""One rebuild of a model at a time, and none that is held up by a dead one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from infra.config import Settings
from infra.postgres.pool import Pool, open_pool
from projections.rebuilding.claiming import Taken, claimed
from tests.stack import Stack


@pytest.fixture
def settings(stack: Stack) -> Settings:
    return stack.settings()


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    async with open_pool(settings.postgres, role="tests") as opened:
        yield opened


async def test_the_second_is_told_who_was_first_and_since_when(pool: Pool) -> None:
    async with claimed(pool, "agora", ["graph"], "ana@host (process 7)"):
        with pytest.raises(Taken, match=r"by ana@host \(process 7\)\.$") as taken:
            async with claimed(pool, "agora", ["accounts", "graph"], "ben"):
                pass
    assert taken.value.model == "graph"
    assert taken.value.since is not None
    assert datetime.now(UTC) - taken.value.since < timedelta(minutes=1)


async def test_others_may_rebuild_other_models_and_other_deployments(pool: Pool) -> None:
    async with (
        claimed(pool, "agora", ["graph"], "ana"),
        claimed(pool, "agora", ["posts"], "ben"),
        claimed(pool, "agora_test", ["graph"], "clo"),
    ):
        pass


async def test_afterwards_it_is_free_again(pool: Pool) -> None:
    for _ in range(2):
        async with claimed(pool, "agora", ["graph", "posts"], "ana"):
            pass


async def test_who_is_refused_one_lets_go_of_the_others(pool: Pool) -> None:
    async with claimed(pool, "agora", ["posts"], "ana"):
        with pytest.raises(Taken):
            async with claimed(pool, "agora", ["graph", "posts"], "ben"):
                pass
        async with claimed(pool, "agora", ["graph"], "clo"):
            pass


async def test_a_dead_one_holds_nothing(settings: Settings, pool: Pool) -> None:
    async with claimed(pool, "agora", ["graph"], "ana") as claim:
        async with await psycopg.AsyncConnection.connect(settings.postgres.dsn) as other:
            end = (
                "select pg_terminate_backend(pid, 20000) from pg_locks where locktype = 'advisory'"
            )
            await other.execute(end)
        async with claimed(pool, "agora", ["graph"], "ben"):
            with pytest.raises(psycopg.OperationalError):
                await claim.connection.execute("select")
