"""Refusals as problem+json (RFC 9457), with titles from the catalogue of reasons."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import orjson
from google.protobuf.descriptor import Descriptor

from gateway.refusals import RateExceeded, TooLarge, TooSlow, VerbRefused
from schemas.reasons import REASONS
from schemas.refusals import Refusal, TooMany, Unauthenticated, Unavailable

MEDIA_TYPE: Final = "application/problem+json"
INTERNAL: Final = "INTERNAL"
INTERNAL_TITLE: Final = "A fault on our side"
RETRY_AFTER_S: Final = 1
"""What a client waits at least when the answer does not say how long it takes."""


def problem(
    status: int, reason: str, detail: str, fields: Mapping[str, str], correlation: UUID
) -> bytes:
    """The body that tells one refusal. `type` is the reason's place in the page of the API."""
    body: dict[str, Any] = {
        "type": f"/docs#{reason}",
        "title": _title(status, reason),
        "status": status,
        "detail": detail,
        "reason": reason,
        "correlationId": str(correlation),
    }
    if fields:
        body["fields"] = dict(fields)
    return orjson.dumps(body)


def of_refusal(refusal: Refusal, correlation: UUID, asked: Descriptor | None = None) -> bytes:
    """The body that tells `refusal`; its paths as JSON has them where the request is known."""
    fields, detail = refusal.fields, refusal.detail
    if fields and asked is not None:
        fields = {json_path(asked, path): fault for path, fault in fields.items()}
        if refusal.reason == "INVALID_FIELDS":
            named = ", ".join(sorted(path for path in fields if path))
            detail = f"Not valid: {named or 'the request'}."
    return problem(refusal.http_status, refusal.reason, detail, fields, correlation)


def of_bug(correlation: UUID) -> bytes:
    """The body that tells of a fault on this side, and nothing about it."""
    detail = "This is logged. Tell the operators the correlation id."
    return problem(500, INTERNAL, detail, {}, correlation)


def headers_of(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    """The header fields that HTTP asks for beside the status (RFC 9110, RFC 6750)."""
    match refusal:
        case Unauthenticated():
            return [(b"www-authenticate", b'Bearer realm="agora"')]
        case RateExceeded(retry_after_s=seconds):
            return [(b"retry-after", str(seconds).encode())]
        case TooMany() | Unavailable():
            return [(b"retry-after", str(RETRY_AFTER_S).encode())]
        case VerbRefused(allowed=allowed):
            return [(b"allow", ", ".join(allowed).encode())]
        case TooLarge() | TooSlow():
            # The rest of the body is nobody's next request.
            return [(b"connection", b"close")]
        case _:
            return []


def json_path(asked: Descriptor, path: str) -> str:
    """`account_ids[2]` as the JSON of a request has it, `accountIds[2]`; other paths as they are.

    Paths come from the sides behind, in the proto file's names, or from here, in JSON's.
    """
    known: Descriptor | None = asked
    parts = []
    for part in path.split("."):
        name, bracket, rest = part.partition("[")
        field = known.fields_by_name.get(name) if known is not None else None
        known = field.message_type if field is not None else None
        parts.append((field.json_name if field is not None else name) + bracket + rest)
    return ".".join(parts)


def _title(status: int, reason: str) -> str:
    if reason == INTERNAL:
        return INTERNAL_TITLE
    known = REASONS.get(reason)
    return known.title if known is not None else HTTPStatus(status).phrase
