"""The stream that keeps live news for a few minutes, in NATS's memory.

Whoever comes first makes it. It may vanish with its server at any time: its incarnation then
changes, and whoever followed it knows that something may be missing.
"""

from typing import Final

from msgspec import Struct
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import BadRequestError, NotFoundError

from infra.config_servers import NatsSettings
from infra.nats.items import subjects_of

ITEM_BYTES_MAX: Final = 16 << 10
_NAME_IN_USE: Final = 10058
_MICROSECONDS: Final = 1_000_000


class Found(Struct, frozen=True):
    """The stream as it is: which incarnation, and the sequences that it holds.

    `first` is above `last` while it holds nothing.
    """

    incarnation: int
    first: int
    last: int


def stream_name(settings: NatsSettings) -> str:
    """The name of this deployment's stream."""
    return f"{settings.prefix}LIVE"


async def ensured(stream: JetStreamContext, settings: NatsSettings) -> Found:
    """The stream, made if it was missing. Raises nats.errors.Error, TimeoutError."""
    name = stream_name(settings)
    try:
        return _found(await stream.stream_info(name))
    except NotFoundError:
        pass
    try:
        return _found(await stream.add_stream(_config(settings)))
    except BadRequestError as problem:
        # Another process was quicker, with settings of its own.
        if problem.err_code != _NAME_IN_USE:
            raise
    return _found(await stream.stream_info(name))


def _config(settings: NatsSettings) -> StreamConfig:
    return StreamConfig(
        name=stream_name(settings),
        subjects=[subjects_of(settings)],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.MEMORY,
        discard=DiscardPolicy.OLD,
        max_age=settings.live_kept_s,
        max_msgs=settings.live_items_max,
        max_msg_size=ITEM_BYTES_MAX,
        num_replicas=settings.live_replicas,
    )


def _found(info: StreamInfo) -> Found:
    assert info.created is not None
    incarnation = int(info.created.timestamp() * _MICROSECONDS)
    # An empty stream says 0 for the first at its birth, and one above the last later.
    return Found(incarnation, max(1, info.state.first_seq), info.state.last_seq)
