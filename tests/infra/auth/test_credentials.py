"""Passwords are verified by their owners' knowledge alone, at a price that is bounded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import process_time
from uuid import UUID

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from infra.auth import credentials
from infra.auth.credentials import Credentials
from infra.auth.passwords import CHEAP, STANDARD, Cost, PasswordHashes
from infra.crypto.uuid7 import new_uuid7
from infra.postgres.pool import Pool
from schemas.refusals import Conflict, TooMany, Unavailable
from tests.infra.postgres.world import open_world
from tests.stack import Stack

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ANA, BEN = new_uuid7(NOON), new_uuid7(NOON)
PASSWORD = "correct hörse battery"
MIDDLING = Cost(passes=2, memory_kib=8)


@pytest.fixture
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    """An empty vault."""
    async with open_world(stack, credentials.TABLES) as (pool, _):
        yield pool


@contextmanager
def vault_of(pool: Pool, cost: Cost = CHEAP) -> Iterator[Credentials]:
    """One process's view of the vault."""
    vault = Credentials(pool, cost)
    try:
        yield vault
    finally:
        vault.close()


async def hash_of(pool: Pool, account: UUID) -> str:
    """What is stored for an account."""
    async with pool.connection() as connection:
        query = "select password_hash from credentials where account_id = %s"
        cursor = await connection.execute(query, (account,))
        [(stored,)] = await cursor.fetchall()
    return str(stored)


async def test_only_the_password_that_was_set_is_right(pool: Pool) -> None:
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        assert await vault.verify(ANA, PASSWORD)
        for wrong in (PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1], ""):
            assert not await vault.verify(ANA, wrong)


async def test_another_process_verifies_it_too(pool: Pool) -> None:
    with vault_of(pool) as here, vault_of(pool) as elsewhere:
        await here.set(ANA, PASSWORD)
        assert await elsewhere.verify(ANA, PASSWORD)


async def test_nobody_and_accounts_without_a_password_have_no_right_one(pool: Pool) -> None:
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        for password in (PASSWORD, "", "nobody has this password"):
            assert not await vault.verify(None, password)
            assert not await vault.verify(BEN, password)


async def test_setting_it_again_changes_nothing(pool: Pool) -> None:
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        stored = await hash_of(pool, ANA)
        await asyncio.gather(*(vault.set(ANA, PASSWORD) for _ in range(5)))
        assert await hash_of(pool, ANA) == stored


async def test_a_repeated_registration_cannot_replace_the_password(pool: Pool) -> None:
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        with pytest.raises(Conflict) as refused:
            await vault.set(ANA, "another password")
        assert refused.value.reason == "REQUEST_ID_REUSED"
        assert await vault.verify(ANA, PASSWORD)


async def test_of_two_at_once_exactly_one_is_set(pool: Pool) -> None:
    with vault_of(pool) as vault:
        outcomes = await asyncio.gather(
            vault.set(ANA, "the first of two"),
            vault.set(ANA, "the other of two"),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes].count(Conflict) == 1
        right = [
            await vault.verify(ANA, password)
            for password in ("the first of two", "the other of two")
        ]
    assert sorted(right) == [False, True]
    assert right[outcomes.index(None)]


async def test_equal_passwords_of_two_people_look_different(pool: Pool) -> None:
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        await vault.set(BEN, PASSWORD)
    assert await hash_of(pool, ANA) != await hash_of(pool, BEN)


async def test_by_default_a_hash_is_argon2id_of_the_recommended_cost(pool: Pool) -> None:
    with vault_of(pool, STANDARD) as vault:
        await vault.set(ANA, PASSWORD)
    parameters = extract_parameters(await hash_of(pool, ANA))
    assert parameters.type is Type.ID
    assert (parameters.time_cost, parameters.memory_cost) == (2, 19456)


