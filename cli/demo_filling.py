"""Making the society be there: see what is lacking, add it, and look whether it is right."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from msgspec import Struct

from cli.demo_edge import Edge
from cli.demo_sessions import Sessions
from cli.demo_society import Person, Society
from cli.demo_standing import Difference, Standing, differences, look
from cli.lanes import spread
from cli.progress import Steps

T = TypeVar("T")

READ_LANES: Final = 8
REGISTER_LANES: Final = 12
FOLLOW_LANES: Final = 64
"""Enough for the owners to commit in groups, few enough to leave others their turn."""

ROUNDS: Final = 3
SETTLE_S: Final = 5.0
"""How long read models may go without any visible progress where no position says more."""
SETTLE_PAUSE_S: Final = 0.5


class Outcome(Struct):
    """What a run found and did. Rates are things a second, 0 where nothing was to do."""

    people: int = 0
    follows: int = 0
    registered: int = 0
    followed: int = 0
    registered_per_s: float = 0.0
    followed_per_s: float = 0.0
    differences: list[Difference] = []


class Filling:
    """One run of the demo over one society."""

    def __init__(self, edge: Edge, society: Society, steps: Steps, now: datetime) -> None:
        self._edge = edge
        self._society = society
        self._steps = steps
        self._sessions = Sessions(edge, now)
        self._guide = society.people[0]
        self._standings: dict[str, Standing | None] = {}
        self._ids: dict[str, str] = {}
        self._positions: dict[str, str] = {}

    def fill(self) -> Outcome:
        """Adds what is lacking, until nothing is or more tries do not help. Raises Failure."""
        outcome = Outcome(len(self._society.people), len(self._society.follows))
        self._ids[self._guide.handle] = self._sessions.register(self._guide)
        self._look("looking around")
        for turn in range(ROUNDS):
            if not self._differences():
                break
            self._register(outcome)
            self._follow(outcome, turn)
            self._look("comparing")
            self._settle()
        outcome.differences = self._differences()
        return outcome

    def verify(self) -> Outcome:
        """Compares only. Raises Refused if nobody of the demo is there."""
        outcome = Outcome(len(self._society.people), len(self._society.follows))
        self._sessions.sign_in(self._guide)
        self._look("comparing")
        self._settle()
        outcome.differences = self._differences()
        return outcome

    def _differences(self) -> list[Difference]:
        return differences(self._society, self._standings)

    def _look(self, step: str) -> None:
        self._spread(step, self._look_at, list(self._society.people), READ_LANES)

    def _look_at(self, person: Person) -> None:
        # By now read models have all that was written in the person's own shard.
        position = self._positions.get(person.handle, "")
        standing = look(self._sessions, self._guide, person, position)
        self._standings[person.handle] = standing
        if standing is not None:
            self._ids[person.handle] = standing.account_id

    def _register(self, outcome: Outcome) -> None:
        absent = [person for person in self._society.people if person.handle not in self._ids]
        rate = self._spread("registering people", self._register_one, absent, REGISTER_LANES)
        outcome.registered += len(absent)
        outcome.registered_per_s = rate or outcome.registered_per_s

    def _register_one(self, person: Person) -> None:
        self._ids[person.handle] = self._sessions.register(person)

    def _follow(self, outcome: Outcome, turn: int) -> None:
        lacking = [pair for pair in sorted(self._society.follows) if not self._is_there(*pair)]
        # Side by side in the file are those who follow the same person: a crowd at one owner.
        random.Random(turn).shuffle(lacking)
        people = {person.handle: person for person in self._society.people}

        def follow(pair: tuple[str, str]) -> None:
            follower, followed = pair
            path = f"/v1/people/{self._ids[followed]}/follow"
            done = self._sessions.call(people[follower], "PUT", path, purpose=f"{turn}/{followed}")
            self._positions[followed] = done["receipt"]["position"]

        rate = self._spread("following", follow, lacking, FOLLOW_LANES)
        outcome.followed += len(lacking)
        outcome.followed_per_s = rate or outcome.followed_per_s

    def _is_there(self, follower: str, followed: str) -> bool:
        standing = self._standings.get(follower)
        return standing is not None and followed in standing.following

    def _settle(self) -> None:
        """Looks at those who differ again, as long as read models are catching up."""
        people = {person.handle: person for person in self._society.people}
        found = self._differences()
        given_up_s = time.monotonic() + SETTLE_S
        while found and time.monotonic() < given_up_s:
            self._edge.pause(SETTLE_PAUSE_S)
            for handle in dict.fromkeys(difference.handle for difference in found):
                self._look_at(people[handle])
            left = self._differences()
            if left != found:
                given_up_s = time.monotonic() + SETTLE_S
            found = left

    def _spread(
        self, step: str, work: Callable[[T], object], items: Sequence[T], lanes: int
    ) -> float:
        """Does the step; how many things a second it did, 0 when there was nothing to do."""
        if not items:
            return 0.0

        def one(item: T) -> None:
            work(item)
            self._steps.advance()

        self._steps.begin(step, len(items))
        spread(one, items, lanes, self._edge.stop)
        return self._steps.end()
