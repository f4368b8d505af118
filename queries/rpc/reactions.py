"""Who reacted to something the viewer may see: a post, a comment or a reply."""

from uuid import UUID

from queries import presentation, visibility_posts
from queries.cursors import Cursors
from queries.paging import Edge, PageRequest
from queries.posts import Reaction
from queries.reads import accounts, posts
from queries.store import Reader
from schemas.gen import posts_pb2 as pb


async def page(
    reader: Reader, cursors: Cursors, viewer: UUID, thing: UUID, request: PageRequest
) -> pb.Reactions:
    """A page of the reactions to the thing, newest first, without hidden people.

    Two round trips. Whether the viewer may see the thing is decided before, from the same snapshot.
    """

    async def places(after: Edge, limit: int) -> list[Reaction]:
        return await posts.reactions(reader, viewer, thing, after, limit)

    found, following = await cursors.page(viewer, f"reactions:{thing}", request, places)
    known = await accounts.people(reader, viewer, [edge.id for edge in found])
    return pb.Reactions(
        reactions=[
            pb.Reaction(
                person=presentation.profile(person), since=presentation.timestamp(edge.since)
            )
            for edge in found
            if (person := visibility_posts.seen_reactor(edge, known.get(edge.id))) is not None
        ],
        next_cursor=following,
    )
