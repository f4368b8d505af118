"""People who are signed in and write, as a gateway would call for them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from schemas.gen import accounts_pb2, comments_pb2, graph_pb2
from schemas.gen import posts_pb2 as pb
from tests.commands.rpc.side import Side, registration

ABSENT = "019cec37-8c00-7000-8000-0000000000ff"


class Writer:
    """Somebody who is signed in."""

    def __init__(self, side: Side, signed_in: accounts_pb2.SignedIn) -> None:
        self._side = side
        self.id = signed_in.account_id
        self.uuid = UUID(signed_in.account_id)
        self._token = signed_in.access_token

    async def does(
        self, message: Message, key: UUID | None = None, headers: Mapping[str, str] = {}
    ) -> Any:
        """The answer to what the person asks for."""
        return await self._side.call(message, self._token, key, headers)

    async def publishes(self, body: str = "Owls", **fields: Any) -> pb.PostWritten:
        """The answer to a new post."""
        answer = await self.does(pb.PublishPostRequest(body=body, **fields))
        assert isinstance(answer, pb.PostWritten)
        return answer

    async def comments(
        self, post: str, body: str = "Where?", parent: str = ""
    ) -> comments_pb2.CommentWritten:
        """The answer to a new comment."""
        request = comments_pb2.PublishCommentRequest(post_id=post, parent_id=parent, body=body)
        answer = await self.does(request)
        assert isinstance(answer, comments_pb2.CommentWritten)
        return answer

    async def follows(self, other: "Writer") -> None:
        """Follows another."""
        await self.does(graph_pb2.FollowRequest(account_id=other.id))


async def writers(*names: str) -> tuple[Side, list[Writer]]:
    """A side, and people with these handles."""
    side = Side()
    return side, [
        Writer(side, await side.call(registration(f"{name}@example.org"))) for name in names
    ]
