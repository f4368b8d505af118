"""The product without servers: its services, deciders and folds over a log in memory.

What the query side would tell commands is read from lanes that lag as they are told to.
"""

import math
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from google.protobuf.field_mask_pb2 import FieldMask

from commands.deciders.accounts import ClaimedName, Register, SetVisibility, UpdateProfile
from commands.policies import Holder
from commands.post_policies import Leave
from commands.rpc.authoring import Authoring
from commands.rpc.comments import Comments
from commands.rpc.graph import Graph
from commands.rpc.posts import Posts
from commands.rpc.receipts import Receipts
from commands.sagas.origin import submission
from commands.submission import Command
from events.graph import Following
from events.position import Position
from events.topics import Partition, Topic, partition_number
from infra.crypto.sealed import Seals
from infra.positions import Positions
from infra.rpc.call import Call, Caller
from queries import visibility, visibility_posts
from schemas.gen import comments_pb2, graph_pb2, posts_pb2
from schemas.refusals import Refusal
from tests.commands.memory import MemorySubmitter
from tests.commands.sagas.newcomers import DIGESTS, request
from tests.safety.lanes import Lanes
from tests.safety.tables import Tables

SECOND: Final = timedelta(seconds=1)
SESSION: Final = UUID(int=5)
AUDIENCES: Final = {"public": 1, "followers": 2, "selected": 3}
REPLIES: Final = {"everybody": 1, "followers": 2, "nobody": 3}
Answer = TypeVar("Answer")


