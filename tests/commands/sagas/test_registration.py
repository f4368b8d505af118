"""Registering over several shards, whatever happens between two steps."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from commands.deciders.accounts import AbandonClaim
from commands.deciders.names import ClaimName
from commands.sagas.registration import register
from commands.submission import Submission
from events.accounts import (
    REMEMBERED_ABANDONMENTS,
    AccountRegistered,
    RegistrationAbandoned,
    SessionOpened,
)
from events.names import name_stream
from schemas.refusals import Conflict, Unavailable
from tests.commands.cast import NOON
from tests.commands.memory import Killed, MemorySubmitter
from tests.commands.sagas.newcomers import (
    DIGESTS,
    MemoryVault,
    asking,
    newcomer,
    request,
)

STEPS = 3
"""Claim the e-mail, claim the handle, register."""


def at_submission(number: int, error: BaseException) -> Callable[[Submission], None]:
    """Raises around the submission of that number, and lets every other one pass."""
    count = iter(range(1000))

    def watch(submission: Submission) -> None:
        if next(count) == number:
            raise error

    return watch


def ids(submitter: MemorySubmitter) -> tuple[list[UUID], list[UUID]]:
    """The accounts and the sessions that were ever recorded."""
    accounts = submitter.recorded(AccountRegistered)
    sessions = submitter.recorded(SessionOpened)
    return (
        [event.account_id for event in accounts if isinstance(event, AccountRegistered)],
        [event.session_id for event in sessions if isinstance(event, SessionOpened)],
    )


async def test_a_newcomer_is_registered_and_signed_in() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    outcome = await register(submitter, vault, asking(request(1)), newcomer())
    assert ids(submitter) == ([outcome.account.account_id], [outcome.session_id])
    assert outcome.account.handle == "ana"
    assert await vault.verify(outcome.account.account_id, "brass-owl-fog-9")
    assert len(submitter.taken) == STEPS


@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("landed", [False, True])
@pytest.mark.parametrize("handle", ["ana", ""])
@pytest.mark.parametrize("error", [Killed(), Unavailable("OUTCOME_UNKNOWN", "No answer.")])
async def test_a_retry_after_a_crash_at_any_step_ends_in_one_account_with_the_same_ids(
    step: int, landed: bool, handle: str, error: BaseException
) -> None:
    smooth = MemorySubmitter()
    expected = await register(smooth, MemoryVault(), asking(request(1)), newcomer(handle=handle))
    submitter, vault = MemorySubmitter(), MemoryVault()
    watch = at_submission(step, error)
    if landed:
        submitter.after = watch
    else:
        submitter.before = watch
    with pytest.raises(type(error)):
        await register(submitter, vault, asking(request(1)), newcomer(handle=handle))
    outcome = await register(submitter, vault, asking(request(1)), newcomer(handle=handle))
    assert outcome.account == expected.account
    assert ids(submitter) == ids(smooth)
    assert await vault.verify(outcome.account.account_id, "brass-owl-fog-9")


async def test_repeating_a_registration_gives_the_first_answer() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    first = await register(submitter, vault, asking(request(1)), newcomer())
    second = await register(submitter, vault, asking(request(1)), newcomer())
    assert (second.account, second.session_id) == (first.account, first.session_id)
    assert second.handled.repeated


async def test_an_email_in_use_is_refused_clearly_and_leaves_no_claim_behind() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    await register(submitter, vault, asking(request(1)), newcomer())
    for later in (timedelta(), timedelta(minutes=5), timedelta(days=400)):
        submitter.now = NOON + later
        drawn = UUID(int=request(2).int + ((int(later.total_seconds()) * 1000) << 80))
        with pytest.raises(Conflict) as refused:
            await register(submitter, vault, asking(drawn), newcomer(handle="anna"))
        assert (refused.value.reason, set(refused.value.fields)) == ("EMAIL_TAKEN", {"email"})
    assert len(ids(submitter)[0]) == 1


async def test_a_handle_in_use_is_refused_and_the_email_is_free_at_once() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    await register(submitter, vault, asking(request(1)), newcomer())
    clash = newcomer(email="clo@example.org", handle="ana")
    with pytest.raises(Conflict) as refused:
        await register(submitter, vault, asking(request(2)), clash)
    assert refused.value.reason == "HANDLE_TAKEN"
    other = newcomer(email="clo@example.org", handle="clo")
    outcome = await register(submitter, vault, asking(request(3)), other)
    assert outcome.account.handle == "clo"


async def test_the_refused_request_may_be_tried_again_itself() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    holder = await register(submitter, vault, asking(request(1)), newcomer())
    assert holder.account.handle == "ana"
    clash = newcomer(email="clo@example.org", handle="ana")
    for _ in range(2):
        with pytest.raises(Conflict, match="HANDLE_TAKEN"):
            await register(submitter, vault, asking(request(2)), clash)


async def test_who_abandoned_a_registration_does_not_keep_the_email_from_others() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    submitter.after = at_submission(1, Killed())
    with pytest.raises(Killed):
        await register(submitter, vault, asking(request(1)), newcomer())
    with pytest.raises(Conflict, match="EMAIL_TAKEN"):
        await register(submitter, vault, asking(request(2)), newcomer())
    submitter.now = NOON + timedelta(minutes=2)
    outcome = await register(submitter, vault, asking(request(2)), newcomer())
    assert ids(submitter)[0] == [outcome.account.account_id]
    assert len(submitter.recorded(RegistrationAbandoned)) == 2
    with pytest.raises(Conflict, match="EMAIL_TAKEN"):
        await register(submitter, vault, asking(request(1)), newcomer())


async def test_a_challenger_who_dies_after_the_challenge_harms_nobody() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    submitter.after = at_submission(1, Killed())
    with pytest.raises(Killed):
        await register(submitter, vault, asking(request(1)), newcomer())
    submitter.now = NOON + timedelta(minutes=2)
    submitter.after = lambda submission: None
    submitter.before = at_submission(2, Killed())  # Its claim is refused, its challenge is not.
    with pytest.raises(Killed):
        await register(submitter, vault, asking(request(2)), newcomer())
    assert len(submitter.recorded(RegistrationAbandoned)) == 1
    submitter.before = submitter.after = lambda submission: None
    outcome = await register(submitter, vault, asking(request(1)), newcomer())
    assert ids(submitter)[0] == [outcome.account.account_id]


async def test_another_body_under_the_same_request_id_is_refused_and_frees_its_names() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    await register(submitter, vault, asking(request(1)), newcomer())
    other = newcomer(email="clo@example.org", handle="clo")
    with pytest.raises(Conflict, match="REQUEST_ID_REUSED"):
        await register(submitter, vault, asking(request(1), body=b"clo"), other)
    outcome = await register(submitter, vault, asking(request(2), body=b"clo"), other)
    assert outcome.account.email == "clo@example.org"


async def test_another_password_under_the_same_request_id_does_not_replace_the_first() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    outcome = await register(submitter, vault, asking(request(1)), newcomer())
    stolen = newcomer(password="gravel-tin-sea-4")
    with pytest.raises(Conflict, match="REQUEST_ID_REUSED"):
        await register(submitter, vault, asking(request(1)), stolen)
    assert await vault.verify(outcome.account.account_id, "brass-owl-fog-9")


async def test_an_offered_handle_is_the_next_one_that_is_free() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    first = await register(submitter, vault, asking(request(1)), newcomer(handle=""))
    other = newcomer(email="anna@example.org", handle="")
    second = await register(submitter, vault, asking(request(2)), other)
    assert first.account.handle == "ana_lima"
    assert second.account.handle.startswith("ana_lima")
    assert second.account.handle[len("ana_lima") :].isdigit()


async def test_a_repeat_that_finds_a_better_handle_free_keeps_the_first_one() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    stem = DIGESTS.name("handle", "ana_lima")
    claim = ClaimName(name=stem, claimant_id=request(9), claim_id=request(10))
    await submitter.submit(asking(request(9)).step(claim))
    first = await register(submitter, vault, asking(request(1)), newcomer(handle=""))
    submitter.now = NOON + timedelta(minutes=2)
    second = await register(submitter, vault, asking(request(1)), newcomer(handle=""))
    assert second.account == first.account
    assert first.account.handle != "ana_lima"
    assert submitter.state(name_stream(stem)).free_at == submitter.now


async def test_a_name_of_somebody_who_gave_up_too_many_is_taken_for_now() -> None:
    submitter, vault = MemorySubmitter(), MemoryVault()
    submitter.after = at_submission(1, Killed())
    with pytest.raises(Killed):
        await register(submitter, vault, asking(request(1)), newcomer())
    submitter.after = lambda submission: None
    holder = asking(request(1)).derived_id("account")
    for number in range(REMEMBERED_ABANDONMENTS):
        other = AbandonClaim(account_id=holder, name="handle:x", claim_id=request(number))
        await submitter.submit(asking(request(1)).step(other))
    submitter.now = NOON + timedelta(minutes=2)
    with pytest.raises(Conflict, match="EMAIL_TAKEN"):
        await register(submitter, vault, asking(request(2)), newcomer())
