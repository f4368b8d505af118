"""One partition in one process, across tenures: claims it when wanted, serves it while owned.

The process owns the partition when the log shows one of its own claims in force, however the
append of that claim seemed to go. It claims when somebody wants it to (`want`), and after an
append of its own with an unknown outcome, which only the next valid claim can settle.
"""

import asyncio
import logging
from functools import partial
from uuid import UUID

from commands.submission import Handled, Routed
from commands.tenures import Tenures
from commands.writer.batch import Waiting
from commands.writer.owner import Desk, Ended, Ending, Owner
from commands.writer.ruling import Terms
from commands.writer.saving import Saver
from commands.writer.settling import Leftovers, Unsettled
from commands.writer.takeover import ForeignLog, Taken, Unfoldable, take_over
from commands.writer.tools import Tools
from events import record
from events.record import Claim
from events.tenure import Tenure
from events.topics import Partition
from infra.checkpoints.port import Fenced
from infra.log.port import Appender, AppendUnknown, LogUnavailable
from schemas.refusals import Unavailable

log = logging.getLogger(__name__)

CLAIM_READ_S = 2.0
BACKOFF_FIRST_S = 0.02
BACKOFF_LAST_S = 1.0
TRIES_MAX = 5
"""So often a takeover is tried again at once, whatever went wrong, before the partition halts."""
HALTED_S = 30.0
"""After this long a halted partition is tried again: a takeover reads, and so harms nothing."""


