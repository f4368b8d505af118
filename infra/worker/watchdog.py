"""A watch on delivery: a worker that gets nothing while the log grows is ended, and restarted.

Consumers have been seen to hang after their brokers went away. Nothing is lost by ending one.
"""

import asyncio
import time
from typing import Final

from infra.log.port import Log, LogUnavailable
from infra.worker.host import Host

INTERVAL_S: Final = 15.0
SILENCE_S: Final = 60.0


class DeliveryHangs(RuntimeError):
    """The log holds records that were not delivered for too long."""


async def watch(
    host: Host, log: Log, interval_s: float = INTERVAL_S, silence_s: float = SILENCE_S
) -> None:
    """Watch for ever; raises `DeliveryHangs`."""
    while True:
        await asyncio.sleep(interval_s)
        for partition, (following, since) in host.delivered().items():
            if time.monotonic() - since < silence_s:
                continue
            try:
                end = await log.end(partition)
            except LogUnavailable:
                break
            if following < end and host.delivered().get(partition) == (following, since):
                raise DeliveryHangs(
                    f"{partition} reaches offset {end}, but nothing from {following} on was "
                    f"delivered for {silence_s:.0f} s."
                )
