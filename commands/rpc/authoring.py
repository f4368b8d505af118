"""What all rpcs about posts share at the edge: who is mentioned, who may see, what is handed in."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from msgspec.structs import replace

from commands.post_policies import Leave, PostPolicies
from commands.rpc import forms
from commands.rpc.receipts import Receipts
from commands.sagas.origin import Origin, origin_of
from commands.submission import Command, Handled, Submission, Submitter
from events import texts
from events.position import Position, merged
from events.posts import Mention
from events.topics import PEOPLE, POSTS, Topic
from infra.crypto.digests import Digests
from infra.rpc.call import Call


class Authoring:
    """Asks the query side what a command needs to know, and hands the command in.

    `reached` tells how far a shard of a topic goes in the log. Whatever somebody writes carries how
    far their own goes as `after`, so that a block made before holds, even when the client does not
    hand its position on or another one made it.
    """

    def __init__(
        self,
        *,
        submitter: Submitter,
        digests: Digests,
        policies: PostPolicies,
        receipts: Receipts,
        reached: Callable[[Topic, str], Awaitable[Position]],
        clock: Callable[[], datetime],
    ) -> None:
        self.receipts = receipts
        self._submitter = submitter
        self._digests = digests
        self._policies = policies
        self._reached = reached
        self._clock = clock

    def origin(self, request: Message, call: Call) -> Origin:
        """The call of somebody who is signed in, as the origin of what is handed in."""
        return origin_of(self._digests, call, forms.body_of(request), self._clock())

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

    async def sees_by_now(self, post: UUID, comment: UUID, call: Call) -> bool:
        """Whether the caller sees the comment, after all that was acknowledged under the post.

        Raises Unavailable while the query side is behind.
        """
        reached = await self._reached(POSTS, str(post))
        later = replace(call, position=merged(call.position, reached))
        return (await self._policies.check_post(post, comment, later)).visible

    async def all_follow(self, chosen: tuple[UUID, ...], call: Call) -> bool:
        """Whether all of the chosen follow the caller; nobody is asked about nobody."""
        return not chosen or set(chosen) <= await self._policies.followers_among(chosen, call)

    def now(self) -> datetime:
        """When a question is asked: its answer is at least as new."""
        return self._clock()

    async def create(
        self, origin: Origin, command: Command, author: UUID, checked_at: datetime | None = None
    ) -> Handled:
        """Hands in what creates something, whose id is derived from the request.

        The request is remembered, whether the caller gave it an id or not.
        """
        submission = replace(origin.remembered(command, author), checked_at=checked_at)
        return await self._submitter.submit(await self._after_all(submission, author))

    async def change(
        self,
        request: Message,
        call: Call,
        command: Command,
        *seals: UUID,
        checked_at: datetime | None = None,
    ) -> Handled:
        """Hands in what others may be shown; remembered if the caller gave an id."""
        submission = self._submission(request, call, command, seals, checked_at)
        return await self._submitter.submit(await self._after_all(submission, call.account))

    async def keep(
        self, request: Message, call: Call, command: Command, checked_at: datetime | None = None
    ) -> Handled:
        """Hands in what shows nobody anything new; remembered if the caller gave an id."""
        submission = self._submission(request, call, command, (), checked_at)
        return await self._submitter.submit(submission)

    def _submission(
        self,
        request: Message,
        call: Call,
        command: Command,
        seals: tuple[UUID, ...],
        checked_at: datetime | None,
    ) -> Submission:
        submission = self.origin(request, call).remembered(command, *seals)
        return replace(submission, request=call.request, checked_at=checked_at)

    async def _after_all(self, submission: Submission, author: UUID) -> Submission:
        """The submission, after all that its author has done in their own shard."""
        reached = await self._reached(PEOPLE, str(author))
        return replace(submission, after=merged(submission.after, reached))
