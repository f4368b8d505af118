"""What the API says narrows is answered once reads have applied it, and nothing else waits."""

from collections.abc import Callable
from typing import Final

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from schemas.gen import accounts_pb2, comments_pb2, graph_pb2, options_pb2, posts_pb2
from tests.commands.rpc.side import Side, registration
from tests.commands.rpc.writers import ABSENT, writers

# What Ben asks for, given Ana's id, his post and his comment on it.
ASKED: Final[dict[str, Callable[[str, str, str], Message]]] = {
    "Register": lambda *_: registration("dan@example.org"),
    "SignIn": lambda *_: accounts_pb2.SignInRequest(login="ana", password="brass-owl-fog-9"),
    "SignOut": lambda *_: accounts_pb2.SignOutRequest(),
    "UpdateProfile": lambda *_: accounts_pb2.UpdateProfileRequest(
        update_mask=FieldMask(paths=["about"]), about="Owls."
    ),
    "SetVisibility": lambda *_: accounts_pb2.SetVisibilityRequest(private=True),
    "Follow": lambda ana, *_: graph_pb2.FollowRequest(account_id=ana),
    "CancelRequest": lambda *_: graph_pb2.CancelRequestRequest(account_id=ABSENT),
    "Unfollow": lambda ana, *_: graph_pb2.UnfollowRequest(account_id=ana),
    "AcceptRequest": lambda ana, *_: graph_pb2.AcceptRequestRequest(account_id=ana),
    "DeclineRequest": lambda *_: graph_pb2.DeclineRequestRequest(account_id=ABSENT),
    "RemoveFollower": lambda ana, *_: graph_pb2.RemoveFollowerRequest(account_id=ana),
    "Block": lambda ana, *_: graph_pb2.BlockRequest(account_id=ana),
    "Unblock": lambda ana, *_: graph_pb2.UnblockRequest(account_id=ana),
    "Mute": lambda ana, *_: graph_pb2.MuteRequest(account_id=ana),
    "Unmute": lambda ana, *_: graph_pb2.UnmuteRequest(account_id=ana),
    "PublishPost": lambda *_: posts_pb2.PublishPostRequest(body="Owls."),
    "EditPost": lambda _, post, __: posts_pb2.EditPostRequest(
        post_id=post, update_mask=FieldMask(paths=["body"]), body="Fog."
    ),
    "DeletePost": lambda _, post, __: posts_pb2.DeletePostRequest(post_id=post),
    "React": lambda _, post, __: posts_pb2.ReactRequest(post_id=post),
    "TakeBackReaction": lambda _, post, __: posts_pb2.TakeBackReactionRequest(post_id=post),
    "Bookmark": lambda _, post, __: posts_pb2.BookmarkRequest(post_id=post),
    "RemoveBookmark": lambda _, post, __: posts_pb2.RemoveBookmarkRequest(post_id=post),
    "PublishComment": lambda _, post, __: comments_pb2.PublishCommentRequest(
        post_id=post, body="Where?"
    ),
    "EditComment": lambda _, post, said: comments_pb2.EditCommentRequest(
        post_id=post, comment_id=said, body="There!"
    ),
    "DeleteComment": lambda _, post, said: comments_pb2.DeleteCommentRequest(
        post_id=post, comment_id=said
    ),
    "ReactToComment": lambda _, post, said: comments_pb2.ReactToCommentRequest(
        post_id=post, comment_id=said
    ),
    "TakeBackCommentReaction": lambda _, post, said: comments_pb2.TakeBackCommentReactionRequest(
        post_id=post, comment_id=said
    ),
}


def test_every_command_is_here() -> None:
    assert {path.rpartition("/")[2] for path in Side().dispatcher.methods} == set(ASKED)


@pytest.mark.parametrize("name", ASKED)
async def test_it_waits_if_it_narrows(name: str) -> None:
    side, [ana, ben] = await writers("ana", "ben")
    await ana.follows(ben)
    post = (await ben.publishes()).post_id
    said = (await ben.comments(post)).comment_id
    assert not side.reads.waited
    answer = await ben.does(ASKED[name](ana.id, post, said))
    method = next(one for path, one in side.dispatcher.methods.items() if path.endswith(f"/{name}"))
    narrows = method.GetOptions().Extensions[options_pb2.rules].narrows
    assert len(side.reads.waited) == narrows
    assert answer.receipt.everywhere == narrows
