"""Metadata of a call: the names of its keys, and how each value is read and distrusted.

Whatever stands here was written by a stranger. A value that changes what the call means
(idempotency key, position, authorization) is refused when it is malformed; one that only describes
it (trace, correlation, user agent) is dropped, as W3C Trace Context asks for `traceparent`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from msgspec import Struct

from infra.crypto.uuid4 import drawing
from schemas.refusals import Invalid, Unauthenticated

AUTHORIZATION: Final = "authorization"
IDEMPOTENCY_KEY: Final = "idempotency-key"
POSITION: Final = "agora-position"
TRACEPARENT: Final = "traceparent"
CORRELATION: Final = "agora-correlation"
ADDRESS: Final = "agora-address"
USER_AGENT: Final = "agora-user-agent"
INTERNAL: Final = "agora-internal"
GRPC_USER_AGENT: Final = "user-agent"

SINGLE: Final = frozenset(
    {
        AUTHORIZATION,
        IDEMPOTENCY_KEY,
        POSITION,
        TRACEPARENT,
        CORRELATION,
        ADDRESS,
        USER_AGENT,
        INTERNAL,
    }
)
TIMEOUT_S_MAX: Final = 30.0
"""Nobody's call takes longer, whatever deadline it names."""
DESCRIPTION_LENGTH_MAX: Final = 256
BEARER: Final = "bearer "

_draw = drawing()

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Arrival(Struct, frozen=True):
    """How a call reached this process.

    `trusted` means that another Agora process, or this one, is asking: its word on the outside
    client's address counts, and internal methods are open to it. `peer` is gRPC's name of the
    other end, such as `ipv4:127.0.0.1:5000`. `deadline_watched` means that whoever calls cancels
    the call once `timeout_s` have passed, as gRPC does; a timer of our own would cost more than
    all checks.
    """

    metadata: Mapping[str, str]
    timeout_s: float
    trusted: bool
    peer: str = ""
    deadline_watched: bool = False


def single_values(pairs: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Text metadata by key. Raises Invalid METADATA_REPEATED for a key of ours given twice."""
    values: dict[str, str] = {}
    for key, value in pairs:
        if isinstance(value, bytes):
            continue
        if key in values and key in SINGLE:
            raise Invalid("METADATA_REPEATED", f"Send {key} once.")
        values[key] = value
    return values


def bearer_token(metadata: Mapping[str, str]) -> str:
    """The access token. Raises Unauthenticated SIGN_IN_REQUIRED or TOKEN_INVALID."""
    value = metadata.get(AUTHORIZATION, "")
    if not value:
        raise Unauthenticated("SIGN_IN_REQUIRED", "Sign in to do this.")
    if value[: len(BEARER)].lower() != BEARER:
        raise Unauthenticated("TOKEN_INVALID", "Send the access token as `Bearer TOKEN`.")
    return value[len(BEARER) :].strip()


def request_id(metadata: Mapping[str, str]) -> UUID | None:
    """The idempotency key, None if absent. Raises Invalid REQUEST_ID_INVALID."""
    value = metadata.get(IDEMPOTENCY_KEY, "")
    if not value:
        return None
    if not _UUID7.fullmatch(value.lower()):
        raise Invalid("REQUEST_ID_INVALID", "The idempotency key must be a UUID of version 7.")
    return UUID(value)


def traceparent(metadata: Mapping[str, str]) -> str:
    """The W3C trace context, empty if absent or malformed."""
    value = metadata.get(TRACEPARENT, "")
    return value if value and _TRACEPARENT.fullmatch(value) else ""


def correlation(arrival: Arrival) -> UUID:
    """What another Agora process already calls this chain of calls, else a fresh random id."""
    value = arrival.metadata.get(CORRELATION, "")
    if value and arrival.trusted and len(value) == 36:
        try:
            return UUID(value)
        except ValueError:
            pass
    return _draw()


def client_address(arrival: Arrival) -> str:
    """The outside client's address: told by a trusted process, else the other end's own."""
    told = arrival.metadata.get(ADDRESS, "") if arrival.trusted else ""
    return _printable(told or peer_address(arrival.peer))


def client_user_agent(arrival: Arrival) -> str:
    """The outside client's software, in its own words; cut to 256 printable characters."""
    told = arrival.metadata.get(USER_AGENT, "") if arrival.trusted else ""
    return _printable(told or arrival.metadata.get(GRPC_USER_AGENT, ""))


def peer_address(peer: str) -> str:
    """`ipv4:127.0.0.1:5000` and `ipv6:%5B::1%5D:5000` without scheme and port; empty for others."""
    scheme, _, rest = peer.partition(":")
    if scheme not in {"ipv4", "ipv6"}:
        return ""
    return unquote(rest.rpartition(":")[0]).strip("[]")


def _printable(text: str) -> str:
    if text.isprintable() and len(text) <= DESCRIPTION_LENGTH_MAX:
        return text
    return "".join(filter(str.isprintable, text))[:DESCRIPTION_LENGTH_MAX]
