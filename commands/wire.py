"""Submissions and their answers as msgpack, for forwarding between command processes.

Commands and events are tagged unions, decoded by the lists in `commands.routes` and
`events.catalog`. The way is between Agora's own processes only, so texts are clear.
"""

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import asdict

from commands.submission import Handled, Route, Submission
from events.catalog import EVENTS


class MalformedSubmission(ValueError):
    """The bytes are no submission that this process understands."""


class _SubmissionSent(Submission, frozen=True, kw_only=True):
    command: Raw


class _HandledSent(Handled, frozen=True, kw_only=True):
    events: Raw = Raw()  # type: ignore[assignment]


_encoder = msgspec.msgpack.Encoder()
_submission = msgspec.msgpack.Decoder(_SubmissionSent)
_handled = msgspec.msgpack.Decoder(_HandledSent)
_events: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
    tuple[reduce(operator.or_, EVENTS), ...]  # type: ignore[misc]
)


def encode(message: Submission | Handled) -> bytes:
    """The bytes to send."""
    return _encoder.encode(message)


class SubmissionDecoder:
    """Decodes the submissions of the routes that it was made for."""

    def __init__(self, routes: Iterable[Route]) -> None:
        commands = [command for route in routes for command in route.commands]
        self._command: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
            reduce(operator.or_, commands)
        )

    def decode(self, value: bytes) -> Submission:
        """The submission; raises `MalformedSubmission`."""
        try:
            sent = _submission.decode(value)
            fields = asdict(sent) | {"command": self._command.decode(sent.command)}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedSubmission(str(error)) from error
        return Submission(**fields)


def decode_handled(value: bytes) -> Handled:
    """The answer with its events typed; raises msgspec.DecodeError on foreign bytes."""
    sent = _handled.decode(value)
    return Handled(**(asdict(sent) | {"events": _events.decode(sent.events)}))
