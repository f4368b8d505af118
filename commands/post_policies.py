"""What commands about posts ask the query side: who may see, who is named, who follows."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from commands.policies import at_position
from infra.positions import Positions
from infra.rpc.call import Call
from infra.rpc.client import Channel
from schemas.gen import internal_pb2 as pb

CHECK_POST: Final = "/agora.internal.v1.PostPolicies/CheckPost"
RESOLVE_HANDLES: Final = "/agora.internal.v1.PostPolicies/ResolveHandles"
FOLLOWERS_AMONG: Final = "/agora.internal.v1.PostPolicies/FollowersAmong"


class Leave(Struct, frozen=True):
    """What somebody is under a post: whether they see it, and follow its author."""

    visible: bool
    follows: bool


class PostPolicies(Protocol):
    """The questions, each about the caller and at the caller's position.

    All raise Unavailable when the query side cannot be asked, or is not there yet.
    """

    async def check_post(self, post: UUID, comment: UUID | None, call: Call) -> Leave:
        """What the caller may do under the post, or under that comment on it."""
        ...

    async def resolve_handles(self, names: Sequence[str], call: Call) -> Mapping[str, UUID]:
        """Who holds each `handle:` and its keyed hash, unless they and the caller are blocked."""
        ...

    async def followers_among(self, candidates: Sequence[UUID], call: Call) -> frozenset[UUID]:
        """Those of the candidates who follow the caller."""
        ...


class PostQuerySide:
    """Asks the query services over gRPC."""

    def __init__(self, channel: Channel, positions: Positions) -> None:
        self._channel = channel
        self._positions = positions

    async def check_post(self, post: UUID, comment: UUID | None, call: Call) -> Leave:
        """What the caller may do under the post, or under that comment on it."""
        request = pb.CheckPostRequest(
            post_id=str(post),
            viewer_id=str(call.account),
            comment_id=str(comment) if comment else "",
        )
        answer = await self._channel.call(
            CHECK_POST, request, pb.CheckPostAnswer, self._metadata(call), call.remaining_s
        )
        return Leave(answer.visible, answer.follows)

    async def resolve_handles(self, names: Sequence[str], call: Call) -> Mapping[str, UUID]:
        """Who holds each name; none is asked for where there are no names."""
        if not names:
            return {}
        request = pb.ResolveHandlesRequest(names=names, viewer_id=str(call.account))
        answer = await self._channel.call(
            RESOLVE_HANDLES,
            request,
            pb.ResolveHandlesAnswer,
            self._metadata(call),
            call.remaining_s,
        )
        return {name: UUID(account) for name, account in answer.account_ids.items()}

    async def followers_among(self, candidates: Sequence[UUID], call: Call) -> frozenset[UUID]:
        """Those of the candidates who follow the caller."""
        request = pb.FollowersAmongRequest(
            account_id=str(call.account), candidate_ids=[str(each) for each in candidates]
        )
        answer = await self._channel.call(
            FOLLOWERS_AMONG,
            request,
            pb.FollowersAmongAnswer,
            self._metadata(call),
            call.remaining_s,
        )
        return frozenset(UUID(each) for each in answer.follower_ids)

    def _metadata(self, call: Call) -> Mapping[str, str]:
        return at_position(call, self._positions)
