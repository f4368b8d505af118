"""Events as they go out: the messages of `LiveEvent` as server-sent events.

The format is of the HTML standard (9.2, server-sent events): lines of fields, a blank line behind
each event, a colon in front of what is no field.
"""

from collections.abc import Callable
from typing import Final

import orjson
from google.protobuf.message import Message

from gateway import codec_write
from infra.crypto.public_ids import PublicIds
from schemas.gen import live_pb2 as pb

MEDIA_TYPE: Final = "text/event-stream"
RETRY_MS: Final = 1000
"""What clients that follow the standard wait before they come again."""

FIELDS: Final = {
    field.name: field.message_type
    for field in pb.LiveEvent.DESCRIPTOR.fields
    if field.message_type is not None
}
"""The message of each event by its name."""

_NAMES: Final = {kind.full_name: name for name, kind in FIELDS.items()}

Encode = Callable[[Message], bytes]


def encoder(ids: PublicIds) -> Encode:
    """What makes the name and the data of an event of its message; the id comes before it.

    Raises gateway.scalars.Unsupported for a message that has no form in JSON.
    """
    writers = {name: codec_write.compiled(kind, ids) for name, kind in FIELDS.items()}

    def encode(message: Message) -> bytes:
        name = _NAMES[message.DESCRIPTOR.full_name]
        # orjson leaves no line break in what it writes.
        return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(writers[name](message)))

    return encode


def identified(place: object, event: bytes) -> bytes:
    """The event with its id in front."""
    return f"id: {place}\n".encode() + event


def opening() -> bytes:
    """What a stream starts with: how long to wait before coming again."""
    return f"retry: {RETRY_MS}\n\n".encode()


def heartbeat(place: object | None) -> bytes:
    """A comment; with a place, clients remember that, and are told nothing."""
    comment = b": alive\n"
    return comment + (identified(place, b"\n") if place is not None else b"\n")
