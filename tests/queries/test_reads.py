"""How PostgreSQL finds a page: by the index, however many there are before and after it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from psycopg import AsyncConnection, sql

from infra.config import Settings
from infra.postgres.pool import open_pool
from queries.paging import TOP, Edge
from queries.reads import accounts, comments, feeds, graph, posts
from queries.reads.graph import PeopleList
from queries.statement import Statement
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, START

CROWD = sql.SQL("""
    insert into follows (target_id, follower_id, state, since)
    select {target}, {follower}, {state}, {since} from generate_series(1, 5000)""")

PEOPLE = sql.SQL("""
    insert into accounts
    select case n when 0 then {ben} else gen_random_uuid() end, n || '@example.org', 'email:' || n,
           'Ben', 'Okri', '1990-05-06', 'ben' || n, 'handle:' || n, '', {start}, 'people-0', -1
      from generate_series(0, 200) n""")
FOLLOWS = sql.SQL("""
    insert into follows select account_id, {ana}, 'established', {start}
      from accounts where account_id <> {ana}""")
POSTS = sql.SQL("""
    with written as (
        insert into posts select gen_random_uuid(), account_id, 'Hello.', '[]',
               'public', '{{}}', 'everybody', {start} + (n / 10) * interval '1 minute', null, '{{}}'
          from accounts, generate_series(1, 50) n returning post_id, published_at
    ) insert into bookmarks select {ana}, post_id, published_at from written""")
COMMENTS = sql.SQL("""
    insert into comments select gen_random_uuid(), {clo}, case when n % 2 = 0 then {ben} end,
           {ben}, 'Indeed.', '[]', {start} + (n / 100) * interval '1 minute', null, '{{}}'
      from generate_series(1, 5000) n""")

LINES = sql.SQL("costs off, timing off")
TREE = sql.SQL("timing off, format json")


@pytest.fixture
async def reading(side: Side, settings: Settings) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection of the query side, with its plans, to the tables of `side`."""
    opening = open_pool(settings.postgres, role="queries", read_only=True)
    async with opening as pool, pool.connection() as connection:
        yield connection


@pytest.mark.parametrize(
    "people",
    [graph.FOLLOWERS, graph.FOLLOWING, graph.INCOMING, graph.OUTGOING],
    ids=lambda people: people.name,
)
async def test_a_page_in_the_middle_of_one_moment_reads_no_more_than_itself(
    side: Side, reading: AsyncConnection[Any], people: PeopleList
) -> None:
    # Going public accepts everybody who waits, at one moment.
    anybody = sql.SQL("gen_random_uuid()")
    target, follower = (BEN, anybody) if people.owner == "target_id" else (anybody, BEN)
    query = CROWD.format(target=target, follower=follower, state=people.state, since=START)
    await side.world.execute(query)
    await side.world.execute(sql.SQL("analyze"))
    below = Edge(id=CLO, since=START)
    params = graph.place(ANA, BEN, below, 21)
    plan = await lines(reading, graph.STATEMENTS[people.name], params)
    assert "Index" in plan, plan
    assert "Sort" not in plan, plan


async def explained(
    reading: AsyncConnection[Any],
    statement: Statement,
    params: Mapping[str, object],
    how: sql.SQL,
) -> list[Any]:
    """How PostgreSQL runs the query for whoever reads, by the plan that it has for everybody."""
    await reading.execute(b"prepare page as " + statement.text)
    given = sql.SQL(", ").join(map(sql.Literal, statement.values(params)))
    explain = sql.SQL("explain (analyze, {}) execute page ({})").format(how, given)
    cursor = await reading.execute(explain)
    return [row[0] for row in await cursor.fetchall()]


async def lines(
    reading: AsyncConnection[Any], statement: Statement, params: Mapping[str, object]
) -> str:
    """The plan as PostgreSQL tells it to people."""
    return "\n".join(await explained(reading, statement, params, LINES))


async def rows_read(
    reading: AsyncConnection[Any], statement: Statement, params: Mapping[str, object], table: str
) -> int:
    """How many rows of the table the plan takes in its hands."""
    (plans,) = await explained(reading, statement, params, TREE)
    return sum(
        node["Actual Rows"] * node["Actual Loops"]
        for node in nodes(plans[0]["Plan"])
        if node.get("Relation Name", "").startswith(table)
    )


async def crowded(side: Side) -> None:
    """BEN and 200 others whom ANA follows, each with 50 posts at few moments, and comments."""
    await side.world.person(ANA, "ana")
    for query in (PEOPLE, FOLLOWS, POSTS, COMMENTS, sql.SQL("analyze")):
        await side.world.execute(query.format(ana=ANA, ben=BEN, clo=CLO, start=START))


@pytest.mark.parametrize(
    ("query", "more"),
    [
        (feeds.EXPLORE, {}),
        (feeds.OF_PERSON, {"author": BEN}),
        (feeds.BOOKMARKS, {}),
        (comments.OLDEST, {"post": CLO, "parent": None}),
        (comments.NEWEST, {"post": CLO, "parent": None}),
        (comments.REPLIES, {"post": CLO, "parent": BEN}),
    ],
    ids=("explore", "person", "bookmarks", "oldest", "newest", "replies"),
)
async def test_a_page_of_posts_or_comments_is_found_by_its_index_alone(
    side: Side, reading: AsyncConnection[Any], query: Statement, more: dict[str, Any]
) -> None:
    await crowded(side)
    middle = Edge(id=CLO, since=START)
    plan = await lines(reading, query, feeds.place(ANA, middle, 21) | more)
    assert "Index" in plan, plan
    assert "Sort" not in plan, plan
    assert "hashed" not in plan, plan


async def test_home_reads_one_post_of_everybody_and_those_of_the_authors_on_the_page(
    side: Side, reading: AsyncConnection[Any]
) -> None:
    await crowded(side)
    read = await rows_read(reading, feeds.HOME, feeds.place(ANA, TOP, 21), "posts")
    assert 201 <= read <= 202 + 21 * 21


@pytest.mark.parametrize("query", [posts.BY_IDS, accounts.BY_IDS], ids=("posts", "people"))
async def test_who_many_follow_reads_no_more_than_others(
    side: Side, reading: AsyncConnection[Any], query: Statement
) -> None:
    await crowded(side)
    anybody = sql.SQL("gen_random_uuid()")
    for target in (ANA, anybody):
        crowd = CROWD.format(target=target, follower=anybody, state="established", since=START)
        await side.world.execute(crowd)
    await side.world.execute(sql.SQL("analyze"))
    shown = await side.world.execute(sql.SQL("select post_id, author_id from posts limit 20"))
    page, people = map(list, zip(*shown, strict=True))
    params = {"viewer": ANA, "posts": page, "accounts": people}
    assert await rows_read(reading, query, params, "follows") <= 2 * len(page)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
