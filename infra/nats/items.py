"""Items: pieces of live news, as gateways receive them: ids, never content."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from events.topics import parse_partition
from infra.config_servers import NatsSettings


class Scope(StrEnum):
    """What an item is addressed to."""

    ACCOUNT = "account"
    """News for one person."""
    AUTHOR = "author"
    """News of what one person shows to others."""
    POST = "post"
    """News of a post and of what is under it."""


class Address(NamedTuple):
    """Whom or what an item is about; part of its subject."""

    scope: Scope
    id: UUID


class Item(Struct, frozen=True, omit_defaults=True):
    """What happened, where in the log, and when it was decided.

    The record at `offset` of `partition` shows it. `ids` depend on the kind.
    """

    kind: str
    partition: str
    offset: Annotated[int, Meta(ge=0)]
    at: Annotated[datetime, Meta(tz=True)]
    ids: tuple[UUID, ...] = ()


class MalformedItem(ValueError):
    """A message that no projection sends."""


POST_PUBLISHED: Final = "post.published"
"""To whoever looks at what the author shows; the post."""
POST_CHANGED: Final = "post.changed"
"""To whoever looks at the post, of it and what is under it; new comments."""
POST_EDITED: Final = "post.edited"
"""To whoever looks at the post: it says something else, or is for others."""
ACCESS_NARROWED: Final = "access.narrowed"
"""To an account that sees less of the person named, or to all who look at what an author shows."""
SESSION_CLOSED: Final = "session.closed"
"""To the account; the session."""
# All other kinds are notifications: who did it, to which post, to which comment under it.

LOST: Final = "lost"
"""The subject that says: news may have been lost. Everybody has to look anew."""

_SCOPES: Final = {scope.value: scope for scope in Scope}
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Item)


def subjects_of(settings: NatsSettings) -> str:
    """The subjects of all live news of this deployment, as a pattern."""
    return f"{settings.prefix}live.>"


def subject_of(settings: NatsSettings, address: Address) -> str:
    """The subject of what is addressed so. Ids alone come in: nothing that could be a pattern."""
    return f"{settings.prefix}live.{address.scope}.{address.id}"


def lost_subject(settings: NatsSettings) -> str:
    """The subject of the mark that news may have been lost."""
    return f"{settings.prefix}live.{LOST}"


def encoded(item: Item) -> bytes:
    """The message that carries the item."""
    return _encoder.encode(item)


def opened(settings: NatsSettings, subject: str, payload: bytes) -> tuple[Address, Item] | None:
    """What a message says; None for the mark that news may have been lost.

    Raises MalformedItem.
    """
    if subject == lost_subject(settings):
        return None
    scope, _, text = subject.removeprefix(f"{settings.prefix}live.").partition(".")
    if scope not in _SCOPES or not _ID.fullmatch(text):
        raise MalformedItem("This subject is no address.")
    try:
        item = _decoder.decode(payload)
        parse_partition(item.partition)
    except ValueError as problem:
        raise MalformedItem("This message is no item.") from problem
    return Address(_SCOPES[scope], UUID(text)), item
