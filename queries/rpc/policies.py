"""Answers that commands need from the query side, so that both live by one set of rules."""

import re
from typing import Final

from infra.rpc.call import Call
from queries.positions import Waiting
from queries.reads import accounts
from queries.store import Store
from schemas.gen import internal_pb2 as pb
from schemas.refusals import Invalid

_NAME: Final = re.compile(r"(email|handle):[0-9a-f]{32}")


class Policies:
    """agora.internal.v1.Policies, for Agora's own processes only."""

    def __init__(self, store: Store, waiting: Waiting) -> None:
        self._store = store
        self._waiting = waiting

    async def ResolveName(self, request: pb.ResolveNameRequest, call: Call) -> pb.ResolveNameAnswer:
        """Which account holds a name now, as far as the read models know. One round trip.

        Raises Invalid NAME_INVALID for anything but a kind and a keyed hash.
        """
        if not _NAME.fullmatch(request.name):
            raise Invalid("NAME_INVALID", "A name is email: or handle: and its keyed hash.")
        holder = await accounts.holder(self._store.until(call.deadline_s), request.name)
        if holder is None:
            return pb.ResolveNameAnswer()
        return pb.ResolveNameAnswer(account_id=str(holder.account_id), handle=holder.handle)

    async def AwaitVisible(
        self, request: pb.AwaitVisibleRequest, call: Call
    ) -> pb.AwaitVisibleAnswer:
        """Whether the models that decide visibility apply the position in time."""
        within_s = min(request.wait_ms / 1000, call.remaining_s)
        return pb.AwaitVisibleAnswer(
            applied=await self._waiting.applied(dict(request.position), within_s)
        )
