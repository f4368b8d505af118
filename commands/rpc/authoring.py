"""What all rpcs about posts have in common at the edge: the errand, who is named, who may see."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from msgspec.structs import replace

from commands.post_policies import Leave, PostPolicies
from commands.rpc import forms
from commands.rpc.receipts import Receipts
from commands.sagas.errand import Errand, errand
from commands.submission import Command, Handled, Submitter
from events import texts
from events.position import Position, merged
from events.posts import Mention
from infra.crypto.digests import Digests
from infra.rpc.call import Call


class Authoring:
    """Asks the query side what a command needs to know, and hands the command in.

    `known` tells how far a person's own shard is known here to go: whatever its author writes
    carries that as `after`, so that a block made before holds, even for a client that does not
    hand its position on.
    """

    def __init__(
        self,
        *,
        submitter: Submitter,
        digests: Digests,
        policies: PostPolicies,
        receipts: Receipts,
        known: Callable[[UUID], Position],
        clock: Callable[[], datetime],
    ) -> None:
        self.receipts = receipts
        self._submitter = submitter
        self._digests = digests
        self._policies = policies
        self._known = known
        self._clock = clock

    def errand(self, request: Message, call: Call) -> Errand:
        """The errand of one call of somebody who is signed in."""
        way = errand(self._digests, call, forms.body_of(request), self._clock())
        return replace(way, after=merged(call.position, self._known(call.account)))

    async def mentions(self, text: str, call: Call) -> tuple[Mention, ...]:
        """The people that the text names, as far as its author may know of them."""
        handles = {
            self._digests.name("handle", handle): handle for handle in texts.mentioned_handles(text)
        }
        holders = await self._policies.resolve_handles(tuple(handles), call) if handles else {}
        accounts: Mapping[str, UUID] = {
            handles[name]: account for name, account in holders.items() if name in handles
        }
        return texts.mentions(text, accounts)

    async def leave(self, post: UUID, comment: UUID | None, call: Call) -> Leave:
        """What the caller may do under the post, or under that comment on it."""
        return await self._policies.check_post(post, comment, call)

    async def all_follow(self, chosen: tuple[UUID, ...], call: Call) -> bool:
        """Whether all of the chosen follow the caller; nobody is asked about nobody."""
        return not chosen or set(chosen) <= await self._policies.followers_among(chosen, call)

    def now(self) -> datetime:
        """When a question is asked: its answer is at least as new."""
        return self._clock()

    async def create(
        self, way: Errand, command: Command, author: UUID, checked_at: datetime | None = None
    ) -> Handled:
        """Hands in what creates something, whose id is derived from the request.

        The request is remembered, whether the caller gave it an id or not.
        """
        deed = replace(way.deed(command, author), checked_at=checked_at)
        return await self._submitter.submit(deed)

    async def change(
        self,
        way: Errand,
        command: Command,
        call: Call,
        *seals: UUID,
        checked_at: datetime | None = None,
    ) -> Handled:
        """Hands in what changes something that is there; remembered if the caller gave an id."""
        deed = replace(way.deed(command, *seals), request=call.request, checked_at=checked_at)
        return await self._submitter.submit(deed)
