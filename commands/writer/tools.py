"""What every partition of a process works with."""

import random
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from commands.writer.ruling import Limits
from commands.writer.saving import Pace
from events.codec import Cipher
from infra.checkpoints.port import Checkpoints
from infra.log.port import Log


class Identity(Struct, frozen=True):
    """This process: `owner` is new at every start, `endpoint` is where others reach it."""

    owner: str
    endpoint: str


class Tools(Struct, frozen=True):
    """Who the process is, the servers and keys it works with, and its limits.

    `digest` makes bodies of requests comparable, `draw` draws ids, `dice` spreads tries in time. A
    batch is full at `batch_bytes`.
    """

    identity: Identity
    log: Log
    checkpoints: Checkpoints
    cipher: Cipher
    digest: Callable[[bytes], bytes]
    clock: Callable[[], datetime]
    draw: Callable[[], UUID]
    dice: random.Random
    limits: Limits = Limits()
    pace: Pace = Pace()
    batch_bytes: int = 1 << 20
