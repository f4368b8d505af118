"""Agora in three processes on real servers, and people who use it over HTTP."""

import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from msgspec.structs import replace

from cli.supervise import HEALTH_REQUEST
from infra.config import Settings
from infra.crypto.uuid7 import new_uuid7
from infra.local.process import Process, answers
from tests.stack import Stack

PASSWORD: Final = "between you and me"
START_S: Final = 60.0
PATIENCE_S: Final = 30.0
SERVED_S: Final = 60.0
"""How long the three may need after a fault, on a busy machine, until all is answered again."""


class Patient(httpx.HTTPTransport):
    """Asks the same again while it is answered 503, as every client is invited to.

    Where much else goes on, read models may come too late for a position, and answers too late for
    their deadline. Commands get a key, so that they are done once.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The first answer that is another one, or the last within the time."""
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            request.headers.setdefault("Idempotency-Key", fresh_key())
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = super().handle_request(request)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer
            answer.close()
            time.sleep(0.1)


class Town:
    """A running Agora. Its processes may be killed; have them `mend` afterwards.

    `http` is patient with what is too busy; `hasty` gets every answer as it is.
    """

    def __init__(self, settings: Settings, processes: dict[str, Process]) -> None:
        self.settings = settings
        self.processes = processes
        address = f"http://127.0.0.1:{settings.gateway.port}"
        # A connection for each request: servers come and go here.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.hasty = httpx.Client(base_url=address, timeout=60.0, limits=limits)
        self.http = httpx.Client(base_url=address, timeout=60.0, transport=Patient(limits=limits))
        self._numbers = itertools.count(1)

    def newcomer(self, **changed: object) -> "Someone":
        """Registers somebody whom nobody knows yet."""
        form = {**self.form(), **changed}
        answer = self.http.post("/v1/accounts", json=form)
        assert answer.status_code == 200, answer.text
        return Someone(self, form, answer.json())

    def form(self) -> dict[str, object]:
        """What a newcomer registers with; new each time."""
        handle = f"p{next(self._numbers)}_{secrets.token_hex(4)}"
        return {
            "email": f"{handle}@example.org",
            "password": PASSWORD,
            "firstName": "Ana",
            "lastName": "Lima",
            "birthDate": "1990-12-31",
            "handle": handle,
        }

    def mend(self) -> None:
        """Starts what was killed, and waits until commands and queries are answered."""
        for process in self.processes.values():
            if not process.running:
                process.start()
        eventually(self.serves, START_S)

    def serves(self) -> bool:
        """Whether a command is answered, and read back at its position."""
        port = self.settings.gateway.port
        if not answers(port, HEALTH_REQUEST, b" 200 "):
            return False
        answer = self.hasty.post("/v1/accounts", json=self.form())
        if answer.status_code != 200:
            return False
        someone = Someone(self, {}, answer.json())
        seen = someone.ask("GET", "/v1/account", position=someone.position, once=True)
        return seen.status_code == 200


class Someone:
    """One person with an access token, and the position of their last command."""

    def __init__(self, town: Town, form: dict[str, object], signed_in: dict[str, Any]) -> None:
        self.town = town
        self.form = form
        self.id = str(signed_in["accountId"])
        self.handle = str(signed_in["handle"])
        self.token = str(signed_in["accessToken"])
        self.position = str(signed_in["receipt"]["position"])

    def ask(
        self,
        verb: str,
        path: str,
        *,
        json: object = None,
        key: str = "",
        position: str = "",
        once: bool = False,
        **query: Any,
    ) -> httpx.Response:
        """What the edge answers, whatever that is; when it is asked `once`, that may be 503."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        if position:
            headers["Agora-Position"] = position
        client = self.town.hasty if once else self.town.http
        return client.request(verb, path, json=json, headers=headers, params=query)

    def do(self, verb: str, path: str, **asked: Any) -> Any:
        """What the edge answers a command that succeeds; remembers its position."""
        answer = self.ask(verb, path, **asked)
        assert answer.status_code == 200, answer.text
        self.position = answer.headers["agora-position"]
        return answer.json()

    def see(self, path: str, after: "Someone | None" = None, **query: Any) -> Any:
        """What the edge answers a read, not before it includes the last command of `after`."""
        position = (after or self).position
        answer = self.ask("GET", path, position=position, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sees(self, other: "Someone") -> bool:
        """Whether there is such a person, as far as this one is told."""
        by_id = self.ask("GET", f"/v1/people/{other.id}")
        by_handle = self.ask("GET", f"/v1/handles/{other.handle}")
        assert by_id.status_code == by_handle.status_code
        return by_id.status_code == 200

    def follow(self, other: "Someone") -> str:
        """Follows or asks to; which of both."""
        return str(self.do("PUT", f"/v1/people/{other.id}/follow")["following"])

    def handles(self, path: str, after: "Someone | None" = None) -> list[str]:
        """Who is in a list of people."""
        return [one["profile"]["handle"] for one in self.see(path, after).get("people", [])]


def fresh_key() -> str:
    """A new idempotency key."""
    return str(new_uuid7(datetime.now(UTC)))


def reason(answer: httpx.Response) -> tuple[int, str]:
    """Status and reason of a refusal, which must look like one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return answer.status_code, str(problem["reason"])


def eventually(holds: Callable[[], bool], within_s: float = SERVED_S) -> None:
    """Waits until it holds; fails when that takes too long."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not so after {within_s:.0f} s"
        time.sleep(0.1)


@contextmanager
def running_town(stack: Stack) -> Iterator[Town]:
    """Agora on the servers of this run, with topics and tables of its own."""
    settings = stack.settings()
    settings = replace(settings, auth=replace(settings.auth, hash_effort="cheap"))
    ensure = stack.agora(settings, "topics", "ensure")
    ensure.start()
    assert ensure.wait(START_S), "topics are not there in time"
    assert ensure.exit_status == 0, ensure.failure()
    processes = {
        "commands": stack.agora(settings, "serve", "commands"),
        "projections": stack.agora(settings, "serve", "projections"),
        "gateway": stack.agora(settings, "serve", "gateway", "queries"),
    }
    town = Town(settings, processes)
    try:
        town.mend()
        yield town
    finally:
        town.http.close()
        town.hasty.close()
        for process in processes.values():
            process.stop()
