"""Appends through the real writer: profile changes of 256 bytes, sealed as personal data is."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET

from commands.deciders.accounts import ClaimedName, Register, UpdateProfile
from commands.submission import Submission
from events import codec
from events.accounts import ProfileUpdated, account_stream
from events.event import type_of
from events.record import Decision
from events.topics import Partition, parse_partition
from infra.config import Settings
from infra.crypto.digests import new_uuid7
from infra.log.scan import scan
from tests.performance.figures import Turn, WrongAnswers
from tests.performance.loads.load import by_tasks
from tests.performance.loads.zipf import Zipf
from tests.performance.writer import Writing, writing

TEXT_BYTES: Final = 140
"""With this the event is 256 bytes long in the log."""
CHANGED: Final = type_of(ProfileUpdated)
REGISTERED_AT_ONCE: Final = 256


class Appends:
    """People whose profiles change, and a plain dict of what was acknowledged."""

    def __init__(self, writing: Writing, people: Sequence[UUID], seed: int) -> None:
        self.writing = writing
        self.people = people
        self._zipf = Zipf(len(people), seed)
        self._count = 0
        self.acked: dict[tuple[str, int], tuple[UUID, str]] = {}

    async def turn(self, callers: int, seconds: float) -> Turn:
        """So many callers, each of whom waits for the answer to one change at a time."""
        return await by_tasks(callers, seconds, self._change)

    async def _change(self) -> None:
        self._count += 1
        person = self.people[self._zipf.draw()]
        text = f"{self._count}".ljust(TEXT_BYTES, ".")
        command = UpdateProfile(account_id=person, about=text)
        handled = await self.writing.router.submit(_submission(command, person))
        ((partition, offset),) = handled.position.items()
        self.acked[partition, offset] = person, text

    async def check(self) -> None:
        """Raises `WrongAnswers` unless the log holds what was acknowledged, and nothing else."""
        found: dict[tuple[str, int], tuple[UUID, str]] = {}
        versions: defaultdict[str, list[int]] = defaultdict(list)
        for partition in {parse_partition(name) for name, _ in self.acked}:
            await self._read(partition, found, versions)
        if found != self.acked:
            raise WrongAnswers(f"{len(self.acked)} changes were acked, the log holds {len(found)}.")
        # Version 1 is the registration.
        if any(known != list(range(2, len(known) + 2)) for known in versions.values()):
            raise WrongAnswers("The versions of a stream are not 1..n.")

    async def _read(
        self,
        partition: Partition,
        found: dict[tuple[str, int], tuple[UUID, str]],
        versions: dict[str, list[int]],
    ) -> None:
        await self.writing.keyring.load(self.people)
        people = set(self.people)
        async for item in scan(self.writing.log, partition):
            if not item.counts or not isinstance(item.record, Decision):
                continue
            for fact in item.record.facts:
                # A log that was long before holds changes of others, too.
                if fact.type != CHANGED or codec.sealed_by(fact) not in people:
                    continue
                event = codec.decode(fact, self.writing.keyring)
                if isinstance(event, ProfileUpdated):
                    assert event.about is not UNSET
                    found[str(partition), item.entry.offset] = event.account_id, event.about
                    versions[fact.stream].append(fact.version)


@asynccontextmanager
async def appends(settings: Settings, people: int, seed: int) -> AsyncIterator[Appends]:
    """Profiles of so many registered people, and writers that own all partitions."""
    async with writing(settings) as opened:
        ids = [new_uuid7(datetime.now(UTC)) for _ in range(people)]
        for start in range(0, people, REGISTERED_AT_ONCE):
            chunk = ids[start : start + REGISTERED_AT_ONCE]
            await opened.keyring.ensure(chunk)
            await asyncio.gather(*(_register(opened, person) for person in chunk))
        yield Appends(opened, ids, seed)


async def _register(writing: Writing, person: UUID) -> None:
    name = ClaimedName(
        text=f"p{person.hex[:20]}",
        name=f"name:{person.hex}",
        claim_id=person,
        claimed_at=datetime.now(UTC),
    )
    command = Register(
        account_id=person,
        session_id=person,
        email=name,
        handle=name,
        first_name="Ana",
        last_name="Lima",
        birth_date="1990-12-31",
        about="",
        private=False,
        device="",
        address="",
    )
    await writing.router.submit(_submission(command, person))


def _submission(command: Register | UpdateProfile, person: UUID) -> Submission:
    return Submission(command=command, rpc="accounts.UpdateProfile", actor=person, seals=(person,))


def fact_bytes(ours: Appends) -> int:
    """How long such an event is in the log."""
    person = ours.people[0]
    event = ProfileUpdated(account_id=person, about="." * TEXT_BYTES)
    return len(codec.encode(event, account_stream(person), 1, ours.writing.keyring).data)
