"""People with a page open: what they are told is noted like an answer, and judged like one.

Each stream is left after a few seconds and taken up again where it was (`Last-Event-ID`), now and
then on a connection that some fault has ended.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

import aiohttp
from msgspec import Struct

from tests.faults.whole.edge import Edge, Person, reason_of
from tests.faults.whole.session import Connected
from tests.judge.history import Try
from tests.judge.pushes import PREFIX, RULES

FEEDS: Final = ("home", "explore")
OPEN_S: Final = (1.0, 12.0)
AGAIN_S: Final = 0.2
FRESH: Final = 0.2
"""The share of streams that are begun anew, as by a page that was loaded again."""
SHOWN_MAX: Final = 20


class _Told(Struct):
    """One event of a stream as it comes in."""

    id: str = ""
    name: str = ""
    data: str = ""


class Watchers(Connected):
    """So many people's pages. `told` counts the events by name."""

    def __init__(self, edge: Edge, port: int, seed: int, people: Sequence[Person]) -> None:
        super().__init__(connections_max=0)
        self.told: dict[str, int] = {}
        self._edge = edge
        self._address = f"http://127.0.0.1:{port}/v1/live"
        self._dice = [random.Random(f"{seed}/page/{number}") for number in range(len(people))]
        self._people = people

    async def watch(self, number: int) -> None:
        """One person's page until the edge is closing."""
        person, dice = self._people[number], self._dice[number]
        feed, last = FEEDS[number % len(FEEDS)], ""
        while not self._edge.closing:
            if dice.random() < FRESH:
                last = ""
            if not person.token:
                # Between signing out and signing in there is no page.
                await asyncio.sleep(AGAIN_S)
                continue
            try:
                async with asyncio.timeout(dice.uniform(*OPEN_S)):
                    async for told in self._stream(person, feed, last):
                        last = told.id or last
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(AGAIN_S)

    async def _stream(self, person: Person, feed: str, last: str) -> AsyncIterator[_Told]:
        headers = {"Authorization": f"Bearer {person.token}"}
        if last:
            headers["Last-Event-ID"] = last
        opened_at, actor, session = time.monotonic(), person.id, person.session
        params = [("feed", feed), *(("post", post) for post in self._shown())]
        async with self.session.get(self._address, headers=headers, params=params) as answer:
            if answer.status != 200:
                body = await answer.read()
                self._keep("open", actor, session, feed, opened_at, answer.status, body)
                return
            told = _Told()
            async for line in answer.content:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field in ("id", "data"):
                    setattr(told, field, value)
                elif field == "event":
                    told.name = value
                elif not field:
                    self._note(told, actor, session, feed, opened_at)
                    yield told
                    told = _Told()

    def _note(self, told: _Told, actor: str, session: str, feed: str, opened_at: float) -> None:
        if told.name:
            self.told[told.name] = self.told.get(told.name, 0) + 1
        if f"{PREFIX}{told.name}" in RULES:
            self._keep(told.name, actor, session, feed, opened_at, 200, told.data.encode())

    def _keep(
        self,
        name: str,
        actor: str,
        session: str,
        feed: str,
        opened_at: float,
        status: int,
        body: bytes,
    ) -> None:
        self._edge.history.append(
            Try(
                deed=f"{PREFIX}{name}",
                actor=actor,
                session=session,
                about={"feed": feed},
                sent_at=opened_at,
                answered_at=time.monotonic(),
                status=status,
                reason=reason_of(status, body),
                body=body if status == 200 else b"",
            )
        )

    def _shown(self) -> list[str]:
        """Posts that are on the page: those written last, whoever may see them."""
        found = [
            one.answer["postId"]
            for one in self._edge.history[-2000:]
            if one.deed == "PublishPost" and one.ok
        ]
        return found[-SHOWN_MAX:]
