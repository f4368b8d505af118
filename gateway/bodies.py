"""Request bodies and queries, bounded in size and time, and of a supported media type."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

from gateway.refusals import MediaTypeRefused, TooLarge, TooSlow
from schemas.refusals import Invalid

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

PARAMETERS_MAX: Final = 256

_PLAIN: Final = {"content-encoding": "identity", "transfer-encoding": "chunked"}
"""What these fields may say, if they are there: a compressed body is read nowhere."""
_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Disconnected(Exception):
    """The client is gone: nobody is left to answer."""


async def json_body(
    receive: Receive, headers: Mapping[str, str], limit: int, within_s: float
) -> bytes:
    """The body of a route that reads JSON, at most `limit` bytes.

    Raises MediaTypeRefused, TooLarge (at once when its length is told), TooSlow after `within_s`,
    Disconnected.
    """
    encoded = any(headers.get(name, plain).lower() != plain for name, plain in _PLAIN.items())
    if encoded or not _JSON.fullmatch(headers.get("content-type", "").strip()):
        raise MediaTypeRefused
    told = headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > limit:
        raise TooLarge(limit)
    try:
        async with asyncio.timeout(within_s):
            return await _received(receive, limit)
    except TimeoutError:
        raise TooSlow from None


async def _received(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        chunk = event.get("body", b"")
        if chunk:
            size += len(chunk)
            if size > limit:
                raise TooLarge(limit)
            chunks.append(chunk)
        if not event.get("more_body", False):
            return b"".join(chunks)


def refuse_body(headers: Mapping[str, str]) -> None:
    """Raises Invalid BODY_UNEXPECTED when a route that reads none is sent one."""
    if "transfer-encoding" in headers or headers.get("content-length", "0").strip("0"):
        raise Invalid("BODY_UNEXPECTED", "This route takes no body.")


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """The names and texts of a query. Raises Invalid QUERY_MALFORMED."""
    if not query:
        return []
    try:
        if not _BROKEN_ESCAPE.search(query):
            return parse_qsl(
                query.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=PARAMETERS_MAX,
            )
    except ValueError:
        pass
    raise Invalid("QUERY_MALFORMED", "The query is not name=value&... in percent-encoded UTF-8.")
