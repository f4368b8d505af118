"""agora.graph.v1.GraphCommands: follows, requests, blocks and mutes."""

from typing import Protocol
from uuid import UUID

from commands.deciders import graph
from commands.policies import Policies
from commands.rpc.receipts import Receipts
from commands.sagas.origin import submission
from commands.submission import Command, Handled, Submitter
from events.graph import FollowEstablished, FollowRequested
from infra.positions import Positions
from infra.rpc.call import Call
from schemas.gen import accounts_pb2
from schemas.gen import graph_pb2 as pb
from schemas.refusals import Conflict


class AboutSomebody(Protocol):
    """A request about one other person."""

    account_id: str


class Graph:
    """Translates; the decider decides. The caller is one side, the request names the other."""

    def __init__(
        self,
        *,
        submitter: Submitter,
        policies: Policies,
        positions: Positions,
    ) -> None:
        self._submitter = submitter
        self._receipts = Receipts(policies, positions)

    async def Follow(self, request: pb.FollowRequest, call: Call) -> pb.Followed:
        """Follows, or asks to; says which."""
        target, follower = UUID(request.account_id), call.account
        handled = await self._submit(call, graph.Follow(target_id=target, follower_id=follower))
        following = await self._outcome(call, handled, target, follower)
        return pb.Followed(receipt=self._receipts.at_once(call, handled), following=following)

    async def CancelRequest(self, request: pb.CancelRequestRequest, call: Call) -> pb.Changed:
        """Withdraws the caller's request."""
        return self._changed(call, await self._as_follower(graph.CancelRequest, request, call))

    async def Unfollow(self, request: pb.UnfollowRequest, call: Call) -> pb.Changed:
        """Ends the caller's follow."""
        handled = await self._as_follower(graph.Unfollow, request, call)
        return await self._narrowed(call, handled)

    async def AcceptRequest(self, request: pb.AcceptRequestRequest, call: Call) -> pb.Changed:
        """Accepts a request to follow the caller."""
        return self._changed(call, await self._as_target(graph.AcceptRequest, request, call))

    async def DeclineRequest(self, request: pb.DeclineRequestRequest, call: Call) -> pb.Changed:
        """Declines a request to follow the caller."""
        return self._changed(call, await self._as_target(graph.DeclineRequest, request, call))

    async def RemoveFollower(self, request: pb.RemoveFollowerRequest, call: Call) -> pb.Changed:
        """Ends somebody's follow of the caller."""
        handled = await self._as_target(graph.RemoveFollower, request, call)
        return await self._narrowed(call, handled)

    async def Block(self, request: pb.BlockRequest, call: Call) -> pb.Changed:
        """Blocks somebody."""
        other = UUID(request.account_id)
        handled = await self._submit(call, graph.Block(blocker_id=call.account, blocked_id=other))
        return await self._narrowed(call, handled)

    async def Unblock(self, request: pb.UnblockRequest, call: Call) -> pb.Changed:
        """Lifts a block."""
        other = UUID(request.account_id)
        command = graph.Unblock(blocker_id=call.account, blocked_id=other)
        return self._changed(call, await self._submit(call, command))

    async def Mute(self, request: pb.MuteRequest, call: Call) -> pb.Changed:
        """Mutes somebody."""
        other = UUID(request.account_id)
        handled = await self._submit(call, graph.Mute(muter_id=call.account, muted_id=other))
        return await self._narrowed(call, handled)

    async def Unmute(self, request: pb.UnmuteRequest, call: Call) -> pb.Changed:
        """Lifts a mute."""
        other = UUID(request.account_id)
        command = graph.Unmute(muter_id=call.account, muted_id=other)
        return self._changed(call, await self._submit(call, command))

    async def _as_follower(
        self, kind: type[graph.EdgeCommand], request: AboutSomebody, call: Call
    ) -> Handled:
        command = kind(target_id=UUID(request.account_id), follower_id=call.account)
        return await self._submit(call, command)

    async def _as_target(
        self, kind: type[graph.EdgeCommand], request: AboutSomebody, call: Call
    ) -> Handled:
        command = kind(target_id=call.account, follower_id=UUID(request.account_id))
        return await self._submit(call, command)

    async def _submit(self, call: Call, command: Command) -> Handled:
        return await self._submitter.submit(submission(call, command, call.request))

    def _changed(self, call: Call, handled: Handled) -> pb.Changed:
        return pb.Changed(receipt=self._receipts.at_once(call, handled))

    async def _narrowed(self, call: Call, handled: Handled) -> pb.Changed:
        return pb.Changed(receipt=await self._receipts.narrowed(call, handled))

    async def _outcome(
        self, call: Call, handled: Handled, target: UUID, follower: UUID
    ) -> accounts_pb2.Follow.ValueType:
        """Whether they follow now, or ask. Where nothing was to do, the owner is asked which."""
        for event in handled.events:
            match event:
                case FollowEstablished():
                    return accounts_pb2.FOLLOW_ESTABLISHED
                case FollowRequested():
                    return accounts_pb2.FOLLOW_REQUESTED
        check = graph.CheckRequest(target_id=target, follower_id=follower)
        try:
            await self._submitter.submit(submission(call, check))
        except Conflict:
            return accounts_pb2.FOLLOW_ESTABLISHED
        return accounts_pb2.FOLLOW_REQUESTED
