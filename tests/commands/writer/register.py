"""What the writer's tests work with: a register of mutes, and literal ids."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from commands.submission import Routed, Submission, routed
from commands.writer.ruling import Limits, Ruling, Terms, rule
from events.catalog import FOLDS
from events.codec import Blind
from events.graph import tie_stream
from events.stream import Head
from tests.commands.cast import ANA as SOMEBODY
from tests.commands.cast import NOON
from tests.simulation.register import ANA, OTHERS, ROUTES, Order

BEN, CLO = OTHERS[:2]
BENS, CLOS = tie_stream(ANA, BEN), tie_stream(ANA, CLO)
EPOCH = UUID(int=77, version=4)
UNTOUCHED = Head(FOLDS["tie"].initial)


def request(number: int, *, drawn: timedelta = timedelta()) -> UUID:
    """A request id drawn at noon, or so much later."""
    drawn_ms = int((NOON + drawn).timestamp() * 1000)
    return UUID(int=drawn_ms << 80 | 7 << 76 | 2 << 62 | number)


def submission(command: Order, number: int | None = 1) -> Submission:
    """The command as somebody's request of that number."""
    asked = None if number is None else request(number)
    return Submission(command=command, rpc="test", actor=SOMEBODY, request=asked)


def asked(command: Order, number: int | None = 1) -> Routed:
    """As `submission`, with what its route says."""
    return routed(submission(command, number), ROUTES)


def terms(limits: Limits = Limits()) -> Terms:
    """What an owner of `EPOCH` judges by; its ids count up."""
    ids = iter(range(1, 1000))
    return Terms(EPOCH, Blind(), _digest, lambda: UUID(int=next(ids), version=4), limits)


def ruled(
    sent: Submission,
    heads: Mapping[str, Head],
    offset: int = 10,
    limits: Limits = Limits(),
    after: timedelta = timedelta(),
    ahead: timedelta = timedelta(),
) -> Ruling:
    """The ruling at noon, or so much later, on streams that are untouched unless given.

    The partition's time may be `ahead` of the owner's clock.
    """
    known = {BENS: UNTOUCHED, CLOS: UNTOUCHED, **heads}
    return rule(
        terms(limits), routed(sent, ROUTES), known, NOON + after + ahead, offset, NOON + after
    )


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