async def test_a_hash_gets_todays_cost_at_the_next_right_password(pool: Pool) -> None:
    with vault_of(pool, CHEAP) as before:
        await before.set(ANA, PASSWORD)
    cheap = await hash_of(pool, ANA)
    with vault_of(pool, MIDDLING) as now:
        assert not await now.verify(ANA, "a wrong password")
        assert await hash_of(pool, ANA) == cheap
        assert await now.verify(ANA, PASSWORD)
        assert extract_parameters(await hash_of(pool, ANA)).time_cost == 2
        assert await now.verify(ANA, PASSWORD)


async def test_a_process_that_is_set_cheaper_weakens_nothing(pool: Pool) -> None:
    with vault_of(pool, MIDDLING) as vault:
        await vault.set(ANA, PASSWORD)
    stored = await hash_of(pool, ANA)
    with vault_of(pool, CHEAP) as cheaper:
        assert await cheaper.verify(ANA, PASSWORD)
    assert await hash_of(pool, ANA) == stored


async def test_it_takes_as_long_for_nobody_as_for_somebody(pool: Pool) -> None:
    with vault_of(pool, Cost(passes=4, memory_kib=8192)) as vault:
        await vault.set(ANA, PASSWORD)
        times: dict[UUID | None, list[float]] = {ANA: [], BEN: [], None: []}
        for _ in range(15):
            for account, seconds in times.items():
                # Of this process, in all its threads: others may keep it waiting.
                began = process_time()
                assert not await vault.verify(account, "a wrong password")
                seconds.append(process_time() - began)
    known, unknown, nobody = (min(seconds) for seconds in times.values())
    assert max(known, unknown, nobody) < 2 * min(known, unknown, nobody)


async def test_beyond_the_bound_people_are_asked_to_come_back(pool: Pool) -> None:
    hashes = PasswordHashes(Cost(passes=4, memory_kib=8192), threads=1, waiting_max=2)
    try:
        outcomes = await asyncio.gather(
            *(hashes.hashed(PASSWORD) for _ in range(6)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, TooMany)]
        assert len(refused) == 3
        assert {one.reason for one in refused} == {"PASSWORD_CHECKS_BUSY"}
        assert await hashes.matches(await hashes.hashed(PASSWORD), PASSWORD)
    finally:
        hashes.close()


async def test_callers_that_gave_up_hold_their_place_no_longer_than_the_work() -> None:
    hashes = PasswordHashes(Cost(passes=2, memory_kib=8192), threads=1, waiting_max=1)
    try:
        for _ in range(5):
            tasks = [asyncio.create_task(hashes.hashed(PASSWORD)) for _ in range(2)]
            await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert await hashed_at_last(hashes)
    finally:
        hashes.close()


async def hashed_at_last(hashes: PasswordHashes) -> str:
    """A hash, once there is a place for it; work that runs cannot be called back."""
    for _ in range(1000):
        try:
            return await hashes.hashed(PASSWORD)
        except TooMany:
            await asyncio.sleep(0.01)
    return ""


async def test_the_event_loop_goes_on_meanwhile() -> None:
    hashes = PasswordHashes(Cost(passes=10, memory_kib=19456), threads=1)
    try:
        hashing = asyncio.create_task(hashes.hashed(PASSWORD))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0.001)
            turns += 1
    finally:
        hashes.close()
    assert turns > 2


async def test_nothing_is_logged_about_passwords(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        await vault.verify(ANA, PASSWORD)
        await vault.verify(ANA, "planted instead")
        with pytest.raises(Conflict) as refused:
            await vault.set(ANA, "planted instead")
    stored = await hash_of(pool, ANA)
    for secret in (PASSWORD, "planted", stored):
        assert secret not in caplog.text
        assert secret not in str(refused.value)


async def test_without_the_database_it_is_unavailable(stack: Stack, pool: Pool) -> None:
    with vault_of(pool) as vault:
        await vault.set(ANA, PASSWORD)
        stack.postgres.kill()
        try:
            for work in (vault.verify(ANA, PASSWORD), vault.set(BEN, PASSWORD)):
                with pytest.raises(Unavailable):
                    await work
        finally:
            stack.postgres.restart()
        assert await vault.verify(ANA, PASSWORD)
