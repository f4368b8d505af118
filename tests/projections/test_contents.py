"""What a table holds, told the same by Python and by PostgreSQL."""

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from projections import ddl
from projections.contents import BUCKETS, Contents, bucket_of, contents_query, rows_query, told_by
from projections.encoding import COPY_END, COPY_START, Unstorable, encoder, key_encoder
from projections.model import tables_of
from projections.models import MODELS
from projections.tables import Row, Table, Tally, column_names, key_of
from tests.stack import Stack

EVERYTHING = Table(
    "everything",
    key=("id", "number"),
    columns="""id uuid not null, number bigint not null, small integer not null, yes boolean,
        name text not null, at timestamptz, about jsonb not null, after position,
        ids uuid[] not null, tags text[] not null, nothing uuid""",
)
COUNTS = Table("counts", key=("id",), columns="id uuid not null, n bigint not null")
TALLY = Tally(COUNTS, of=EVERYTHING, by=("id",), count="n")

TEXTS = (
    "",
    "Ana",
    "Zoë \U0001f989 日本",
    "\t\n\r\b\f\"\\/'",
    "\x01\x1f\x7f\u0080\u2028",
    "{}[],: null",
    "e\u0301",
)
TIMES = (
    datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)


def any_row(chance: random.Random, number: int) -> Row:
    words = chance.choices(TEXTS, k=3)
    return {
        "id": UUID(int=chance.getrandbits(128)),
        "number": chance.choice([number, -number, (1 << 62) + number]),
        "small": chance.randrange(-(1 << 31), 1 << 31),
        "yes": chance.choice([True, False, None]),
        "name": chance.choice(TEXTS),
        "at": chance.choice([*TIMES, None]) if number % 2 else TIMES[0] + timedelta(days=number),
        "about": {word: [word, None, True, -number, {"b": 1, "aa": 2, "a": 3}] for word in words},
        "after": chance.choice([{"people-10": 5, "people-2": number, "a": 1}, {}, None]),
        "ids": [UUID(int=n) for n in range(chance.randrange(4))],
        "tags": list(words) if number % 3 else [],
        "nothing": None,
    }


def told(table: Table, rows: Sequence[Row]) -> Contents:
    found = Contents()
    for row in rows:
        found.add(key_encoder(table)(key_of(table, row)), encoder(table)(row)[2:])
    return found


@pytest.fixture
async def connection(stack: Stack) -> AsyncIterator[AsyncConnection[Any]]:
    dsn = stack.settings().postgres.dsn
    async with await AsyncConnection.connect(dsn, autocommit=True) as opened:
        await opened.execute("set search_path to pg_temp")
        for table in (EVERYTHING, COUNTS):
            made = ddl.create_table(table, 1).replace("create table", "create temp table")
            await opened.execute(made.encode())
        yield opened


async def copied(connection: AsyncConnection[Any], table: Table, rows: Sequence[Row]) -> None:
    async with (
        connection.cursor() as cursor,
        cursor.copy(f"copy {table.name}_b1 from stdin (format binary)".encode()) as copy,
    ):
        await copy.write(COPY_START + b"".join(map(encoder(table), rows)) + COPY_END)


async def contents_of(
    connection: AsyncConnection[Any], table: Table, tally: Tally | None = None
) -> Contents:
    cursor = await connection.execute(contents_query(table, 1, tally).encode())
    return told_by(await cursor.fetchall())


async def test_rows_copied_in_are_the_rows_that_come_out(connection: AsyncConnection[Any]) -> None:
    rows = [any_row(random.Random(1), number) for number in range(300)]
    rows = [row for row in rows if row["at"] is None or row["at"].year < 9999]  # type: ignore[attr-defined]
    await copied(connection, EVERYTHING, rows)
    cursor = await connection.execute(b"select * from everything_b1")
    found = [
        dict(zip(column_names(EVERYTHING), row, strict=True)) for row in await cursor.fetchall()
    ]
    assert found == rows


async def test_python_and_postgres_tell_the_same_contents(connection: AsyncConnection[Any]) -> None:
    chance = random.Random(2)
    rows = [any_row(chance, number) for number in range(2000)]
    await copied(connection, EVERYTHING, rows)
    chance.shuffle(rows)
    assert told(EVERYTHING, rows).differing(await contents_of(connection, EVERYTHING)) == []


