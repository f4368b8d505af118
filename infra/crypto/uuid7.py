"""UUIDs of version 7: 48 bits of time in milliseconds, then 74 bits of anything (RFC 9562)."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from schemas.refusals import Invalid

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST_MS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


def new_uuid7(now: datetime) -> UUID:
    """A fresh id drawn at `now`, which carries its zone."""
    return uuid7((now - _EPOCH) // _MILLISECOND, secrets.token_bytes(10))


def uuid7(time_ms: int, rest: bytes) -> UUID:
    """The id of a time, in milliseconds since 1970, with 74 bits of `rest`, which has 10 bytes."""
    raw = bytearray(time_ms.to_bytes(6) + rest)
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


def is_uuid7(id: UUID) -> bool:  # noqa: A002  # The word is right, and the builtin unused.
    """Whether `id` has the version and the variant of these."""
    return id.version == 7


def request_time(request: UUID) -> datetime:
    """When a request id was drawn, to the millisecond.

    Raises Invalid REQUEST_ID_INVALID for another version, or a time that no calendar holds.
    """
    time_ms = int.from_bytes(request.bytes[:6])
    if not is_uuid7(request) or time_ms > _LAST_MS:
        raise Invalid("REQUEST_ID_INVALID", "The request id is not a UUID of version 7.")
    return _EPOCH + time_ms * _MILLISECOND
