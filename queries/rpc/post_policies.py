"""Answers that commands about posts need, by the same rules as reads."""

from uuid import UUID

from events.graph import Following
from infra.rpc.call import Call
from queries import visibility, visibility_posts
from queries.reads import accounts, comments, posts
from queries.rpc.policies import require_names
from queries.store import Reader, Store
from schemas.gen import internal_pb2 as pb


class PostPolicies:
    """agora.internal.v1.PostPolicies, for Agora's own processes only.

    One round trip each, two about a comment.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def CheckPost(self, request: pb.CheckPostRequest, call: Call) -> pb.CheckPostAnswer:
        """Whether the viewer may see the post, and the comment if one is named, and comment."""
        reader, viewer = self._store.until(call.deadline_s), UUID(request.viewer_id)
        post = visibility_posts.seen(await posts.post(reader, viewer, UUID(request.post_id)))
        if post is None:
            return pb.CheckPostAnswer()
        if request.comment_id and not await _sees_comment(
            reader, viewer, post.post_id, UUID(request.comment_id)
        ):
            return pb.CheckPostAnswer()
        return pb.CheckPostAnswer(
            visible=True,
            follows=post.author.viewer_follows is Following.ESTABLISHED,
            author_id=str(post.author.account_id),
        )

    async def ResolveHandles(
        self, request: pb.ResolveHandlesRequest, call: Call
    ) -> pb.ResolveHandlesAnswer:
        """Who holds the handles, of those of whom the viewer may know.

        Raises Invalid NAME_INVALID for anything but `handle:` and a keyed hash.
        """
        require_names(request.names, "handle")
        reader, viewer = self._store.until(call.deadline_s), UUID(request.viewer_id)
        named = await accounts.people_by_handles(reader, viewer, list(request.names))
        return pb.ResolveHandlesAnswer(
            account_ids={
                name: str(person.account_id)
                for name, person in named.items()
                if visibility.is_visible(person)
            }
        )

    async def FollowersAmong(
        self, request: pb.FollowersAmongRequest, call: Call
    ) -> pb.FollowersAmongAnswer:
        """Those of the candidates who follow the account; a block beats a follow."""
        reader, account = self._store.until(call.deadline_s), UUID(request.account_id)
        candidates = [UUID(candidate) for candidate in request.candidate_ids]
        people = await accounts.people(reader, account, candidates)
        return pb.FollowersAmongAnswer(
            follower_ids=[
                str(person.account_id)
                for person in people.values()
                if person.follows_viewer is Following.ESTABLISHED and visibility.is_visible(person)
            ]
        )


async def _sees_comment(reader: Reader, viewer: UUID, post: UUID, comment: UUID) -> bool:
    found, parent = await comments.thread(reader, viewer, comment)
    return visibility_posts.seen_in_thread(post, found, parent) is not None
