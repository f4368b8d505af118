"""The way of the people to Agora: each request is sent over HTTP, and noted with its answer."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

from infra.crypto.uuid7 import new_uuid7
from tests.faults.whole.routes import ROUTES, body_of
from tests.faults.whole.session import Connected
from tests.judge.history import Try

TRY_S: Final = 5.0
AGAIN_S: Final = 0.1
AGAIN_S_MAX: Final = 1.0


class Person(Struct):
    """Somebody with an account. `position` is as far as they know the log to go."""

    handle: str
    password: str
    id: str = ""
    session: str = ""
    token: str = ""
    position: str = ""


class GaveUp(Exception):
    """A request whose outcome was not known when the run ended."""


class Edge(Connected):
    """Sends requests, and keeps the history."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.history: list[Try] = []
        self.closing = False
        self._address = f"http://127.0.0.1:{port}"

    async def ask(
        self,
        person: Person,
        deed: str,
        about: Mapping[str, Any],
        request: str = "",
        *,
        position: str = "",
        within_s: float = TRY_S,
    ) -> Try:
        """One try, noted. Without an answer in time its outcome is unknown."""
        sent_at = time.monotonic()
        try:
            async with asyncio.timeout(within_s):
                status, body = await self._answer(person, deed, about, request, position)
        except (aiohttp.ClientError, TimeoutError, OSError):
            status, body = 0, b""
        one = Try(
            deed=deed,
            actor=person.id,
            session="" if deed == "SignIn" else person.session,
            request=request,
            about=dict(about),
            position=position,
            sent_at=sent_at,
            answered_at=time.monotonic(),
            status=status,
            reason=reason_of(status, body),
            body=body if status == 200 else b"",
        )
        self.history.append(one)
        return one

    async def _answer(
        self, person: Person, deed: str, about: Mapping[str, Any], request: str, position: str
    ) -> tuple[int, bytes]:
        route = ROUTES[deed]
        headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
        if request:
            headers["Idempotency-Key"] = request
        if position:
            headers["Agora-Position"] = position
        url = self._address + route.address(about)
        body = body_of(deed, about)
        async with self.session.request(route.verb, url, json=body, headers=headers) as answer:
            return answer.status, await answer.read()

    async def command(
        self, person: Person, deed: str, about: Mapping[str, Any], request: str = ""
    ) -> Try:
        """The known outcome, after as many tries under one id as it takes; raises GaveUp."""
        request = request or fresh_id()
        pause_s = AGAIN_S
        while True:
            one = await self.ask(person, deed, about, request, position=person.position)
            if one.ok:
                person.position = one.answer["receipt"]["position"]
            if one.known or one.reason == "SESSION_CLOSED":
                return one
            if self.closing:
                raise GaveUp(str(one))
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, AGAIN_S_MAX)

    async def enter(self, person: Person, deed: str) -> Try:
        """Registers or signs in, until it is known that it worked."""
        about = {
            "handle": person.handle,
            "password": person.password,
            "email": f"{person.handle}@example.org",
        }
        person.token, person.session = "", ""
        one = await self.command(person, deed, about)
        answer = one.answer
        person.id, person.session = answer["accountId"], answer["sessionId"]
        person.token = answer["accessToken"]
        return one


def fresh_id() -> str:
    """A new idempotency key."""
    return str(new_uuid7(datetime.now(UTC)))


def reason_of(status: int, body: bytes) -> str:
    """Why it was not answered with success, if the body says so."""
    if status in (0, 200):
        return ""
    try:
        return str(msgspec.json.decode(body).get("reason", ""))
    except (msgspec.DecodeError, AttributeError):
        return ""
