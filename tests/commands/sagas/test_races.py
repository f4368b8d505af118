"""However requests for the same names interleave, die and come back, no name has two holders."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from commands.deciders.accounts import UpdateProfile
from commands.sagas.profile import update_profile
from commands.sagas.registration import register
from commands.submission import Handled, Submission
from events.accounts import HANDLE_KEPT, Account, AccountRegistered, account_stream
from schemas.refusals import Refusal, Unavailable
from tests.commands.memory import Killed, MemorySubmitter
from tests.commands.sagas.newcomers import MemoryVault, asking, newcomer, request

EMAILS = ["ana@example.org", "ben@example.org"]
HANDLES = ["ana", "ben", ""]


class Try(Struct, frozen=True):
    """One call. `fate` is the submission around which it dies or loses its answer, if any."""

    number: int
    email: str
    handle: str
    fate: int
    loses: bool


tries = st.builds(
    Try,
    number=st.integers(1, 4),
    email=st.sampled_from(EMAILS),
    handle=st.sampled_from(HANDLES),
    fate=st.integers(0, 12),
    loses=st.booleans(),
)


class Town:
    """A command side where any submission may wait while others go on and the clock jumps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.submitter = MemorySubmitter()
        self.submitter.pause = self._pause
        self.vault = MemoryVault()

    async def _pause(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)
        if self.random.random() < 0.2:
            self.submitter.now += timedelta(seconds=self.random.randrange(120))

    async def call(self, each: Try) -> None:
        """A registration; and once it stands, a change to a handle of somebody else's liking."""
        body = f"{each.email} {each.handle}".encode()
        origin = asking(request(each.number), body=body)
        person = newcomer(each.email, each.handle, password=f"brass-owl-fog-{each.email}")
        try:
            outcome = await register(Doomed(self.submitter, each), self.vault, origin, person)
            wanted = "ben" if each.handle == "ana" else "ana"
            account = outcome.account.account_id
            change = asking(request(100 + each.fate), account, wanted.encode())
            command = UpdateProfile(account_id=account)
            await update_profile(Doomed(self.submitter, each), change, command, wanted)
        except (Refusal, Killed):
            return


class Doomed:
    """The way of one call to the owners, until its fate meets it."""

    def __init__(self, owners: MemorySubmitter, each: Try) -> None:
        self._owners = owners
        self._left = each.fate
        self._loses = each.loses

    async def submit(self, submission: Submission) -> Handled:
        """The owners' answer, unless fate is faster."""
        self._left -= 1
        handled = await self._owners.submit(submission)
        if self._left == 0:
            raise Unavailable("OUTCOME_UNKNOWN", "No answer.") if self._loses else Killed
        return handled


@settings(deadline=None, max_examples=300)
@given(st.lists(tries, min_size=2, max_size=8), st.integers(0, 2**32))
def test_no_name_ever_has_two_holders(calls: list[Try], seed: int) -> None:
    async def story() -> MemorySubmitter:
        town = Town(seed)
        await asyncio.gather(*map(town.call, calls))
        await town.submitter.react()
        await asyncio.gather(*map(town.call, calls))
        return town.submitter

    submitter = asyncio.run(story())
    held: Counter[str] = Counter()
    for event in submitter.recorded(AccountRegistered):
        assert isinstance(event, AccountRegistered)
        account: Account = submitter.state(account_stream(event.account_id))
        kept = {
            former.handle_hash
            for former in account.former
            if submitter.now - former.at < HANDLE_KEPT
        }
        held.update({account.email_hash, account.handle_hash} | kept)
    assert all(count == 1 for count in held.values())
