"""Answers about single posts: hydrate, apply the rules, present."""

from uuid import UUID

from infra.rpc.call import Call
from queries import presentation, presentation_posts, visibility_posts
from queries.cursors import Cursors
from queries.paging import Edge
from queries.posts import Edit, Post
from queries.reads import posts
from queries.rpc import reactions
from queries.store import Reader, Store
from schemas.gen import posts_pb2 as pb


class Posts:
    """agora.posts.v1.PostQueries.

    A post takes one round trip, a page of its earlier texts four, one of its reactions five: pages
    are read from one snapshot with the post that they are about.
    """

    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def ReadPost(self, request: pb.ReadPostRequest, call: Call) -> pb.Post:
        """One post; NotFound if hidden or absent."""
        reader = self._store.until(call.deadline_s)
        shown = await required_post(reader, call.account, UUID(request.post_id))
        return presentation_posts.post(shown)

    async def ListEdits(self, request: pb.ListEditsRequest, call: Call) -> pb.Edits:
        """What a post said before; NotFound if hidden or absent."""
        viewer = call.account
        async with self._store.snapshot(call.deadline_s) as reader:
            post = await required_post(reader, viewer, UUID(request.post_id))

            async def places(after: Edge, limit: int) -> list[Edit]:
                return await posts.edits(reader, viewer, post, after, limit)

            query = f"edits:{post.post_id}"
            page, following = await self._cursors.page(viewer, query, request, places)
        return pb.Edits(
            edits=[
                pb.Edit(body=edit.body, until=presentation.timestamp(edit.since))
                for edit in page
                if visibility_posts.seen_edit(post, edit) is not None
            ],
            next_cursor=following,
        )

    async def ListReactions(self, request: pb.ListReactionsRequest, call: Call) -> pb.Reactions:
        """Who reacted to a post; NotFound if hidden or absent."""
        viewer = call.account
        async with self._store.snapshot(call.deadline_s) as reader:
            post = (await required_post(reader, viewer, UUID(request.post_id))).post_id
            return await reactions.page(reader, self._cursors, viewer, post, request)


async def required_post(reader: Reader, viewer: UUID, post: UUID) -> Post:
    """The post as the viewer may see it. One round trip, whether hidden or absent.

    Raises NotFound NOT_FOUND.
    """
    return visibility_posts.required(await posts.post(reader, viewer, post))
