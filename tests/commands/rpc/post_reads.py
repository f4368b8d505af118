"""What the query side would tell about posts, folded from what was recorded."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from commands.post_policies import Leave
from events.accounts import AccountRegistered
from events.graph import FollowEnded, FollowEstablished
from events.posts import CommentDeleted, CommentPublished, PostPublished
from events.topics import POSTS
from infra.rpc.call import Call
from schemas.refusals import Unavailable
from tests.commands.memory import MemorySubmitter


class FoldedPostReads:
    """Implements `commands.post_policies.PostPolicies`.

    `hidden` names who may not see which post or comment, `strangers` who does not follow the
    author of which; `away` means that the query side cannot be asked, `behind` that it knows of
    comments only at a position in their posts' topic.
    """

    def __init__(self, submitter: MemorySubmitter) -> None:
        self._submitter = submitter
        self.hidden: set[tuple[UUID, UUID]] = set()
        self.strangers: set[tuple[UUID, UUID]] = set()
        self.away = False
        self.behind = False
        self.asked: list[Call] = []

    async def check_post(self, post: UUID, comment: UUID | None, call: Call) -> Leave:
        """By what was published and is left, but for what is hidden."""
        self._ask(call)
        known = not self.behind or any(name.startswith(POSTS.name) for name in call.position)
        there = self._there() if known or comment is None else set()
        things = [post] if comment is None else [post, comment]
        visible = all(
            thing in there and (call.account, thing) not in self.hidden for thing in things
        )
        return Leave(visible, visible and (call.account, post) not in self.strangers)

    def _there(self) -> set[UUID]:
        """All posts, and the comments that were not deleted, nor what they answer."""
        there: set[UUID] = set()
        above: dict[UUID, UUID | None] = {}
        for event in self._submitter.recorded(PostPublished, CommentPublished, CommentDeleted):
            match event:
                case PostPublished():
                    there.add(event.post_id)
                case CommentPublished():
                    above[event.comment_id] = event.parent_id
                case CommentDeleted(comment_id=deleted):
                    gone = {one for one, parent in above.items() if deleted in (one, parent)}
                    above = {one: parent for one, parent in above.items() if one not in gone}
        return there.union(above)

    async def resolve_handles(self, names: Sequence[str], call: Call) -> Mapping[str, UUID]:
        """Who registered under the names, but for those who are hidden."""
        self._ask(call)
        return {
            event.handle_hash: event.account_id
            for event in self._submitter.recorded(AccountRegistered)
            if isinstance(event, AccountRegistered)
            and event.handle_hash in names
            and (call.account, event.account_id) not in self.hidden
        }

    async def followers_among(self, candidates: Sequence[UUID], call: Call) -> frozenset[UUID]:
        """Who followed the caller and has not stopped."""
        self._ask(call)
        followers: set[UUID] = set()
        for event in self._submitter.recorded(FollowEstablished, FollowEnded):
            assert isinstance(event, FollowEstablished | FollowEnded)
            if event.target_id == call.account:
                established = isinstance(event, FollowEstablished)
                (followers.add if established else followers.discard)(event.follower_id)
        return frozenset(followers.intersection(candidates))

    def _ask(self, call: Call) -> None:
        self.asked.append(call)
        if self.away:
            raise Unavailable("PEER_UNREACHABLE", "The query side is away.")
