"""Events to and from the raw data of a fact, with personal fields sealed.

Sealing happens here and nowhere else: a personal field is text in memory and ciphertext in the
log. The cipher is handed in, so this stays pure; `infra.crypto` has the real one. A reader
without the key gets `ERASED`, the same value every time, so folds after an erasure agree.
"""

from collections.abc import Mapping
from typing import Any, Protocol, get_args, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Raw

from events import catalog
from events.event import Event, Personal
from events.record import DamagedRecord, Fact

ERASED = ""
"""What a sealed field reads as once its key is gone."""


class Cipher(Protocol):
    """Seals and opens one text under one person's key.

    `context` is bound to the ciphertext: it opens only in the event type and field that it was
    sealed for.
    """

    def seal(self, person: UUID, context: str, text: str) -> bytes:
        """The ciphertext; raises KeyError if the person's key was not made durable before."""
        ...

    def open(self, person: UUID, context: str, sealed: bytes) -> str | None:
        """The text, or None if the key is gone."""
        ...


class Blind:
    """A cipher that opens nothing: for folds of stream states, which hold no personal field."""

    def seal(self, person: UUID, context: str, text: str) -> bytes:
        """Never: what folds blindly does not write."""
        raise KeyError(f"No key of {person} to seal {context}.")

    def open(self, person: UUID, context: str, sealed: bytes) -> str | None:
        """Nothing."""
        return None


class UnknownEventType(ValueError):
    """The type is not in the catalog: this reader is older than the log."""


def _personal_fields(event: type[Event]) -> tuple[str, ...]:
    hints = get_type_hints(event, include_extras=True)
    return tuple(
        name for name, hint in hints.items() if hint == Personal or Personal in get_args(hint)
    )


PERSONAL_FIELDS: Mapping[str, tuple[str, ...]] = {
    name: _personal_fields(event) for name, event in catalog.TYPES.items()
}

_encoder = msgspec.msgpack.Encoder()
_loose = msgspec.msgpack.Decoder(dict[str, Any])
_typed: Mapping[str, msgspec.msgpack.Decoder[Event]] = {
    name: msgspec.msgpack.Decoder(event) for name, event in catalog.TYPES.items()
}


def encode(event: Event, stream: str, version: int, cipher: Cipher) -> Fact:
    """The event as a fact of `stream`; raises KeyError if a needed key is missing."""
    name = catalog.NAMES[type(event)]
    fields = PERSONAL_FIELDS[name]
    if not fields:
        return Fact(name, stream, version, Raw(_encoder.encode(event)))
    data = msgspec.to_builtins(event, builtin_types=(UUID, bytes))
    person: UUID = data[event.sealed_by]
    for field in fields:
        if field in data:
            data[field] = cipher.seal(person, f"{name}.{field}", data[field])
    return Fact(name, stream, version, Raw(_encoder.encode(data)))


def decode(fact: Fact, cipher: Cipher) -> Event:
    """The event in `fact`.

    Raises `UnknownEventType`, or `DamagedRecord` when the data is not of its type.
    """
    try:
        return _decode(fact, cipher)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecord(f"{fact.type} in {fact.stream}: {error}") from error


def _decode(fact: Fact, cipher: Cipher) -> Event:
    if fact.type in catalog.UPCASTERS:
        return _upcast(fact)
    if fact.type not in catalog.TYPES:
        raise UnknownEventType(fact.type)
    fields = PERSONAL_FIELDS[fact.type]
    if not fields:
        return _typed[fact.type].decode(fact.data)
    data = _loose.decode(fact.data)
    event = catalog.TYPES[fact.type]
    person = _person(fact, data)
    for field in fields:
        if field in data:
            data[field] = _opened(cipher, person, f"{fact.type}.{field}", data[field])
    return msgspec.convert(data, event)


def _opened(cipher: Cipher, person: UUID, context: str, sealed: object) -> str:
    if not isinstance(sealed, bytes):
        raise DamagedRecord(f"{context} of person {person} is not sealed.")
    text = cipher.open(person, context, sealed)
    return ERASED if text is None else text


def _upcast(fact: Fact) -> Event:
    try:
        name, data = catalog.UPCASTERS[fact.type](_loose.decode(fact.data))
    except (KeyError, TypeError) as error:
        raise DamagedRecord(f"{fact.type} in {fact.stream} lacks {error}.") from error
    return msgspec.convert(data, catalog.TYPES[name])


def _person(fact: Fact, data: dict[str, Any]) -> UUID:
    """The account whose key seals the fact; raises `DamagedRecord` if it names none."""
    try:
        return msgspec.convert(data.get(catalog.TYPES[fact.type].sealed_by), UUID)
    except msgspec.ValidationError as error:
        raise DamagedRecord(f"{fact.type} in {fact.stream} names no account: {error}") from error


def sealed_by(fact: Fact) -> UUID | None:
    """The account whose key seals the fact's personal fields; None where there are none.

    Readers collect these over a batch and load the keys at once before they decode it. Raises
    `DamagedRecord`.
    """
    if not PERSONAL_FIELDS.get(fact.type):
        return None
    try:
        return _person(fact, _loose.decode(fact.data))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecord(f"{fact.type} in {fact.stream}: {error}") from error
