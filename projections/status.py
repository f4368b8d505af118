"""How the read models are: their builds, and how many rows these have."""

# ruff: noqa: S608  The names in these statements are those of our own tables.

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from infra.postgres.pool import Pool, translated
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.tables import Table, stored_name

COUNTED_MAX: Final = 100_000
"""Tables with more rows are estimated, so that asking stays cheap."""


class BuildStatus(Struct, frozen=True):
    """One build of a model. `rows` is by table; `exact` is False for estimates."""

    number: int
    version: int
    state: str
    reason: str
    started_by: str
    started_at: datetime
    rows: dict[str, int]
    exact: bool


class ModelStatus(Struct, frozen=True):
    """One model; `version` is that of this version of Agora, each build has its own."""

    name: str
    version: int
    topics: tuple[str, ...]
    visibility: bool
    builds: tuple[BuildStatus, ...]


async def model_statuses(pool: Pool) -> list[ModelStatus]:
    """Every model of `MODELS`, with how many rows it has; raises Unavailable."""
    return [await _model_status(pool, model) for model in MODELS]


async def _model_status(pool: Pool, model: Model) -> ModelStatus:
    with translated():
        async with pool.connection() as connection:
            cursor = await connection.execute(
                """
                select build, version, state, reason, started_by, started_at
                from builds where model = %s and state <> 'dropped' order by build
                """,
                (model.name,),
            )
            rows = await cursor.fetchall()
    return ModelStatus(
        name=model.name,
        version=model.version,
        topics=tuple(topic.name for topic in model.topics),
        visibility=model.visibility,
        builds=tuple([await _build_status(pool, model, row) for row in rows]),
    )


async def _build_status(pool: Pool, model: Model, row: Sequence[Any]) -> BuildStatus:
    number, version, state, reason, started_by, started_at = row
    counts = {table.name: await _rows(pool, table, number) for table in tables_of(model)}
    return BuildStatus(
        number=number,
        version=version,
        state=state,
        reason=reason,
        started_by=started_by,
        started_at=started_at,
        rows={name: count for name, (count, _) in counts.items()},
        exact=all(exact for _, exact in counts.values()),
    )


async def _rows(pool: Pool, table: Table, build: int) -> tuple[int, bool]:
    """How many rows, and whether that is exact. Another version may lack the table: it has none."""
    name = stored_name(table, build)
    limited = f"select from {name} limit {COUNTED_MAX + 1}"
    query = f"""
        select (select count(*) from ({limited}) s), (select reltuples from pg_class
            where oid = to_regclass('{name}'))
    """
    with translated():
        async with pool.connection() as connection:
            there = await connection.execute("select to_regclass(%s) is not null", (name,))
            if await there.fetchone() == (False,):
                return 0, True
            row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    counted, estimated = row
    return (counted, True) if counted <= COUNTED_MAX else (max(counted, int(estimated)), False)