def at_once(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What comes of work that never has to wait for anything."""
    try:
        work.send(None)
    except StopIteration as ended:
        answer: Answer = ended.value
        return answer
    raise AssertionError("it waits for something")


def place(topic: Topic, shard: UUID) -> Partition:
    """Where a shard lives."""
    return Partition(topic.name, partition_number(str(shard), topic.partitions))


class Society:
    """People who do things. Each deed answers the reason of its refusal, empty if it is done."""

    def __init__(self) -> None:
        self.submitter = MemorySubmitter()
        self.lanes = Lanes(self.submitter.log)
        self.made = UUID(int=0)
        """What the last deed created."""
        positions = Positions(Seals(bytes(32)))
        self._graph = Graph(submitter=self.submitter, policies=self, positions=positions)
        authoring = Authoring(
            submitter=self.submitter,
            digests=DIGESTS,
            policies=self,
            receipts=Receipts(self, positions),
            reached=self.reached,
            clock=lambda: self.submitter.now,
        )
        self._posts, self._comments = Posts(authoring), Comments(authoring)
        self._requests = 0

    def do(self, deed: str, actor: UUID, *about: Any) -> str:
        """Has somebody do something, a second after the last deed."""
        self.submitter.now += SECOND
        self._requests += 1
        call = Call(
            rpc=f"test.{deed}",
            correlation=UUID(int=7),
            deadline_s=math.inf,
            caller=Caller(actor, SESSION),
            request=request(self._requests) if deed in ("publish", "comment") else None,
        )
        try:
            at_once(getattr(self, f"_{deed}")(call, *about))
        except Refusal as refusal:
            return refusal.reason
        return ""

    def react_to_blocks(self) -> None:
        """Lets every block be mirrored."""
        self.submitter.now += SECOND
        at_once(self.submitter.react())

    async def _register(self, call: Call, handle: str, private: bool) -> None:
        def claimed(kind: Any, text: str) -> ClaimedName:
            name = DIGESTS.name(kind, text)
            return ClaimedName(
                text=text, name=name, claim_id=UUID(int=1), claimed_at=self.submitter.now
            )

        command = Register(
            account_id=call.account,
            session_id=SESSION,
            email=claimed("email", f"{handle}@example.org"),
            handle=claimed("handle", handle),
            first_name=handle,
            last_name="Lima",
            birth_date="1990-12-31",
            about="",
            private=private,
            device="",
            address="",
        )
        await self._submit(call, command)

    async def _set_private(self, call: Call, private: bool) -> None:
        await self._submit(call, SetVisibility(account_id=call.account, private=private))

    async def _say(self, call: Call, about: str) -> None:
        await self._submit(call, UpdateProfile(account_id=call.account, about=about))

    async def _submit(self, call: Call, command: Command) -> None:
        await self.submitter.submit(submission(call, command))

    async def _tie(self, call: Call, what: str, other: UUID) -> None:
        message = getattr(graph_pb2, f"{what}Request")
        await getattr(self._graph, what)(message(account_id=str(other)), call)

    async def _publish(
        self, call: Call, body: str, audience: str, chosen: Sequence[UUID], replies: str
    ) -> None:
        request = posts_pb2.PublishPostRequest(
            body=body,
            audience=AUDIENCES[audience],  # type: ignore[arg-type]
            chosen_ids=map(str, chosen),
            replies=REPLIES[replies],  # type: ignore[arg-type]
        )
        self.made = UUID((await self._posts.PublishPost(request, call)).post_id)

    async def _edit(self, call: Call, post: UUID, changes: Mapping[str, Any]) -> None:
        fields = dict(changes)
        if "audience" in fields:
            fields["audience"] = AUDIENCES[fields["audience"]]
        if "replies" in fields:
            fields["replies"] = REPLIES[fields["replies"]]
        if "chosen_ids" in fields:
            fields["chosen_ids"] = list(map(str, fields["chosen_ids"]))
        mask = FieldMask(paths=list(fields))
        request = posts_pb2.EditPostRequest(post_id=str(post), update_mask=mask, **fields)
        await self._posts.EditPost(request, call)

    async def _delete(self, call: Call, post: UUID) -> None:
        await self._posts.DeletePost(posts_pb2.DeletePostRequest(post_id=str(post)), call)

    async def _comment(self, call: Call, post: UUID, parent: UUID | None, body: str) -> None:
        request = comments_pb2.PublishCommentRequest(
            post_id=str(post), parent_id=str(parent or ""), body=body
        )
        self.made = UUID((await self._comments.PublishComment(request, call)).comment_id)

    async def _edit_comment(self, call: Call, post: UUID, comment: UUID, body: str) -> None:
        request = comments_pb2.EditCommentRequest(
            post_id=str(post), comment_id=str(comment), body=body
        )
        await self._comments.EditComment(request, call)

    async def _delete_comment(self, call: Call, post: UUID, comment: UUID) -> None:
        request = comments_pb2.DeleteCommentRequest(post_id=str(post), comment_id=str(comment))
        await self._comments.DeleteComment(request, call)

    async def _react(self, call: Call, post: UUID, thing: UUID) -> None:
        which: dict[str, str] = {"post_id": str(post)}
        if thing == post:
            await self._posts.React(posts_pb2.ReactRequest(**which), call)
            return
        request = comments_pb2.ReactToCommentRequest(**which, comment_id=str(thing))
        await self._comments.ReactToComment(request, call)

    async def _take_back(self, call: Call, post: UUID, thing: UUID) -> None:
        which: dict[str, str] = {"post_id": str(post)}
        if thing == post:
            await self._posts.TakeBackReaction(posts_pb2.TakeBackReactionRequest(**which), call)
            return
        request = comments_pb2.TakeBackCommentReactionRequest(**which, comment_id=str(thing))
        await self._comments.TakeBackCommentReaction(request, call)

    async def _keep(self, call: Call, post: UUID) -> None:
        await self._posts.Bookmark(posts_pb2.BookmarkRequest(post_id=str(post)), call)

    async def _drop(self, call: Call, post: UUID) -> None:
        await self._posts.RemoveBookmark(posts_pb2.RemoveBookmarkRequest(post_id=str(post)), call)

    async def reached(self, topic: Topic, shard: str) -> Position:
        """How far the shard goes in the log."""
        partition = place(topic, UUID(shard))
        end = self.lanes.end(partition)
        return {str(partition): end - 1} if end else {}

    async def check_post(self, post: UUID, comment: UUID | None, call: Call) -> Leave:
        """As queries.rpc.post_policies answers it, but for positions: nobody waits here."""
        tables = Tables(self.lanes)
        shown = visibility_posts.seen(tables.post(call.account, post))
        if shown is None:
            return Leave(visible=False, follows=False)
        if comment is not None:
            found = tables.comment(call.account, comment)
            above = tables.comment(call.account, found.parent_id) if found else None
            if visibility_posts.seen_in_thread(post, found, above) is None:
                return Leave(visible=False, follows=False)
        follows = shown.author.viewer_follows is Following.ESTABLISHED
        return Leave(visible=True, follows=follows)

    async def resolve_handles(self, names: Sequence[str], call: Call) -> Mapping[str, UUID]:
        """As queries.rpc.post_policies answers it."""
        tables = Tables(self.lanes)
        found = {}
        for who, row in tables.accounts.items():
            person = tables.person(call.account, who)
            if row["handle_hash"] in names and person and visibility.is_visible(person):
                found[row["handle_hash"]] = who
        return found

    async def followers_among(self, candidates: Sequence[UUID], call: Call) -> frozenset[UUID]:
        """As queries.rpc.post_policies answers it."""
        tables = Tables(self.lanes)
        people = (tables.person(call.account, one) for one in candidates)
        return frozenset(
            person.account_id
            for person in people
            if person is not None
            and person.follows_viewer is Following.ESTABLISHED
            and visibility.is_visible(person)
        )

    async def resolve_name(self, name: str, call: Call) -> Holder | None:
        """Nobody signs in here."""
        return None

    async def await_visible(self, position: Position, within_s: float, call: Call) -> bool:
        """Whether the lanes are so far, without waiting."""
        return self.lanes.include(position)
