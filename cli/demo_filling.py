"""Fills in the demo's people: finds who is missing, adds them, and checks the result."""

import random
from typing import Final

from msgspec import Struct

from cli.demo_run import READ_THREADS, ROUNDS, WRITE_THREADS, Run
from cli.demo_society import Person
from cli.demo_standing import Difference, Standing, differences, look

REGISTER_THREADS: Final = 12


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
    """People and follows."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._society = run.society
        self._guide = run.society.people[0]
        self._standings: dict[str, Standing | None] = {}
        self._positions: dict[str, str] = {}

    def fill(self) -> Outcome:
        """Adds what is lacking, until nothing is or more tries do not help. Raises Failure."""
        outcome = Outcome(len(self._society.people), len(self._society.follows))
        self._run.ids[self._guide.handle] = self._run.sessions.register(self._guide)
        self._look("looking around")
        for turn in range(ROUNDS):
            if not self._differences():
                break
            self._register(outcome)
            self._follow(outcome, turn)
            self._compare()
        outcome.differences = self._differences()
        return outcome

    def verify(self) -> Outcome:
        """Compares only. Raises Refused if nobody of the demo is there."""
        outcome = Outcome(len(self._society.people), len(self._society.follows))
        self._run.sessions.sign_in(self._guide)
        self._compare()
        outcome.differences = self._differences()
        return outcome

    def _differences(self) -> list[Difference]:
        return differences(self._society, self._standings)

    def _compare(self) -> None:
        self._look("comparing people")
        self._run.settle(self._differences, self._look_at)

    def _look(self, step: str) -> None:
        self._run.spread(step, self._look_at, self._society.people, READ_THREADS)

    def _look_at(self, person: Person) -> None:
        # By now read models have all that was written in the person's own shard.
        position = self._positions.get(person.handle, "")
        standing = look(self._run.sessions, self._guide, person, position)
        self._standings[person.handle] = standing
        if standing is not None:
            self._run.ids[person.handle] = standing.account_id

    def _register(self, outcome: Outcome) -> None:
        absent = [person for person in self._society.people if person.handle not in self._run.ids]
        step = "registering people"
        rate = self._run.spread(step, self._register_one, absent, REGISTER_THREADS)
        outcome.registered += len(absent)
        outcome.registered_per_s = rate or outcome.registered_per_s

    def _register_one(self, person: Person) -> None:
        self._run.ids[person.handle] = self._run.sessions.register(person)

    def _follow(self, outcome: Outcome, turn: int) -> None:
        lacking = [pair for pair in sorted(self._society.follows) if not self._is_there(*pair)]
        # Side by side in the file are those who follow the same person: a crowd at one owner.
        random.Random(turn).shuffle(lacking)

        def follow(pair: tuple[str, str]) -> None:
            follower, followed = pair
            path = f"/v1/people/{self._run.ids[followed]}/follow"
            purpose = f"{turn}/{followed}"
            done = self._run.sessions.call(self._run.people[follower], "PUT", path, purpose=purpose)
            self._positions[followed] = done["receipt"]["position"]

        rate = self._run.spread("following", follow, lacking, WRITE_THREADS)
        outcome.followed += len(lacking)
        outcome.followed_per_s = rate or outcome.followed_per_s

    def _is_there(self, follower: str, followed: str) -> bool:
        standing = self._standings.get(follower)
        return standing is not None and followed in standing.following
