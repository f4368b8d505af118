"""Whatever is done to a row of any table of any model, tallies included, is found and named."""

import random
from collections.abc import AsyncIterator
from typing import Final

import pytest
from msgspec import Struct

from projections.model import Model, tables_of
from projections.models import MODELS
from projections.rebuilding.differences import Difference
from projections.tables import Table, columns_of, stored_name
from tests.projections.databases import Database, database
from tests.projections.rebuilding.worlds import consumed, verdict_on
from tests.projections.test_sql_equals_memory import partitions_of, write_history
from tests.stack import Stack

OTHERWISE: Final = {
    "uuid": "gen_random_uuid()",
    "text": "coalesce({0}, '') || '!'",
    "timestamptz": "coalesce({0}, now()) + interval '1 microsecond'",
    "bigint": "{0} + 1",
    "jsonb": "jsonb_build_object('people-0', 4711)",
    "uuid[]": "{0} || gen_random_uuid()",
}
"""Another value of a column, by its type."""

TABLES: Final = [(model, table) for model in MODELS for table in tables_of(model)]


class Kept(Struct):
    """A table whose rows can be put back as the log has them; one of them is `victim`."""

    base: Database
    model: Model
    table: Table
    victim: dict[str, str]

    @property
    def stored(self) -> str:
        """The live build's table."""
        return stored_name(self.table, 1)

    @property
    def where(self) -> str:
        """Where the victim is."""
        return " and ".join(f"{name} = '{value}'" for name, value in self.victim.items())

    async def found_after(self, statement: str) -> list[Difference]:
        """What verifying names after somebody was at the table."""
        await self.run(statement)
        verdict = await verdict_on(self.base, self.model)
        await self.run(f"delete from {self.stored}")
        await self.run(f"insert into {self.stored} select * from kept")
        assert not verdict.clean
        return list(verdict.differences)

    async def run(self, statement: str) -> None:
        async with self.base.pool.connection() as connection:
            await connection.execute(statement.encode())


@pytest.fixture(params=TABLES, ids=lambda one: one[1].name)
async def kept(request: pytest.FixtureRequest, stack: Stack) -> AsyncIterator[Kept]:
    """What random decisions come to. Nothing keeps a key from being there twice."""
    model, table = request.param
    async with database(stack.settings(), model) as base:
        partitions = partitions_of(model)
        write_history(base.log, partitions, random.Random(1), decisions=250)
        for partition in partitions:
            await consumed(base, model, partition)
        keys = ", ".join(f"{name}::text" for name in table.key)
        [row, *_] = await base.fetch(f"select {keys} from {table.name} order by 1")
        made = Kept(base, model, table, dict(zip(table.key, map(str, row), strict=True)))
        await made.run(f"create table kept as select * from {made.stored}")
        await made.run(f"alter table {made.stored} drop constraint {made.stored}_pkey")
        yield made
        assert (await verdict_on(base, model)).clean


async def test_a_row_changed_in_any_column_is_named_with_it(kept: Kept) -> None:
    for column in columns_of(kept.table):
        if column.name not in kept.table.key:
            otherwise = OTHERWISE[column.type].format(column.name)
            [one] = await kept.found_after(
                f"update {kept.stored} set {column.name} = {otherwise} where {kept.where}"
            )
            assert (one.table, one.kind, one.key, one.columns) == (
                kept.table.name,
                "changed",
                kept.victim,
                (column.name,),
            )


async def test_a_row_under_another_key_is_one_lost_and_one_added(kept: Kept) -> None:
    [lost, extra] = await kept.found_after(
        f"update {kept.stored} set {kept.table.key[0]} = gen_random_uuid() where {kept.where}"
    )
    assert (lost.table, lost.kind, lost.key) == (kept.table.name, "lost", kept.victim)
    assert (extra.table, extra.kind) == (kept.table.name, "extra")
    assert extra.key != kept.victim


async def test_a_lost_row_is_named(kept: Kept) -> None:
    [one] = await kept.found_after(f"delete from {kept.stored} where {kept.where}")
    assert (one.table, one.kind, one.key) == (kept.table.name, "lost", kept.victim)


async def test_a_doubled_row_is_named(kept: Kept) -> None:
    [one] = await kept.found_after(
        f"insert into {kept.stored} select * from {kept.stored} where {kept.where}"
    )
    assert (one.table, one.kind, one.key) == (kept.table.name, "doubled", kept.victim)
