"""Answers about accounts and profiles: hydrate, apply the rules, present."""

from collections.abc import Iterable
from uuid import UUID

from infra.crypto.digests import Digests
from infra.rpc.call import Call
from queries import presentation, visibility
from queries.people import Person
from queries.reads import accounts
from queries.store import Reader, Store
from schemas.gen import accounts_pb2 as pb


class Accounts:
    """agora.accounts.v1.AccountQueries. Every answer takes one round trip."""

    def __init__(self, store: Store, digests: Digests) -> None:
        self._store = store
        self._digests = digests

    async def OwnAccount(self, request: pb.OwnAccountRequest, call: Call) -> pb.Account:
        """The viewer's own account; NotFound before the read models have it."""
        person = await accounts.own(self._store.until(call.deadline_s), call.account)
        if person is None:
            raise visibility.absent()
        return presentation.account(person)

    async def ReadProfile(self, request: pb.ReadProfileRequest, call: Call) -> pb.Profile:
        """One profile, by id or by handle; NotFound if hidden or absent."""
        reader = self._store.until(call.deadline_s)
        person = await self._person(reader, request, call.account)
        return presentation.profile(visibility.required(person))

    async def ReadProfiles(self, request: pb.ReadProfilesRequest, call: Call) -> pb.Profiles:
        """Those profiles that the viewer may see, once each, in the order asked."""
        wanted = list(dict.fromkeys(UUID(account) for account in request.account_ids))
        people = await accounts.people(self._store.until(call.deadline_s), call.account, wanted)
        return presentation.profiles(_seen(people.get(account) for account in wanted))

    async def _person(
        self, reader: Reader, request: pb.ReadProfileRequest, viewer: UUID
    ) -> Person | None:
        if request.WhichOneof("who") == "handle":
            name = self._digests.name("handle", request.handle)
            return await accounts.person_by_handle(reader, viewer, name)
        return await accounts.person(reader, viewer, UUID(request.account_id))


def _seen(people: Iterable[Person | None]) -> Iterable[Person]:
    return (shown for person in people if (shown := visibility.seen(person)) is not None)
