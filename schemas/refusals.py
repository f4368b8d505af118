"""Refusals: answers that say no, each with a stable reason. One tree, mapped once per edge.

A refusal is an answer, not a fault: anything else that is raised is a bug and is answered
INTERNAL. The reasons are API: clients branch on them, so they are never renamed. Over gRPC a
refusal is a google.rpc.Status with one ErrorInfo (AIP-193), over HTTP problem+json (RFC 9457).
"""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """An answer that says no. `reason` is stable; `detail` is for people and may change.

    `fields` names what is wrong where the input is: path in the request to explanation.
    """

    http_status: ClassVar[int] = 500
    grpc_status: ClassVar[str] = "UNKNOWN"

    def __init__(self, reason: str, detail: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.fields: Mapping[str, str] = fields or {}

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class Invalid(Refusal):
    """The input itself is wrong, whatever the state."""

    http_status = 400
    grpc_status = "INVALID_ARGUMENT"


class Unauthenticated(Refusal):
    """Nobody is signed in, or the token does not count."""

    http_status = 401
    grpc_status = "UNAUTHENTICATED"


class Forbidden(Refusal):
    """The viewer may see the thing, but not do this to it."""

    http_status = 403
    grpc_status = "PERMISSION_DENIED"


class NotFound(Refusal):
    """It does not exist, or the viewer may not know that it does: the same answer for both."""

    http_status = 404
    grpc_status = "NOT_FOUND"


class Conflict(Refusal):
    """The state does not allow it now."""

    http_status = 409
    grpc_status = "FAILED_PRECONDITION"


class TooMany(Refusal):
    """Slow down, or the request is too large."""

    http_status = 429
    grpc_status = "RESOURCE_EXHAUSTED"


class Unavailable(Refusal):
    """Not now; the same request with the same request id may succeed in a moment."""

    http_status = 503
    grpc_status = "UNAVAILABLE"


KINDS: tuple[type[Refusal], ...] = (
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    TooMany,
    Unavailable,
)
