"""Each query once: asked by a viewer about an author, and told in the words of the plain model."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from schemas.gen import accounts_pb2, comments_pb2, feeds_pb2, graph_pb2, internal_pb2, posts_pb2
from schemas.refusals import Refusal
from tests.queries.conftest import Side
from tests.queries.relations import AUTHORS, HOST, HOSTS_POST, Author, Relation
from tests.queries.world import call

Answer = object


async def refused(answering: Awaitable[Any]) -> Any:
    """The answer, or the reason why there is none."""
    try:
        return await answering
    except Refusal as refusal:
        return refusal.reason


def people(answer: Any) -> Answer:
    """Who is in a list of people; or its refusal."""
    if isinstance(answer, str):
        return answer
    return {UUID(one.profile.account_id) for one in answer.people}


def texts(answer: Any) -> Answer:
    """What posts of a feed say, but for HOST's; or its refusal."""
    if isinstance(answer, str):
        return answer
    authors = {str(author.id): author.handle for author in AUTHORS}
    return {
        (authors[post.author.account_id], post.body)
        for post in answer.posts
        if post.author.account_id in authors
    }


async def opening(ask: Callable[[str], Awaitable[Any]], author: Author) -> frozenset[str]:
    """For which audiences a question about a post of the author is answered."""
    answers = {name: await refused(ask(str(post))) for name, post in author.posts.items()}
    assert {one for one in answers.values() if isinstance(one, str)} <= {"NOT_FOUND"}
    return frozenset(name for name, one in answers.items() if not isinstance(one, str))


async def own_account(side: Side, viewer: UUID, author: Author) -> Answer:
    answer = await side.accounts.OwnAccount(accounts_pb2.OwnAccountRequest(), call(viewer))
    return UUID(answer.profile.account_id) == viewer


async def profile(side: Side, viewer: UUID, author: Author) -> Answer:
    asked = [
        accounts_pb2.ReadProfileRequest(account_id=str(author.id)),
        accounts_pb2.ReadProfileRequest(handle=author.handle),
    ]
    answers = [await refused(side.accounts.ReadProfile(one, call(viewer))) for one in asked]
    assert answers[0] == answers[1]
    return answers[0] if isinstance(answers[0], str) else answers[0].about


async def profiles(side: Side, viewer: UUID, author: Author) -> Answer:
    request = accounts_pb2.ReadProfilesRequest(account_ids=[str(author.id), str(HOST)])
    answer = await side.accounts.ReadProfiles(request, call(viewer))
    return [UUID(one.account_id) for one in answer.profiles]


async def relation(side: Side, viewer: UUID, author: Author) -> Answer:
    request = graph_pb2.ReadRelationRequest(account_id=str(author.id))
    told = await refused(side.graph.ReadRelation(request, call(viewer)))
    if isinstance(told, str):
        return told
    asks = told.following == accounts_pb2.FOLLOW_REQUESTED
    established = accounts_pb2.FOLLOW_ESTABLISHED
    follows, followed = told.following == established, told.followed_by == established
    return Relation(told.self, follows, asks, followed, told.muted, told.blocked)


async def followers(side: Side, viewer: UUID, author: Author) -> Answer:
    request = graph_pb2.ListFollowersRequest(account_id=str(author.id), page_size=100)
    return people(await refused(side.graph.ListFollowers(request, call(viewer))))


async def following(side: Side, viewer: UUID, author: Author) -> Answer:
    request = graph_pb2.ListFollowingRequest(account_id=str(author.id), page_size=100)
    return people(await refused(side.graph.ListFollowing(request, call(viewer))))


async def incoming(side: Side, viewer: UUID, author: Author) -> Answer:
    request = graph_pb2.ListIncomingRequestsRequest()
    return people(await side.graph.ListIncomingRequests(request, call(viewer)))


async def outgoing(side: Side, viewer: UUID, author: Author) -> Answer:
    request = graph_pb2.ListOutgoingRequestsRequest()
    return people(await side.graph.ListOutgoingRequests(request, call(viewer)))


async def blocked(side: Side, viewer: UUID, author: Author) -> Answer:
    return people(await side.graph.ListBlocked(graph_pb2.ListBlockedRequest(), call(viewer)))


async def muted(side: Side, viewer: UUID, author: Author) -> Answer:
    return people(await side.graph.ListMuted(graph_pb2.ListMutedRequest(), call(viewer)))


