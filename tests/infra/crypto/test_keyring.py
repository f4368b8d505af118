"""Personal data opens while its key exists, and never after the key was destroyed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from rich.pretty import pretty_repr

from events import codec
from events.accounts import SessionOpened, session_stream
from events.record import DamagedRecord
from infra.config import SettingError
from infra.crypto import key_vault
from infra.crypto.key_vault import Found, KeyVault, WrongMasterKey
from infra.crypto.keyring import HELD_S, USABLE_S, KeyRing, open_keyring
from infra.crypto.uuid7 import new_uuid7
from infra.postgres.pool import Pool
from schemas.refusals import Unavailable
from tests.infra.postgres.world import open_world
from tests.stack import Stack

MASTER = bytes(range(32))
INSERT = "insert into person_keys (person, wrapped) values (%s, %s)"
FIELD = "account.registered.email"
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ANA, BEN, CLO = (new_uuid7(NOON) for _ in range(3))


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    """An empty vault."""
    async with open_world(stack, key_vault.TABLES) as (pool, _):
        yield pool


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ring_of(pool: Pool, clock: Clock) -> KeyRing:
    """One process's ring over the vault in `pool`."""
    return KeyRing(KeyVault(pool, MASTER), clock)


async def test_a_text_comes_back_in_this_and_any_other_process(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    sealed = ring.seal(ANA, FIELD, "ana@exämple.org")
    assert ring.open(ANA, FIELD, sealed) == "ana@exämple.org"
    elsewhere = await open_keyring(pool, MASTER)
    await elsewhere.load([ANA])
    assert elsewhere.open(ANA, FIELD, sealed) == "ana@exämple.org"


async def test_the_codec_seals_and_opens_with_it(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    opened = SessionOpened(account_id=ANA, session_id=BEN, device="Planted", address="192.0.2.7")
    await ring.ensure([ANA])
    fact = codec.encode(opened, session_stream(ANA, BEN), 1, ring)
    assert b"Planted" not in bytes(fact.data)
    assert codec.decode(fact, ring) == opened
    await ring.destroy(ANA)
    await ring.load([ANA])
    erased = codec.decode(fact, ring)
    assert isinstance(erased, SessionOpened)
    assert (erased.device, erased.address) == (codec.ERASED, codec.ERASED)


async def test_sealing_twice_gives_two_ciphertexts_without_the_text(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    first, second = ring.seal(ANA, FIELD, "planted"), ring.seal(ANA, FIELD, "planted")
    assert first != second
    assert b"planted" not in first


async def test_a_ciphertext_opens_for_its_person_and_field_only(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA, BEN])
    sealed = ring.seal(ANA, FIELD, "planted")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for person, field, ciphertext in [
        (BEN, FIELD, sealed),
        (ANA, "account.registered.about", sealed),
        (ANA, FIELD, changed),
        (ANA, FIELD, b"\x02" + sealed[1:]),
        (ANA, FIELD, sealed[:5]),
        (ANA, FIELD, b""),
    ]:
        with pytest.raises(DamagedRecord) as damaged:
            ring.open(person, field, ciphertext)
        assert "planted" not in str(damaged.value)


async def test_without_ensuring_or_loading_nothing_is_sealed_or_opened(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    sealed = ring.seal(ANA, FIELD, "planted")
    elsewhere = await open_keyring(pool, MASTER)
    with pytest.raises(KeyError, match="at hand"):
        elsewhere.seal(ANA, FIELD, "planted")
    with pytest.raises(KeyError, match="at hand"):
        elsewhere.open(ANA, FIELD, sealed)


async def test_a_vault_that_lost_a_key_does_not_pass_for_an_erasure(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.load([ANA])
    with pytest.raises(KeyError, match="at hand"):
        ring.open(ANA, FIELD, b"")


async def test_many_keys_cost_one_round_trip_and_known_ones_none(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    persons = [new_uuid7(NOON) for _ in range(500)]
    before = pool.get_stats()["requests_num"]
    await ring.ensure([*persons, *persons])
    await ring.ensure(persons)
    await ring.load(persons)
    assert pool.get_stats()["requests_num"] == before + 1
    assert len(ring) == 500


async def test_processes_that_make_a_key_at_once_get_the_same_one(pool: Pool) -> None:
    rings = [await open_keyring(pool, MASTER) for _ in range(8)]
    persons = [new_uuid7(NOON) for _ in range(200)]
    await asyncio.gather(
        *(
            ring.ensure(persons if number % 2 else persons[::-1])
            for number, ring in enumerate(rings)
        )
    )
    for person in persons:
        sealed = rings[0].seal(person, FIELD, "planted")
        assert all(ring.open(person, FIELD, sealed) == "planted" for ring in rings)


async def test_a_key_that_another_process_is_making_is_waited_for_without_deadlock(
    pool: Pool,
) -> None:
    lesser, greater = sorted([ANA, BEN])
    theirs, ours = ring_of(pool, Clock()), ring_of(pool, Clock())
    await theirs.ensure([lesser, greater])
    async with pool.connection() as connection:
        async with connection.transaction():
            cursor = await connection.execute("delete from person_keys returning person, wrapped")
            rows = dict(await cursor.fetchall())
        async with connection.transaction():
            await connection.execute(INSERT, (lesser, rows[lesser]))
            ensuring = asyncio.create_task(ours.ensure([greater, lesser]))
            await somebody_waits(pool)
            await connection.execute(INSERT, (greater, rows[greater]))
    await ensuring
    for person in (lesser, greater):
        assert theirs.open(person, FIELD, ours.seal(person, FIELD, "planted")) == "planted"


async def somebody_waits(pool: Pool) -> None:
    """Returns once a statement in this database waits for another's lock."""
    waiting = "select count(*) from pg_locks where not granted and locktype = 'transactionid'"
    async with pool.connection() as connection:
        count = 0
        while not count:
            cursor = await connection.execute(waiting)
            [(count,)] = await cursor.fetchall()


async def test_what_was_destroyed_is_gone_at_once_here_and_never_made_again(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA, BEN])
    sealed = ring.seal(ANA, FIELD, "planted")
    await ring.destroy(ANA)
    with pytest.raises(KeyError):
        ring.open(ANA, FIELD, sealed)
    for _ in range(2):
        await ring.ensure([ANA, BEN])
        assert ring.open(ANA, FIELD, sealed) is None
        with pytest.raises(KeyError, match="destroyed"):
            ring.seal(ANA, FIELD, "planted")
        await ring.destroy(ANA)
    assert ring.seal(BEN, FIELD, "others are untouched")


async def test_destroying_before_a_key_was_made_forbids_it_for_ever(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.destroy(ANA)
    await ring.ensure([ANA])
    with pytest.raises(KeyError, match="destroyed"):
        ring.seal(ANA, FIELD, "planted")


async def test_nothing_of_a_destroyed_key_stays_in_its_row(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    await ring.destroy(ANA)
    async with pool.connection() as connection:
        cursor = await connection.execute("select wrapped, destroyed_at from person_keys")
        [(wrapped, destroyed_at)] = await cursor.fetchall()
    assert wrapped is None
    assert destroyed_at is not None


class SlowVault(KeyVault):
    """A vault whose answers to `load` are under way until they are let through."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, MASTER)
        self.answered = asyncio.Event()
        self.through = asyncio.Event()

    async def load(self, persons: Sequence[UUID]) -> Found:
        found = await super().load(persons)
        self.answered.set()
        await self.through.wait()
        return found


async def test_an_answer_from_before_the_destruction_does_not_bring_the_key_back(
    pool: Pool,
) -> None:
    vault = SlowVault(pool)
    ring = KeyRing(vault)
    await ring.ensure([ANA])
    sealed = ring.seal(ANA, FIELD, "planted")
    reader = KeyRing(vault)
    loading = asyncio.create_task(reader.load([ANA]))
    await vault.answered.wait()
    await reader.destroy(ANA)
    vault.through.set()
    await loading
    assert reader.open(ANA, FIELD, sealed) is None


async def reader_of_what_was_destroyed_elsewhere(pool: Pool, clock: Clock) -> tuple[KeyRing, bytes]:
    """A process that read Ana's key before another destroyed it, and what the key had sealed."""
    here, elsewhere = ring_of(pool, clock), ring_of(pool, clock)
    await here.ensure([ANA])
    sealed = here.seal(ANA, FIELD, "planted")
    await elsewhere.load([ANA])
    assert elsewhere.open(ANA, FIELD, sealed) == "planted"
    await here.destroy(ANA)
    return elsewhere, sealed


async def test_other_processes_use_a_destroyed_key_no_longer_than_a_minute(pool: Pool) -> None:
    clock = Clock()
    elsewhere, sealed = await reader_of_what_was_destroyed_elsewhere(pool, clock)
    clock.now += USABLE_S
    with pytest.raises(KeyError, match="at hand"):
        elsewhere.open(ANA, FIELD, sealed)
    await elsewhere.load([ANA])
    assert elsewhere.open(ANA, FIELD, sealed) is None


async def test_readers_that_load_before_they_open_learn_of_it_after_half_a_minute(
    pool: Pool,
) -> None:
    clock = Clock()
    elsewhere, sealed = await reader_of_what_was_destroyed_elsewhere(pool, clock)
    clock.now += USABLE_S - HELD_S + 1
    await elsewhere.load([ANA])
    assert elsewhere.open(ANA, FIELD, sealed) is None


async def test_a_key_is_usable_for_as_long_as_promised_after_each_time_it_is_asked_for(
    pool: Pool,
) -> None:
    clock = Clock()
    ring = ring_of(pool, clock)
    for _ in range(20):
        await ring.ensure([ANA])
        clock.now += HELD_S - 1
        await ring.load([BEN])
        assert ring.seal(ANA, FIELD, "planted")
        clock.now -= HELD_S / 2


async def test_what_nobody_holds_any_more_leaves_memory(pool: Pool) -> None:
    clock = Clock()
    ring = ring_of(pool, clock)
    await ring.ensure([new_uuid7(NOON) for _ in range(50)])
    clock.now += HELD_S - 1
    await ring.ensure([ANA])
    assert len(ring) == 51
    clock.now += 1
    await ring.ensure([BEN])
    assert len(ring) == 2


async def test_another_master_key_is_noticed_at_start(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    with pytest.raises(SettingError, match=r"crypto\.master_key_file"):
        await open_keyring(pool, bytes(32))


async def test_keys_are_not_to_be_read_from_the_table_nor_moved_within_it(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA, BEN])
    async with pool.connection() as connection:
        await connection.execute(
            "update person_keys set wrapped = (select wrapped from person_keys where person = %s)",
            (BEN,),
        )
    elsewhere = KeyRing(KeyVault(pool, MASTER))
    await elsewhere.load([BEN])
    with pytest.raises(WrongMasterKey) as damaged:
        await elsewhere.load([ANA])
    assert str(ANA) in str(damaged.value)


async def test_a_ring_shows_no_key(pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    [key] = (await KeyVault(pool, MASTER).load([ANA])).values()
    shown = pretty_repr(vars(ring)) + repr(vars(ring)) + repr(ring)
    assert "_Entry" in shown
    assert repr(key)[2:-1] not in shown


async def test_without_the_database_it_is_unavailable(stack: Stack, pool: Pool) -> None:
    ring = await open_keyring(pool, MASTER)
    await ring.ensure([ANA])
    stack.postgres.kill()
    try:
        with pytest.raises(Unavailable):
            await ring.ensure([CLO])
        assert ring.seal(ANA, FIELD, "keys at hand still work")
    finally:
        stack.postgres.restart()
    await ring.ensure([CLO])
    assert ring.seal(CLO, FIELD, "back again")
