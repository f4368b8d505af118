"""Both together: deeds done in the society and in plain words, and what comes of them compared."""

import random
from typing import Any, Final
from uuid import UUID

from events.topics import PEOPLE, TOPICS
from tests.commands.memory import MemorySubmitter
from tests.safety.allowed import Allowed
from tests.safety.plain import State
from tests.safety.plain_deeds import Plain
from tests.safety.plain_sight import plain_sight
from tests.safety.sight import Cast, sight
from tests.safety.society import Society, place
from tests.safety.tables import Tables

HANDLES: Final = ("ana", "ben", "clo", "dan")
CREATES: Final = ("publish", "comment")


def _person(number: int) -> UUID:
    """An id whose shard lives in one of two partitions, so that people share them."""
    chance = random.Random(number)
    while True:
        found = UUID(int=chance.getrandbits(128))
        if place(PEOPLE, found).number == number % 2:
            return found


IDS: Final = {handle: _person(number) for number, handle in enumerate(HANDLES)}
TOPIC_OF: Final = {topic.name: topic for topic in TOPICS}


class World:
    """People of whom two accounts are kept."""

    def __init__(self) -> None:
        self.society = Society()
        self.plain = Plain(lambda topic, shard: str(place(TOPIC_OF[topic], shard)), IDS)
        self.cast = Cast([], [], [])
        self.allowed = Allowed()

    def do(self, deed: str, actor: UUID, *about: Any) -> None:
        """Somebody does something; both must agree whether that is done, and where it stands."""
        readers = self._readers()
        refused = self.society.do(deed, actor, *about)
        made = (self.society.made,) if deed in CREATES and not refused else ()
        missing = (UUID(int=0),) if deed in CREATES and refused else ()
        expected = self.plain.do(deed, actor, *about, *made, *missing, readers=readers)
        assert refused == expected, f"{deed} is refused with {refused!r}, not {expected!r}"
        if not refused:
            self._note(deed, actor, *about, *made)
        self._moment()

    def react_to_blocks(self) -> None:
        """Every block is mirrored."""
        order = [name for name in self._log() if name.startswith(PEOPLE.name)]
        self.society.react_to_blocks()
        self.plain.react_to_blocks(order)
        self._moment()

    def compare(self) -> None:
        """Everything that everybody is told, in both accounts."""
        tables, state = Tables(self.society.lanes), self._readers()
        for viewer in self.cast.people:
            told = sight(tables, viewer, self.cast)
            expected = plain_sight(state, viewer, *self.cast)
            for question, answer in expected.items():
                assert told[question] == answer, f"{question}, asked by {viewer}"
            assert told.keys() == expected.keys()
            self.allowed.check(viewer, told)

    def _readers(self) -> State:
        reached = self.society.lanes.reached
        return self.plain.record.state(
            {(model, str(partition)): offset for (model, partition), offset in reached.items()}
        )

    def _note(self, deed: str, actor: UUID, *about: Any) -> None:
        match deed:
            case "register":
                self.cast.people.append(actor)
            case "publish":
                self.cast.posts.append(about[-1])
            case "comment":
                self.cast.comments.append((about[0], about[-1]))

    def _log(self) -> dict[str, Any]:
        submitter: MemorySubmitter = self.society.submitter
        return {name: decisions for name, decisions in submitter.log.items() if decisions}

    def _moment(self) -> None:
        self.allowed.note(self.plain.truth, IDS.values())
        ends = {name: len(decisions) for name, decisions in self._log().items()}
        assert ends == self.plain.record.ends, "one account has more to tell than the other"
