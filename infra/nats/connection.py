"""A connection to NATS that keeps trying until it is made, and reconnects."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from infra.config_servers import NatsSettings

AWAY: Final = (NatsError, OSError, TimeoutError)
"""What is raised while NATS is away, slow or coming up."""

RECONNECT_S: Final = 0.5
_LOGGED_EVERY_S: Final = 60.0

Callback = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


class Troubles:
    """Notes what goes wrong with NATS, once a minute: a server that is away says the same."""

    def __init__(self, consequence: str) -> None:
        self._consequence = consequence
        self._logged_at = -_LOGGED_EVERY_S

    async def note(self, problem: Exception) -> None:
        """Log the problem unless one was logged a moment ago."""
        now = time.monotonic()
        if now - self._logged_at >= _LOGGED_EVERY_S:
            self._logged_at = now
            _log.warning("NATS is away, %s: %s", self._consequence, type(problem).__name__)


async def connected(
    settings: NatsSettings,
    name: str,
    troubles: Troubles,
    *,
    disconnected_cb: Callback | None = None,
    reconnected_cb: Callback | None = None,
) -> Client:
    """A connection, once there is one; from then on it is kept up by itself. Close it."""
    while True:
        heed_cancellation()
        try:
            client = await nats.connect(
                settings.url,
                name=name,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_S,
                # The client's own attempts at a first connection could not be called off.
                allow_reconnect=False,
                error_cb=troubles.note,
                disconnected_cb=disconnected_cb,
                reconnected_cb=reconnected_cb,
            )
        except AWAY as problem:
            await troubles.note(problem)
            await asyncio.sleep(RECONNECT_S)
        else:
            client.options["allow_reconnect"] = True
            return client


def heed_cancellation() -> None:
    """Raise CancelledError if this task was told to end: to be asked wherever a loop begins anew.

    The client swallows a cancellation that reaches it in some of its waits.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
