"""Answers about comments: the gate of the post, the skeleton, one load, the rules."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from infra.rpc.call import Call
from queries import presentation_posts, visibility_posts
from queries.cursors import Cursors
from queries.paging import BOTTOM, TOP, Edge, PageRequest
from queries.reads import comments
from queries.rpc import reactions
from queries.rpc.posts import required_post
from queries.store import Reader, Store
from schemas.gen import comments_pb2 as pb
from schemas.gen import posts_pb2 as posts_pb


class Comments:
    """agora.comments.v1.CommentQueries.

    A page of comments takes five round trips, one of replies or reactions six: each is read from
    one snapshot, so that nobody who is let in is shown what was written after they were shut out.
    """

    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def ListComments(self, request: pb.ListCommentsRequest, call: Call) -> pb.Comments:
        """The comments on a post; NotFound if that is hidden or absent."""
        viewer, newest = call.account, request.order == pb.ORDER_NEWEST
        async with self._store.snapshot(call.deadline_s) as reader:
            post = (await required_post(reader, viewer, UUID(request.post_id))).post_id

            async def places(after: Edge, limit: int) -> list[Edge]:
                return await comments.under_post(reader, viewer, post, after, limit, newest=newest)

            query = f"comments:{post}:{'newest' if newest else 'oldest'}"
            first = TOP if newest else BOTTOM
            return await self._page(reader, viewer, query, request, places, first)

    async def ListReplies(self, request: pb.ListRepliesRequest, call: Call) -> pb.Comments:
        """The replies to a comment; NotFound if it or its post is hidden or absent."""
        viewer = call.account
        async with self._store.snapshot(call.deadline_s) as reader:
            post = (await required_post(reader, viewer, UUID(request.post_id))).post_id
            parent = await _required_comment(reader, viewer, post, UUID(request.comment_id))

            async def places(after: Edge, limit: int) -> list[Edge]:
                return await comments.under_comment(reader, viewer, post, parent, after, limit)

            return await self._page(reader, viewer, f"replies:{parent}", request, places, BOTTOM)

    async def ListCommentReactions(
        self, request: pb.ListCommentReactionsRequest, call: Call
    ) -> posts_pb.Reactions:
        """Who reacted to a comment; NotFound if it or its post is hidden or absent."""
        viewer = call.account
        async with self._store.snapshot(call.deadline_s) as reader:
            post = (await required_post(reader, viewer, UUID(request.post_id))).post_id
            comment = await _required_comment(reader, viewer, post, UUID(request.comment_id))
            return await reactions.page(reader, self._cursors, viewer, comment, request)

    async def _page(
        self,
        reader: Reader,
        viewer: UUID,
        query: str,
        request: PageRequest,
        places: Callable[[Edge, int], Awaitable[list[Edge]]],
        first: Edge,
    ) -> pb.Comments:
        page, following = await self._cursors.page(viewer, query, request, places, first)
        known = await comments.comments(reader, viewer, [edge.id for edge in page])
        shown = (visibility_posts.seen_comment(known.get(edge.id)) for edge in page)
        return pb.Comments(
            comments=[presentation_posts.comment(one) for one in shown if one is not None],
            next_cursor=following,
        )


async def _required_comment(reader: Reader, viewer: UUID, post: UUID, wanted: UUID) -> UUID:
    """The comment under a post that the viewer may see. One round trip; raises NotFound."""
    comment, above = await comments.thread(reader, viewer, wanted)
    shown = visibility_posts.seen_in_thread(post, comment, above)
    if shown is None:
        raise visibility_posts.absent()
    return shown.comment_id