async def post(side: Side, viewer: UUID, author: Author) -> Answer:
    def ask(which: str) -> Awaitable[Any]:
        return side.posts.ReadPost(posts_pb2.ReadPostRequest(post_id=which), call(viewer))

    host = await ask(str(HOSTS_POST))
    return await opening(ask, author), host.comments, host.reactions


async def edits(side: Side, viewer: UUID, author: Author) -> Answer:
    def ask(which: str) -> Awaitable[Any]:
        return side.posts.ListEdits(posts_pb2.ListEditsRequest(post_id=which), call(viewer))

    return await opening(ask, author)


async def reactions(side: Side, viewer: UUID, author: Author) -> Answer:
    def ask(which: str) -> Awaitable[Any]:
        return side.posts.ListReactions(posts_pb2.ListReactionsRequest(post_id=which), call(viewer))

    host = await ask(str(HOSTS_POST))
    return await opening(ask, author), {UUID(one.person.account_id) for one in host.reactions}


async def comments(side: Side, viewer: UUID, author: Author) -> Answer:
    def ask(which: str) -> Awaitable[Any]:
        request = comments_pb2.ListCommentsRequest(post_id=which)
        return side.comments.ListComments(request, call(viewer))

    host = await ask(str(HOSTS_POST))
    return await opening(ask, author), {UUID(one.author.account_id) for one in host.comments}


async def replies(side: Side, viewer: UUID, author: Author) -> Answer:
    request = comments_pb2.ListRepliesRequest(
        post_id=str(HOSTS_POST), comment_id=str(author.comment)
    )
    answer = await refused(side.comments.ListReplies(request, call(viewer)))
    return answer if isinstance(answer, str) else len(answer.comments)


async def comment_reactions(side: Side, viewer: UUID, author: Author) -> Answer:
    request = comments_pb2.ListCommentReactionsRequest(
        post_id=str(HOSTS_POST), comment_id=str(author.comment)
    )
    answer = await refused(side.comments.ListCommentReactions(request, call(viewer)))
    return answer if isinstance(answer, str) else len(answer.reactions)


async def home(side: Side, viewer: UUID, author: Author) -> Answer:
    return texts(await side.feeds.ReadHome(feeds_pb2.ReadHomeRequest(), call(viewer)))


async def explore(side: Side, viewer: UUID, author: Author) -> Answer:
    return texts(await side.feeds.ReadExplore(feeds_pb2.ReadExploreRequest(), call(viewer)))


async def posts_of(side: Side, viewer: UUID, author: Author) -> Answer:
    request = feeds_pb2.ListPostsOfRequest(account_id=str(author.id))
    return texts(await refused(side.feeds.ListPostsOf(request, call(viewer))))


async def bookmarks(side: Side, viewer: UUID, author: Author) -> Answer:
    return texts(await side.feeds.ListBookmarks(feeds_pb2.ListBookmarksRequest(), call(viewer)))


async def leave(side: Side, viewer: UUID, author: Author) -> Answer:
    def asked(which: UUID, comment: str = "") -> internal_pb2.CheckPostRequest:
        return internal_pb2.CheckPostRequest(
            post_id=str(which), viewer_id=str(viewer), comment_id=comment
        )

    check = side.post_policies.CheckPost
    found = {name: await check(asked(each), call(None)) for name, each in author.posts.items()}
    visible = frozenset(name for name, each in found.items() if each.visible)
    to_reply = await check(asked(HOSTS_POST, str(author.comment)), call(None))
    return visible, any(each.follows for each in found.values()), to_reply.visible


async def handles(side: Side, viewer: UUID, author: Author) -> Answer:
    name = f"handle:{side.digests.name('handle', author.handle).removeprefix('handle:')}"
    request = internal_pb2.ResolveHandlesRequest(names=[name], viewer_id=str(viewer))
    answer = await side.post_policies.ResolveHandles(request, call(None))
    return list(answer.account_ids.values()) == [str(author.id)]


async def among(side: Side, viewer: UUID, author: Author) -> Answer:
    request = internal_pb2.FollowersAmongRequest(
        account_id=str(author.id), candidate_ids=[str(viewer)]
    )
    answer = await side.post_policies.FollowersAmong(request, call(None))
    return list(answer.follower_ids) == [str(viewer)]
