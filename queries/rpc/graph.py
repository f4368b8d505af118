"""Answers about the follow graph: pages of people, and relations between two people.

A page is a pipeline: the gate of the list where it has one, the skeleton (who is in it), one
hydration of everybody on the page, the rules, the answer.
"""

from collections.abc import Callable
from uuid import UUID

from infra.rpc.call import Call
from queries import presentation, visibility
from queries.cursors import Cursors
from queries.paging import Edge, PageRequest
from queries.people import Person
from queries.reads import accounts, graph
from queries.reads.graph import PeopleList
from queries.store import Reader, Store
from schemas.gen import accounts_pb2
from schemas.gen import graph_pb2 as pb


class Graph:
    """agora.graph.v1.GraphQueries.

    A relation takes one round trip, a page of an own list two. One of another's list takes five,
    being read from one snapshot with the account that may refuse it.
    """

    def __init__(self, store: Store, cursors: Cursors) -> None:
        self._store = store
        self._cursors = cursors

    async def ListFollowers(self, request: pb.ListFollowersRequest, call: Call) -> pb.People:
        """Who follows a person; NotFound if hidden, Forbidden if private to the viewer."""
        return await self._gated(graph.FOLLOWERS, UUID(request.account_id), request, call)

    async def ListFollowing(self, request: pb.ListFollowingRequest, call: Call) -> pb.People:
        """Whom a person follows; NotFound if hidden, Forbidden if private to the viewer."""
        return await self._gated(graph.FOLLOWING, UUID(request.account_id), request, call)

    async def ListIncomingRequests(
        self, request: pb.ListIncomingRequestsRequest, call: Call
    ) -> pb.People:
        """Who waits for the viewer's answer."""
        return await self._own(graph.INCOMING, request, call)

    async def ListOutgoingRequests(
        self, request: pb.ListOutgoingRequestsRequest, call: Call
    ) -> pb.People:
        """Whose answer the viewer waits for."""
        return await self._own(graph.OUTGOING, request, call)

    async def ListBlocked(self, request: pb.ListBlockedRequest, call: Call) -> pb.People:
        """Whom the viewer blocks, by handle and names only."""
        return await self._own(graph.BLOCKED, request, call, visibility.recognised)

    async def ListMuted(self, request: pb.ListMutedRequest, call: Call) -> pb.People:
        """Whom the viewer mutes."""
        return await self._own(graph.MUTED, request, call)

    async def ReadRelation(
        self, request: pb.ReadRelationRequest, call: Call
    ) -> accounts_pb2.Relation:
        """What a person is to the viewer; NotFound if hidden or absent."""
        reader = self._store.until(call.deadline_s)
        person = await accounts.person(reader, call.account, UUID(request.account_id))
        return presentation.relation(visibility.required(person))

    async def _gated(
        self, people: PeopleList, owner: UUID, request: PageRequest, call: Call
    ) -> pb.People:
        # The gate goes first and alone: a hidden person's list must not take longer to refuse
        # than that of a person who does not exist.
        if owner == call.account:
            return await self._own(people, request, call)
        async with self._store.snapshot(call.deadline_s) as reader:
            visibility.require_lists(await accounts.person(reader, call.account, owner))
            return await self._page(reader, people, owner, request, call.account, visibility.seen)

    async def _own(
        self,
        people: PeopleList,
        request: PageRequest,
        call: Call,
        rule: Callable[[Person | None], Person | None] = visibility.seen,
    ) -> pb.People:
        reader = self._store.until(call.deadline_s)
        return await self._page(reader, people, call.account, request, call.account, rule)

    async def _page(
        self,
        reader: Reader,
        people: PeopleList,
        owner: UUID,
        request: PageRequest,
        viewer: UUID,
        rule: Callable[[Person | None], Person | None],
    ) -> pb.People:
        async def places(below: Edge, limit: int) -> list[Edge]:
            return await graph.edges(reader, people, viewer, owner, below, limit)

        query = f"{people.name}:{owner}"
        page, following = await self._cursors.page(viewer, query, request, places)
        known = await accounts.people(reader, viewer, [edge.id for edge in page])
        return pb.People(
            people=[
                _person(person, edge)
                for edge in page
                if (person := rule(known.get(edge.id))) is not None
            ],
            next_cursor=following,
        )


def _person(person: Person, edge: Edge) -> pb.Person:
    return pb.Person(profile=presentation.profile(person), since=presentation.timestamp(edge.since))
