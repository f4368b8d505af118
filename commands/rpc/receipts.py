"""Receipts: the position a command reached, and whether it is in effect everywhere."""

import logging
from typing import Final

from commands.policies import Policies
from commands.submission import Handled
from events.position import merged
from infra.positions import Positions
from infra.rpc.call import Call
from schemas.gen.receipts_pb2 import Receipt
from schemas.refusals import Unavailable

log = logging.getLogger(__name__)

WAIT_S_MAX: Final = 2.0
ANSWER_S: Final = 0.3
"""Kept of the caller's time for the way back."""


class Receipts:
    """Makes receipts; for commands that narrow it waits until reads have applied them."""

    def __init__(self, policies: Policies, positions: Positions) -> None:
        self._policies = policies
        self._positions = positions

    def at_once(self, call: Call, handled: Handled) -> Receipt:
        """For what widens or adds: nobody sees too much meanwhile."""
        return self._receipt(call, handled, everywhere=False)

    async def narrowed(self, call: Call, handled: Handled) -> Receipt:
        """For what hides something: waits up to 2 s, and then says that it is not yet everywhere.

        The command is durable either way, so a query side that is away is no refusal.
        """
        within_s = min(WAIT_S_MAX, call.remaining_s - ANSWER_S)
        everywhere = False
        if within_s > 0:
            try:
                everywhere = await self._policies.await_visible(handled.position, within_s, call)
            except Unavailable as refusal:
                log.warning("Whether a change is applied everywhere cannot be told: %s", refusal)
        return self._receipt(call, handled, everywhere=everywhere)

    def _receipt(self, call: Call, handled: Handled, *, everywhere: bool) -> Receipt:
        position = merged(call.position, handled.position)
        return Receipt(position=self._positions.seal(position), everywhere=everywhere)
