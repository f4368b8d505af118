"""Where submissions come from: one call, and what all steps that it leads to share."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from commands.submission import Command, Submission
from infra.crypto.digests import Digests, new_uuid7
from infra.rpc.call import Call


class Origin(Struct, frozen=True, kw_only=True):
    """One request on its way through the shards that it touches.

    `request` is the caller's idempotency key, or drawn for this call where the caller has none:
    the ids of what the request creates are derived from it either way. `body` is what the caller
    asked for, without secrets: a repeat must be the same.
    """

    digests: Digests
    rpc: str
    request: UUID
    correlation: UUID
    actor: UUID | None = None
    body: bytes = b""
    traceparent: str = ""
    after: Mapping[str, int] = {}

    def derived_id(self, purpose: str, actor: UUID | None = None) -> UUID:
        """The id that this request gives to what it creates for `purpose`, always the same."""
        return self.digests.derived_id(self.request, actor or self.actor, purpose)

    def step(self, command: Command) -> Submission:
        """A step on the way. The request is not remembered: the command is safe to repeat."""
        return Submission(
            command=command,
            rpc=self.rpc,
            actor=self.actor,
            correlation=self.correlation,
            traceparent=self.traceparent,
            after=self.after,
        )

    def remembered(self, command: Command, *seals: UUID) -> Submission:
        """What the caller asked for: remembered. `seals` names whose keys its events need."""
        return replace(self.step(command), body=self.body, request=self.request, seals=seals)


def submission(call: Call, command: Command, request: UUID | None = None) -> Submission:
    """The one command of a call, where that is safe to repeat by itself.

    Remembered under the caller's idempotency key, if `request` says so, and not otherwise.
    """
    return Submission(
        command=command,
        rpc=call.rpc,
        actor=call.caller.account_id if call.caller else None,
        request=request,
        correlation=call.correlation,
        traceparent=call.traceparent,
        after=call.position,
    )


def origin_of(digests: Digests, call: Call, body: bytes, now: datetime) -> Origin:
    """One call as an origin. `now` dates the request id of a caller who gave none."""
    return Origin(
        digests=digests,
        rpc=call.rpc,
        request=call.request or new_uuid7(now),
        correlation=call.correlation,
        actor=call.caller.account_id if call.caller else None,
        body=body,
        traceparent=call.traceparent,
        after=call.position,
    )
