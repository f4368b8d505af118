"""Whether everything is served: a command in every partition, and a read at its position.

One person keeps watch for each partition of people, and one post is theirs in each of posts. What
they do is noted like everybody else's, and judged with it.
"""

import asyncio
import itertools
import time
import zlib
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tests.faults.whole.edge import Edge, Person, fresh_id
from tests.faults.whole.people import PASSWORD, Society
from tests.judge.seals import ACCOUNT, POST, Public

TRY_S: Final = 2.5
AGAIN_S: Final = 0.05
HEALTHY_S: Final = 60.0
"""Within this everything is served again after a fault, on a machine that is busy otherwise."""


class Unhealthy(Exception):
    """Something was not served again in time; the text says what."""


class _Watch(Struct):
    """What one sentinel does: one of `deeds` in turn, then `read`, both about one of `targets`."""

    partition: str
    person: Person
    deeds: Sequence[str]
    read: str
    targets: Sequence[dict[str, str]]
    turns: int = 0

    def next(self) -> tuple[str, dict[str, str]]:
        """The deed whose turn it is, and what it is about."""
        about, deed = divmod(self.turns, len(self.deeds))
        self.turns += 1
        return self.deeds[deed], self.targets[about % len(self.targets)]


class Sentinels:
    """The watches over all partitions of people and posts."""

    def __init__(
        self, edge: Edge, society: Society, public: Public, counts: dict[str, int]
    ) -> None:
        self._edge = edge
        self._society = society
        self._public = public
        self._counts = counts
        self._watches: list[_Watch] = []

    async def post(self) -> None:
        """Finds somebody for each partition; raises GaveUp."""
        people: dict[int, Person] = {}
        for number in itertools.count():
            if len(people) == self._counts["people"]:
                break
            person = Person(f"sentinel{number}_{fresh_id()[-8:]}", PASSWORD)
            await self._edge.enter(person, "Register")
            account = self._public.id(ACCOUNT, person.id)
            people.setdefault(_number(account, self._counts["people"]), person)
        for number, person in people.items():
            others = [{"person": one.id} for one in self._society.people]
            self._watch(f"people-{number}", person, ("Mute", "Unmute"), "ReadRelation", others)
        await self._watch_posts([*people.values()])

    async def _watch_posts(self, people: Sequence[Person]) -> None:
        found: dict[int, dict[str, str]] = {}
        while len(found) < self._counts["posts"]:
            person = people[len(found) % len(people)]
            about = {"text": fresh_id(), "audience": "public", "chosen": [], "replies": "everybody"}
            one = await self._edge.command(person, "PublishPost", about)
            post = one.answer["postId"]
            number = _number(self._public.id(POST, post), self._counts["posts"])
            if number not in found:
                found[number] = {"post": post}
                self._watch(
                    f"posts-{number}", person, ("PublishComment",), "ReadPost", [found[number]]
                )

    def _watch(
        self,
        partition: str,
        person: Person,
        deeds: Sequence[str],
        read: str,
        targets: Sequence[dict[str, str]],
    ) -> None:
        self._watches.append(_Watch(partition, person, deeds, read, targets))

    async def healthy(self, since: float) -> float:
        """Seconds from `since` until all was served that was sent later; raises Unhealthy."""
        deadline = time.monotonic() + HEALTHY_S
        served = await asyncio.gather(
            *(self._served(one, deadline) for one in self._watches), return_exceptions=True
        )
        for one in served:
            if isinstance(one, BaseException):
                raise one
        return max(one for one in served if isinstance(one, float)) - since

    async def _served(self, watch: _Watch, deadline: float) -> float:
        """When the watch's command and read were answered; raises Unhealthy."""
        deed, about = watch.next()
        text = {"text": f"{deed} {fresh_id()}"} if deed == "PublishComment" else {}
        await self._done(watch, deed, {**about, **text}, deadline)
        return await self._read(watch, about, deadline)

    async def _done(self, watch: _Watch, deed: str, about: dict[str, str], deadline: float) -> None:
        request = fresh_id()
        while True:
            one = await self._edge.ask(
                watch.person, deed, about, request, position=watch.person.position, within_s=TRY_S
            )
            if one.ok:
                watch.person.position = one.answer["receipt"]["position"]
                return
            await _later(watch, str(one), deadline)

    async def _read(self, watch: _Watch, about: dict[str, str], deadline: float) -> float:
        while True:
            position = watch.person.position
            one = await self._edge.ask(
                watch.person, watch.read, about, position=position, within_s=TRY_S
            )
            if one.ok:
                return one.answered_at
            await _later(watch, str(one), deadline)


async def _later(watch: _Watch, told: str, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise Unhealthy(f"{watch.partition} is not served {HEALTHY_S:.0f} s after a fault: {told}")
    await asyncio.sleep(AGAIN_S)


def _number(shard: str, count: int) -> int:
    return zlib.crc32(shard.encode()) % count
