"""agora.accounts.v1.AccountCommands: accounts and their sessions."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from commands import passwords, people
from commands.deciders.accounts import CloseSession, OpenSession, SetVisibility
from commands.policies import Holder, Policies
from commands.rpc import forms
from commands.rpc.receipts import Receipts
from commands.sagas.origin import Origin, origin_of, submission
from commands.sagas.profile import update_profile
from commands.sagas.registration import Vault, register
from commands.submission import Submitter
from infra.crypto.digests import Digests, NameKind
from infra.positions import Positions
from infra.rpc.call import Call
from schemas.gen import accounts_pb2 as pb
from schemas.gen.receipts_pb2 import Receipt
from schemas.refusals import Unauthenticated


class Tokens(Protocol):
    """Issues access tokens. `infra.auth.tokens` has the real one."""

    def issue(self, account: UUID, session: UUID, now: datetime) -> tuple[str, datetime]:
        """A token and when it ends."""
        ...


class Accounts:
    """Translates; the sagas and the deciders decide."""

    def __init__(
        self,
        *,
        submitter: Submitter,
        digests: Digests,
        credentials: Vault,
        tokens: Tokens,
        policies: Policies,
        positions: Positions,
        clock: Callable[[], datetime],
    ) -> None:
        self._submitter = submitter
        self._digests = digests
        self._vault = credentials
        self._tokens = tokens
        self._policies = policies
        self._receipts = Receipts(policies, positions)
        self._clock = clock

    async def Register(self, request: pb.RegisterRequest, call: Call) -> pb.SignedIn:
        """Creates an account and signs it in."""
        newcomer = forms.newcomer(request, call, self._clock().astimezone(UTC).date())
        outcome = await register(
            self._submitter, self._vault, self._origin(call, forms.body_of(request)), newcomer
        )
        holder = Holder(outcome.account.account_id, outcome.account.handle)
        receipt = self._receipts.at_once(call, outcome.handled)
        return self._signed_in(holder, outcome.session_id, receipt)

    async def SignIn(self, request: pb.SignInRequest, call: Call) -> pb.SignedIn:
        """Opens a session. Whatever is wrong, the answer and its time are the same."""
        kind: NameKind = "email" if "@" in request.login else "handle"
        name = self._digests.name(kind, people.login_name(request.login))
        holder = await self._policies.resolve_name(name, call)
        account = holder.account_id if holder else None
        matching = await self._vault.verify(account, passwords.normal(request.password))
        if holder is None or not matching:
            raise Unauthenticated("SIGN_IN_FAILED", "The login or the password is wrong.")
        origin = self._origin(call, forms.body_of(request))
        command = OpenSession(
            account_id=holder.account_id,
            session_id=origin.derived_id("session", holder.account_id),
            device=forms.device_of(request.device, call),
            address=call.address,
        )
        handled = await self._submitter.submit(origin.remembered(command, holder.account_id))
        receipt = self._receipts.at_once(call, handled)
        return self._signed_in(holder, command.session_id, receipt)

    async def SignOut(self, request: pb.SignOutRequest, call: Call) -> pb.SignedOut:
        """Closes the session that asks."""
        account = call.account
        assert call.caller is not None
        session = call.caller.session_id
        command = CloseSession(account_id=account, session_id=session, reason="signed_out")
        handled = await self._submitter.submit(submission(call, command, call.request))
        return pb.SignedOut(receipt=await self._receipts.narrowed(call, handled))

    async def UpdateProfile(
        self, request: pb.UpdateProfileRequest, call: Call
    ) -> pb.ProfileUpdated:
        """Changes the fields that the mask names."""
        today = self._clock().astimezone(UTC).date()
        command, handle = forms.profile_changes(request, call.account, today)
        origin = self._origin(call, forms.body_of(request))
        handled = await update_profile(self._submitter, origin, command, handle)
        return pb.ProfileUpdated(receipt=self._receipts.at_once(call, handled))

    async def SetVisibility(self, request: pb.SetVisibilityRequest, call: Call) -> pb.VisibilitySet:
        """Makes the account private or public."""
        command = SetVisibility(account_id=call.account, private=request.private)
        handled = await self._submitter.submit(submission(call, command, call.request))
        return pb.VisibilitySet(receipt=await self._receipts.narrowed(call, handled))

    def _origin(self, call: Call, body: bytes) -> Origin:
        return origin_of(self._digests, call, body, self._clock())

    def _signed_in(self, holder: Holder, session: UUID, receipt: Receipt) -> pb.SignedIn:
        token, ends = self._tokens.issue(holder.account_id, session, self._clock())
        expires = Timestamp()
        expires.FromDatetime(ends)
        return pb.SignedIn(
            receipt=receipt,
            account_id=str(holder.account_id),
            session_id=str(session),
            access_token=token,
            access_expires_at=expires,
            handle=holder.handle,
        )
