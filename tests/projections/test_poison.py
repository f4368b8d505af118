"""Events that cannot be applied: models that decide visibility stop, others set a shard aside."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest
from msgspec import Raw

from events.accounts import ProfileUpdated, VisibilityChanged
from events.record import Fact
from events.topics import Partition
from infra.worker.group_commit import GroupCommit
from infra.worker.progress import Halted, Overtaken, read
from projections.model import Model
from projections.models.accounts import ACCOUNTS
from projections.models.accounts import MODEL as ACCOUNTS_MODEL
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.models.test_accounts import registered
from tests.projections.notes import NOTES, STRICT, TOLERANT, note
from tests.stack import Stack

PARTITION = Partition("people", 0)
OTHER = Partition("people", 1)

UNKNOWN: Final = Fact("account.teleported", f"account-{ANA}", 1, Raw(b"\x80"))
DAMAGED: Final = Fact("account.profile_updated", f"account-{ANA}", 1, Raw(b"\x80"))


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    async with database(stack.settings(), TOLERANT, ACCOUNTS_MODEL) as opened:
        opened.log.claim(PARTITION)
        yield opened


async def abouts(base: Database) -> dict[object, object]:
    rows = await base.rows(NOTES)
    return {row["account_id"]: row["about"] for row in rows.values()}


async def offset_of(base: Database, model: str) -> object:
    [(offset,)] = await base.fetch('select "offset" from checkpoints where model = %s', model)
    return offset


@pytest.mark.parametrize("poison", ["raise", "nul"])
async def test_a_poison_event_is_parked_and_its_shard_waits_behind_it(
    base: Database, poison: str
) -> None:
    note(base, ANA, "first")
    note(base, BEN, "first")
    bad = note(base, ANA, poison)
    if poison == "nul":
        # A row is written once for each batch, so a later one would take its place in time.
        await base.consume(TOLERANT, PARTITION)
    waits = note(base, ANA, "later")
    last = note(base, BEN, "later")
    await base.consume(TOLERANT, PARTITION)
    assert await abouts(base) == {ANA: "first", BEN: "later"}
    parked = await base.fetch('select "offset", shard, reason is null from parked order by 1')
    assert parked == [(bad, str(ANA), False), (waits, str(ANA), True)]
    assert await offset_of(base, "notes") == last


@pytest.mark.parametrize("model", [TOLERANT, STRICT], ids=["tolerant", "strict"])
async def test_poison_in_one_partition_costs_the_others_nothing(
    base: Database, model: Model
) -> None:
    base.log.claim(OTHER)
    note(base, ANA, "nul")
    base.log.decide(OTHER, ProfileUpdated(account_id=BEN, about="fine"), shard=str(BEN))
    subscriber = base.subscriber(model, together=GroupCommit(base.pool))
    for partition in (PARTITION, OTHER):
        await subscriber.resume(partition)
    outcomes = await asyncio.gather(
        *(
            subscriber.consume(partition, read(base.log.entries[partition]))
            for partition in (PARTITION, OTHER)
        ),
        return_exceptions=True,
    )
    parked = await base.fetch("select partition, shard from parked")
    assert await abouts(base) == {BEN: "fine"}
    assert outcomes[1] == 2
    if model is STRICT:
        assert isinstance(outcomes[0], Halted)
        assert parked == []
    else:
        assert outcomes[0] == 2
        assert parked == [(str(PARTITION), str(ANA))]


async def test_a_shard_waits_on_after_a_restart(base: Database) -> None:
    note(base, ANA, "raise")
    await base.consume(TOLERANT, PARTITION)
    waits = note(base, ANA, "later")
    note(base, CLO, "fine")
    await base.consume(TOLERANT, PARTITION)
    assert await abouts(base) == {CLO: "fine"}
    parked = await base.fetch('select "offset" from parked where reason is null')
    assert parked == [(waits,)]


@pytest.mark.parametrize("poison", ["raise", "nul"])
async def test_a_model_that_decides_visibility_stops_before_the_poison_event(
    base: Database, poison: str
) -> None:
    note(base, ANA, "first")
    before = note(base, BEN, "first")
    bad = note(base, ANA, poison)
    note(base, BEN, "later")
    with pytest.raises(Halted, match=f"offset {bad}"):
        await base.consume(STRICT, PARTITION)
    assert await abouts(base) == {ANA: "first", BEN: "first"}
    assert await offset_of(base, "notes") == before
    assert await base.fetch("select * from parked") == []


@pytest.mark.parametrize("model", [TOLERANT, STRICT], ids=["tolerant", "strict"])
async def test_an_unknown_type_stops_every_model_even_one_that_would_not_care(
    base: Database, model: Model
) -> None:
    note(base, ANA, "first")
    bad = base.log.decide_facts(PARTITION, UNKNOWN)
    note(base, BEN, "later")
    with pytest.raises(Halted, match=rf"Offset {bad}.*account\.teleported is unknown"):
        await base.consume(model, PARTITION)
    assert await abouts(base) == {ANA: "first"}
    assert await offset_of(base, "notes") == bad - 1


async def test_data_that_is_not_of_its_type_is_poison(base: Database) -> None:
    bad = base.log.decide_facts(PARTITION, DAMAGED)
    with pytest.raises(Halted, match=f"Offset {bad}: .* at offset {bad}"):
        await base.consume(ACCOUNTS_MODEL, PARTITION)


async def test_the_accounts_model_stops_at_what_it_cannot_apply(base: Database) -> None:
    base.log.decide(PARTITION, registered(ANA), shard=str(ANA))
    base.log.decide(PARTITION, ProfileUpdated(account_id=ANA, about="\x00"), shard=str(ANA))
    base.log.decide(PARTITION, VisibilityChanged(account_id=ANA, private=False), shard=str(ANA))
    with pytest.raises(Halted, match=r"Postgres refuses its rows: .* at offset 2"):
        await base.consume(ACCOUNTS_MODEL, PARTITION)
    [row] = (await base.rows(ACCOUNTS)).values()
    assert (row["about"], row["written_offset"]) == ("", 1)


async def test_of_two_workers_one_is_overtaken_and_changes_nothing(base: Database) -> None:
    note(base, ANA, "first")
    old, new = base.subscriber(TOLERANT), base.subscriber(TOLERANT)
    await old.resume(PARTITION)
    await new.resume(PARTITION)
    reads = read(base.log.entries[PARTITION])
    await new.consume(PARTITION, reads)
    note(base, ANA, "raise")
    with pytest.raises(Overtaken):
        await old.consume(PARTITION, read(base.log.entries[PARTITION]))
    assert await abouts(base) == {ANA: "first"}
    assert await base.fetch("select * from parked") == []


async def test_an_operator_who_changes_the_parked_list_is_noticed(base: Database) -> None:
    note(base, ANA, "raise")
    subscriber = base.subscriber(TOLERANT)
    await subscriber.resume(PARTITION)
    await subscriber.consume(PARTITION, read(base.log.entries[PARTITION]))
    note(base, ANA, "later")
    await base.fetch("delete from parked returning 1")
    await base.fetch("update build_checkpoints set revision = revision + 1 returning 1")
    with pytest.raises(Overtaken):
        await subscriber.consume(PARTITION, read(base.log.entries[PARTITION]))
    await base.consume(TOLERANT, PARTITION)
    assert await abouts(base) == {ANA: "later"}


async def test_another_log_under_the_same_checkpoint_halts(base: Database) -> None:
    note(base, ANA, "first")
    await base.consume(TOLERANT, PARTITION)
    base.log.entries[PARTITION].pop()
    with pytest.raises(Halted, match="at offset 1, but the log ends at 1"):
        await base.consume(TOLERANT, PARTITION)
    note(base, ANA, "other")
    with pytest.raises(Halted, match="this is another log"):
        await base.consume(TOLERANT, PARTITION)
