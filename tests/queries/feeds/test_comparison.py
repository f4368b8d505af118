"""What a comparison of timelines with the tables finds."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from infra.redis.entries import entry
from queries.feeds.comparison import Compared, Comparison, Difference, Kind
from tests.infra.redis.damage import DAMAGES, Damage
from tests.queries.feeds.conftest import ENTRIES_MAX, Cached
from tests.queries.world import ANA, BEN, CLO, DAN, minute_of


@pytest.fixture
def comparison(cached: Cached) -> Comparison:
    return Comparison(cached.timelines, cached.side.store)


async def filled(cached: Cached, posts: int = 9) -> list[UUID]:
    """Posts of BEN and CLO, which are in ANA's timeline, oldest first."""
    written = [await cached.world.post((BEN, CLO)[number % 2], number) for number in range(posts)]
    await cached.fill()
    return written


async def without(cached: Cached, gone: Sequence[UUID]) -> None:
    """ANA's timeline loses some posts."""
    found = (await cached.timelines.glimpse(ANA)).timeline
    assert found is not None
    await cached.markers.forget([ANA.bytes])
    await cached.timelines.begin(ANA, found.generation, found.token, anew=False)
    kept = [
        found.entries[at : at + 24]
        for at in range(0, len(found.entries), 24)
        if UUID(bytes=found.entries[at + 8 : at + 24]) not in gone
    ]
    await cached.timelines.finish(ANA, found.generation, found.token, found.floor, kept)


async def test_a_timeline_that_is_as_it_should_be_shows_no_difference(
    cached: Cached, comparison: Comparison
) -> None:
    await filled(cached)
    await cached.publish(BEN, 20, [ANA])
    assert await comparison.of(ANA) == Compared(ANA, decided=True, differences=[])


async def test_a_post_that_is_missing_is_named(cached: Cached, comparison: Comparison) -> None:
    posts = await filled(cached)
    await without(cached, posts[3:4])
    found = await comparison.of(ANA)
    assert list(found.differences) == [Difference(ANA, posts[3], Kind.MISSING)]


async def test_a_post_with_another_time_is_named_twice(
    cached: Cached, comparison: Comparison
) -> None:
    posts = await filled(cached)
    await without(cached, posts[3:4])
    await cached.markers.push({ANA.bytes: [entry(minute_of(99), posts[3])]})
    found = await comparison.of(ANA)
    assert {one.kind for one in found.differences} == {Kind.MISSING, Kind.MISPLACED}
    assert {one.post for one in found.differences} == {posts[3]}


async def test_posts_that_are_no_candidates_are_surplus(
    cached: Cached, comparison: Comparison
) -> None:
    await filled(cached)
    stranger = await cached.world.post(DAN, 30)
    nothing = uuid4()
    await cached.markers.push(
        {ANA.bytes: [entry(minute_of(31), nothing), entry(minute_of(30), stranger)]}
    )
    found = await comparison.of(ANA)
    assert list(found.differences) == [
        Difference(ANA, stranger, Kind.SURPLUS),
        Difference(ANA, nothing, Kind.SURPLUS),
    ]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_timeline_is_named(
    cached: Cached, comparison: Comparison, damage: Damage
) -> None:
    await filled(cached)
    await damage(cached.timelines._redis, cached.timelines._keys.timeline(ANA.bytes))
    found = await comparison.of(ANA)
    assert list(found.differences) == [Difference(ANA, None, Kind.DAMAGED)]


async def test_merged_authors_owe_no_posts_but_to_themselves(
    cached: Cached, comparison: Comparison
) -> None:
    await filled(cached)
    await cached.fill(BEN)
    await cached.markers.merge([BEN.bytes])
    post = await cached.publish(BEN, 30, [])
    assert list((await comparison.of(ANA)).differences) == []
    assert [one.post for one in (await comparison.of(BEN)).differences] == [post]


async def test_below_its_floor_a_timeline_owes_nothing(
    cached: Cached, comparison: Comparison
) -> None:
    await filled(cached, ENTRIES_MAX + 50)
    assert await comparison.of(ANA) == Compared(ANA, decided=True, differences=[])


async def test_without_a_post_at_all_the_lanes_are_looked_at_all_the_same(
    cached: Cached, comparison: Comparison
) -> None:
    await cached.fill(DAN)
    assert (await comparison.of(DAN)).decided


async def test_nothing_is_said_while_markers_are_behind(
    cached: Cached, comparison: Comparison
) -> None:
    await filled(cached)
    await cached.commit()
    assert await comparison.of(ANA) == Compared(ANA, decided=False)
    await cached.vouch()
    await cached.fill()
    assert (await comparison.of(ANA)).decided


async def test_all_timelines_are_compared(cached: Cached, comparison: Comparison) -> None:
    for viewer in (ANA, BEN, CLO):
        await cached.fill(viewer)
    found = {one.viewer async for one in comparison.all()}
    assert found == {ANA, BEN, CLO}