async def test_rows_put_in_by_the_driver_tell_the_same(connection: AsyncConnection[Any]) -> None:
    chance = random.Random(3)
    rows = [any_row(chance, number) for number in range(200)]
    for row in rows:
        sent = row | {
            name: Jsonb(row[name]) for name in ("about", "after") if row[name] is not None
        }
        names = ", ".join(sent)
        places = ", ".join(f"%({name})s" for name in sent)
        await connection.execute(
            f"insert into everything_b1 ({names}) values ({places})".encode(), sent
        )
    assert told(EVERYTHING, rows).differing(await contents_of(connection, EVERYTHING)) == []


@pytest.mark.parametrize(
    "change",
    ["name = name || 'x'", "number = number + 1", "yes = not yes", "tags = tags || tags"],
)
async def test_a_changed_row_is_told_by_its_bucket(
    connection: AsyncConnection[Any], change: str
) -> None:
    rows = [any_row(random.Random(number), number) | {"yes": True} for number in range(1, 500)]
    await copied(connection, EVERYTHING, rows)
    changed = rows[7]
    await connection.execute(
        f"update everything_b1 set {change} where id = %s".encode(), (changed["id"],)
    )
    differing = told(EVERYTHING, rows).differing(await contents_of(connection, EVERYTHING))
    assert 1 <= len(differing) <= 2
    cursor = await connection.execute(
        rows_query(EVERYTHING, 1, None).encode(), {"buckets": differing}
    )
    found = [row[0] for row in await cursor.fetchall()]
    assert changed["id"] in found
    assert len(found) < 20


async def test_a_tally_adds_up_and_zero_counts_for_nothing(
    connection: AsyncConnection[Any],
) -> None:
    ids = [UUID(int=number) for number in range(100)]
    parts = [(one, count) for one in ids for count in (3, -1, 4)]
    expected = Contents()
    for one, count in parts:
        key = key_encoder(COUNTS)((one,))
        expected.add(key, key, count)
    await copied(connection, COUNTS, [{"id": one, "n": 6} for one in ids])
    await copied(connection, COUNTS, [{"id": UUID(int=500), "n": 0}])
    assert expected.differing(await contents_of(connection, COUNTS, TALLY)) == []
    await connection.execute("update counts_b1 set n = 7 where id = %s", (ids[5],))
    [bucket] = expected.differing(await contents_of(connection, COUNTS, TALLY))
    assert bucket == bucket_of(key_encoder(COUNTS)((ids[5],)))


def test_contents_of_parts_add_up_in_any_order() -> None:
    chance = random.Random(5)
    rows = [any_row(chance, number) for number in range(60)]
    parts = [told(EVERYTHING, rows[start::3]) for start in range(3)]
    together = Contents()
    for part in parts:
        together.include(part)
    assert together.differing(told(EVERYTHING, rows)) == []
    assert together.differing(told(EVERYTHING, rows[1:])) != []


def test_keys_spread_over_all_buckets() -> None:
    chance = random.Random(6)
    keys = [UUID(int=chance.getrandbits(128)).bytes for _ in range(20 * BUCKETS)]
    filled = {bucket_of(key) for key in keys}
    assert filled == set(range(BUCKETS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "a\x00b"),
        ("name", None),
        ("name", "\ud800"),
        ("number", 1 << 63),
        ("number", None),
        ("yes", "no"),
        ("id", "not a uuid"),
        ("at", datetime(2026, 1, 1)),  # noqa: DTZ001  A time without a zone is what is refused.
        ("about", {"a": "\x00"}),
        ("about", {"a": 1.5}),
        ("tags", ["a", None]),
        ("tags", None),
    ],
)
def test_what_postgres_would_refuse_is_refused_with_the_column(name: str, value: object) -> None:
    row = any_row(random.Random(7), 1) | {name: value}
    with pytest.raises(Unstorable, match=rf"^everything\.{name} cannot hold it"):
        encoder(EVERYTHING)(row)


def test_every_column_of_every_model_can_be_encoded() -> None:
    for table in [table for model in MODELS for table in tables_of(model)]:
        encoder(table)
        key_encoder(table)
