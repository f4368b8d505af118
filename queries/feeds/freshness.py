"""Whether timelines are as fresh as the tables, or as a position: by markers and checkpoints."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from events.position import Position
from events.topics import PEOPLE, POSTS, parse_partition
from infra.redis.port import Place
from queries.reads.timelines import Lanes

FILLED_BY: Final[Mapping[str, str]] = {PEOPLE.name: "graph", POSTS.name: "posts"}
"""Which read model's lanes bring the facts of a topic into timelines; other topics have none."""


class Miss(StrEnum):
    """Why PostgreSQL answers."""

    AWAY = "away"
    """Redis does not serve, or did not a moment ago."""
    UNVOUCHED = "unvouched"
    """There is no generation: Redis was emptied, or no worker has said anything yet."""
    ABSENT = "absent"
    """The viewer has no timeline, or one of a generation that is over."""
    DAMAGED = "damaged"
    """Somebody else wrote where the viewer's timeline was; it is filled again."""
    FILLING = "filling"
    """The timeline is being filled."""
    POSITION = "position"
    """What the caller wants to see is not in timelines yet."""
    BEHIND = "behind"
    """Timelines are of other rows, or lack what was committed too long ago."""
    FLOOR = "floor"
    """The page reaches below what the timeline knows."""
    MOVED = "moved"
    """Things changed between two looks."""


def short_of(markers: Mapping[str, Place], position: Position) -> bool:
    """Whether timelines lack part of `position`."""
    for name, offset in position.items():
        model = FILLED_BY.get(parse_partition(name).topic)
        if model is not None and offset >= 0:
            marker = markers.get(f"{model}/{name}")
            if marker is None or marker.offset < offset:
                return True
    return False


def behind(markers: Mapping[str, Place], lanes: Lanes, late_ms_max: int) -> bool:
    """Whether timelines lack what was committed earlier than `late_ms_max` ago, or other rows.

    A marker ahead of its lane was made from a database that is not this one: it lost commits.
    """
    return any(
        not _is_near(markers.get(lane), place, lanes.now - 1000 * late_ms_max)
        for lane, place in lanes.places.items()
    )


def _is_near(marker: Place | None, place: Place, not_before: int) -> bool:
    if marker is None or marker.lineage != place.lineage:
        return False
    if marker.offset == place.offset:
        return marker.last_id == place.last_id
    return marker.offset < place.offset and marker.at >= not_before


def reaches(lanes: Lanes, markers: Mapping[str, Place]) -> bool:
    """Whether rows read in the snapshot of `lanes` include all that the markers stand for."""
    return all(
        lane in lanes.places
        and lanes.places[lane].lineage == marker.lineage
        and lanes.places[lane].offset >= marker.offset
        for lane, marker in markers.items()
    )
