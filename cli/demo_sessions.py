"""The demo's people, signed in."""

import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cli.demo_edge import Edge, Refused
from cli.demo_society import PASSWORD, Person, request_id
from cli.output import Failure

TAKEN: Final = frozenset({"EMAIL_TAKEN", "HANDLE_TAKEN", "REQUEST_ID_REUSED"})
CLAIMS_S: Final = 100.0
"""A run that was killed may have left names claimed by nobody; they are free after a minute."""
CLAIMS_PAUSE_S: Final = 3.0


class Sessions:
    """Registers people, signs them in, and makes calls in their names.

    Every request id follows from `now` and what the request is for, so that no repetition, be it
    by another run, does anything twice.
    """

    def __init__(self, edge: Edge, now: datetime) -> None:
        self._edge = edge
        self._now = now
        self._tokens: dict[str, str] = {}
        self._sign_ins: Counter[str] = Counter()

    def register(self, person: Person) -> str:
        """Has an account made, unless there is one, and signs in. The account's public id.

        Raises Failure when others hold the person's names.
        """
        given_up_s = time.monotonic() + CLAIMS_S
        while True:
            try:
                return self._entered(person, "/v1/accounts", person.form(), "register")
            except Refused as refusal:
                if refusal.reason not in TAKEN:
                    raise _unexpected(refusal, person) from refusal
            try:
                return self.sign_in(person)
            except Refused as refusal:
                if refusal.status != 401 or time.monotonic() > given_up_s:
                    message = f"@{person.handle} belongs to somebody who is not of the demo."
                    raise Failure(message, "agora reset, then agora up and agora demo") from refusal
            self._edge.pause(CLAIMS_PAUSE_S)

    def sign_in(self, person: Person) -> str:
        """Signs somebody in who has an account; its public id. Raises Refused."""
        purpose = f"sign-in/{self._sign_ins[person.handle]}"
        form = {"login": person.handle, "password": PASSWORD, "device": "agora demo"}
        return self._entered(person, "/v1/sessions", form, purpose)

    def call(
        self,
        person: Person,
        verb: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        purpose: str = "",
        position: str = "",
    ) -> Any:
        """What the API answers `person`, who is signed in where need be.

        Commands name their `purpose`, which makes their idempotency key. What is answered includes
        `position`, if that is given. Raises Refused.
        """
        headers = self._keyed(person, purpose) if purpose else {}
        if position:
            headers["Agora-Position"] = position
        for last in (False, True):
            if person.handle not in self._tokens:
                self.sign_in(person)
            headers["Authorization"] = f"Bearer {self._tokens[person.handle]}"
            try:
                return self._edge.call(verb, path, body=body, query=query, headers=headers)
            except Refused as refusal:
                if refusal.status != 401 or last:
                    raise
            # The token has ended, or the session was closed: another one is opened.
            self._tokens.pop(person.handle, None)
            self._sign_ins[person.handle] += 1
        raise AssertionError(path)

    def _entered(self, person: Person, path: str, form: Mapping[str, object], purpose: str) -> str:
        keyed = self._keyed(person, purpose)
        answer = self._edge.call("POST", path, body=form, headers=keyed)
        self._tokens[person.handle] = answer["accessToken"]
        return str(answer["accountId"])

    def _keyed(self, person: Person, purpose: str) -> dict[str, str]:
        key = request_id(self._now, f"{person.handle}/{purpose}")
        return {"Idempotency-Key": str(key)}


def _unexpected(refusal: Refused, person: Person) -> Failure:
    return Failure(f"@{person.handle} cannot register: {refusal}", "agora logs gateway commands")
