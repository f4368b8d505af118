"""What a servicer learns about the call that it answers, besides the request message."""

import time
from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from schemas.refusals import Unauthenticated


class Caller(Struct, frozen=True):
    """Who signed in, and with which session. Comes from a verified access token only."""

    account_id: UUID
    session_id: UUID


class Call(Struct, frozen=True, kw_only=True):
    """One call, its caller and its circumstances.

    `rpc` is the context and the method, such as `accounts.SignIn`. `request` is the caller's
    idempotency key, a UUIDv7. `position` is how far the caller wants the reader to be (the log's
    partition to offset, as in events.position). `correlation` joins everything that one outside
    request leads to. `traceparent` is W3C Trace Context, empty when nobody traces. `address` and
    `user_agent` are the outside client's, never those of a gateway in between. `deadline_s` is on
    the clock of `time.monotonic()`.
    """

    rpc: str
    correlation: UUID
    deadline_s: float
    caller: Caller | None = None
    request: UUID | None = None
    position: Mapping[str, int] = {}
    traceparent: str = ""
    address: str = ""
    user_agent: str = ""

    @property
    def account(self) -> UUID:
        """The account that asks. Raises Unauthenticated SIGN_IN_REQUIRED if nobody signed in."""
        if self.caller is None:
            raise Unauthenticated("SIGN_IN_REQUIRED", "Sign in to do this.")
        return self.caller.account_id

    @property
    def remaining_s(self) -> float:
        """Seconds until nobody waits for the answer any more; never below 0."""
        return max(0.0, self.deadline_s - time.monotonic())
