"""Answers that commands need from the query side, so that both share one set of rules."""

import re
from collections.abc import Iterable
from typing import Final

from infra.rpc.call import Call
from queries.positions import Waiting
from queries.reads import accounts
from queries.store import Store
from schemas.gen import internal_pb2 as pb
from schemas.refusals import Invalid

_NAME: Final = re.compile(r"(email|handle):[0-9a-f]{32}")


def require_names(names: Iterable[str], *kinds: str) -> None:
    """Raises Invalid NAME_INVALID unless each is one of the kinds and a keyed hash."""
    for name in names:
        if not _NAME.fullmatch(name) or name.partition(":")[0] not in kinds:
            raise Invalid("NAME_INVALID", f"A name is {' or '.join(kinds)}, : and its keyed hash.")


class Policies:
    """agora.internal.v1.Policies, for Agora's own processes only."""

    def __init__(self, store: Store, waiting: Waiting) -> None:
        self._store = store
        self._waiting = waiting

    async def ResolveName(self, request: pb.ResolveNameRequest, call: Call) -> pb.ResolveNameAnswer:
        """Which account holds a name now, as far as the read models know. One round trip.

        Raises Invalid NAME_INVALID for anything but a kind and a keyed hash.
        """
        require_names([request.name], "email", "handle")
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
