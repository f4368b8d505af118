"""Changing a handle over two shards."""

from datetime import timedelta
from uuid import UUID

import pytest

from commands.deciders.accounts import UpdateProfile
from commands.sagas.profile import update_profile
from commands.sagas.registration import register
from commands.submission import Handled
from events.accounts import HandleChanged
from schemas.refusals import Conflict
from tests.commands.cast import NOON
from tests.commands.memory import Killed, MemorySubmitter
from tests.commands.sagas.newcomers import MemoryVault, asking, newcomer, request


async def town() -> tuple[MemorySubmitter, UUID, UUID]:
    """Ana and Ben, registered under these handles."""
    submitter, vault = MemorySubmitter(), MemoryVault()
    ana = await register(submitter, vault, asking(request(1)), newcomer())
    guest = newcomer(email="ben@example.org", handle="ben")
    ben = await register(submitter, vault, asking(request(2)), guest)
    return submitter, ana.account.account_id, ben.account.account_id


async def rename(submitter: MemorySubmitter, account: UUID, handle: str, number: int) -> Handled:
    """Changes the account's handle, under the request id of that number."""
    drawn = int((submitter.now - NOON).total_seconds() * 1000) << 80
    origin = asking(UUID(int=request(number).int + drawn), account, handle.encode())
    return await update_profile(submitter, origin, UpdateProfile(account_id=account), handle)


async def test_a_free_handle_is_taken() -> None:
    submitter, ana, _ = await town()
    handled = await rename(submitter, ana, "anita", 3)
    assert [type(event) for event in handled.events] == [HandleChanged]


async def test_a_handle_in_use_is_refused() -> None:
    submitter, ana, _ = await town()
    submitter.now = NOON + timedelta(hours=2)
    with pytest.raises(Conflict, match="HANDLE_TAKEN"):
        await rename(submitter, ana, "ben", 3)


async def test_the_own_handle_again_changes_nothing() -> None:
    submitter, ana, _ = await town()
    assert (await rename(submitter, ana, "ana", 3)).events == ()


@pytest.mark.parametrize("reacted", [False, True])
async def test_a_handle_that_was_left_is_free_for_others_after_30_days(reacted: bool) -> None:
    submitter, ana, ben = await town()
    await rename(submitter, ana, "anita", 3)
    if reacted:
        await submitter.react()
    for days in (1, 29):
        submitter.now = NOON + timedelta(days=days)
        with pytest.raises(Conflict, match="HANDLE_TAKEN"):
            await rename(submitter, ben, "ana", 4)
    submitter.now = NOON + timedelta(days=30)
    assert (await rename(submitter, ben, "ana", 5)).events


@pytest.mark.parametrize("reacted", [False, True])
async def test_and_free_for_who_left_it_at_once(reacted: bool) -> None:
    submitter, ana, ben = await town()
    await rename(submitter, ana, "anita", 3)
    if reacted:
        await submitter.react()
    assert (await rename(submitter, ana, "ana", 4)).events
    await submitter.react()
    submitter.now = NOON + timedelta(days=31)
    with pytest.raises(Conflict, match="HANDLE_TAKEN"):
        await rename(submitter, ben, "ana", 5)


@pytest.mark.parametrize("step", [0, 1])
async def test_a_repeat_after_a_crash_changes_it_once(step: int) -> None:
    submitter, ana, _ = await town()
    seen = iter(range(100))

    def die(submission: object) -> None:
        if next(seen) == step:
            raise Killed

    submitter.after = die
    with pytest.raises(Killed):
        await rename(submitter, ana, "anita", 3)
    await rename(submitter, ana, "anita", 3)
    await rename(submitter, ana, "anita", 3)
    assert len(submitter.recorded(HandleChanged)) == 1


async def test_repeating_an_old_change_does_not_cut_the_month_of_a_handle_left_since() -> None:
    submitter, ana, ben = await town()
    await rename(submitter, ana, "anita", 3)
    await rename(submitter, ana, "anuska", 4)
    await submitter.react()
    await rename(submitter, ana, "anita", 3)
    submitter.now = NOON + timedelta(days=5)
    with pytest.raises(Conflict, match="HANDLE_TAKEN"):
        await rename(submitter, ben, "anita", 5)
