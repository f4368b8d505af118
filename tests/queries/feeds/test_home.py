"""Home read through its cache: always the answer of PostgreSQL, mostly without asking for it."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from msgspec.structs import replace
from psycopg import sql

from infra.redis.port import Move
from infra.redis.timelines import open_timelines
from queries.feeds.freshness import Miss
from queries.feeds.meters import HIT
from tests.eventually import eventually
from tests.infra.redis.damage import DAMAGES, Damage
from tests.queries.feeds.conftest import ENTRIES_MAX, LANES, LATE_MS, Cached
from tests.queries.world import ANA, BEN, CLO, DAN, minute_of

PEOPLE = (ANA, BEN, CLO, DAN)


async def walked(cached: Cached, page_size: int) -> list[str]:
    """How each page was answered, one after the other; every page is compared."""
    outcomes: list[str] = []
    cursor = ""
    for _ in range(100):
        outcomes.append(await cached.outcome(page_size=page_size, cursor=cursor))
        cursor = (await cached.read(page_size=page_size, cursor=cursor)).next_cursor
        if not cursor:
            break
    return outcomes


async def written(cached: Cached, authors: Sequence[UUID], size: int) -> None:
    """Posts of each author in turn; pairs share a minute."""
    for number in range(size):
        await cached.world.post(authors[number % len(authors)], number // 2)


async def test_the_first_read_fills_the_timeline_and_the_next_ones_use_it(cached: Cached) -> None:
    await written(cached, PEOPLE, 40)
    assert await cached.outcome() == Miss.ABSENT
    await cached.fill()
    assert await walked(cached, 7) == [HIT] * 5


async def test_nobody_followed_and_nothing_written_is_a_hit_as_well(cached: Cached) -> None:
    await cached.fill(DAN)
    assert list((await cached.read(DAN)).posts) == []


async def test_what_is_pushed_is_there_at_once(cached: Cached) -> None:
    await cached.fill()
    post = await cached.publish(BEN, 3, [ANA, BEN])
    page = await cached.read()
    assert [one.post_id for one in page.posts] == [str(post)]
    assert await cached.outcome() == HIT


async def test_a_post_in_a_timeline_is_not_shown_for_being_there(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 30)
    await cached.fill()
    await cached.publish(DAN, 30, [ANA])
    await cached.publish(BEN, 31, [ANA], audience="selected", chosen=[DAN])
    await cached.world.mute(ANA, CLO)
    assert await walked(cached, 5) == [HIT] * 3
    await cached.world.block(BEN, ANA)
    assert await walked(cached, 5) == [HIT]
    assert list((await cached.read()).posts) == []


async def test_what_hid_posts_is_lifted_and_they_are_back_without_a_refill(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 30)
    await cached.world.mute(ANA, BEN)
    await cached.world.block(ANA, CLO)
    await cached.fill()
    for table in ("mutes", "blocks"):
        await cached.world.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
    assert await walked(cached, 11) == [HIT] * 3


async def test_deleted_posts_cost_no_place(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 40)
    await cached.fill()
    gone = sql.SQL("delete from posts where published_at > %(minute)s")
    await cached.world.execute(gone, {"minute": minute_of(5)})
    assert await walked(cached, 5) == [HIT] * 3
    await cached.world.execute(sql.SQL("delete from posts"))
    assert await cached.outcome() == HIT


async def test_a_post_that_must_wait_for_its_author_keeps_its_place(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 6)
    await cached.world.post(BEN, 9, after={"people-0": 5})
    await cached.fill()
    page = await cached.read(page_size=3)
    assert len(page.posts) == 2
    assert await walked(cached, 3) == [HIT] * 3


async def test_below_its_floor_a_timeline_is_not_asked(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 2 * ENTRIES_MAX)
    await cached.fill()
    outcomes = await walked(cached, 30)
    assert len(outcomes) == 10
    assert outcomes == sorted(outcomes, key=[HIT, Miss.FLOOR].index)
    assert outcomes[:4] == [HIT] * 4
    assert outcomes[-4:] == [Miss.FLOOR] * 4


async def test_one_who_writes_a_lot_does_not_hide_what_others_wrote(cached: Cached) -> None:
    await written(cached, (BEN,), ENTRIES_MAX + 40)
    await written(cached, (CLO,), 40)
    await cached.fill()
    assert set(await walked(cached, 20)) == {HIT, Miss.FLOOR}


async def test_a_timeline_that_was_driven_out_by_old_posts_is_made_anew(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 60)
    await cached.fill()
    for minute in range(-2 * ENTRIES_MAX, 0):
        await cached.publish(BEN, minute, [ANA])
    assert await cached.outcome(page_size=70) == Miss.FLOOR
    await cached.fill()


@pytest.mark.parametrize("lane", LANES)
async def test_a_lane_that_is_ahead_of_its_marker_is_borne_for_a_while(
    cached: Cached, lane: tuple[str, str]
) -> None:
    await cached.fill()
    await cached.world.checkpoint(*lane, 7)
    assert await cached.outcome() == HIT
    # As if the marker had been set that much earlier.
    lanes = await cached.lanes()
    earlier = 2 * LATE_MS * 1000
    long_ago = {name: replace(place, at=place.at - earlier) for name, place in lanes.items()}
    back = [Move(name, place, place) for name, place in long_ago.items()]
    await cached.markers.advance(back)
    await cached.fill()
    await cached.world.checkpoint(*lane, 8)
    assert await cached.outcome() == Miss.BEHIND


async def test_a_marker_ahead_of_its_lane_is_of_another_database(cached: Cached) -> None:
    await cached.fill()
    rows = sql.SQL("""update build_checkpoints set "offset" = "offset" - 1 where model = 'posts'""")
    await cached.world.execute(rows)
    assert await cached.outcome() == Miss.BEHIND


@pytest.mark.parametrize("change", ["revision = revision + 1", "last_id = gen_random_uuid()"])
async def test_timelines_of_other_rows_are_not_used(cached: Cached, change: str) -> None:
    await cached.fill()
    await cached.world.execute(sql.SQL(f"update build_checkpoints set {change}"))
    assert await cached.outcome() == Miss.BEHIND
    await cached.vouch()
    if "revision" in change:
        await cached.fill()


async def test_a_partition_that_no_lane_vouched_for_yet_holds_hits_back(cached: Cached) -> None:
    await cached.fill()
    await cached.world.checkpoint("posts", "posts-9", 0)
    assert await cached.outcome() == Miss.BEHIND
    await cached.vouch()
    await cached.fill()


@pytest.mark.parametrize("partition", ["posts-0", "people-1"])
async def test_who_waits_for_a_position_gets_nothing_older(cached: Cached, partition: str) -> None:
    await cached.fill()
    reached = {partition: cached.offset}
    assert await cached.outcome(position=reached) == HIT
    await cached.commit()
    assert await cached.outcome(position=reached) == HIT
    assert await cached.outcome(position={partition: cached.offset}) == Miss.POSITION
    await cached.vouch()
    await cached.fill()
    assert await cached.outcome(position={partition: cached.offset}) == HIT


async def test_positions_of_what_fills_no_timelines_hold_nothing_back(cached: Cached) -> None:
    await cached.fill()
    assert await cached.outcome(position={"names-0": 99, "people-0": -1}) == HIT


async def test_redis_emptied_costs_hits_until_lanes_vouch_again(cached: Cached) -> None:
    await written(cached, (BEN, CLO), 9)
    await cached.fill()
    await cached.timelines._redis.flushdb()
    assert await cached.outcome() == Miss.UNVOUCHED
    await cached.vouch()
    assert await cached.outcome() == Miss.ABSENT
    await cached.fill()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_timeline_is_filled_again_and_bothers_nobody_else(
    cached: Cached, damage: Damage
) -> None:
    await written(cached, (BEN, CLO), 9)
    await cached.fill()
    await cached.fill(BEN)
    await damage(cached.timelines._redis, cached.timelines._keys.timeline(ANA.bytes))
    assert await cached.outcome() == Miss.DAMAGED
    assert await cached.outcome(viewer=BEN) == HIT
    await cached.fill()
    assert await walked(cached, 4) == [HIT] * 3


async def test_redis_away_is_left_alone_for_a_while(cached: Cached) -> None:
    hasty = replace(cached.settings, feeds=replace(cached.settings.feeds, read_wait_ms=500))
    async with open_timelines(hasty) as timelines:
        cached.read_through(timelines)
        await cached.fill()
        cached.wire.silence()
        assert await cached.outcome() == Miss.AWAY
        cached.wire.resume()
        trips = cached.wire.round_trips
        assert await cached.outcome() == Miss.AWAY
        assert cached.wire.round_trips == trips
        await cached.fill()


class TestMergedAuthors:
    """BEN has too many followers to be pushed to."""

    @pytest.fixture
    async def merged(self, cached: Cached) -> Cached:
        await written(cached, PEOPLE, 20)
        await cached.fill()
        await cached.markers.merge([BEN.bytes])
        return cached

    async def test_their_posts_are_read_though_no_timeline_has_them(self, merged: Cached) -> None:
        for minute in (30, 40):
            await merged.publish(BEN, minute, [])
            await merged.publish(CLO, minute + 1, [ANA])
        assert set(await walked(merged, 4)) == {HIT}
        assert len((await merged.read()).posts) == 19

    async def test_who_does_not_follow_them_reads_nothing_of_them(self, merged: Cached) -> None:
        await merged.fill(DAN)
        await merged.publish(BEN, 30, [])
        assert await merged.outcome(viewer=DAN) == HIT

    async def test_who_mutes_them_reads_nothing_of_them(self, merged: Cached) -> None:
        await merged.publish(BEN, 30, [])
        await merged.world.mute(ANA, BEN)
        assert await walked(merged, 4) == [HIT] * 3

    async def test_more_of_their_posts_than_fit_on_a_page(self, merged: Cached) -> None:
        for minute in range(30, 60):
            await merged.publish(BEN, minute, [])
        assert set(await walked(merged, 4)) == {HIT}

    async def test_another_one_is_merged_from_then_on(self, merged: Cached) -> None:
        assert await merged.outcome() == HIT
        await merged.markers.merge([CLO.bytes])
        await merged.publish(CLO, 30, [])
        assert await merged.outcome() == HIT

    @pytest.mark.parametrize("lost", ["merged", "state"])
    async def test_authors_that_redis_forgot_hide_no_posts(self, merged: Cached, lost: str) -> None:
        await merged.publish(BEN, 30, [])
        key: bytes = getattr(merged.timelines._keys, lost)
        await merged.timelines._redis.delete(key)
        assert await merged.outcome() == Miss.UNVOUCHED
        await merged.markers.merge([CLO.bytes])
        assert await merged.outcome() == Miss.UNVOUCHED
        await merged.vouch()
        await merged.fill()


class TestRoundTrips:
    """Counted on the wire to each server."""

    async def trips(self, cached: Cached, **asked: object) -> tuple[int, int]:
        """To Redis and to PostgreSQL, once both connections have prepared their statements."""
        for _ in range(6):
            cached.wire.reset()
            cached.side.wire.reset()
            await cached.read(**asked)  # type: ignore[arg-type]
        return cached.wire.round_trips, cached.side.wire.round_trips

    @pytest.mark.parametrize("people", [2, 40])
    async def test_they_do_not_grow_with_the_page_or_with_the_followed(
        self, cached: Cached, people: int
    ) -> None:
        followed = [UUID(int=DAN.int + number) for number in range(1, people + 1)]
        for account in followed:
            await cached.world.person(account, f"p{account.int % 1000}")
            await cached.world.follow(ANA, account)
        await written(cached, followed, 100)
        await cached.fill()
        for size in (1, 20, 90):
            assert await self.trips(cached, page_size=size) == (1, 1)
            first = await cached.read(page_size=size)
            assert await self.trips(cached, page_size=size, cursor=first.next_cursor) == (1, 1)

    async def test_what_must_be_left_out_costs_two_more(self, cached: Cached) -> None:
        await written(cached, (BEN, CLO), 60)
        await cached.fill()
        await cached.world.mute(ANA, BEN)
        for size in (1, 20, 30):
            assert await self.trips(cached, page_size=size) == (1, 3)

    async def test_merged_authors_cost_one_more(self, cached: Cached) -> None:
        await written(cached, (BEN, CLO), 60)
        await cached.fill()
        await cached.markers.merge([BEN.bytes, DAN.bytes])
        for size in (1, 20, 50):
            assert await self.trips(cached, page_size=size) == (1, 2)

    async def test_a_miss_costs_what_postgresql_alone_would(self, cached: Cached) -> None:
        await written(cached, (BEN, CLO), 60)
        await cached.fill()
        ahead = {"people-0": 99}
        for size in (1, 20, 50):
            assert await self.trips(cached, page_size=size, position=ahead) == (1, 2)


async def test_a_hundred_readers_fill_their_timelines_side_by_side(cached: Cached) -> None:
    await written(cached, PEOPLE, 40)
    readers = [UUID(int=DAN.int + number) for number in range(1, 101)]
    for reader in readers:
        await cached.world.follow(reader, BEN)
    for reader in readers:
        await cached.read(reader)

    async def all_hit() -> bool:
        return {await cached.outcome(viewer=reader) for reader in readers} == {HIT}

    await eventually(all_hit, within_s=120)
