"""How PostgreSQL finds a page: by the index, however many there are before and after it."""

import pytest
from psycopg import sql

from queries.paging import Edge
from queries.reads import graph
from queries.reads.graph import PeopleList
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, START

CROWD = sql.SQL("""
    insert into follows (target_id, follower_id, state, since)
    select {target}, {follower}, {state}, {since} from generate_series(1, 5000)""")


@pytest.mark.parametrize(
    "people",
    [graph.FOLLOWERS, graph.FOLLOWING, graph.INCOMING, graph.OUTGOING],
    ids=lambda people: people.name,
)
async def test_a_page_in_the_middle_of_one_moment_reads_no_more_than_itself(
    side: Side, people: PeopleList
) -> None:
    # Going public accepts everybody who waits, at one moment.
    anybody = sql.SQL("gen_random_uuid()")
    target, follower = (BEN, anybody) if people.owner == "target_id" else (anybody, BEN)
    query = CROWD.format(target=target, follower=follower, state=people.state, since=START)
    await side.world.execute(query)
    await side.world.execute(sql.SQL("analyze"))
    below = Edge(id=CLO, since=START)
    params = graph.place(ANA, BEN, below, 21)
    lines = await side.world.execute(
        sql.SQL("explain (analyze, costs off, timing off) ") + graph.STATEMENTS[people.name], params
    )
    plan = "\n".join(line for (line,) in lines)
    assert "Index" in plan, plan
    assert "Sort" not in plan, plan
