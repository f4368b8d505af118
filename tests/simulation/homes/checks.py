"""What must be true of every page: nothing that its viewer may not see, and nothing missing."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from queries.paging import Edge
from tests.simulation.homes.database import Database, Tables
from tests.simulation.homes.town import LATE_S, PAGE, Reading

_LOWEST: Final = Edge(id=UUID(int=0), since=datetime.min.replace(tzinfo=UTC))


class Broken(AssertionError):
    """A promise was not kept."""


class Judge:
    """Compares pages with what PostgreSQL would have answered at every moment that counts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._homes: dict[tuple[int, UUID], frozenset[Edge]] = {}
        self._hybrids: dict[tuple[int, str, int], Tables] = {}

    def judge(self, reading: Reading) -> None:
        """Raises `Broken` unless the page is right."""
        places = list(reading.places)
        if sorted(set(places), key=_order, reverse=True) != places:
            raise Broken(f"Out of order: {places}")
        self._all_seen(reading)
        self._none_missing(reading)

    def _all_seen(self, reading: Reading) -> None:
        states = self._database.between(reading.began_s, reading.ended_s)
        seen = frozenset[Edge]().union(*(self._home(one, reading.viewer) for one in states))
        if hidden := set(reading.places) - seen:
            raise Broken(f"Shown at {reading.ended_s:.3f} though never in the home: {hidden}")

    def _none_missing(self, reading: Reading) -> None:
        """What was in the home all the while is there, as far down as the page goes.

        Each lane may be as old as `LATE_S`, but none older than the position says. A post is in a
        home if every lane says so, each of its own facts: so it is enough to look at the lanes as
        they went on together.
        """
        start_s = reading.began_s - LATE_S
        before = self._database.between(start_s, reading.began_s)
        states = [self._at_least(state, reading) for state in before]
        states += self._database.between(reading.began_s, reading.ended_s)
        always = frozenset.intersection(*(self._home(one, reading.viewer) for one in states))
        full = len(reading.places) == PAGE
        bottom, top = reading.places[-1] if full else _LOWEST, reading.after
        wanted = {edge for edge in always if _order(bottom) <= _order(edge) < _order(top)}
        if missing := wanted - set(reading.places):
            raise Broken(f"Missing from {start_s:.3f} to {reading.ended_s:.3f}: {missing}")

    def _at_least(self, state: Tables, reading: Reading) -> Tables:
        """The state, with what the position asks for of lanes that had not got there."""
        asked = self._database.at(reading.began_s)
        for name in reading.position:
            lane = next(lane for lane in state.lanes if lane.endswith(name))
            if state.lanes[lane].offset < reading.position[name]:
                state = self._hybrid(state, lane, asked)
        return state

    def _hybrid(self, state: Tables, lane: str, other: Tables) -> Tables:
        key = id(state), lane, id(other)
        if key not in self._hybrids:
            self._hybrids[key] = state.with_lane(lane, other)
        return self._hybrids[key]

    def _home(self, tables: Tables, viewer: UUID) -> frozenset[Edge]:
        key = id(tables), viewer
        if key not in self._homes:
            self._homes[key] = frozenset(tables.home(viewer))
        return self._homes[key]


def _order(edge: Edge) -> tuple[datetime, bytes]:
    return edge.since, edge.id.bytes