class PartitionWriter:
    """The life of one partition in this process.

    `halted` says why it cannot be served here, empty while nothing keeps it from being; `faults` is
    how many takeovers failed for a reason that nobody expects.
    """

    def __init__(self, partition: Partition, tools: Tools, tenures: Tenures) -> None:
        self.partition = partition
        self.halted = ""
        self.faults = 0
        self._tools = tools
        self._tenures = tenures
        self._drawn: set[UUID] = set()
        self._owner: Owner | None = None
        self._wanted: Tenure | None = None
        self._stopping = False
        self._wake = asyncio.Event()
        self._serving = asyncio.Event()
        self._backoff_s = BACKOFF_FIRST_S
        self._failures = 0
        self._appender: Appender | None = None
        self._leftovers = Leftovers(partition, tools.log)

    @property
    def serving(self) -> bool:
        """Whether submissions are taken here now."""
        return self._serving.is_set()

    @property
    def busy(self) -> bool:
        """Whether this process is on its way to own the partition, or owns it."""
        return (
            self._owner is not None
            or self._wanted is not None
            or self._mine(self._tenures.of(self.partition))
        )

    def want(self) -> None:
        """Asks to claim the partition, unless it is served or asked for already.

        It is wanted from whoever holds it now: a rival who is quicker is left in peace.
        """
        if not self.busy and not self.halted:
            self._wanted = self._tenures.of(self.partition)
            self._wake.set()

    async def submit(self, asked: Routed, within_s: float) -> Handled:
        """The durable answer; raises `Unavailable` NOT_OWNER when this process does not own it.

        Raises TimeoutError after `within_s` seconds.
        """
        if self.halted:
            raise Unavailable("PARTITION_HALTED", self.halted)
        if self._owner is None or not self.serving:
            raise Unavailable("NOT_OWNER", "Another instance owns the partition; try again.")
        return await self._owner.submit(asked, within_s)

    async def served(self) -> None:
        """Until this process serves the partition."""
        await self._serving.wait()

    def release(self) -> None:
        """Asks to drain and lay the partition down in good order."""
        if self._owner is not None:
            self._owner.end(Ending.RELEASED)

    def stop(self) -> None:
        """Asks `run` to release what it owns and to return."""
        self._stopping = True
        self.release()
        self._wake.set()

    async def run(self) -> None:
        """Claims and serves until `stop`; never raises for anything that the log can mend."""
        while not self._stopping:
            tenure = self._tenures.of(self.partition)
            if self._mine(tenure):
                await self._serve(tenure)
                continue
            # Whatever was wrong here, it is the next owner's to find, or to do without.
            self.halted, self._failures = "", 0
            if self._wanted is not None and self._still(self._wanted):
                await self._claim(tenure)
            else:
                self._wanted = None
                await self._idle(tenure)
        self._leftovers.give_up()
        await self._drop_appender()

    def _mine(self, tenure: Tenure) -> bool:
        return tenure.held and tenure.epoch in self._drawn

    async def _idle(self, tenure: Tenure) -> None:
        """Until somebody wants the partition or its tenure changes."""
        try:
            await self._settle_if_claimed(tenure)
        except LogUnavailable:
            await self._back_off()
            return
        await self._stirred(tenure)

    async def _stirred(self, tenure: Tenure, within_s: float | None = None) -> None:
        """Until somebody asks for something or the tenure changes, or so long."""
        changed = asyncio.ensure_future(self._tenures.changed(self.partition, tenure))
        waking = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait({changed, waking}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        waking.cancel()
        self._wake.clear()

    async def _claim(self, tenure: Tenure) -> None:
        """One try to become the owner after `tenure`."""
        tools = self._tools
        claim_id = tools.draw()
        claim = Claim(
            claim_id, tenure.epoch, tools.identity.owner, tools.identity.endpoint, tools.clock()
        )
        self._drawn.add(claim_id)
        try:
            if self._appender is None:
                self._appender = await tools.log.appender(self.partition)
            value = (str(self.partition).encode(), record.encode(claim))
            base = await self._appender.append([value])
            async with asyncio.timeout(CLAIM_READ_S):
                await self._tenures.reached(self.partition, base)
        except (AppendUnknown, LogUnavailable, TimeoutError):
            await self._drop_appender()
            await self._back_off()
            return
        self._wanted = None
        if self._mine(self._tenures.of(self.partition)):
            self._backoff_s = BACKOFF_FIRST_S
        elif self._leftovers.unsettled:
            await self._back_off()

    def _still(self, tenure: Tenure) -> bool:
        """Whether nobody has claimed since; a claim that somebody else made settles as well."""
        return self._tenures.of(self.partition).epoch == tenure.epoch

    async def _back_off(self) -> None:
        await asyncio.sleep(self._backoff_s * self._tools.dice.uniform(0.5, 1.5))
        self._backoff_s = min(2 * self._backoff_s, BACKOFF_LAST_S)

    async def _serve(self, tenure: Tenure) -> None:
        """The whole tenure: takes over, serves, and remembers what stayed unsettled."""
        tools = self._tools
        self._wanted = None
        try:
            if self._appender is None:
                self._appender = await tools.log.appender(self.partition)
            most = tools.pace.replayed_heads
            taken = await take_over(self.partition, tenure, tools.log, tools.checkpoints, most)
            await self._settle_if_claimed(tenure)
        except Fenced:
            self._end_tenure(tenure)
            return
        except (LogUnavailable, Unavailable) as error:
            log.warning("%s: cannot take over yet: %s", self.partition, error)
            await self._drop_appender()
            await self._back_off()
            return
        except Exception as error:
            await self._halt_unless_fenced(tenure, error)
            return
        self.halted, self._failures = "", 0
        ended = await self._serve_taken(tenure, taken, self._appender)
        self._end_tenure(tenure)
        if ended.ending is Ending.UNKNOWN:
            assert ended.unsettled is not None
            self._leftovers.leave(Unsettled(ended.unsettled, tenure), ended.unsent)
            self._wanted = tenure
        await self._drop_appender()

    async def _serve_taken(self, tenure: Tenure, taken: Taken, appender: Appender) -> Ended:
        tools = self._tools
        terms = _terms(tools, tenure)
        desk = Desk(
            self.partition,
            tenure,
            taken.heads,
            terms,
            tools.log,
            appender,
            partial(self._tenures.learned, self.partition),
            tools.clock,
            tools.batch_bytes,
        )
        owner = Owner(desk, taken.next_offset, taken.last_id, taken.at, self._serving)
        saver = Saver(self.partition, owner, tools.pace)
        saving = asyncio.create_task(saver.run())
        watching = asyncio.create_task(self._watch(owner))
        self._open(owner)
        try:
            ended = await owner.run()
        finally:
            self._owner = None
            self._serving.clear()
            saving.cancel()
            watching.cancel()
        await asyncio.gather(saving, watching, return_exceptions=True)
        if ended.ending is Ending.RELEASED:
            await self._lay_down(owner, saver)
        return ended

    def _open(self, owner: Owner) -> None:
        """Lets submissions in, first those that the last tenure left."""
        self._owner = owner
        for left in self._leftovers.take():
            owner.admit(Waiting(left.asked, left.answer))
        if self._stopping:
            owner.end(Ending.RELEASED)

    async def _watch(self, owner: Owner) -> None:
        """Resigns as soon as the log shows another tenure."""
        await self._tenures.changed(self.partition, owner.tenure)
        owner.end(Ending.RESIGNED)

    async def _lay_down(self, owner: Owner, saver: Saver) -> None:
        try:
            await saver.save()
        except (Fenced, Unavailable) as error:
            log.warning("%s: released without a last checkpoint: %s", self.partition, error)
        except Exception:
            log.exception("%s: released without a last checkpoint.", self.partition)
        await owner.release()

    def _end_tenure(self, tenure: Tenure) -> None:
        assert tenure.epoch is not None
        self._drawn.discard(tenure.epoch)
        self._tenures.ended(self.partition)

    async def _settle_if_claimed(self, tenure: Tenure) -> None:
        """Settles an unknown outcome once a claim after it is known; raises `LogUnavailable`."""
        if await self._leftovers.settle_if_claimed(tenure) and not self._mine(tenure):
            self._leftovers.give_up()

    async def _halt_unless_fenced(self, tenure: Tenure, error: Exception) -> None:
        """Another owner may have saved its heads while they were read here: no fault of the log.

        Where the log shows a newer one's claim, there is nothing to ask. It takes the checkpoint
        before it saves, so trying to take that again tells for certain. An older one saves once
        the store has lost that it was taken: the checkpoint moved.
        """
        if self._tenures.of(self.partition) != tenure:
            self._end_tenure(tenure)
            return
        try:
            saved = await self._tools.checkpoints.take(self.partition, tenure.claimed_at)
        except Fenced:
            self._end_tenure(tenure)
        except Unavailable:
            await self._back_off()
        except Exception as worse:
            await self._halt(tenure, worse)
        else:
            if isinstance(error, Unfoldable) and error.offset != saved.offset:
                log.warning("%s: the checkpoint moved while it was read", self.partition)
                await self._back_off()
                return
            await self._halt(tenure, error)

    async def _halt(self, tenure: Tenure, error: Exception) -> None:
        """What cannot be folded must not be written on: an operator has to look.

        What nobody expected may be gone in a moment, so it is tried a few times first, and now and
        then afterwards. That this is another log, though, is known at once.
        """
        self.faults += 1
        self._failures += 1
        if self._failures < TRIES_MAX and not isinstance(error, ForeignLog):
            log.warning("%s: cannot take over: %r", self.partition, error, exc_info=error)
            await self._drop_appender()
            await self._back_off()
            return
        log.error("%s is halted: %s", self.partition, error, exc_info=error)
        self.halted = (
            f"Partition {self.partition} is halted, and tried again every {HALTED_S:.0f} s: {error}"
        )
        self._leftovers.give_up()
        await self._drop_appender()
        await self._stirred(tenure, HALTED_S)

    async def _drop_appender(self) -> None:
        appender, self._appender = self._appender, None
        if appender is not None:
            await appender.close()


def _terms(tools: Tools, tenure: Tenure) -> Terms:
    assert tenure.epoch is not None
    return Terms(tenure.epoch, tools.cipher, tools.digest, tools.draw, tools.limits)
