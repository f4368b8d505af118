"""The lanes that a worker speaks for: where they are, and which markers it must find just there."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from infra.postgres.pool import Pool
from infra.redis.entries import micros
from infra.redis.port import NO_RECORD, Move, Place
from projections.commits import Commit
from projections.models import MODELS

StoredPlaces = Callable[[], Awaitable[Mapping[str, Place]]]

_PLACES: Final = b"""
select model, partition, build || '.' || revision, "offset", coalesce(last_id::text, %(none)s), at
  from checkpoints where model = any (%(models)s)"""


class LanePlaces:
    """Places by lane, as far as this process knows; `stored` is where the tables say they are."""

    def __init__(self, stored: StoredPlaces) -> None:
        self._stored = stored
        self._places: dict[str, Place] = {}
        self._resting: dict[str, Place] = {}
        self._unsure: set[str] = set()
        self._doubts = 0

    def put(self, lane: str, place: Place) -> None:
        """The lane is there."""
        self._places[lane] = place

    def remove(self, lane: str) -> None:
        """The lane may go on elsewhere."""
        self._places.pop(lane, None)

    def doubt(self, lanes: Collection[str]) -> None:
        """Markers may not know what these lanes went on from: they have to be exactly there."""
        self._unsure |= set(lanes)
        self._doubts += 1

    def moves(self, commits: Collection[tuple[Commit, bool]]) -> "Moves":
        """The moves of commits, each of them exact or not."""
        unsure = set(self._unsure)
        moves = []
        for commit, exact in commits:
            lane = commit.lane
            moves.append(Move(lane, commit.before, commit.after, exact or lane in unsure))
            unsure.discard(lane)
        return Moves(self._doubts, moves)

    async def checks(self, busy: Collection[str]) -> list[Move]:
        """Moves on the spot of lanes that have rested since the last time: are their markers there?

        So timelines come back after Redis was emptied though nothing is written, and are void when
        other rows took the place of these. A lane that catches up without telling is left alone:
        each check would void all timelines. Raises what `stored` raises.
        """
        rested, self._resting = self._resting, dict(self._places)
        resting = {
            lane: place
            for lane, place in self._places.items()
            if rested.get(lane) == place and lane not in busy
        }
        stored = await self._stored() if resting else {}
        return [
            self._check(lane, place, stored[lane])
            for lane, place in resting.items()
            # What was read is older than a lane that went on meanwhile.
            if lane in stored and self._places.get(lane) == place
        ]

    def _check(self, lane: str, place: Place, stored: Place) -> Move:
        """Whether other rows are live, or some were lost, the lane itself finds out only later."""
        if stored.lineage != place.lineage or stored.offset < place.offset:
            self._places[lane] = stored
            return Move(lane, stored, stored, exact=True)
        return Move(lane, place, place, exact=lane in self._unsure)

    def verified(self, moves: "Moves") -> None:
        """These moves were made: doubts are gone, but for those that came up meanwhile."""
        if moves.doubts == self._doubts:
            self._unsure -= {move.lane for move in moves.moves}


class Moves:
    """Moves to be made, and how many doubts there had been when they were put together."""

    def __init__(self, doubts: int, moves: list[Move]) -> None:
        self.doubts = doubts
        self.moves = moves


def stored_places(pool: Pool) -> StoredPlaces:
    """Where lanes are that touch timelines, by their checkpoints. One round trip each time."""
    models = [model.name for model in MODELS if model.touches is not None]

    async def places() -> Mapping[str, Place]:
        async with pool.connection() as connection:
            cursor = await connection.execute(
                _PLACES, {"models": models, "none": NO_RECORD}, prepare=True
            )
            rows = await cursor.fetchall()
        return {
            f"{model}/{partition}": Place(lineage, offset, last_id, micros(at))
            for model, partition, lineage, offset, last_id, at in rows
        }

    return places
