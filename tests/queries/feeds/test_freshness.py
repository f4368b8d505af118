"""When timelines are as new as the tables, and as a position."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from infra.redis.port import Place
from queries.feeds.freshness import behind, reaches, short_of
from queries.reads.timelines import Lanes

NOW = 10_000_000
LATE_MS = 1000
LANE = "posts/posts-0"
OTHER = "graph/people-3"
AT = Place("1.0", 7, "r7", at=NOW - 100_000)


def lanes(**changed: object) -> Lanes:
    place = replace(Place("1.0", 7, "r7"), **changed)
    return Lanes(NOW, {LANE: place, OTHER: Place("1.0", -1)})


def markers(**changed: object) -> dict[str, Place]:
    return {LANE: replace(AT, **changed), OTHER: Place("1.0", -1)}


def late(marked: Mapping[str, Place], stored: Lanes) -> bool:
    return behind(marked, stored, LATE_MS)


def test_markers_where_the_lanes_are_are_not_behind_however_old() -> None:
    assert not late(markers(), lanes())
    assert not late(markers(at=0), lanes())


def test_a_lane_may_be_ahead_for_a_while() -> None:
    ahead = lanes(offset=8, last_id="r8")
    assert not late(markers(at=NOW - 1000 * LATE_MS), ahead)
    assert late(markers(at=NOW - 1000 * LATE_MS - 1), ahead)


@pytest.mark.parametrize(
    "changed", [{"offset": 6, "last_id": "r6"}, {"lineage": "2.0"}, {"last_id": "another"}]
)
def test_other_rows_and_lost_ones_are_never_borne(changed: dict[str, object]) -> None:
    assert late(markers(at=NOW), lanes(**changed))


@pytest.mark.parametrize("lane", [LANE, OTHER])
def test_every_lane_needs_a_marker(lane: str) -> None:
    marked = {name: place for name, place in markers().items() if name != lane}
    assert late(marked, lanes())


def test_markers_of_lanes_that_are_gone_matter_to_nobody() -> None:
    assert not late(markers() | {"posts/posts-9": Place("1.0", 3)}, lanes())


def test_nothing_folded_yet_is_nothing_to_be_behind() -> None:
    assert not late({}, Lanes(NOW, {}))


@pytest.mark.parametrize(
    ("position", "short"),
    [
        ({}, False),
        ({"posts-0": 7}, False),
        ({"posts-0": 8}, True),
        ({"people-3": 0}, True),
        ({"people-3": -1}, False),
        ({"people-2": 0}, True),
        ({"names-0": 99}, False),
        ({"posts-0": 7, "people-3": 0}, True),
    ],
)
def test_a_position_is_reached_lane_by_lane(position: dict[str, int], short: bool) -> None:
    assert short_of(markers(), position) is short


def test_rows_reach_markers_of_their_own_that_are_not_ahead() -> None:
    assert reaches(lanes(), markers())
    assert reaches(lanes(offset=9), markers())
    assert not reaches(lanes(offset=6), markers())
    assert not reaches(lanes(lineage="2.0"), markers())
    assert not reaches(Lanes(NOW, {}), markers())
    assert reaches(lanes(), {})
