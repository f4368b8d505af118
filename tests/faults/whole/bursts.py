"""Requests sent many times at once under one id, and one id used for two requests."""

import asyncio
from typing import Final

from tests.faults.whole.edge import AGAIN_S, Edge, GaveUp, Person, fresh_id
from tests.faults.whole.people import PASSWORD, Society
from tests.judge.history import Try

TIMES: Final = 100


class Bursts:
    """Somebody who presses the button again and again. What they are told is in the history."""

    def __init__(self, edge: Edge, society: Society) -> None:
        self._edge = edge
        self._society = society
        self._person = Person(f"burst_{fresh_id()[-8:]}", PASSWORD)

    async def enter(self) -> None:
        """Gets the account; raises GaveUp."""
        await self._edge.enter(self._person, "Register")

    async def same(self) -> None:
        """One post published a hundred times at once, under one id; all outcomes are awaited."""
        request = fresh_id()
        await asyncio.gather(*(self._known(request, request) for _ in range(TIMES)))

    async def two_bodies(self) -> None:
        """Two posts under one id, each many times at once: one of the two is published."""
        request, texts = fresh_id(), (fresh_id(), fresh_id())
        asked = (text for text in texts for _ in range(TIMES // 4))
        await asyncio.gather(*(self._known(request, text) for text in asked))

    async def _known(self, request: str, text: str) -> Try:
        about = {"text": text, "audience": "public", "chosen": [], "replies": "everybody"}
        while True:
            one = await self._edge.ask(self._person, "PublishPost", about, request)
            if one.known:
                return one
            if self._edge.closing:
                raise GaveUp(str(one))
            await asyncio.sleep(AGAIN_S)
