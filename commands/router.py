"""Accepts any submission on any instance, and gets it to the owner of its shard.

Forwards once; has the partition claimed here when its owner has gone. What was certainly not
recorded is tried again until the caller's patience ends, and so is what may have been, if the
request has an id to be known by.
"""

import asyncio
from collections.abc import Mapping

from msgspec import Struct

from commands.instance import Instance
from commands.steward import Steward
from commands.submission import Handled, Route, Routed, Submission, routed
from events.tenure import Tenure
from events.topics import Partition, Topic, partition_number
from infra.crypto.port import Keys
from infra.rpc.client import PeerRefused
from schemas.refusals import Unavailable

NOT_DONE = frozenset({"NOT_OWNER", "OWNER_CHANGED"})
"""Reasons that say for certain that nothing was recorded."""

PERHAPS_DONE = frozenset({"OUTCOME_UNKNOWN", "PEER_UNREACHABLE", "DEADLINE_PASSED"})
"""Reasons that leave it open: only a request with an id may be sent again."""


class Patience(Struct, frozen=True):
    """Seconds: for a submission in all, for one forward, and for news before the next try."""

    total_s: float = 8.0
    forward_s: float = 3.0
    news_s: float = 0.05


class Router:
    """Implements `commands.submission.Submitter`. `counts` is how many partitions a topic has."""

    def __init__(
        self,
        instance: Instance,
        steward: Steward,
        keys: Keys,
        routes: Mapping[type, Route],
        counts: Mapping[str, int],
        patience: Patience = Patience(),
    ) -> None:
        self._instance = instance
        self._steward = steward
        self._keys = keys
        self._routes = routes
        self._counts = counts
        self._patience = patience

    def place(self, topic: Topic, shard: str) -> Partition:
        """Where a shard of the topic lives."""
        return Partition(topic.name, partition_number(shard, self._counts[topic.name]))

    async def submit(self, submission: Submission, *, final: bool = False) -> Handled:
        """The durable answer; raises a Refusal.

        `final` means that the sender believes this instance to be the owner: NOT_OWNER if not.
        """
        asked = routed(submission, self._routes)
        partition = self.place(asked.route.topic, asked.shard)
        try:
            if final:
                return await self._here(partition, asked, self._patience.total_s)
            return await self._until_answered(partition, asked)
        except TimeoutError:
            raise Unavailable(
                "OUTCOME_UNKNOWN", "No answer in time; try again with the same request id."
            ) from None

    async def _until_answered(self, partition: Partition, asked: Routed) -> Handled:
        """The answer of one try after the other; raises TimeoutError when patience ends."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._patience.total_s
        while True:
            within_s = ends_at - loop.time()
            if within_s <= 0:
                raise TimeoutError
            tenure = self._instance.tenures.of(partition)
            try:
                return await self._once(partition, tenure, asked, within_s)
            except Unavailable as refusal:
                if not _may_repeat(asked.submission, refusal):
                    raise
            await self._news(partition, tenure)

    async def _once(
        self, partition: Partition, tenure: Tenure, asked: Routed, within_s: float
    ) -> Handled:
        instance = self._instance
        if not instance.writers[partition].serving:
            if instance.owned_elsewhere(tenure) and not instance.peers.silent(tenure):
                return await self._forwarded(partition, tenure, asked.submission, within_s)
            self._steward.called_for(partition)
        return await self._here(partition, asked, within_s)

    async def _forwarded(
        self, partition: Partition, tenure: Tenure, submission: Submission, within_s: float
    ) -> Handled:
        """The owner's answer. One that lost the partition, perhaps paused, is not waited for."""
        patience = self._patience
        forward_s = min(patience.forward_s, within_s)
        answer = asyncio.ensure_future(self._instance.peers.forward(tenure, submission, forward_s))
        changed = asyncio.ensure_future(self._instance.tenures.changed(partition, tenure))
        try:
            await asyncio.wait({answer, changed}, return_when=asyncio.FIRST_COMPLETED)
            if submission.request is not None:
                # An owner that released has answered before, and its answer may be on the way.
                await asyncio.wait({answer}, timeout=patience.news_s)
            if submission.request is None or answer.done():
                return await answer
        finally:
            answer.cancel()
            changed.cancel()
        raise Unavailable("OUTCOME_UNKNOWN", "The owner of the partition changed in the meantime.")

    async def _here(self, partition: Partition, asked: Routed, within_s: float) -> Handled:
        writer = self._instance.writers[partition]
        if writer.serving and asked.submission.seals:
            await self._keys.ensure(asked.submission.seals)
        return await writer.submit(asked, within_s)

    async def _news(self, partition: Partition, tenure: Tenure) -> None:
        """Until the partition is served here, changes hands, or a little time has passed."""
        served = asyncio.ensure_future(self._instance.writers[partition].served())
        changed = asyncio.ensure_future(self._instance.tenures.changed(partition, tenure))
        try:
            await asyncio.wait(
                {served, changed},
                timeout=self._patience.news_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            served.cancel()
            changed.cancel()


def _may_repeat(submission: Submission, refusal: Unavailable) -> bool:
    if isinstance(refusal, PeerRefused) or refusal.reason in NOT_DONE:
        return True
    return submission.request is not None and refusal.reason in PERHAPS_DONE
